"""OpenClaw's own program as the source, when the database cannot be: real child processes, good and bad."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Known, SourceReading
from reporting_governance.adapters.tasks.openclaw import program as program_module
from reporting_governance.adapters.tasks.openclaw.program import ProgramFailed, ask_program
from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource
from reporting_governance.core.conditions import Condition
from tests.adapters.openclaw.states import CASES, Machine, State, by_title, moment

LISTED = CASES / "tasks-list.json"  #: what the real program printed after its gateway had been killed
ENTRIES = json.loads(LISTED.read_text())["tasks"]
NOW = moment(max(each["lastEventAt"] for each in ENTRIES)) + timedelta(minutes=5)


def read(command: list[str], folder: Path, **keywords: object) -> SourceReading:
    source = OpenClawSource({"state": str(folder), "command": command}, processes=Machine({}))
    return source.read(now=NOW, baseline_at=NOW - timedelta(days=1), known=frozenset())


def script(folder: Path, text: str) -> list[str]:
    """Return a command that runs a shell script; its arguments are `tasks list --json`."""
    path = folder / "openclaw"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return [str(path)]


def test_what_the_program_lists_is_what_the_database_holds(tmp_path: Path) -> None:
    reading = read(script(tmp_path, f"cat {shlex.quote(str(LISTED))}"), tmp_path)
    assert reading.unreadable is None
    assert reading.complete
    assert not reading.findings
    unfinished = {each["taskId"] for each in ENTRIES if each["status"] == "running"}
    shown = {each.task.task_id for each in reading.tasks if each.task.finished_at is None}
    assert shown == unfinished
    state = State(tmp_path / "twin", "running")
    from_database = by_title(state.read(now=NOW, machine=Machine({})))
    for title, observed in by_title(reading).items():
        if title in from_database and title != "sleep 40":
            other = from_database[title].task
            ours = observed.task
            assert (ours.task_id, ours.started_at, ours.correlation_id) == (
                other.task_id,
                other.started_at,
                other.correlation_id,
            )


def test_what_only_the_database_says_is_unknown(tmp_path: Path) -> None:
    tasks = by_title(read(script(tmp_path, f"cat {shlex.quote(str(LISTED))}"), tmp_path))
    assert tasks["hangs"].facts[Condition.OWNER_DEAD].known is Known.UNKNOWN
    assert Condition.SILENCE_TIMEOUT in tasks["hangs"].unknown
    assert Condition.DEADLINE_MISSED in tasks["stuck"].unknown


def test_a_delivery_that_failed_is_seen_without_the_database(tmp_path: Path) -> None:
    detail = {"status": "ok", "deliveryStatus": "not-delivered", "deliveryError": "Forbidden"}
    entry = {
        **next(each for each in ENTRIES if each["runtime"] == "cron"),
        "status": "failed",
        "endedAt": int(NOW.timestamp() * 1000) - 1000,
        "detail": detail,
    }
    (tmp_path / "answer.json").write_text(json.dumps({"tasks": [entry]}))
    (task,) = read(script(tmp_path, f"cat {shlex.quote(str(tmp_path / 'answer.json'))}"), tmp_path).tasks
    assert task.facts[Condition.DELIVERY_FAILED].known is Known.TRUE
    assert task.facts[Condition.DELIVERY_FAILED].reason == "Forbidden"


def test_it_is_told_which_installation_and_run_without_a_shell(tmp_path: Path) -> None:
    command = script(
        tmp_path, f'echo "$OPENCLAW_STATE_DIR|$*" > {shlex.quote(str(tmp_path / "said"))}; echo \'{{"tasks": []}}\''
    )
    odd = tmp_path / "; touch hacked"
    odd.mkdir()
    reading = read([*command, "$(touch hacked)"], odd)
    assert reading.unreadable is None
    assert (tmp_path / "said").read_text() == f"{odd}|$(touch hacked) tasks list --json\n"
    assert not os.path.exists("hacked")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo broken >&2; exit 7", "ended with 7: broken"),
        ("echo Doctor box; echo '{}'", "not understood"),
        ("echo '[]'", "no list of tasks"),
        ("echo '{\"tasks\": {}}'", "no list of tasks"),
        ("kill -9 $$", "ended with -9"),
        ("true", "not understood"),
    ],
)
def test_what_is_no_answer_is_unreadable(tmp_path: Path, text: str, words: str) -> None:
    reading = read(script(tmp_path, text), tmp_path)
    assert reading.unreadable is not None
    assert words in reading.unreadable
    assert not reading.complete
    assert list(reading.tasks) == []


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in (read([str(tmp_path / "none")], tmp_path).unreadable or "")


def test_one_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = script(tmp_path, f"sleep 1000 & echo $$ $! > {shlex.quote(str(pids))}; wait")
    began = time.monotonic()
    with pytest.raises(ProgramFailed, match=r"took longer than 0\.5 seconds"):
        ask_program(command, state_folder=str(tmp_path), limit_seconds=0.5)
    assert time.monotonic() - began < 5
    assert_gone(pids)


def test_one_that_leaves_something_behind_is_cleaned_up(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = script(
        tmp_path, f"sleep 1000 > /dev/null 2>&1 & echo $! > {shlex.quote(str(pids))}; echo '{{\"tasks\": []}}'"
    )
    assert ask_program(command, state_folder=str(tmp_path)).tasks == []
    assert_gone(pids)


def test_one_that_prints_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "MAX_BYTES", 100_000)
    with pytest.raises(ProgramFailed, match="printed more than 100,000 bytes"):
        ask_program(script(tmp_path, "yes"), state_folder=str(tmp_path))


def test_errors_without_end_do_not_block_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.stderr.write('x' * 10**7); print('{\"tasks\": []}')"]
    assert ask_program(command, state_folder=str(tmp_path)).tasks == []


def test_one_bad_entry_hides_no_other(tmp_path: Path) -> None:
    document = {"tasks": [*ENTRIES, 7, {}, {**ENTRIES[0], "taskId": "x" * 500}, {**ENTRIES[0], "taskId": "a\nb"}]}
    (tmp_path / "answer.json").write_text(json.dumps(document))
    reading = read(script(tmp_path, f"cat {shlex.quote(str(tmp_path / 'answer.json'))}"), tmp_path)
    assert [each.rule for each in reading.findings] == ["GOV606"] * 4
    assert "hangs" in by_title(reading)
    assert not reading.complete


def test_a_layout_that_is_not_known_is_asked_of_the_program_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path / "state-folder", "running")
    state.change("ALTER TABLE task_runs RENAME TO jobs_of_the_future")
    script(tmp_path, f"cat {shlex.quote(str(LISTED))}")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    reading = state.read(now=NOW, machine=Machine({}))
    assert reading.unreadable is None
    assert "hangs" in by_title(reading)


def assert_gone(pids: Path) -> None:
    """Every process that is named in a file has ended (it may wait as a zombie for whoever adopted it)."""
    for pid in map(int, pids.read_text().split()):
        ends_at = time.monotonic() + 5
        while (state := state_of(pid)) not in ("", "Z"):
            assert time.monotonic() < ends_at, f"process {pid} still runs: {state}"
            time.sleep(0.01)


def state_of(pid: int) -> str:
    """Return the state letter of a process; empty when there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
