"""Who rewrites a log: its owner can, and a head of earlier shows it; a writer and a reader cannot, by no way."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporting_governance.storage.postgres import roles
from reporting_governance.storage.postgres.connection import Session
from tests.postgres.home import server
from tests.postgres.hosts import HostOn, host_on

pytestmark = pytest.mark.postgres

Connection = psycopg.Connection[Any]

_LINES = "SELECT seq, line FROM reporting_governance.journal ORDER BY seq"
_CHANGE = "UPDATE reporting_governance.journal SET line = %b, leaf = %b WHERE seq = %s"


@pytest.fixture
def host(database: str, tmp_path: Path) -> HostOn:
    """A host that has worked for a while."""
    made = host_on(server().url(database), tmp_path / "host")
    made.ok("init")
    made.ok("report", "start", "t", "--agent", "coder")
    made.ok("report", "checkpoint", "t", "half of it")
    made.ok("run")
    return made


# -- the owner


def one_line(connection: Connection) -> None:
    """Change a line, and its leaf with it, as the database wants."""
    [(line,)] = connection.execute("SELECT line FROM reporting_governance.journal WHERE seq = 3").fetchall()
    changed = bytes(line).replace(b"coder", b"doker")
    assert changed != bytes(line)
    connection.execute(_CHANGE, (changed, sha256(b"\0" + changed).digest(), 3))


def all_from_one(connection: Connection) -> None:
    """Change a line, and make every later one, the row and the heads fit."""
    before = None
    for seq, raw in connection.execute(_LINES).fetchall():
        line = bytes(raw)
        if before is not None:
            line = re.sub(rb'"prev":"[0-9a-f]{64}"', b'"prev":"' + before.hex().encode() + b'"', line)
        if seq == 3:
            line = line.replace(b"coder", b"doker")
        before = sha256(b"\0" + line).digest()
        connection.execute(_CHANGE, (line, before, seq))
    connection.execute("UPDATE reporting_governance.log_state SET leaf = %s", (before,))
    connection.execute("DELETE FROM reporting_governance.log_checkpoint")


def the_end(connection: Connection) -> None:
    """Take the last lines away, and everything that speaks of them."""
    connection.execute(
        "DELETE FROM reporting_governance.journal WHERE seq > (SELECT seq - 3 FROM reporting_governance.log_state)"
    )
    connection.execute("DELETE FROM reporting_governance.log_checkpoint")


def one_between(connection: Connection) -> None:
    """Put a line in, and all behind it one further."""
    connection.execute("UPDATE reporting_governance.journal SET seq = seq + 1000000 WHERE seq > 3")
    connection.execute("UPDATE reporting_governance.journal SET seq = seq - 999999 WHERE seq > 1000000")
    [(line,)] = connection.execute("SELECT line FROM reporting_governance.journal WHERE seq = 3").fetchall()
    more = json.dumps(json.loads(bytes(line)) | {"seq": 4}, separators=(",", ":")).encode()
    connection.execute(
        "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (4, %b, %b)",
        (more, sha256(b"\0" + more).digest()),
    )


@pytest.mark.parametrize("rewrite", [one_line, all_from_one, the_end, one_between])
def test_an_owner_who_rewrites_is_found(
    host: HostOn, database: str, tmp_path: Path, rewrite: Callable[[Connection], None]
) -> None:
    head = host.head(tmp_path / "kept")
    assert host.found(head)[0] == 0
    with server().connect(database) as connection:
        rewrite(connection)
    fresh = host_on(host.url, tmp_path / "fresh")  # who never saw the log
    code, found = fresh.found(head)
    assert code == 1, found
    host.call("run")  # goes on where it can
    assert fresh.found(head)[0] == 1


# -- who is not


TRICKS = {
    "change": "UPDATE reporting_governance.journal SET line = line",
    "change a part": "UPDATE reporting_governance.journal_000000 SET line = line",
    "change by conflict": "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (1, '', '') "
    "ON CONFLICT (seq) DO UPDATE SET line = excluded.line",
    "change by merge": "MERGE INTO reporting_governance.journal j USING (VALUES (1)) v (n) ON j.seq = v.n "
    "WHEN MATCHED THEN UPDATE SET line = ''",
    "take away": "DELETE FROM reporting_governance.journal",
    "take away a part": "DELETE FROM reporting_governance.journal_000000",
    "empty": "TRUNCATE reporting_governance.journal",
    "empty a part": "TRUNCATE reporting_governance.journal_000000",
    "drop": "DROP TABLE reporting_governance.journal",
    "drop a part": "DROP TABLE reporting_governance.journal_000000",
    "drop all": "DROP SCHEMA reporting_governance CASCADE",
    "detach": "ALTER TABLE reporting_governance.journal DETACH PARTITION reporting_governance.journal_000000",
    "rename": "ALTER TABLE reporting_governance.journal RENAME TO other",
    "another check": "ALTER TABLE reporting_governance.journal DROP CONSTRAINT leaf_is_of_its_line",
    "another default": "ALTER TABLE reporting_governance.journal ALTER inserted_by SET DEFAULT 'other'",
    "another owner": "ALTER TABLE reporting_governance.journal OWNER TO CURRENT_USER",
    "a table beside": "CREATE TABLE reporting_governance.mine ()",
    "a view in between": "CREATE VIEW reporting_governance.mine AS SELECT 1",
    "a rule": "CREATE RULE mine AS ON INSERT TO reporting_governance.journal DO INSTEAD NOTHING",
    "a trigger": "CREATE TRIGGER mine BEFORE INSERT ON reporting_governance.journal_000000 "
    "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "no triggers": "ALTER TABLE reporting_governance.journal DISABLE TRIGGER ALL",
    "a policy": "CREATE POLICY mine ON reporting_governance.journal USING (false)",
    "row security": "ALTER TABLE reporting_governance.journal ENABLE ROW LEVEL SECURITY",
    "an index": "CREATE INDEX mine ON reporting_governance.journal (leaf)",
    "a part of one's own": "CREATE TABLE reporting_governance.mine PARTITION OF reporting_governance.journal "
    "FOR VALUES FROM (-10) TO (0)",
    "who added it": "INSERT INTO reporting_governance.journal (seq, line, leaf, inserted_by) VALUES (99, '', '', 'x')",
    "when": "INSERT INTO reporting_governance.journal (seq, line, leaf, inserted_at) VALUES (99, '', '', 'epoch')",
    "copy in": "COPY reporting_governance.journal FROM STDIN",
    "copy in from a program": "COPY reporting_governance.blob FROM PROGRAM 'cat /etc/passwd'",
    "copy in from a file": "COPY reporting_governance.blob FROM '/etc/passwd'",
    "copy out to a program": "COPY reporting_governance.blob TO PROGRAM 'cat'",
    "signed heads": "UPDATE reporting_governance.log_checkpoint SET note = ''",
    "no signed heads": "DELETE FROM reporting_governance.log_checkpoint",
    "blobs": "UPDATE reporting_governance.blob SET content = ''",
    "no blobs": "DELETE FROM reporting_governance.blob",
    "segments": "DELETE FROM reporting_governance.segment",
    "leaves of what is retired": "INSERT INTO reporting_governance.retired_leaves VALUES (1, '', '')",
    "the version": "UPDATE reporting_governance.schema_version SET version = 9",
    "the roles": "GRANT reporting_governance_owner TO CURRENT_USER",
    "to be the owner": "SET ROLE reporting_governance_owner",
    "to be anybody": "SET SESSION AUTHORIZATION tests",
    "triggers off": "SET session_replication_role = replica",
    "system tables": "UPDATE pg_catalog.pg_class SET relowner = 0",
}


@pytest.fixture
def users(host: HostOn, database: str) -> Iterator[dict[str, str]]:
    """Make the roles, and a user in each; return how each names the database."""
    host.ok("store", "grants", "--execute")
    names = {"writer": f"h_writer_{database}", "reader": f"h_reader_{database}"}
    with server().connect(database) as connection:
        for name, group in zip(names.values(), (roles.WRITER, roles.READER), strict=True):
            connection.execute(f"CREATE ROLE {name} LOGIN IN ROLE {group}")
        connection.execute(f"GRANT TEMPORARY ON DATABASE {database} TO PUBLIC")
    yield {user: server().url(database, user=name) for user, name in names.items()}
    with server().connect(database) as connection:
        for name in names.values():
            connection.execute(f"DROP OWNED BY {name} CASCADE")
            connection.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("user", ["writer", "reader"])
def test_the_database_refuses_every_way_to_change_what_was_said(host: HostOn, users: dict[str, str], user: str) -> None:
    before = host.journal()
    with psycopg.connect(users[user], autocommit=True) as connection:
        for name, statement in TRICKS.items():
            if "MERGE" in statement and connection.info.server_version < 150000:
                continue
            try:
                connection.execute(statement.encode())
                ended = "done"
            except psycopg.Error as refused:
                ended = f"{refused.sqlstate}: {refused}"
            assert ended.startswith("42501"), (name, ended)
        connection.execute("GRANT ALL ON reporting_governance.journal TO CURRENT_USER")  # of which nothing comes
    with closing(Session(users[user], application="tests")) as session:
        powers = roles.powers(session)
    assert (powers.kind, powers.rewrites) == (user, ())
    assert host.journal() == before


@pytest.mark.parametrize("user", ["writer", "reader"])
def test_what_hides_our_tables_from_a_session_changes_nothing_for_others(
    host: HostOn, users: dict[str, str], user: str, tmp_path: Path
) -> None:
    """Tables and functions of one's own lie before ours for oneself alone, and ours are asked for by name."""
    before = host.journal()
    with psycopg.connect(users[user], autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE journal (LIKE reporting_governance.journal)")
        connection.execute("CREATE TEMP TABLE log_state (LIKE reporting_governance.log_state)")
        connection.execute(
            "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT decode('00', 'hex') $$"
        )
        connection.execute("SET search_path = pg_temp, public, reporting_governance, pg_catalog")
        if user == "writer":
            add = "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (900, '{}', '\\x00')"
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(add)
        host.ok("report", "checkpoint", "t", "more of it")
    assert host.journal()[: len(before)] == before
    with server().connect() as connection:  # the same for whoever connects as this role afterwards
        name = users[user].partition("://")[2].partition("@")[0]
        connection.execute(f"ALTER ROLE {name} SET search_path = pg_temp, public")
    another = host_on(users[user], tmp_path / "another")
    assert "1 task of ours" in another.ok("status").out


def test_a_line_that_a_writer_adds_by_hand_is_no_line(
    host: HostOn, database: str, users: dict[str, str], tmp_path: Path
) -> None:
    """What does not chain stops every host until the owner takes it away, and is never taken for something said."""
    head, line = host.head(tmp_path / "kept"), b'{"no":"line"}'
    last = len(host.journal())
    with psycopg.connect(users["writer"], autocommit=True) as connection:
        connection.execute(
            "INSERT INTO reporting_governance.journal (seq, line, leaf) VALUES (%s, %b, %b)",
            (last + 1, line, sha256(b"\0" + line).digest()),
        )
    for words in (("status",), ("report", "checkpoint", "t", "more"), ("run",)):
        stopped = host.call(*words)
        assert (stopped.code, stopped.out) == (3, ""), stopped
        assert f"damaged: line {last + 1} does not chain" in stopped.err
    code, found = host.found(head)
    assert (code, "tail-torn" in found) == (3, True)
    with server().connect(database) as connection:  # as its owner
        connection.execute("DELETE FROM reporting_governance.journal WHERE seq > %s", (last,))
    host.ok("report", "checkpoint", "t", "more")
    assert host.found(head)[0] == 0
    assert not [line for line in host.journal() if line["type"] == "log.loss"]
