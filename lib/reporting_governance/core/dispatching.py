"""From queued notices to messages: which go now, which go together, and why the others do not.  Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Reason
from reporting_governance.core.holding import Cause, Held, Quiet, why_held
from reporting_governance.core.routing import fact_of

MOST_TOGETHER = 1_000  #: notices of one message: its record, and the receipt that tells each thread, are one line each
_MOST_ABOUT = 300_000  #: characters of what such a line says it is about
_SAID_ABOUT = ("agent_id", "task_key")  #: the facts whose length counts there
_TELLS_OF_TROUBLE = frozenset({Phase.FIRING, Phase.REPEAT, Phase.ESCALATION, Phase.FALLBACK, Phase.REVIEW})


class Slip(Protocol):
    """What of a queued notice is judged by.  A whole `Notice` is one; a queue of many holds less of each.

    Of the facts only those are asked for that `facts_judged_by` names.
    """

    @property
    def notice_id(self) -> str: ...
    @property
    def receiver(self) -> str: ...
    @property
    def phase(self) -> Phase: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime | None: ...


@frozen
class Queued:
    """A queued notice and what bears on it: its thread, and open episodes that explain its own."""

    notice: Slip
    thread: Mapping[str, Any] | None = None  #: see `projection.fold_thread`
    causes: tuple[Cause, ...] = ()


@frozen
class Together:
    """Notices for one receiver that go out as one message; the oldest is the first."""

    receiver: str
    notices: tuple[Slip, ...]


@frozen(kw_only=True)
class Judgement:
    """What becomes of each queued notice now; every one stands in exactly one of these."""

    withdrawn: tuple[tuple[Slip, Reason], ...]  #: not sent at all
    held: tuple[tuple[Slip, Held], ...]  #: not now
    waiting: tuple[tuple[Together, datetime], ...]  #: for company, until then
    going: tuple[Together, ...]


def facts_judged_by(quiet: Quiet, group_by: Sequence[str]) -> frozenset[str]:
    """Return the names of the facts that a judgement may ask for, as profiles write them."""
    matched = (name for each in quiet.mutes for name in each.match)
    silenced = (name for each in quiet.silences for name in each.matcher)
    return frozenset({*_SAID_ABOUT, *matched, *silenced, *group_by})


def judge_queue(
    queued: Iterable[Queued], quiet: Quiet, *, group_by: Sequence[str], wait_seconds: int, now: datetime
) -> Judgement:
    """Decide about queued notices, in this order: over or expired, held, waiting for company, going.

    The same arguments give the same answer: nothing is remembered from one judgement to the next, so whatever kept a
    notice back keeps it exactly as long as it is there.  What is held is no company to others.
    """
    withdrawn: list[tuple[Slip, Reason]] = []
    held: list[tuple[Slip, Held]] = []
    free: list[Slip] = []
    for each in queued:
        reason = withdrawal(each.notice, each.thread, now=now)
        if reason is None and each.notice.receiver not in quiet.receivers:
            reason = Reason.RECEIVER_GONE
        if reason is not None:
            withdrawn.append((each.notice, reason))
            continue
        hold = why_held(each.notice.phase, each.notice.facts, each.causes, quiet, now)
        if hold is not None:
            held.append((each.notice, hold))
        else:
            free.append(each.notice)
    waiting: list[tuple[Together, datetime]] = []
    going: list[Together] = []
    for group in group_notices(free, group_by):
        until = group.notices[0].created_at + timedelta(seconds=wait_seconds)
        if now < until:
            waiting.append((group, until))
        else:
            going.extend(_parts(group))
    return Judgement(withdrawn=tuple(withdrawn), held=tuple(held), waiting=tuple(waiting), going=tuple(going))


def withdrawal(notice: Slip, thread: Mapping[str, Any] | None, *, now: datetime) -> Reason | None:
    """Return why a queued notice shall not be sent any more, None when it shall.

    What is over comes first: nobody misses it any more.  What expired before that is a message that nobody got.
    """
    if thread is not None and thread["resolved_at"] and notice.phase in _TELLS_OF_TROUBLE:
        return Reason.RESOLVED_BEFORE_TOLD
    if notice.expires_at is not None and now >= notice.expires_at:
        return Reason.EXPIRED
    return None


def group_notices(notices: Iterable[Slip], group_by: Sequence[str]) -> tuple[Together, ...]:
    """Put notices of one receiver, one phase and the same `group_by` facts together, in the order of their creation.

    An empty `group_by` puts all of a receiver and a phase together: news, reminders and ends are different messages.
    """
    groups: dict[tuple[str, ...], list[Slip]] = {}
    for notice in sorted(notices, key=lambda each: (each.created_at, each.notice_id)):
        groups.setdefault(group_key(notice, group_by), []).append(notice)
    return tuple(Together(members[0].receiver, tuple(members)) for members in groups.values())


def group_key(notice: Slip, group_by: Sequence[str]) -> tuple[str, ...]:
    """Return what notices of one message have in common: receiver, phase, and the facts that are grouped by."""
    return (notice.receiver, notice.phase.value, *(str(fact_of(notice.facts, name)) for name in group_by))


def halves(group: Together) -> tuple[Together, Together]:
    """Return a group as two messages, the older notices first."""
    middle = len(group.notices) // 2
    return Together(group.receiver, group.notices[:middle]), Together(group.receiver, group.notices[middle:])


def _parts(group: Together) -> Iterable[Together]:
    """Yield a group as messages that a line of the journal can hold; nearly always it is one."""
    part: list[Slip] = []
    about = 0
    for notice in group.notices:
        size = sum(len(str(notice.facts.get(name))) for name in _SAID_ABOUT)
        if part and (len(part) == MOST_TOGETHER or about + size > _MOST_ABOUT):
            yield Together(group.receiver, tuple(part))
            part, about = [], 0
        part.append(notice)
        about += size
    yield Together(group.receiver, tuple(part))
