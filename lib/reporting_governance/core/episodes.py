"""From verdicts to what is said: an episode is one stretch of one condition on one task.

The view of a task keeps, for each condition, the newest episode: its anchor (an RFC 3339 text, which compares as time
does), how often it was reopened on that anchor, and its phase.  Anchors only move forward and re-openings only count
up, so no episode id, and no id of an event about it, is ever made twice for two different stretches.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.event_envelope import EventType, Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import episode_id
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.conditions import EVENT_TYPES, Condition, Truth, Verdict

Entry = Mapping[str, Any]


class ResolvedBy(StrEnum):
    """Why an episode ended."""

    CONDITION_FALSE = "condition_false"
    FINISHED = "finished"
    GONE = "gone"  #: no longer visible; not known to be well
    UNWATCHED = "unwatched"  #: the settings no longer ask for it
    ACKNOWLEDGED = "acknowledged"  #: nothing can mend it, and a person knows of it


@frozen(kw_only=True)
class Transition:
    """One thing to say about one condition."""

    condition: Condition
    phase: Phase  #: due, firing or resolved
    event_type: EventType
    episode: str
    anchor: str
    reopened: int
    due_at: datetime
    dated_at: datetime  #: the true time of what is said, not that of its detection
    reason: str
    resolved_by: ResolvedBy | None = None


def transitions(
    task_key: str, entries: Mapping[str, Entry], verdicts: Iterable[Verdict], *, finished: bool, now: datetime
) -> tuple[Transition, ...]:
    """Return what the verdicts change, in the order in which it has to be said.

    Args:
        entries: the task's view, by condition.
        finished: whether the task has ended; decides how a resolution is worded.
    """
    found: list[Transition] = []
    for verdict in verdicts:
        entry = entries.get(verdict.condition.value)
        found.extend(_of_one(task_key, entry, verdict, finished, now))
    return tuple(found)


def resolve_all(entries: Mapping[str, Entry], by: ResolvedBy, reason: str, now: datetime) -> tuple[Transition, ...]:
    """Return the resolution of every open episode of a task."""
    return tuple(
        _resolution(Condition(name), entry, by, reason, now)
        for name, entry in sorted(entries.items())
        if is_open(entry)
    )


def is_open(entry: Entry | None) -> bool:
    """Tell whether an entry stands for an open episode."""
    return entry is not None and entry["phase"] == Phase.FIRING


def next_look(entries: Mapping[str, Entry], verdicts: Iterable[Verdict], now: datetime) -> datetime | None:
    """Return when something may have to be said about a task; None: not before the task itself changes.

    A lower bound: it belongs into the name of the task's view.  The verdicts must have been made without heartbeats,
    which can only move the time later.
    """
    times = [
        time for verdict in verdicts if (time := _next_look_at_one(entries.get(verdict.condition.value), verdict, now))
    ]
    return min(times) if times else None


def _next_look_at_one(entry: Entry | None, verdict: Verdict, now: datetime) -> datetime | None:
    if is_open(entry) and verdict.condition is Condition.SILENCE_TIMEOUT:
        return now  # a heartbeat ends it and leaves no trace in the view
    if verdict.truth is Truth.UNKNOWN:
        if verdict.passing:
            return now
        return None if is_open(entry) else verdict.opens_at
    if is_open(entry):
        settled = _is_same_stretch(entry, verdict) if verdict.truth is Truth.TRUE else _is_not_yet(entry, verdict)
        return None if settled else now
    if verdict.due_at is None or verdict.opens_at is None:
        return now if verdict.truth is Truth.TRUE else None
    return verdict.due_at if _owes_reminder(entry, verdict) else verdict.opens_at


def _of_one(
    task_key: str, entry: Entry | None, verdict: Verdict, finished: bool, now: datetime
) -> Iterable[Transition]:
    if verdict.truth is Truth.UNKNOWN:
        return
    if verdict.truth is Truth.TRUE:
        if is_open(entry) and _is_same_stretch(entry, verdict):
            return
        if entry is not None and is_open(entry):
            yield _resolution(verdict.condition, entry, ResolvedBy.CONDITION_FALSE, "it was well in between", now)
            entry = {**entry, "phase": Phase.RESOLVED.value}
        if _owes_reminder(entry, verdict):
            yield _saying(task_key, entry, verdict, Phase.DUE, now)
        yield _saying(task_key, entry, verdict, Phase.FIRING, now)
        return
    if entry is not None and is_open(entry):
        if not _is_not_yet(entry, verdict):
            yield _resolution(verdict.condition, entry, _why(verdict, finished), verdict.reason, now)
        return
    if verdict.due_at is not None and now >= verdict.due_at and _owes_reminder(entry, verdict):
        yield _saying(task_key, entry, verdict, Phase.DUE, now)


def _is_same_stretch(entry: Entry | None, verdict: Verdict) -> bool:
    """A condition that holds from a newer anchor was false in between; an older or unknown one is the same stretch."""
    return entry is not None and (verdict.anchor is None or format_time(verdict.anchor) <= entry["anchor"])


def _is_not_yet(entry: Entry | None, verdict: Verdict) -> bool:
    """Tell whether a condition is false only because the clock went back: nothing that was seen has changed."""
    return (
        entry is not None
        and verdict.anchor is not None
        and verdict.due_at is not None
        and format_time(verdict.anchor) == entry["anchor"]
        and format_time(verdict.due_at) == entry["due_at"]
    )


def _owes_reminder(entry: Entry | None, verdict: Verdict) -> bool:
    """A missed check-in is said to the agent first, once for each obligation."""
    if verdict.condition is not Condition.CHECKPOINT_OVERDUE or verdict.anchor is None:
        return False
    said = entry is not None and entry["anchor"] >= format_time(verdict.anchor)
    return not said or (entry is not None and entry["phase"] == Phase.RESOLVED)


def _why(verdict: Verdict, finished: bool) -> ResolvedBy:
    if finished:
        return ResolvedBy.FINISHED
    return ResolvedBy.CONDITION_FALSE if verdict.watched else ResolvedBy.UNWATCHED


def _saying(task_key: str, entry: Entry | None, verdict: Verdict, phase: Phase, now: datetime) -> Transition:
    anchor, reopened = _place(entry, format_time(verdict.anchor or now))
    due_at = verdict.due_at or now
    dated_at = due_at if phase is Phase.DUE else (verdict.opens_at or now)
    event_type = EventType.TASK_CHECKPOINT_DUE if phase is Phase.DUE else EVENT_TYPES[verdict.condition]
    return Transition(
        condition=verdict.condition,
        phase=phase,
        event_type=event_type,
        episode=episode_id(task_key, verdict.condition.value, anchor, reopened),
        anchor=anchor,
        reopened=reopened,
        due_at=due_at,
        dated_at=dated_at,
        reason=verdict.reason,
    )


def _place(entry: Entry | None, anchor: str) -> tuple[str, int]:
    """Return anchor and number of the stretch that is open or opens now; an anchor never goes back."""
    if entry is None or anchor > entry["anchor"]:
        return anchor, 0
    reopened: int = entry["reopened"]
    return entry["anchor"], reopened + 1 if entry["phase"] == Phase.RESOLVED else reopened


def _resolution(condition: Condition, entry: Entry, by: ResolvedBy, reason: str, now: datetime) -> Transition:
    return Transition(
        condition=condition,
        phase=Phase.RESOLVED,
        event_type=EVENT_TYPES[condition],
        episode=entry["episode"],
        anchor=entry["anchor"],
        reopened=entry["reopened"],
        due_at=parse_time(entry["due_at"]),
        dated_at=now,
        reason=reason,
        resolved_by=by,
    )
