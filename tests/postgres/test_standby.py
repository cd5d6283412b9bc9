"""A server that is to wait for a standby: what the standby does not have is not acknowledged."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reporting_governance.errors import ExitCode
from reporting_governance.storage.interface import Added
from reporting_governance.storage.postgres.away import StoreAway
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.settings import Timeouts
from reporting_governance.storage.postgres.store import PostgresStore
from tests.postgres.home import migrate_database, own_server
from tests.postgres.servers import Server
from tests.storage.building import NOW, SPOOL, birth, item_id

pytestmark = pytest.mark.postgres

_WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@contextmanager
def waiting_for_nobody(mine: Server) -> Iterator[None]:
    """Let the server wait for a standby that does not come."""
    _set(mine, "SET synchronous_standby_names = 'nobody'")
    try:
        yield
    finally:
        _set(mine, "RESET synchronous_standby_names")


def _set(mine: Server, what: str) -> None:
    with mine.connect() as connection:
        connection.execute(f"ALTER SYSTEM {what}")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)


def cancel_all_who_wait(mine: Server, end: threading.Event) -> None:
    with mine.connect() as connection:
        while not end.is_set():
            for (pid,) in connection.execute(_WAITING).fetchall():
                connection.execute("SELECT pg_cancel_backend(%s)", (pid,))
            time.sleep(0.05)


@pytest.mark.parametrize("who", ["somebody breaks it off", "we do"])
def test_what_a_standby_does_not_have_is_not_acknowledged(tmp_path: Path, who: str) -> None:
    with own_server(start=False) as mine:
        mine.settings |= {"wal_level": "replica", "max_wal_senders": "4", "fsync": "on"}
        mine.start()
        migrate_database(mine.url())
        store = PostgresStore(mine.url(), local=str(tmp_path), actor="uid:0", now=lambda: NOW)
        store.session = Session(mine.url(), application="tests", timeouts=Timeouts(silence=0.5))
        store.initialise(NOW)
        end = threading.Event()
        cancelling = threading.Thread(target=cancel_all_who_wait, args=(mine, end))
        with waiting_for_nobody(mine):
            if who != "we do":
                cancelling.start()
            with pytest.raises(StoreAway, match="standby") as away:
                store.commit([birth(1)], now=NOW)
            end.set()
        if who != "we do":
            cancelling.join()
        assert away.value.exit_code is ExitCode.TRY_LATER
        assert store.head().seq == 1, "no more is known to stand"
        assert list(dict(store.listing(SPOOL).names)) == [item_id(1)], "and yet it may"
        assert isinstance(store.commit([birth(2)], now=NOW)[0], Added)
        store.close()
