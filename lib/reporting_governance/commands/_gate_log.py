"""Where a gate records: opened for one answer, with no more patience than is left for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.commands._clock import SystemClock

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.commands._place import Place
    from reporting_governance.commands._settings import Settings
    from reporting_governance.storage.interface import Store


class GateLog:
    """The log at a place, and its clock."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.clock = SystemClock()  #: once a database is opened, that one's

    def open(self, settings: Settings, *, lock_wait_seconds: float) -> Store:
        """Return the back end.  Raises: GovernanceError."""
        from reporting_governance.commands._identity import account_name, actor_uid
        from reporting_governance.storage.limits import Limits

        actor, limits = account_name(actor_uid()), Limits(lock_wait_seconds=lock_wait_seconds)
        if self._place.database is not None:
            from reporting_governance.commands._database import DatabaseClock, open_backend

            found = open_backend(self._place, verb="gate", actor=actor, settings=settings, now=self._now, limits=limits)
            self.clock = DatabaseClock(found.clock_offset)
            return found
        from reporting_governance.commands._kept_settings import encoded
        from reporting_governance.storage.files.in_force import InForce
        from reporting_governance.storage.files.store import FilesStore

        return FilesStore(
            self._place.local,
            actor=actor,
            context=InForce(self._place.local, settings.digests, lambda: encoded(settings)),
            clock_step_seconds=2 * settings.timing.tick_seconds,
            limits=limits,
        )

    def named_last(self) -> bytes | None:
        """Return the settings that the log names last; see `_backend.Backend.last_in_force`."""
        if self._place.database is not None:
            from reporting_governance.commands import _database

            return _database.last_in_force(self._place)
        from reporting_governance.storage.files.in_force import last_in_force

        return last_in_force(self._place.local)

    def _now(self) -> datetime:
        return self.clock.now()
