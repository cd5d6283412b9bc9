"""What only a log in a database has: versions of its tables, hosts that share it, older backups, its export."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder, LineType
from reporting_governance.contracts.times import due_name
from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Addition, Group
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.postgres import lines as lines_of_the_log
from reporting_governance.storage.postgres import migrating, roles, schema
from reporting_governance.storage.postgres.away import NotAllowed, StoreAway, WrongSchema
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.exporting import PostgresLog
from reporting_governance.storage.postgres.store import PostgresStore
from reporting_governance.verifier.merkle import leaf_hash
from tests.postgres.home import server, template
from tests.postgres.reading import documents_of, views_of
from tests.storage.building import NOW, SPOOL, attempt, birth, event_id, item_id, later, observed, settle
from tests.storage.oracle import views_by_replay

pytestmark = pytest.mark.postgres

Open = Callable[..., PostgresStore]


class Database:
    """A database of one test, with stores that end with it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.url = server().url(name)
        self.folder = folder
        self.stores: list[PostgresStore] = []

    def open(self, host: str = "one", **options: Any) -> PostgresStore:
        """Return a store as a process of a host opens it."""
        given = {"now": lambda: NOW, "monotonic": lambda: 100.0, **options}
        store = PostgresStore(self.url, local=str(self.folder / host), actor="uid:0", host=host, **given)
        self.stores.append(store)
        return store

    def close(self) -> None:
        """End all connections."""
        for store in self.stores:
            store.close()

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement behind everybody's back."""
        with server().connect(self.name) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(server().new_database(template=template()), tmp_path)
    yield made
    made.close()
    server().drop_database(made.name)


def names(store: PostgresStore) -> dict[str, Any]:
    return dict(store.listing(SPOOL).names)


# -- versions of the tables


@pytest.mark.parametrize(("found", "works"), [(0, False), (1, True), (2, True), (3, False)])
def test_this_version_of_the_tables_and_the_next_one_work(database: Database, found: int, works: bool) -> None:
    database.run("DELETE FROM reporting_governance.schema_version")
    if found:
        database.run("INSERT INTO reporting_governance.schema_version VALUES (%s)", found)
    store = database.open()
    assert schema.NEWEST == 1
    if works:
        assert store.initialise(NOW).seq == 1
        return
    with pytest.raises(WrongSchema) as refused:
        store.ready()
    assert "Update this program" in refused.value.advice() if found else "store migrate" in refused.value.advice()


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    name = server().new_database()
    session = Session(server().url(name), application="tests")
    try:
        assert migrating.version(session) == 0
        store = PostgresStore(server().url(name), local=str(tmp_path), actor="uid:0")
        with pytest.raises(WrongSchema) as refused:
            store.ready()
        assert "store migrate" in refused.value.advice()
        store.close()
        assert migrating.migrate(session) == (0, schema.NEWEST, schema.PARTITIONS_AHEAD)
        assert migrating.migrate(session) == (schema.NEWEST, schema.NEWEST, 0)
    finally:
        session.close()
        server().drop_database(name)


# -- what is asked of a connection


def test_no_message_holds_a_password(tmp_path: Path) -> None:
    for url, code in (
        ("postgresql://somebody:hunter22@127.0.0.1:1/x", ExitCode.TRY_LATER),
        ("postgresql://somebody:hunter22@127.0.0.1:1/x?nonsense=1", ExitCode.USAGE),
        ("host=127.0.0.1 port=1 password='hunter22", ExitCode.USAGE),
    ):
        store = PostgresStore(url, local=str(tmp_path), actor="uid:0")
        with pytest.raises(StorageError) as away:
            store.ready()
        assert away.value.exit_code is code
        assert "hunter22" not in f"{away.value} {away.value.advice()} {away.value.__cause__} {away.value.details}"
        assert "hunter22" not in store.place


def test_nothing_is_imported_that_is_not_needed_before_there_is_a_connection() -> None:
    code = (
        "import sys, reporting_governance.storage.postgres.store as s\n"
        "s.PostgresStore('host=x', local='/nowhere', actor='uid:0')\n"
        "sys.exit(','.join(sorted({'psycopg', 'logging'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ended_connection_is_made_again(database: Database) -> None:
    store = database.open()
    store.commit([birth(1)], now=NOW)
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reporting%%'")
    assert list(names(store)) == [item_id(1)]
    database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reporting%%'")
    assert isinstance(store.commit([birth(2)], now=NOW)[0], Added)
    for again in (
        store.rebuild,
        store.tree_head,
        lambda: store.put_blob(b"x"),
        lambda: store.keep_log_checkpoint(2, b""),
    ):
        database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reporting%%'")
        again()


def test_whoever_holds_the_log_for_long_is_told_of_and_nothing_is_added(database: Database) -> None:
    store = database.open(limits=Limits(lock_wait_seconds=0.3))
    store.initialise(NOW)
    with server().connect(database.name) as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM reporting_governance.log_state FOR UPDATE")
        with pytest.raises(StoreAway, match="another writer"):
            store.commit([birth(1)], now=NOW)
    assert names(store) == {}
    assert isinstance(store.commit([birth(1)], now=NOW)[0], Added)


# -- the log


def test_a_line_names_its_host(database: Database) -> None:
    store = database.open(host="db-7")
    store.commit([birth(1)], now=NOW)
    assert {line.document["writer"]["host"] for line in store.replay()} == {"db-7"}


def test_the_database_itself_refuses_a_leaf_that_is_not_of_its_line(database: Database) -> None:
    import psycopg

    add = "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (%s, %s, %s)"
    with pytest.raises(psycopg.errors.CheckViolation):
        database.run(add, 1, b"{}", bytes(32))
    database.run(add, 1, b"{}", leaf_hash(b"{}"))


@pytest.mark.parametrize("seconds", [0, 40])
def test_segments_begin_and_what_is_long_over_is_forgotten(database: Database, seconds: int) -> None:
    limits = Limits(segment_bytes=2000, past_seconds=30)
    for number in range(1, 13):
        store = database.open(limits=limits)
        at = later(number * seconds)
        store.commit([birth(number)], now=at)
        store.commit([settle(names(store)[item_id(number)], into_past=True)], now=at)
    with server().connect(database.name) as connection:
        documents = documents_of(connection)
        assert views_of(connection) == views_by_replay(documents)
    openings = [each for each in documents if each["type"] == "log.segment_open"]
    assert len(openings) > 3
    assert ("past_before" in openings[-1]["meta"]) is bool(seconds)
    before = views_in(database)
    tree = store.tree_head()
    store.rebuild()
    assert views_in(database) == before
    assert store.tree_head() == tree
    assert [each["seq"] for each in openings] == [each.first for each in log_of(store, database).segments()][1:]


def views_in(database: Database) -> Any:
    with server().connect(database.name) as connection:
        return views_of(connection)


def log_of(store: PostgresStore, database: Database) -> PostgresLog:
    return PostgresLog(store.session, str(database.folder))


@pytest.mark.parametrize("behind", ["row", "views", "line"])
def test_what_is_not_as_the_lines_say_is_made_good(database: Database, behind: str) -> None:
    store = database.open()
    store.commit([birth(number) for number in range(5)], now=NOW)
    store.commit([settle(names(store)[item_id(1)], into_past=True)], now=NOW)
    before, tree = views_in(database), store.tree_head()
    if behind == "row":
        database.run("UPDATE reporting_governance.log_state SET seq = 2, frontier = ''")
    elif behind == "views":
        database.run("DELETE FROM reporting_governance.work")
        database.run("UPDATE reporting_governance.log_state SET leaf = %s", bytes(32))
    else:
        database.run("DELETE FROM reporting_governance.journal WHERE seq = 7")
    again = database.open()
    head = again.ready()
    if behind == "line":
        assert [line.document["type"] for line in again.replay(7)] == ["log.loss"]
        assert head.lost_seq == 7
        assert list(names(again)) == [item_id(number) for number in range(5)]
        return
    assert views_in(database) == before
    assert again.tree_head() == tree


def test_an_older_backup_that_is_put_back_is_told_by_every_host_that_saw_more(database: Database) -> None:
    one, two = database.open("one"), database.open("two")
    one.commit([birth(1)], now=NOW)
    database.close()
    backup = server().new_database(template=database.name)
    two.commit([birth(2)], now=NOW)
    one.commit([birth(3), birth(4)], now=NOW)
    database.close()
    server().drop_database(database.name)
    database.name, database.url = backup, server().url(backup)
    looking = database.open("two", heals=False)
    with pytest.raises(Exception, match="not as this host last saw it"):
        looking.ready()
    assert database.open("two").ready().lost_seq == 3
    assert database.open("two").ready().seq == 3, "told once"
    head = database.open("one").ready()
    assert (head.seq, head.lost_seq) == (4, 4), "this host saw two lines more"
    said = [line.document["meta"] for line in database.open("one").replay(3)]
    assert [(each["applied_seq"], each["found_seq"]) for each in said] == [(3, 2), (5, 3)]
    assert database.open("three").ready().seq == 4
    assert isinstance(database.open("two").commit([birth(9)], now=NOW)[0], Added)


def test_a_head_is_given_out_only_when_it_is_durable(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store = database.open()
    store.commit([birth(1)], now=NOW)
    settled: list[int] = []
    settle_log = Session.settle

    def noted(session: Session) -> None:
        settled.append(1)
        settle_log(session)

    monkeypatch.setattr(Session, "settle", noted)
    store.tree_head()
    log_of(store, database).segments()
    assert len(settled) == 2


def test_what_is_listed_is_read_in_few_round_trips(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = database.open("one"), database.open("two")
    store.commit([birth(number, due=due_name(later(-number))) for number in range(100)], now=NOW)
    due = store.listing(SPOOL).due(due_name(NOW))
    asked: list[str] = []
    rows = Session.rows

    def noted(session: Session, query: str, *values: Any, **how: Any) -> list[tuple[Any, ...]]:
        asked.append(query)
        return rows(session, query, *values, **how)

    monkeypatch.setattr(Session, "rows", noted)
    found = [store.read(name) for name in due]
    assert [view.body["item"]["spool_id"] for view in found if view] == [name.id for name in due]
    assert len(asked) <= 7
    assert store.read(due[5]) == found[5], "again, and somewhere else"
    store.read(due[20])
    asked.clear()
    store.commit([settle(due[22])], now=NOW)
    assert store.read(due[21]) == found[21]
    assert asked == [], "a commit of ours takes nothing away but what it consumes"
    assert store.read(due[22]) is None
    other.ready()
    other.commit([attempt(due[7])], now=NOW)
    store.ready()
    assert store.read(due[6]) == found[6]
    assert store.read(due[7]) is None
    assert store.read(names(store)[due[7].id]) is not None


# -- many hosts


def test_hosts_share_work_without_doing_it_twice(database: Database) -> None:
    stores = [database.open(host) for host in ("one", "two", "three")]
    stores[0].commit([birth(number, due=due_name(later(-number))) for number in range(30)], now=NOW)
    due = stores[0].listing(SPOOL).due(due_name(NOW))
    shares = [store.share(due, limit=8, now=NOW, seconds=60) for store in stores]
    assert [len(share) for share in shares] == [8, 8, 8]
    assert shares[0] == due[:8]
    assert len({name for share in shares for name in share}) == 24
    assert stores[0].share(due, limit=8, now=later(1), seconds=60) == shares[0], "its own it may have again"
    assert stores[1].share(shares[0], limit=8, now=later(60), seconds=60) == []
    assert stores[1].share(shares[0], limit=8, now=later(62), seconds=60) == shares[0], "of a dead host"
    stores[0].commit([attempt(shares[0][0], due=due[0].due)], now=NOW)
    changed = names(stores[0])[shares[0][0].id]
    assert stores[2].share([changed, shares[0][0]], limit=8, now=later(63), seconds=60) == [changed]
    stores[0].ready()
    stores[0].maintain(later(7200))
    assert database.run("SELECT count(*) FROM reporting_governance.claim") == [(0,)]


def test_a_birth_among_many_lines_of_others(database: Database) -> None:
    one, two = database.open("one"), database.open("two")
    seen = one.ready().seq
    for start in range(0, 1400, 200):
        two.commit([birth(1000 + start + number) for number in range(200)], now=NOW)
    assert not isinstance(one.commit([birth(1005, absent_at=seen)], now=NOW)[0], Added)
    assert isinstance(one.commit([birth(5, absent_at=seen)], now=NOW)[0], Added)
    two.commit([birth(6)], now=NOW)
    assert not isinstance(one.commit([birth(6, absent_at=seen)], now=NOW)[0], Added)
    assert not isinstance(one.commit([birth(5, absent_at=seen)], now=NOW)[0], Added)


# -- its export


def test_a_log_comes_out_of_a_database_as_out_of_a_folder(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same lines are put into both, byte by byte."""
    folder = FilesStore(str(tmp_path / "state"), actor="uid:0", limits=Limits(segment_bytes=3000), now=lambda: NOW)
    for number in range(1, 12):
        folder.commit([birth(number), observed(number, "long " * 80)], now=NOW)
        if number == 6:
            tear(tmp_path / "state" / "journal" / "log")
    folder.keep_log_checkpoint(12, b"note\n")
    there = log_folder(str(tmp_path / "state"))
    brought(there, database)
    store = database.open()
    store.ready()
    here = log_of(store, database)
    assert [(each.first, each.size) for each in here.segments()] == [
        (each.first, each.size) for each in there.segments()
    ]
    leaf = ZERO_LEAF
    for ours, theirs in zip(here.segments(), there.segments(), strict=True):
        assert list(here.raw_lines(ours)) == list(there.raw_lines(theirs))
        lines = list(there.lines(theirs, leaf, None))
        assert list(here.lines(ours, leaf, None)) == lines
        leaf = lines[-1].leaf
    assert (here.log_id(), here.log_checkpoints(), here.log_checkpoint(12)) == (there.log_id(), [12], b"note\n")
    digest = sha256(there.blob(digest_in(folder)) or b"").hexdigest()
    assert here.blob(digest) == there.blob(digest)
    assert store.tree_head() == folder.tree_head()
    monkeypatch.setattr(lines_of_the_log, "LARGEST_COMMIT", 2)  # so that reading begins in the middle
    for seq in range(1, store.head().seq + 1):
        assert list(store.replay(seq)) == list(folder.replay(seq)), "lines that count for nothing count for nothing"
    assert names(store).keys() == dict(folder.listing(SPOOL).names).keys()


def tear(log: Path) -> None:
    """Leave what a writer leaves that was stopped: lines that do not chain, and half a line."""
    with open(max(log.iterdir()), "ab") as file:
        file.write(b'{"no":"line"}\n' * 3 + b'{"half')


def digest_in(store: FilesStore) -> str:
    view = store.read(store.listing(Folder.EVENTS).names[event_id(1)])
    assert view is not None
    return str(view.body["event"]["payload"]["message"]["$blob"])


def brought(log: Any, database: Database) -> None:
    """Put a log's lines, blobs and heads into a database; views follow."""
    with server().connect(database.name) as connection:
        seq = 0
        for segment in log.segments():
            for raw in log.raw_lines(segment):
                seq += 1
                add = "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (%s, %s, %s)"
                connection.execute(add, (seq, raw[:-1], leaf_hash(raw[:-1])))
        for file in os.scandir(os.path.join(os.path.dirname(os.path.dirname(log.log)), "blobs")):
            with open(file.path, "rb") as content:
                add = "INSERT INTO reporting_governance.blob (digest, content) VALUES (%s, %s)"
                connection.execute(add, (file.name, content.read()))
        for size in log.log_checkpoints():
            add = "INSERT INTO reporting_governance.log_checkpoint VALUES (%s, %s)"
            connection.execute(add, (size, log.log_checkpoint(size)))


def test_a_group_that_only_says_something(database: Database) -> None:
    store = database.open()
    said = Addition(type=LineType.ROLE_DENIED, action="ack", reason="viewer")
    store.commit([Group(additions=(said,))], now=NOW)
    assert store.holding(["viewer"]) == [2]
    assert store.heartbeat_line(later(10)) is False
    assert store.heartbeat_line(later(3700)) is True


# -- rights


def test_a_role_that_may_only_read_is_told_so(database: Database) -> None:
    store = database.open()
    store.commit([birth(1)], now=NOW)
    role = f"reader_{os.getpid()}"
    database.run(f"CREATE ROLE {role} LOGIN")
    try:
        database.run(f"GRANT USAGE ON SCHEMA reporting_governance TO {role}")
        database.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA reporting_governance TO {role}")
        reader = PostgresStore(f"{database.url}&user={role}", local=str(database.folder / "r"), actor="uid:0")
        database.stores.append(reader)
        assert reader.ready() == store.ready()
        assert list(names(reader)) == [item_id(1)]
        with pytest.raises(NotAllowed) as refused:
            reader.commit([birth(2)], now=NOW)
        assert refused.value.exit_code is ExitCode.NO
        reader.close()
    finally:
        database.run(f"DROP OWNED BY {role}")
        database.run(f"DROP ROLE {role}")


def test_a_writer_can_do_a_hosts_work_and_nothing_to_history(database: Database) -> None:
    import psycopg

    roles.grant(database.open().session)
    role = f"host_{os.getpid()}"
    database.run(f"CREATE ROLE {role} LOGIN IN ROLE {roles.WRITER}")
    try:
        limits = Limits(segment_bytes=2500, past_seconds=1)
        writer = PostgresStore(
            database.url.replace("tests@", f"{role}@"), local=str(database.folder / "w"), actor="uid:0", limits=limits
        )
        database.stores.append(writer)
        for number in range(6):
            writer.commit([birth(number)], now=later(10 * number))
            writer.commit([settle(names(writer)[item_id(number)], into_past=True)], now=later(10 * number + 1))
        writer.keep_log_checkpoint(3, b"note")
        reference = writer.put_blob(b"words")
        before = views_in(database)
        database.run("DELETE FROM reporting_governance.work")
        writer.rebuild()
        assert views_in(database) == before
        assert {each.first for each in log_of(writer, database).segments()} > {1}
        with pytest.raises(NotAllowed):
            writer.erase_blob(reference["$blob"], reason="asked", now=NOW)
        with pytest.raises(NotAllowed):
            writer.keep_log_checkpoint(3, b"another")
        for statement in (
            "UPDATE reporting_governance.journal SET line = ''",
            "DELETE FROM reporting_governance.journal_000000",
            "TRUNCATE reporting_governance.journal",
            "DELETE FROM reporting_governance.blob",
            "INSERT INTO reporting_governance.journal (seq, line, leaf, inserted_by) VALUES (99, '', '', 'other')",
        ):
            with server().connect(database.name, user=role) as other, pytest.raises(psycopg.Error) as refused:
                other.execute(statement)
            assert refused.value.sqlstate == "42501", statement
        writer.close()
    finally:
        database.run(f"DROP ROLE {role}")
