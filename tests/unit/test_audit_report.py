"""The page of a bundle: what it says of real lines, that hostile ones stay text, and that it does not grow for ever."""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.page import render_report
from reporting_governance.core.audit_report.summary import ALWAYS_CHECKED, Check
from reporting_governance.core.audit_report.telling import MOST_NOTICES
from reporting_governance.core.audit_report.texts import Missing
from reporting_governance.core.markup import escaped
from reporting_governance.verifier.note import vkey_of
from reporting_governance.verifier.tally import Tally
from tests.browser.scene import HOSTILE

CASE = Path(__file__).parents[1] / "cases" / "audit-report" / "one-overdue-task"
LINES = [json.loads(line) for line in (CASE / "given" / "log.jsonl").read_text("utf-8").splitlines()]
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
_VOID = frozenset(("br", "meta"))


def manifest_of(lines: list[Any], **more: Any) -> dict[str, Any]:
    log_id = "8f0f343e3201188e250efb4782fdf90f"
    return {
        "log_id": log_id, "size": len(lines), "root": "ab" * 32, "from": 1, "to": len(lines), "selected": len(lines),
        "first_ts": lines[0]["ts"], "last_ts": lines[-1]["ts"], "withheld": 0, "void": 0, "retired": [], "filter": {},
        "keys": [vkey_of(log_id, bytes(range(32))).text()], "redaction": "none", **more,
    }  # fmt: skip


def page_of(lines: list[Any], **more: Any) -> str:
    fold, tally = ReportFold(), Tally()
    for seq, line in enumerate(lines, 1):
        fold.line(seq, line)
        tally.line(seq, line, b"")
    return render_report(fold, manifest_of(lines, **more), tally.coverage())


class Page(HTMLParser):
    """A page as a browser takes it apart, and what is wrong with its making."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.refs: set[str] = set()
        self.problems: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self._level = 0
        self.feed(page)
        self.close()
        if self._open:
            self.problems.append(f"left open: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if tag in _HEADINGS:
            if _HEADINGS[tag] > self._level + 1:
                self.problems.append(f"{tag} after level {self._level}")
            self._level = _HEADINGS[tag]
        for key, said in attrs:
            if key.startswith("on") or key in ("style", "src", "action", "srcdoc"):
                self.problems.append(f"{tag} {key}")
            if key == "href" and not str(said).startswith("#"):
                self.problems.append(f"leads away: {said}")
            if key == "id":
                self.ids.append(str(said))
            if key in ("aria-labelledby", "href"):
                self.refs |= set(str(said).replace("#", " ").split())
        given = dict(attrs)
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.problems.append("th without scope")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def check(self) -> None:
        assert self.problems == []
        assert len(self.ids) == len(set(self.ids))
        assert self.refs <= set(self.ids)
        assert self.tags <= set(
            "html head meta title style body a header nav main footer section article h1 h2 h3 h4 p ul ol li dl dt dd "
            "div span strong code pre bdi br table caption thead tbody tr th td svg g path rect circle line text "
            "desc".split()
        )


def test_the_page_of_a_small_journal_is_as_it_stands_in_the_case() -> None:
    body = page_of(LINES).partition("<body>")[2]
    path = CASE / "expect" / "body.html"
    if os.environ.get("REPORTGOV_WRITE_CASES"):
        path.write_text(body, "utf-8")

    assert body == path.read_text("utf-8")
    Page(page_of(LINES)).check()


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of(LINES)

    (policy,) = re.findall('Content-Security-Policy&quot;|content="(default-src[^"]*)"', page)
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy
    assert page.count("<style>") == 1
    assert "url(" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_first_part_says_who_checked_and_how_to_get_the_verdict() -> None:
    text = " ".join("".join(Page(page_of(LINES)).text).split())

    assert text.index("This page is not the verdict.") < text.index("What was looked at") < text.index("What happened")
    assert "python3 -I -S verify.py 8f0f343e-000000000001-000000000015.zip" in text
    assert "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd" in text  # sha256 of the key's 32 bytes


def test_a_check_that_did_not_hold_is_the_first_thing_said() -> None:
    fold = ReportFold()
    for seq, line in enumerate(LINES, 1):
        fold.line(seq, line)
    checks = (*ALWAYS_CHECKED, Check("The moon is full.", held=False), Check("It rains.", held=None))

    page = render_report(fold, manifest_of(LINES), Tally().coverage(), checks=checks)

    assert "✗ 1 check did not hold" in page
    assert page.index("did not hold") < page.index("The lines fit together") if "fit together" in page else True
    assert "! not checked" in page


_PROGRAM = """
import json, sys
from tests.unit.test_audit_report import LINES, page_of
sys.stdout.buffer.write(page_of(LINES).encode())
"""


def test_it_is_the_same_page_in_another_country_at_another_time() -> None:
    around = {"TZ": "Pacific/Auckland", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "PYTHONPATH": "lib:."}
    root = Path(__file__).parents[2]

    done = subprocess.run([sys.executable, "-c", _PROGRAM], env=around, cwd=root, capture_output=True, check=True)

    assert done.stdout.decode() == page_of(LINES)


#: what makes a line what it is; all else may hold whatever somebody wrote
_FIXED = frozenset(
    """ts type kind id about parents consumes views prev event_type event_id task_key outcome proof quality decision
    truth spool_id attempt_id notice_id notice_ids receipt_id record_id episode_id episode phase""".split()
)


def _leaves(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(found, dict):
        for key, inside in found.items():
            if key not in _FIXED:
                yield from _leaves(inside, (*path, key))
    elif isinstance(found, list):
        for place, inside in enumerate(found):
            yield from _leaves(inside, (*path, place))
    elif isinstance(found, str):
        yield path


def _with(body: Any, path: tuple[Any, ...], said: object) -> None:
    for step in path[:-1]:
        body = body[step]
    body[path[-1]] = said


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_somebody_wrote_stays_text(said: str) -> None:
    lines = copy.deepcopy(LINES)
    bodies = [line["record"]["body"] for line in lines if "record" in line]
    changed = [(body, path) for body in bodies for path in _leaves(body)]
    for body, path in changed:
        _with(body, path, said)

    page = page_of(lines, filter={"tasks": [said]}, keys=[said])

    assert len(changed) > 150
    looked = Page(page)
    looked.check()
    assert escaped(said[:500]) in page.replace('<span class="unseen">', "").replace("]</span>", "]")
    assert max(len(word) for word in "".join(looked.text).split()) < 2000


def test_a_leaf_of_any_line_may_be_anything() -> None:
    for number, line in enumerate(LINES):
        for path in _leaves(line.get("record", {}).get("body", {})):
            for found in (None, 7, {"$blob": "ab" * 32, "size": 9}):
                lines = list(LINES)
                lines[number] = changed = copy.deepcopy(line)
                _with(changed["record"]["body"], path, found)
                fold = ReportFold()
                for seq, each in enumerate(lines, 1):
                    fold.line(seq, each)
                if found is None:
                    assert render_report(fold, manifest_of(lines), {}).endswith("</html>\n")


def test_texts_that_lie_apart_are_shown_or_named_as_missing() -> None:
    lines = copy.deepcopy(LINES)
    title = {"$blob": "ab" * 32, "size": 9}
    lines[1]["record"]["body"]["payload"]["title"] = title
    shown = []
    for found in (b"the <b>title</b>", Missing.ERASED, Missing.WITHHELD):
        fold = ReportFold(lambda _digest, found=found: found)  # type: ignore[misc]
        for seq, line in enumerate(lines, 1):
            fold.line(seq, line)
        shown.append(render_report(fold, manifest_of(lines), {}))

    assert "the &lt;b&gt;title&lt;/b&gt;" in shown[0]
    assert "this text was erased" in shown[1]
    assert "not part of what was exported" in shown[2]
    assert "1 text erased" not in shown[0]


def _copies(number: int) -> Iterator[Any]:
    """Yield the lines again and again, each time of another task."""
    ids = re.compile("(tsk|evt|dec|ntc|spl|att|rcp|epi|evd|cpr)_[0-9a-f]{6}")
    written = [json.dumps(line) for line in LINES[1:]]
    for copied in range(number):
        for line in written:
            yield json.loads(ids.sub(rf"\1_{copied:06x}", line))


def test_a_long_journal_gives_a_page_that_ends_and_says_what_it_leaves_out() -> None:
    fold = ReportFold()
    for seq, line in enumerate(_copies(300), 1):
        fold.line(seq, line)

    page = render_report(fold, manifest_of(LINES, size=4200), {})

    assert len(page) < 3_500_000
    assert len(fold.notices.shown()) == MOST_NOTICES
    text = "".join(Page(page).text)
    assert "180 tasks in which least went wrong" in text
    assert "50 notices; the counts above include them." in text
    assert "300 notices, as 300 messages to single addresses, with 300 attempts" in text.replace("\u202f", "")
    assert fold.notices.standing()["stored"] == 300


def test_a_task_with_trouble_takes_the_place_of_a_quiet_one() -> None:
    fold = ReportFold()
    started = LINES[1]
    for copied in range(200):
        quiet = copy.deepcopy(started)
        quiet["record"]["about"] = [f"tsk_{copied:032x}"]
        fold.line(copied + 1, quiet)
    for seq, line in enumerate(LINES, 201):
        fold.line(seq, line)

    shown = [each.key for each in fold.tasks.shown()]
    assert LINES[1]["record"]["about"][0] in shown
    assert len(shown) == 120
    assert fold.tasks.total == 201
