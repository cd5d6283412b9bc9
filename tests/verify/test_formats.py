"""The forms of a report, each read as the program it is for reads it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from reporting_governance.commands._formats import github, gitlab, json_report, junit, sarif, text
from reporting_governance.commands._verify import Unread, Verified
from reporting_governance.contracts.finding import Finding, Related, Severity
from reporting_governance.contracts.waiver import Waiver
from tests.verify.checking import ROOT, schemas

_PLACED = Finding(
    rule="GOV104",
    severity=Severity.ERROR,
    file="capabilities/own.json",
    message='"ful" is none of "none", "partial", "full"',
    pointer="/capabilities/storage/events/level",
    line=7,
    column=12,
    end_line=7,
    end_column=17,
    suggestion='did you mean "full"?',
    related=(
        Related(file="profiles/own.yaml", message="asked for here", pointer="/expectations", line=3, column=1),
        Related(file="senders", message="no text stands behind this"),
    ),
    help="Choose one of the values that are listed.",
)
_OVER_LINES = replace(_PLACED, rule="GOV108", line=2, column=3, end_line=9, end_column=4, related=())
_WITHOUT_PLACE = Finding(rule="GOV014", severity=Severity.NOTE, file="a b/ü%.yaml", message="100 more", document=2)
_WARNING = replace(_PLACED, rule="GOV217", severity=Severity.WARNING, suggestion=None)
#: what the forms give a meaning to
_AWKWARD = replace(
    _PLACED,
    file="a,b:c%/d\ne\x07\udcff.json",
    message="50% of\r\nit: a, b <&> ]]> \x1b[31m \ud800 ::error::no",
    suggestion="::stop-commands::x",
)
_WAIVER = Waiver(
    rule="GOV401",
    descriptor="own",
    power="storage.events",
    owner="ops",
    reason="until\nthe disk is there",
    until="2030-01-02",
)
#: places that no repository has
_OUTSIDE = replace(
    _PLACED,
    related=(
        Related(file="shipped:capabilities/local-host.json", message="claimed here", line=90, column=7),
        Related(file="../profile.yaml", message="asked for here"),
    ),
)
_FROM_OUTSIDE = [replace(_PLACED, file=file) for file in ("shipped:profiles/a.yaml", "../a.json", "/etc/a.json", "..")]
_EVERYTHING = (_WARNING, _PLACED, _OVER_LINES, _WITHOUT_PLACE, _AWKWARD)


def verified(*findings: Finding, **more: Any) -> Verified:
    done = Verified("capability-descriptor", findings=list(findings), checked=["capabilities/own.json", "good.json"])
    for name, value in more.items():
        setattr(done, name, value)
    return done


def whole() -> Verified:
    """Return a verification with one of everything."""
    return verified(
        *_EVERYTHING,
        waived=[(replace(_PLACED, rule="GOV401"), _WAIVER)],
        unread=[Unread("gone\n.json", "No such file, 100%\r\n")],
        skipped=["profiles/team.yaml"],
        probed={"confirmed": 2, "not_probed": 1},
    )


@cache
def oasis() -> Any:
    """Return the judge of SARIF logs."""
    schema = json.loads((ROOT / "tests/data/sarif/sarif-schema-2.1.0.json").read_text())
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True)


def log_of(done: Verified) -> Any:
    log = json.loads(sarif.write(done))
    assert [each.message for each in oasis().iter_errors(log)] == []
    (run,) = log["runs"]
    return run


class TestSarif:
    def test_the_schema_refuses_what_is_no_log(self) -> None:
        log = json.loads(sarif.write(whole()))
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
        assert not oasis().is_valid(log)

    def test_a_log_of_everything_has_the_shape(self) -> None:
        run = log_of(whole())
        results = run["results"]
        assert len(results) == len(_EVERYTHING) + 1
        assert [each["level"] for each in results] == ["error", "error", "error", "warning", "note", "error"]
        for each in results:
            assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
        assert run["columnKind"] == "unicodeCodePoints"

    def test_an_empty_log_has_the_shape(self) -> None:
        run = log_of(verified())
        assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
        assert run["invocations"] == [{"executionSuccessful": True}]

    def test_a_place_is_a_region_and_a_finding_without_one_has_none(self) -> None:
        placed, remark = (each["locations"][0] for each in log_of(verified(_PLACED, _WITHOUT_PLACE))["results"])
        assert placed["physicalLocation"] == {
            "artifactLocation": {"uri": "capabilities/own.json"},
            "region": {"startLine": 7, "startColumn": 12, "endLine": 7, "endColumn": 17},
        }
        assert placed["logicalLocations"][0]["fullyQualifiedName"] == "/capabilities/storage/events/level"
        assert remark == {"physicalLocation": {"artifactLocation": {"uri": "a%20b/%C3%BC%25.yaml"}}}

    def test_second_places_are_related_locations(self) -> None:
        (result,) = log_of(verified(_PLACED))["results"]
        first, second = result["relatedLocations"]
        assert first["physicalLocation"]["artifactLocation"]["uri"] == "profiles/own.yaml"
        assert first["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 1}
        assert "region" not in second["physicalLocation"]

    def test_no_address_leads_out_of_the_repository(self) -> None:
        run = log_of(verified(_OUTSIDE, *_FROM_OUTSIDE, unread=[Unread("/gone.json", "No such file")]))
        (result,) = run["results"]
        assert "relatedLocations" not in result
        assert result["message"]["text"].split("\n")[2:] == [
            "shipped:capabilities/local-host.json:90:7: claimed here",
            "../profile.yaml: asked for here",
        ]
        notices = run["invocations"][0]["toolExecutionNotifications"]
        assert [each["message"]["text"].split(" ")[0] for each in notices] == [
            "/gone.json:",
            "shipped:profiles/a.yaml:7:12:",
            "../a.json:7:12:",
            "/etc/a.json:7:12:",
            "..:7:12:",
        ]
        assert [each["associatedRule"]["id"] for each in notices[1:]] == ["GOV104"] * 4
        assert json.dumps(run).count('"uri"') == 1

    def test_every_rule_is_described_with_help(self) -> None:
        for each in log_of(whole())["tool"]["driver"]["rules"]:
            assert each["shortDescription"]["text"]
            assert each["help"]["text"]
            assert each["defaultConfiguration"]["level"] in ("error", "warning", "note")

    def test_a_waived_finding_is_suppressed_and_says_by_whom(self) -> None:
        result = log_of(whole())["results"][-1]
        (suppression,) = result["suppressions"]
        assert suppression == {"kind": "external", "justification": f"ops, until 2030-01-02: {_WAIVER.reason}"}

    def test_a_file_that_was_not_read_makes_the_run_unsuccessful(self) -> None:
        (invocation,) = log_of(whole())["invocations"]
        assert invocation["executionSuccessful"] is False
        (notice,) = invocation["toolExecutionNotifications"]
        assert notice["level"] == "error"
        assert notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "gone%0A.json"

    def test_addresses_of_files_can_be_read_back(self) -> None:
        (result,) = log_of(verified(_AWKWARD))["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.isascii()
        assert unquote(uri, errors="surrogateescape") == _AWKWARD.file

    def test_no_more_results_than_github_takes_and_the_worst_first(self) -> None:
        many = [replace(_WARNING, line=line, end_line=line) for line in range(1, 29_991)]
        waived = [(replace(_PLACED, rule="GOV401"), _WAIVER)] * 5
        run = log_of(verified(*many, *[_PLACED] * 10, waived=waived))
        assert len(run["results"]) == 25_000
        assert [each["level"] for each in run["results"][:11]] == ["error"] * 10 + ["warning"]
        (notice,) = run["invocations"][0]["toolExecutionNotifications"]
        assert notice["message"]["text"] == "5005 more results are not listed"
        assert run["invocations"][0]["executionSuccessful"] is True
        assert "GOV401" in [each["id"] for each in run["tool"]["driver"]["rules"]]

    def test_two_alike_are_told_apart_by_nothing_but_place(self) -> None:
        """Code scanning follows a finding by its fingerprint, which lines above it must not change."""
        first, second = log_of(verified(_PLACED, replace(_PLACED, line=8, end_line=8)))["results"]
        assert first["partialFingerprints"] == second["partialFingerprints"]


def commands_of(done: Verified) -> Iterator[tuple[str, dict[str, str], str]]:
    """Read workflow commands as a runner does; every other line is text."""
    for line in github.write(done).split("\n"):
        command = re.fullmatch(r"::([a-z]+)(?: ([^:]*))?::(.*)", line)
        if command is None:
            assert not line.startswith("::"), line
            continue
        properties = dict(each.split("=", 1) for each in (command[2] or "").split(",") if each)
        yield command[1], {key: _plain(value, ":,") for key, value in properties.items()}, _plain(command[3], "")


def _plain(escaped: str, more: str) -> str:
    for letter in (*more, "\r", "\n", "%"):
        escaped = escaped.replace(f"%{ord(letter):02X}", letter)
    return escaped


class TestGithub:
    def test_a_finding_is_an_annotation_at_its_place(self) -> None:
        ((command, properties, message),) = commands_of(verified(_PLACED))
        assert command == "error"
        assert properties == {
            "file": "capabilities/own.json",
            "line": "7",
            "col": "12",
            "endLine": "7",
            "endColumn": "17",
            "title": "GOV104",
        }
        assert message.split("\n") == [
            _PLACED.message,
            _PLACED.suggestion,
            "profiles/own.yaml:3:1: asked for here",
            "senders: no text stands behind this",
        ]

    def test_what_lies_outside_the_repository_is_told_in_words(self) -> None:
        unread = [Unread("../gone.json", "No such file")]
        found = list(commands_of(verified(_OUTSIDE, *_FROM_OUTSIDE, unread=unread)))
        assert found[0] == ("error", {}, "../gone.json: could not be checked: No such file")
        assert found[1][1]["file"] == _PLACED.file
        assert "shipped:capabilities/local-host.json:90:7: claimed here" in found[1][2]
        assert [each[1] for each in found[2:]] == [{"title": "GOV104"}] * 4
        assert found[2][2].startswith(f"shipped:profiles/a.yaml:7:12: {_PLACED.message}")

    def test_what_is_waived_is_a_notice_with_who_answers_for_it(self) -> None:
        ((command, properties, message),) = commands_of(verified(waived=[(_WARNING, _WAIVER)]))
        assert (command, properties["title"], properties["line"]) == ("notice", "GOV217", "7")
        assert message.startswith("waived until 2030-01-02 by ops: until\nthe disk is there\n")

    def test_what_would_end_a_command_or_begin_another_is_escaped(self) -> None:
        lines = github.write(verified(_AWKWARD)).split("\n")
        assert len(lines) == 2, "an annotation and the summary"
        assert "\r" not in lines[0]
        ((command, properties, message),) = commands_of(verified(_AWKWARD))
        assert (command, properties["file"]) == ("error", _AWKWARD.file)
        assert message.startswith(f"{_AWKWARD.message}\n{_AWKWARD.suggestion}\n")

    def test_errors_come_first_and_each_severity_has_its_command(self) -> None:
        found = [each[0] for each in commands_of(verified(_WITHOUT_PLACE, _WARNING, _PLACED))]
        assert found == ["error", "warning", "notice"]

    def test_over_several_lines_no_end_is_given(self) -> None:
        ((_, properties, _),) = commands_of(verified(_OVER_LINES))
        assert set(properties) == {"file", "line", "col", "title"}

    def test_what_was_not_read_is_an_error(self) -> None:
        first, *_ = commands_of(whole())
        assert first == ("error", {"file": "gone\n.json"}, "could not be checked: No such file, 100%\r\n")


class TestJunit:
    def tree(self, done: Verified) -> ElementTree.Element:
        written = junit.write(done)
        return ElementTree.fromstring(written.encode("utf-8"))

    def test_it_has_the_shape_that_gitlab_and_jenkins_read(self) -> None:
        root = self.tree(whole())
        assert root.tag == "testsuites"
        (suite,) = root
        assert suite.tag == "testsuite"
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases) == len(suite)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}")), name
        for case in cases:
            assert case.attrib["name"]
            assert case.attrib["classname"] == "capability-descriptor"
            assert {each.tag for each in case} <= {"failure", "error", "skipped", "system-out"}

    def test_a_file_fails_with_all_its_errors(self) -> None:
        (case,) = (each for each in self.tree(whole()).iter("testcase") if each.attrib["file"] == _PLACED.file)
        (failure,) = case.findall("failure")
        assert failure.attrib == {"type": "GOV104", "message": _PLACED.message}
        assert failure.text is not None
        assert failure.text.split("\n")[0].startswith("capabilities/own.json:7:12: error GOV104: ")
        assert len(failure.text.split("\n")) == 2
        assert "GOV217" in str(case.findtext("system-out"))

    def test_second_places_and_what_is_waived_are_told(self) -> None:
        (case,) = self.tree(Verified("capability-descriptor", waived=[(_OUTSIDE, _WAIVER)])).iter("testcase")
        assert case.find("failure") is None
        said = str(case.findtext("system-out"))
        assert said.startswith("waived until 2030-01-02 by ops: ")
        assert said.endswith(
            "; shipped:capabilities/local-host.json:90:7: claimed here; ../profile.yaml: asked for here"
        )

    def test_a_file_outside_the_repository_is_named_and_not_linked(self) -> None:
        for case in self.tree(Verified("capability-descriptor", findings=_FROM_OUTSIDE)).iter("testcase"):
            assert "file" not in case.attrib

    def test_a_good_file_passes(self) -> None:
        (case,) = (each for each in self.tree(whole()).iter("testcase") if each.attrib["file"] == "good.json")
        assert len(case) == 0

    def test_no_letter_breaks_the_document(self) -> None:
        letters = "".join(map(chr, [*range(0x20), 0x7F, 0x85, 0x2028, 0xD800, 0xFFFE, 0xFFFF, 0x1F600]))
        finding = replace(_PLACED, message=letters, suggestion="]]>", file=f"{letters}.json")
        (failure,) = self.tree(verified(finding)).iter("failure")
        assert "\U0001f600" in failure.attrib["message"]


class TestGitlab:
    def issues(self, done: Verified) -> Any:
        return json.loads(gitlab.write(done))

    def test_every_issue_has_the_fields_that_gitlab_asks_for(self) -> None:
        for each in self.issues(whole()):
            assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
            assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert each["location"]["lines"]["begin"] >= 1
            assert not each["location"]["path"].startswith(("/", "./"))
            assert re.fullmatch("[0-9a-f]{64}", each["fingerprint"])

    def test_fingerprints_are_of_one_issue_each_and_outlive_new_lines(self) -> None:
        alike = [_PLACED, replace(_PLACED, line=8, end_line=8), _PLACED]
        found = [each["fingerprint"] for each in self.issues(verified(*alike))]
        moved = [replace(each, line=(each.line or 0) + 5, end_line=(each.end_line or 0) + 5) for each in alike]
        assert len(set(found)) == 3
        assert [each["fingerprint"] for each in self.issues(verified(*moved))] == found

    def test_what_was_not_read_blocks(self) -> None:
        assert self.issues(whole())[-1]["severity"] == "blocker"


def test_the_report_for_programs_has_its_shape() -> None:
    report = json.loads(json_report.write(whole()))
    folder = ROOT / "schemas/reporting-governance"
    judge = jsonschema_rs.validator_for(
        json.loads((folder / "reports/verify-descriptor.schema.json").read_text()),
        registry=jsonschema_rs.Registry(
            [(each["$id"], each) for each in (json.loads(path.read_text()) for path in folder.rglob("*.schema.json"))]
        ),
    )
    assert [each.message for each in judge.iter_errors(report)] == []
    assert report["summary"] == {
        "checked": 4,
        "failed": 2,
        "skipped": 1,
        "not_read": 1,
        "waived": 1,
        "not_probed": 1,
    }
    assert schemas().shape("finding.schema.json").is_valid(report["findings"][0])


def frame(source: str, finding: Finding) -> Sequence[str]:
    """Return the lines of a finding in the text form."""
    done = verified(finding, texts={finding.file: source})
    return text.write(done).split("\n\n")[0].split("\n")


class TestText:
    def test_the_mark_stands_under_what_is_meant(self) -> None:
        source = "\n" * 6 + '    "level": "ful",'
        finding = replace(_PLACED, column=14, end_column=19, related=())
        head, line, mark, advice = frame(source, finding)
        assert head == f"capabilities/own.json:7:14: error GOV104: {_PLACED.message}"
        assert line == '  7 |     "level": "ful",'
        assert mark == "    |              ^^^^^"
        assert advice == '  did you mean "full"?'

    @pytest.mark.parametrize(
        ("before", "meant", "cells"),
        [
            ("\t\tlevel: ", "ful", (9, 3)),
            ("名前: ", "ful", (6, 3)),
            ("a: ", "全部", (3, 4)),
            ("e\u0301: ", "ful", (3, 3)),
            ("\u200b\ufeffa: ", "ful", (5, 3)),  # shown as spaces
            ("\U0001f600: ", "ful", (4, 3)),
        ],
    )
    def test_wide_letters_tabs_and_marks_do_not_move_the_mark(
        self, before: str, meant: str, cells: tuple[int, int]
    ) -> None:
        finding = replace(
            _PLACED, line=1, end_line=1, column=len(before) + 1, end_column=len(before) + len(meant) + 1, related=()
        )
        _, _, mark, _ = frame(f"{before}{meant}, x", finding)
        assert mark == f"    | {' ' * cells[0]}{'^' * cells[1]}"

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_every_end_of_a_line_is_one(self, ending: str) -> None:
        finding = replace(_PLACED, line=2, end_line=2, column=1, end_column=4, related=())
        assert frame(f"one{ending}two{ending}three", finding)[1:3] == ["  2 | two", "    | ^^^"]

    def test_of_a_long_line_the_part_around_the_finding_is_shown(self) -> None:
        finding = replace(_PLACED, line=1, end_line=1, column=5_001, end_column=5_004, related=())
        _, line, mark, _ = frame("x" * 5_000 + "bad" + "y" * 5_000, finding)
        assert len(line) <= 130
        assert line[mark.index("^") : mark.rindex("^") + 1] == "bad"

    def test_over_several_lines_the_mark_ends_with_the_first(self) -> None:
        finding = replace(_OVER_LINES, line=1, column=3, end_line=3, end_column=2)
        assert frame("a: {\n b\n}", finding)[1:3] == ["  1 | a: {", "    |   ^^"]

    def test_nothing_in_a_text_drives_the_terminal(self) -> None:
        written = text.write(verified(_AWKWARD, texts={_AWKWARD.file: "\n" * 6 + "\x1b[2J\x07\x9b"}), colour=False)
        assert all(each.isprintable() or each == "\n" for each in written)
        # the finding, its frame, the suggestion, two second places, an empty line, the summary
        assert written.count("\n") == 7

    def test_colour_is_asked_for_and_ends(self) -> None:
        coloured = text.write(verified(_PLACED), colour=True)
        assert coloured.count("\x1b[0m") == coloured.count("\x1b[31m") > 0
        assert "\x1b" not in text.write(verified(_PLACED))

    def test_what_is_waived_not_read_or_probed_is_said(self) -> None:
        written = text.write(whole())
        assert "GOV401 is waived until 2030-01-02 by ops: until the disk is there" in written
        assert "could not be checked" in written
        assert written.split("\n")[-1].endswith(
            "4 checked, 2 failed, 1 warning, 1 skipped, 1 not read, 1 waived, 2 confirmed, 1 not probed"
        )


@pytest.mark.parametrize(
    ("is_terminal", "variables", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true", "CI": "true"}, False),
    ],
)
def test_colour_is_for_terminals(
    is_terminal: bool, variables: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stream:
        def isatty(self) -> bool:
            return is_terminal

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert text.is_coloured(Stream()) is wanted
