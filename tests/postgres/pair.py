"""A server and a real standby of it, which may be promoted when the first is gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.postgres.home import migrate_database, own_server
from tests.postgres.servers import LONGEST_SECONDS, OWNER, Server, new_standby

NAME = "second"  #: by which the first knows the standby
_SETTINGS = {"wal_level": "replica", "max_wal_senders": "6", "wal_keep_size": "64MB", "hot_standby": "on"}


@dataclass
class Pair:
    """Two servers; which of them takes changes is found out by whoever connects."""

    first: Server
    second: Server

    @property
    def url(self) -> str:
        """The address of both: libpq tries one after the other."""
        return f"postgresql://{OWNER}@/postgres?host={self.first.folder},{self.second.folder}&connect_timeout=2"

    def promote(self) -> None:
        """Make the standby a server that takes changes."""
        ends_at = time.monotonic() + LONGEST_SECONDS
        with self.second.connect() as connection:
            connection.execute("SELECT pg_promote(false)")  # a query that waits could hold up what it waits for
            while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
                assert time.monotonic() < ends_at, self.second.log()[-2000:]
                time.sleep(0.02)

    def wait_until_replayed(self) -> None:
        """Wait until the second has all that the first has."""
        ends_at = time.monotonic() + LONGEST_SECONDS
        with self.first.connect() as connection:
            question = "SELECT pg_current_wal_insert_lsn() = replay_lsn FROM pg_stat_replication"
            while connection.execute(question).fetchall() != [(True,)]:
                assert time.monotonic() < ends_at, self.second.log()[-2000:]
                time.sleep(0.02)

    def wait_until_streaming(self, state: str) -> None:
        """Wait until the first sends to the second, which is `sync` or `async` to it."""
        ends_at = time.monotonic() + LONGEST_SECONDS
        with self.first.connect() as connection:
            while connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [(state,)]:
                assert time.monotonic() < ends_at, self.second.log()[-2000:]
                time.sleep(0.02)


@contextmanager
def servers_in_pairs(*, synchronous: bool) -> Iterator[Pair]:
    """Yield two servers with our tables; every commit waits for both when they are `synchronous`."""
    with own_server(settings=_SETTINGS) as first:
        migrate_database(first.url())
        second = new_standby(first)
        second.settings |= {"primary_conninfo": f"host={first.folder} user={OWNER} application_name={NAME}"}
        try:
            second.start()
            pair = Pair(first, second)
            if synchronous:
                first.settings |= {"synchronous_standby_names": NAME}
                first.restart()
            pair.wait_until_streaming("sync" if synchronous else "async")
            yield pair
        finally:
            second.remove()
            if first.process is not None and is_frozen(first):
                first.freeze(thaw=True)


def is_frozen(server: Server) -> bool:
    """Tell whether a server's processes are stopped."""
    assert server.process is not None
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(") ")[2][0] == "T"
