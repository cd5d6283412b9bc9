"""enqueue --rejudge: an event that was decided is judged again, by the packs, the profile and the powers of now.

The old decision stays as it is; the new one names it as its parent.  Nobody is told a second time of what they were
told already, and where nothing comes out differently nothing is recorded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.decision_record_artifact import DecisionRecord
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.times import FAR_FUTURE, parse_time
from reporting_governance.errors import Busy, ExitCode, GovernanceError, UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.committing import commit_in_turn
from reporting_governance.stages.deciding import Again, Decided, decide
from reporting_governance.stages.enqueue import Policy, judge
from reporting_governance.stages.first_notices import Judged
from reporting_governance.stages.looked_up import Listings
from reporting_governance.storage.interface import Added, Store, View, expand

_TRIES = 5  #: an event is judged anew so often while others change its task
_NEAR = 1_000  #: lines between two that are rather read than looked up anew

Record = Mapping[str, Any]


class NotDecided(UsageError):
    """There is nothing to judge again."""

    message = "{subject}: the journal has no decision, and no decided event, with this id"
    hint = "`reportgov explain ID` shows what the journal knows of a task and its events."


class StillUndecided(UsageError):
    """The first judgement is still to come."""

    message = "{subject}: this event was not decided yet"
    hint = "`reportgov enqueue` decides about it."


class NotJudged(UsageError):
    """It followed from a decision or an act."""

    message = "{subject}: {cause} caused this event, so it is recorded and not judged"
    hint = "`reportgov enqueue --rejudge` with the id of the event that was decided judges that one again."


class NothingInForce(GovernanceError):
    """A refused profile decides nothing."""

    exit_code = ExitCode.NO
    message = "{subject}: nothing is judged while the profile is refused: {reason}"
    hint = "`reportgov enqueue` shows what is wrong with it."


@frozen(kw_only=True)
class RejudgeReport:
    """What another judgement came to."""

    event_id: str
    before: str  #: id of the newest decision until now
    decision_id: str | None  #: the new one; None: nothing comes out differently, so nothing was recorded
    changes: tuple[str, ...]  #: what is different, in words
    notices: int = 0


@frozen
class _Past:
    """What the journal knows of an event: its record, its evidence, its decisions and what came of them."""

    event: Record
    evidence: Sequence[Record]
    decisions: Sequence[Record]  #: bodies, the newest last
    told: frozenset[str]
    reviews: frozenset[str]
    changed_at: datetime | None  #: when a decision about it last set the task's status


def run_rejudge(store: Store, subject: str, policy: Policy, profile: ProfileSpec, *, clock: Clock) -> RejudgeReport:
    """Judge an event again that has a decision.

    Safe to start twice: of two at once one is refused and looks again; done again, it comes to what was recorded.

    Args:
        subject: id of the event, or of a decision about it.

    Raises: NotDecided; NotJudged; StillUndecided; NothingInForce; Busy when others kept changing the task.
    """
    if policy.refused is not None:
        raise NothingInForce(subject=subject, reason=policy.refused)
    for _ in range(_TRIES):
        head = store.ready().seq
        past = _past(store, subject, head)
        judged, decided = _again(store, past, policy, profile, head, clock)
        changes = _changes(past.decisions[-1], judged, policy)
        before = past.decisions[-1]["metadata"]["record_id"]
        event_id = str(past.event["event_id"])
        if not changes:
            return RejudgeReport(event_id=event_id, before=before, decision_id=None, changes=())
        answers = commit_in_turn(store, decided.groups, now=clock.now())
        if len(answers) == len(decided.groups) and isinstance(answers[-1], Added):
            lines = [each.record for group in decided.groups for each in group.additions if each.record is not None]
            return RejudgeReport(
                event_id=event_id,
                before=before,
                decision_id=next(each.id for each in lines if each.kind == DecisionRecord.schema),
                changes=changes,
                notices=sum(1 for each in lines if each.kind == Notice.schema),
            )
    raise Busy(path=subject, seconds=0)


def _again(
    store: Store, past: _Past, policy: Policy, profile: ProfileSpec, head: int, clock: Clock
) -> tuple[Judged, Decided]:
    now = clock.now()
    listings = Listings(store)
    event_id = str(past.event["event_id"])
    view = View(
        ViewName(Folder.EVENTS, event_id, FAR_FUTURE, 0), {"event": past.event, "evidence": list(past.evidence)}
    )
    judged = judge(store, view, listings, {}, policy, profile, now)
    open_reviews = sorted(listings.of(Folder.REVIEWS).several(past.reviews))
    again = Again(
        number=len(past.decisions),
        parent=past.decisions[-1]["metadata"]["record_id"],
        head_seq=head,
        told=past.told,
        is_over=_is_over(judged, listings),
        open_review=open_reviews[-1] if open_reviews else None,
        stood_at=past.changed_at,
    )
    threads, requests = listings.of(Folder.EPISODES), listings.of(Folder.DECISIONS)
    return judged, decide(judged, policy, profile, threads, requests, set(), now, again=again)


def _is_over(judged: Judged, listings: Listings) -> bool:
    """Tell whether the episode of an event has ended: its own view is gone then."""
    episode = judged.event["payload"].get("episode")
    return episode is not None and episode not in listings.of(Folder.EPISODES).names


def _past(store: Store, subject: str, head: int) -> _Past:
    """Return what the journal knows of an event."""
    found = _naming(store, subject, head)
    own = next((each for each in found if each["id"] == subject), None)
    if own is not None and own["kind"] == DecisionRecord.schema:
        event_id = str(own["body"]["metadata"]["event_id"])
        found = _naming(store, event_id, head)
    elif own is not None and own["kind"] == "event-envelope":
        event_id = subject
    else:
        raise NotDecided(subject=subject)
    event = next(each["body"] for each in found if each["id"] == event_id)
    cause = event["payload"].get("caused_by")
    if cause is not None:
        raise NotJudged(subject=subject, cause=cause)
    decisions = [each["body"] for each in found if _is_about(each, event_id)]
    if not decisions:
        raise StillUndecided(subject=subject)
    records = {str(each["metadata"]["record_id"]) for each in decisions}
    made = [each for identity in sorted(records) for each in _naming(store, identity, head)]
    caused = [each["body"] for each in made if each["kind"] == "event-envelope"]
    set_at = [each["timestamp"] for each in caused if each["payload"].get("caused_by") in records and _sets(each)]
    return _Past(
        event=event,
        evidence=[each["body"] for each in found if each["kind"] == "evidence" and event_id in each["parents"]],
        decisions=[expand(store, each) for each in decisions],
        told=_told([each["body"] for each in made if each["kind"] == Notice.schema], event_id),
        reviews=frozenset(each["id"] for each in made if each["kind"] == Review.schema),
        changed_at=parse_time(max(set_at)) if set_at else None,
    )


def _told(notices: Sequence[Record], event_id: str) -> frozenset[str]:
    """Return the threads in which nobody is told anew: who was asked about an event was told of it too."""
    own = {each["thread_key"] for each in notices}
    return frozenset(own | {ids.thread_id(event_id, each["receiver"]) for each in notices})


def _is_about(record: Record, event_id: str) -> bool:
    return record["kind"] == DecisionRecord.schema and bool(record["body"]["metadata"]["event_id"] == event_id)


def _sets(event: Record) -> bool:
    return "status" in event["payload"]


def _naming(store: Store, word: str, head: int) -> list[Record]:
    """Return the records in whose lines an id stands, in order."""
    wanted = [seq for seq in store.holding([word]) if seq <= head]
    found: list[Record] = []
    start = 0
    while start < len(wanted):
        end = start
        while end + 1 < len(wanted) and wanted[end + 1] - wanted[end] <= _NEAR:
            end += 1
        near, last = set(wanted[start : end + 1]), wanted[end]
        for line in takewhile(lambda each, last=last: each.seq <= last, store.replay(wanted[start])):  # type: ignore[misc]
            record = line.document.get("record")
            if line.seq in near and record is not None:
                found.append(record)
        start = end + 1
    return found


def _changes(before: Record, judged: Judged, policy: Policy) -> tuple[str, ...]:
    """Say in words what comes out differently from the decision before."""
    old, new = before["spec"]["decision"], judged.verdict.decision.dump()
    changes = [
        f"{key}: {_shown(old.get(key))} -> {_shown(new.get(key))}" for key in new if old.get(key) != new.get(key)
    ]
    return tuple(changes) if changes else _other_grounds(before, policy)


def _other_grounds(before: Record, policy: Policy) -> tuple[str, ...]:
    """The same came out on other powers: what can be carried out of it may differ."""
    source = before["spec"].get("source") or {}
    if source.get("effective_digest") in (None, policy.effective_digest):
        return ()
    return ("the powers that it is planned on",)


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return (
            ", ".join(str(each.get("action")) if isinstance(each, Mapping) else str(each) for each in value) or "none"
        )
    if isinstance(value, Mapping):
        return str(value.get("message") or "a notice")
    return "none" if value is None else str(value)
