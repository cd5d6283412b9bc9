"""From what an agent says and what scan sees to the specification's events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.blob_reference import without_references
from reporting_governance.contracts.check_in import CheckIn, ChildStep, Verb
from reporting_governance.contracts.event_envelope import Event, EventType, OperatorContext
from reporting_governance.contracts.evidence import Evidence
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import check_in_event_id, watch_event_id
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.contracts.times import format_time
from reporting_governance.core.check_in_rules import NATIVE

if TYPE_CHECKING:
    from reporting_governance.core.episodes import Transition

DEFAULT_RUNTIME = "local-host"
_VERSION = "1"

_BY_VERB: Mapping[Verb, EventType] = {
    Verb.START: EventType.TASK_STARTED,
    Verb.CHECKPOINT: EventType.TASK_CHECKPOINT_SENT,
    Verb.EVIDENCE: EventType.TASK_EVIDENCE_ATTACHED,
    Verb.COMPLETE: EventType.TASK_CLAIMED_COMPLETE,
    Verb.FAIL: EventType.TASK_STATUS_CHANGED,
    Verb.WAIT: EventType.TASK_STATUS_CHANGED,
    Verb.BLOCK: EventType.TASK_STATUS_CHANGED,
    Verb.PAUSE: EventType.TASK_STATUS_CHANGED,
    Verb.RESUME: EventType.TASK_STATUS_CHANGED,
}
_BY_STEP: Mapping[ChildStep, EventType] = {
    ChildStep.SPAWNED: EventType.SUBAGENT_SPAWNED,
    ChildStep.FAILED: EventType.SUBAGENT_SPAWN_FAILED,
    ChildStep.FINISHED: EventType.SUBAGENT_COMPLETED,
    ChildStep.FORWARDED: EventType.SUBAGENT_RESULT_FORWARDED,
}


@frozen(kw_only=True)
class Call:
    """One reception of one check-in."""

    task_key: str
    agent_id: str
    correlation_id: str
    id: str  #: `check_in_rules.check_in_id`
    call_id: str
    uid: int
    at: datetime
    received_at: datetime
    flagged: tuple[str, ...] = ()
    implicit: bool = False  #: the task was unknown: this starts it


def check_in_type(check_in: CheckIn) -> EventType:
    """Return the event that a check-in becomes; a heartbeat becomes none."""
    return _BY_STEP[check_in.step] if check_in.step is not None else _BY_VERB[check_in.verb]


def check_in_event(
    check_in: CheckIn,
    call: Call,
    *,
    status: TaskStatus | None,
    known: Mapping[str, Any] | None,
    similarity: int | None = None,
) -> Event:
    """Return the event of a check-in.

    Args:
        status: what the task's status becomes; None: it stays.
        known: the task-state document before it, None for an unknown task.  The event keeps it: a later look at the
            task finds this check-in in it.
        similarity: how much the text repeats the last report, in percent; None: it was not compared.
    """
    payload = _base(call) | _said(check_in) | _claimed(check_in, similarity)
    if check_in.verb is Verb.START:
        payload |= _beginning(check_in)
    if check_in.step is not None:
        payload["child_task_id"] = check_in.child
        if check_in.step is ChildStep.SPAWNED and check_in.expects_forwarding is not False:
            payload["expects_forwarding"] = True
    elif status is not None:
        payload["status"] = status.value
    if known is not None:
        payload["task"] = dict(known)
    if known is not None and known["status"] != payload.get("status", known["status"]):
        payload["previous_status"] = known["status"]
    return _event(check_in, call, check_in_type(check_in), payload, known)


def implicit_start(check_in: CheckIn, call: Call) -> Event:
    """Return the start of a task that checks in before anybody has announced it.  It promises nothing."""
    return _event(
        check_in, call, EventType.TASK_STARTED, {**_base(call), "status": TaskStatus.ACTIVE.value}, known=None
    )


def _event(
    check_in: CheckIn, call: Call, kind: EventType, payload: Mapping[str, Any], known: Mapping[str, Any] | None
) -> Event:
    before = known or {}
    context = check_in.operator_context or OperatorContext.parse(before.get("operator_context", {}))
    return Event(
        event_id=check_in_event_id(call.task_key, call.uid, call.call_id, kind.value),
        event_type=kind,
        runtime=check_in.runtime or before.get("runtime", DEFAULT_RUNTIME),
        adapter_version=f"{NATIVE}/{_VERSION}",
        agent_id=call.agent_id,
        task_id=check_in.task,
        correlation_id=call.correlation_id,
        timestamp=call.at,
        payload=payload,
        evidence_refs=(),
        operator_context=context,
    )


def _base(call: Call) -> dict[str, Any]:
    return {
        "task_key": call.task_key,
        "check_in": {
            "id": call.id,
            "uid": call.uid,
            "received_at": format_time(call.received_at),
            "implicit": call.implicit,
            "flagged": list(call.flagged),
        },
    }


def _said(check_in: CheckIn) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if check_in.message:
        said["message"] = check_in.message
    if check_in.report is not None:
        said["report"] = without_references(check_in.report)
    return said


def _claimed(check_in: CheckIn, similarity: int | None) -> dict[str, Any]:
    """Return what the agent says that it claims, and what we found out about that."""
    claim: dict[str, Any] = {}
    if check_in.claim is not None:
        claim["kind"] = check_in.claim.value
    if similarity is not None:
        claim["text_similarity_to_last"] = similarity
    return {"claim": claim} if claim else {}


def _beginning(check_in: CheckIn) -> dict[str, Any]:
    """Return the keys that a start shares with the task-state document (`task_fold.STARTING`)."""
    found = {
        "title": check_in.title or None,
        "mode": check_in.mode and check_in.mode.value,
        "checkpoint": check_in.checkpoint and check_in.checkpoint.dump(),
        "deadline_at": check_in.deadline_at and format_time(check_in.deadline_at),
        "report_anchor": check_in.report_anchor,
        "parent_task_id": check_in.parent_task_id,
        "labels": None if check_in.labels is None else dict(check_in.labels),
        "expects_forwarding": check_in.expects_forwarding,
    }
    return {key: value for key, value in found.items() if value is not None}


def evidence_reference(item: Evidence) -> dict[str, Any]:
    """Return an evidence item as an event refers to it."""
    return {
        "kind": "evidence",
        "ref": item.evidence_id,
        "class": item.evidence_class.value,
        "quality": item.quality.value,
        "captured_at": format_time(item.captured_at),
    }


@frozen(kw_only=True)
class Watched:
    """A task as scan speaks of it."""

    task_key: str
    task: TaskState
    source: str
    instance: str


def watch_event_id_of(change: Transition) -> str:
    """Return the id of the event that says a transition."""
    return watch_event_id(change.episode, change.event_type.value, change.phase.value)


def watch_event(watched: Watched, change: Transition, snapshot: Evidence | None, *, now: datetime) -> Event:
    """Return the event that says a condition is due, fires or is resolved.

    Args:
        snapshot: the evidence of it, for a firing.
    """
    task = watched.task
    payload: dict[str, Any] = {
        "condition": change.condition.value,
        "episode": change.episode,
        "anchor": change.anchor,
        "reopened": change.reopened,
        "due_at": format_time(change.due_at),
        "late_by_seconds": max(0, int((now - change.due_at).total_seconds())),
        "phase": change.phase.value,
        "source": watched.source,
        "instance": watched.instance,
        "reason": change.reason,
        "task": task.dump(),
        "task_key": watched.task_key,
    }
    if change.resolved_by is not None:
        payload["resolved_by"] = change.resolved_by.value
    return Event(
        event_id=watch_event_id_of(change),
        event_type=change.event_type,
        runtime=task.runtime,
        adapter_version=f"{watched.source}/{_VERSION}",
        agent_id=task.agent_id,
        task_id=task.task_id,
        correlation_id=correlation_of(task),
        timestamp=change.dated_at,
        payload=payload,
        evidence_refs=() if snapshot is None else (evidence_reference(snapshot),),
        operator_context=task.operator_context or OperatorContext(),
    )


def correlation_of(task: TaskState) -> str:
    """Return the host's run id, else what is known of the root of the task's family."""
    return task.correlation_id or task.parent_task_id or task.task_id
