"""The back end in a database as verbs use it: the store, its log as a whole, and what is known of the hosts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.errors import StorageError
from reporting_governance.storage.lines import IN_FORCE
from reporting_governance.storage.postgres.store import PostgresStore

if TYPE_CHECKING:
    from reporting_governance.storage.postgres.exporting import PostgresLog

_NAMES_IT = (LineType.LOG_OPEN.value, LineType.CONFIG_CHANGED.value)
_RESTATED = (LineType.LOG_SEGMENT_RETIRED.value,)  #: says again what the lines named that it retires
_CLOCK = "SELECT clock_timestamp()"
_SIZE = "SELECT size FROM reporting_governance.log_state"
_NOTE_HOST = (
    "INSERT INTO reporting_governance.host (name, boot_id, seen_at, skew_ms) VALUES (%s, %s, clock_timestamp(), %s) "
    "ON CONFLICT (name) DO UPDATE SET boot_id = excluded.boot_id, seen_at = excluded.seen_at, "
    "skew_ms = excluded.skew_ms"
)
#: Told to the other hosts, roughly: what differs by less is nobody's silence, and is not worth a row that dies.
_SHARE_HEARTBEAT = (
    "INSERT INTO reporting_governance.heartbeat (task, heard_at) VALUES (%s, %s) "
    "ON CONFLICT (task) DO UPDATE SET heard_at = excluded.heard_at "
    "WHERE heartbeat.heard_at NOT BETWEEN excluded.heard_at - interval '15 seconds' AND excluded.heard_at"
)
_FORGET_HEARTBEAT = "DELETE FROM reporting_governance.heartbeat WHERE task = %s"
_HEARTBEATS = "SELECT task, heard_at FROM reporting_governance.heartbeat WHERE task = ANY(string_to_array(%s, E'\\n'))"
#: %s: what, token, host, seconds
_CLAIM_ALONE = (
    "INSERT INTO reporting_governance.claim AS c (folder, id, seq, token, host, until) "
    "VALUES ('log', %s, 0, %s, %s, clock_timestamp() + %s * interval '1 second') "
    "ON CONFLICT (folder, id) DO UPDATE SET token = excluded.token, host = excluded.host, until = excluded.until "
    "WHERE c.until <= clock_timestamp() RETURNING id"
)
_BLOBS = "SELECT digest, content FROM reporting_governance.blob WHERE digest > %s ORDER BY digest LIMIT 200"
_HOSTS = "SELECT name, boot_id, seen_at, skew_ms FROM reporting_governance.host ORDER BY name"


_ON_DISK = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'reporting_governance' AND c.relkind = 'r'"
)


class KnownHost(NamedTuple):
    """A host, as it noted itself when it last ran."""

    name: str
    boot_id: str
    seen_at: datetime  #: by the database's clock
    skew_ms: int  #: how far its clock was ahead of the database's; negative: behind


class PostgresBackend(PostgresStore):
    """A store with what is read of its log as a whole."""

    def log_source(self) -> PostgresLog:
        """Return the log as an export reads it.  Raises: StorageError when there is no line."""
        if self.ready().seq == 0:
            raise StorageError(path=self.place, reason="no log is there: it has no line yet")
        return self._log()

    def log_as_it_is(self) -> PostgresLog:
        """Return the log to be verified, whatever is amiss with it: nothing is made good first.

        Raises: StorageError when there is no line.
        """
        from reporting_governance.storage.postgres import queries

        if not self.session.rows(queries.OLDEST):
            raise StorageError(path=self.place, reason="no log is there: it has no line yet")
        return self._log()

    def _log(self) -> PostgresLog:
        from reporting_governance.storage.postgres.exporting import PostgresLog

        return PostgresLog(self.session, self._local.root)

    def log_bytes(self) -> int:
        """Return the size of all lines, each with an LF.  Raises: StorageError."""
        return int(self.session.rows(_SIZE)[0][0])

    def last_in_force(self) -> bytes | None:
        """Return the settings that the newest line about them names; this reads the whole log.

        Raises: StorageError.
        """
        seqs = self.holding([IN_FORCE])
        for types in (_NAMES_IT, _RESTATED):
            for seq in reversed(seqs):
                line = next(iter(self.replay(seq)), None)
                if line is None or line.seq != seq or line.document["type"] not in types:
                    continue
                reference = ((line.document.get("meta") or {}).get("context") or {}).get(IN_FORCE)
                if reference is not None:
                    return self.get_blob(reference)
        return None

    def heartbeat(self, task: str, at: datetime) -> None:
        """Note that a task is alive: exactly on this host, and roughly for those that have no other way to know.

        The tasks of a file of ours are looked at by every host; without this all but one would call them silent.
        """
        super().heartbeat(task, at)
        with self.session.writing() as connection:
            connection.execute(_SHARE_HEARTBEAT, (task, at))

    def forget_heartbeat(self, task: str) -> None:
        """Forget when a task was last heard, here and for all."""
        super().forget_heartbeat(task)
        with self.session.writing() as connection:
            connection.execute(_FORGET_HEARTBEAT, (task,))

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        """Return when each task was last heard, by whichever host."""
        wanted = list(tasks)
        heard = dict(super().heartbeats(wanted))
        if wanted:
            for task, at in self.session.rows(_HEARTBEATS, "\n".join(wanted)):
                known, at = heard.get(task), at.astimezone(UTC)
                heard[task] = at if known is None else max(known, at)
        return heard

    def claim_alone(self, what: str, *, seconds: int) -> bool:
        """Keep every other process of every host from doing something once, for some seconds; false when one is at it.

        Raises: StorageError.
        """
        with self.session.writing() as connection:
            values = (what, os.urandom(8).hex(), self._identity.host, seconds)
            return connection.execute(_CLAIM_ALONE, values).fetchone() is not None

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        """Yield every blob by its digest, salt and all.  Raises: StorageError."""
        last = ""
        while rows := self.session.rows(_BLOBS, last):
            for last, content in rows:
                yield last, bytes(content)

    def clock_offset(self) -> timedelta:
        """Return what has to be added to this host's clock to have the database's.  Raises: StorageError."""

        def ask(connection: Any) -> timedelta:
            connection.execute("SELECT 1").fetchone()  # what follows is a round trip and nothing else
            before, began = time.time(), time.monotonic()
            (there,) = connection.execute(_CLOCK).fetchone()
            middle = before + (time.monotonic() - began) / 2
            return timedelta(seconds=there.timestamp() - middle)

        return self.session.read(ask)

    def note_host(self, offset: timedelta) -> None:
        """Note that this host is at work, and how its clock stands.  Raises: StorageError."""
        skew_ms = round(-offset / timedelta(milliseconds=1))
        with self.session.writing() as connection:
            connection.execute(_NOTE_HOST, (self._identity.host, self._identity.boot_id, skew_ms))

    def hosts(self) -> list[KnownHost]:
        """Return the hosts that ever ran here.  Raises: StorageError."""
        return [KnownHost(*row) for row in self.session.rows(_HOSTS)]

    def bytes_on_disk(self) -> int:
        """Return what all tables take with their indexes.  Raises: StorageError."""
        return int(self.session.rows(_ON_DISK)[0][0])
