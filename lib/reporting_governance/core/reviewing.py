"""A question to a person: what it is about, and what the answer does to the task."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.decision import IMMEDIATE, Decision
from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.contracts.times import format_time, parse_time

Document = Mapping[str, Any]

#: what a decision calls otherwise than a task does
_SUGGESTED = {"in_progress": TaskStatus.ACTIVE}


def status_of(suggested: str) -> TaskStatus:
    """Return the status that a decision's word means."""
    return _SUGGESTED.get(suggested) or TaskStatus(suggested)


def claimed_status(event: Document) -> TaskStatus | None:
    """Return the status that an event says its task has; None when it says nothing of that."""
    if event["event_type"] == EventType.TASK_CLAIMED_COMPLETE:
        return TaskStatus.COMPLETED  # whatever our own rule made of the claim until more is proven
    status = event["payload"].get("status")
    return TaskStatus(status) if status in set(TaskStatus) and "child_task_id" not in event["payload"] else None


def review_of(
    event: Document,
    decision: Decision,
    *,
    review_id: str,
    decision_id: str,
    task_key: str,
    is_ours: bool,
    now: datetime,
) -> Review:
    """Return the question that a decision asks a person.

    Args:
        is_ours: the task checks in with us.
    """
    message = event["payload"].get("message")
    notice = decision.operator_notice
    deadline = notice.deadline if notice is not None else None
    return Review(
        review_id=review_id,
        decision_id=decision_id,
        subject=f"{event['event_type']} of task {event['task_id']}",
        question=decision.reason,
        requested_at=now,
        event_id=event["event_id"],
        event_type=event["event_type"],
        policy_id=decision.policy_id,
        decision=decision.decision,
        task_key=task_key,
        task_id=event["task_id"],
        agent_id=event["agent_id"],
        is_ours=is_ours,
        claimed_status=claimed_status(event),
        original=message if isinstance(message, str) else None,
        deadline_at=None if deadline in (None, IMMEDIATE) else parse_time(deadline),
    )


def status_after_review(review: Document, what: ActKind, task: Document) -> TaskStatus | None:
    """Return the status that closing a review gives its task; None: it stays as it is.

    A task that has gone on since it was asked stays as it is: the answer is about what was claimed then.

    Args:
        review: as it was kept.
        task: the task's state now.
    """
    changed = task.get("status_changed_at")
    if changed is not None and str(changed) > str(review["requested_at"]):
        return None
    if what is ActKind.REJECT:
        wanted = TaskStatus.ACTIVE
    elif review.get("claimed_status") is not None:
        wanted = TaskStatus(review["claimed_status"])
    elif task["status"] == TaskStatus.AWAITING_REVIEW:
        wanted = TaskStatus.ACTIVE
    else:
        return None
    return None if task["status"] == wanted else wanted


def has_moved_on(task: Document, since: datetime | str) -> bool:
    """Tell whether a task's status has changed since something was said about it."""
    changed = task.get("status_changed_at")
    said = since if isinstance(since, str) else format_time(since)
    return changed is not None and str(changed) > said
