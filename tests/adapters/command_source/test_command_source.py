"""Task states that any program prints, a JSON object a line: real programs, good and bad."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.adapters.tasks import command, entry_work
from reporting_governance.adapters.tasks.command import CommandSource
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.errors import ContractError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {"task_id": "t1", "agent_id": "worker", "status": "active", "started_at": "2026-03-01T11:00:00Z"}


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def printing(*lines: str | dict[str, Any]) -> list[str]:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return python("import sys; sys.stdout.write(sys.argv[1])", text)


def read(argv: list[str], folder: Path, **more: Any) -> SourceReading:
    source = CommandSource({"argv": argv, **more}, state_folder=str(folder))
    return source.read(now=NOW, baseline_at=None, known=frozenset())


def test_each_line_is_a_task(tmp_path: Path) -> None:
    reading = read(printing(GOOD, "", {"id": 7, "state": "running", "runtime": "slurm"}), tmp_path)
    first, second = reading.tasks
    assert (first.task.task_id, first.task.runtime, first.task.status) == ("t1", "command", TaskStatus.ACTIVE)
    assert (second.task.task_id, second.task.runtime) == ("7", "slurm")
    assert (reading.complete, reading.unreadable, list(reading.findings)) == (True, None, [])
    assert set(reading.cannot_see) == {"owner_dead", "delivery_failed"}


def test_no_line_and_exit_0_are_no_tasks(tmp_path: Path) -> None:
    reading = read(["true"], tmp_path)
    assert (reading.complete, list(reading.tasks), reading.unreadable) == (True, [], None)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{not json", "double quotes"),
        ("[]", "expected an object that describes a task"),
        ('{"status": "active"}', "no id"),
        ('{"task_id": "x", "status": "ongoing"}', "is no status"),
        (json.dumps(GOOD), "was described before"),
        ('{"task_id": "x", "checkpoint": {"schedule": "61 * * * *", "time_zone": "UTC"}}', "its minute is wrong"),
        ("\N{SNOWMAN}", ""),
    ],
)
def test_a_bad_line_is_said_with_its_number_and_hides_no_other(tmp_path: Path, line: str, part: str) -> None:
    reading = read(printing(GOOD, "", line, {**GOOD, "task_id": "t2"}), tmp_path)
    assert {"t1", "t2"} <= {each.task.task_id for each in reading.tasks}
    assert [each.line for each in reading.findings] == [3]
    assert part in reading.findings[0].message
    understood_whose = "x" in {each.task.task_id for each in reading.tasks} or "before" in part
    assert reading.complete is understood_whose


def test_only_bad_lines_are_unreadable(tmp_path: Path) -> None:
    reading = read(printing("Traceback", "  File x"), tmp_path)
    assert reading.unreadable is not None
    assert "none of 2 lines" in reading.unreadable
    assert reading.complete is False


@pytest.mark.parametrize("code", [1, 3, 75, 127])
def test_an_exit_code_that_is_not_0_is_unreadable_whatever_was_printed(tmp_path: Path, code: int) -> None:
    program = (
        f"print({json.dumps(GOOD)!r}); import sys; print('no  route\\nto host', file=sys.stderr); sys.exit({code})"
    )
    reading = read(python(program), tmp_path)
    assert (list(reading.tasks), reading.complete) == ([], False)
    assert reading.unreadable is not None
    assert reading.unreadable.endswith(f"it ended with {code}: no route to host")
    assert [each.rule for each in reading.findings] == ["GOV603"]


@pytest.mark.parametrize("argv", [["no-such-program-anywhere"], ["/no/such/program"], ["/etc/passwd"], ["./gone"]])
def test_a_program_that_cannot_be_run_is_unreadable(tmp_path: Path, argv: list[str]) -> None:
    reading = read(argv, tmp_path)
    assert reading.unreadable is not None
    assert "not there, or may not be run" in reading.unreadable
    assert CommandSource({"argv": argv}, state_folder=str(tmp_path)).is_present() is False


def test_a_program_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    program = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "60"])
open(sys.argv[1], "w").write(str(child.pid))
print('{"task_id": "t1"}', flush=True)
time.sleep(60)
"""
    began = time.monotonic()
    reading = read(python(program, str(tmp_path / "pid")), tmp_path, timeout_seconds=2)
    assert time.monotonic() - began < 10
    assert reading.unreadable is not None
    assert "longer than 2 seconds" in reading.unreadable
    assert list(reading.tasks) == []
    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    program = """
import subprocess, sys
nowhere = subprocess.DEVNULL
child = subprocess.Popen(["sleep", "60"], stdin=nowhere, stdout=nowhere, stderr=nowhere)
open(sys.argv[1], "w").write(str(child.pid))
print('{"task_id": "t1"}')
"""
    reading = read(python(program, str(tmp_path / "pid")), tmp_path)
    assert (reading.unreadable, len(reading.tasks)) == (None, 1)
    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_a_flood_is_unreadable_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MAX_BYTES", 100_000)
    reading = read(["sh", "-c", 'while :; do echo \'{"task_id": "t1"}\'; done'], tmp_path)
    assert reading.unreadable is not None
    assert "printed more than 100,000 bytes" in reading.unreadable


def test_more_tasks_than_are_read_are_not_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MOST_ENTRIES", 2)
    reading = read(printing(*({**GOOD, "task_id": f"t{number}"} for number in range(4))), tmp_path)
    assert (len(reading.tasks), reading.complete) == (2, False)
    assert [each.rule for each in reading.findings] == ["GOV608"]
    assert entry_work.MOST_ENTRIES == 100_000


def test_one_line_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    program = "print('{\"task_id\": \"t1\"}'); print('{\"task_id\": \"' + 'x' * 300_000 + '\"}')"
    reading = read(python(program), tmp_path)
    assert [each.task.task_id for each in reading.tasks] == ["t1"]
    assert (reading.complete, [each.line for each in reading.findings]) == (False, [2])


def test_it_gets_its_environment_and_no_shell_and_its_secrets_are_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOP", "hunter2-and-more")
    ours = {"API_TOKEN": "${env:TOP}"}
    shows = "import os, json; print(json.dumps({'task_id': 'a;b $HOME', 'title': os.environ['API_TOKEN'][:3]}))"
    (task,) = read(python(shows), tmp_path, env=ours).tasks
    assert (task.task.task_id, task.task.title) == ("a;b $HOME", "hun")
    complains = "import os, sys; print('bad token', os.environ['API_TOKEN'], file=sys.stderr); sys.exit(1)"
    reading = read(python(complains), tmp_path, env=ours)
    assert "bad token ***" in (reading.unreadable or "")
    assert "hunter2" not in repr(reading)
    monkeypatch.delenv("TOP")
    assert "is not set" in (read(python(shows), tmp_path, env=ours).unreadable or "")


def test_it_reads_nothing_of_our_standard_input_and_stands_in_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "list.sh").write_text('#!/bin/sh\nread line && exit 9\nprintf \'{"task_id": "%s"}\' "$PWD"\n')
    (tmp_path / "list.sh").chmod(0o700)
    (task,) = read(["./list.sh"], tmp_path).tasks
    assert os.path.realpath(task.task.task_id) == os.path.realpath(tmp_path)


def test_a_list_has_a_name_that_outlives_its_arguments(tmp_path: Path) -> None:
    (first,), (second,) = (read(printing({**GOOD, "title": each}), tmp_path).tasks for each in "ab")
    assert first.instance != second.instance
    (first,), (second,) = (read(printing({**GOOD, "title": each}), tmp_path, instance="ci").tasks for each in "ab")
    assert first.instance == second.instance == "ci"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"argv": []},
        {"argv": [""]},
        {"argv": "ls"},
        {"argv": ["x", "${env:TOKEN}"]},
        {"argv": ["x\0"]},
        {"argv": ["x"], "timeout_seconds": 0},
        {"argv": ["x"], "timeout_seconds": 601},
        {"argv": ["x"], "instance": ""},
        {"argv": ["x"], "shell": True},
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        CommandSource(parameters, state_folder="")


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
