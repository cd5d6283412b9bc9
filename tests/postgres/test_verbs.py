"""Verbs on a database: what they do on a folder, and what only a database has."""

import json
import os
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands._database import DatabaseClock
from reporting_governance.errors import StorageError
from reporting_governance.storage.postgres import roles
from reporting_governance.storage.postgres.backend import PostgresBackend
from reporting_governance.storage.postgres.connection import Session
from tests.acceptance.verbs import Verbs, profile, tree
from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.home import server
from tests.storage.building import NOW, later

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("databases")]

WORDS = "words of an agent that somebody may want erased " * 8


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "host-a")


def second_host(verbs: Verbs, databases: PostgresBackEnd, name: str = "host-b") -> Verbs:
    """Return verbs on the same database, with a folder of their own."""
    other = verbs.state.parent / name
    other.mkdir()
    (other / "database").write_text((verbs.state / "database").read_text())
    return Verbs(other)


def head_of(verbs: Verbs) -> dict[str, Any]:
    log: dict[str, Any] = verbs.ok("store", "status", "--format", "json").document()["log"]
    return log


def test_the_whole_chain(verbs: Verbs, tmp_path: Path) -> None:
    """From a check-in to a receipt, by single verbs; what people ask and do; a bundle that strangers verify."""
    log_id = verbs.ok("init", "--format", "json").document()["log_id"]
    verbs.overdue("nightly")
    verbs.ok("report", "checkpoint", "nightly", WORDS, "--at", "2026-01-01T00:00:30Z")
    for verb in ("scan", "enqueue", "dispatch", "bridge"):
        verbs.ok(verb, "--dry-run")
        verbs.ok(verb)
    (sent,) = verbs.outbox()
    notice = sent["notice_ids"][0]
    assert [each["outcome"] for each in verbs.records("receipt")] == ["acked"]
    assert verbs.ok("run").out == ""

    assert "nightly" in verbs.ok("status").out
    assert verbs.ok("status", "--format", "json").document()["episodes"][0]["task_id"] == "nightly"
    assert "acked" in verbs.ok("explain", notice).out
    verbs.ok("ack", notice, "--comment", "on it")
    verbs.ok("silence", "add", "task_id=nightly", "--for", "1h", "--comment", "known")
    verbs.ok("routes", "test", "nightly")
    assert verbs.call("retry", "spl_1").code == 2
    verbs.ok("keys", "rotate")
    verbs.ok("run")

    head = head_of(verbs)
    assert head["log_id"] == log_id
    assert head["signed"] == head["lines"] == len(verbs.journal())
    bundle = verbs.ok("export-audit", "--output", tmp_path, "--format", "json").document()["path"]
    key = verbs.ok("keys", "show", "--format", "json").document()["key"]["verifier_key"]
    verified = verbs.call("verify-audit", bundle, "--key", key, "--require", "authenticity", "--format", "json")
    assert verified.code == 0, verified


def test_the_log_itself_is_verified_and_an_owner_who_changes_it_is_found(
    verbs: Verbs, databases: PostgresBackEnd, tmp_path: Path
) -> None:
    verbs.ok("init")
    verbs.ok("report", "start", "t", "--agent", "coder")
    verbs.ok("report", "checkpoint", "t", WORDS)
    verbs.ok("run")
    key = verbs.ok("keys", "show", "--format", "json").document()["key"]["verifier_key"]
    asked = ("verify-audit", "--key", key, "--require", "authenticity")
    assert verbs.call(*asked).code == 0
    with server().connect(databases.database(str(verbs.state))) as connection:
        (line,) = connection.execute("SELECT line FROM reporting_governance.journal WHERE seq = 4").fetchone() or ()
        changed = bytes(line).replace(b"coder", b"doker")
        assert changed != bytes(line)
        connection.execute(
            "UPDATE reporting_governance.journal SET line = %b, leaf = sha256(%b) WHERE seq = 4",
            (changed, b"\0" + changed),
        )
    assert verbs.call(*asked).code == 1
    assert not list(tmp_path.glob("**/reportgov-log-*"))


def test_a_text_is_erased_and_old_lines_are_asked_about(verbs: Verbs) -> None:
    verbs.ok("report", "start", "t", "--agent", "a")
    verbs.ok("report", "checkpoint", "t", WORDS)
    event = verbs.records("event-envelope")[-1]["event_id"]
    assert verbs.ok("erase", event, "--reason", "asked for", "--format", "json").document()["erased"]
    assert WORDS[:40] not in verbs.ok("explain", "t").out
    assert verbs.ok("prune", "--keep", "1d", "--format", "json").document()["segments"] == []
    verbs.ok("doctor", "--rebuild")
    assert verbs.ok("status", "--format", "json").document()["lines"] == len(verbs.journal())


def test_a_gate_records_and_answers(verbs: Verbs) -> None:
    verbs.ok("report", "start", "t", "--agent", "coder")
    given = json.dumps({"session_id": "s1", "task_id": "t", "agent_id": "coder", "message": "All done."})
    answered = verbs.call("gate", given=given)
    assert answered.code in (0, 1), answered
    assert json.loads(answered.out)
    assert "decision-record-artifact" in {line["record"]["kind"] for line in verbs.journal() if "record" in line}


def test_two_hosts_are_one(verbs: Verbs, databases: PostgresBackEnd) -> None:
    """What one host was told the other goes on with; one signs, and the other says why it does not."""
    verbs.ok("init")
    other = second_host(verbs, databases)
    verbs.overdue("nightly")
    other.ok("run")
    assert (len(verbs.outbox()), len(other.outbox())) == (0, 1)
    assert verbs.ok("run").out == ""
    assert len(verbs.journal()) == len(other.journal())
    assert "nightly" in verbs.ok("status").out
    other.ok("report", "checkpoint", "nightly", "more")
    seen = {each["rule"]: each for each in other.ok("doctor", "--format", "json").document()["checks"]}
    assert "another host has the key" in seen["GOV915"]["seen"]
    assert not (other.state / "keys").exists()


def test_hosts_that_begin_at_once_make_one_key(verbs: Verbs, databases: PostgresBackEnd) -> None:
    assert verbs.place  # the database is there
    hosts = [verbs, second_host(verbs, databases), second_host(verbs, databases, "host-c")]
    begun = [each.start("init", "--format", "json") for each in hosts]
    assert [process.wait(60) for process in begun] == [0, 0, 0]
    for process in begun:
        process.communicate()
    assert [line["type"] for line in verbs.journal()].count("log.key") == 1
    assert sum((each.state / "keys").exists() for each in hosts) == 1


def test_a_sign_of_life_at_one_host_is_one_for_all(databases: PostgresBackEnd, tmp_path: Path) -> None:
    databases.prepare(str(tmp_path / "a"))
    url = databases.url(str(tmp_path / "a"))
    a, b = (PostgresBackend(url, local=str(tmp_path / name), actor="uid:0", host=name) for name in ("a", "b"))

    def noted() -> list[Any]:
        return a.session.rows("SELECT heard_at FROM reporting_governance.heartbeat")

    assert b.heartbeats(["t", "u"]) == {"t": None, "u": None}
    a.heartbeat("t", NOW)
    assert b.heartbeats(["t", "u"]) == {"t": NOW, "u": None}
    a.heartbeat("t", later(10))  # known exactly here, and there soon enough
    assert (a.heartbeats(["t"]), b.heartbeats(["t"])) == ({"t": later(10)}, {"t": NOW})
    assert len(noted()) == 1
    a.heartbeat("t", later(16))
    assert b.heartbeats(["t"]) == {"t": later(16)}
    b.heartbeat("t", later(-100))  # the clock was set back
    assert b.heartbeats(["t"]) == {"t": later(-100)}
    a.forget_heartbeat("t")
    assert noted() == []
    for each in (a, b):
        each.close()


def test_what_stays_on_the_host(verbs: Verbs) -> None:
    verbs.overdue("nightly")
    verbs.ok("run")
    there = {each for each in os.listdir(verbs.state) if (verbs.state / each).is_dir()}
    assert {"inbox", "heartbeats", "outbox", "journal", "keys"} <= there
    assert not (verbs.state / "journal/log").exists()
    (verbs.state / "inbox/x.tmp").write_text(json.dumps({"verb": "checkpoint", "task": "nightly"}))
    (verbs.state / "inbox/x.tmp").rename(verbs.state / "inbox/x.json")
    verbs.call("run")
    assert list((verbs.state / "inbox").iterdir()) == []
    assert not list((verbs.state / "corrupt").iterdir())


def test_a_dry_run_changes_nothing(verbs: Verbs) -> None:
    verbs.overdue("nightly")
    before, lines = tree(verbs.state), verbs.journal()
    assert "nightly" in verbs.ok("run", "--dry-run").out
    assert verbs.journal() == lines
    assert tree(verbs.state) == before


def test_a_profile_with_faults_leaves_the_last_good_one_in_force(verbs: Verbs, tmp_path: Path) -> None:
    """Also on a host that kept nothing of it: the log names it."""
    good = profile(tmp_path)
    verbs.ok("report", "start", "t", "--agent", "a", "--profile", good)
    good.write_text(good.read_text().replace("kind: DeploymentProfile", "kind: Nonsense"))
    (verbs.state / "journal/settings.json").unlink(missing_ok=True)
    found = verbs.call("status", "--profile", good, "--format", "json").document()
    assert found["profile_refused"]


# -- the database itself


def test_a_database_without_tables(verbs: Verbs) -> None:
    empty = server().new_database()
    url = server().url(empty)
    try:
        refused = Verbs(verbs.state).call("status", "--state", url)
        assert refused.code == 3
        assert "store migrate" in refused.err
        made = verbs.ok("store", "migrate", "--state", url, "--format", "json").document()
        assert (made["version_before"], made["partitions"]) == (0, 16)
        again = verbs.ok("store", "migrate", "--state", url, "--format", "json").document()
        assert (again["version_before"], again["partitions"]) == (made["version"], 0)
    finally:
        server().drop_database(empty)


def test_a_server_that_is_not_there(verbs: Verbs, tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@/gov?host={tmp_path}"
    for words in (("run",), ("status",), ("report", "start", "t", "--agent", "a"), ("store", "status")):
        away = verbs.call(*words, "--state", nowhere)
        assert (away.code, away.out) == (75, ""), away
        assert str(tmp_path) in away.err


def test_a_gate_answers_while_the_database_is_away(verbs: Verbs, tmp_path: Path) -> None:
    verbs.ok("init")
    given = json.dumps({"session_id": "s1", "agent_id": "coder", "message": "Done."})
    nowhere = f"postgresql://nobody@/gov?host={tmp_path}"
    answered = verbs.call("gate", "--state", nowhere, given=given)
    assert json.loads(answered.out)
    assert [each for each in os.listdir(verbs.state / "inbox") if each.endswith(".json")]


def test_no_password_on_a_command_line_nor_anywhere_else(verbs: Verbs, tmp_path: Path) -> None:
    refused = verbs.call("status", "--state", "postgresql://me:hunter2@db/gov")
    assert refused.code == 2
    assert "hunter2" not in refused.out + refused.err
    file = tmp_path / "url"
    file.write_text(f"postgresql://nobody:hunter2@/gov?host={tmp_path}")
    for verb in ("status", "run", "doctor"):
        away = verbs.call(verb, "--state", f"${{file:{file}}}")
        assert away.code in (1, 75)
        assert "hunter2" not in away.out + away.err
    file.write_text("postgresql://me:hunt/er2@db:5432/gov")
    wrong = verbs.call("status", "--state", f"${{file:{file}}}")
    assert wrong.code != 0
    assert "hunt" not in wrong.out + wrong.err


def test_a_file_names_the_database(verbs: Verbs, databases: PostgresBackEnd, tmp_path: Path) -> None:
    verbs.ok("report", "start", "t", "--agent", "a")
    (tmp_path / "url").write_text(databases.url(str(verbs.state)) + "\n")
    reference = f"${{file:{tmp_path}/url}}"
    assert "1 task of ours" in verbs.ok("status", "--state", reference).out
    line = verbs.ok("schedule", "print", "--cron", "--state", reference).out
    assert f"--state '{reference}' --local {verbs.state}" in line


# -- roles


@pytest.fixture
def granted(verbs: Verbs, databases: PostgresBackEnd) -> dict[str, str]:
    """Make the roles, and a user in each; return how each names the database."""
    verbs.ok("init")
    verbs.ok("store", "grants", "--execute")
    users = {"owner": roles.OWNER, "writer": roles.WRITER, "reader": roles.READER}
    with server().connect() as connection:
        for user, group in users.items():
            connection.execute(f"DROP ROLE IF EXISTS t_{user}")
            connection.execute(f"CREATE ROLE t_{user} LOGIN IN ROLE {group}")
    name = databases.database(str(verbs.state))
    return {user: server().url(name, user=f"t_{user}") for user in users}


def test_a_writer_does_all_that_a_host_does_and_changes_no_history(verbs: Verbs, granted: dict[str, str]) -> None:
    writer = granted["writer"]
    verbs.overdue("nightly")
    verbs.ok("run", "--state", writer)
    assert len(verbs.outbox()) == 1
    verbs.ok("ack", verbs.outbox()[0]["notice_ids"][0], "--state", writer)
    verbs.ok("jobs", "enqueue", "noop", "--state", writer)
    verbs.ok("jobs", "run", "--state", writer)
    head = verbs.ok("store", "status", "--state", writer, "--format", "json").document()
    assert head["role"]["kind"] == "writer"
    assert head["log"]["signed"] > 2
    import psycopg

    with psycopg.connect(writer, autocommit=True) as connection:
        for statement in (
            "UPDATE reporting_governance.journal SET line = line",
            "DELETE FROM reporting_governance.journal",
            "TRUNCATE reporting_governance.journal",
            "DELETE FROM reporting_governance.journal_000000",
            "UPDATE reporting_governance.log_checkpoint SET note = note",
            "DELETE FROM reporting_governance.log_checkpoint",
            "DELETE FROM reporting_governance.blob",
            "UPDATE reporting_governance.blob SET content = content",
            "INSERT INTO reporting_governance.journal (seq, line, leaf, inserted_by) VALUES (1, '', '', 'x')",
            "DROP TABLE reporting_governance.journal",
            "ALTER TABLE reporting_governance.journal DISABLE TRIGGER ALL",
            "CREATE TABLE reporting_governance.mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_views_are_made_anew_by_a_writer_and_not_by_a_reader(verbs: Verbs, granted: dict[str, str]) -> None:
    verbs.ok("report", "start", "t", "--agent", "a")
    verbs.ok("doctor", "--rebuild", "--state", granted["owner"])
    ended = verbs.call("doctor", "--rebuild", "--state", granted["writer"], "--format", "json")
    assert ended.document()["rebuilt"]
    before = verbs.journal()
    refused = verbs.call("doctor", "--rebuild", "--state", granted["reader"])
    assert refused.code == 1, refused
    assert "reporting_governance_writer" in refused.err, "who can is said"
    assert verbs.journal() == before


def test_keys_are_shown_to_a_reader(verbs: Verbs, granted: dict[str, str]) -> None:
    shown = verbs.ok("keys", "show", "--state", granted["reader"])
    assert shown.out == verbs.ok("keys", "show", "--state", granted["writer"]).out


@pytest.mark.parametrize("words", [("export-audit", "--output", "x.zip"), ("verify-audit",)], ids=lambda each: each[0])
def test_where_no_log_is_no_folder_is_made(
    verbs: Verbs, databases: PostgresBackEnd, tmp_path: Path, words: tuple[str, ...]
) -> None:
    databases.prepare(str(verbs.state))
    ended = verbs.call(*words, "--local", tmp_path / "not-there")
    assert ended.code == 3
    assert "no log is there" in ended.err
    assert not (tmp_path / "not-there").exists()


def test_a_reader_looks_and_adds_nothing(verbs: Verbs, granted: dict[str, str]) -> None:
    verbs.ok("report", "start", "t", "--agent", "a")
    before = verbs.journal()
    assert "1 task of ours" in verbs.ok("status", "--state", granted["reader"]).out
    refused = verbs.call("report", "checkpoint", "t", "more", "--state", granted["reader"])
    assert refused.code == 1
    assert "store grants" in refused.err
    assert verbs.journal() == before


def test_doctor_says_what_a_role_may(verbs: Verbs, granted: dict[str, str]) -> None:
    found = {}
    for user, url in granted.items():
        ended = verbs.call("doctor", "--state", url, "--format", "json")
        check = next(each for each in ended.document()["checks"] if each["rule"] == "GOV919")
        found[user] = (check["verdict"], re.sub(r".*: ", "", check["seen"]))
    assert found["writer"] == ("ok", "version 1; t_writer only adds to the log")
    assert found["reader"][0] == "bad"
    assert found["owner"][0] == "warning"
    assert "rewrite the log" in found["owner"][1]


def test_grants_can_be_made_again_and_take_back_what_was_given_by_hand(
    verbs: Verbs, granted: dict[str, str], databases: PostgresBackEnd
) -> None:
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute(f"GRANT DELETE ON reporting_governance.journal TO {roles.WRITER}")
    session = Session(granted["writer"], application="tests")
    assert roles.powers(session).rewrites == ("DELETE on journal",)
    verbs.ok("store", "grants", "--execute", "--state", granted["owner"])
    assert roles.powers(session).rewrites == ()
    session.close()


def test_an_owner_who_makes_no_roles_yet_is_made_a_member(verbs: Verbs) -> None:
    """As somebody who may make roles and is no superuser, in a database of his own."""
    name = server().new_database()
    with server().connect(name) as connection:
        connection.execute("DROP ROLE IF EXISTS t_admin")
        connection.execute("CREATE ROLE t_admin LOGIN CREATEROLE")
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO t_admin')
        for role in (roles.OWNER, roles.WRITER, roles.READER):  # of another test's database
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(f"GRANT {role} TO t_admin WITH ADMIN OPTION")
    url = server().url(name, user="t_admin")
    try:
        verbs.ok("store", "migrate", "--state", url)
        verbs.ok("store", "grants", "--execute", "--state", url)
        verbs.ok("store", "migrate", "--state", url)
        verbs.ok("store", "grants", "--execute", "--state", url)
    finally:
        server().drop_database(name)


def test_each_host_has_roles_of_its_own_and_says_which(verbs: Verbs, databases: PostgresBackEnd) -> None:
    verbs.ok("init")
    other = second_host(verbs, databases)
    verbs.ok("run")
    assert [line for line in verbs.journal() if "roles" in (line.get("meta") or {})] == []
    file = verbs.state / "roles.yaml"
    file.write_text("users: {root: admin}\n")
    file.chmod(0o644)
    for host in (verbs, other, verbs, other):
        host.ok("run")

    def said() -> list[Any]:
        return [line["meta"]["roles"]["sha256"] for line in verbs.journal() if "roles" in (line.get("meta") or {})]

    digest = sha256(file.read_bytes()).hexdigest()
    assert said() == [digest], "once, and the host that has none says nothing"
    checked = verbs.ok("roles", "check")
    assert f"on {os.uname().nodename}; every other host" in checked.out
    assert verbs.ok("roles", "check", "--format", "json").document()["only_on"] == os.uname().nodename
    seen = [each["seen"] for each in other.ok("doctor", "--format", "json").document()["checks"]]
    assert any("there is no" in each and "on this host its owner may do everything" in each for each in seen)
    file.chmod(0o666)
    verbs.call("run")
    file.unlink()
    verbs.ok("run")
    verbs.ok("run")
    assert said() == [digest, None, None]
    assert [line["reason"] for line in verbs.journal() if "roles" in (line.get("meta") or {})][1:] == [
        f"roles.yaml of {os.uname().nodename} does not count: its group or others may write it (mode 0666)",
        f"roles.yaml of {os.uname().nodename} is gone",
    ]
    assert verbs.call("verify-audit", "--require", "integrity").code == 0


# -- the clock


def test_every_record_bears_the_time_of_the_database(databases: PostgresBackEnd, tmp_path: Path) -> None:
    root = str(tmp_path / "host")
    databases.prepare(root)
    backend = PostgresBackend(databases.url(root), local=root, actor="uid:0")
    offset = backend.clock_offset()
    assert abs(offset.total_seconds()) < 0.5  # one machine
    clock = DatabaseClock(lambda: timedelta(seconds=-90))
    assert -91 < (clock.now() - DatabaseClock(timedelta).now()).total_seconds() < -89
    backend.note_host(timedelta(seconds=7))
    (host,) = backend.hosts()
    assert (host.name, host.skew_ms) == (os.uname().nodename, -7000)
    backend.close()


def test_a_clock_that_is_off_is_told(verbs: Verbs, databases: PostgresBackEnd) -> None:
    verbs.ok("init")
    verbs.ok("run")
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute("UPDATE reporting_governance.host SET name = 'elsewhere', skew_ms = 5000")
    (host,) = verbs.ok("store", "status", "--format", "json").document()["hosts"]
    assert (host["name"], host["skew_ms"], host["is_skewed"]) == ("elsewhere", 5000, True)
    seen = [each for each in verbs.call("doctor", "--format", "json").document()["checks"] if each["rule"] == "GOV919"]
    assert any(each["name"] == "database elsewhere" and "+5.0 s" in each["seen"] for each in seen)
    assert any(each["verdict"] == "ok" and "elsewhere 20" in each["seen"] for each in seen), "and when it ran last"
    assert "elsewhere +5.0 s" in verbs.ok("status").out
    for _ in range(3):
        assert verbs.ok("run").err == ""
    (told,) = verbs.outbox()
    assert "the clock of elsewhere is 5.0 s ahead of the database's" in told["body"]
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute("UPDATE reporting_governance.host SET skew_ms = 3 WHERE name = 'elsewhere'")
    verbs.ok("run")
    assert len(verbs.outbox()) == 2


def test_a_target_whose_hosts_are_silent_is_told_to_somebody_else(verbs: Verbs, databases: PostgresBackEnd) -> None:
    """What waits for them, and that one of them is back: the same host, once it has that name."""
    deputy = "\n    deputy: {targets: {box: {sender: file, parameters: {path: outbox/deputy.jsonl}}}}\n"
    changes = (
        ("          sender: file\n", "          sender: file\n          hosts: [inside]\n"),
        ("\n  routes:", deputy + "  routes:"),
    )
    verbs.ok("init")
    named = ("--profile", profile(verbs.state, *changes))
    verbs.overdue("nightly")
    for _ in range(3):
        verbs.ok("run", *named)
    box = verbs.state / "outbox/deputy.jsonl"
    assert "1 message waits for operator" in json.loads(box.read_text())["body"]
    assert verbs.outbox() == []
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute(
            "INSERT INTO reporting_governance.host "
            "SELECT 'inside', boot_id, seen_at, skew_ms FROM reporting_governance.host"
        )
    verbs.ok("run", *named)
    assert len(box.read_text().splitlines()) == 2


def test_while_a_database_is_away_its_clock_is_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measure() -> timedelta:
        asked.append(1)
        raise StorageError(path="x", reason="away")

    clock = DatabaseClock(measure)
    assert clock.now() <= clock.now()
    assert clock.offset() is None
    assert len(asked) == 1  # not at each look: a connection that fails takes seconds
