"""What a gate answered and could not record: recorded by the next run, and told to the operator.

Nothing is judged again: what the host showed then is not there any more, and the answer has been given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.decision import Decision, DecisionKind, OperatorNotice, Severity
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.ids import decision_id
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.report_attempt import Answered, ReportAttempt
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.decision_merging import DEFAULT_CHANNEL, OperatorMessage
from reporting_governance.core.facts import build_facts
from reporting_governance.core.gating import Memory, attempt_digest
from reporting_governance.core.policy_evaluator import Verdict
from reporting_governance.stages.gate_attempt import Asked, Drafted, Subject, draft, session_task_id
from reporting_governance.stages.gate_judging import Judgement
from reporting_governance.stages.gate_recording import record
from reporting_governance.stages.task_version import load_version
from reporting_governance.storage.interface import Store

if TYPE_CHECKING:
    from reporting_governance.adapters.hosts.interface import Host
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.stages.check_in_group import ArtifactReader
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.policy import Policy

DEFAULT_UNJUDGED = "default.unjudged"
_TRIES = 4


def run_late_attempt(
    store: Store,
    document: Mapping[str, Any],
    *,
    host: Host,
    uid: int,
    policy: Policy,
    profile: ProfileSpec,
    artifacts: ArtifactReader,
    clock: Clock,
) -> str | None:
    """Record an attempt that was answered without being recorded; return its decision's id, None when it is there.

    The operator is told once a day of each session.
    Raises: ContractError, Busy, StorageError.
    """
    attempt = ReportAttempt.parse(document, source="attempt")
    answered = attempt.answered or Answered(kind=AnswerKind.PASS.value, why="not said", at=clock.now())
    store.ready()
    task_id = session_task_id(host, attempt)
    for _ in range(_TRIES):
        version = load_version(store, store.listing(Folder.TASKS), native_task_key(task_id))
        if version is None:
            continue
        now = clock.now()
        asked = Asked(
            host=host,
            attempt=attempt,
            message=attempt.message,
            seen=None,
            subject=Subject(task_id=task_id, body=version.body, is_session=True),
            memory=Memory(),
            digest=attempt_digest("late", answered.at.isoformat(), answered.why, attempt.message),
            uid=uid,
            artifacts=artifacts,
            now=now,
            at=min(answered.at, now),
        )
        drafted = draft(asked)
        if drafted.event.payload["check_in"]["id"] in (version.body or {}).get("check_ins", ()):
            return None
        answer = record(store, _judgement(asked, drafted, answered, policy, profile), version, policy, profile)
        if answer is not None:
            return answer.decision_id
    return None


def _judgement(asked: Asked, drafted: Drafted, answered: Answered, policy: Policy, profile: ProfileSpec) -> Judgement:
    day = asked.at.date().isoformat() if asked.at else ""
    told = ((asked.subject.body or {}).get("gate") or {}).get("late") == day
    facts = build_facts(
        drafted.event.dump(), drafted.snapshot, (), asked.now, grace_seconds=profile.watchdog.grace_seconds
    )
    identity = decision_id(drafted.event.event_id)
    held = answered.kind == AnswerKind.BLOCK.value
    subject = f"{asked.subject.task_id}: a report was {'held back' if held else 'let pass'} without being judged"
    decision = Decision(
        decision=DecisionKind.BLOCK if held else DecisionKind.ALLOW,
        policy_id=DEFAULT_UNJUDGED,
        severity=Severity.HIGH,
        reason=f"The gate could not judge or record this: {answered.why}"[:500],
        rewritten_message=None,
        suggested_status=None,
        required_actions=(),
        operator_notice=None
        if told
        else OperatorNotice(
            required=True,
            channel=DEFAULT_CHANNEL,
            urgency=Severity.HIGH,
            message=subject[:200],
            must_reference=(),
            deadline=None,
        ),
    )
    body = (
        f"{decision.reason}\n\nWhat the agent said is kept with decision {identity}.  The same trouble with this "
        "session is not told again today."
    )
    gate = {**drafted.event.payload["gate"], "late": day, "answer": answered.kind}
    return Judgement(
        asked=asked,
        drafted=drafted._replace(event=replace(drafted.event, payload={**drafted.event.payload, "gate": gate})),
        facts=facts,
        verdict=Verdict(decision, OperatorMessage(subject=subject[:200], body=body), ()),
        powers=replace(policy.powers, fallbacks={}) if told else policy.powers,
        answer=GateAnswer(kind=AnswerKind(answered.kind), decision_id=identity, policy_id=DEFAULT_UNJUDGED),
        memory=None,
        status="waiting_user",
        leaves_a_trace=True,
    )
