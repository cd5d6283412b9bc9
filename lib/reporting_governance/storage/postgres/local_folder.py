"""What a host keeps for itself beside the database: when its tasks were last heard, and what it saw of the log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from reporting_governance.errors import StorageError
from reporting_governance.storage.files import local
from reporting_governance.storage.files.applied import boot_bytes
from reporting_governance.storage.files.heartbeats import Heartbeats
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.postgres.log_state import EMPTY, LogState
from reporting_governance.storage.postgres.seen import Seen, SeenFile


class LocalFolder:
    """One host's folder; made by whatever writes first."""

    def __init__(self, root: str, boot: str, monotonic: Callable[[], float]) -> None:
        self._boot = boot
        self._monotonic = monotonic
        self._layout = Layout(root)
        self._heartbeats = Heartbeats(self._layout.heartbeats, boot_bytes(boot))
        self._seen = SeenFile(self._layout.journal)
        self._is_made = False

    @property
    def root(self) -> str:
        """Where it lies."""
        return self._layout.root

    def seen(self) -> Seen | None:
        """Return what this host last saw of the log.  Raises: StorageError."""
        with self._errors():
            return self._seen.load()

    def hint(self) -> LogState:
        """Return about where the log ends, for a process that has not looked yet.  Raises: StorageError."""
        seen = self.seen()
        return EMPTY if seen is None else EMPTY._replace(seq=seen.seq)

    def saw(self, state: LogState, *, anyhow: bool = False) -> None:
        """Keep what is durable of the log, `anyhow` also less than before.  Raises: StorageError, NotOurState."""
        assert state.log_id is not None
        now = int(self._monotonic() * 1000)
        seen = Seen(state.log_id.hex(), state.seq, state.leaf.hex(), self._boot, state.last_ms, now)
        with self._errors():
            self.make()
            if anyhow:
                self._seen.put(seen)
            else:
                self._seen.keep(seen)

    def make(self) -> None:
        """Make the folders that are missing.  Raises: StorageError, NotOurState, OSError."""
        if not self._is_made:
            local.prepare(self._layout.root)
            self._is_made = True

    def heartbeat(self, task: str, at: datetime) -> None:
        """Note that a task was heard.  Raises: StorageError, NotOurState."""
        with self._errors():
            self.make()
            self._heartbeats.note(task, at)

    def forget_heartbeat(self, task: str) -> None:
        """Forget when a task was heard.  Raises: StorageError."""
        with self._errors():
            self._heartbeats.forget(task)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        """Return when each task was last heard by this host.  Raises: StorageError."""
        with self._errors():
            return self._heartbeats.known(tasks)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else self._layout.root
            raise StorageError(path=place, reason=error.strerror or os.strerror(error.errno or 0)) from error
