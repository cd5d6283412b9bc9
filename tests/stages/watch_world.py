"""A small world for the tests of report, inbox and scan: a clock moved by hand, and short ways to say things."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.stages.report import ReportReport, run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.stages.scan_report import ScanReport
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
UID = 1000


class HandClock:
    """Moves only when told to.  The host has been up for a day."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start
        self.up = 86_400.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.up

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.up += seconds


class StandInSource:
    """A task source whose readings are written down by the test."""

    def __init__(self, *readings: SourceReading, name: str = "json") -> None:
        self.name = name
        self.readings = list(readings)
        self.asked: list[tuple[datetime | None, frozenset[str]]] = []

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        self.asked.append((baseline_at, known))
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]


def reading(*tasks: ObservedTask, **changes: Any) -> SourceReading:
    """Return a complete reading of one installation."""
    base = SourceReading(source="json", instance="here", tasks=tasks, complete=True)
    return replace(base, **changes)


@dataclass
class World:
    """A store, a clock and a profile."""

    store: Store = field(default_factory=MemoryStore)
    clock: HandClock = field(default_factory=HandClock)
    profile: ProfileSpec = field(default_factory=ProfileSpec)

    def settings(self, **changes: Any) -> None:
        """Change the watchdog's settings."""
        self.profile = replace(self.profile, watchdog=Watchdog.parse({**self.profile.watchdog.dump(), **changes}))

    def report(self, verb: str, task: str = "t1", *, uid: int = UID, **more: Any) -> ReportReport:
        """Check in once."""
        check_in = CheckIn.parse({"verb": verb, "task": task, **more})
        return run_report(self.store, [check_in], uid=uid, profile=self.profile, clock=self.clock)

    def scan(self, *sources: StandInSource) -> ScanReport:
        """Scan once."""
        return run_scan(self.store, self.profile, sources, clock=self.clock)

    def bodies(self, folder: Folder) -> list[Any]:
        """Return the bodies in a folder, by name."""
        listing = self.store.listing(folder)
        views = [self.store.read(name) for name in sorted(listing.names.values(), key=str)]
        return [view.body for view in views if view is not None]

    def events(self) -> list[Any]:
        """Return every event ever recorded, in order."""
        return [record["body"] for record in self.records("event-envelope")]

    def records(self, kind: str) -> list[Any]:
        """Return every record of a kind, in order."""
        lines = [line.document for line in self.store.replay()]
        return [line["record"] for line in lines if line.get("record", {}).get("kind") == kind]


def said(report: ScanReport) -> Sequence[tuple[str, str, str]]:
    """Return what a scan said, in order."""
    return [(each.task_id, each.condition, each.phase) for each in report.said]
