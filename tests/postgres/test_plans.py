"""How the server finds what a tick asks for: by a key or an index, never by reading a table that grows.

The server itself tells, by its own auto_explain, how it answered each statement that real verbs sent, with the settings
and the plans that these had.  Tables are filled first, and looked at with no statistics, with old ones from when next
to nothing was there, and with new ones.
"""

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import reporting_governance.storage.postgres as rooms
from reporting_governance.commands._clock import SystemClock
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.stages.jobs_enqueue import JobRequest, enqueue_jobs
from reporting_governance.storage.interface import Addition, Group
from tests.acceptance.forked import run_forked
from tests.acceptance.verbs import ROOT
from tests.postgres.back_end import open_store
from tests.postgres.home import migrate_database, own_server
from tests.postgres.servers import Server
from tests.storage.building import NOW

pytestmark = pytest.mark.postgres

MANY = 10_000
MOST_ROWS = 3_000  #: that a step of a plan may look at: a listing comes whole up to 1,000 names
EXPLAINING = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "log_line_prefix": "",
    "autovacuum": "off",  # or statistics would come by themselves
}
#: One row, or one for each segment, host, part that was retired: reading all of it is right.
#: Silences are made by people, for some hours each, and every run needs all of them.
SMALL = {"log_state", "schema_version", "segment", "host", "snapshot", "retired_leaves"}
#: What a tick never asks, by who does.  Whatever is new has to be seen in a tick here, or be named with its reason.
NOT_OF_A_TICK = {
    "store migrate, store grants, doctor": "ADD_VERSION HAS_VERSION PARTITIONS LAST_SPILLED STATE_SEQ _MAY _MAY_INSERT",
    "store status, store copy": "_SIZE ALL_NAMES _ADD_BLOB _LAST _MOVE LAST_OF_ALL",
    "export-audit, verify-audit": "SEGMENTS LOG_CHECKPOINTS RETIRED_LEAVES RETIRED_LEAVES_OF SNAPSHOT SNAPSHOTS _BLOBS",
    "store rebuild, and after a loss": "ADD_SEGMENT_READ ALL_SEGMENTS EMPTY_BODIES EMPTY_SEGMENTS EMPTY_WORK LINE_AT",
    "once for a segment, which is 64 MiB or a day": "ADD_SEGMENT PAST_BEFORE FORGET_PAST FORGET_PAST_BODIES",
    "prune": "BLOBS_IN_VIEWS DROP_LINES DROP_LOG_CHECKPOINTS DROP_SEGMENTS DROP_SNAPSHOTS FORGET_RETIRED_BLOBS "
    "RETIRED_UNTIL HEADS_WITH_LINES KEEP_LEAVES KEEP_SNAPSHOT RETIRED_BLOBS TAKE_BLOBS",
    "erase, explain: they look for words in all lines": "BLOBS_HOLDING BLOBS_OF_SIZES ERASE_BLOBS HOLDING LEFT_BEHIND",
    "anchors, the first key": "REPLACE_LOG_CHECKPOINT _CLAIM_ALONE",
    "status, metrics, retry: they show all open work": "ALL COUNT PAST_NAMES",
    "a commit on a listing that is ten thousands of lines old": "NAMED_AFTER",
    "late receipts, and acts": "_FORGET_HEARTBEAT",
}
#: What settles, and what it stands on: each row by its primary key.
SETTLING = re.compile("EXISTING|BODIES|CLAIM|REMOVE_.*|PUT_.*")


@dataclass(frozen=True, slots=True)
class Explained:
    """One statement, and how it was answered."""

    names: frozenset[str]  #: of the constants that hold its text
    text: str
    plan: dict[str, Any]

    def scans(self) -> Iterator[dict[str, Any]]:
        """Yield the steps that read a table."""
        yield from (step for step in _steps(self.plan) if "Relation Name" in step and "Scan" in step["Node Type"])


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _steps(below)


def _shape(text: str) -> str:
    """Return a statement as the driver and the server spell it alike."""
    return re.sub(r"\s+", " ", re.sub(r"%[sbt]|\$\d+", "?", text)).replace("%%", "%").strip()


def statements() -> dict[str, set[str]]:
    """Return the names of all constants of the back end that hold a statement about our tables, by its shape."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.iter_modules(rooms.__path__):
        for name, value in vars(importlib.import_module(f"{rooms.__name__}.{module.name}")).items():
            if isinstance(value, str) and re.match(
                r"(SELECT|INSERT|UPDATE|DELETE|WITH)\b.*reporting_governance\.", value
            ):
                found.setdefault(_shape(value), set()).add(name)
    return found


def explained(log: str) -> list[Explained]:
    """Return every statement that the server's log shows."""
    known = statements()
    found = []
    for text in re.findall(r"  plan:\n(\t\{.*?\n\t\})$", log, re.DOTALL | re.MULTILINE):
        document = json.loads(text.replace("\n\t", "\n"))
        names = known.get(_shape(document["Query Text"]), set())
        found.append(Explained(frozenset(names), document["Query Text"], document["Plan"]))
    return found


def faults(seen: list[Explained], large: set[str]) -> list[str]:
    """Return what reads more of a large table than it should."""
    found = []
    for each in seen:
        for step in each.scans():
            relation = step["Relation Name"]
            rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
            rows = (rows + step.get("Rows Removed by Index Recheck", 0)) * step["Actual Loops"]
            if relation in large and (step["Node Type"] == "Seq Scan" or rows > MOST_ROWS):
                name = "/".join(sorted(each.names)) or each.text[:80]
                found.append(f"{name}: {step['Node Type']} over {relation}, {rows:.0f} rows")
    return sorted(set(found))


# -- a database in which everything has grown


class Host:
    """Real verbs on one database, as a host of its own."""

    def __init__(self, server: Server, database: str, local: Path) -> None:
        self.server = server
        self.database = database
        self.local = local
        self.url = server.url(database)
        local.mkdir(parents=True)

    def ok(self, *arguments: str) -> None:
        theirs = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "REPORTGOV"))}
        environment = {**theirs, "HOME": str(self.local / "home"), "PYTHONPATH": str(ROOT / "lib")}
        place = ("--state", self.url, "--local", str(self.local))
        code, out, err = run_forked([arguments[0], *place, *arguments[1:]], environment, 60)
        assert (code, err) == (0, b""), (arguments, code, out, err)


def tick(host: Host, task: str) -> list[Explained]:
    """Let something become due, be told and be over, and very many jobs be due; return what the server was asked."""
    before = len(host.server.log())
    host.ok("report", "start", task, "--agent", "coder", "--every", "1m", "--at", "2026-01-01T00:00:00Z")
    host.ok("report", "heartbeat", task)
    host.ok("run")
    host.ok("run")
    host.ok("report", "checkpoint", task, "here again, with words that are not in the line but beside it. " * 40)
    host.ok("jobs", "enqueue", "noop", "--key", task)
    store = open_store(host.url, str(host.local))
    enqueue_jobs(store, [JobRequest(kind="noop")] * 110, clock=SystemClock())
    store.close()
    host.ok("jobs", "run")
    host.ok("run")
    host.ok("report", "complete", task)
    host.ok("run")
    return explained(host.server.log()[before:])


def fill(host: Host) -> set[str]:
    """Let every table that grows have many rows; return which those are."""
    store = open_store(host.url, str(host.local))
    for first in range(0, MANY, 200):
        store.commit([_settled(number) for number in range(first, first + 200)], now=NOW)
    store.close()
    with host.server.connect(host.database) as connection:
        for folder in set(Folder) - {Folder.SILENCES}:
            due = "''" if folder is Folder.PAST else "'20990101T000000.000Z'"
            connection.execute(
                "WITH made AS (INSERT INTO reporting_governance.work (folder, id, due, seq) "
                f"SELECT %s, 'fil_' || lpad(n::text, 32, '0'), {due}, n FROM generate_series(1, {MANY}) n RETURNING *) "
                "INSERT INTO reporting_governance.work_body SELECT folder, id, seq, '{}' FROM made",
                (folder.value,),
            )
        for table, values in (
            ("blob (digest, content)", "lpad(n::text, 64, '0'), repeat('x', 2000)::bytea"),
            ("claim", "'jobs', 'fil_' || n, n, 'token', 'elsewhere', clock_timestamp() - interval '1 minute'"),
            ("heartbeat", "'task-' || n, clock_timestamp()"),
            ("log_checkpoint", "-n, 'note'"),
        ):
            select = f"SELECT {values} FROM generate_series(1, {MANY}) n"
            connection.execute(f"INSERT INTO reporting_governance.{table} {select}")
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'reporting_governance'::regnamespace"
        ).fetchall()
        large = set()
        for (name,) in tables:
            (rows,) = connection.execute(f"SELECT count(*) FROM reporting_governance.{name}").fetchone() or (0,)
            large |= {name} if rows >= MANY else set()
        assert {_whole(name) for name in large} | SMALL == {_whole(name) for (name,) in tables}
    return large


def _whole(table: str) -> str:
    """Return the name of the table that one is a part of, or its own."""
    return re.sub(r"^(journal|work_body|work)_.*", r"\1", re.sub("^work_body$", "work_body_", table))


def _settled(number: int) -> Group:
    identity = f"ntc_{number:032x}"
    views = (ViewKey(Folder.PAST, identity, ""),)
    return Group(additions=(Addition(record=RecordLine(kind="notice", id=identity, body={"n": number}, views=views)),))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server(settings=EXPLAINING) as mine:
        yield mine


def _host(server: Server, folder: Path) -> Host:
    name = server.new_database()
    migrate_database(server.url(name))
    host = Host(server, name, folder)
    host.ok("init")
    tick(host, "first")
    return host


@pytest.mark.parametrize("statistics", ["none", "old"])
def test_no_tick_reads_a_table_that_grows(server: Server, tmp_path: Path, statistics: str) -> None:
    host = _host(server, tmp_path / "host")
    with server.connect(host.database) as connection:
        if statistics == "old":
            connection.execute("ANALYZE")  # most folders are empty now, and that is what the planner goes by
        large = fill(host)
        host.ok("run")  # looks through the lines that came since it last did, once
        seen = tick(host, "before")
        assert faults(seen, large) == []
        if statistics == "old":
            connection.execute("ANALYZE")
            seen += tick(host, "counted")
            assert faults(seen, large) == []
            _check_that_all_is_covered(seen, connection.info.server_version)
            connection.execute("DROP INDEX reporting_governance.work_due")
            found = faults(tick(host, "without-its-index"), large)
            assert any(each.startswith("LISTING: ") for each in found), found
        _check_that_rows_are_settled_by_key(seen)


def _check_that_all_is_covered(seen: list[Explained], version: int) -> None:
    every = set().union(*statements().values())
    asked = set().union(*(each.names for each in seen))
    others = set(" ".join(NOT_OF_A_TICK.values()).split())
    if version < 170_000:  # each id is removed by itself there
        others |= {"REMOVE_WORK", "REMOVE_BODIES"}
    assert every - asked == others, "a tick asks it: not here, or it is not named above"


def _check_that_rows_are_settled_by_key(seen: list[Explained]) -> None:
    found = set()
    for each in seen:
        for name in each.names:
            if not SETTLING.fullmatch(name):
                continue
            found.add(name)
            for step in _steps(each.plan):
                if step.get("Index Name", "").startswith(("work", "claim")):
                    assert step["Index Name"].endswith("_pkey"), (name, step)
                    assert re.search(r"\bid = ", step["Index Cond"]), (name, step)
    assert len(found) >= 8, found
