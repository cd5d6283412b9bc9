"""`policy test`, `policy explain` and `policy facts`, as processes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reporting_governance.commands import _policy_facts
from reporting_governance.core.fact_catalogue import CATALOGUE
from tests.acceptance.verbs import ROOT, Verbs, check_reply, profile

PACKS = ROOT / "profiles/policy-packs"
SHIPPED = sorted(path.stem for path in PACKS.iterdir())


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def changed(tmp_path: Path, old: str, new: str, name: str = "verified-completion-only") -> Path:
    """Return a shipped pack in which one text was replaced."""
    text = (PACKS / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_shipped_packs_hold_and_leave_no_leaf_untried(verbs: Verbs) -> None:
    document = verbs.ok("policy", "test", *SHIPPED, "--min-coverage", "100", "--format", "json").document()
    assert [each["pack"] for each in document["packs"]] == SHIPPED
    assert [each["coverage_percent"] for each in document["packs"]] == [100] * len(SHIPPED)
    assert document["findings"] == []
    assert not verbs.state.exists(), "no state folder is needed to test named packs"


def test_without_a_name_the_packs_of_the_profile_are_tried(verbs: Verbs) -> None:
    words = ("policy", "test", "--profile", "strict-manager-mode", "--format", "json")
    assert sorted(each["pack"] for each in verbs.ok(*words).document()["packs"]) == SHIPPED


def test_a_profile_that_was_refused_is_told_though_the_last_good_packs_hold(verbs: Verbs, tmp_path: Path) -> None:
    path = profile(tmp_path, ("policy_packs: [no-silence,", "policy_packs: [no-such-pack,"))
    ended = verbs.call("policy", "test", "--profile", str(path), "--format", "json")
    assert ended.code == 1
    assert [each["file"] for each in ended.document()["findings"]] == [str(path)]


def test_an_example_that_does_not_hold_is_a_finding_with_its_line_and_why(verbs: Verbs, tmp_path: Path) -> None:
    path = changed(tmp_path, "less_than: strong", "less_than: moderate")
    ended = verbs.call("policy", "test", str(path), "--format", "json", "--junit", str(tmp_path / "policy.xml"))
    document = ended.document()
    assert (ended.code, ended.err) == (1, "")
    (finding,) = document["findings"]
    line = path.read_text(encoding="utf-8").splitlines()[finding["line"] - 1]
    assert "expect: {decision: downgrade_status" in line
    assert (finding["rule"], finding["column"]) == ("GOV202", line.index("{") + 1)
    assert "expected downgrade_status by verified-completion-only.code-changed" in finding["message"]
    assert "code-changed-without-check-after is false (claim.completion_asserted equals: true" in finding["suggestion"]
    text = verbs.call("policy", "test", str(path)).out
    assert f"{path}:{finding['line']}:{finding['column']}: error GOV202: " in text
    suite = ElementTree.parse(tmp_path / "policy.xml").getroot().find("testsuite")
    assert suite is not None
    examples = document["packs"][0]["examples"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (str(len(examples)), "1", "0")
    failed = [case for case in suite if case.find("failure") is not None]
    assert [(case.get("name"), case.get("file")) for case in failed] == [
        (each["title"], str(path)) for each in examples if not each["passed"]
    ]


def test_a_pack_that_cannot_be_meant_fails_in_every_form(verbs: Verbs, tmp_path: Path) -> None:
    path = changed(tmp_path, "fact: children.open", "fact: children.opn")
    ended = verbs.call("policy", "test", str(path), "--format", "json", "--junit", str(tmp_path / "policy.xml"))
    assert ended.code == 1
    (finding,) = ended.document()["findings"]
    assert finding["suggestion"] == 'did you mean "children.open"?'
    suite = ElementTree.parse(tmp_path / "policy.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")


def test_too_little_coverage_ends_with_1_and_says_what_is_untried(verbs: Verbs, tmp_path: Path) -> None:
    text = (PACKS / "mandatory-checkpoint-structure.yaml").read_text(encoding="utf-8")
    path = tmp_path / "short.yaml"
    path.write_text(text[: text.index("        - title: all five\n")], encoding="utf-8")
    ended = verbs.call("policy", "test", str(path), "--min-coverage", "80", "--format", "json")
    assert (ended.code, ended.document()["packs"][0]["coverage_percent"]) == (1, 52)
    untried = ended.document()["packs"][0]["untried"]
    assert {each["leaf"] for each in untried} >= {"message.next_step_present equals false"}
    assert all(each["never"] for each in untried)
    assert {name for each in untried for name in each["never"]} == {"true", "false", "unknown"}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(each["leaf"].split()[0] in lines[each["line"] - 1] for each in untried)
    assert "52 % (too little)" in verbs.call("policy", "test", str(path), "--min-coverage", "80").out
    assert verbs.call("policy", "test", str(path), "--min-coverage", "52").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("test", "no-such-pack"), "no shipped pack has this id"),
        (("test", "no-silense"), 'Did you mean "no-silence"?'),
        (("test", "./no-such.yaml"), "no such file"),
        (("test", "no-silence", "--junit", "/no/such/folder/file.xml"), "No such file or directory"),
        (("test", "--lines"), "belong to facts"),
        (("explain",), "explain takes one id"),
        (("explain", ""), "explain takes one id"),
        (("explain", "x", "--junit", "y"), "belong to test"),
        (("facts",), "facts takes one FILE"),
        (("facts", "-", "--claude-code-transcript", "x"), "facts takes one FILE"),
        (("facts", "/no/such/file"), "No such file or directory"),
        (("facts", "--claude-code-transcript", "/no/such/file"), "/no/such/file"),
        (("explain", "nothing-of-this-name"), "no decision of this id"),
    ],
)
def test_wrong_words_are_usage(verbs: Verbs, words: tuple[str, ...], said: str) -> None:
    verbs.ok("init")
    ended = verbs.call("policy", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_decision_shows_every_rule_and_which_won_and_why(verbs: Verbs) -> None:
    standard = ("--profile", "standard-team-mode")
    verbs.ok("report", "start", "fix", "--agent", "coder", *standard)
    verbs.ok("report", "complete", "fix", "Done. All tests pass, and I have sent it to the review agent.", *standard)
    verbs.ok("enqueue", *standard)
    document = verbs.ok("policy", "explain", "fix", *standard, "--format", "json").document()
    (account,) = [each for each in document["decisions"] if each["decision"]["decision"] != "allow"]
    rules = {each["rule_id"]: each for each in account["rules"]}
    winner = "verified-completion-only.checks-claimed-without-check"
    assert [each for each in rules if rules[each]["won"]] == [winner] == [account["decision"]["policy_id"]]
    assert "verified-completion-only.completion-without-required-evidence" in account["why"]
    assert rules["verified-completion-only.failing-check"]["truth"] == "false"
    unknown = rules["verified-completion-only.code-changed-without-check-after"]
    assert (unknown["truth"], unknown["reason"]) == ("unknown", "evidence.code_changed: nobody said what was changed")
    values = {leaf["fact"]: leaf["value"] for leaf in rules[winner]["leaves"]}
    assert values == {
        "claim.completion_asserted": True,
        "claim.checks_passed_asserted": True,
        "evidence.check_after_last_change": False,
    }
    (status,) = [each for each in account["actions"] if each["action"] == "set_status"]
    assert winner in status["asked_by"]
    assert account["plan"]["path"]
    alone = verbs.ok("policy", "explain", account["metadata"]["record_id"], *standard, "--format", "json").document()
    assert alone["decisions"] == [account]
    other = verbs.ok("policy", "explain", account["metadata"]["record_id"], "--format", "json").document()
    assert len(other["decisions"]) == 1, "what was decided by another profile is read all the same"
    text = verbs.ok("policy", "explain", account["metadata"]["record_id"], *standard).out
    assert f"downgrade_status by {winner}, high. It is about" in text
    assert "Why this one: " in text


def facts_of(verbs: Verbs, stdin: str, *words: str, code: int = 0) -> list[dict[str, dict[str, object]]]:
    """Return the facts of each line, by path."""
    ended = verbs.call("policy", "facts", "-", *words, "--format", "json", given=stdin)
    assert ended.code == code, ended
    document = ended.document()
    check_reply(document)
    return [{each["fact"]: each for each in judged["facts"]} for judged in document["judged"]]


def test_every_fact_of_a_message_comes_with_its_origin(verbs: Verbs) -> None:
    lines = [
        "Done. All tests pass.",
        json.dumps("I think it works now."),
        json.dumps({"report": {"current_status": "loading"}}),
        json.dumps({"event": {"event_type": "task_claimed_complete"}, "task": {"task_id": "t", "status": "active"},
                    "evidence": None}),
    ]  # fmt: skip
    plain, unsure, fields, unread = facts_of(verbs, "\n".join(lines))
    assert set(plain) == set(CATALOGUE)
    assert (plain["claim.completion_asserted"]["value"], plain["claim.checks_passed_asserted"]["value"]) == (True, True)
    assert "characters 6-20" in str(plain["claim.checks_passed_asserted"]["from"])
    assert unsure["claim.completion_asserted"]["known"] is False
    assert str(unsure["claim.completion_asserted"]["from"]).startswith("not known: ")
    assert fields["message.next_step_present"]["value"] is False
    assert fields["message.next_step_present"]["from"] == "event payload /report/next_step"
    assert unread["evidence.completion_min_quality"]["known"] is False
    assert unread["task.status"]["value"] == "active"


def test_an_event_of_no_known_type_is_remarked(verbs: Verbs) -> None:
    ended = verbs.call("policy", "facts", "-", "--format", "json", given='{"event_type": "task_claimd_complete"}\n')
    problem = 'no event is of type "task_claimd_complete"; did you mean "task_claimed_complete"?'
    assert (ended.code, ended.err) == (0, f"standard input:1: {problem}\n")
    [judged] = ended.document()["judged"]
    [found] = [each for each in judged["facts"] if each["fact"] == "event.event_type"]
    assert (found["known"], found["from"]) == (False, f"not known: {problem}")


def test_lines_are_one_object_a_fact_and_a_bad_line_hides_no_good_one(verbs: Verbs) -> None:
    lines = '{"message": "Done."}\n{"nothing": 1}\n[1]\n{"message": \n'
    ended = verbs.call("policy", "facts", "-", "--lines", given=lines)
    assert ended.code == 1
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [row["fact"] for row in rows] == [row["fact"] for row in rows if row["line"] == 1]
    assert len(rows) == len(CATALOGUE)
    assert [line.split(": ")[0] for line in ended.err.splitlines()] == [f"standard input:{n}:1" for n in (2, 3, 4)]


def test_a_session_is_seen_as_the_gate_sees_it(verbs: Verbs) -> None:
    transcripts = sorted((ROOT / "tests/cases/transcripts").rglob("*.jsonl"))
    assert transcripts
    seen = set()
    for path in transcripts[:12]:
        words = ("policy", "facts", "--claude-code-transcript", str(path), "--format", "json")
        ended = verbs.call(*words)
        assert ended.code in (0, 2), ended
        if ended.code == 0:
            (judged,) = ended.document()["judged"]
            facts = {each["fact"]: each["value"] for each in judged["facts"]}
            seen.add((facts["evidence.checks_run"], facts["evidence.reaches_back"]))
    assert len(seen) > 1


def test_of_what_is_too_large_nothing_is_left_out_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_policy_facts, "_MOST_BYTES", 10)
    (tmp_path / "fits").write_bytes(b"x" * 10)
    assert len(_policy_facts._read(str(tmp_path / "fits"))) == 10
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(_policy_facts.Unreadable, match="larger than 10 bytes"):
        _policy_facts._read(str(tmp_path / "large"))
