"""What the source says about the real OpenClaw while it runs, after it was killed, and after it came back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Known, ObservedTask, SourceReading
from reporting_governance.adapters.tasks.openclaw import owners
from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.core.conditions import Condition

from .island import Island
from .stories import many_ends, many_runs, rows_of, spawn, wait_until

pytestmark = pytest.mark.openclaw

BASELINE = timedelta(hours=1)


def read(island: Island, **parameters: object) -> SourceReading:
    now = datetime.now(UTC)
    source = OpenClawSource({"state": str(island.state), **parameters})
    return source.read(now=now, baseline_at=now - BASELINE, known=frozenset())


def tasks(reading: SourceReading) -> dict[str, ObservedTask]:
    return {each.task.title: each for each in reading.tasks}


def until(question: Callable[[], bool], seconds: float, what: str) -> None:
    Island.wait_for(question, seconds, what)


def chain(island: Island, state: Path) -> str:
    """Run the whole chain as cron does, and return what it said."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "lib", "OPENCLAW_STATE_DIR": str(island.state)}
    command = [sys.executable, "-m", "reporting_governance", "run", "--state", str(state)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout + done.stderr


def told(state: Path) -> set[str]:
    """Return the titles of the tasks that the operator was told of."""
    lines = (state / "outbox" / "notices.jsonl").read_text().splitlines()
    return {str(json.loads(line)["subject"]).partition(":")[0] for line in lines}


def test_deliveries(island: Island, tmp_path: Path) -> None:
    """Three automations whose result did not arrive, three that are well: only the former are shown, and told."""
    chain(island, tmp_path / "ours")
    many_ends(island)
    assert "acked" in chain(island, tmp_path / "ours")
    assert chain(island, tmp_path / "ours") == ""
    reading = read(island)
    assert reading.unreadable is None
    assert not reading.findings
    failed = {
        title: each.facts[Condition.DELIVERY_FAILED].known
        for title, each in tasks(reading).items()
        if Condition.DELIVERY_FAILED in each.facts
    }
    assert failed == dict.fromkeys(("refused", "refused-best-effort", "command-fails"), Known.TRUE)
    assert tasks(reading)["refused"].task.status is TaskStatus.COMPLETED
    assert "blocked by the user" in tasks(reading)["refused"].facts[Condition.DELIVERY_FAILED].reason
    assert told(tmp_path / "ours") == set(failed)
    audit = island.json("tasks", "audit")
    assert audit["findings"] == []  # what OpenClaw itself has to say about all of this
    assert island.stop_gateway() == 0
    stopped = tasks(read(island))
    assert set(stopped) == set(failed)


def test_life_and_death(island: Island, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that hang, one that works, sub-agents; then kill -9; then a new gateway."""
    began = datetime.now(UTC)
    many_runs(island)
    wait_until(
        island, lambda rows: any(row["task"] == "HANG forever" and row["started_at"] for row in rows), "the turn"
    )
    until(lambda: is_newer(island, "works-long", began + timedelta(seconds=60)), 120, "work that goes on for a minute")
    alive = read(island)
    assert {"hangs", "command-hangs", "works-long", "stuck", "HANG forever", "HANG-announce"} <= set(tasks(alive))
    assert {"announced", "not-awaited"}.isdisjoint(tasks(alive))
    unfinished = [each for each in alive.tasks if each.task.finished_at is None]
    assert {each.facts[Condition.OWNER_DEAD].known for each in unfinished} == {Known.FALSE}
    busy, hung = tasks(alive)["works-long"].task, tasks(alive)["hangs"].task
    assert busy.last_activity_at is not None
    assert hung.last_activity_at is not None
    assert busy.last_activity_at > hung.last_activity_at + timedelta(seconds=20)
    row = next(row for row in rows_of(island.database, "task_runs") if row["label"] == "works-long")
    assert row["last_event_at"] == row["started_at"]  # were this to change, transcripts need not be read
    stuck = tasks(alive)["stuck"].task
    assert stuck.deadline_at is not None
    assert stuck.started_at is not None
    assert abs(stuck.deadline_at - stuck.started_at - timedelta(seconds=900)) < timedelta(seconds=2)
    files = sorted(os.listdir(island.state / "state"))

    island.kill_gateway()
    assert owners_of(read(island)) == {Known.UNKNOWN}  # its lease still holds
    monkeypatch.setattr(owners, "LEASE_SILENT_SECONDS", 2)
    time.sleep(3)
    dead = read(island)
    assert owners_of(dead) == {Known.TRUE}
    assert dead.instance == alive.instance
    assert {each.task.task_id for each in dead.tasks} >= {each.task.task_id for each in unfinished}
    assert sorted(os.listdir(island.state / "state")) == files
    monkeypatch.undo()

    island.start_gateway()
    for label in ("stuck", "hangs", "command-hangs"):
        wait_until(island, lambda rows, label=label: status_of(rows, label) == "failed", f"{label} to be settled")
    back = tasks(read(island))
    assert back["hangs"].facts[Condition.DELIVERY_FAILED].known is Known.TRUE
    assert "command-hangs" not in back
    assert back["stuck"].task.expects_forwarding
    assert back["HANG-announce"].task.children[0].forwarded_at is None


def test_read_while_it_writes(island: Island) -> None:
    """A reader must neither fail, nor see half a change, nor hinder OpenClaw."""
    readings = []
    for number in range(3):
        client = island.start(
            *("agent", "--agent", "main", "--session-id", f"s{number}", "--message", "hello", "--json"),
            output=f"turn{number}.log",
        )
        while client.poll() is None:
            readings.append(read(island))
        assert client.returncode == 0
    assert len(readings) > 30
    assert not [each.unreadable for each in readings if each.unreadable is not None]
    assert not [each for each in readings if not each.complete]
    spawn(island, "after", task="count the widgets", label="announced")


def test_its_own_program_says_the_same(island: Island) -> None:
    """`openclaw tasks list --json`, through our source, in the island's network."""
    many_runs(island)
    wait_until(
        island, lambda rows: any(row["task"] == "HANG forever" and row["started_at"] for row in rows), "the turn"
    )
    command = island.command()
    os.environ.update({name: value for name, value in island.environment().items() if name.startswith("OPENCLAW_")})
    try:
        asked = read(island, command=command)
    finally:
        for name in island.environment():
            if name.startswith("OPENCLAW_"):
                del os.environ[name]
    assert asked.unreadable is None, asked.unreadable
    assert not asked.findings
    unfinished = {each.task.task_id for each in read(island).tasks if each.task.labels.get("task_kind") != "exec"}  # type: ignore[union-attr]
    assert unfinished <= {each.task.task_id for each in asked.tasks}
    assert tasks(asked)["hangs"].facts[Condition.OWNER_DEAD].known is Known.UNKNOWN


def owners_of(reading: SourceReading) -> set[Known]:
    return {each.facts[Condition.OWNER_DEAD].known for each in reading.tasks if each.task.finished_at is None}


def is_newer(island: Island, title: str, than: datetime) -> bool:
    found = tasks(read(island)).get(title)
    return found is not None and found.task.last_activity_at is not None and found.task.last_activity_at > than


def status_of(rows: list[dict[str, object]], label: str) -> object:
    return next(row["status"] for row in rows if row["label"] == label)
