"""Task sources where several hosts share a log: what one host sees is its own, and no other ends it.

Installations are told apart by the paths they lie at, and those are the same on many hosts.  So the name of the host
is part of an installation's id there.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from reporting_governance.adapters.interface import SourceReading, TaskSource

_ON = " on "


def on_host(instance: str, host: str | None) -> str:
    """Return the id of an installation, with the host's name where several share the log."""
    return instance if host is None else f"{instance}{_ON}{host}"


def is_on(instance: str, host: str | None) -> bool:
    """Tell whether an installation is a host's own; without a host's name all are."""
    return host is None or instance.endswith(f"{_ON}{host}")


def host_of(instance: str) -> str | None:
    """Return the host that an installation's id names."""
    return instance.rpartition(_ON)[2] if _ON in instance else None


class SourceOnHost:
    """A source whose installations bear the name of the host that reads them."""

    def __init__(self, source: TaskSource, host: str) -> None:
        self._source = source
        self._host = host
        self.name = source.name

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Return what the source shows; see `TaskSource.read`."""
        reading = self._source.read(now=now, baseline_at=baseline_at, known=known)
        tasks = tuple(replace(each, instance=on_host(each.instance, self._host)) for each in reading.tasks)
        instance = reading.instance and on_host(reading.instance, self._host)
        return replace(reading, instance=instance, tasks=tasks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)  # what some sources can do besides
