"""Each condition of the watch: when it holds, when it does not, and when nobody can say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.event_envelope import OperatorContext
from reporting_governance.contracts.task_state import (
    FINISHED,
    CheckpointPromise,
    ChildTask,
    TaskMode,
    TaskState,
    TaskStatus,
)
from reporting_governance.core.conditions import Condition, Fact, Sight, Truth, Verdict, judge, later
from reporting_governance.core.watch_settings import WatchSettings

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = WatchSettings(limits={"waiting_user": 3600, "paused": 7200, "blocked": 1800})


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def task(**more: Any) -> TaskState:
    base: dict[str, Any] = {
        "task_id": "t1",
        "agent_id": "worker",
        "runtime": "local-host",
        "status": TaskStatus.ACTIVE,
        "started_at": NOON,
    }
    return TaskState(**{**base, **more})


def verdict(condition: Condition, now: datetime, state: TaskState, **sight: Any) -> Verdict:
    settings = sight.pop("settings", SETTINGS)
    found = judge(Sight(task=state, **sight), settings, now)
    return found[list(Condition).index(condition)]


def truth(condition: Condition, now: datetime, state: TaskState, **sight: Any) -> Truth:
    return verdict(condition, now, state, **sight).truth


HOURLY = CheckpointPromise(every_seconds=3600)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, Truth.FALSE), (60, Truth.FALSE), (64.9, Truth.FALSE), (65, Truth.TRUE)]
)
def test_a_check_in_is_overdue_after_its_grace(minutes: float, expected: Truth) -> None:
    found = verdict(Condition.CHECKPOINT_OVERDUE, at(minutes), task(checkpoint=HOURLY))
    assert (found.truth, found.anchor, found.due_at, found.opens_at) == (expected, NOON, at(60), at(65))


def test_a_task_without_a_promise_owes_no_check_in() -> None:
    found = verdict(Condition.CHECKPOINT_OVERDUE, at(10_000), task())
    assert (found.truth, found.reason, found.watched) == (Truth.FALSE, "no promise", False)


def test_the_profile_may_promise_for_a_task() -> None:
    settings = WatchSettings(every_seconds=600, grace_seconds=0)
    assert truth(Condition.CHECKPOINT_OVERDUE, at(10), task(), settings=settings) is Truth.TRUE


def test_the_tasks_own_promise_and_grace_go_first() -> None:
    settings = WatchSettings(every_seconds=60, grace_seconds=0)
    own = task(checkpoint=CheckpointPromise(every_seconds=3600, grace_seconds=600))
    assert verdict(Condition.CHECKPOINT_OVERDUE, at(1), own, settings=settings).opens_at == at(70)


def test_a_calendar_that_cannot_be_understood_is_unknown_and_says_so() -> None:
    for schedule, zone in (("61 9 * * *", "Europe/Berlin"), ("0 9 * * *", "Europe/Nowhere")):
        own = task(checkpoint=CheckpointPromise(schedule=schedule, time_zone=zone))
        found = verdict(Condition.CHECKPOINT_OVERDUE, at(10_000), own)
        assert found.truth is Truth.UNKNOWN
        assert (schedule in found.reason) or (zone in found.reason)


def test_a_heartbeat_answers_no_promise() -> None:
    assert truth(Condition.CHECKPOINT_OVERDUE, at(70), task(checkpoint=HOURLY), heard_at=at(69)) is Truth.TRUE
    assert truth(Condition.SILENCE_TIMEOUT, at(70), task(checkpoint=HOURLY), heard_at=at(69)) is Truth.FALSE


@pytest.mark.parametrize(
    ("status", "limit_minutes"),
    [(TaskStatus.WAITING_USER, 60), (TaskStatus.PAUSED, 120), (TaskStatus.BLOCKED, 30)],
)
def test_a_task_that_waits_owes_a_check_in_after_its_own_limit(status: TaskStatus, limit_minutes: int) -> None:
    state = task(status=status, status_changed_at=NOON, checkpoint=CheckpointPromise(every_seconds=60))
    found = verdict(Condition.CHECKPOINT_OVERDUE, at(limit_minutes + 5), state)
    assert (found.truth, found.due_at) == (Truth.TRUE, at(limit_minutes))
    assert truth(Condition.CHECKPOINT_OVERDUE, at(limit_minutes + 4.9), state) is Truth.FALSE
    assert truth(Condition.SILENCE_TIMEOUT, at(10_000), state) is Truth.FALSE


@pytest.mark.parametrize(
    "status",
    [each for each in TaskStatus if each not in ("active", "waiting_user", "paused", "blocked")],
)
def test_a_task_that_does_not_work_owes_nothing(status: TaskStatus) -> None:
    state = task(status=status, checkpoint=HOURLY)
    assert truth(Condition.CHECKPOINT_OVERDUE, at(10_000), state) is Truth.FALSE
    assert truth(Condition.SILENCE_TIMEOUT, at(10_000), state) is Truth.FALSE


@pytest.mark.parametrize("sign", ["started_at", "last_activity_at", "last_checkpoint_at", "last_evidence_at"])
def test_silence_counts_from_the_last_sign_of_life(sign: str) -> None:
    state = task(**{sign: at(20)})
    assert truth(Condition.SILENCE_TIMEOUT, at(49.9), state) is Truth.FALSE
    found = verdict(Condition.SILENCE_TIMEOUT, at(50), state)
    assert (found.truth, found.anchor, found.due_at) == (Truth.TRUE, at(20), at(50))


def test_silence_shorter_than_the_source_can_see_proves_nothing() -> None:
    assert truth(Condition.SILENCE_TIMEOUT, at(59), task(), resolution_seconds=3600) is Truth.FALSE
    assert truth(Condition.SILENCE_TIMEOUT, at(60), task(), resolution_seconds=3600) is Truth.TRUE


def test_nobody_is_accused_by_the_clock_while_it_is_not_trusted() -> None:
    found = verdict(Condition.SILENCE_TIMEOUT, at(60), task(), hold="the clock was set")
    assert (found.truth, found.reason, found.opens_at) == (Truth.UNKNOWN, "the clock was set", at(30))
    by_host = Fact(truth=Truth.TRUE, since=at(1))
    assert truth(Condition.OWNER_DEAD, at(60), task(), hold="x", facts={"owner_dead": by_host}) is Truth.TRUE


def test_a_time_that_lies_ahead_counts_from_when_the_clock_was_set_back() -> None:
    wrong = task(started_at=at(60 * 24 * 365))
    assert truth(Condition.SILENCE_TIMEOUT, at(30), wrong, clock_set_at=NOON) is Truth.TRUE
    assert truth(Condition.SILENCE_TIMEOUT, at(29), wrong, clock_set_at=NOON) is Truth.UNKNOWN
    assert truth(Condition.SILENCE_TIMEOUT, at(30), wrong) is Truth.FALSE


def test_a_deadline_is_missed_unless_the_task_is_finished() -> None:
    state = task(deadline_at=at(10))
    assert truth(Condition.DEADLINE_MISSED, at(9.9), state) is Truth.FALSE
    assert truth(Condition.DEADLINE_MISSED, at(10), state) is Truth.TRUE
    assert truth(Condition.DEADLINE_MISSED, at(10), task()) is Truth.FALSE
    for status in FINISHED:
        assert truth(Condition.DEADLINE_MISSED, at(11), task(status=status, deadline_at=at(10))) is Truth.FALSE


def test_a_start_is_missed_after_its_grace() -> None:
    state = task(status=TaskStatus.EXPECTED, started_at=None, status_changed_at=NOON)
    assert truth(Condition.START_MISSED, at(14.9), state) is Truth.FALSE
    assert truth(Condition.START_MISSED, at(15), state) is Truth.TRUE
    assert truth(Condition.START_MISSED, at(15), task()) is Truth.FALSE


def test_a_result_is_not_forwarded_until_the_operator_was_shown_it() -> None:
    done = ChildTask(task_id="c1", status=TaskStatus.COMPLETED, finished_at=NOON)
    earlier = ChildTask(task_id="c0", status=TaskStatus.COMPLETED, finished_at=at(-30), forwarded_at=at(-20))
    state = task(expects_forwarding=True, children=(earlier, done))
    assert truth(Condition.RESULT_NOT_FORWARDED, at(9.9), state) is Truth.FALSE
    found = verdict(Condition.RESULT_NOT_FORWARDED, at(10), state)
    assert (found.truth, found.anchor) == (Truth.TRUE, NOON)
    assert "c1" in found.reason
    assert truth(Condition.RESULT_NOT_FORWARDED, at(10), task(children=(done,))) is Truth.FALSE
    ended = task(status=TaskStatus.COMPLETED, expects_forwarding=True, children=(done,))
    assert truth(Condition.RESULT_NOT_FORWARDED, at(10), ended) is Truth.TRUE
    undated = ChildTask(task_id="c2", status=TaskStatus.COMPLETED)
    unknown = task(expects_forwarding=True, children=(undated,))
    assert truth(Condition.RESULT_NOT_FORWARDED, at(10), unknown) is Truth.UNKNOWN


def test_a_failed_spawn_is_told_at_once_until_it_was_told() -> None:
    failed = ChildTask(task_id="c1", status=TaskStatus.FAILED, spawn_failed_at=NOON)
    told = ChildTask(task_id="c1", status=TaskStatus.FAILED, spawn_failed_at=NOON, told_at=at(1))
    assert truth(Condition.SPAWN_FAILED, NOON, task(children=(failed,))) is Truth.TRUE
    assert truth(Condition.SPAWN_FAILED, NOON, task(children=(told,))) is Truth.FALSE


def test_a_silent_task_needs_a_place_where_its_reports_are_seen() -> None:
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, task(mode=TaskMode.SILENT)) is Truth.TRUE
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, task()) is Truth.FALSE
    anchored = task(mode=TaskMode.SILENT, report_anchor="msg-1")
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, anchored) is Truth.FALSE
    reached = task(mode=TaskMode.SILENT, operator_context=OperatorContext(channel="chat", target="ops"))
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, reached) is Truth.FALSE
    half = task(mode=TaskMode.SILENT, operator_context=OperatorContext(channel="chat"))
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, half) is Truth.TRUE


def test_a_claim_is_unverified_after_its_time() -> None:
    state = task(status=TaskStatus.PENDING_VERIFICATION, status_changed_at=NOON)
    assert truth(Condition.CLAIM_UNVERIFIED, at(59.9), state) is Truth.FALSE
    assert truth(Condition.CLAIM_UNVERIFIED, at(60), state) is Truth.TRUE


def test_claiming_completion_again_without_proof_does_not_put_off_the_time() -> None:
    again = task(status=TaskStatus.PENDING_VERIFICATION, status_changed_at=NOON, last_checkpoint_at=at(59))
    assert truth(Condition.CLAIM_UNVERIFIED, at(60), again) is Truth.TRUE


def test_a_silent_task_whose_beginning_nobody_knows_needs_a_place_for_its_reports_all_the_same() -> None:
    state = task(mode=TaskMode.SILENT, started_at=None)
    assert truth(Condition.REPORT_ANCHOR_MISSING, NOON, state) is Truth.TRUE


def test_what_is_true_whatever_the_clock_says_is_not_held_back_with_the_clock() -> None:
    failed = ChildTask(task_id="c1", status=TaskStatus.FAILED, spawn_failed_at=NOON)
    state = task(mode=TaskMode.SILENT, children=(failed,))
    for condition in (Condition.SPAWN_FAILED, Condition.REPORT_ANCHOR_MISSING):
        assert truth(condition, at(1), state, hold="the clock was set") is Truth.TRUE


def test_only_what_arose_while_nobody_watched_waits_for_a_grace() -> None:
    state = task()  # silent from minute 30 on
    assert truth(Condition.SILENCE_TIMEOUT, at(60), state, hold="nobody watched", hold_after=at(29)) is Truth.UNKNOWN
    assert truth(Condition.SILENCE_TIMEOUT, at(60), state, hold="nobody watched", hold_after=at(30)) is Truth.TRUE


@pytest.mark.parametrize("condition", [Condition.OWNER_DEAD, Condition.DELIVERY_FAILED])
def test_what_only_the_host_knows_comes_from_the_host(condition: Condition) -> None:
    assert truth(condition, at(10_000), task()) is Truth.FALSE
    for known in Truth:
        fact = Fact(truth=known, since=NOON, reason="as recorded")
        found = verdict(condition, at(1), task(), facts={condition.value: fact})
        assert (found.truth, found.reason) == (known, "as recorded")
        assert found.anchor == (NOON if known is Truth.TRUE else None)


@pytest.mark.parametrize("condition", list(Condition))
def test_what_the_source_cannot_see_is_unknown(condition: Condition) -> None:
    found = verdict(condition, at(10_000), task(checkpoint=HOURLY), unknown={condition.value: "no such column"})
    assert (found.truth, found.reason) == (Truth.UNKNOWN, "no such column")


def test_without_a_time_to_count_from_nobody_can_say() -> None:
    state = task(started_at=None, checkpoint=HOURLY)
    assert truth(Condition.CHECKPOINT_OVERDUE, NOON, state) is Truth.UNKNOWN
    assert truth(Condition.SILENCE_TIMEOUT, NOON, state) is Truth.UNKNOWN


moments = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
maybe = st.none() | moments
whole = st.integers(min_value=0, max_value=2**53)
children = st.builds(
    ChildTask,
    task_id=st.text(min_size=1, max_size=4),
    status=st.sampled_from(TaskStatus),
    spawned_at=maybe,
    finished_at=maybe,
    forwarded_at=maybe,
    spawn_failed_at=maybe,
    told_at=maybe,
)
by_calendar = st.builds(
    CheckpointPromise,
    schedule=st.sampled_from(["0 9 * * *", "Mon 09:00", "*/15 * * * *", "0 0 29 2 *", "2020-01-01", "nonsense"]),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "Nowhere/None"]),
    grace_seconds=st.none() | whole,
)
every = st.builds(CheckpointPromise, every_seconds=st.integers(1, 2**53), grace_seconds=st.none() | whole)
promises = every | by_calendar
tasks = st.builds(
    TaskState,
    task_id=st.text(min_size=1, max_size=4),
    agent_id=st.text(min_size=1, max_size=4),
    runtime=st.just("local-host"),
    status=st.sampled_from(TaskStatus),
    mode=st.sampled_from(TaskMode),
    started_at=maybe,
    status_changed_at=maybe,
    finished_at=maybe,
    last_checkpoint_at=maybe,
    last_activity_at=maybe,
    last_evidence_at=maybe,
    checkpoint=st.none() | promises,
    deadline_at=maybe,
    report_anchor=st.none() | st.just("msg"),
    children=st.lists(children, max_size=3).map(tuple),
    expects_forwarding=st.booleans(),
)
all_settings = st.builds(
    WatchSettings,
    every_seconds=st.none() | st.integers(1, 2**53),
    grace_seconds=whole,
    silence_seconds=st.none() | st.integers(1, 2**53),
    start_grace_seconds=whole,
    forward_within_seconds=whole,
    verify_within_seconds=whole,
    limits=st.fixed_dictionaries({"waiting_user": whole, "paused": whole, "blocked": st.none()}),
)
facts = st.dictionaries(
    st.sampled_from([each.value for each in Condition]),
    st.builds(Fact, truth=st.sampled_from(Truth), since=maybe),
    max_size=3,
)
sights = st.builds(
    Sight,
    task=tasks,
    heard_at=maybe,
    hold=st.sampled_from(["", "the clock was set"]),
    clock_set_at=maybe,
    resolution_seconds=whole,
    facts=facts,
)


@given(sight=sights, settings=all_settings, now=moments)
def test_every_task_gets_one_answer_for_each_condition(sight: Sight, settings: WatchSettings, now: datetime) -> None:
    found = judge(sight, settings, now)
    assert [each.condition for each in found] == list(Condition)
    assert found == judge(sight, settings, now)
    for each in found:
        timeless = each.condition is Condition.REPORT_ANCHOR_MISSING and each.anchor is None
        if each.truth is Truth.TRUE and each.condition.value not in sight.facts and not timeless:
            assert each.anchor is not None
            assert each.opens_at is not None
            assert each.opens_at <= now


@given(moment=moments, seconds=st.integers(0, 2**60))
def test_adding_seconds_never_fails_and_never_goes_back(moment: datetime, seconds: int) -> None:
    assert later(moment, seconds) >= min(moment, datetime(9999, 1, 1, tzinfo=UTC))
