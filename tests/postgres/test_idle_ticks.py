"""What a tick of one host asks a database in which many tasks of others are open: no more than where few are."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import parse_time
from reporting_governance.storage.postgres import listing
from tests.acceptance.verbs import Verbs, profile
from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.home import server
from tests.postgres.proxy import Proxy, Side

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("databases")]

FEW, MANY = 40, 4_000
#: What others have open: the start of an id, and how many there are for each task.
_OTHERS = {
    Folder.TASKS: (("tsk_", 1.0),),
    Folder.EPISODES: (("epi_", 0.5), ("thr_", 0.5)),
    Folder.WATCH: (("src_", 0.5),),
    Folder.QUEUE: (("ntc_", 0.5),),
    Folder.SPOOL: (("spl_", 0.5),),
    Folder.EVENTS: (("evt_", 0.5),),
}
_ROWS = (
    "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables WHERE relname LIKE 'work%'"
)


class Spent(NamedTuple):
    """What a tick took of the database."""

    statements: int
    received: int  #: bytes of what was found
    read: int  #: rows that the server read of work


@pytest.fixture
def _parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs are forks of ours: let them list a folder in parts as soon as it has more than a few names."""
    monkeypatch.setattr(listing, "WHOLE", 8)
    monkeypatch.setattr(listing, "FIRST", 4)


def _others(databases: PostgresBackEnd, root: str, tasks: int) -> None:
    """Let other hosts have work that is due in a year, and their marks."""
    with server().connect(databases.database(root)) as connection:
        for folder, kinds in _OTHERS.items():
            for prefix, share in kinds:
                due = "99991231T235959.999Z" if prefix == "src_" else "20991231T000000.000Z"
                values = (folder.value, prefix, due, round(tasks * share))
                connection.execute(
                    "INSERT INTO reporting_governance.work (folder, id, due, seq) "
                    "SELECT %s, %s || md5(i::text), %s, 1 FROM generate_series(1, %s) i",
                    values,
                )
        connection.execute(
            "INSERT INTO reporting_governance.work_body (folder, id, seq, body) "
            'SELECT folder, id, seq, \'{"of":"another host"}\' FROM reporting_governance.work w WHERE NOT EXISTS '
            "(SELECT 1 FROM reporting_governance.work_body b WHERE (b.folder, b.id) = (w.folder, w.id))"
        )


def _rows_read(databases: PostgresBackEnd, root: str) -> int:
    with server().connect(databases.database(root)) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        [(rows,)] = connection.execute(_ROWS).fetchall()
    return int(rows)


def _spent(databases: PostgresBackEnd, verbs: Verbs, *words: str) -> Spent:
    statements = received = 0

    def count(side: Side, _: int, message: bytes) -> None:
        nonlocal statements, received
        statements += side is Side.CLIENT and message[:1] == b"E"
        received += len(message) if side is Side.SERVER and message[:1] == b"D" else 0

    root = str(verbs.state)
    before = _rows_read(databases, root)
    with Proxy(server().socket_path, watcher=count) as network:
        databases.through = network
        assert verbs.ok(*words).out == ""
        databases.through = None
    return Spent(statements, received, _rows_read(databases, root) - before)


@pytest.mark.usefixtures("_parts")
def test_an_idle_tick_reads_no_more_where_much_is_open(databases: PostgresBackEnd, tmp_path: Path) -> None:
    spent = {}
    for tasks in (FEW, MANY):
        verbs = Verbs(tmp_path / str(tasks))
        verbs.ok("init")
        verbs.ok("report", "start", "mine", "--agent", "coder", "--every", "12h")
        verbs.ok("run")
        _others(databases, str(verbs.state), tasks)
        verbs.ok("run")
        spent[tasks] = _spent(databases, verbs, "run")
    few, many = spent[FEW], spent[MANY]
    assert few.statements > 20
    # What a tick asks only now and then may fall into one of the two.
    assert many.statements <= few.statements + 12
    assert many.received <= few.received * 1.2
    assert many.read <= few.read + 60
    assert many.read < FEW * len(_OTHERS)


@pytest.mark.usefixtures("_parts")
def test_an_idle_tick_asks_no_more_where_many_hosts_are_known(databases: PostgresBackEnd, tmp_path: Path) -> None:
    spent = {}
    for hosts in (2, 200):
        verbs = Verbs(tmp_path / str(hosts))
        verbs.ok("init")
        _others(databases, str(verbs.state), FEW)
        with server().connect(databases.database(str(verbs.state))) as connection:
            connection.execute(
                "INSERT INTO reporting_governance.host (name, boot_id, seen_at, skew_ms) "
                "SELECT 'host ' || i, 'its boot', clock_timestamp(), 0 FROM generate_series(1, %s) i",
                (hosts,),
            )
        verbs.ok("run")
        spent[hosts] = _spent(databases, verbs, "run")
    assert spent[200].statements <= spent[2].statements + 12


def test_nobody_was_away_while_another_host_watched(databases: PostgresBackEnd, tmp_path: Path) -> None:
    """A host that comes back is told by the database that there is no gap; only when none watched there is one."""
    verbs = Verbs(tmp_path / "mine")
    verbs.ok("report", "start", "mine", "--agent", "coder", "--every", "12h")
    verbs.ok("run")
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute(
            "INSERT INTO reporting_governance.host (name, boot_id, seen_at, skew_ms) "
            "VALUES ('another', 'its boot', clock_timestamp(), 0)"
        )
    _came_back(verbs)
    assert not _gaps(verbs)
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute("UPDATE reporting_governance.host SET seen_at = seen_at - interval '30 minutes'")
    _came_back(verbs)
    assert len(_gaps(verbs)) == 1


def test_what_only_a_host_that_comes_back_can_see_is_not_held_against_anybody_yet(
    databases: PostgresBackEnd, tmp_path: Path
) -> None:
    listed = tmp_path / "tasks.json"
    listed.write_text('{"tasks": []}')
    first = "sources:                              # task sources beside our own task files, which are always read\n"
    mine = profile(tmp_path, (first, f"{first}  - source: json\n    parameters: {{path: {listed}}}\n"))
    verbs = Verbs(tmp_path / "mine", options=("--profile", str(mine)))
    verbs.ok("run")
    kept = verbs.state / "journal" / "away"
    before = json.loads(kept.read_text())
    assert (before["gap"], before["pace_seconds"]) == (None, 0)
    with server().connect(databases.database(str(verbs.state))) as connection:
        connection.execute(
            "INSERT INTO reporting_governance.host (name, boot_id, seen_at, skew_ms) "
            "VALUES ('another', 'its boot', clock_timestamp(), 0)"
        )
    _came_back(verbs)
    assert not _gaps(verbs), "another host watched"
    gap = json.loads(kept.read_text())["gap"]
    assert parse_time(gap["ended_at"]) - parse_time(gap["began_at"]) > timedelta(minutes=59)


def _came_back(verbs: Verbs) -> None:
    """Run on a host that did not for an hour."""
    ago = time.time() - 3600
    os.utime(verbs.state / "last-scan", (ago, ago))
    verbs.ok("run")


def _gaps(verbs: Verbs) -> list[object]:
    marks = [each.get("cursor") or {} for each in verbs.records("source-mark")]
    return [mark["gap"] for mark in marks if mark.get("gap")]


#: What nothing that a tick with nothing due does needs; it cost more than the driver had left of its share.
_ONLY_WHEN_DUE = "yaml jsonschema jsonschema_rs cryptography html"
_OURS_ONLY_WHEN_DUE = (
    "stages.sending stages.bridge stages.enqueue core.policy_evaluator core.policy_compiling contracts.shape "
    "storage.files.snapshots storage.files.writer storage.postgres.exporting storage.postgres.not_connected"
)


@pytest.mark.parametrize("verb", ["scan", "run"])
def test_an_idle_tick_imports_nothing_that_it_does_not_need(
    databases: PostgresBackEnd, tmp_path: Path, verb: str
) -> None:
    verbs = Verbs(tmp_path / "mine")
    verbs.ok("init")
    verbs.ok("report", "start", "mine", "--agent", "coder", "--every", "12h")
    verbs.ok("run")
    verbs.ok("run")
    program = "import sys; from reporting_governance.__main__ import main; main(sys.argv[1:]); print(*sys.modules)"
    database = server().url(databases.database(str(verbs.state)))
    words = [sys.executable, "-P", "-c", program, verb, "--state", database, "--local", str(verbs.state)]
    done = subprocess.run(words, env=verbs.variables(), capture_output=True, text=True, timeout=60, check=True)
    modules = set(done.stdout.split())
    assert "psycopg" in modules, "or it was not asked"
    ours = {f"reporting_governance.{each}" for each in _OURS_ONLY_WHEN_DUE.split()}
    assert modules & {*_ONLY_WHEN_DUE.split(), *ours} == set()
