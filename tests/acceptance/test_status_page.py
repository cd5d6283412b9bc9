"""The operator's page: written whole by `status --html`, and anew by each `run --html`."""

import os
import stat
from pathlib import Path

import pytest

from reporting_governance.core.status_page import Surroundings, render_status
from tests.acceptance.verbs import Verbs
from tests.browser.scene import HOSTILE
from tests.unit.test_audit_report import Page


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue("nightly-build", agent="coder")
    return verbs


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_run_writes_the_page_anew_and_it_says_who_was_told(verbs: Verbs, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("an old page")
    page.chmod(0o640)

    verbs.call("run", "--html", page)

    text = page.read_text("utf-8")
    looked = Page(text)
    looked.check()
    words = " ".join("".join(looked.text).split())
    assert "nightly-build by coder" in words
    assert "operator: ✓ stored" in words
    assert "If that time is more than 3 min ago, runs have stopped and nobody is watching." in words
    assert "Watched from outside! nobody" in words
    assert '<meta http-equiv="refresh" content="60">' in text
    assert _mode(page) == 0o640
    assert sorted(tmp_path.iterdir()) == sorted([page, tmp_path / "state", *tmp_path.glob("home")])


def test_a_page_that_was_asked_for_once_is_ours_alone_and_does_not_change(verbs: Verbs, tmp_path: Path) -> None:
    page = tmp_path / "status.html"

    printed = verbs.call("status", "--html", page)

    assert printed.code == 0
    assert "nightly-build" not in printed.out or "Open episodes" in printed.out
    assert _mode(page) == 0o600
    assert "refresh" not in page.read_text("utf-8")
    assert "It was asked for once and does not change." in page.read_text("utf-8")


def test_a_link_in_place_of_the_page_is_replaced_and_not_followed(verbs: Verbs, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("mine")
    page = tmp_path / "status.html"
    page.symlink_to(theirs)

    verbs.call("status", "--html", page)

    assert theirs.read_text() == "mine"
    assert not page.is_symlink()
    assert _mode(page) == 0o600


def test_a_page_that_cannot_be_written_stops_no_run(verbs: Verbs, tmp_path: Path) -> None:
    page = tmp_path / "no such folder" / "status.html"

    run = verbs.call("run", "--html", page)
    status = verbs.call("status", "--html", page)

    assert (run.code, status.code) == (0, 3)
    assert f"{page}: the status page could not be written: No such file or directory" in run.err
    assert verbs.records("receipt")


def test_a_dry_run_writes_no_page(verbs: Verbs, tmp_path: Path) -> None:
    verbs.call("run", "--dry-run", "--html", tmp_path / "status.html")

    assert not os.path.lexists(tmp_path / "status.html")


def test_a_run_that_breaks_off_says_so_on_the_page(verbs: Verbs, tmp_path: Path) -> None:
    page = tmp_path / "status.html"
    verbs.call("run", "--html", page)
    log = verbs.state / "journal" / "log"
    log.rename(verbs.state / "journal" / "log.away")
    log.write_text("no folder")

    run = verbs.call("run", "--html", page)

    text = page.read_text("utf-8")
    Page(text).check()
    assert run.code == 3
    assert "The watch itself is not well: what is open cannot be said" in text
    assert run.err.split(": ", 1)[1].split("\n")[0][:40] in text.replace("&#39;", "'")


def test_hostile_words_of_a_status_stay_text() -> None:
    for said in HOSTILE:
        around = Surroundings(host=said, tick_seconds=60, targets=((said, said),), rewritten=True)
        telling = {"receiver": said, "proof": said, "told_at": said, "acked_by": said, "next_at": said}
        status = {
            "at": said, "run_trouble": said, "profile_refused": said, "log_loss": {"what": said}, "last_run_at": said,
            "last_success_at": said, "oldest_pending_seconds": 7, "native_tasks": 1, "foreign_tasks": 0, "lines": 9,
            "notices": {"queued": 1}, "clock_set_at": said, "gap": {"began_at": said, "ended_at": said},
            "native_cannot_see": {said: said}, "anchors": [{"name": said, "size": 3, "problem": said}],
            "sources": [{"source": said, "tasks": None, "unreadable": said, "cannot_see": {}}],
            "targets": [{"target": said, "trouble": said, "since": said, "until": said, "why": said}],
            "waiting": [{"subject": said, "receiver": said, "since": said, "sentence": said}],
            "stuck": [{"id": said, "subject": said, "target": said, "state": said, "reason": said}],
            "reviews": [{"question": said, "subject": said, "requested_at": said, "review_id": said}],
            "episodes": [{"title": said, "task_id": said, "agent_id": said, "condition": said, "due_at": said,
                          "unknown": said, "late_by_seconds": 1, "tellings": [telling]}],
        }  # fmt: skip

        Page(render_status(status, around)).check()
