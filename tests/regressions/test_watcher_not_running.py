"""healthchecks/healthchecks#363, #433: what sends was not running, and its users asked why nobody was told.

There the one process saw to everything but the sending, so nothing looked wrong.  Here any verb that a person starts
says that its sibling `run` is not there.
"""

import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue()
    return verbs


def age(path: Path, seconds: int) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def at_a_terminal(verbs: Verbs, *arguments: str) -> tuple[int, str, bytes]:
    """Run a verb whose stderr alone is a terminal; return its code, what was shown there, and its stdout."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        verbs.command(*arguments),
        env=verbs.variables(),
        stdout=subprocess.PIPE,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    out, _ = process.communicate(timeout=120)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(ours)
    return process.returncode, shown.decode(), out


def test_363_the_second_process_was_never_started(verbs: Verbs) -> None:
    """The web side worked, `sendalerts` had never been started: the checks went down and nothing was sent."""
    age(verbs.state / "journal/lock", 4000)
    assert "never started" in verbs.ok("status", "--format", "json").document()["run_trouble"]
    code, shown, _ = at_a_terminal(verbs, "scan")
    assert (code, shown.count("was never started here")) == (0, 1)
    checks = verbs.call("doctor", "--format", "json").document()["checks"]
    (run,) = [each for each in checks if each["rule"] == "GOV910"]
    assert (run["verdict"], "schedule print" in run["advice"]) == ("bad", True)


def test_433_the_second_process_died_and_the_page_looked_well(verbs: Verbs) -> None:
    """It had run for months, then died; the first sign was an outage of which nobody was told."""
    verbs.ok("run")
    for verb in ("scan", "report"):
        words = ("report", "heartbeat", "nightly-build") if verb == "report" else (verb,)
        assert at_a_terminal(verbs, *words)[:2] == (0, ""), "all is well, so nothing is said"
    age(verbs.state / "run.lock", 4000)
    code, shown, out = at_a_terminal(verbs, "report", "heartbeat", "nightly-build", "--format", "json")
    assert (code, shown.count("one is expected every 60 s"), out[:1]) == (0, 1, b"{")
    assert "Not watched" in verbs.ok("status").out
    verbs.ok("run")
    assert at_a_terminal(verbs, "scan")[:2] == (0, "")


def test_where_no_person_looks_nothing_is_said(verbs: Verbs) -> None:
    """An agent's hook calls `report` a thousand times a day; its stderr is its protocol, and it can start no cron."""
    verbs.ok("run")
    age(verbs.state / "run.lock", 4000)
    assert verbs.ok("report", "heartbeat", "nightly-build").err == ""
    assert verbs.ok("scan").err == ""
