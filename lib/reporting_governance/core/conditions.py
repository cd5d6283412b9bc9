"""Whether something is wrong with a task: one pure function for each condition.

Each answers true, false or *unknown*, from what was seen of the task, the settings in force and `now`.  Unknown is
never a guess in either direction: the episode of an unknown condition stays as it is.
A verdict names its *anchor*, the observation that last made the condition false; so the answer to the same
observation is the same episode, however often and in whatever order it is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.task_state import FINISHED, ChildTask, TaskMode, TaskState, TaskStatus
from reporting_governance.contracts.times import format_time
from reporting_governance.contracts.watch_settings import Calendar
from reporting_governance.core.promises import last_check_in, promise_of
from reporting_governance.core.verdicts import (
    END_OF_TIME,
    EVENT_TYPES,
    Condition,
    Fact,
    Sight,
    Truth,
    Verdict,
    later,
    latest,
    never,
    owed,
    since,
    timed,
)
from reporting_governance.core.watch_settings import WatchSettings

__all__ = [
    "EVENT_TYPES",
    "Condition",
    "Fact",
    "Sight",
    "Truth",
    "Verdict",
    "dated_ahead",
    "judge",
    "last_sign_of_life",
    "later",
    "latest",
]

#: The states in which a task may owe check-ins; in all but the first, only after that state's own limit.
_OWING = (TaskStatus.ACTIVE, TaskStatus.WAITING_USER, TaskStatus.PAUSED, TaskStatus.BLOCKED)
#: What is true whatever the clock says.
_NOT_BY_CLOCK = frozenset((Condition.SPAWN_FAILED, Condition.REPORT_ANCHOR_MISSING))


def judge(sight: Sight, settings: WatchSettings, now: datetime) -> tuple[Verdict, ...]:
    """Return one verdict for each condition, in the order of `Condition`."""
    return tuple(_judge_one(condition, sight, settings, now) for condition in Condition)


def _judge_one(condition: Condition, sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    if condition.value in sight.unknown:
        return Verdict(condition=condition, truth=Truth.UNKNOWN, reason=sight.unknown[condition.value])
    if condition.value in sight.facts:
        return _from_fact(condition, sight.facts[condition.value])
    function = _FUNCTIONS.get(condition)
    if function is None:
        return never(condition, "the source does not report it", watched=False)
    verdict = function(sight, settings, now)
    if verdict.truth is Truth.TRUE and _is_held(sight, verdict):
        return replace(verdict, truth=Truth.UNKNOWN, reason=sight.hold)
    return verdict


def _is_held(sight: Sight, verdict: Verdict) -> bool:
    """Tell whether an accusation waits: one by the clock, that arose when the clock or the watch was not to be trusted.

    What was an accusation before that is none the less true: else a watch with a gap before each look would never
    accuse anybody.
    """
    if not sight.hold or verdict.condition in _NOT_BY_CLOCK:
        return False
    return sight.hold_after is None or verdict.opens_at is None or verdict.opens_at > sight.hold_after


def _from_fact(condition: Condition, fact: Fact) -> Verdict:
    since = fact.since if fact.truth is Truth.TRUE else None
    return Verdict(
        condition=condition,
        truth=fact.truth,
        reason=fact.reason or "by the host's own records",
        anchor=since,
        due_at=since,
        opens_at=since,
    )


def checkpoint_overdue(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    """The task did not keep its promise to check in.  A heartbeat is no check-in: it can mask a stuck tool."""
    condition, task = Condition.CHECKPOINT_OVERDUE, sight.task
    if task.status not in _OWING:
        return never(condition, f"a task that is {task.status.value} owes no check-in")
    promise = promise_of(task, settings)
    if promise.calendar is None and promise.every_seconds is None:
        return never(condition, "no promise", watched=False)
    reason, seen_at, every = "no check-in since {anchor}", last_check_in(task), promise.every_seconds
    if task.status is not TaskStatus.ACTIVE:
        every = settings.limits.get(task.status.value)
        if every is None:
            return never(condition, f"no limit for {task.status.value}", watched=False)
        reason = f"{task.status.value}, and no check-in since {{anchor}}"
    elif promise.calendar is not None:
        return _overdue_by_calendar(sight, promise.calendar, promise.grace_seconds, now)
    return since(condition, sight, seen_at, every or 0, now, reason, grace=promise.grace_seconds)


def _overdue_by_calendar(sight: Sight, calendar: Calendar, grace: int, now: datetime) -> Verdict:
    """The due time that counts is the first one after the last check-in which that check-in does not answer."""
    from reporting_governance.core.calendar_check_ins import due_after
    from reporting_governance.core.calendar_text import WrongCalendar

    condition, last = Condition.CHECKPOINT_OVERDUE, last_check_in(sight.task)
    try:
        due_at = None if last is None else due_after(calendar, last, grace)
        if last is not None and due_at is None:
            return never(condition, f"by {calendar.schedule} no check-in is due any more")
        return owed(
            condition,
            sight,
            last,
            lambda seen_at: (due_at if seen_at == last else due_after(calendar, seen_at, grace)) or END_OF_TIME,
            now,
            f"no check-in since {{anchor}}, and by {calendar.schedule} ({calendar.time_zone}) one was due",
            grace=grace,
        )
    except WrongCalendar as fault:
        # Zone data that is missing now may be there again in a minute: nobody tells us when.
        return Verdict(condition=condition, truth=Truth.UNKNOWN, reason=str(fault), passing=True)


def silence_timeout(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    """No sign of life of any kind."""
    condition, task = Condition.SILENCE_TIMEOUT, sight.task
    if task.status is not TaskStatus.ACTIVE:
        return never(condition, f"a task that is {task.status.value} may be silent")
    if settings.silence_seconds is None:
        return never(condition, "silence is not watched", watched=False)
    wait = max(settings.silence_seconds, sight.resolution_seconds)
    seen_at = last_sign_of_life(task, sight.heard_at)
    if _heard_since_the_clock_was_set(sight, now):
        seen_at = latest(sight.heard_at, *(each for each in (seen_at,) if each is not None and each <= now))
    return since(condition, sight, seen_at, wait, now, "no sign of life since {anchor}")


def _heard_since_the_clock_was_set(sight: Sight, now: datetime) -> bool:
    """Tell whether a heartbeat is newer than whatever lies ahead, since that was dated by an earlier clock."""
    heard, set_at = sight.heard_at, sight.clock_set_at
    return heard is not None and set_at is not None and set_at <= heard <= now


def deadline_missed(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:  # noqa: ARG001 - one signature
    """The task is not finished at its deadline."""
    condition, task = Condition.DEADLINE_MISSED, sight.task
    if task.status in FINISHED:
        return never(condition, f"the task is {task.status.value}")
    if task.deadline_at is None:
        return never(condition, "no deadline", watched=False)
    return timed(condition, task.deadline_at, now, "not finished at {anchor}")


def start_missed(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    """The task was announced and has not started."""
    condition, task = Condition.START_MISSED, sight.task
    if task.status is not TaskStatus.EXPECTED:
        return never(condition, "not waiting for a start")
    seen_at = latest(task.status_changed_at, task.started_at)
    return since(
        condition, sight, seen_at, settings.start_grace_seconds, now, "expected since {anchor} and not started"
    )


def result_not_forwarded(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    """A child finished and the operator was not shown its result; of several the one that finished first."""
    condition, task = Condition.RESULT_NOT_FORWARDED, sight.task
    if not task.expects_forwarding:
        return never(condition, "no child's result has to be forwarded", watched=False)
    waiting = [child for child in task.children if _is_unforwarded(child)]
    if not waiting:
        return never(condition, "no child's result is waiting")
    times = [child.finished_at for child in waiting if child.finished_at is not None]
    if not times:
        return Verdict(condition=condition, truth=Truth.UNKNOWN, reason="the time the child finished is not known")
    names = ", ".join(sorted(child.task_id for child in waiting)[:5])
    reason = f"result of {names} not forwarded"
    return since(condition, sight, min(times), settings.forward_within_seconds, now, reason)


def spawn_failed(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:  # noqa: ARG001 - one signature
    """A child failed to start and the parent's operator was not told."""
    condition = Condition.SPAWN_FAILED
    failed = [child for child in sight.task.children if child.spawn_failed_at is not None and child.told_at is None]
    times = [child.spawn_failed_at for child in failed if child.spawn_failed_at is not None]
    if not times:
        return never(condition, "no child failed to start")
    names = ", ".join(sorted(child.task_id for child in failed)[:5])
    return timed(condition, min(times), now, f"{names} failed to start")


def report_anchor_missing(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:  # noqa: ARG001 - one signature
    """A task that nobody watches has no place where its operator would see a report."""
    condition, task = Condition.REPORT_ANCHOR_MISSING, sight.task
    if task.status in FINISHED or task.status is TaskStatus.EXPECTED:
        return never(condition, f"the task is {task.status.value}")
    if task.mode is not TaskMode.SILENT:
        return never(condition, "somebody sees the task's own output", watched=False)
    context = task.operator_context
    if task.report_anchor or (context and (context.report_anchor or (context.channel and context.target))):
        return never(condition, "the operator sees the task's reports")
    reason = "no place where the operator would see a report"
    anchor = task.started_at or task.status_changed_at
    if anchor is None:  # it is as true of a task whose beginning nobody knows
        return Verdict(condition=condition, truth=Truth.TRUE, reason=reason)
    return timed(condition, anchor, now, reason)


def claim_unverified(sight: Sight, settings: WatchSettings, now: datetime) -> Verdict:
    """The task claims to be complete, and nothing of sufficient quality supports it."""
    condition, task = Condition.CLAIM_UNVERIFIED, sight.task
    if task.status is not TaskStatus.PENDING_VERIFICATION:
        return never(condition, "no unverified claim of completion")
    # Claiming it again proves nothing: the time runs from the first claim.
    seen_at = task.status_changed_at or latest(task.last_checkpoint_at, task.last_activity_at)
    return since(
        condition,
        sight,
        seen_at,
        settings.verify_within_seconds,
        now,
        "claimed complete at {anchor}, and nothing supports it",
    )


_FUNCTIONS: Mapping[Condition, Callable[[Sight, WatchSettings, datetime], Verdict]] = {
    Condition.CHECKPOINT_OVERDUE: checkpoint_overdue,
    Condition.SILENCE_TIMEOUT: silence_timeout,
    Condition.DEADLINE_MISSED: deadline_missed,
    Condition.START_MISSED: start_missed,
    Condition.RESULT_NOT_FORWARDED: result_not_forwarded,
    Condition.SPAWN_FAILED: spawn_failed,
    Condition.REPORT_ANCHOR_MISSING: report_anchor_missing,
    Condition.CLAIM_UNVERIFIED: claim_unverified,
}


def last_sign_of_life(task: TaskState, heard_at: datetime | None = None) -> datetime | None:
    """Return the newest time at which a task was surely alive; None when no time is known."""
    return latest(
        heard_at,
        task.last_activity_at,
        task.last_checkpoint_at,
        task.last_evidence_at,
        task.started_at,
        task.status_changed_at,
    )


def dated_ahead(task: TaskState, limit: datetime) -> Mapping[str, str]:
    """Return what cannot be judged of a task whose source dates it later than `limit`: it would never be late."""
    newest = last_sign_of_life(task)
    if newest is None or newest <= limit:
        return {}
    reason = f"its source dates it {format_time(newest)}, ahead of our clock"
    return dict.fromkeys((Condition.CHECKPOINT_OVERDUE.value, Condition.SILENCE_TIMEOUT.value), reason)


def _is_unforwarded(child: ChildTask) -> bool:
    ended = child.finished_at is not None or child.status in FINISHED
    return ended and child.spawn_failed_at is None and child.forwarded_at is None
