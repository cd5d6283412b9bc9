"""What a decision adds: its notices, what it asks of the agent, and the decision record itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reporting_governance.contracts import ids
from reporting_governance.contracts.decision import ActionKind
from reporting_governance.contracts.decision_record_artifact import DecisionMetadata, DecisionRecord
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.times import due_name
from reporting_governance.core.decision_runner import Plan, plan_decision
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.enforcing import Effects, effects_of, powers_over
from reporting_governance.stages.first_notices import Judged, first_notices, notice_line
from reporting_governance.storage.interface import Absence, Addition, Group, Listing

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.stages.policy import Policy


@frozen(kw_only=True)
class Decided:
    """What a decision adds: its groups, in the order in which they are committed, and what it does when they are.

    The last group holds the decision itself.  Others stand before it only where the routes name more receivers than
    one commit holds: their notices each follow from a decision that is still to come.  An event whose decision never
    came is decided anew, and only who was not told yet is told then.
    """

    groups: tuple[Group, ...]
    kind: str
    requests: int
    reviews: int = 0
    events: int = 0  #: made by the decision; they are recorded and not judged
    changes_task: bool = False  #: a later decision about the same task has to see what this one did to it


@frozen(kw_only=True)
class Again:
    """An event that was decided before, and what came of that."""

    number: int  #: of this judgement; the first one is 0
    parent: str  #: the newest decision about the event
    head_seq: int  #: when that was looked up
    told: frozenset[str] = frozenset()  #: threads in which somebody was told of it already
    is_over: bool = False  #: its episode has ended: nobody is told of it any more
    open_review: str | None = None  #: that an earlier judgement opened and nobody has closed
    stood_at: datetime | None = None  #: when an earlier judgement last changed the task


def decide(
    judged: Judged,
    policy: Policy,
    profile: ProfileSpec,
    threads: Listing,
    requests: Listing,
    asked: set[str],
    now: datetime,
    *,
    again: Again | None = None,
) -> Decided:
    """Return everything one decision adds.

    Args:
        threads: of `long-task-watchdog`; who has one of an episode was told of it already.
        requests: open checkpoint requests; there is at most one for a task.
        asked: task keys that an earlier group of the same commit asks for a check-in; added to.
        again: of an event that was decided before.
    """
    decision = judged.verdict.decision
    plan = plan_decision(decision, powers_over(judged, policy.powers))
    record_id = ids.decision_id(judged.view.name.id, again.number if again else 0)
    raised = any(each.action == ActionKind.RAISE_ESCALATION for each in plan.actions)
    effects = effects_of(
        judged,
        plan,
        profile.watchdog,
        requests,
        asked,
        record_id,
        now,
        open_review=again.open_review if again else None,
        stood_at=again.stood_at if again else None,
    )
    notices: list[Notice] = []
    if (plan.tell_operator or raised or effects.review is not None) and not (again and again.is_over):
        told = again.told if again else frozenset()
        notices = first_notices(
            judged, profile, threads, record_id, now, raised=raised, review=effects.review, told=told
        )
    line = _decision_line(judged, policy, plan, record_id, now, requests, effects, again)
    ends = (*effects.additions, Addition(record=line))
    parts = _parts(notices, COMMIT - len(ends))
    last = _told(parts[-1], judged, threads)
    before = () if again else (judged.view.name,)
    births = effects.absences if again is None else [*effects.absences, Absence(Folder.PAST, record_id, again.head_seq)]
    return Decided(
        groups=(
            *(_told(each, judged, threads)._replace(expects=before) for each in parts[:-1]),
            Group(additions=(*last.additions, *ends), absences=(*last.absences, *births)),
        ),
        kind=decision.decision.value,
        requests=effects.requests,
        reviews=effects.reviews,
        events=effects.events,
        changes_task=effects.changes_task,
    )


def _parts(notices: Sequence[Notice], room: int) -> list[Sequence[Notice]]:
    """Return the notices in parts, the last of which has no more than there is room for beside the decision."""
    parts: list[Sequence[Notice]] = []
    while len(notices) > room:
        parts.append(notices[:COMMIT])
        notices = notices[COMMIT:]
    return [*parts, notices]


def _told(notices: Sequence[Notice], judged: Judged, threads: Listing) -> Group:
    """Return the notices as a group; it is refused when somebody else has told one of the receivers since."""
    return Group(
        additions=tuple(notice_line(each, judged) for each in notices),
        absences=tuple(Absence(Folder.EPISODES, each.thread_key, threads.head_seq) for each in notices),
    )


def _decision_line(
    judged: Judged,
    policy: Policy,
    plan: Plan,
    record_id: str,
    now: datetime,
    requests: Listing,
    effects: Effects,
    again: Again | None,
) -> RecordLine:
    """Return the decision record.  It closes the event; about a resolved event it also marks the episode's threads.

    One about an event that was closed by an earlier one is over at once: its own view only keeps a second one away.
    """
    consumes: list[ViewName] = [] if again else [judged.view.name]
    views: list[ViewKey] = [ViewKey(Folder.PAST, record_id, "")] if again else []
    if judged.event["payload"].get("phase") == Phase.RESOLVED:
        consumes += judged.threads
        views += [ViewKey(Folder.EPISODES, name.id, due_name(now)) for name in judged.threads]
        consumes += _request_of_foreign_task(judged, requests)
    return RecordLine(
        kind=DecisionRecord.schema,
        id=record_id,
        body=_artifact(judged, policy, plan, record_id, now, effects, again).dump(),
        parents=(again.parent, judged.view.name.id) if again else (judged.view.name.id,),
        consumes=tuple(consumes),
        views=tuple(views),
        about=judged.about,
    )


def _request_of_foreign_task(judged: Judged, requests: Listing) -> list[ViewName]:
    """A task of ours closes its request by checking in; that of a foreign task ends with its episode."""
    name = requests.names.get(ids.derive_id("cpr", judged.task_key))
    overdue = judged.event["payload"].get("condition") == "checkpoint_overdue"
    return [name] if name is not None and overdue and judged.task is None else []


def _artifact(
    judged: Judged,
    policy: Policy,
    plan: Plan,
    record_id: str,
    now: datetime,
    effects: Effects,
    again: Again | None,
) -> DecisionRecord:
    decision, event = judged.verdict.decision, judged.event
    return DecisionRecord(
        metadata=DecisionMetadata(
            record_id=record_id,
            recorded_at=now,
            policy_id=decision.policy_id,
            decision=decision.decision.value,
            correlation_id=event["correlation_id"],
            task_id=event["task_id"],
            event_id=event["event_id"],
        ),
        spec={
            "decision": decision.dump(),
            "receipt": plan.receipt.dump(),
            "plan": plan.dump(),
            "effects": effects.said,
            "source": {
                "event_id": event["event_id"],
                "evidence_ids": [each["evidence_id"] for each in judged.evidence],
                "packs": [
                    {"id": each.pack.metadata.id, "version": each.pack.metadata.version, "digest": each.digest}
                    for each in policy.packs
                ],
                "profile_digest": policy.profile_digest,
                "descriptor_digest": policy.descriptor_digest,
                "effective_digest": policy.effective_digest,
                **({"judgement": again.number} if again else {}),
            },
            "evaluations": [each.dump() for each in judged.verdict.evaluations],
            "original_message": event["payload"].get("message"),
        },
    )
