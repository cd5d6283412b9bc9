"""Files that nobody should have to expect, and how many of them are opened."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.tasks.claude_code import places, reading, source
from reporting_governance.adapters.tasks.claude_code.places import default_folder
from reporting_governance.adapters.tasks.claude_code.source import ClaudeCodeSource
from reporting_governance.adapters.tasks.registry import open_source
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.errors import ContractError
from tests.adapters.claude_code.installation import (
    SESSION,
    START,
    Installation,
    asked,
    called,
    came_back,
    launched,
    line,
    said,
)

TASK = f"claude-code:{SESSION}"


@pytest.fixture
def host(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """Collect (path, bytes read of it) of every transcript that is opened meanwhile."""
    real_open, real_read = os.open, os.pread
    files: dict[int, int] = {}
    log: list[tuple[str, int]] = []

    def open_noted(path: Any, *arguments: Any, **more: Any) -> int:
        number = real_open(path, *arguments, **more)
        if str(path).endswith(".jsonl"):
            files[number] = len(log)
            log.append((str(path), 0))
        return number

    def read_noted(number: int, length: int, start: int) -> bytes:
        data = real_read(number, length, start)
        path, so_far = log[files[number]]
        log[files[number]] = (path, so_far + len(data))
        return data

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_noted)
        patch.setattr(os, "pread", read_noted)
        yield log


def names(log: list[tuple[str, int]]) -> list[str]:
    return sorted(Path(path).stem for path, _ in log)


class TestWhatIsOpened:
    def test_of_a_thousand_sessions_only_those_that_changed(
        self, host: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(1_000):
            host.write(asked(1), called(10, "c1") if number % 2 else said(10), name=f"s{number}")
        with opened(monkeypatch) as log:
            first = host.read(20)
        assert len(log) == 1_000
        for number in (3, 500, 998):
            host.write(asked(1), said(25), name=f"s{number}")
        with opened(monkeypatch) as log:
            second = host.read(30)
        assert names(log) == ["s3", "s500", "s998"]
        assert (len(first.tasks), len(second.tasks), second.complete) == (1_000, 1_000, True)
        with opened(monkeypatch) as log:
            third = host.read(31)
        assert log == []
        assert {each.task.task_id: each for each in third.tasks} == {each.task.task_id: each for each in second.tasks}

    def test_old_sessions_are_never_opened_unless_something_about_them_is_open(
        self, host: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host.write(asked(-3000), called(-2990, "c1"), name="old")
        host.write(asked(-600), called(-590, "c1"), name="yesterday")
        with opened(monkeypatch) as log:
            assert [each.task.task_id for each in host.read(1).tasks] == ["claude-code:yesterday"]
        assert names(log) == ["yesterday"]
        shown = host.read(1, known=("claude-code:old",)).tasks
        assert {each.task.task_id for each in shown} == {"claude-code:yesterday", "claude-code:old"}

    def test_the_time_of_a_copied_file_makes_no_old_session_new(self, host: Installation) -> None:
        host.write(asked(-3000), called(-2990, "c1"), at=1)
        assert host.read(2).tasks == []

    def test_a_huge_one_is_never_read_whole(self, host: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        long = json.dumps(came_back(2, "x", "y" * 100_000))
        host.write(asked(1), *[f"{long}\n" for _ in range(250)], called(20, "c9"))
        with opened(monkeypatch) as log:
            found = host.one(30)
        ((_, read),) = log
        assert read <= reading.TAIL_BYTES + reading.HEAD_BYTES + 1
        assert found.task.title == "Fix the total"
        assert found.task.status is TaskStatus.ACTIVE

    def test_not_even_when_its_end_says_nothing(self, host: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
        with host.write(asked(1)).open("ab") as file:
            for _ in range(12):
                file.write(b"x" * 1024 * 1024)
        with opened(monkeypatch) as log:
            found = host.one(30)
        ((_, read),) = log
        assert read <= reading.MOST_TAIL_BYTES + reading.TAIL_BYTES + reading.HEAD_BYTES + 2
        assert set(found.unknown) >= {"silence_timeout"}

    def test_more_than_are_opened_at_once_leave_the_others_unknown(
        self, host: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(8):
            host.write(asked(1), called(10 + number, "c1"), name=f"s{number}")
        monkeypatch.setattr(source, "MOST_OPENED", 5)
        read = host.read(30, known=("claude-code:s0",))
        assert (read.complete, len(read.tasks)) == (False, 6)
        assert [each.rule for each in read.findings] == ["GOV608"]
        (behind,) = [each for each in read.tasks if each.task.task_id == "claude-code:s0"]
        assert "silence_timeout" in behind.unknown
        read = host.read(31)
        assert (read.complete, len(read.tasks)) == (True, 8), "the next reading goes on where this one ended"

    def test_more_transcripts_than_are_listed_leave_it_incomplete(
        self, host: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(8):
            host.write(asked(1), said(2), name=f"s{number}")
        monkeypatch.setattr(places, "MOST_FILES", 5)
        read = host.read(30)
        assert (read.complete, len(read.tasks)) == (False, 5)


class TestWhatIsKept:
    def memo(self, host: Installation) -> Path:
        (path,) = (host.state / "journal").iterdir()
        return path

    def test_nothing_is_written_when_nothing_changed(self, host: Installation) -> None:
        host.write(asked(1), said(2))
        host.read(10)
        before = self.memo(host).stat()
        host.read(11)
        after = self.memo(host).stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        assert before.st_mode & 0o777 == 0o600

    def test_nothing_is_written_in_a_dry_run_nor_where_there_is_no_state(self, host: Installation) -> None:
        host.write(asked(1), said(2))
        quiet = host.source()
        quiet.keep_nothing()
        quiet.read(now=START + timedelta(minutes=9), baseline_at=START, known=frozenset())
        assert list((host.state / "journal").iterdir()) == []
        (host.state / "journal").rmdir()
        assert len(host.read(10).tasks) == 1
        assert list(host.state.iterdir()) == []

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b'{"seen": 5}', b"\xff\xfe", b"[" * 100_000],
    )
    def test_what_somebody_else_made_of_it_is_not_believed(self, host: Installation, content: bytes) -> None:
        host.write(asked(1), called(2, "c1"))
        good = host.read(10)
        self.memo(host).write_bytes(content)
        assert host.read(10) == good

    @pytest.mark.parametrize("change", ["mark", "turn", "shape", "times"])
    def test_one_entry_that_does_not_fit_is_read_again(self, host: Installation, change: str) -> None:
        path = host.write(asked(1), called(2, "c1"))
        good = host.read(10)
        kept = json.loads(self.memo(host).read_text())
        entry = kept["seen"][str(path)]
        if change == "mark":
            entry[0][2] += 1
        elif change == "turn":
            entry[1]["turn"] = "flying"
        elif change == "times":
            entry[1]["activity_at"] = "soon"
        else:
            kept["seen"][str(path)] = [entry[0], entry[1], 1]
        self.memo(host).write_text(json.dumps(kept))
        assert host.read(10) == good

    def test_what_another_version_understood_is_not_believed(self, host: Installation) -> None:
        path = host.write(asked(1), called(2, "c1"))
        host.read(10)
        kept = json.loads(self.memo(host).read_text())
        kept["seen"][str(path)][1]["turn"] = "over"
        self.memo(host).write_text(json.dumps(kept))
        assert host.one(10).task.status is TaskStatus.WAITING_USER, "this version's word counts"
        self.memo(host).write_text(json.dumps(kept | {"version": "0.0.0"}))
        assert host.one(10).task.status is TaskStatus.ACTIVE

    def test_no_secret_of_a_request_is_kept(self, host: Installation) -> None:
        secret = "sk-" + "Ab3" * 12
        host.write(asked(1, f"call it with {secret}"), called(2, "c1"))
        host.read(10)
        assert secret not in self.memo(host).read_text()


class TestChangesMeanwhile:
    def test_what_was_appended_is_seen_at_the_next_reading(self, host: Installation) -> None:
        path = host.write(asked(1), called(2, "c1"))
        assert host.one(10).task.status is TaskStatus.ACTIVE
        with path.open("a") as file:
            file.write(json.dumps(came_back(3, "c1")) + "\n" + json.dumps(said(4))[:50])
        assert host.one(10).task.last_activity_at == START + timedelta(minutes=3)
        with path.open("a") as file:
            file.write(json.dumps(said(4))[50:] + "\n")
        assert host.one(10).task.status is TaskStatus.WAITING_USER

    def test_a_file_that_is_written_to_all_the_time_can_be_read_all_the_time(self, host: Installation) -> None:
        path = host.write(asked(1))
        ends = threading.Event()

        def write() -> None:
            with path.open("a", buffering=64) as file:
                while not ends.is_set():
                    file.write(json.dumps(came_back(2, "c", "y" * 500)) + "\n")

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for _ in range(40):
                read = host.read(10)
                assert (len(read.tasks), list(read.findings)) == (1, [])
        finally:
            ends.set()
            thread.join()

    def test_one_that_became_shorter_is_read_anew(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), called(3, "c2"))
        host.read(10)
        host.write(asked(1), said(4))
        found = host.one(10)
        assert (found.task.status, found.task.children) == (TaskStatus.WAITING_USER, ())

    def test_one_that_is_removed_is_gone(self, host: Installation) -> None:
        path = host.write(asked(1), called(2, "c1"))
        host.read(10)
        path.unlink()
        read = host.read(11, known=(TASK,))
        assert (list(read.tasks), read.complete) == ([], True)

    def test_of_one_session_in_two_folders_the_newer_counts(self, host: Installation) -> None:
        other = host.config / "projects" / "-home-dev-shop-worktree"
        other.mkdir()
        host.write(asked(1), called(2, "c1")).rename(other / f"{SESSION}.jsonl")
        host.write(asked(1), called(2, "c1"), said(5))
        assert host.one(10).task.status is TaskStatus.WAITING_USER


class TestStrangeFiles:
    @pytest.mark.parametrize("kind", ["link", "pipe", "folder", "broken link", "unreadable", "other owner"])
    def test_what_is_no_plain_file_of_ours_is_said_and_not_opened(
        self, host: Installation, tmp_path: Path, kind: str
    ) -> None:
        place = host.project / f"{SESSION}.jsonl"
        host.write(asked(1), said(2), name="well")
        if kind == "link":
            secret = tmp_path / "elsewhere.jsonl"
            secret.write_text(json.dumps(asked(1, "secret words")) + "\n")
            place.symlink_to(secret)
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "folder":
            place.mkdir()
        elif kind == "broken link":
            place.symlink_to(tmp_path / "nothing")
        else:
            host.write(asked(1), called(2, "c1"))
            if kind == "other owner":
                if os.geteuid() != 0:
                    pytest.skip("only root can give a file away")
                os.chown(place, 4242, 4242)
            else:
                place.chmod(0)
                if os.access(place, os.R_OK):
                    pytest.skip("root reads everything")
        read = host.read(10, known=(TASK,))
        shown = {each.task.task_id: each for each in read.tasks}
        assert set(shown) == {"claude-code:well", TASK}
        assert set(shown[TASK].unknown) >= {"silence_timeout", "owner_dead"}, "what stood there before is not gone"
        assert [each.rule for each in read.findings] == ["GOV603"]
        assert "secret words" not in str(read)
        assert {each.task.task_id for each in host.read(11).tasks} == {"claude-code:well"}

    @pytest.mark.parametrize("which", ["project", "session", "subagents"])
    def test_no_folder_is_looked_into_through_a_link(self, host: Installation, tmp_path: Path, which: str) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), said(3))
        host.write_child("a1", asked(2.1, "look"), called(5, "d1"))
        linked = {"project": host.project, "session": host.project / SESSION}
        folder = linked.get(which, host.project / SESSION / "subagents")
        folder.rename(tmp_path / "moved")
        folder.symlink_to(tmp_path / "moved")
        assert {each.task.task_id for each in host.read(30).tasks} == (set() if which == "project" else {TASK})

    def test_no_folder_of_another_user_is_looked_into(self, host: Installation) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        host.write(asked(1), called(2, "c1"))
        os.chown(host.project, 4242, 4242)
        read = host.read(10)
        assert (list(read.tasks), [each.rule for each in read.findings]) == ([], ["GOV603"])

    @pytest.mark.parametrize(
        "name", ["a b", "über", "x" * 200, "-x", "..x", "a:b", "a\nb", "a'; rm -rf ~", "\udcff", "_"]
    )
    def test_a_name_that_no_session_has_is_left_alone(self, host: Installation, name: str) -> None:
        host.write(asked(1), called(2, "c1"))
        (host.project / f"{SESSION}.jsonl").rename(host.project / f"{name}.jsonl")
        assert list(host.read(10).tasks) == []

    @pytest.mark.parametrize("seconds", [-(2**33), 0, 2**33, 2**40])
    def test_a_file_may_have_any_time(self, host: Installation, seconds: int) -> None:
        path = host.write(asked(1), called(2, "c1"))
        try:
            os.utime(path, (seconds, seconds))
        except (OSError, OverflowError):
            pytest.skip("this file system knows no such time")
        assert len(host.read(10).tasks) <= 1

    def test_a_format_that_is_not_known_is_said(self, host: Installation) -> None:
        host.write(*[{"kind": "message", "timestamp": "2026-03-01T08:01:00Z"} for _ in range(30)])
        read = host.read(10)
        assert (list(read.tasks), [each.rule for each in read.findings]) == ([], ["GOV604"])
        assert set(host.one(10, known=(TASK,)).unknown) >= {"silence_timeout"}

    def test_a_folder_that_cannot_be_listed_hides_nothing(self, host: Installation) -> None:
        host.write(asked(1), called(2, "c1"))
        host.project.chmod(0)
        try:
            if os.access(host.project, os.R_OK):
                pytest.skip("root lists everything")
            read = host.read(10, known=(TASK,))
            assert (read.complete, [each.rule for each in read.findings]) == (False, ["GOV603"])
        finally:
            host.project.chmod(0o700)

    def test_no_folder_at_all_is_unreadable_and_never_empty(self, tmp_path: Path) -> None:
        read = ClaudeCodeSource({"config": str(tmp_path / "none")}).read(
            now=START, baseline_at=START, known=frozenset((TASK,))
        )
        assert (read.complete, list(read.tasks)) == (False, [])
        assert "projects" in (read.unreadable or "")

    @given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([
        b'{"type":"user"}', b'{"type":"user","message":[]}', b'{"type":"assistant","message":{"content":5}}',
        b'{"type":"assistant","message":{"content":[{"type":"tool_use","id":7,"input":[]}]}}',
        b'{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":{}}]},"toolUseResult":[]}',
        b'{"type":"user","toolUseResult":{"agentId":9,"task":7},"message":{"content":[{"type":"tool_result"}]}}',
        b'{"type":"system","subtype":"turn_duration","timestamp":"9999-12-31T23:59:59Z"}',
        b'{"type":"queue-operation","content":"<task-notification><task-id></task-id><status>x</status>"}',
        b'{"type":"user","timestamp":"0001-01-01T00:00:00Z","message":{"content":"\\ud800"}}',
        b'{"type":"attachment","attachment":"x","cwd":{},"sessionId":[]}',
    ])), max_size=12))  # fmt: skip
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_content_is_an_error(self, host: Installation, lines: list[bytes]) -> None:
        path = host.write(asked(1), called(2, "c1"))
        with path.open("ab") as file:
            file.write(b"\n".join(lines))
        read = host.read(10)
        assert read.unreadable is None
        for each in host.read(10).tasks:
            assert type(each.task).parse(each.task.dump()) == each.task


@pytest.mark.parametrize("wrong", [{"config": 5}, {"processes": "there"}, {"waiting": None}, {"folder": "/x"}])
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        ClaudeCodeSource(wrong)
    assert (
        open_source("claude-code", wrong, state_folder="/state")
        .read(now=START, baseline_at=None, known=frozenset())
        .unreadable
    )


def test_where_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_folder({"CLAUDE_CONFIG_DIR": "/srv/claude"}) == "/srv/claude"
    monkeypatch.setenv("HOME", "/home/dev")
    assert default_folder({}) == "/home/dev/.claude"


def test_the_folder_itself_may_be_reached_by_a_link(host: Installation, tmp_path: Path) -> None:
    host.write(asked(1), called(2, "c1"), line("last-prompt", None))
    (tmp_path / "link").symlink_to(host.config)
    assert host.read(10, config=str(tmp_path / "link")) == host.read(10)
