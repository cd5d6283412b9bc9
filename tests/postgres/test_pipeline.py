"""How statements go to the server: prepared where nobody stands between, and as what they are, however many."""

import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.storage.interface import Added
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.store import PostgresStore
from tests.postgres.home import server
from tests.postgres.proxy import _messages
from tests.storage.building import NOW, SPOOL, attempt, birth, item_id, settle

pytestmark = pytest.mark.postgres

PREPARED = "SELECT name, statement FROM pg_prepared_statements ORDER BY name"
_KEY = b"K"  #: BackendKeyData: the process that serves a connection, and a secret to cancel with


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], PostgresStore]]:
    """Return what opens a store by a URL; all of them end with the test."""
    stores: list[PostgresStore] = []

    def open_one(url: str) -> PostgresStore:
        folder = str(tmp_path / str(len(stores)))
        stores.append(PostgresStore(url, local=folder, actor="uid:0", now=lambda: NOW))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def work(store: PostgresStore, first: int, count: int = 3) -> None:
    """Let items be born, tried and settled, one by one."""
    for number in range(first, first + count):
        assert isinstance(store.commit([birth(number)], now=NOW)[0], Added)
        for change in (attempt, settle):
            name = store.listing(SPOOL).names[item_id(number)]
            assert isinstance(store.commit([change(name)], now=NOW)[0], Added)


# -- prepared statements


def test_where_nobody_stands_between_a_commit_is_planned_once(
    database: str, opened: Callable[[str], PostgresStore]
) -> None:
    store = opened(server().url(database))
    store.initialise(NOW)
    assert store.session.rows(PREPARED) == [], "who commits once prepares nothing"
    work(store, 1)
    prepared = store.session.rows(PREPARED)
    work(store, 10)
    assert store.session.rows(PREPARED) == prepared
    assert any("INSERT INTO reporting_governance.journal" in statement for _, statement in prepared)


@contextmanager
def somebody_between(path: str) -> Iterator[str]:
    """Yield the folder of a socket behind which each connection is told another process, as every pooler does."""
    folder = tempfile.mkdtemp(prefix="px-", dir=path.rpartition("/")[0])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/{path.rpartition('/')[2]}")
    listener.listen(8)
    ends, threads = [listener], []

    def pass_on(source: socket.socket, target: socket.socket, starts: bool) -> None:
        with suppress(OSError):
            for message in _messages(source, starts=starts):
                if message[:1] == _KEY and not starts:
                    process, secret = struct.unpack("!I", message[5:9])[0], message[9:]
                    message = message[:5] + struct.pack("!I", process + 1) + secret
                target.sendall(message)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(path)
                ends.extend((client, there))
                start(pass_on, client, there, True)
                start(pass_on, there, client, False)

    def start(target: Callable[..., None], *arguments: Any) -> None:
        threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        threads[-1].start()

    start(accept)
    try:
        yield folder
    finally:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for end in ends:
            end.close()
        shutil.rmtree(folder)


def test_where_somebody_does_nothing_is_prepared(database: str, opened: Callable[[str], PostgresStore]) -> None:
    with somebody_between(server().socket_path) as folder:
        store = opened(server().url(database, host=folder))
        store.initialise(NOW)
        work(store, 1)
        assert store.session.rows(PREPARED) == []
        store.close()


def all_gone(store: PostgresStore) -> None:
    with store.session.plain() as connection:
        connection.execute("DEALLOCATE ALL")


def other_types(store: PostgresStore) -> None:
    with store.session.plain() as connection:
        connection.execute("ALTER TABLE reporting_governance.log_state ALTER COLUMN lost_seq TYPE integer")


def all_taken(store: PostgresStore) -> None:
    """Let every name stand for something else, of which the program does not know."""
    names = [name for name, _ in store.session.rows(PREPARED)]
    store.session.connect_again()
    with store.session.plain() as connection:
        for name in names:
            connection.execute(f'PREPARE "{name}" AS SELECT 1')


@pytest.mark.parametrize("happens", [all_gone, other_types, all_taken])
def test_what_was_prepared_and_is_no_use_any_more_is_no_error(
    database: str, opened: Callable[[str], PostgresStore], happens: Callable[[PostgresStore], None]
) -> None:
    store = opened(server().url(database))
    store.initialise(NOW)
    work(store, 1)
    before = store.session.rows(PREPARED)
    assert before
    happens(store)
    there, made = store.session.rows(PREPARED), store.session.made
    work(store, 10)
    assert store.session.made == made, "the connection is as good as before"
    assert store.session.rows(PREPARED) == there, "nothing was prepared again"
    assert store.ready().seq == 1 + 2 * 9
    store.session.connect_again()
    work(store, 20)
    assert any("journal" in each for _, each in store.session.rows(PREPARED)), "another connection, another chance"


# -- values


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(server().url(), application="tests")
    yield made
    made.close()


def test_values_come_back_as_they_went(session: Session) -> None:
    at = datetime(2026, 3, 1, 4, 5, 6, 789012, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    query = "SELECT %s::text, %b::bytea, %s, %s, %s, %s::bigint, %s::int, 7 %% 4, current_user"
    values = ("é\\'\n\"😀", bytes(range(256)), -(2**62), True, there, None, 2**31 - 1)
    assert session.rows(query, *values) == [(*values[:4], at, None, 2**31 - 1, 3, "tests")]
    assert session.rows("SELECT now() + %s * interval '1 second' > now()", 0.5) == [(True,)]


def test_lists_come_back_as_they_went(session: Session) -> None:
    texts = ["", "NULL", 'a "quoted" one', "back\\slash", "{curly, brackets}", "é\n"]
    assert [text for (text,) in session.rows("SELECT unnest(%s::text[])", texts)] == texts
    pieces = [b"", b"\\x00", bytes(range(256))]
    assert [data for (data,) in session.rows("SELECT unnest(%s::bytea[])", pieces)] == pieces
    assert session.rows("SELECT unnest(%s::text[])", []) == []


def test_a_value_that_cannot_be_sent_leaves_the_connection_as_it_was(session: Session) -> None:
    session.rows("SELECT 1")
    with pytest.raises(TypeError, match="set"):
        session.rows("SELECT %s", {1})
    assert session.rows("SELECT 1") == [(1,)]
    assert session.made == 1


def test_both_ends_have_more_to_say_than_the_network_holds(session: Session) -> None:
    """Whoever sent everything before he read anything would wait for a server that waits for him."""
    large = "x" * 1_000_000

    def ask(connection: Any) -> list[int]:
        replies = [connection.execute("SELECT %s::text, %s", (large, number)) for number in range(20)]
        return [number for reply in replies for text, number in reply.fetchall() if text == large]

    assert session.read(ask) == list(range(20))


def test_an_error_in_the_middle_ends_the_transaction_and_nothing_else(session: Session) -> None:
    from reporting_governance.errors import StorageError

    def ask(connection: Any) -> None:
        connection.execute("SELECT 1")
        connection.execute("SELECT 1 / %s", (0,))
        connection.execute("SELECT 2")

    with pytest.raises(StorageError, match="division by zero"):
        session.read(ask)
    assert session.rows("SELECT 3") == [(3,)]
    assert session.made == 1
