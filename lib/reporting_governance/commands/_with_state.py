"""What a call works on: the back end of its state, its clock, and the settings in force."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from reporting_governance.commands._acting_user import ActingUser
from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._place import Database, Place

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from reporting_governance.commands._backend import Backend
    from reporting_governance.commands._settings import Settings
    from reporting_governance.storage.interface import Store
    from reporting_governance.storage.postgres.backend import PostgresBackend


class WithState(ActingUser):
    """The state of a call.  Everything is made when it is first asked for."""

    verb: str
    state: str
    profile_reference: str
    dry_run: bool
    database: Database | None

    @property
    def place(self) -> Place:
        """Where this works, as another process can be told."""
        return Place(self.state, self.database)

    @cached_property
    def clock(self) -> SystemClock:
        """The clock of this machine; beside a database the database's."""
        if self.database is None:
            return SystemClock()
        from reporting_governance.commands._database import DatabaseClock

        return DatabaseClock(self._offset)

    @cached_property
    def store(self) -> Store:
        """The records and views; in a dry run what is added stays in memory.  Raises NotOurState for another user's."""
        if not self.dry_run:
            return self.backend
        from reporting_governance.storage.dry_run import DryRunStore

        return DryRunStore(self.backend, actor=self.actor)

    @cached_property
    def backend(self) -> Backend:
        """The records and views with their care.  Raises NotOurState for another user's."""
        if self.database is not None:
            return self.postgres
        from reporting_governance.commands._kept_settings import encoded
        from reporting_governance.storage.files.backend import FilesBackend
        from reporting_governance.storage.files.in_force import InForce

        settings = self.settings
        return FilesBackend(
            self.state,
            actor=self.actor,
            context=InForce(self.state, settings.digests, lambda: encoded(settings)),
            clock_step_seconds=2 * settings.timing.tick_seconds,
            heals=not (self.dry_run or self.only_looks),
        )

    @cached_property
    def postgres(self) -> PostgresBackend:
        """The back end in a database.  Raises: WrongState, SecretMissing, DriverMissing, NotOurState."""
        from reporting_governance.commands._database import open_backend

        return open_backend(
            self.place,
            verb=self.verb,
            actor=self.actor,
            settings=self.settings,
            now=self._now,
            heals=not (self.dry_run or self.only_looks),
        )

    def _offset(self) -> timedelta:
        return self.postgres.clock_offset()  # asked when the time is, not when the clock is made

    def _now(self) -> datetime:
        return self.clock.now()

    @cached_property
    def settings(self) -> Settings:
        """The profile in force, with the packs and the descriptor it is held against.

        Whose state it is comes first: of another user's nothing is read, but by a verb that only looks, for a user
        whom `init --readers` lets in.  Raises: NotOurState, ProfileUnreadable.
        """
        if self.is_reading:
            from reporting_governance.storage.files.readers import require_reader

            require_reader(self.state)
        else:
            from reporting_governance.storage.files.layout import require_owner

            self.require_own_state()
            require_owner(self.state)
        from reporting_governance.commands._settings import load_settings

        # What is kept is the last good profile: only the owner says which one that is.
        return load_settings(
            self.state,
            self.profile_reference,
            keep=not self.dry_run and self.is_owner and not self.only_looks,
            last_in_force=None if self.database is None else self._named_by_the_log,
        )

    def _named_by_the_log(self) -> bytes | None:
        from reporting_governance.commands._database import last_in_force

        return last_in_force(self.place)
