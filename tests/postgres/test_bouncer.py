"""Hosts behind a real PgBouncer in transaction mode: every transaction may be on another connection of the server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporting_governance.errors import ExitCode
from reporting_governance.storage.interface import Added
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.postgres.away import StoreAway
from reporting_governance.storage.postgres.backend import PostgresBackend
from tests.acceptance.verbs import Verbs
from tests.postgres.bouncer import Bouncer
from tests.postgres.home import migrate_database, own_server, server, template
from tests.postgres.load import ended, start_writer
from tests.postgres.test_killed_server import check
from tests.storage.building import NOW, SPOOL, birth, item_id

pytestmark = pytest.mark.postgres

#: what a transaction of ours sets, and what the connection has before and after it
SET = {
    "statement_timeout": ("30s", "0"),
    "lock_timeout": ("20s", "0"),
    "idle_in_transaction_session_timeout": ("10s", "0"),
    "search_path": ("pg_catalog", '"$user", public'),
    "jit": ("off", "on"),
    "enable_seqscan": ("off", "on"),
    "synchronous_commit": ("off", "on"),
}
_SHOWN = "SELECT " + ", ".join(f"current_setting('{name}')" for name in SET)
_PREPARED = "SELECT count(*) FROM pg_prepared_statements"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Callable[..., PostgresBackend]]:
    """Return what opens a host's way to a database; all of them end with the test."""
    opened: list[PostgresBackend] = []

    def open_one(url: str, host: str = "one", **options: Any) -> PostgresBackend:
        made = PostgresBackend(url, local=str(tmp_path / host), actor="uid:0", host=host, now=lambda: NOW, **options)
        opened.append(made)
        return made

    yield open_one
    for each in opened:
        each.close()


@contextmanager
def database_behind(**settings: str) -> Iterator[tuple[Bouncer, str]]:
    """Yield a PgBouncer before this process's server, and a new database with our tables."""
    with Bouncer(server(), settings) as bouncer:
        name = server().new_database(template=template())
        try:
            yield bouncer, name
        finally:
            server().drop_database(name)


def test_settings_hold_in_a_transaction_and_leave_nothing_behind(backend: Callable[..., PostgresBackend]) -> None:
    with database_behind(default_pool_size="1") as (bouncer, name):
        store = backend(bouncer.url(name))
        store.commit([birth(1)], now=NOW)
        with store.session.writing() as connection:
            inside = connection.execute(_SHOWN).fetchone()
        with psycopg.connect(bouncer.url(name), autocommit=True) as other:  # on the same connection of the server
            after, (prepared,) = other.execute(_SHOWN).fetchone(), other.execute(_PREPARED).fetchone() or ()
        assert inside == tuple(value for value, _ in SET.values())
        assert after == tuple(value for _, value in SET.values())
        assert prepared == 0
        assert len(bouncer.says("SHOW SERVERS")) == 1


def test_nothing_is_prepared_however_often_it_is_asked(backend: Callable[..., PostgresBackend]) -> None:
    with database_behind(default_pool_size="1") as (bouncer, name):
        stores = [backend(bouncer.url(name), host) for host in ("one", "two")]
        for number in range(20):
            for place, store in enumerate(stores):
                store.ready()
                store.listing(SPOOL)
                assert isinstance(store.commit([birth(1000 * place + number)], now=NOW)[0], Added)
        assert stores[0].session.rows(_PREPARED) == [(0,)]


def test_a_connection_for_each_session_works_too(backend: Callable[..., PostgresBackend]) -> None:
    with database_behind(pool_mode="session", server_reset_query="DISCARD ALL", default_pool_size="2") as (
        bouncer,
        name,
    ):
        for number in range(6):
            store = backend(bouncer.url(name), f"host-{number % 3}")
            assert isinstance(store.commit([birth(number)], now=NOW)[0], Added)
            store.close()


def test_a_pool_of_two_carries_eight_hosts(tmp_path: Path) -> None:
    with own_server() as mine, Bouncer(mine, {"default_pool_size": "2"}) as bouncer:
        migrate_database(mine.url())
        writers = [start_writer(bouncer.url(), str(tmp_path), number) for number in range(1, 9)]
        time.sleep(2)
        assert len(bouncer.says("SHOW SERVERS")) <= 2
        said = ended(writers)
        assert [one.away for one in said] == [0] * 8, "nobody was turned away"
        assert all(one.added for one in said), "each had its turn"
        check(mine, said, tmp_path)


def test_killed_in_the_middle_of_load(tmp_path: Path) -> None:
    with own_server() as mine, Bouncer(mine) as bouncer:
        migrate_database(mine.url())
        writers = [start_writer(bouncer.url(), str(tmp_path), number) for number in range(1, 5)]
        for _ in range(6):
            time.sleep(0.3)
            bouncer.kill()
            bouncer.start()
        time.sleep(0.3)
        said = ended(writers)
        assert check(mine, said, tmp_path) > 30


def test_the_server_behind_it_is_killed(tmp_path: Path) -> None:
    """Then it takes connections all the same, and cannot say more than that there is no server."""
    with own_server() as mine, Bouncer(mine) as bouncer:
        migrate_database(mine.url())
        writers = [start_writer(bouncer.url(), str(tmp_path), number) for number in range(1, 5)]
        for _ in range(3):
            time.sleep(0.5)
            mine.kill()
            mine.start()
        time.sleep(1.5)  # it does not try again at once
        said = ended(writers)
        assert sum(one.away for one in said) >= 3
        assert check(mine, said, tmp_path) > 30


def test_a_pool_that_is_taken_is_a_database_that_is_away(backend: Callable[..., PostgresBackend]) -> None:
    with database_behind(default_pool_size="1", query_wait_timeout="1") as (bouncer, name):
        store = backend(bouncer.url(name))
        store.commit([birth(1)], now=NOW)
        with psycopg.connect(bouncer.url(name)) as other:
            other.execute("SELECT 1")  # a transaction is open, and keeps the one connection there is
            with pytest.raises(StoreAway, match="query_wait_timeout") as away:
                store.commit([birth(2)], now=NOW)
        assert away.value.exit_code is ExitCode.TRY_LATER
        assert isinstance(store.commit([birth(2)], now=NOW)[0], Added)
        assert set(dict(store.listing(SPOOL).names)) == {item_id(1), item_id(2)}


def test_who_holds_the_log_for_long_is_told_of_behind_it_too(backend: Callable[..., PostgresBackend]) -> None:
    with database_behind() as (bouncer, name):
        store = backend(bouncer.url(name), limits=Limits(lock_wait_seconds=0.3))
        store.initialise(NOW)
        with server().connect(name) as other:
            other.execute("BEGIN")
            other.execute("SELECT 1 FROM reporting_governance.log_state FOR UPDATE")
            with pytest.raises(StoreAway, match="another writer"):
                store.commit([birth(1)], now=NOW)
        assert isinstance(store.commit([birth(1)], now=NOW)[0], Added)


def test_every_verb_of_setting_up_works_behind_it(tmp_path: Path) -> None:
    """A migration and a copy use a connection outside of our transactions, and what they set there is for theirs."""
    with Bouncer(server(), {"default_pool_size": "1"}) as bouncer:
        empty = server().new_database()
        url = bouncer.url(empty)
        verbs = Verbs(tmp_path / "host")
        verbs.overdue("nightly")
        verbs.ok("run")
        try:
            assert verbs.ok("store", "migrate", "--state", url, "--format", "json").document()["partitions"] == 16
            copied = verbs.ok("store", "copy", "--to", url, "--format", "json").document()
            assert copied["lines"] == len(verbs.journal())
            verbs.ok("store", "grants", "--execute", "--state", url)
            shown = verbs.ok("store", "status", "--state", url, "--format", "json").document()
            assert shown["log"]["lines"] == copied["lines"]
            with psycopg.connect(url, autocommit=True) as other:
                assert other.execute(_SHOWN).fetchone() == tuple(value for _, value in SET.values())
        finally:
            server().drop_database(empty)
