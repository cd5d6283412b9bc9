"""From queued notices to rendered items: what to do with each, what to send together, and how it reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.receipt import Reason
from reporting_governance.contracts.spool_item import Rendered

_TELLS_OF_TROUBLE = frozenset({Phase.FIRING, Phase.REPEAT, Phase.ESCALATION, Phase.FALLBACK})
#: Facts that every message ends with, in this order, under the name a reader sees.
_FOOTER = (
    ("task_id", "Task"),
    ("agent_id", "Agent"),
    ("runtime", "Runtime"),
    ("condition", "Condition"),
    ("due_at", "Due at"),
    ("late_by_seconds", "Late by (seconds)"),
    ("last_sign_of_life_at", "Last sign of life"),
)
#: Facts that were true when the episode fired; a later notice would tell them as if they were still so.
_AS_OF_FIRING = frozenset({"late_by_seconds", "last_sign_of_life_at"})


class NotNow(StrEnum):
    """Why a queued notice waits; `explain` prints it."""

    GROUP_WAIT = "group_wait"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The notice stays queued; looked at again at `until`."""

    reason: NotNow
    until: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The notice will not be sent."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Together:
    """Notices for one receiver that go out as one message; the oldest is the first."""

    receiver: str
    notices: tuple[Notice, ...]


def withdrawal(notice: Notice, thread: Mapping[str, Any] | None, *, now: datetime) -> Withdrawn | None:
    """Return why a queued notice shall not be sent any more, None when it shall.

    What is over comes first: nobody misses it any more.  What expired before that is a message that nobody got.
    """
    if thread is not None and thread["resolved_at"] and notice.phase in _TELLS_OF_TROUBLE:
        return Withdrawn(Reason.RESOLVED_BEFORE_TOLD)
    if notice.expires_at is not None and now >= notice.expires_at:
        return Withdrawn(Reason.EXPIRED)
    return None


def group_notices(notices: Iterable[Notice], group_by: Sequence[str]) -> tuple[Together, ...]:
    """Put notices of one receiver, one phase and the same `group_by` facts together, in the order of their creation."""
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for notice in sorted(notices, key=lambda each: (each.created_at, each.notice_id)):
        key = (notice.receiver, notice.phase, *(str(notice.facts.get(name)) for name in group_by))
        groups.setdefault(key, []).append(notice)
    return tuple(Together(members[0].receiver, tuple(members)) for members in groups.values())


def group_wait(group: Together, *, wait_seconds: int, now: datetime) -> Waiting | None:
    """Return how long a group still waits for company, counted from its oldest notice; None when it goes now."""
    until = group.notices[0].created_at + timedelta(seconds=wait_seconds)
    return Waiting(NotNow.GROUP_WAIT, until) if now < until else None


def render(notices: Sequence[Notice]) -> Rendered:
    """Return one message for notices that go out together.  Senders escape it for their channel."""
    if len(notices) == 1:
        return Rendered(subject=notices[0].subject, body=_paragraphs(notices[0]))
    subject = f"{len(notices)} notices: {notices[0].subject}"
    rule = "\n\n" + "-" * 40 + "\n\n"
    return Rendered(subject=subject, body=rule.join(f"{each.subject}\n\n{_paragraphs(each)}" for each in notices))


def _paragraphs(notice: Notice) -> str:
    shown = [pair for pair in _FOOTER if notice.phase is Phase.FIRING or pair[0] not in _AS_OF_FIRING]
    facts = [f"{label}: {notice.facts[key]}" for key, label in shown if notice.facts.get(key) not in (None, "")]
    references = [f"See: {', '.join(notice.must_reference)}"] if notice.must_reference else []
    return "\n\n".join(
        part for part in (notice.body, "\n".join([*facts, *references, f"Notice: {notice.notice_id}"])) if part
    )
