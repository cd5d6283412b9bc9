"""What a server's time limits, sizes and locks do to a host, with the real limits of each transaction hit."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.times import due_name
from reporting_governance.errors import ExitCode
from reporting_governance.storage.interface import Added, Group
from reporting_governance.storage.postgres import queries, schema
from reporting_governance.storage.postgres.away import StoreAway
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.settings import Timeouts
from reporting_governance.verifier.merkle import extend
from reporting_governance.verifier.merkle import root as tree_root
from tests.acceptance.verbs import Verbs
from tests.postgres.back_end import open_store
from tests.postgres.home import migrate_database, own_server, server
from tests.postgres.hosts import host_on
from tests.postgres.test_keeping import BEFORE, days_of_work
from tests.postgres.test_keeping import NOW as AT_END
from tests.storage.building import NOW, SPOOL, attempt, birth, later, settle

pytestmark = pytest.mark.postgres

_SIZES = (
    "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'reporting_governance' AND c.relkind = 'r' "
    "AND (c.relname = 'log_state' OR c.relname LIKE 'work%_operator_notify_dispatch_spool')"
)


@pytest.fixture
def store(database: str, tmp_path: Path) -> Iterator[Any]:
    made = open_store(server().url(database), str(tmp_path / "host"), now=lambda: NOW)
    made.commit([birth(1)], now=NOW)
    yield made
    made.close()


def test_a_question_that_takes_too_long_is_a_database_that_is_away(database: str) -> None:
    session = Session(server().url(database), application="tests", timeouts=Timeouts(statement=0.2))
    with pytest.raises(StoreAway, match="statement timeout") as away:
        session.rows("SELECT pg_sleep(5)")
    assert away.value.exit_code is ExitCode.TRY_LATER
    assert session.rows("SELECT 1") == [(1,)]
    session.close()


def test_whoever_stalls_while_holding_the_log_loses_it(database: str, store: Any) -> None:
    stalled = Session(server().url(database), application="tests", timeouts=Timeouts(idle=0.3))
    began = time.monotonic()

    def stall() -> None:
        with stalled.writing() as connection:
            connection.execute("SELECT 1 FROM reporting_governance.log_state FOR UPDATE").fetchone()
            assert isinstance(store.commit([birth(2)], now=NOW)[0], Added), "it waited, and went on"
            assert 0.2 < time.monotonic() - began < 10
            connection.execute("SELECT 1").fetchone()

    with pytest.raises(StoreAway, match=r"idle-in-transaction|ended the connection|connection was lost"):
        stall()
    assert stalled.rows("SELECT 1") == [(1,)]
    stalled.close()


def test_a_lock_of_somebody_elses_is_waited_for_a_while_and_no_longer(database: str, tmp_path: Path) -> None:
    """Such as one who drops a part of the journal."""
    host = host_on(server().url(database), tmp_path / "host")
    host.ok("init")
    with server().connect(database) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE reporting_governance.journal")
        session = Session(server().url(database), application="tests", timeouts=Timeouts(lock=0.3))
        with pytest.raises(StoreAway) as away:
            session.rows("SELECT count(*) FROM reporting_governance.journal")
        session.close()
    assert away.value.exit_code is ExitCode.TRY_LATER


def test_whole_parts_of_the_journal_go_when_nobody_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tables' owner alone, who waits for readers a while; tried again it goes on."""
    monkeypatch.setattr(schema, "LINES_IN_PARTITION", 16)
    name = server().new_database()
    migrate_database(server().url(name))
    store = days_of_work(server().url(name), tmp_path / "host")
    leaves = [bytes.fromhex(line.leaf) for line in store.replay()]
    parts = parts_of(name)
    with server().connect(name) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM reporting_governance.journal")
        store.session._timeouts = Timeouts(lock=0.3)
        with pytest.raises(StoreAway):
            store.keeper().retire(BEFORE, reason="old", approver="uid:0", now=AT_END)
        assert parts_of(name) == parts
    store.keeper().finish()
    gone = parts - parts_of(name)
    assert gone
    assert gone == set(sorted(parts)[: len(gone)])
    again = open_store(server().url(name), str(tmp_path / "again"))
    again.ready()
    [said] = again.retirements()
    assert said.root == tree_root(extend(0, (), leaves[: said.to_seq])[1]).hex()
    assert again.tree_head().size == len(list(again.replay())) + said.to_seq
    again.rebuild()
    again.close()
    store.close()
    server().drop_database(name)


def parts_of(name: str) -> set[str]:
    with server().connect(name) as connection:
        found = connection.execute(queries.PARTITIONS).fetchall()
    return {each for (each,) in found if each != "journal_rest"}


def moved(store: Any, groups: list[Group]) -> int:
    assert all(isinstance(each, Added) for each in store.commit(groups, now=NOW))
    return len(groups)


def tried(store: Any) -> list[Group]:
    return [attempt(each) for each in dict(store.listing(SPOOL).names).values()]


def settled(store: Any) -> list[Group]:
    return [settle(each) for each in dict(store.listing(SPOOL).names).values()]


@pytest.mark.long
def test_moves_leave_no_more_behind_than_is_cleaned_up(tmp_path: Path) -> None:
    """After a hundred thousand moves of a few items the tables are as large as what is between two cleanings."""
    items, moves = 200, 0
    with own_server(settings={"autovacuum_naptime": "2s"}) as mine:
        migrate_database(mine.url())
        store = open_store(mine.url(), str(tmp_path / "host"), now=lambda: NOW)
        while moves < 100_000:
            born = [birth(moves + number, due=due_name(later(0))) for number in range(items)]
            moves += moved(store, born) + moved(store, tried(store)) + moved(store, settled(store))
        store.close()
        with mine.connect() as connection:
            sizes = dict(connection.execute(_SIZES).fetchall())
        assert sizes["log_state"] < 1 << 20, sizes
        assert max(sizes.values()) < 16 << 20, sizes


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("store", "migrate", "--execute"), 2, "migrate takes no --execute"),
        (("store", "grants", "--to", "x"), 2, "grants takes no --to"),
        (("store", "status", "--from", "x"), 2, "status takes no --from"),
        (("store", "copy"), 2, "copy takes --to"),
        (("store", "rebuild"), 2, "rebuild"),
        (("store", "copy", "--to", "mysql://x/y"), 2, "--to"),
        (("store", "copy", "--to", "postgresql://me:hunter22@db/gov"), 2, "--to: holds a password"),
        (("store", "copy", "--to", "postgresql:///missing?host={socket}&user=tests"), 1, "does not exist"),
        (("store", "copy", "--from", "/nowhere/at/all", "--to", "{here}"), 3, "/nowhere/at/all"),
    ],
)
def test_wrong_inputs_of_store(database: str, tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    host: Verbs = host_on(server().url(database), tmp_path / "host")
    host.ok("init")
    given = [each.format(socket=server().folder, here=server().url(database)) for each in words]
    ended = host.call(*given)
    assert (ended.code, ended.out) == (code, ""), ended
    assert said in ended.err
    assert "hunter22" not in ended.err
