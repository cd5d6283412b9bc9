"""The group that a decision adds: its notices, what it asks of the agent, and the decision record itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.decision import ActionKind, Decision, Severity
from reporting_governance.contracts.decision_record_artifact import DecisionMetadata, DecisionRecord
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.decision_runner import Plan, plan_decision
from reporting_governance.core.facts import Facts, installation, notice_facts
from reporting_governance.core.policy_evaluator import Verdict
from reporting_governance.core.routing import RouteMatch, route
from reporting_governance.core.self_notices import CANARY, instead_of
from reporting_governance.core.threads import ONE_SHOT
from reporting_governance.storage.interface import Absence, Addition, Group, Listing, View

if TYPE_CHECKING:
    from reporting_governance.stages.enqueue import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """An event and what the packs say about it."""

    view: View
    event: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    task: View | None  #: the view of a task of ours
    threads: Sequence[ViewName]  #: all of its episode; of an event that says an episode is over
    facts: Facts
    verdict: Verdict

    @property
    def task_key(self) -> str:
        """The key of the watched task; the event's task id where there is none."""
        return str(self.event["payload"].get("task_key") or self.event["task_id"])

    @property
    def about(self) -> tuple[str, ...]:
        """What filters select the decision's records by."""
        return (self.task_key, str(self.event["agent_id"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """A group to commit, and what it will have done when it is added."""

    group: Group
    kind: str
    notices: int
    requests: int


def decision_group(
    judged: Judged,
    policy: "Policy",
    profile: ProfileSpec,
    threads: Listing,
    requests: Listing,
    asked: set[str],
    now: datetime,
) -> Decided:
    """Return everything one decision adds, to be committed whole.

    Args:
        threads: of `long-task-watchdog`; who has one of an episode was told of it already.
        requests: open checkpoint requests; there is at most one for a task.
        asked: task keys that an earlier group of the same commit asks for a check-in; added to.
    """
    decision = judged.verdict.decision
    plan = plan_decision(decision, policy.powers)
    record_id = ids.decision_id(judged.view.name.id)
    raised = any(each.action == ActionKind.RAISE_ESCALATION for each in plan.actions)
    notices = _notices(judged, profile, record_id, now) if plan.tell_operator or raised else []
    fresh = [each for each in notices if each.thread_key not in threads.names]  # told of this episode already
    if fresh == notices and (raised or _escalates(judged)):
        fresh = _with_ladder(notices, profile)
    notices = fresh
    extra = _request(judged, plan, requests, asked, record_id, now) + _review(judged, plan, record_id, now)
    record = _decision_line(judged, policy, plan, record_id, now, requests)
    return Decided(
        group=Group(
            additions=(*(_notice_line(each, judged) for each in notices), *extra, Addition(record=record)),
            absences=(
                *(Absence(Folder.EPISODES, each.thread_key, threads.head_seq) for each in notices),
                *_births(extra, requests),
            ),
        ),
        kind=decision.decision.value,
        notices=len(notices),
        requests=sum(1 for each in extra if each.record and each.record.kind == CheckpointRequest.schema),
    )


def _notices(judged: Judged, profile: ProfileSpec, record_id: str, now: datetime) -> list[Notice]:
    decision, message = judged.verdict.decision, judged.verdict.message
    facts = {
        **notice_facts(judged.facts),
        **installation(judged.event),
        "task_key": judged.task_key,
        "severity": decision.severity.value,
        "policy_id": decision.policy_id,
    }
    episode = judged.event["payload"].get("episode")
    wanted = decision.operator_notice
    return [
        Notice(
            notice_id=ids.notice_id(record_id, match.receiver, Phase.FIRING, 1),
            thread_key=ids.thread_id(episode or judged.view.name.id, match.receiver),
            phase=Phase.FIRING,
            number=1,
            receiver=match.receiver,
            urgency=_urgency(decision),
            subject=message.subject if message else decision.reason,
            body=message.body if message else decision.reason,
            facts=facts,
            must_reference=wanted.must_reference if wanted else (),
            created_at=now,
            decision_id=record_id,
            episode_id=episode,
            route=match.route + 1,
        )
        for match in _receivers(judged, facts, profile)
    ]


def _receivers(judged: Judged, facts: Mapping[str, Any], profile: ProfileSpec) -> tuple[RouteMatch, ...]:
    """Return whom the routes name; that a test notice was lost is told to somebody else than its receiver."""
    notification = profile.notification
    routed = route(facts, notification.routes)
    payload, task_id = judged.event["payload"], str(judged.event["task_id"])
    if payload.get("condition") != "canary" or payload.get("source") != "self":
        return routed
    return instead_of(task_id.removeprefix(f"{CANARY}/"), routed, notification.fallback, tuple(notification.receivers))


def _escalates(judged: Judged) -> bool:
    """Tell whether an event has the profile's ladder without a rule asking for it: one that opens a lasting episode."""
    payload = judged.event["payload"]
    return bool(payload.get("episode")) and payload.get("condition") not in ONE_SHOT


def _with_ladder(notices: list[Notice], profile: ProfileSpec) -> list[Notice]:
    """Return the notices, the first of which carries the ladder as the profile has it now."""
    steps = profile.notification.escalation
    return [replace(notices[0], ladder=steps), *notices[1:]] if notices and steps else notices


def _urgency(decision: Decision) -> Urgency:
    severity = decision.operator_notice.urgency if decision.operator_notice else decision.severity
    return Urgency.LOW if severity is Severity.INFO else Urgency(severity.value)


def _notice_line(notice: Notice, judged: Judged) -> Addition:
    record = RecordLine(
        kind=Notice.schema,
        id=notice.notice_id,
        body=notice.dump(),
        parents=(str(notice.decision_id),),
        views=(
            ViewKey(Folder.QUEUE, notice.notice_id, due_name(notice.created_at)),
            ViewKey(Folder.EPISODES, notice.thread_key, _first_look(notice)),
        ),
        about=(*judged.about, notice.notice_id),
    )
    return Addition(record=record)


def _first_look(notice: Notice) -> str:
    """Nothing is due in a thread before its notice is settled, but a ladder does not wait for that."""
    if not notice.ladder:
        return FAR_FUTURE
    return due_name(notice.created_at + timedelta(seconds=notice.ladder[0].after_seconds))


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
            "source": {
                "event_id": event["event_id"],
                "evidence_ids": [each["evidence_id"] for each in judged.evidence],
                "packs": [
                    {"id": each.pack.metadata.id, "version": each.pack.metadata.version, "digest": each.digest}
                    for each in policy.packs
                ],
                "profile_digest": policy.profile_digest,
                "descriptor_digest": policy.descriptor_digest,
            },
            "evaluations": [each.dump() for each in judged.verdict.evaluations],
            "original_message": event["payload"].get("message"),
        },
    )
