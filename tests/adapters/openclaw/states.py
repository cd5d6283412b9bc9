"""OpenClaw's state folder as a test needs it: made of what the real program wrote (tests/cases/openclaw)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.adapters.tasks.openclaw.processes import Life
from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource

CASES = Path(__file__).parents[2] / "cases" / "openclaw"
HOST = "workstation"  #: the name of the machine in every captured database


@dataclass
class Machine:
    """The processes of a machine: the pids in `starts` live, with the start that is given; all others are gone."""

    starts: Mapping[int, int | None]
    host: str = HOST

    def life(self, pid: int, *, start: int | None = None, not_after: datetime | None = None) -> Life:
        if pid not in self.starts:
            return Life.GONE
        return Life.ALIVE if start is None or self.starts[pid] == start else Life.GONE


class State:
    """A state folder with the databases of one captured case; rows may be changed before it is read."""

    def __init__(self, folder: Path, case: str) -> None:
        self.folder = folder
        self.database = folder / "state" / "openclaw.sqlite"
        self._load(case, self.database)
        if (CASES / f"{case}.agent.sql").exists():
            self._load(f"{case}.agent", folder / "agents" / "main" / "agent" / "openclaw-agent.sqlite")

    @staticmethod
    def _load(case: str, path: Path) -> None:
        path.parent.mkdir(parents=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript((CASES / f"{case}.sql").read_text())

    def change(self, *statements: str) -> None:
        """Change the database, as somebody with it open and closed again."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Return the answer of the database to a query."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(question).fetchall()

    @property
    def renewed_at(self) -> datetime:
        """When the gateway last renewed its lease: the moment of the capture, nearly."""
        ((milliseconds,),) = self.ask("SELECT heartbeat_at FROM state_leases")
        return moment(milliseconds)

    def gateway(self) -> dict[int, int | None]:
        """The process of the gateway that holds the lease, as `Machine` takes it."""
        rows = self.ask("SELECT payload_json ->> '$.owner.pid', payload_json ->> '$.owner.startedAt' FROM state_leases")
        return {int(str(pid)): int(str(start)) for pid, start in rows}

    def read(
        self,
        *,
        now: datetime,
        machine: Machine | None = None,
        baseline_at: datetime | None = None,
        known: frozenset[str] = frozenset(),
    ) -> SourceReading:
        """Read it as the source does; without a baseline all tasks that ended in the day before."""
        source = OpenClawSource({"state": str(self.folder)}, processes=machine or Machine(self.gateway()))
        return source.read(now=now, baseline_at=baseline_at or now - timedelta(days=1), known=known)


def moment(milliseconds: object) -> datetime:
    """Return the time that OpenClaw writes as a number."""
    assert isinstance(milliseconds, int)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def by_title(reading: SourceReading) -> dict[str, ObservedTask]:
    """Return the tasks of a reading by their titles; `sleep 40` stands for several."""
    return {each.task.title: each for each in reading.tasks}


def what_is_there(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return every file below a folder with its size, its time and its mode: nothing may change them."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(where, name))
            found[os.path.relpath(os.path.join(where, name), folder)] = (
                status.st_size,
                status.st_mtime_ns,
                status.st_mode,
            )
    return found
