"""`run` as cron starts it: alone, silent, bounded, and stopped by a signal without losing or doubling anything."""

import fcntl
import json
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, tree, with_target
from tests.oracle.checker import arrivals_in, check, lines_of_folder
from tests.storage.back_ends import current

#: Notes that it was started, takes its time, then keeps the message: so a receiver that stores before it answers.
SLOW = """
line=$(cat)
: > "$1.taken.$$"
sleep "$2"
printf '%s\\n' "$line" >> "$1"
rm "$1.taken.$$"
rest=${line#*\\"spool_id\\":\\"}
printf '{"proof":"stored","id":"%s"}' "${rest%%\\"*}"
"""


class Pager:
    """A receiver behind the command sender, and a profile that uses it."""

    def __init__(self, folder: Path, *, seconds: float, timeout_seconds: int = 30) -> None:
        self.log = folder / "pager.log"
        script = folder / "pager.sh"
        script.write_text(SLOW)
        parameters = {
            "argv": ["/bin/sh", str(script), str(self.log), str(seconds)],
            "timeout_seconds": timeout_seconds,
            "best_proof": "stored",
        }
        self.profile = with_target(folder, "command", parameters)
        self._folder = folder

    def in_flight(self) -> int:
        """Return how many messages it is busy with."""
        return len(list(self._folder.glob("pager.log.taken.*")))

    def got(self) -> list[str]:
        """Return the subjects of what it stored."""
        return [json.loads(line)["subject"] for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def wait_for(what: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    """Wait until something is true while a process runs."""
    deadline = time.monotonic() + 60
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def at_rest(verbs: Verbs, pager: Pager) -> None:
    """Everything that must hold of the chain holds, by the records and by what arrived."""
    check(lines_of_folder(str(verbs.state)), {"operator/outbox": arrivals_in(str(pager.log))}, at_rest=True)


def test_a_tick_with_nothing_due_is_silent_and_adds_nothing(verbs: Verbs) -> None:
    verbs.ok("report", "start", "quiet", "--agent", "x", "--every", "1d")
    verbs.ok("run")
    of_this_tick = {"run.lock", "last-scan"}  # empty files, whose times say when it was
    before = {name: each for name, each in tree(verbs.state).items() if name not in of_this_tick}
    assert verbs.ok("run").out == ""
    assert {name: each for name, each in tree(verbs.state).items() if name not in of_this_tick} == before


def test_the_journal_says_each_hour_that_somebody_is_awake(verbs: Verbs) -> None:
    verbs.ok("report", "start", "quiet", "--agent", "x", "--every", "1d")
    verbs.ok("run")
    assert [line for line in verbs.journal() if line["type"] == "log.heartbeat"] == []
    _move_last_line_back(verbs, seconds=3700)
    for _ in range(2):
        verbs.ok("run")
        assert [line["type"] for line in verbs.journal()].count("log.heartbeat") == 1


def _move_last_line_back(verbs: Verbs, *, seconds: int) -> None:
    """Make the journal older than it is: a state made anew, by a process whose clock is behind."""
    current().remove(str(verbs.state))
    earlier = datetime.now(UTC) - timedelta(seconds=seconds)
    current().open(str(verbs.state), now=lambda: earlier, monotonic=time.monotonic).initialise(earlier)


def test_an_overlapping_run_ends_at_once_silent_and_adds_nothing(tmp_path: Path) -> None:
    pager = Pager(tmp_path, seconds=3)
    verbs = Verbs(tmp_path / "state", options=("--profile", str(pager.profile)))
    verbs.overdue()
    first = verbs.start("run")
    wait_for(pager.in_flight, first)
    lines = len(verbs.journal())
    ended = verbs.ok("run", "--format", "json")
    assert first.poll() is None, "the first was too quick for this test to mean anything"
    assert ended.document()["overlapped"] is True
    assert verbs.ok("run").out == ""
    assert len(verbs.journal()) == lines
    out, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (0, b"")
    assert b"acked" in out
    assert len(pager.got()) == 1
    at_rest(verbs, pager)


def test_a_lock_that_somebody_keeps_makes_no_noise(verbs: Verbs) -> None:
    verbs.overdue()
    with (verbs.state / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert verbs.ok("run").out == ""
        assert verbs.outbox() == []
    verbs.ok("run")
    assert len(verbs.outbox()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_a_message_is_on_its_way(tmp_path: Path, number: int) -> None:
    pager = Pager(tmp_path, seconds=2)
    verbs = Verbs(tmp_path / "state", options=("--profile", str(pager.profile)))
    verbs.overdue()
    process = verbs.start("run")
    wait_for(pager.in_flight, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, b"")
    assert len(pager.got()) == 1, "what was begun was waited for"
    assert [each["outcome"] for each in verbs.records("receipt")] == ["acked"], "and its answer was kept"
    verbs.ok("run")
    assert len(pager.got()) == 1
    at_rest(verbs, pager)


@pytest.mark.long
def test_a_second_signal_does_not_wait_and_the_message_is_in_doubt(tmp_path: Path) -> None:
    pager = Pager(tmp_path, seconds=4, timeout_seconds=5)
    verbs = Verbs(tmp_path / "state", options=("--profile", str(pager.profile)))
    verbs.overdue()
    process = verbs.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(pager.in_flight, process)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.wait(timeout=60)
    assert time.monotonic() - began < 2.5
    assert process.returncode == -signal.SIGTERM, "a shell says 128 + n"
    assert verbs.records("receipt") == []
    assert len(verbs.records("attempt")) == 1
    codes = set()
    deadline = time.monotonic() + 90
    while "in_doubt" not in [each.get("reason") for each in verbs.records("receipt")]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
        codes.add(verbs.call("run").code)
    assert 3 in codes, "a run that leaves something in doubt says so"
    sent = len(verbs.records("attempt"))
    assert sent == len(pager.got()) or sent == 1 + len(pager.got()), "no attempt that is not one message at most"


def test_more_than_fits_into_the_time_is_left_for_the_next_run(tmp_path: Path) -> None:
    pager = Pager(tmp_path, seconds=0, timeout_seconds=30)  # may take 30 s, so that after the first none is begun
    verbs = Verbs(tmp_path / "state", options=("--profile", str(pager.profile)))
    for number in range(10):
        verbs.overdue(f"task-{number}")
    for sent, left in ((8, 2), (2, 0)):  # eight at once
        bridged = verbs.ok("run", "--max-seconds", "1", "--format", "json").document()["bridge"]
        assert (bridged["sent"], bridged["left"]) == (sent, left)
    assert len(set(pager.got())) == len(pager.got()) == 10
    at_rest(verbs, pager)


def test_what_needs_a_person_is_said_once_by_the_run_that_left_it(tmp_path: Path) -> None:
    refusing = with_target(tmp_path, "command", {"argv": ["/bin/false"]})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(refusing)))
    verbs.overdue()
    ended = verbs.call("run")
    assert (ended.code, "blocked" in ended.out) == (3, True)
    assert verbs.ok("run").out == "", "and not again by the next"


def test_four_at_once_tell_once(verbs: Verbs) -> None:
    for number in range(5):
        verbs.overdue(f"task-{number}")
    for verb in ("scan", "enqueue", "dispatch", "bridge"):
        processes = [verbs.start(verb) for _ in range(4)]
        ends = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, ends
    arrived = {"operator/outbox": arrivals_in(str(verbs.state / "outbox/notices.jsonl"))}
    check(lines_of_folder(str(verbs.state)), arrived, at_rest=True)
    assert len(verbs.outbox()) == 5


def test_cron_with_nothing_in_its_environment(verbs: Verbs) -> None:
    verbs.overdue()
    options = zip(verbs.place[::2], verbs.place[1::2], strict=True)
    named = {f"REPORTGOV_{option.removeprefix('--').upper()}": value for option, value in options}
    bare = {"PATH": "/usr/bin:/bin", "PYTHONPATH": verbs.variables()["PYTHONPATH"], **named}
    words = [word for word in verbs.command("run") if word not in verbs.place]
    done = subprocess.run(words, env=bare, cwd="/", capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(verbs.outbox()) == 1
