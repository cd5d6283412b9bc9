"""What the source says about databases that the real OpenClaw wrote."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import EXPLAINED_BY, Known, ObservedTask
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.conditions import Condition, Fact, Sight, Truth, Verdict, judge
from reporting_governance.core.watch_settings import settings_for
from tests.adapters.openclaw.states import CASES, Machine, State, by_title, moment, what_is_there

SECOND = timedelta(seconds=1)


def verdicts(observed: ObservedTask, now: object) -> dict[Condition, Verdict]:
    """Judge one task as scan does."""
    truths = {Known.TRUE: Truth.TRUE, Known.FALSE: Truth.FALSE, Known.UNKNOWN: Truth.UNKNOWN}
    sight = Sight(
        task=observed.task,
        resolution_seconds=observed.liveness_resolution_seconds,
        facts={
            name: Fact(truth=truths[fact.known], since=fact.since, reason=fact.reason)
            for name, fact in observed.facts.items()
        },
        unknown=observed.unknown,
    )
    watchdog = Watchdog(silence_seconds=120, forward_within_seconds=600)
    found = judge(sight, settings_for(watchdog, observed.task, source="openclaw"), now)  # type: ignore[arg-type]
    return {each.condition: each for each in found}


def true_ones(observed: ObservedTask, now: object) -> set[str]:
    """Return the conditions that hold."""
    return {name.value for name, verdict in verdicts(observed, now).items() if verdict.truth is Truth.TRUE}


@pytest.fixture
def running(tmp_path: Path) -> State:
    return State(tmp_path, "running")


@pytest.fixture
def ended(tmp_path: Path) -> State:
    return State(tmp_path, "ended")


class TestWhileTheGatewayRuns:
    def test_only_what_is_open_is_shown(self, running: State) -> None:
        reading = running.read(now=running.renewed_at + 10 * SECOND)
        shown = {title: each.task.status for title, each in by_title(reading).items()}
        active = TaskStatus.ACTIVE
        assert shown == {
            "hangs": active,
            "command-hangs": active,
            "works-long": active,
            "stuck": active,
            "HANG forever": active,
            "sleep 40": active,
            "HANG-announce": TaskStatus.COMPLETED,
        }
        assert reading.complete
        assert reading.unreadable is None
        assert not reading.findings  # a version that is known in full is worth no remark

    def test_every_owner_lives(self, running: State) -> None:
        reading = running.read(now=running.renewed_at + 10 * SECOND)
        owners = {each.task.title: each.facts[Condition.OWNER_DEAD].known for each in reading.tasks if not done(each)}
        assert set(owners.values()) == {Known.FALSE}

    def test_the_instance_is_the_installations_own_id(self, running: State) -> None:
        ((own,),) = running.ask("SELECT device_id FROM device_identities")
        assert running.read(now=running.renewed_at).instance == own

    def test_a_busy_automation_is_not_silent_and_a_hanging_one_is(self, running: State) -> None:
        """Its own row stands still all the while, for both; only the session's transcript tells them apart."""
        now = running.renewed_at + 5 * SECOND
        rows = running.ask("SELECT last_event_at - started_at FROM task_runs WHERE label IN ('hangs', 'works-long')")
        assert rows == [(0,), (0,)]
        later = now + 110 * SECOND  # the capture was taken less than two minutes after both began
        tasks = by_title(running.read(now=later, machine=Machine(running.gateway())))
        assert verdicts(tasks["works-long"], later)[Condition.SILENCE_TIMEOUT].truth is Truth.FALSE
        assert verdicts(tasks["hangs"], later)[Condition.SILENCE_TIMEOUT].truth is Truth.TRUE

    def test_silence_below_two_minutes_proves_nothing(self, running: State) -> None:
        tasks = by_title(running.read(now=running.renewed_at))
        assert {each.liveness_resolution_seconds for each in tasks.values()} == {120}

    @pytest.mark.parametrize("title", ["command-hangs", "sleep 40"])
    def test_what_leaves_no_trace_is_unknown_not_silent(self, running: State, title: str) -> None:
        tasks = by_title(running.read(now=running.renewed_at))
        assert Condition.SILENCE_TIMEOUT in tasks[title].unknown

    def test_deadlines_come_from_the_runs_and_jobs_themselves(self, running: State) -> None:
        tasks = by_title(running.read(now=running.renewed_at))
        limits = {title: tasks[title].task.deadline_at for title in ("stuck", "command-hangs", "hangs", "HANG forever")}
        start = {title: each.task.started_at for title, each in tasks.items()}
        assert limits["command-hangs"] == start["command-hangs"] + timedelta(seconds=2400)  # type: ignore[operator]
        assert limits["hangs"] == start["hangs"] + timedelta(hours=1)  # type: ignore[operator]
        assert limits["HANG forever"] is None
        assert abs(limits["stuck"] - start["stuck"] - timedelta(seconds=900)) < SECOND  # type: ignore[operator]

    def test_openclaw_has_a_minute_to_keep_its_own_limit(self, running: State) -> None:
        deadline = by_title(running.read(now=running.renewed_at))["stuck"].task.deadline_at
        assert deadline is not None
        for seconds, expected in ((-1, Truth.FALSE), (1, Truth.UNKNOWN), (59, Truth.UNKNOWN), (61, Truth.TRUE)):
            now = deadline + seconds * SECOND
            running.change(f"UPDATE state_leases SET heartbeat_at = {int(now.timestamp() * 1000)}")
            task = by_title(running.read(now=now))["stuck"]
            assert verdicts(task, now)[Condition.DEADLINE_MISSED].truth is expected, seconds

    def test_a_result_that_nobody_was_told_is_missed_in_time(self, running: State) -> None:
        tasks = by_title(running.read(now=running.renewed_at))
        untold = tasks["HANG-announce"]
        assert untold.task.finished_at is not None
        for seconds, expected in ((599, Truth.FALSE), (600, Truth.TRUE)):
            now = untold.task.finished_at + seconds * SECOND
            verdict = verdicts(untold, now)[Condition.RESULT_NOT_FORWARDED]
            assert verdict.truth is expected
            assert verdict.anchor == untold.task.finished_at

    def test_a_result_that_was_told_or_not_wanted_is_over(self, running: State) -> None:
        shown = by_title(running.read(now=running.renewed_at))
        assert {"announced", "not-awaited"}.isdisjoint(shown)
        ids = {str(task_id) for (task_id,) in running.ask("SELECT task_id FROM task_runs WHERE runtime = 'subagent'")}
        tasks = by_title(running.read(now=running.renewed_at, known=frozenset(ids)))
        now = running.renewed_at + timedelta(hours=3)
        for title in ("announced", "not-awaited"):
            assert verdicts(tasks[title], now)[Condition.RESULT_NOT_FORWARDED].truth is Truth.FALSE
        (child,) = tasks["announced"].task.children
        assert child.forwarded_at is not None

    def test_where_openclaw_would_tell_somebody(self, running: State) -> None:
        tasks = by_title(running.read(now=running.renewed_at))
        context = tasks["hangs"].task.operator_context
        assert context is not None
        assert (context.channel, context.target) == ("telegram", "4242")
        assert tasks["command-hangs"].task.operator_context is None  # it delivers to nobody


class TestAfterKill:
    """The gateway was killed; nobody has started it again.  The rows are as they were."""

    def test_the_owner_is_dead_once_its_lease_is_not_renewed(self, running: State) -> None:
        last = running.renewed_at
        for seconds, expected in ((119, Known.UNKNOWN), (121, Known.TRUE)):
            reading = running.read(now=last + seconds * SECOND, machine=Machine({}))
            found = [each.facts[Condition.OWNER_DEAD] for each in reading.tasks if not done(each)]
            assert len(found) == 8
            assert {each.known for each in found} == {expected}
        assert {each.since for each in found} == {last}

    def test_background_commands_name_the_task_that_tells_of_the_same_death(self, running: State) -> None:
        """Nothing but the gateway knows of them, so three notices more would say nothing more."""
        alive = running.read(now=running.renewed_at + 10 * SECOND)
        assert not [each for each in alive.tasks if EXPLAINED_BY in each.task.labels]
        dead = running.read(now=running.renewed_at + 121 * SECOND, machine=Machine({}))
        others = [each.task for each in dead.tasks if not done(each) and each.task.labels.get("task_kind") != "exec"]
        commands = [each.task for each in dead.tasks if each.task.labels.get("task_kind") == "exec"]
        assert len(commands) == 3
        assert {each.labels[EXPLAINED_BY] for each in commands} == {min(each.task_id for each in others)}
        assert not [each for each in others if EXPLAINED_BY in each.labels]

    def test_of_background_commands_alone_the_first_tells(self, running: State) -> None:
        running.change("UPDATE task_runs SET status = 'succeeded', ended_at = created_at WHERE task_kind <> 'exec'")
        running.change("UPDATE task_runs SET status = 'succeeded', ended_at = created_at WHERE task_kind IS NULL")
        dead = running.read(now=running.renewed_at + 121 * SECOND, machine=Machine({}))
        first, *others = sorted((each.task for each in dead.tasks if not done(each)), key=lambda each: each.task_id)
        assert EXPLAINED_BY not in first.labels
        assert [each.labels[EXPLAINED_BY] for each in others] == [first.task_id] * 2

    def test_nothing_else_is_said_of_its_tasks(self, running: State) -> None:
        now = running.renewed_at + 130 * SECOND
        reading = running.read(now=now, machine=Machine({}))
        assert {frozenset(true_ones(each, now)) for each in reading.tasks if not done(each)} == {
            frozenset({"owner_dead"})
        }

    def test_a_pid_that_was_given_to_another_process_is_not_the_gateway(self, running: State) -> None:
        (pid,) = running.gateway()
        reading = running.read(now=running.renewed_at + 121 * SECOND, machine=Machine({pid: 1}))
        assert {e.facts[Condition.OWNER_DEAD].known for e in reading.tasks if not done(e)} == {Known.TRUE}

    def test_on_another_machine_nobody_is_called_dead(self, running: State) -> None:
        for seconds, expected in ((60, Known.FALSE), (100_000, Known.UNKNOWN)):
            reading = running.read(now=running.renewed_at + seconds * SECOND, machine=Machine({}, host="elsewhere"))
            found = {e.facts[Condition.OWNER_DEAD].known for e in reading.tasks if not done(e)}
            assert found == {expected}

    def test_in_a_container_of_the_same_name_the_lease_decides(self, running: State) -> None:
        """Its pids mean nothing here, so all look gone; but somebody renews the lease."""
        reading = running.read(now=running.renewed_at + 29 * SECOND, machine=Machine({}))
        assert {e.facts[Condition.OWNER_DEAD].known for e in reading.tasks if not done(e)} == {Known.UNKNOWN}


class TestAfterRestart:
    def test_what_the_restart_interrupted(self, tmp_path: Path) -> None:
        state = State(tmp_path, "restarted")
        now = state.renewed_at + 5 * SECOND
        tasks = by_title(state.read(now=now))
        assert tasks["hangs"].task.status is TaskStatus.FAILED
        assert tasks["hangs"].facts[Condition.DELIVERY_FAILED].known is Known.TRUE
        assert "interrupted" in tasks["hangs"].facts[Condition.DELIVERY_FAILED].reason
        assert "command-hangs" not in tasks  # it wanted no delivery, so its "unknown" one is nothing to tell
        assert tasks["stuck"].task.status is TaskStatus.FAILED
        later = now + timedelta(minutes=11)
        assert "result_not_forwarded" in true_ones(tasks["stuck"], later)

    def test_a_background_command_outlives_nobody(self, tmp_path: Path) -> None:
        """OpenClaw never ends these rows; a new gateway does not know them."""
        state = State(tmp_path, "restarted")
        now = state.renewed_at + 60 * SECOND
        observed = by_title(state.read(now=now))["sleep 40"]
        assert observed.task.status is TaskStatus.ACTIVE
        assert observed.facts[Condition.OWNER_DEAD].known is Known.TRUE
        assert EXPLAINED_BY not in observed.task.labels

    def test_a_gateway_that_has_just_started_may_still_settle_it(self, tmp_path: Path) -> None:
        state = State(tmp_path, "restarted")
        ((started,),) = state.ask("SELECT max(started_at_ms) FROM gateway_boot_lifecycle")
        assert isinstance(started, int)
        state.change(f"UPDATE state_leases SET heartbeat_at = {started + 30_000}")
        observed = by_title(state.read(now=state.renewed_at + 30 * SECOND))["sleep 40"]
        assert observed.facts[Condition.OWNER_DEAD].known is Known.UNKNOWN


class TestDeliveries:
    def test_only_what_did_not_arrive_is_shown(self, ended: State) -> None:
        now = ended.renewed_at + 60 * SECOND
        reading = ended.read(now=now)
        failed = {each.task.title: each.facts[Condition.DELIVERY_FAILED] for each in reading.tasks}
        assert set(failed) == {"refused", "refused-best-effort", "command-fails"}
        assert {each.known for each in failed.values()} == {Known.TRUE}
        assert "bot was blocked by the user" in failed["refused"].reason

    def test_the_run_itself_was_well(self, ended: State) -> None:
        """OpenClaw's row says failed, without an error; with best effort it says succeeded.  The run was the same."""
        rows = dict(ended.ask("SELECT label, status FROM task_runs WHERE label LIKE 'refused%'"))
        assert rows == {"refused": "failed", "refused-best-effort": "succeeded"}
        tasks = by_title(ended.read(now=ended.renewed_at))
        assert tasks["refused"].task.status is TaskStatus.COMPLETED
        assert tasks["refused-best-effort"].task.status is TaskStatus.COMPLETED
        assert tasks["command-fails"].task.status is TaskStatus.FAILED

    def test_what_arrived_or_was_not_wanted_is_false_when_it_is_asked_for(self, ended: State) -> None:
        ids = frozenset(str(each) for (each,) in ended.ask("SELECT task_id FROM task_runs"))
        tasks = by_title(ended.read(now=ended.renewed_at, known=ids))
        assert tasks["delivered"].facts[Condition.DELIVERY_FAILED].known is Known.FALSE
        assert tasks["silent"].facts[Condition.DELIVERY_FAILED].known is Known.FALSE
        assert Condition.DELIVERY_FAILED not in tasks["wants-none"].facts

    def test_since_is_the_end_of_the_run_and_stays_so(self, ended: State) -> None:
        for days in (0, 3):
            now = ended.renewed_at + timedelta(days=days)
            reading = ended.read(now=now, baseline_at=ended.renewed_at - timedelta(days=1))
            assert all(each.facts[Condition.DELIVERY_FAILED].since == each.task.finished_at for each in reading.tasks)

    def test_a_gateway_that_was_stopped_changes_nothing(self, tmp_path: Path) -> None:
        state = State(tmp_path, "stopped")
        assert state.ask("SELECT outcome FROM gateway_boot_lifecycle") == [("clean_stop",)]
        ((last,),) = state.ask("SELECT max(last_event_at) FROM task_runs")
        assert set(by_title(state.read(now=moment(last), machine=Machine({})))) == {
            "refused",
            "refused-best-effort",
            "command-fails",
        }

    def test_what_ended_before_the_baseline_is_not_read(self, ended: State) -> None:
        now = ended.renewed_at + timedelta(hours=1)
        assert ended.read(now=now, baseline_at=now).tasks == []
        ((task_id,),) = ended.ask("SELECT task_id FROM task_runs WHERE label = 'refused'")
        asked = ended.read(now=now, baseline_at=now, known=frozenset({str(task_id), "never-was"}))
        assert [each.task.task_id for each in asked.tasks] == [task_id]


class TestOlderVersions:
    @pytest.mark.parametrize("version", ["2026.6.11", "2026.7.35"])
    def test_a_delivery_that_failed_is_seen(self, tmp_path: Path, version: str) -> None:
        state = State(tmp_path, f"version-{version}")
        ((last,),) = state.ask("SELECT max(last_event_at) FROM task_runs")
        reading = state.read(now=moment(last), machine=Machine({}))
        tasks = by_title(reading)
        assert tasks["refused"].facts[Condition.DELIVERY_FAILED].known is Known.TRUE
        assert "bot was blocked by the user" in tasks["refused"].facts[Condition.DELIVERY_FAILED].reason
        assert tasks["hang"].facts[Condition.OWNER_DEAD].known is Known.UNKNOWN
        assert not reading.findings  # what a version never had is no news

    def test_the_ledger_before_the_state_database(self, tmp_path: Path) -> None:
        state = State(tmp_path, "version-2026.5.28")
        (tmp_path / "tasks").mkdir()
        state.database.rename(tmp_path / "tasks" / "runs.sqlite")
        state.database = tmp_path / "tasks" / "runs.sqlite"
        ((last,),) = state.ask("SELECT max(last_event_at) FROM task_runs")
        tasks = by_title(state.read(now=moment(last), machine=Machine({})))
        assert tasks["hang"].task.status is TaskStatus.ACTIVE
        assert tasks["hang"].facts[Condition.OWNER_DEAD].known is Known.UNKNOWN
        assert tasks["refused"].facts[Condition.DELIVERY_FAILED].known is Known.UNKNOWN  # it did not write that down


@pytest.mark.parametrize("case", [each.stem for each in sorted(CASES.glob("*.sql")) if ".agent" not in each.stem])
def test_reading_leaves_no_trace(tmp_path: Path, case: str) -> None:
    state = State(tmp_path, case)
    before = what_is_there(tmp_path)
    assert not [name for name in before if name.endswith(("-wal", "-shm"))]
    ((last,),) = state.ask("SELECT max(last_event_at) FROM task_runs")
    before = what_is_there(tmp_path)
    state.read(now=moment(last), machine=Machine({}))
    assert what_is_there(tmp_path) == before


def done(observed: ObservedTask) -> bool:
    """Tell whether a task is over."""
    return observed.task.finished_at is not None
