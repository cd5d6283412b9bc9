"""A back end with its care: what verbs use beyond records and views, whatever it lies in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from reporting_governance.stages.erasing import Eraser
from reporting_governance.stages.export_source import LogSource
from reporting_governance.stages.pruning import Keeper as PruneKeeper
from reporting_governance.storage.interface import Head, Store


class Keeper(PruneKeeper, Protocol):
    """What takes out of a state what is to be kept no longer."""

    def eraser(self) -> Eraser:
        """Return what finds the other places of a text that is to be erased."""
        ...


class Backend(Store, Protocol):
    """The records and views of one log, and what has to be done for them from time to time.

    Every method raises StorageError, Busy and NotOurState as `Store` says.
    """

    @property
    def has_added(self) -> bool:
        """Whether this process added a line."""
        ...

    def initialise(self, now: datetime) -> Head:
        """Set the state up, unless it is; the first commit does it too."""
        ...

    def rebuild(self) -> Head:
        """Make all views anew from the log."""
        ...

    def heartbeat_line(self, now: datetime) -> bool:
        """Add a `log.heartbeat` when the last line is older than an hour."""
        ...

    def maintain(self, now: datetime) -> list[int]:
        """Make what is missing beside closed segments; return the segments that were given a snapshot."""
        ...

    def keeper(self) -> Keeper:
        """Return what takes out of this state what is to be kept no longer."""
        ...

    def clock_step(self, now: datetime) -> datetime | None:
        """Return when the clock last stepped, as far as this log knows; None: not that it knows."""
        ...

    def log_source(self) -> LogSource:
        """Return the log as an export reads it: every physical line in order.  Raises also when there is none."""
        ...

    def log_bytes(self) -> int:
        """Return how large the lines are that are kept."""
        ...

    def last_in_force(self) -> bytes | None:
        """Return the settings that the newest line about them names; None when none does, or they are erased."""
        ...
