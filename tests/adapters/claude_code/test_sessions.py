"""How a session stands by its lines, and what follows for the watch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import EXPLAINED_BY, Known, ObservedTask, SourceReading
from reporting_governance.adapters.tasks.claude_code.folding import LONGEST_LIMIT_SECONDS
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.contracts.watch_settings import StatusLimits, Watchdog
from reporting_governance.core.conditions import Condition, Fact, Sight, Truth, judge
from reporting_governance.core.watch_settings import settings_for
from tests.adapters.claude_code.installation import (
    SESSION,
    START,
    Installation,
    asked,
    called,
    came_back,
    launched,
    line,
    notified,
    said,
    stamp,
    turn_duration,
)
from tests.adapters.openclaw.states import Machine

RECORDED = sorted((Path(__file__).parents[2] / "cases" / "transcripts").iterdir())
TASK = f"claude-code:{SESSION}"
HOOK_FEEDBACK = line(
    "user", 4, isMeta=True, message={"role": "user", "content": "Stop hook feedback:\nNo test was run."}
)
COMMAND = "<command-name>/{0}</command-name>\n<command-message>{0}</command-message>\n<command-args></command-args>"


def command(at: float, name: str, output: str | None = "done") -> list[dict[str, Any]]:
    """A command that a person gave the host; with an output the host itself carried it out."""
    lines = [asked(at, COMMAND.format(name))]
    if output is not None:
        text = f"<local-command-stdout>{output}</local-command-stdout>"
        lines.append(line("user", at, message={"role": "user", "content": text}))
    return lines


@pytest.fixture
def host(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def true_ones(observed: ObservedTask, minutes: float, **settings: Any) -> set[str]:
    """Return the conditions that a scan would find true so many minutes after the start."""
    truths = {Known.TRUE: Truth.TRUE, Known.FALSE: Truth.FALSE, Known.UNKNOWN: Truth.UNKNOWN}
    facts = {name: Fact(truth=truths[each.known], since=each.since) for name, each in observed.facts.items()}
    sight = Sight(
        task=observed.task,
        facts=facts,
        unknown=observed.unknown,
        resolution_seconds=observed.liveness_resolution_seconds,
    )
    wanted: dict[str, Any] = {"silence_seconds": 1800, "limits": StatusLimits(waiting_user=7200, blocked=7200)}
    watchdog = Watchdog(**(wanted | settings))
    verdicts = judge(
        sight, settings_for(watchdog, observed.task, source="claude-code"), START + timedelta(minutes=minutes)
    )
    return {each.condition.value for each in verdicts if each.truth is Truth.TRUE}


def of(reading: SourceReading, task_id: str) -> ObservedTask:
    (found,) = [each for each in reading.tasks if each.task.task_id == task_id]
    return found


#: what a session holds -> its status, and how its newest turn stands
TURNS: dict[str, tuple[list[Any], TaskStatus, str]] = {
    "a request": ([asked(1)], TaskStatus.ACTIVE, "working"),
    "a call": ([asked(1), called(2, "c1")], TaskStatus.ACTIVE, "working"),
    "a result": ([asked(1), called(2, "c1"), came_back(3, "c1")], TaskStatus.ACTIVE, "working"),
    "the last word": ([asked(1), said(2)], TaskStatus.WAITING_USER, "over"),
    "the last word of a version that wrote no reason": (
        [asked(1), said(2, stop=None)],
        TaskStatus.WAITING_USER,
        "over",
    ),
    "words before a call": ([asked(1), said(2, "I look.", stop="tool_use")], TaskStatus.ACTIVE, "working"),
    "a thought": (
        [asked(1), line("assistant", 2, message={"content": [{"type": "thinking", "thinking": "hm"}]})],
        TaskStatus.ACTIVE,
        "working",
    ),
    "book-keeping behind it": (
        [asked(1), said(2), turn_duration(2), line("last-prompt", None), line("file-history-snapshot", None)],
        TaskStatus.WAITING_USER,
        "over",
    ),
    "an end without words": ([asked(1), called(2, "c1"), turn_duration(3)], TaskStatus.WAITING_USER, "over"),
    "a question in words": ([asked(1), said(2, "Shall I push it?")], TaskStatus.WAITING_USER, "asking"),
    "a question in Chinese": ([asked(1), said(2, "要继续吗？")], TaskStatus.WAITING_USER, "asking"),
    "a question by its tool": ([asked(1), called(2, "q", "AskUserQuestion")], TaskStatus.WAITING_USER, "asking"),
    "a plan to be approved": ([asked(1), called(2, "q", "ExitPlanMode")], TaskStatus.WAITING_USER, "asking"),
    "a question that was answered": (
        [asked(1), called(2, "q", "AskUserQuestion"), came_back(3, "q")],
        TaskStatus.ACTIVE,
        "working",
    ),
    "a question beside another call": (
        [asked(1), called(2, "c1"), called(2, "q", "AskUserQuestion"), came_back(3, "c1")],
        TaskStatus.WAITING_USER,
        "asking",
    ),
    "a person who said no": (
        [asked(1), called(2, "c1"), came_back(3, "c1", "The user doesn't want to proceed with this tool use.")],
        TaskStatus.WAITING_USER,
        "stopped",
    ),
    "a person who said no, and what to do instead": (
        [
            asked(1),
            called(2, "c1"),
            came_back(3, "c1", "The user doesn't want to proceed with this tool use. The user said:\nuse make"),
        ],
        TaskStatus.ACTIVE,
        "working",
    ),
    "a person who stopped it": (
        [asked(1), called(2, "c1"), asked(3, "[Request interrupted by user]")],
        TaskStatus.WAITING_USER,
        "stopped",
    ),
    "a hook that sent it back": ([asked(1), said(3), HOOK_FEEDBACK], TaskStatus.ACTIVE, "working"),
    "a hook that sent it back, as newer versions write it": (
        [asked(1), said(3), line("attachment", 4, attachment={"type": "hook_blocking_error", "hookEvent": "Stop"})],
        TaskStatus.ACTIVE,
        "working",
    ),
    "a hook that only spoke": (
        [asked(1), said(3), line("attachment", 4, attachment={"type": "hook_success", "hookEvent": "Stop"})],
        TaskStatus.WAITING_USER,
        "over",
    ),
    "a service that failed": (
        [asked(1), said(2, "API Error: 529", isApiErrorMessage=True)],
        TaskStatus.BLOCKED,
        "broken",
    ),
    "a service that is tried again": ([asked(1), line("system", 2, subtype="api_error")], TaskStatus.ACTIVE, "working"),
    "a command of the host's own": ([asked(1), said(2), *command(3, "model")], TaskStatus.WAITING_USER, "over"),
    "a command that is a request": ([asked(1), said(2), *command(3, "fix", None)], TaskStatus.ACTIVE, "working"),
    "a session that was left": ([asked(1), said(2), *command(3, "exit")], TaskStatus.COMPLETED, "left"),
    "one that was left and taken up again": (
        [asked(1), said(2), *command(3, "exit"), asked(4)],
        TaskStatus.ACTIVE,
        "working",
    ),
    "a sub-agent that came back": ([asked(1), said(2), notified(3, "a1")], TaskStatus.ACTIVE, "working"),
    "a sub-agent's words beside it": (
        [asked(1), called(2, "c1", "Task"), said(3) | {"isSidechain": True}],
        TaskStatus.ACTIVE,
        "working",
    ),
    "a summary": (
        [asked(1), said(2), line("user", 3, isCompactSummary=True, message={"role": "user", "content": "So far"})],
        TaskStatus.WAITING_USER,
        "over",
    ),
    "a torn last line": ([asked(1), said(2), '{"type":"user","mess'], TaskStatus.WAITING_USER, "over"),
    "strange lines": (
        ["null\n", "[1]\n", "{}\n", "\x00\n", asked(1), line("novelty", 5)],
        TaskStatus.ACTIVE,
        "working",
    ),
}


@pytest.mark.parametrize("name", TURNS)
def test_how_the_newest_turn_stands(host: Installation, name: str) -> None:
    lines, status, turn = TURNS[name]
    host.write(*lines)
    found = host.one()
    assert (found.task.status, (found.task.labels or {})["turn"]) == (status, turn)


@pytest.mark.parametrize("case", RECORDED, ids=[case.name for case in RECORDED])
def test_recorded_sessions_are_over_and_were_at_work_before(host: Installation, case: Path) -> None:
    """They all end with the agent's last word; a lone request, and what leads to that word, is work."""
    lines = (case / "transcript.jsonl").read_text("utf-8").splitlines(keepends=True)
    host.write(*lines, at=1)
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    minutes = (now - START).total_seconds() / 60
    (whole,) = host.read(minutes).tasks
    assert (whole.task.status, (whole.task.labels or {})["turn"]) == (TaskStatus.WAITING_USER, "over")
    last = max(place for place, each in enumerate(lines) if '"end_turn"' in each)
    if any('"end_turn"' in each for each in lines[:last]):
        return  # what comes before it may be the end of an earlier turn
    host.write(*lines[:last], at=1)
    (before,) = host.read(minutes).tasks
    stopped = case.name in ("interrupted-by-person", "tool-call-rejected")
    assert (before.task.labels or {})["turn"] == ("stopped" if stopped else "working")


def test_what_a_task_says_of_its_session(host: Installation) -> None:
    token = "ghp_" + "a1B2" * 9
    host.write(
        asked(1, f"Use {token} and\nfix   the total", entrypoint="cli"),
        called(2, "c1"),
        came_back(3, "c1"),
        called(4, "c2", "Grep"),
    )
    task = host.one().task
    assert task == TaskState(
        task_id=TASK,
        agent_id="claude-code",
        runtime="claude-code",
        status=TaskStatus.ACTIVE,
        title="Use [removed] and fix the total",
        started_at=START + timedelta(minutes=1),
        status_changed_at=START + timedelta(minutes=1),
        last_activity_at=START + timedelta(minutes=4),
        last_evidence_at=START + timedelta(minutes=3),
        correlation_id=SESSION,
        labels={"folder": "/home/dev/shop", "entrypoint": "cli", "turn": "working", "open_call": "Grep"},
    )


def test_a_session_of_which_nobody_has_asked_anything_is_no_task(host: Installation) -> None:
    host.write(line("system", 1, subtype="informational"), line("attachment", 2, attachment={"type": "hook"}))
    assert host.read().tasks == []


class TestSilence:
    def test_a_session_that_hangs_is_silent_and_not_before_its_limit(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1", "WebFetch"))
        found = host.one()
        assert true_ones(found, 39) == set()
        assert true_ones(found, 41) == {"silence_timeout"}

    def test_what_a_person_types_meanwhile_is_no_sign_of_life(self, host: Installation) -> None:
        queued = line("queue-operation", 35, operation="enqueue", content="are you there?")
        host.write(asked(1), called(10, "c1"), queued, line("last-prompt", 36))
        assert true_ones(host.one(), 41) == {"silence_timeout"}

    @pytest.mark.parametrize("lines", [[said(2)], [said(2, "Shall I?")], [called(2, "q", "AskUserQuestion")]])
    def test_one_that_waits_for_its_person_is_not_silent(self, host: Installation, lines: list[Any]) -> None:
        host.write(asked(1), *lines)
        assert true_ones(host.one(), 100) == set()

    @pytest.mark.parametrize(
        ("lines", "waiting", "late"),
        [
            ([said(2, "Shall I?")], "asked", {"checkpoint_overdue"}),
            ([called(2, "q", "AskUserQuestion")], "asked", {"checkpoint_overdue"}),
            ([said(2, "x", isApiErrorMessage=True)], "asked", {"checkpoint_overdue"}),
            ([said(2)], "asked", set()),
            ([said(2)], "any", {"checkpoint_overdue"}),
        ],
    )
    def test_but_it_has_a_limit_of_its_own_where_somebody_is_asked(
        self, host: Installation, lines: list[Any], waiting: str, late: set[str]
    ) -> None:
        host.write(asked(1), *lines)
        found = host.one(waiting=waiting)
        assert true_ones(found, 2 + 120 + 4) == set()
        assert true_ones(found, 2 + 120 + 6) == late

    def test_a_long_command_is_given_the_time_it_asked_for(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1", timeout=20 * 60_000))
        found = host.one()
        assert true_ones(found, 10 + 20, silence_seconds=300) == set()
        assert true_ones(found, 10 + 22, silence_seconds=300) == {"silence_timeout"}

    def test_but_no_agent_is_left_alone_for_as_long_as_it_likes(self, host: Installation) -> None:
        host.write(asked(1), called(2, "c1", timeout=10**15))
        assert true_ones(host.one(), 2 + LONGEST_LIMIT_SECONDS / 60 + 2) == {"silence_timeout"}

    @pytest.mark.parametrize("given", [-5, "600000", True, None, 1.5e9])
    def test_a_time_that_is_none_asks_for_nothing(self, host: Installation, given: Any) -> None:
        host.write(asked(1), called(2, "c1", timeout=given))
        assert host.one().liveness_resolution_seconds == 0

    def test_only_tools_that_the_host_ends_itself_can_ask_for_time(self, host: Installation) -> None:
        host.write(asked(1), called(2, "c1", "mcp__x__wait", timeout=20 * 60_000))
        assert host.one().liveness_resolution_seconds == 0


class TestSubAgents:
    def test_who_waits_for_a_sub_agent_lives_as_long_as_that_one_does(self, host: Installation) -> None:
        host.write(asked(1), called(2, "c1", "Agent", prompt="look"), at=59)
        host.write_child("a1", asked(2.1, "look"), called(50, "d1"))
        found = host.one()
        assert found.task.last_activity_at == START + timedelta(minutes=50)
        assert true_ones(found, 60) == set()
        assert [(each.task_id, each.status) for each in found.task.children] == [(f"{TASK}:a1", TaskStatus.ACTIVE)]
        assert true_ones(found, 81) == {"silence_timeout"}, "told once: of who waits, not of both"

    def test_one_in_the_background_that_hangs_is_told_though_its_parent_goes_on(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), said(3), asked(57), called(58, "c2"))
        host.write_child("a1", asked(2.1, "look at it"), called(5, "d1"))
        reading = host.read()
        parent, child = of(reading, TASK), of(reading, f"{TASK}:a1")
        assert true_ones(parent, 60) == set()
        assert true_ones(child, 60) == {"silence_timeout"}
        assert (child.task.title, child.task.parent_task_id) == ("look at it", TASK)

    def test_one_that_ended_and_whose_result_never_came_is_told_of_its_parent(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), said(3))
        host.write_child("a1", asked(2.1, "look"), said(20, "Nothing there."))
        found = host.one()
        assert true_ones(found, 29, forward_within_seconds=600) == set()
        assert true_ones(found, 31, forward_within_seconds=600) == {"result_not_forwarded"}
        host.write(asked(1), *launched(2, "c1", "a1"), said(3), notified(20.1, "a1"), said(21))
        found = host.one()
        assert true_ones(found, 60) == set()
        assert found.task.children == ()

    @pytest.mark.parametrize("status", ["completed", "failed", "killed"])
    @pytest.mark.parametrize("shape", ["user", "queue", "attachment"])
    def test_every_end_that_the_host_tells_of_is_an_end(self, host: Installation, status: str, shape: str) -> None:
        end = notified(20.1, "a1", status)
        text = end["message"]["content"]
        if shape == "queue":
            end = line("queue-operation", 20.1, operation="enqueue", content=text)
        if shape == "attachment":
            end = line("attachment", 20.1, attachment={"type": "queued_command", "prompt": text})
        host.write(asked(1), *launched(2, "c1", "a1"), said(3), end, said(21))
        host.write_child("a1", asked(2.1, "look"), called(20, "d1"))
        (found,) = host.read().tasks
        assert true_ones(found, 60) == set()

    def test_one_that_a_person_stopped_with_its_parent_is_not_running(self, host: Installation) -> None:
        """Its own transcript just ends; nothing in it says so."""
        host.write(asked(1), called(2, "c1", "Agent"), came_back(9, "c1", "[Request interrupted by user for tool use]"))
        host.write_child("a1", asked(2.1, "look"), called(8, "d1"))
        (found,) = host.read().tasks
        assert true_ones(found, 60) == set()

    def test_one_that_is_sent_on_after_it_came_back_is_at_work_again(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), notified(9, "a1"), said(10))
        host.write_child("a1", asked(2.1, "look"), said(8), asked(12, "once more"), called(13, "d1"))
        assert true_ones(of(host.read(), f"{TASK}:a1"), 60) == {"silence_timeout"}

    def test_older_versions_kept_them_beside_the_session(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), said(3))
        path = host.write_child("a1", asked(2.1, "look"), called(5, "d1"))
        path.rename(host.project / path.name)
        assert {each.task.task_id for each in host.read().tasks} == {TASK, f"{TASK}:a1"}

    def test_a_launch_is_remembered_when_it_is_not_in_the_end_any_more(self, host: Installation) -> None:
        begin = [asked(1), *launched(2, "c1", "a1")]
        host.write(*begin)
        host.write_child("a1", asked(2.1, "look"), called(5, "d1"))
        host.read(6)
        much = [came_back(7 + each / 100, f"x{each}", "y" * 50_000, {"x": 1}) for each in range(15)]
        host.write(*begin, *much)
        host.read(8)
        host.write(*begin, *much, *much)
        assert f"{TASK}:a1" in {each.task.task_id for each in host.read(59).tasks}
        far = [came_back(30 + each / 100, f"z{each}", "y" * 50_000, {"x": 1}) for each in range(60)]
        host.write(*begin, *much, *much, *far)
        assert f"{TASK}:a1" not in {each.task.task_id for each in host.read(59).tasks}, "its end may not have been read"


class TestProcesses:
    def test_a_process_that_was_killed_is_told_as_such(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(4711, procStart="900")
        found = host.one(12, machine=Machine({}))
        assert true_ones(found, 12) == {"owner_dead"}
        assert found.facts[Condition.OWNER_DEAD].since == START + timedelta(minutes=10)
        assert "4711" in found.facts[Condition.OWNER_DEAD].reason

    def test_a_pid_that_is_used_again_is_another_process(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(4711, procStart="900")
        assert host.one(12, machine=Machine({4711: 901})).facts[Condition.OWNER_DEAD].known is Known.TRUE
        assert host.one(12, machine=Machine({4711: 900})).facts[Condition.OWNER_DEAD].known is Known.FALSE

    def test_without_an_entry_nothing_is_said_of_it(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        reading = host.read(12, machine=Machine({}))
        assert "owner_dead" in reading.cannot_see
        host.process(1, session="another", procStart="1")
        reading = host.read(12, machine=Machine({}))
        assert "owner_dead" not in reading.cannot_see
        assert "owner_dead" in reading.tasks[0].unknown

    def test_processes_of_another_machine_are_not_asked(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(4711, procStart="900")
        found = host.one(12, machine=Machine({}), processes="elsewhere")
        assert (found.facts, true_ones(found, 41)) == ({}, {"silence_timeout"})

    def test_who_may_have_gone_on_with_the_session_is_not_taken_for_dead(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(4711, procStart="900")
        host.process(4712, session="resumed-under-another-name", procStart="950")
        found = host.one(12, machine=Machine({4712: 950}))
        assert found.facts == {}
        assert "4712" in found.unknown[Condition.OWNER_DEAD]

    def test_a_session_that_was_written_to_just_now_is_not_dead(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(4711, procStart="900")
        assert host.one(10.5, machine=Machine({})).facts == {}

    def test_who_waits_for_a_person_needs_no_process(self, host: Installation) -> None:
        host.write(asked(1), said(10))
        host.process(4711, procStart="900")
        assert true_ones(host.one(machine=Machine({})), 60) == set()

    def test_a_permission_that_is_asked_for_is_seen_where_the_process_says_so(self, host: Installation) -> None:
        host.write(asked(1), called(10, "c1"))
        at = int((START + timedelta(minutes=10.1)).timestamp() * 1000)
        host.process(7, procStart="9", status="waiting", waitingFor="approve Bash", statusUpdatedAt=at)
        found = host.one(machine=Machine({7: 9}))
        assert found.task.status is TaskStatus.WAITING_USER
        assert (found.task.labels or {})["waiting_for"] == "approve Bash"
        assert true_ones(found, 60) == set()
        assert true_ones(found, 10 + 120 + 6) == {"checkpoint_overdue"}
        host.write(asked(1), called(10, "c1"), came_back(11, "c1"))
        assert host.one(machine=Machine({7: 9})).task.status is TaskStatus.ACTIVE, "it was answered since"

    def test_a_child_whose_parent_tells_of_the_same_death_waits(self, host: Installation) -> None:
        host.write(asked(1), *launched(2, "c1", "a1"), called(3, "c2"))
        host.write_child("a1", asked(2.1, "look"), called(5, "d1"))
        host.process(4711, procStart="900")
        reading = host.read(machine=Machine({}))
        child = of(reading, f"{TASK}:a1")
        assert "owner_dead" in true_ones(child, 10)
        assert (child.task.labels or {})[EXPLAINED_BY] == TASK

    @pytest.mark.parametrize(
        "entry",
        [
            {"pid": "7"},
            {"pid": -1},
            {"pid": 2**40},
            {"pid": True},
            {"sessionId": 5},
            {"procStart": "x" * 99},
            {"pid": None},
        ],
    )
    def test_an_entry_that_is_none_accuses_nobody(self, host: Installation, entry: dict[str, Any]) -> None:
        host.write(asked(1), called(10, "c1"))
        host.process(7, **entry)
        found = host.one(machine=Machine({7: 1}))
        assert all(each.known is not Known.TRUE for each in found.facts.values())


def test_times_are_those_of_the_lines(host: Installation) -> None:
    host.write(asked(1), called(10, "c1"), at=59)
    assert host.one().task.last_activity_at == START + timedelta(minutes=10)
    assert stamp(10).endswith("Z")
