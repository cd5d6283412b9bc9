"""The first notices about an event: whom the routes name, what each is told, and which of them carries the ladder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.decision import Decision, Severity
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.facts import Facts, installation, notice_facts
from reporting_governance.core.policy_evaluator import Verdict
from reporting_governance.core.receivers import receivers_of
from reporting_governance.storage.interface import Addition, Listing, View

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec


@frozen(kw_only=True)
class Judged:
    """An event and what the packs say about it."""

    view: View
    event: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    task: View | None  #: the view of a task of ours
    threads: Sequence[ViewName]  #: all of its episode; of an event that says an episode is over
    facts: Facts
    verdict: Verdict
    over: View | None = None  #: the view of a task of ours that is over
    state: Mapping[str, Any] | None = None  #: the task of the view, with its long texts in place

    @property
    def task_key(self) -> str:
        """The key of the watched task; the event's task id where there is none."""
        return str(self.event["payload"].get("task_key") or self.event["task_id"])

    @property
    def is_ours(self) -> bool:
        """Whether the task checks in with us, so that its status is ours to change."""
        return self.task is not None or self.over is not None

    @property
    def about(self) -> tuple[str, ...]:
        """What filters select the decision's records by."""
        return (self.task_key, str(self.event["agent_id"]))


def first_notices(
    judged: Judged,
    profile: ProfileSpec,
    threads: Listing,
    record_id: str,
    now: datetime,
    *,
    raised: bool,
    review: Review | None = None,
    told: Collection[str] = (),
) -> list[Notice]:
    """Return a notice for each receiver that the routes name and that was not told of this episode yet.

    Args:
        threads: of `long-task-watchdog`; who has one of an episode was told of it already.
        record_id: of the decision that they follow from.
        raised: a rule asks for the escalation.
        review: what a person is asked by the decision.  Where no episode goes on telling, it is told of until it is
            closed.
        told: further threads in which somebody was told already.
    """
    notices = _notices(judged, profile, record_id, now, review)
    known = {*told, *threads.several(each.thread_key for each in notices)}
    fresh = [each for each in notices if each.thread_key not in known]
    if fresh == notices and (raised or _escalates(judged)):
        return _with_ladder(notices, profile)
    return fresh


def _notices(
    judged: Judged, profile: ProfileSpec, record_id: str, now: datetime, review: Review | None
) -> list[Notice]:
    decision, message = judged.verdict.decision, judged.verdict.message
    facts = {
        **notice_facts(judged.facts),
        **installation(judged.event),
        "task_key": judged.task_key,
        "severity": decision.severity.value,
        "policy_id": decision.policy_id,
    }
    episode = judged.event["payload"].get("episode")
    phase = Phase.FIRING
    if review is not None:
        facts["review_id"] = review.review_id
        if episode is None:
            episode, phase = review.review_id, Phase.REVIEW
    wanted = decision.operator_notice
    text = message.body if message else decision.reason
    return [
        Notice(
            notice_id=ids.notice_id(record_id, match.receiver, phase, 1),
            thread_key=ids.thread_id(episode or judged.view.name.id, match.receiver),
            phase=phase,
            number=1,
            receiver=match.receiver,
            urgency=_urgency(decision),
            subject=message.subject if message else decision.reason,
            body=text if review is None else f"{text}\n\n{how_to_close(review.review_id)}",
            facts=facts,
            must_reference=wanted.must_reference if wanted else (),
            created_at=now,
            decision_id=record_id,
            episode_id=episode,
            route=match.route + 1,
        )
        for match in receivers_of(facts, profile.notification)
    ]


def how_to_close(review_id: str) -> str:
    """Return what a person does who is asked."""
    return (
        "A person has to look at this. It is open until somebody closes it, with a reason:\n"
        f"reportgov review approve {review_id} --comment ...\n"
        f"reportgov review reject {review_id} --comment ..."
    )


def _escalates(judged: Judged) -> bool:
    """Tell whether an event has the profile's ladder without a rule asking for it: one that opens a lasting episode."""
    payload = judged.event["payload"]
    if not payload.get("episode"):
        return False
    from reporting_governance.core.threads import ONE_SHOT

    return payload.get("condition") not in ONE_SHOT


def _with_ladder(notices: list[Notice], profile: ProfileSpec) -> list[Notice]:
    """Return the notices, the first of which carries the ladder as the profile has it now."""
    steps = profile.notification.escalation
    return [replace(notices[0], ladder=steps), *notices[1:]] if notices and steps else notices


def _urgency(decision: Decision) -> Urgency:
    severity = decision.operator_notice.urgency if decision.operator_notice else decision.severity
    return Urgency.LOW if severity is Severity.INFO else Urgency(severity.value)


def notice_line(notice: Notice, judged: Judged) -> Addition:
    """Return the line that puts a notice into the queue and begins its thread."""
    record = RecordLine(
        kind=Notice.schema,
        id=notice.notice_id,
        body=notice.dump(),
        parents=(str(notice.decision_id), *((str(notice.episode_id),) if notice.phase is Phase.REVIEW else ())),
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
