"""Whom a server does not let in, what is said of it, and how a verb ends: no other try would end otherwise."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reporting_governance.storage.postgres.not_connected import not_connected
from tests.acceptance.verbs import Verbs
from tests.postgres.bouncer import Bouncer
from tests.postgres.home import migrate_database, own_server, server
from tests.postgres.hosts import HostOn, host_on
from tests.postgres.servers import Server

pytestmark = pytest.mark.postgres

SECRET = "hunter22"
_ROLES = (
    f"CREATE ROLE known LOGIN PASSWORD '{SECRET}'",
    "CREATE ROLE group_only NOLOGIN",
    "CREATE ROLE many LOGIN CONNECTION LIMIT 0",
    "CREATE ROLE encrypted LOGIN",
    "CREATE DATABASE closed",
    "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
    "CREATE DATABASE locked ALLOW_CONNECTIONS false",
)
_WHO_MAY = """
local all tests trust
host closed,postgres known 127.0.0.1/32 scram-sha-256
hostssl all encrypted 127.0.0.1/32 trust
host all rejected 127.0.0.1/32 reject
host all nobody,group_only,many,tests 127.0.0.1/32 trust
"""
#: what is asked for -> how a verb ends, and words that it says
ENDS: Mapping[str, tuple[int, str]] = {
    "user=known password=wrong": (1, "password authentication failed"),
    "user=known passfile=/nowhere": (1, "no password supplied"),
    "user=nobody": (1, 'role "nobody" does not exist'),
    "user=group_only": (1, "not permitted to log in"),
    "user=tests dbname=missing": (1, 'database "missing" does not exist'),
    f"user=known password={SECRET} dbname=closed": (1, "permission denied for database"),
    "user=stranger": (1, "no pg_hba.conf entry"),
    "user=rejected": (1, "pg_hba.conf rejects"),
    "user=encrypted": (1, "no encryption"),
    "user=tests sslmode=require": (1, "SSL was required"),
    "user=tests sslmode=perhaps": (2, "sslmode"),
    "user=tests port=99999": (2, "nothing that libpq connects by"),
    "user=tests nonsense=1": (2, ""),
    "user=many": (75, "too many connections"),
    "user=tests dbname=locked": (75, "not currently accepting connections"),
    "user=tests host=nowhere.invalid": (75, "nowhere.invalid"),
    "user=tests port=1": (75, "Connection refused"),
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    """A server that asks for passwords, for encryption, and for more."""
    with own_server(tcp=True) as mine:
        with mine.connect() as connection:
            for statement in _ROLES:
                connection.execute(statement.encode())
        with open(f"{mine.data}/pg_hba.conf", "w", encoding="ascii") as file:
            file.write(_WHO_MAY)
        with mine.connect() as connection:
            connection.execute("SELECT pg_reload_conf()")
        migrate_database(mine.url())
        ends_at = time.monotonic() + 5
        while "reload" not in mine.log() and time.monotonic() < ends_at:
            time.sleep(0.02)
        yield mine


@pytest.fixture
def services(strict: Server, tmp_path: Path) -> Verbs:
    """Verbs that find each of these under the name of a service."""
    usual = {"host": "127.0.0.1", "port": str(strict.tcp_port), "dbname": "postgres"}
    lines = []
    for number, asked in enumerate(ENDS):
        given = usual | dict(each.split("=") for each in asked.split())
        lines += [f"[s{number}]", *(f"{name}={value}" for name, value in given.items())]
    (tmp_path / "services").write_text("\n".join(lines) + "\n")
    (tmp_path / "local").mkdir()
    return Verbs(tmp_path / "local", environment={"PGSERVICEFILE": str(tmp_path / "services")})


@pytest.mark.parametrize("asked", ENDS)
def test_each_says_why_and_none_says_the_password(services: Verbs, asked: str) -> None:
    code, words = ENDS[asked]
    host = HostOn(services.state, environment=services.environment, url=f"service=s{list(ENDS).index(asked)}")
    ended = host.call("status")
    assert (ended.code, ended.out) == (code, ""), ended
    assert words in ended.err
    assert SECRET not in ended.err
    assert len(ended.err.splitlines()) <= 3
    assert ("again" in ended.err) is (code in (1, 75))


@pytest.mark.parametrize("verb", ["run", "scan", "doctor", "store migrate", "store grants", "store status"])
def test_verbs_end_alike_where_they_are_not_let_in(services: Verbs, verb: str) -> None:
    host = HostOn(services.state, environment=services.environment, url="service=s0")
    ended = host.call(*verb.split())
    assert ended.code == 1
    assert "password authentication failed" in ended.out + ended.err
    if verb != "doctor":  # which says it of everything that it could not look at
        assert ended.err.count("password authentication failed") == 1


def test_a_gate_answers_and_keeps_its_record(services: Verbs) -> None:
    host = HostOn(services.state, environment=services.environment, url="service=s0")
    given = json.dumps({"session_id": "s1", "agent_id": "coder", "message": "Done."})
    assert json.loads(host.call("gate", given=given).out)
    assert [each for each in os.listdir(host.state / "inbox") if each.endswith(".json")]


def test_what_names_nothing_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    for named, words in {
        "service=missing": 'definition of service "missing" not found',
        f"${{file:{tmp_path}/none}}": "No such file",
        f"${{file:{tmp_path}/closed}}": "cannot be read",
    }.items():
        host = HostOn(tmp_path, environment={"PGSERVICEFILE": "/dev/null"}, url=named)
        ended = host.call("status")
        assert (ended.code, ended.out) == (2, ""), ended
        assert words in ended.err


def test_one_of_several_servers_that_is_only_away_may_come_back(tmp_path: Path) -> None:
    with own_server() as mine:
        (tmp_path / "none").mkdir()
        host = host_on(f"postgresql://nobody@/postgres?host={tmp_path}/none,{mine.folder}", tmp_path / "host")
        ended = host.call("status")
        assert ended.code == 75
        assert 'role "nobody" does not exist' in ended.err
        assert "No such file" in ended.err


def test_a_pooler_that_knows_nobody_of_that_name(tmp_path: Path) -> None:
    with Bouncer(server()) as bouncer:
        ended = host_on(bouncer.url(user="nobody"), tmp_path / "host").call("status")
        assert ended.code == 1, ended
        ended = host_on(bouncer.url("missing"), tmp_path / "other").call("status")
        assert ended.code == 1, ended
        bouncer.kill()
        assert host_on(bouncer.url(), tmp_path / "third").call("status").code == 75


@pytest.mark.parametrize(
    "words",
    [
        "FATAL:  the database system is starting up",
        "FATAL:  sorry, too many clients already",
        "session is read-only",
        "FATAL:  Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen",
        "timeout expired",
    ],
)
def test_words_that_may_be_others_the_next_time(words: str) -> None:
    message = f'connection failed: connection to server at "127.0.0.1", port 5432 failed: {words}'
    told = not_connected(message, "here")
    assert int(told.exit_code) == 75
    assert str(told) == f"here: {words.removeprefix('FATAL:').strip()}"
