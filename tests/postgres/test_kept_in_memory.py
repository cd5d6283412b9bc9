"""What a process keeps of a database: never more than its room, never of another server, never before it is durable."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.storage.interface import Added, Group
from reporting_governance.storage.postgres import commit
from reporting_governance.storage.postgres.away import ConnectionLost
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.settings import Timeouts
from reporting_governance.storage.postgres.store import PostgresStore
from tests.postgres.home import server
from tests.storage.building import NOW, SPOOL, attempt, birth, item_id

pytestmark = pytest.mark.postgres

OTHER = {"text": "of the other server"}
Open = Callable[[str], PostgresStore]


@pytest.fixture
def opened(database: str, tmp_path: Path) -> Iterator[Open]:
    """Return what opens the store of a host; all of them end with the test."""
    stores: list[PostgresStore] = []

    def open_one(host: str) -> PostgresStore:
        local = str(tmp_path / host)
        stores.append(PostgresStore(server().url(database), local=local, actor="uid:0", host=host, now=lambda: NOW))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def add(store: PostgresStore, *groups: Group) -> None:
    """Add groups of which none may be refused."""
    assert all(isinstance(answer, Added) for answer in store.commit(groups, now=NOW))


def test_one_commit_may_fold_more_than_is_kept(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = opened("ours"), opened("theirs")
    add(ours, birth(1, body={"text": "x" * 600}))
    add(theirs, birth(2, body={"text": "y" * 600}))
    monkeypatch.setattr(commit, "_MOST_BODIES", 1000)  # the one that is read drives out the one that was made
    names = ours.listing(SPOOL).names
    add(ours, attempt(names[item_id(1)]), attempt(names[item_id(2)]))
    for number in (1, 2):
        view = ours.read(ours.listing(SPOOL).names[item_id(number)])
        assert view is not None
        assert len(view.body["item"]["text"]) == 600


def test_what_was_read_ahead_of_another_server_is_asked_for_again(opened: Open) -> None:
    """A server that crashed may have lost a line that nobody was told of, and another one may bear its number."""
    ours, theirs = opened("ours"), opened("theirs")
    add(theirs, *(birth(number) for number in range(1, 9)))
    names = list(ours.listing(SPOOL).names.values())
    ours.foresee(names)
    assert ours.read(names[0]) is not None, "the others come along"
    _change_all(theirs)
    ours.session.connect_again()
    view = ours.read(names[1])
    assert view is not None
    assert view.body["item"] == OTHER


def test_a_connection_that_is_made_for_a_commit_brings_its_own_bodies(opened: Open) -> None:
    ours, theirs = opened("ours"), opened("theirs")
    add(ours, birth(1))
    name = ours.listing(SPOOL).names[item_id(1)]
    _change_all(theirs)
    ours.session.close()
    add(ours, attempt(name))
    view = opened("third").read(ours.listing(SPOOL).names[item_id(1)])
    assert view is not None
    assert view.body["item"] == OTHER


def _change_all(store: PostgresStore) -> None:
    with store.session.plain() as connection:
        body = json.dumps({"item": OTHER, "attempts": [], "receipts": []})
        connection.execute("UPDATE reporting_governance.work_body SET body = %s", (body,))


def test_a_host_that_is_refused_has_seen_nothing_that_may_be_lost_yet(opened: Open) -> None:
    """Others commit before they are durable.  Whoever noted such an end would call it lost after a crash."""
    ours, theirs = opened("ours"), opened("theirs")
    add(ours, birth(1))
    name = ours.listing(SPOOL).names[item_id(1)]
    noted = _noted(ours)
    add(theirs, attempt(name))
    (answer,) = ours.commit([attempt(name)], now=NOW)
    assert not isinstance(answer, Added)
    assert _noted(ours) == noted
    add(ours, birth(2))
    assert _noted(ours) == ours.head().seq > noted


def _noted(store: PostgresStore) -> int:
    seen = store._local.seen()
    assert seen is not None
    return seen.seq


# -- a transaction that is broken off


def test_who_breaks_off_twice_is_given_no_answer_to_another_question() -> None:
    session = Session(server().url(), application="tests")
    left = [2]

    def stop(*_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
        with pytest.raises(KeyboardInterrupt):
            session.rows("SELECT 'of the first', pg_sleep(1)::text")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    try:
        assert left == [0]
        with session.writing() as connection:
            assert connection.execute("SELECT 3").fetchall() == [(3,)]
    finally:
        session.close()


def test_a_commit_that_the_server_ends_for_its_time_is_a_matter_for_later() -> None:
    session = Session(server().url(), application="tests", timeouts=Timeouts(lock=0.2, idle=0.2))
    try:
        session.rows("SELECT 1")
        if session._connection.pgconn.server_version < 170_000:
            pytest.skip("servers before 17 know no such limit")
        with pytest.raises(ConnectionLost, match="transaction timeout"), session.writing() as connection:
            connection.execute("SELECT pg_sleep(5)").fetchone()
        assert session.rows("SELECT 3") == [(3,)]
    finally:
        session.close()
