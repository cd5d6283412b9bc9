"""What a decision does besides telling people: to the task, to its agent, to who reviews, and to the event stream.

Everything that a decision does to one task stands in one group with it.  So a decision is never there without what it
did, and what it did is never done twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.capability import EffectiveCapabilities, PowerReason, SupportLevel
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.decision import ActionKind, RequiredAction
from reporting_governance.contracts.event_envelope import Event, EventType, OperatorContext
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.times import FAR_FUTURE, format_time
from reporting_governance.core.actions import FORCE_CHECKPOINT, POWER_OF, emitted_type
from reporting_governance.core.check_in_rules import NATIVE
from reporting_governance.core.decision_runner import Plan
from reporting_governance.core.reviewing import has_moved_on, review_of, status_of
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.stages.task_version import TaskVersion
from reporting_governance.storage.interface import Absence, Addition, Listing, View

if TYPE_CHECKING:
    from reporting_governance.contracts.watch_settings import Watchdog
    from reporting_governance.stages.first_notices import Judged

_VERSION = f"{NATIVE}/1"
_OURS = frozenset({ActionKind.SET_STATUS})  #: actions on what only we keep


@dataclass(kw_only=True, slots=True)
class Effects:
    """What a decision does; the records stand in the group of the decision."""

    additions: list[Addition] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    said: list[Mapping[str, Any]] = field(default_factory=list)  #: for the decision record: what came of each action
    requests: int = 0
    reviews: int = 0
    events: int = 0
    changes_task: bool = False
    review: Review | None = None

    def note(self, action: str, reason: str | None = None, **made: str) -> None:
        """Note that an action was carried out, or why there was nothing to do."""
        self.said.append(
            {"action": str(action), "done": reason is None, **made, **({"reason": reason} if reason else {})}
        )


def powers_over(judged: "Judged", powers: EffectiveCapabilities) -> EffectiveCapabilities:
    """Return the powers as they are over the task in hand: a foreign task keeps its own status."""
    if judged.is_ours:
        return powers
    kept = dict(powers.powers)
    for action in _OURS:
        name = powers.tied.get(action, POWER_OF[action])
        power = kept.get(str(name))
        if power is not None and power.effective is not SupportLevel.NONE:
            kept[str(name)] = replace(power, effective=SupportLevel.NONE, reason=PowerReason.NOT_OURS)
    return replace(powers, powers=kept)


def effects_of(
    judged: "Judged",
    plan: Plan,
    watchdog: "Watchdog",
    requests: Listing,
    asked: set[str],
    record_id: str,
    now: datetime,
    *,
    open_review: str | None = None,
    stood_at: datetime | None = None,
) -> Effects:
    """Return what a decision does besides telling people.

    Args:
        requests: open checkpoint requests; there is at most one for a task.
        asked: task keys that an earlier group of the same commit asks for a check-in; added to.
        open_review: the review that an earlier judgement of the same event opened and nobody has closed.
        stood_at: up to when a change of the task's status was this event's own; None: the event's time.
    """
    effects = Effects()
    done = {each.action for each in plan.actions}
    change = _change_of(judged)
    if ActionKind.SET_STATUS in done:
        _set_status(effects, judged, change, record_id, now, stood_at)
    if FORCE_CHECKPOINT in done:
        _ask(effects, judged, change, requests, asked, record_id, now)
    if change is not None and len(change):
        group = change.native_group(watchdog, now)
        effects.additions += group.additions
        effects.absences += group.absences
        effects.changes_task = True
    if ActionKind.REQUEST_REVIEW in done:
        _ask_a_person(effects, judged, record_id, now, open_review)
    for action in _to_emit(judged.verdict.decision.required_actions, done):
        _emit(effects, judged, action, record_id, now)
    return effects


def _change_of(judged: "Judged") -> TaskChange | None:
    """Return the change that is made of a task of ours; None: it is not ours."""
    view: View | None = judged.task or judged.over
    if view is None:
        return None
    body = view.body if judged.state is None else {**view.body, "task": judged.state}
    return TaskChange(TaskVersion(view.name.id, view.name, body), about=judged.about)


def _set_status(
    effects: Effects,
    judged: "Judged",
    change: TaskChange | None,
    record_id: str,
    now: datetime,
    stood_at: datetime | None,
) -> None:
    suggested = judged.verdict.decision.suggested_status
    action = ActionKind.SET_STATUS
    if suggested is None:
        return effects.note(action, "the decision names no status")
    if change is None or change.body is None:
        return effects.note(action, "the task is not kept by us")
    task, wanted = change.body["task"], status_of(suggested.value)
    if task["status"] == wanted:
        return effects.note(action, f"the task is {wanted.value} already")
    if has_moved_on(task, max(str(judged.event["timestamp"]), format_time(stood_at) if stood_at else "")):
        return effects.note(action, f"the task has gone on since and is {task['status']}")
    event = caused_event(
        judged.event,
        EventType.TASK_STATUS_CHANGED,
        {"status": wanted.value, "previous_status": task["status"], "task_key": judged.task_key},
        caused_by=record_id,
        now=now,
    )
    change.event(event, parents=(record_id,))
    effects.events += 1
    return effects.note(action, event_id=event.event_id, status=wanted.value)


def _ask(
    effects: Effects,
    judged: "Judged",
    change: TaskChange | None,
    requests: Listing,
    asked: set[str],
    record_id: str,
    now: datetime,
) -> None:
    """Ask the agent for a check-in, unless one is asked for already."""
    key = judged.task_key
    request_id = ids.derive_id("cpr", key)
    if request_id in requests.names or key in asked:
        return effects.note(FORCE_CHECKPOINT, "a check-in is asked for already", request_id=request_id)
    if judged.over is not None and change is not None and not len(change):
        return effects.note(FORCE_CHECKPOINT, "the task is over: nobody would meet the request")
    asked.add(key)
    request = CheckpointRequest(
        request_id=request_id,
        decision_id=record_id,
        task_key=key,
        asked_at=now,
        reason=judged.verdict.decision.reason,
    )
    if change is not None:
        change.request(request, parents=(record_id,))
    else:
        effects.additions.append(Addition(record=_request_line(request, judged.about, record_id)))
    # Nobody else may have asked since we looked: two deciders of two events see no request each.
    effects.absences.append(Absence(requests.folder, request_id, requests.head_seq))
    effects.requests += 1
    return effects.note(FORCE_CHECKPOINT, request_id=request_id)


def _request_line(request: CheckpointRequest, about: Sequence[str], parent: str) -> RecordLine:
    return RecordLine(
        kind=CheckpointRequest.schema,
        id=request.request_id,
        body=request.dump(),
        parents=(parent,),
        views=(ViewKey(Folder.DECISIONS, request.request_id, FAR_FUTURE),),
        about=tuple(about),
    )


def _ask_a_person(effects: Effects, judged: "Judged", record_id: str, now: datetime, open_review: str | None) -> None:
    if open_review is not None:
        return effects.note(ActionKind.REQUEST_REVIEW, "a person is asked already", review_id=open_review)
    review = review_of(
        judged.event,
        judged.verdict.decision,
        review_id=ids.derive_id("rvw", record_id),
        decision_id=record_id,
        task_key=judged.task_key,
        is_ours=judged.is_ours,
        now=now,
    )
    record = RecordLine(
        kind=Review.schema,
        id=review.review_id,
        body=review.dump(),
        parents=(record_id,),
        views=(ViewKey(Folder.REVIEWS, review.review_id, FAR_FUTURE),),
        about=judged.about,
    )
    effects.additions.append(Addition(record=record))
    effects.reviews += 1
    effects.review = review
    return effects.note(ActionKind.REQUEST_REVIEW, review_id=review.review_id)


def _to_emit(wanted: Sequence[RequiredAction], done: Collection[str | None]) -> list[RequiredAction]:
    if ActionKind.EMIT_EVENT not in done:
        return []
    return [each for each in wanted if each.action is ActionKind.EMIT_EVENT and emitted_type(each.details) is not None]


def _emit(effects: Effects, judged: "Judged", action: RequiredAction, record_id: str, now: datetime) -> None:
    kind = EventType(str(emitted_type(action.details)))
    payload: dict[str, Any] = {"decision_id": record_id, "task_key": judged.task_key}
    if kind is EventType.OPERATOR_REVIEW_REQUESTED and effects.review is not None:
        payload["review_id"] = effects.review.review_id
    event = caused_event(judged.event, kind, payload, caused_by=record_id, now=now)
    effects.additions.append(Addition(record=event_line(event, record_id, judged.about)))
    effects.events += 1
    effects.note(ActionKind.EMIT_EVENT, event_id=event.event_id, event_type=kind.value)


def caused_event(
    about: Mapping[str, Any], kind: EventType, payload: Mapping[str, Any], *, caused_by: str, now: datetime
) -> Event:
    """Return an event that a decision or a person's act caused.  It is recorded and not judged.

    Args:
        about: what names the task, its agent and runtime: an event, or a task's state.
        caused_by: id of the decision or the act.
    """
    return Event(
        event_id=ids.derive_id("evt", caused_by, kind.value),
        event_type=kind,
        runtime=about["runtime"],
        adapter_version=_VERSION,
        agent_id=about["agent_id"],
        task_id=about["task_id"],
        correlation_id=about.get("correlation_id") or about["task_id"],
        timestamp=now,
        payload={**payload, "caused_by": caused_by},
        evidence_refs=(),
        operator_context=OperatorContext(),
    )


def event_line(event: Event, parent: str, about: Sequence[str]) -> RecordLine:
    """Return the line of an event that a decision caused and that changes no task.

    It has no view: nothing is decided about it, so it never waits.
    """
    return RecordLine(
        kind=Event.schema,
        id=event.event_id,
        body=event.dump(),
        parents=(parent,),
        about=tuple(about),
    )
