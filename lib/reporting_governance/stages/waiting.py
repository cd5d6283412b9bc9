"""Why notices are still in the queue, judged now as the next run would judge: for `status` and `explain`."""

from collections.abc import Collection, Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time
from reporting_governance.core.dispatching import Together
from reporting_governance.core.holding import Held
from reporting_governance.core.story import kept_back
from reporting_governance.stages.queue import Brief, judged_queue
from reporting_governance.storage.interface import Store, expand


class WaitState(StrEnum):
    """What a queued notice waits for."""

    HELD = "held"  #: for its cause, a calendar or a silence to be over
    COMPANY = "company"  #: for more of its group
    NEXT_RUN = "next_run"  #: nothing keeps it back


@frozen(kw_only=True)
class WaitingNotice:
    """One notice in the queue, and why it is there."""

    notice_id: str
    receiver: str
    subject: str
    state: WaitState
    reason: str | None  #: inhibited, muted or silenced; of a held one
    cause: str | None  #: id of the episode or the silence, or the name of the mute time; of a held one
    since: str | None  #: since when it waits for this; None: no run has seen it yet
    until: str | None  #: None: until the cause is over, or the next run comes
    sentence: str


def waiting_notices(
    store: Store, profile: ProfileSpec, *, now: datetime, wanted: Collection[str] | None = None
) -> tuple[WaitingNotice, ...]:
    """Return the queued notices and why they wait, oldest first.

    Args:
        wanted: ids of the notices that are asked about; None: all.
    """
    listing = store.listing(Folder.QUEUE)
    if wanted is not None and not listing.several(wanted):
        return ()
    queue = judged_queue(store, profile, listing, list(listing.names.values()), now=now)
    judgement = queue.judgement
    found: list[_Wait] = [_held(queue.briefs[each.notice_id], held) for each, held in judgement.held]
    for group, until in judgement.waiting:
        found.extend(_in_company(group, until))
    for group in judgement.going:
        found.extend(_Wait(each.notice_id, WaitState.NEXT_RUN, "goes out with the next run") for each in group.notices)
    chosen = (each for each in found if wanted is None or each.notice_id in wanted)
    ordered = sorted(chosen, key=lambda each: (queue.briefs[each.notice_id].created_at, each.notice_id))
    return tuple(said for each in ordered if (said := _said(store, queue.briefs[each.notice_id], each)) is not None)


class _Wait(NamedTuple):
    """Why one notice waits, before its subject is read."""

    notice_id: str
    state: WaitState
    sentence: str
    reason: str | None = None
    cause: str | None = None
    since: str | None = None
    until: str | None = None


def _said(store: Store, brief: Brief, wait: _Wait) -> WaitingNotice | None:
    """Return a wait with what the notice says; None when it left the queue while it was looked at."""
    view = store.read(brief.name)
    if view is None:
        return None
    subject = str(expand(store, view.body["notice"]["subject"]))
    return WaitingNotice(receiver=brief.receiver, subject=subject, **wait._asdict())


def _held(brief: Brief, held: Held) -> _Wait:
    recorded = brief.hold
    until = None if held.until is None else format_time(held.until)
    same = recorded is not None and (recorded.reason, recorded.cause) == (held.reason.value, held.cause)
    return _Wait(
        brief.notice_id,
        WaitState.HELD,
        kept_back(held.reason.value, held.cause, until),
        reason=held.reason.value,
        cause=held.cause,
        since=recorded.held_at if same and recorded else None,
        until=until,
    )


def _in_company(group: Together, until: datetime) -> Iterator[_Wait]:
    end, others = format_time(until), len(group.notices) - 1
    beside = f"; {others} more of its group are there" if others else ""
    sentence = f"waits for company until {end}{beside}"
    for notice in group.notices:
        yield _Wait(notice.notice_id, WaitState.COMPANY, sentence, since=format_time(notice.created_at), until=end)
