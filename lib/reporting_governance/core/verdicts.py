"""What a verdict about a task is, and how one follows from how long ago something was seen."""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.times import format_time

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)  #: times beyond it mean never


class Condition(StrEnum):
    """What may be wrong with a task, or with the watch itself."""

    CHECKPOINT_OVERDUE = "checkpoint_overdue"
    SILENCE_TIMEOUT = "silence_timeout"
    DEADLINE_MISSED = "deadline_missed"
    START_MISSED = "start_missed"
    RESULT_NOT_FORWARDED = "result_not_forwarded"
    SPAWN_FAILED = "spawn_failed"
    DELIVERY_FAILED = "delivery_failed"
    REPORT_ANCHOR_MISSING = "report_anchor_missing"
    CLAIM_UNVERIFIED = "claim_unverified"
    OWNER_DEAD = "owner_dead"
    SOURCE_UNREADABLE = "source_unreadable"
    PROFILE_REFUSED = "profile_refused"
    LOG_LOSS = "log_loss"  #: the journal does not hold what was acknowledged
    PLUGIN_DRIFT = "plugin_drift"  #: another writer turned plugins of the host on or off
    CLOCK_SKEW = "clock_skew"  #: the clock of a host differs from the database's, by which all work
    NO_HOST = "no_host"  #: messages wait for a target, and none of the hosts that reach it is at work
    CANARY = "canary"  #: a test notice did not arrive in time
    CANARY_NOTICE = "canary_notice"  #: the test notice itself; nothing is wrong


#: The event that says a condition fires or resolves.
EVENT_TYPES: Mapping[Condition, EventType] = {
    Condition.CHECKPOINT_OVERDUE: EventType.WATCHDOG_FIRED,
    Condition.SILENCE_TIMEOUT: EventType.SILENCE_TIMEOUT,
    Condition.DEADLINE_MISSED: EventType.WATCHDOG_FIRED,
    Condition.START_MISSED: EventType.WATCHDOG_FIRED,
    Condition.RESULT_NOT_FORWARDED: EventType.SUBAGENT_RESULT_NOT_FORWARDED,
    Condition.SPAWN_FAILED: EventType.SUBAGENT_SPAWN_FAILED,
    Condition.DELIVERY_FAILED: EventType.WATCHDOG_FIRED,
    Condition.REPORT_ANCHOR_MISSING: EventType.REPORT_ANCHOR_MISSING,
    Condition.CLAIM_UNVERIFIED: EventType.WATCHDOG_FIRED,
    Condition.OWNER_DEAD: EventType.WATCHDOG_FIRED,
    Condition.SOURCE_UNREADABLE: EventType.WATCHDOG_FIRED,
    Condition.PROFILE_REFUSED: EventType.WATCHDOG_FIRED,
    Condition.LOG_LOSS: EventType.WATCHDOG_FIRED,
    Condition.PLUGIN_DRIFT: EventType.WATCHDOG_FIRED,
    Condition.CLOCK_SKEW: EventType.WATCHDOG_FIRED,
    Condition.NO_HOST: EventType.WATCHDOG_FIRED,
    Condition.CANARY: EventType.WATCHDOG_FIRED,
    Condition.CANARY_NOTICE: EventType.WATCHDOG_FIRED,
}


class Truth(StrEnum):
    """Three-valued."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Fact:
    """What a host's own records say about a condition that only the host can know."""

    truth: Truth
    since: datetime | None = None
    reason: str = ""


@frozen(kw_only=True)
class Sight:
    """What was seen of one task.  A condition in neither `facts` nor the task's own fields does not apply."""

    task: TaskState
    heard_at: datetime | None = None  #: the last heartbeat
    hold: str = ""  #: why nobody is accused by the clock now: it was set, the host has just started, nobody watched
    hold_after: datetime | None = None  #: only what became an accusation after this is held; None: everything
    clock_set_at: datetime | None = None  #: when the clock was last set; times after `now` are from before that
    resolution_seconds: int = 0  #: silence shorter than this proves nothing
    facts: Mapping[str, Fact] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)  #: condition -> why it could not be judged


@frozen(kw_only=True)
class Verdict:
    """Whether one condition holds.

    `due_at`: when what is missing was owed.  `opens_at`: when that becomes an accusation (`due_at` and the grace).
    Both may lie ahead while the verdict is false; without them nothing is owed.
    """

    condition: Condition
    truth: Truth
    reason: str
    anchor: datetime | None = None
    due_at: datetime | None = None
    opens_at: datetime | None = None
    passing: bool = False  #: unknown for a reason that is not the task's, and may be gone at any moment
    watched: bool = True  #: false: no promise, or the settings do not ask for it


def latest(*times: datetime | None) -> datetime | None:
    """Return the newest of the times that are known."""
    known = [each for each in times if each is not None]
    return max(known) if known else None


def later(moment: datetime, seconds: int) -> datetime:
    """Return a moment so many seconds later; a time that no calendar holds is the end of the calendar."""
    try:
        return min(moment + timedelta(seconds=seconds), END_OF_TIME)
    except OverflowError:
        return END_OF_TIME


def since(
    condition: Condition,
    sight: Sight,
    seen_at: datetime | None,
    seconds: int,
    now: datetime,
    reason: str,
    *,
    grace: int = 0,
) -> Verdict:
    """Judge by how long ago something was seen; see `owed`."""
    return owed(condition, sight, seen_at, lambda anchor: later(anchor, seconds), now, reason, grace=grace)


def owed(
    condition: Condition,
    sight: Sight,
    seen_at: datetime | None,
    due_after: Callable[[datetime], datetime],
    now: datetime,
    reason: str,
    *,
    grace: int = 0,
) -> Verdict:
    """Judge by when something is due after what was seen last.

    What seems to lie ahead was dated by a clock that was set back since.  It counts from that moment, and until it is
    overdue by that count nobody can say.
    """
    if seen_at is None:
        return Verdict(condition=condition, truth=Truth.UNKNOWN, reason="the time it counts from is not known")
    if seen_at <= now or sight.clock_set_at is None:
        return _by_time(condition, seen_at, due_after(seen_at), now, reason, grace)
    anchor = min(seen_at, sight.clock_set_at)
    verdict = _by_time(condition, anchor, due_after(anchor), now, reason, grace)
    if verdict.truth is Truth.TRUE:
        return verdict
    return replace(verdict, truth=Truth.UNKNOWN, reason="it was last seen before the clock was set back")


def timed(condition: Condition, anchor: datetime, now: datetime, reason: str) -> Verdict:
    """Judge by one moment: what holds from then on, whatever the clock was before."""
    return _by_time(condition, anchor, anchor, now, reason, 0)


def _by_time(
    condition: Condition, anchor: datetime, due_at: datetime, now: datetime, reason: str, grace: int
) -> Verdict:
    opens_at = later(due_at, grace)
    truth = Truth.TRUE if now >= opens_at else Truth.FALSE
    return Verdict(
        condition=condition,
        truth=truth,
        reason=reason.replace("{anchor}", format_time(anchor)) if truth is Truth.TRUE else "not due yet",
        anchor=anchor,
        due_at=due_at,
        opens_at=opens_at,
    )


def never(condition: Condition, reason: str, *, watched: bool = True) -> Verdict:
    """Return that a condition does not hold, whatever the time."""
    return Verdict(condition=condition, truth=Truth.FALSE, reason=reason, watched=watched)
