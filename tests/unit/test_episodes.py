"""Episodes: nothing is said twice, in whatever order and however often it is looked at, whatever the clock does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reporting_governance.contracts.ids import watch_event_id
from reporting_governance.contracts.task_state import FINISHED, CheckpointPromise, TaskState, TaskStatus
from reporting_governance.contracts.times import format_time
from reporting_governance.core.conditions import Condition, Sight, Truth, Verdict, judge
from reporting_governance.core.episodes import ResolvedBy, Transition, is_open, next_look, resolve_all, transitions
from reporting_governance.core.watch_settings import WatchSettings

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "tsk_1"
SETTINGS = WatchSettings(silence_seconds=1800, limits={"waiting_user": 3600, "paused": None, "blocked": 1800})
Entries = dict[str, Mapping[str, Any]]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def fold(entries: Entries, changes: tuple[Transition, ...]) -> Entries:
    """Write the changes down as the view of the task does."""
    found = dict(entries)
    for each in changes:
        found[each.condition.value] = {
            "anchor": each.anchor,
            "reopened": each.reopened,
            "phase": each.phase.value,
            "episode": each.episode,
            "event_id": watch_event_id(each.episode, each.event_type.value, each.phase.value),
            "due_at": format_time(each.due_at),
        }
    return found


def said(changes: tuple[Transition, ...]) -> list[tuple[str, str, int]]:
    return [(each.condition.value, each.phase.value, each.reopened) for each in changes]


def holds(condition: Condition, anchor: datetime | None, truth: Truth = Truth.TRUE) -> Verdict:
    return Verdict(condition=condition, truth=truth, reason="test", anchor=anchor, due_at=anchor, opens_at=anchor)


def step(entries: Entries, verdict: Verdict, now: datetime, *, finished: bool = False) -> tuple[Entries, list[Any]]:
    changes = transitions(KEY, entries, (verdict,), finished=finished, now=now)
    return fold(entries, changes), said(changes)


def test_a_condition_that_stays_true_is_said_once() -> None:
    verdict = holds(Condition.SILENCE_TIMEOUT, NOON)
    entries, first = step({}, verdict, at(1))
    assert first == [("silence_timeout", "firing", 0)]
    assert step(entries, verdict, at(2))[1] == []
    assert step(entries, verdict, at(-500))[1] == []


def test_unknown_leaves_everything_as_it_is() -> None:
    entries, _ = step({}, holds(Condition.SILENCE_TIMEOUT, NOON), at(1))
    unknown = Verdict(condition=Condition.SILENCE_TIMEOUT, truth=Truth.UNKNOWN, reason="locked")
    assert step(entries, unknown, at(2)) == (entries, [])
    assert step({}, unknown, at(2)) == ({}, [])


def test_a_newer_anchor_means_it_was_well_in_between() -> None:
    entries, _ = step({}, holds(Condition.SILENCE_TIMEOUT, NOON), at(1))
    entries, changes = step(entries, holds(Condition.SILENCE_TIMEOUT, at(5)), at(40))
    assert changes == [("silence_timeout", "resolved", 0), ("silence_timeout", "firing", 0)]
    assert entries["silence_timeout"]["anchor"] == format_time(at(5))


def test_an_older_or_unknown_anchor_is_the_same_stretch() -> None:
    entries, _ = step({}, holds(Condition.OWNER_DEAD, NOON), at(1))
    assert step(entries, holds(Condition.OWNER_DEAD, at(-5)), at(2))[1] == []
    assert step(entries, holds(Condition.OWNER_DEAD, None), at(2))[1] == []


def test_the_same_anchor_again_is_counted_and_not_confused() -> None:
    entries, _ = step({}, holds(Condition.OWNER_DEAD, NOON), at(1))
    first = entries["owner_dead"]["episode"]
    entries, changes = step(entries, holds(Condition.OWNER_DEAD, None, Truth.FALSE), at(2))
    assert changes == [("owner_dead", "resolved", 0)]
    entries, changes = step(entries, holds(Condition.OWNER_DEAD, at(-10)), at(3))
    assert changes == [("owner_dead", "firing", 1)]
    assert entries["owner_dead"]["episode"] != first


def test_a_resolution_says_why() -> None:
    entries, _ = step({}, holds(Condition.DEADLINE_MISSED, NOON), at(1))
    well = Verdict(condition=Condition.DEADLINE_MISSED, truth=Truth.FALSE, reason="no deadline")
    unwatched = Verdict(condition=Condition.DEADLINE_MISSED, truth=Truth.FALSE, reason="off", watched=False)
    by = [
        transitions(KEY, entries, (verdict,), finished=finished, now=at(2))[0].resolved_by
        for verdict, finished in ((well, False), (well, True), (unwatched, False))
    ]
    assert by == [ResolvedBy.CONDITION_FALSE, ResolvedBy.FINISHED, ResolvedBy.UNWATCHED]
    (gone,) = resolve_all(entries, ResolvedBy.GONE, "no longer visible", at(3))
    assert (gone.resolved_by, gone.episode) == (ResolvedBy.GONE, entries["deadline_missed"]["episode"])


def test_the_agent_is_reminded_once_for_each_promise_and_accused_after_the_grace() -> None:
    promise = CheckpointPromise(every_seconds=600)
    task = TaskState(
        task_id="t1", agent_id="a", runtime="r", status=TaskStatus.ACTIVE, started_at=NOON, checkpoint=promise
    )
    entries: Entries = {}
    seen = []
    for minute in (0, 9, 10, 11, 14, 15, 16):
        verdicts = [
            each
            for each in judge(Sight(task=task), SETTINGS, at(minute))
            if each.condition is Condition.CHECKPOINT_OVERDUE
        ]
        changes = transitions(KEY, entries, verdicts, finished=False, now=at(minute))
        entries = fold(entries, changes)
        seen += [(minute, each.phase.value, each.dated_at) for each in changes]
    assert seen == [(10, "due", at(10)), (15, "firing", at(15))]


def test_a_scan_that_comes_late_says_the_same_as_one_in_time() -> None:
    verdict = Verdict(
        condition=Condition.CHECKPOINT_OVERDUE,
        truth=Truth.TRUE,
        reason="late",
        anchor=NOON,
        due_at=at(10),
        opens_at=at(15),
    )
    changes = transitions(KEY, {}, (verdict,), finished=False, now=at(500))
    assert [(each.phase.value, each.dated_at) for each in changes] == [("due", at(10)), ("firing", at(15))]


def test_the_next_look_is_when_something_may_be_said() -> None:
    promise = CheckpointPromise(every_seconds=600)
    task = TaskState(
        task_id="t1", agent_id="a", runtime="r", status=TaskStatus.ACTIVE, started_at=NOON, checkpoint=promise
    )
    assert next_look({}, judge(Sight(task=task), SETTINGS, NOON), NOON) == at(10)
    late = judge(Sight(task=task), SETTINGS, at(15))
    entries = fold({}, transitions(KEY, {}, late, finished=False, now=at(15)))
    assert next_look(entries, judge(Sight(task=task), SETTINGS, at(15)), at(15)) == at(30)  # silence


def test_a_task_whose_zone_is_not_known_now_is_looked_at_again_and_again() -> None:
    promise = CheckpointPromise(schedule="0 9 * * *", time_zone="Europe/Nowhere")
    task = TaskState(
        task_id="t1", agent_id="a", runtime="r", status=TaskStatus.ACTIVE, started_at=NOON, checkpoint=promise
    )
    verdicts = judge(Sight(task=task), SETTINGS, at(15))
    (overdue,) = (each for each in verdicts if each.condition is Condition.CHECKPOINT_OVERDUE)
    assert (overdue.truth, overdue.passing) == (Truth.UNKNOWN, True)
    assert next_look({}, (overdue,), at(15)) == at(15)
    known = Verdict(condition=overdue.condition, truth=Truth.TRUE, reason="late", anchor=NOON, due_at=at(1))
    opened = fold({}, transitions(KEY, {}, (known,), finished=False, now=at(5)))
    assert next_look(opened, (overdue,), at(15)) == at(15)


moves = st.lists(
    st.tuples(
        st.sampled_from(["forward", "back", "check in", "pause", "resume", "finish", "heartbeat", "scan"]),
        st.integers(1, 90),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(moves=moves)
def test_no_event_is_said_twice_whatever_the_clock_and_the_task_do(moves: list[tuple[str, int]]) -> None:
    world = _World()
    for move, minutes in moves:
        world.do(move, minutes)
        world.scan()
        world.scan()
    assert len(world.events) == len(set(world.events))


class _World:
    """One task, a clock that goes both ways, and a scan after every step."""

    def __init__(self) -> None:
        self.now = NOON
        self.heard: datetime | None = None
        self.entries: Entries = {}
        self.events: list[str] = []
        self.quiet = True
        self.task = TaskState(
            task_id="t1",
            agent_id="a",
            runtime="r",
            status=TaskStatus.ACTIVE,
            started_at=NOON,
            checkpoint=CheckpointPromise(every_seconds=600),
            deadline_at=at(240),
        )

    def do(self, move: str, minutes: int) -> None:
        if move in ("forward", "back"):
            self.now += timedelta(minutes=minutes if move == "forward" else -minutes)
        elif move == "heartbeat":
            self.heard = self.now
        elif move != "scan":
            status = {"pause": TaskStatus.PAUSED, "finish": TaskStatus.COMPLETED}.get(move, TaskStatus.ACTIVE)
            self.task = replace(
                self.task,
                status=status,
                last_checkpoint_at=self.now,
                status_changed_at=self.now if status is not self.task.status else self.task.status_changed_at,
            )

    def scan(self) -> tuple[Transition, ...]:
        verdicts = judge(Sight(task=self.task, heard_at=self.heard), SETTINGS, self.now)
        finished = self.task.status in FINISHED
        changes = transitions(KEY, self.entries, verdicts, finished=finished, now=self.now)
        self.entries = fold(self.entries, changes)
        self.events += [watch_event_id(each.episode, each.event_type.value, each.phase.value) for each in changes]
        return changes


class ClockOnly(RuleBasedStateMachine):
    """While the task does nothing, the clock alone says each thing once and takes nothing back."""

    def __init__(self) -> None:
        super().__init__()
        self.world = _World()
        self.open: set[str] = set()

    @rule(minutes=st.integers(-600, 600))
    def move_the_clock(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)
        changes = self.world.scan()
        assert all(each.phase != "resolved" for each in changes)
        self.open |= {each.condition.value for each in changes if each.phase == "firing"}

    @invariant()
    def nothing_twice(self) -> None:
        assert len(self.world.events) == len(set(self.world.events))
        assert {name for name, entry in self.world.entries.items() if is_open(entry)} == self.open


TestClockOnly = ClockOnly.TestCase
TestClockOnly.settings = settings(max_examples=50, stateful_step_count=20)
