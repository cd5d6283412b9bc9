"""Who runs a task, and whether they still do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Known
from reporting_governance.adapters.tasks.openclaw.owners import Owners
from reporting_governance.adapters.tasks.openclaw.processes import Life, OwnProcesses
from reporting_governance.adapters.tasks.openclaw.rows import Boot, Identity, Lease, Snapshot, TaskRow
from tests.adapters.openclaw.states import HOST, Machine

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GATEWAY = Identity(pid=700, start=7, host=HOST)
NEXT = Identity(pid=800, start=8, host=HOST)
RECEIPT = Identity(pid=700, start=7)
BEGAN = NOW - 60 * MINUTE


def row(runtime: str = "cron", **fields: object) -> TaskRow:
    defaults: dict[str, object] = {
        "task_id": "one",
        "runtime": runtime,
        "status": "running",
        "source_id": "job",
        "created_at": BEGAN,
        "started_at": BEGAN,
        "last_event_at": BEGAN,
    }
    return TaskRow(**{**defaults, **fields})  # type: ignore[arg-type]


def lease(owner: Identity, *, minutes_ago: float) -> Lease:
    return Lease(owner=owner, renewed_at=NOW - minutes_ago * MINUTE, taken_at=BEGAN - MINUTE)


def judged(task: TaskRow, snapshot: Snapshot, *, alive: dict[int, int | None], host: str = HOST) -> Known:
    return Owners(snapshot=snapshot, processes=Machine(alive, host), now=NOW).of(task).known


FIRST = Boot(pid=700, started_at=BEGAN - MINUTE)
SECOND = Boot(pid=800, started_at=NOW - 10 * MINUTE)
JUST_NOW = Boot(pid=800, started_at=NOW - MINUTE)
STOPPED = Boot(pid=700, started_at=BEGAN - MINUTE, outcome="clean_stop")
RECEIPTS = {("job", BEGAN): RECEIPT}


@pytest.mark.parametrize(
    ("held_by", "boots", "alive", "expected"),
    [
        (lease(GATEWAY, minutes_ago=0.2), (FIRST,), {700: 7}, Known.FALSE),
        (lease(GATEWAY, minutes_ago=90), (FIRST,), {700: 7}, Known.FALSE),  # it hangs, but it is there
        (lease(GATEWAY, minutes_ago=1), (FIRST,), {}, Known.UNKNOWN),
        (lease(GATEWAY, minutes_ago=3), (FIRST,), {}, Known.TRUE),
        (lease(GATEWAY, minutes_ago=3), (FIRST,), {700: 99}, Known.TRUE),  # the pid is somebody else's now
        (lease(GATEWAY, minutes_ago=-5), (FIRST,), {}, Known.UNKNOWN),  # the clock went back
        (lease(NEXT, minutes_ago=0.2), (SECOND, FIRST), {800: 8}, Known.TRUE),
        (lease(NEXT, minutes_ago=0.2), (JUST_NOW, FIRST), {800: 8}, Known.UNKNOWN),
        (lease(NEXT, minutes_ago=9), (SECOND, FIRST), {}, Known.TRUE),  # both are gone
        (None, (STOPPED,), {}, Known.TRUE),  # its own process is surely gone, whoever stopped it
        (None, (FIRST,), {}, Known.UNKNOWN),  # a version without leases: it may run in a container
        (None, (), {700: 7}, Known.FALSE),
    ],
)
def test_an_automation_by_its_receipt(
    held_by: Lease | None, boots: tuple[Boot, ...], alive: dict[int, int | None], expected: Known
) -> None:
    snapshot = Snapshot(tasks=(), lease=held_by, boots=boots, receipts=RECEIPTS)
    assert judged(row(), snapshot, alive=alive) is expected


def test_an_automation_without_a_receipt_is_unknown() -> None:
    snapshot = Snapshot(tasks=(), lease=lease(GATEWAY, minutes_ago=3), boots=(FIRST,))
    assert judged(row(), snapshot, alive={}) is Known.UNKNOWN


@pytest.mark.parametrize(
    ("held_by", "boots", "alive", "kind", "expected"),
    [
        (lease(GATEWAY, minutes_ago=0.2), (FIRST,), {700: 7}, "", Known.FALSE),
        (lease(GATEWAY, minutes_ago=3), (FIRST,), {}, "", Known.TRUE),
        (lease(NEXT, minutes_ago=0.2), (SECOND, FIRST), {800: 8}, "", Known.UNKNOWN),  # it may have been taken over
        (lease(NEXT, minutes_ago=0.2), (SECOND, FIRST), {800: 8}, "exec", Known.TRUE),
        (lease(NEXT, minutes_ago=0.2), (JUST_NOW, FIRST), {800: 8}, "exec", Known.UNKNOWN),
        (None, (STOPPED,), {}, "", Known.UNKNOWN),  # no gateway runs, and the next one settles its tasks
        (None, (FIRST,), {700: None}, "", Known.FALSE),
        (None, (FIRST,), {}, "", Known.UNKNOWN),
        (None, (), {}, "", Known.UNKNOWN),
        (None, (SECOND,), {}, "", Known.UNKNOWN),  # the gateway of its time is no longer on record
    ],
)
def test_a_sub_agent_by_the_gateway_of_its_time(
    held_by: Lease | None, boots: tuple[Boot, ...], alive: dict[int, int | None], kind: str, expected: Known
) -> None:
    task = row("cli" if kind else "subagent", kind=kind)
    assert judged(task, Snapshot(tasks=(), lease=held_by, boots=boots), alive=alive) is expected


def test_a_sub_agent_that_the_next_gateway_goes_on_with_is_alive() -> None:
    task = row("subagent", last_event_at=NOW - MINUTE)
    snapshot = Snapshot(tasks=(), lease=lease(NEXT, minutes_ago=0.2), boots=(SECOND, FIRST))
    assert judged(task, snapshot, alive={800: 8}) is Known.FALSE


@pytest.mark.parametrize(
    ("owner_host", "host", "expected"), [(HOST, HOST, Known.TRUE), ("elsewhere", HOST, Known.UNKNOWN)]
)
def test_a_turn_by_the_process_in_its_own_row(owner_host: str, host: str, expected: Known) -> None:
    task = row("cli", owner=Identity(pid=700, start=7, host=owner_host))
    assert judged(task, Snapshot(tasks=(), boots=(STOPPED,)), alive={}, host=host) is expected


def test_the_anchor_stays_while_gateways_come_and_go() -> None:
    """One stretch, one episode: a later gateway must not look like a new death of the same task."""
    anchors = []
    for held_by, boots in (
        (lease(GATEWAY, minutes_ago=30), (FIRST,)),
        (lease(NEXT, minutes_ago=0.2), (SECOND, FIRST)),
        (lease(NEXT, minutes_ago=9), (SECOND, FIRST)),
        (None, (STOPPED,)),
    ):
        snapshot = Snapshot(tasks=(), lease=held_by, boots=boots, receipts=RECEIPTS)
        found = Owners(snapshot=snapshot, processes=Machine({800: 8}), now=NOW).of(row())
        assert found.known is Known.TRUE
        anchors.append(found.since)
    assert None not in anchors
    assert all(each <= anchors[0] for each in anchors[1:])  # type: ignore[operator]


class TestRealProcesses:
    def test_this_one(self) -> None:
        own = OwnProcesses()
        assert own.host == os.uname().nodename
        start = start_of(os.getpid())
        assert own.life(os.getpid(), start=start) is Life.ALIVE
        assert own.life(os.getpid(), start=start + 1) is Life.GONE
        assert own.life(os.getpid(), not_after=datetime.now(UTC)) is Life.ALIVE
        assert own.life(os.getpid(), not_after=datetime.now(UTC) - timedelta(days=3650)) is Life.GONE
        assert own.life(os.getpid()) is Life.UNKNOWN

    def test_one_of_somebody_else(self) -> None:
        assert OwnProcesses().life(1, start=start_of(1)) is Life.ALIVE

    def test_one_that_was_killed_and_not_waited_for(self) -> None:
        """It still has its entry in /proc, with pid and start."""
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        start = start_of(process.pid)
        try:
            assert OwnProcesses().life(process.pid, start=start) is Life.ALIVE
            process.send_signal(signal.SIGKILL)
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert start_of(process.pid) == start
            assert OwnProcesses().life(process.pid, start=start) is Life.GONE
        finally:
            process.kill()
            process.wait()
        assert OwnProcesses().life(process.pid, start=start) is Life.GONE

    def test_a_name_with_spaces_and_parentheses(self, tmp_path: Path) -> None:
        program = tmp_path / ") S 1 (x"
        program.symlink_to("/bin/sleep")
        with subprocess.Popen([program, "100"]) as process:
            try:
                # the name is set by exec, which Popen has waited for
                assert OwnProcesses().life(process.pid, start=start_of(process.pid)) is Life.ALIVE
            finally:
                process.kill()

    @pytest.mark.parametrize("pid", [0, -1, -(2**40), 2**31 - 1, 2**70])
    def test_numbers_that_are_no_process(self, pid: int) -> None:
        assert OwnProcesses().life(pid, start=1) is not Life.ALIVE

    def test_where_proc_shows_nothing(self, tmp_path: Path) -> None:
        own = OwnProcesses(proc=str(tmp_path))
        assert own.life(os.getpid(), start=1) is Life.UNKNOWN


def start_of(pid: int) -> int:
    """Return the start of a process as /proc says it."""
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[19])
