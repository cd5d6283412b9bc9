"""A database that belongs to another program: in use, at rest, locked, damaged, changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Known, SourceReading
from reporting_governance.adapters.tasks.openclaw import database as database_module
from reporting_governance.adapters.tasks.openclaw.database import DatabaseUnreadable, Reader, read_database
from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource
from reporting_governance.core.conditions import Condition
from tests.adapters.openclaw.states import Machine, State, by_title, what_is_there

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "openclaw", "running")


def read(state: State) -> SourceReading:
    return state.read(now=state.renewed_at + timedelta(seconds=10))


@contextmanager
def in_use(state: State) -> Iterator[sqlite3.Connection]:
    """Have the database open for writing, as the gateway has: what it writes stays in the log."""
    with closing(sqlite3.connect(state.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE task_runs SET label = 'renamed' WHERE label = 'hangs'")
        yield connection


def assert_unreadable(reading: SourceReading, *words: str) -> None:
    """Nothing is known: not that there are no tasks, and not that what is absent is gone."""
    assert reading.unreadable is not None
    assert not reading.complete
    assert list(reading.tasks) == []
    assert [each.rule for each in reading.findings] == ["GOV603"]
    for word in words:
        assert word in reading.unreadable


class TestInUse:
    def test_what_is_only_in_the_log_is_read(self, state: State) -> None:
        now = state.renewed_at
        machine = Machine(state.gateway())
        with in_use(state):
            before = what_is_there(state.folder)
            assert "renamed" in by_title(state.read(now=now, machine=machine))
            assert what_is_there(state.folder).keys() == before.keys()

    def test_an_open_transaction_of_the_writer_hinders_nobody(self, state: State) -> None:
        now = state.renewed_at
        machine = Machine(state.gateway())
        with in_use(state) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM task_runs")
            assert len(state.read(now=now, machine=machine).tasks) == 9
            connection.execute("ROLLBACK")

    def test_all_queries_see_one_moment(self, state: State) -> None:
        """A task that ends between two of our queries would else be neither unfinished nor ended."""

        def look(reader: Reader) -> tuple[int, int]:
            first = len(list(reader.select("task_runs", {"task_id": "task_id"})))
            with closing(sqlite3.connect(state.database, isolation_level=None)) as writer:
                writer.execute("DELETE FROM task_runs")
            return first, len(list(reader.select("task_runs", {"task_id": "task_id"})))

        with in_use(state):
            first, second = read_database(str(state.database), look)
        assert first == second > 0

    def test_while_it_is_written_all_the_time(self, state: State) -> None:
        stop = threading.Event()
        moments = []

        def write() -> None:
            with closing(sqlite3.connect(state.database, isolation_level=None, timeout=10)) as connection:
                number = 0
                while not stop.is_set():
                    number += 1
                    connection.execute("UPDATE task_runs SET progress_summary = ?", (f"step {number}",))
                    if number % 50 == 0:
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        now, machine = state.renewed_at, Machine(state.gateway())
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(60):
                reading = state.read(now=now, machine=machine)
                assert reading.unreadable is None
                moments.append(len(reading.tasks))
        finally:
            stop.set()
            writer.join()
        assert set(moments) == {9}


class TestAtRest:
    def test_nothing_is_made_in_its_folder(self, state: State) -> None:
        before = what_is_there(state.folder)
        state_now = state.renewed_at
        state.read(now=state_now)
        assert sorted(what_is_there(state.folder)) == sorted(before)

    def test_a_gateway_that_starts_meanwhile_is_noticed(self, state: State) -> None:
        """Then the file is being written while we believed it to be at rest, so it is read again."""
        seen = []

        def look(reader: Reader) -> list[str]:
            seen.append(reader)
            if len(seen) == 1:
                opened.append(sqlite3.connect(state.database, isolation_level=None))
                opened[0].execute("UPDATE task_runs SET label = 'renamed' WHERE label = 'hangs'")
            return [str(row["label"]) for row in reader.select("task_runs", {"label": "label"})]

        opened: list[sqlite3.Connection] = []
        labels = read_database(str(state.database), look)
        opened[0].close()
        assert len(seen) == 2
        assert "renamed" in labels

    def test_names_that_mean_something_in_an_address(self, tmp_path: Path) -> None:
        state = State(tmp_path / "a?mode=rwc#b %41", "running")
        assert read(state).unreadable is None


class TestNotReadable:
    def test_locked(self, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
        with closing(sqlite3.connect(state.database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            reading = OpenClawSource({"state": str(state.folder)}).read(now=NOW, baseline_at=NOW, known=frozenset())
            connection.execute("ROLLBACK")
        assert_unreadable(reading, "locked by another process")

    def test_damaged(self, state: State) -> None:
        now = state.renewed_at
        machine = Machine(state.gateway())
        with open(state.database, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(os.path.getsize(state.database) - 4096))
        assert_unreadable(state.read(now=now, machine=machine), "damaged")

    @pytest.mark.parametrize("content", [b"", b"this is no database at all, and long enough to be looked at" * 99])
    def test_something_else(self, state: State, content: bytes) -> None:
        state.database.write_bytes(content)
        reading = OpenClawSource({"state": str(state.folder)}).read(now=NOW, baseline_at=NOW, known=frozenset())
        assert_unreadable(reading)

    def test_gone(self, state: State) -> None:
        state.database.unlink()
        reading = OpenClawSource({"state": str(state.folder)}).read(now=NOW, baseline_at=NOW, known=frozenset())
        assert_unreadable(reading, "it holds neither state/openclaw.sqlite")

    def test_a_pipe_is_not_waited_for(self, state: State) -> None:
        state.database.unlink()
        os.mkfifo(state.database)
        reading = OpenClawSource({"state": str(state.folder)}).read(now=NOW, baseline_at=NOW, known=frozenset())
        assert_unreadable(reading, "no plain file")

    def test_a_link_is_not_followed(self, state: State, tmp_path: Path) -> None:
        state.database.rename(tmp_path / "elsewhere.sqlite")
        state.database.symlink_to(tmp_path / "elsewhere.sqlite")
        reading = OpenClawSource({"state": str(state.folder)}).read(now=NOW, baseline_at=NOW, known=frozenset())
        assert_unreadable(reading, "it is a link")

    def test_taking_too_long(self, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database_module, "READ_SECONDS", -1.0)
        monkeypatch.setattr(database_module, "_STEPS", 1)
        assert_unreadable(read(state), "took longer than")

    def test_an_installation_older_than_the_ledger_of_tasks(self, tmp_path: Path) -> None:
        sessions = tmp_path / "agents" / "main" / "sessions" / "sessions.json"
        sessions.parent.mkdir(parents=True)
        sessions.write_text("{}")
        reading = OpenClawSource({"state": str(tmp_path)}).read(now=NOW, baseline_at=NOW, known=frozenset())
        assert_unreadable(reading, "older than its ledger of tasks")

    def test_without_the_table_of_tasks(self, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        state.change("DROP TABLE task_runs")
        assert_unreadable(read(state), "task_runs")


class TestChanged:
    def test_another_schema_version_is_said_and_read(self, state: State) -> None:
        state.change("PRAGMA user_version = 19")
        reading = read(state)
        assert [each.rule for each in reading.findings] == ["GOV604"]
        assert "19" in reading.findings[0].message
        assert len(reading.tasks) == 9

    def test_new_tables_and_columns_are_no_matter(self, state: State) -> None:
        state.change("ALTER TABLE task_runs ADD COLUMN mood TEXT", "CREATE TABLE task_moods (a)")
        assert not read(state).findings
        assert len(read(state).tasks) == 9

    @pytest.mark.parametrize(
        ("statement", "missing", "title", "condition"),
        [
            ("DROP TABLE cron_run_receipts", "cron_run_receipts", None, None),
            ("DROP TABLE subagent_runs", "subagent_runs", "stuck", Condition.DEADLINE_MISSED),
            ("DROP TABLE cron_jobs", "cron_jobs", None, None),
            ("ALTER TABLE task_runs DROP COLUMN label", "task_runs.label", None, None),
            (
                "ALTER TABLE subagent_runs DROP COLUMN payload_json",
                "subagent_runs.payload_json",
                "stuck",
                "deadline_missed",
            ),
            ("ALTER TABLE gateway_boot_lifecycle DROP COLUMN outcome", "gateway_boot_lifecycle.outcome", None, None),
        ],
    )
    def test_what_is_missing_is_named_and_what_needs_it_is_unknown(
        self, state: State, statement: str, missing: str, title: str | None, condition: str | None
    ) -> None:
        state.change(statement)
        reading = read(state)
        assert [each.rule for each in reading.findings] == ["GOV605"]
        assert missing in reading.findings[0].message
        assert len(reading.tasks) == 9
        if title is not None:
            assert condition in by_title(reading)[title].unknown

    def test_without_any_word_about_owners_they_are_unknown(self, state: State) -> None:
        now = state.renewed_at
        state.change("DROP TABLE cron_run_receipts", "DROP TABLE state_leases", "DROP TABLE gateway_boot_lifecycle")
        reading = state.read(now=now, machine=Machine({}))
        owners = {each.task.title: each.facts[Condition.OWNER_DEAD].known for each in reading.tasks[:8]}
        assert owners["hangs"] is Known.UNKNOWN
        assert owners["stuck"] is Known.UNKNOWN

    def test_without_the_sessions_an_automation_is_not_called_silent(self, state: State) -> None:
        (state.folder / "agents" / "main" / "agent" / "openclaw-agent.sqlite").unlink()
        tasks = by_title(read(state))
        assert "sessions of agent main cannot be read" in tasks["hangs"].unknown[Condition.SILENCE_TIMEOUT]
        assert Condition.SILENCE_TIMEOUT not in tasks["HANG forever"].unknown  # its own row says when it was active

    def test_a_recorded_path_that_leads_elsewhere_is_not_followed(self, state: State, tmp_path: Path) -> None:
        outside = tmp_path / "outside.sqlite"
        inside = state.folder / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
        inside.rename(outside)
        for recorded in (str(outside), "../outside.sqlite"):
            state.change(f"UPDATE agent_databases SET path = '{recorded}'")
            assert Condition.SILENCE_TIMEOUT in by_title(read(state))["hangs"].unknown
        inside.symlink_to(outside)
        state.change("UPDATE agent_databases SET path = 'agents/main/agent/openclaw-agent.sqlite'")
        assert Condition.SILENCE_TIMEOUT in by_title(read(state))["hangs"].unknown


class TestRowsThatAreOdd:
    @pytest.fixture
    def loose(self, state: State) -> State:
        """The same tables without STRICT, as a hand or another program may have made them."""
        with closing(sqlite3.connect(state.database)) as connection, connection:
            rows = connection.execute("SELECT * FROM task_runs").fetchall()
            connection.execute("PRAGMA foreign_keys = OFF")
            ((sql,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'task_runs'").fetchall()
            connection.execute("DROP TABLE task_runs")
            connection.execute(sql.replace("STRICT", "").replace("NOT NULL", "").replace("PRIMARY KEY", ""))
            connection.executemany(f"INSERT INTO task_runs VALUES ({','.join('?' * len(rows[0]))})", rows)
        return state

    def test_one_bad_row_hides_no_other(self, loose: State) -> None:
        loose.change(
            "UPDATE task_runs SET task_id = NULL WHERE label = 'hangs'",
            "UPDATE task_runs SET runtime = x'07' WHERE label = 'stuck'",
        )
        reading = read(loose)
        assert {"hangs", "stuck"}.isdisjoint(by_title(reading))
        assert len(reading.tasks) == 7
        assert [each.rule for each in reading.findings] == ["GOV606", "GOV606"]
        assert not reading.complete  # what is not shown may be one of those

    @pytest.mark.parametrize("value", ["'soon'", "-5", "99999999999999999", "1.5", "x'00ff'"])
    def test_a_time_that_is_none_is_left_out(self, loose: State, value: str) -> None:
        loose.change(f"UPDATE task_runs SET last_event_at = {value} WHERE label = 'stuck'")
        reading = read(loose)
        assert [each.rule for each in reading.findings] == ["GOV607"]
        assert Condition.SILENCE_TIMEOUT in by_title(reading)["stuck"].unknown

    def test_a_status_that_is_not_known_is_neither_good_nor_bad(self, state: State) -> None:
        state.change("UPDATE task_runs SET status = 'pondering' WHERE label = 'stuck'")
        observed = by_title(read(state))["stuck"]
        assert set(observed.unknown) == {each.value for each in Condition}
        assert "pondering" in observed.unknown[Condition.OWNER_DEAD]

    def test_text_that_is_no_utf_8(self, loose: State) -> None:
        loose.change("UPDATE task_runs SET label = CAST(x'66ff6f' AS TEXT) WHERE label = 'hangs'")
        assert "f\N{REPLACEMENT CHARACTER}o" in by_title(read(loose))

    def test_documents_that_are_no_json(self, state: State) -> None:
        state.change("UPDATE subagent_runs SET payload_json = '{'", "UPDATE cron_jobs SET job_json = '[[['")
        tasks = by_title(read(state))
        assert Condition.DEADLINE_MISSED in tasks["stuck"].unknown
        assert tasks["hangs"].task.deadline_at is None

    def test_texts_without_end_are_cut(self, state: State) -> None:
        state.change(
            "UPDATE task_runs SET task = hex(zeroblob(4000000)), error = hex(zeroblob(4000000)), label = NULL "
            "WHERE label = 'stuck'"
        )
        reading = read(state)
        assert max(len(each.task.title) for each in reading.tasks) <= 120
        assert max(len(value) for each in reading.tasks for value in (each.task.labels or {}).values()) <= 200

    def test_terminal_controls_do_not_pass(self, state: State) -> None:
        state.change(
            "UPDATE task_runs SET label = 'a' || char(27) || '[31mred' || char(10) || 'b' WHERE label = 'stuck'"
        )
        assert "a\N{REPLACEMENT CHARACTER}[31mred b" in by_title(read(state))


class TestBounds:
    def test_no_query_reads_all_tasks(self, state: State) -> None:
        """Of 100,000 rows that have ended, only those after the baseline are touched."""
        with closing(sqlite3.connect(state.database)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info('task_runs')")]
            values = {name: name for name in columns}
            values["task_id"] = "task_id || '-' || series.n"
            values["ended_at"] = "1000 + series.n"
            values["status"] = "'succeeded'"
            values["child_session_key"] = values["requester_session_key"] = "'gone'"
            connection.execute(
                "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 100000) "
                f"INSERT INTO task_runs SELECT {', '.join(values[name] for name in columns)} "
                "FROM series, (SELECT * FROM task_runs LIMIT 1)"
            )
        now = state.renewed_at
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        class Spy(Reader):
            def __init__(self, connection: sqlite3.Connection, path: str) -> None:
                super().__init__(connection, path)
                connection.set_progress_handler(count, 1000)

        original = database_module.Reader
        database_module.Reader = Spy  # type: ignore[misc]
        try:
            reading = state.read(now=now, baseline_at=now - timedelta(days=1))
        finally:
            database_module.Reader = original  # type: ignore[misc]
        assert len(reading.tasks) == 9
        assert steps < 100, f"{steps},000 steps for 9 tasks"

    def test_more_than_is_read_at_once_is_said(self, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        from reporting_governance.adapters.tasks.openclaw import ledger

        monkeypatch.setattr(ledger, "MOST_UNFINISHED", 3)
        reading = read(state)
        assert not reading.complete
        assert [each.rule for each in reading.findings] == ["GOV608"]


def test_nothing_heavy_is_imported_where_there_is_no_openclaw(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource\n"
        f"assert not OpenClawSource({{'state': {str(tmp_path)!r}}}).is_present()\n"
        "print(*sys.modules)\n"
    )
    environment = {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert {"sqlite3", "subprocess", "selectors", "shutil", "urllib.parse"}.isdisjoint(done.stdout.split())


def test_reading_a_database_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreadable, match="No such file"):
        read_database(str(tmp_path / "none"), lambda reader: reader.version)
