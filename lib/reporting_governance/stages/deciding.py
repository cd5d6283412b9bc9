"""What a decision adds: its notices, what it asks of the agent, and the decision record itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reporting_governance.contracts import ids
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.decision import ActionKind
from reporting_governance.contracts.decision_record_artifact import DecisionMetadata, DecisionRecord
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.decision_runner import Plan, plan_decision
from reporting_governance.stages.first_notices import Judged, first_notices, notice_line
from reporting_governance.stages.sending import COMMIT
from reporting_governance.storage.interface import Absence, Addition, Group, Listing

if TYPE_CHECKING:
    from reporting_governance.stages.enqueue import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What a decision adds: its groups, in the order in which they are committed, and what it does when they are.

    The last group holds the decision itself.  Others stand before it only where the routes name more receivers than
    one commit holds: their notices each follow from a decision that is still to come.  An event whose decision never
    came is decided anew, and only who was not told yet is told then.
    """

    groups: tuple[Group, ...]
    kind: str
    requests: int


def decide(
    judged: Judged,
    policy: "Policy",
    profile: ProfileSpec,
    threads: Listing,
    requests: Listing,
    asked: set[str],
    now: datetime,
) -> Decided:
    """Return everything one decision adds.

    Args:
        threads: of `long-task-watchdog`; who has one of an episode was told of it already.
        requests: open checkpoint requests; there is at most one for a task.
        asked: task keys that an earlier group of the same commit asks for a check-in; added to.
    """
    decision = judged.verdict.decision
    plan = plan_decision(decision, policy.powers)
    record_id = ids.decision_id(judged.view.name.id)
    raised = any(each.action == ActionKind.RAISE_ESCALATION for each in plan.actions)
    notices: list[Notice] = []
    if plan.tell_operator or raised:
        notices = first_notices(judged, profile, threads, record_id, now, raised=raised)
    extra = _request(judged, plan, requests, asked, record_id, now) + _review(judged, plan, record_id, now)
    ends = (*extra, Addition(record=_decision_line(judged, policy, plan, record_id, now, requests)))
    parts = _parts(notices, COMMIT - len(ends))
    last = _told(parts[-1], judged, threads)
    return Decided(
        groups=(
            *(_told(each, judged, threads)._replace(expects=(judged.view.name,)) for each in parts[:-1]),
            Group(additions=(*last.additions, *ends), absences=(*last.absences, *_births(extra, requests))),
        ),
        kind=decision.decision.value,
        requests=sum(1 for each in extra if each.record and each.record.kind == CheckpointRequest.schema),
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


def _request(
    judged: Judged, plan: Plan, requests: Listing, asked: set[str], record_id: str, now: datetime
) -> tuple[Addition, ...]:
    """Ask the agent for a check-in, unless one is asked for already."""
    key = judged.task_key
    request_id = ids.derive_id("cpr", key)
    if not plan.request_checkpoint or request_id in requests.names or key in asked:
        return ()
    asked.add(key)
    request = CheckpointRequest(request_id=request_id, decision_id=record_id, task_key=key, asked_at=now)
    views = [ViewKey(Folder.DECISIONS, request_id, FAR_FUTURE)]
    if judged.task is not None:
        views.append(ViewKey(Folder.TASKS, judged.task.name.id, judged.task.name.due))
    record = RecordLine(
        kind=CheckpointRequest.schema,
        id=request_id,
        body=request.dump(),
        parents=(record_id,),
        consumes=(judged.task.name,) if judged.task else (),
        views=tuple(views),
        about=judged.about,
    )
    return (Addition(record=record),)


def _births(extra: tuple[Addition, ...], requests: Listing) -> tuple[Absence, ...]:
    """Nobody else may have asked since we looked: two deciders of two events see no request each."""
    made = [each.record.id for each in extra if each.record and each.record.kind == CheckpointRequest.schema]
    return tuple(Absence(requests.folder, identity, requests.head_seq) for identity in made)


def _review(judged: Judged, plan: Plan, record_id: str, now: datetime) -> tuple[Addition, ...]:
    if all(each.action != ActionKind.REQUEST_REVIEW for each in plan.actions):
        return ()
    decision = judged.verdict.decision
    review = Review(
        review_id=ids.derive_id("rvw", record_id),
        decision_id=record_id,
        subject=f"{judged.event['event_type']} of task {judged.event['task_id']}",
        question=decision.reason,
        requested_at=now,
    )
    record = RecordLine(
        kind=Review.schema,
        id=review.review_id,
        body=review.dump(),
        parents=(record_id,),
        views=(ViewKey(Folder.REVIEWS, review.review_id, FAR_FUTURE),),
        about=judged.about,
    )
    return (Addition(record=record),)


def _decision_line(
    judged: Judged,
    policy: "Policy",
    plan: Plan,
    record_id: str,
    now: datetime,
    requests: Listing,
) -> RecordLine:
    """Return the decision record.  It closes the event; about a resolved event it also marks the episode's threads."""
    consumes: list[ViewName] = [judged.view.name]
    views: list[ViewKey] = []
    if judged.event["payload"].get("phase") == Phase.RESOLVED:
        consumes += judged.threads
        views += [ViewKey(Folder.EPISODES, name.id, due_name(now)) for name in judged.threads]
        consumes += _request_of_foreign_task(judged, requests)
    return RecordLine(
        kind=DecisionRecord.schema,
        id=record_id,
        body=_artifact(judged, policy, plan, record_id, now).dump(),
        parents=(judged.view.name.id,),
        consumes=tuple(consumes),
        views=tuple(views),
        about=judged.about,
    )


def _request_of_foreign_task(judged: Judged, requests: Listing) -> list[ViewName]:
    """A task of ours closes its request by checking in; that of a foreign task ends with its episode."""
    name = requests.names.get(ids.derive_id("cpr", judged.task_key))
    overdue = judged.event["payload"].get("condition") == "checkpoint_overdue"
    return [name] if name is not None and overdue and judged.task is None else []


def _artifact(judged: Judged, policy: "Policy", plan: Plan, record_id: str, now: datetime) -> DecisionRecord:
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
            },
            "evaluations": [each.dump() for each in judged.verdict.evaluations],
            "original_message": event["payload"].get("message"),
        },
    )
