"""Task states that another program keeps in a file or a folder."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.adapters.tasks import entry_work, json_file
from reporting_governance.adapters.tasks.json_file import JsonSource
from reporting_governance.contracts.task_state import (
    CheckpointPromise,
    ChildTask,
    TaskMode,
    TaskState,
    TaskStatus,
)
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Condition, Sight, Truth, judge
from reporting_governance.core.watch_settings import settings_for
from reporting_governance.errors import ContractError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(path: Path) -> SourceReading:
    return JsonSource({"path": str(path)}).read(now=NOW, baseline_at=None, known=frozenset())


def write(folder: Path, document: object, name: str = "watchdog-state.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def one(folder: Path, entry: dict[str, Any]) -> ObservedTask:
    (task,) = read(write(folder, [entry])).tasks
    return task


def true_ones(observed: ObservedTask) -> set[str]:
    sight = Sight(task=observed.task, unknown=observed.unknown)
    watchdog = Watchdog(silence_seconds=1800, forward_within_seconds=600, grace_seconds=300)
    verdicts = judge(sight, settings_for(watchdog, observed.task, source="json"), NOW)
    return {each.condition.value for each in verdicts if each.truth is Truth.TRUE}


class TestOurShape:
    def test_a_full_state_comes_back_as_it_was(self, tmp_path: Path) -> None:
        task = TaskState(
            task_id="t1",
            agent_id="agent",
            runtime="codex",
            status=TaskStatus.BLOCKED,
            title="move the data",
            mode=TaskMode.SILENT,
            started_at=NOW - timedelta(hours=3),
            status_changed_at=NOW - timedelta(hours=1),
            last_checkpoint_at=NOW - timedelta(hours=2),
            last_activity_at=NOW - timedelta(minutes=9),
            last_evidence_at=NOW - timedelta(hours=2),
            checkpoint=CheckpointPromise(every_seconds=600, grace_seconds=30),
            deadline_at=NOW + timedelta(hours=1),
            report_anchor="message 7",
            parent_task_id="t0",
            correlation_id="run-1",
            children=(ChildTask(task_id="c1", status=TaskStatus.COMPLETED, finished_at=NOW),),
            labels={"team": "data"},
            expects_forwarding=True,
        )
        reading = read(write(tmp_path, {"tasks": [task.dump()]}))
        assert [each.task for each in reading.tasks] == [task]
        assert not reading.findings
        assert reading.complete

    @pytest.mark.parametrize("status", list(TaskStatus))
    def test_every_status_is_read_as_itself(self, tmp_path: Path, status: TaskStatus) -> None:
        assert one(tmp_path, {"task_id": "t", "status": status.value}).task.status is status


class TestShapes:
    ENTRY: dict[str, Any] = {"task_id": "t1", "agent_id": "a", "status": "active"}  # noqa: RUF012 - never changed

    @pytest.mark.parametrize(
        "document",
        [
            [ENTRY],
            ENTRY,
            {"tasks": [ENTRY]},
            {"tasks": {"t1": {"agent": "a", "status": "active"}}},
            {"version": 1, "updatedAt": "2026-03-01T00:00:00Z", "runs": [ENTRY]},
            {"version": 1, "t1": {"agent": "a", "status": "active"}},
        ],
    )
    def test_lists_mappings_and_single_states(self, tmp_path: Path, document: object) -> None:
        reading = read(write(tmp_path, document))
        assert [(each.task.task_id, each.task.agent_id) for each in reading.tasks] == [("t1", "a")]
        assert not reading.findings

    @pytest.mark.parametrize("document", [[], {}, {"tasks": []}, {"tasks": {}}, {"version": 1}])
    def test_an_empty_file_of_states_is_no_fault(self, tmp_path: Path, document: object) -> None:
        reading = read(write(tmp_path, document))
        assert (list(reading.tasks), reading.complete, reading.unreadable) == ([], True, None)

    def test_a_folder_of_states(self, tmp_path: Path) -> None:
        for name in ("b.json", "a.json", ".hidden.json", "notes.txt"):
            write(tmp_path, {"runId": name, "status": "active"}, name)
        reading = read(tmp_path)
        assert [each.task.task_id for each in reading.tasks] == ["a.json", "b.json"]

    def test_the_state_of_one_sub_agent(self, tmp_path: Path) -> None:
        """The one-file-per-run shape of a watchdog over sub-agents."""
        observed = one(
            tmp_path,
            {
                "runId": "r1",
                "childSessionKey": "agent:main:subagent:7",
                "dispatchAt": "2026-03-01T11:00:00Z",
                "expectedBy": "2026-03-01T11:10:00Z",
                "completionReceivedAt": "2026-03-01T11:05:00Z",
                "forwardedToMain": False,
                "resultSource": "completion_event",
                "status": "suspect_done_not_forwarded",
                "statusUpdatedAt": "2026-03-01T11:20:00Z",
                "recoveryAttemptCount": 0,
                "notes": [],
            },
        )
        assert observed.task.started_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
        assert "result_not_forwarded" in true_ones(observed)

    def test_its_result_was_forwarded(self, tmp_path: Path) -> None:
        entry = {"runId": "r1", "completionReceivedAt": "2026-03-01T11:05:00Z", "forwardedToMain": True}
        observed = one(tmp_path, entry)
        assert observed.task.status is TaskStatus.COMPLETED
        assert "result_not_forwarded" not in true_ones(observed)

    @pytest.mark.parametrize(
        "promise",
        [
            {"checkpoint": {"every_seconds": 600}},
            {"checkpointIntervalMinutes": 10},
            {"every_seconds": 600.0},
            {"nextCheckpointAt": "2026-03-01T10:10:00Z"},
        ],
    )
    def test_a_missed_check_in_however_it_was_promised(self, tmp_path: Path, promise: dict[str, Any]) -> None:
        entry = {"id": 7, "status": "in_progress", "last_checkpoint_at": "2026-03-01T10:00:00Z", **promise}
        observed = one(tmp_path, entry)
        assert observed.task.task_id == "7"
        assert observed.task.checkpoint is not None
        assert observed.task.checkpoint.every_seconds == 600
        assert "checkpoint_overdue" in true_ones(observed)

    @pytest.mark.parametrize(
        "written", ["2026-03-01T11:00:00Z", "2026-03-01 12:00:00+01:00", 1772362800, 1772362800000]
    )
    def test_times_as_people_and_programs_write_them(self, tmp_path: Path, written: object) -> None:
        task = one(tmp_path, {"id": "t", "status": "active", "started": written}).task
        assert task.started_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


class TestFaults:
    def test_one_bad_entry_hides_no_other_and_says_where_it_is(self, tmp_path: Path) -> None:
        bad = ["7,", '{"status": "active"},', '{"task_id": "x", "status": "processing"}']
        text = "\n  ".join(["[", '{"task_id": "good", "status": "active"},', *bad]) + "\n]"
        reading = read(write(tmp_path, text))
        assert [each.task.task_id for each in reading.tasks] == ["good", "x"]
        found = [(each.rule, each.line, each.column, each.pointer) for each in reading.findings]
        assert found == [("GOV606", 3, 3, "/1"), ("GOV606", 4, 3, "/2"), ("GOV606", 5, 30, "/3/status")]
        assert not reading.complete

    @pytest.mark.parametrize("word", ["ongoing", "processing", "still working", "", 7, ["active"]])
    def test_a_vague_status_says_nothing_in_either_direction(self, tmp_path: Path, word: object) -> None:
        reading = read(
            write(tmp_path, [{"task_id": "t", "runtime": "codex", "status": word, "deadline": "2020-01-01T00:00:00Z"}])
        )
        (observed,) = reading.tasks
        assert set(observed.unknown) == {each.value for each in Condition}
        assert observed.task.runtime == "codex"  # it is part of what the task is called
        assert [each.rule for each in reading.findings] == ["GOV606"]
        assert reading.complete

    @pytest.mark.parametrize(
        "value", ["tomorrow", "2026-03-01T11:00:00", "2026-13-01T11:00:00Z", True, -1, 1e300, [], {}]
    )
    def test_a_time_that_is_none_makes_its_condition_unknown(self, tmp_path: Path, value: object) -> None:
        reading = read(write(tmp_path, [{"id": "t", "status": "active", "deadline_at": value}]))
        (observed,) = reading.tasks
        assert observed.task.deadline_at is None
        assert set(observed.unknown) == {"deadline_missed"}
        assert [(each.rule, each.pointer) for each in reading.findings] == [("GOV607", "/0/deadline_at")]

    def test_an_entry_with_a_fault_in_its_text_is_not_acted_upon(self, tmp_path: Path) -> None:
        text = '[{"id": "a", "status": "active"}, {"id": "b", "status": "active", "status": "failed"}]'
        reading = read(write(tmp_path, text))
        by_id = {each.task.task_id: each for each in reading.tasks}
        assert by_id["a"].unknown == {}
        assert set(by_id["b"].unknown) == {each.value for each in Condition}
        assert [each.rule for each in reading.findings] == ["GOV005"]

    def test_two_entries_about_one_task(self, tmp_path: Path) -> None:
        reading = read(write(tmp_path, [{"id": "a", "title": "first"}, {"id": "a", "title": "second"}]))
        assert [each.task.title for each in reading.tasks] == ["first"]
        assert [each.rule for each in reading.findings] == ["GOV609"]

    @pytest.mark.parametrize("identity", ["", "x" * 201, "a\nb", "\x1b[2J", None, 1.5, True, []])
    def test_an_id_that_cannot_be_used(self, tmp_path: Path, identity: object) -> None:
        reading = read(write(tmp_path, [{"id": identity, "name": "x"}, {"id": "good"}]))
        assert [each.task.task_id for each in reading.tasks] == ["good"]
        assert [each.rule for each in reading.findings] == ["GOV606"]
        assert not reading.complete

    @pytest.mark.parametrize(
        ("text", "rule"),
        [("{", "GOV004"), ("", "GOV012"), ("[1,2", "GOV004"), ("\udcff", "GOV001"), ("[" * 100 + "]" * 100, "GOV011")],
    )
    def test_a_file_that_is_no_json_is_unreadable(
        self, tmp_path: Path, text: str, rule: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(json_file, "_PAUSE_SECONDS", 0.0)
        path = tmp_path / "watchdog-state.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        reading = read(path)
        assert_unreadable(reading)
        assert [each.rule for each in reading.findings] == [rule]

    def test_a_bad_file_hides_no_other_file(self, tmp_path: Path) -> None:
        write(tmp_path, "{", "bad.json")
        os.utime(tmp_path / "bad.json", (1, 1))
        write(tmp_path, {"id": "good", "status": "active"}, "good.json")
        reading = read(tmp_path)
        assert [each.task.task_id for each in reading.tasks] == ["good"]
        assert reading.unreadable is None
        assert not reading.complete

    def test_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_file, "MAX_BYTES", 100)
        reading = read(write(tmp_path, [{"id": "a", "title": "x" * 100}]))
        assert_unreadable(reading)
        assert [each.rule for each in reading.findings] == ["GOV002"]

    def test_more_entries_than_are_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_file, "MOST_ENTRIES", 2)
        reading = read(write(tmp_path, [{"id": str(number)} for number in range(5)]))
        assert [each.task.task_id for each in reading.tasks] == ["0", "1"]
        assert [each.rule for each in reading.findings] == ["GOV608"]
        assert not reading.complete

    def test_findings_without_end_are_counted_not_listed(self, tmp_path: Path) -> None:
        reading = read(write(tmp_path, [{"name": "x"}] * 500))
        assert len(reading.findings) == entry_work.MOST_FINDINGS + 1
        assert "400 more" in reading.findings[-1].message


class TestFiles:
    def test_gone(self, tmp_path: Path) -> None:
        reading = read(tmp_path / "none.json")
        assert_unreadable(reading)
        assert [each.rule for each in reading.findings] == ["GOV603"]

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.json")
        began = time.monotonic()
        for path in (tmp_path / "pipe.json", Path("/dev/zero")):
            assert_unreadable(read(path))
            assert [each.rule for each in read(path).findings] == ["GOV603"]
        write(tmp_path, {"id": "good"}, "good.json")
        assert [each.task.task_id for each in read(tmp_path).tasks] == ["good"]
        assert time.monotonic() - began < 5

    def test_links_in_a_folder_are_not_followed_and_the_named_file_may_be_one(self, tmp_path: Path) -> None:
        secret = write(tmp_path, {"id": "elsewhere"}, "elsewhere")
        folder = tmp_path / "states"
        folder.mkdir()
        (folder / "link.json").symlink_to(secret)
        write(folder, {"id": "good"}, "good.json")
        reading = read(folder)
        assert [each.task.task_id for each in reading.tasks] == ["good"]
        assert "not followed" in reading.findings[0].message
        assert [each.task.task_id for each in read(folder / "link.json").tasks] == ["elsewhere"]

    def test_it_is_never_written(self, tmp_path: Path) -> None:
        path = write(tmp_path, [{"id": "a"}])
        before = (path.read_bytes(), os.stat(path).st_mtime_ns, sorted(os.listdir(tmp_path)))
        read(path)
        assert (path.read_bytes(), os.stat(path).st_mtime_ns, sorted(os.listdir(tmp_path))) == before

    def test_a_file_in_the_middle_of_being_written_is_read_again(self, tmp_path: Path) -> None:
        path = write(tmp_path, '[{"id": "a"')

        def finish() -> None:
            time.sleep(json_file._PAUSE_SECONDS / 3)
            path.write_text('[{"id": "a"}]')

        writer = threading.Thread(target=finish)
        writer.start()
        reading = read(path)
        writer.join()
        assert reading.unreadable is None
        assert [each.task.task_id for each in reading.tasks] == ["a"]

    def test_the_instance_is_the_place(self, tmp_path: Path) -> None:
        first, second = write(tmp_path, [], "a.json"), write(tmp_path, [], "b.json")
        assert read(first).instance == read(first).instance != read(second).instance
        (tmp_path / "link").symlink_to(first)
        assert read(tmp_path / "link").instance == read(first).instance

    def test_present_means_there_is_something(self, tmp_path: Path) -> None:
        assert not JsonSource({}, state_folder=str(tmp_path)).is_present()
        write(tmp_path, [])
        assert JsonSource({}, state_folder=str(tmp_path)).is_present()

    def test_wrong_parameters(self) -> None:
        with pytest.raises(ContractError):
            JsonSource({"paht": "x"})


def assert_unreadable(reading: SourceReading) -> None:
    assert reading.unreadable is not None
    assert not reading.complete
    assert list(reading.tasks) == []
    assert reading.findings


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["id", "task_id", "status", "started_at", "deadline", "checkpoint", "children", "labels", "forwarded", "mode", "x"]
)


@settings(max_examples=150, deadline=None)
@given(document=st.lists(st.dictionaries(keys, json_values, max_size=6), max_size=4) | json_values)
def test_whatever_a_file_holds_is_read_or_said(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    path = tmp_path_factory.mktemp("states") / "states.json"
    path.write_text(json.dumps(document), "utf-8")
    os.utime(path, (1, 1))
    reading = read(path)
    for each in reading.tasks:
        each.task.dump()
    shown = {each.task.task_id for each in reading.tasks}
    if isinstance(document, list) and not reading.findings:
        assert len(shown) == len(document)
