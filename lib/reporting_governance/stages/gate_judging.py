"""What is decided about one attempt, and what its host is answered.  Nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.contracts.capability import PowerReason, SupportLevel
from reporting_governance.contracts.decision import ActionKind, Decision, DecisionKind, OperatorNotice, SuggestedStatus
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.ids import decision_id, derive_id
from reporting_governance.contracts.report_attempt import HookPoint
from reporting_governance.contracts.times import format_time
from reporting_governance.core.actions import POWER_OF
from reporting_governance.core.decision_merging import DEFAULT_CHANNEL, OperatorMessage
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.gate_words import reason_for_agent
from reporting_governance.core.gating import Memory, possible_answer, wanted_answer
from reporting_governance.core.policy_evaluator import DEFAULT_ALLOW, Verdict, evaluate
from reporting_governance.core.rewriting import rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporting_governance.contracts.capability import EffectiveCapabilities
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.stages.gate_attempt import Asked, Drafted
    from reporting_governance.stages.policy import Policy

#: what is done once, and not again for each time that the agent tries
_ONCE = frozenset({ActionKind.NOTIFY_OPERATOR, ActionKind.RAISE_ESCALATION, ActionKind.REQUEST_REVIEW})
_LET_GO = "!let-go"  #: after a rule's id: the operator was told that it was let go


class Judgement(NamedTuple):
    """One attempt, judged."""

    asked: Asked
    drafted: Drafted
    facts: Facts
    verdict: Verdict
    powers: EffectiveCapabilities
    answer: GateAnswer
    memory: Memory | None  #: None: what the gate remembers of the session stays as it is
    status: str | None  #: what the session's status becomes; None: it stays
    leaves_a_trace: bool


def judge(asked: Asked, drafted: Drafted, policy: Policy, profile: ProfileSpec) -> Judgement:
    """Judge an attempt by the packs, and choose the strongest answer that its host can carry out."""
    event = drafted.event.dump()
    body = asked.subject.body
    own = [each.dump() for each in drafted.evidence]
    facts = build_facts(
        event,
        drafted.snapshot,
        [*own, *(body["evidence"] if body else ())],
        asked.now,
        grace_seconds=profile.watchdog.grace_seconds,
    )
    verdict = evaluate(policy.packs, facts)
    decision = verdict.decision
    can_block = policy.powers.support("enforcement.block_transition") is not SupportLevel.NONE
    can_rewrite = policy.powers.support("enforcement.rewrite_message") is not SupportLevel.NONE
    wanted = wanted_answer(decision.decision, profile.gate.posture)
    kind, gaps = possible_answer(wanted, can_rewrite=can_rewrite, can_block=can_block)
    blocks, is_tool = asked.memory.blocks, asked.attempt.hook is HookPoint.TOOL
    counts = kind is AnswerKind.BLOCK and not is_tool
    held = asked.memory.held(decision.policy_id, profile.gate.max_blocks) if counts else 0
    let_go = held > 0
    if let_go:
        kind = AnswerKind.PASS
        gaps = (*gaps, f"held back {held} times in this request: let go")
    over = _powers_over(asked, policy.powers, passes=kind is AnswerKind.PASS)
    verdict, powers, told = _telling(asked.memory, verdict, over, kind, wanted, held=held)
    owed = _owed(asked) if kind is AnswerKind.PASS and can_block and not let_go else None
    reason, message = "", None
    if kind is AnswerKind.BLOCK:
        blocks = asked.memory.held_once_more(decision.policy_id, of_tools=is_tool)
        reason = reason_for_agent(verdict, facts, own, of_tool=is_tool)
    elif kind is AnswerKind.REWRITE:
        message = rewrite(asked.message, decision, facts, record_id=decision_id(drafted.event.event_id))
        reason = decision.reason
    elif owed is not None:
        kind, reason = AnswerKind.BLOCK, owed[1]
    elif decision.decision is not DecisionKind.ALLOW or let_go:
        reason = decision.reason
    identity = decision_id(drafted.event.event_id)
    answer = GateAnswer(
        kind=kind,
        reason=reason,
        message=message,
        decision=decision.decision.value,
        policy_id=decision.policy_id,
        decision_id=identity,
        degraded=gaps,
        advice=_advice(decision, let_go) if kind is AnswerKind.PASS else "",
    )
    trace = _leaves_a_trace(asked, facts, decision, answer)
    if not trace:
        answer = GateAnswer(kind=AnswerKind.PASS, policy_id=decision.policy_id)
    memory = Memory(
        session_id=asked.attempt.session_id,
        segment=asked.memory.segment,
        digest=asked.digest,
        hook=asked.attempt.hook.value,
        answer=kind,
        reason=reason,
        message=message,
        decision=decision.decision.value,
        policy_id=decision.policy_id,
        decision_id=identity,
        blocks=blocks,
        told=told,
        asked=owed[0] if owed is not None else _asked_by(decision, asked),
        judged=asked.memory.judged + 1,
        let_go=held,
        others=asked.memory.others,
    )
    return Judgement(
        asked=asked,
        drafted=drafted,
        facts=facts,
        verdict=verdict,
        powers=powers,
        answer=answer,
        memory=memory,
        status=_status(asked, facts, decision, kind, let_go=let_go),
        leaves_a_trace=trace,
    )


def _powers_over(asked: Asked, powers: EffectiveCapabilities, *, passes: bool) -> EffectiveCapabilities:
    """Return the powers as they are over the task in hand.

    The status of a task that its agent reports stays its own; of what is let pass nothing claims that it was held, and
    nothing takes the place of that.
    """
    if not asked.subject.is_session:
        powers = _without(powers, ActionKind.SET_STATUS, PowerReason.NOT_OURS)
    if not passes or powers.support(str(POWER_OF[ActionKind.BLOCK_TRANSITION])) is SupportLevel.NONE:
        return powers
    fallbacks = {action: each for action, each in powers.fallbacks.items() if action != ActionKind.BLOCK_TRANSITION}
    return _without(replace(powers, fallbacks=fallbacks), ActionKind.BLOCK_TRANSITION, PowerReason.LET_PASS)


def _without(powers: EffectiveCapabilities, action: ActionKind, reason: PowerReason) -> EffectiveCapabilities:
    name = str(POWER_OF[action])
    power = powers.powers.get(name)
    if power is None or power.effective is SupportLevel.NONE:
        return powers
    kept = replace(power, effective=SupportLevel.NONE, reason=reason)
    return replace(powers, powers={**powers.powers, name: kept})


def _telling(
    memory: Memory,
    verdict: Verdict,
    powers: EffectiveCapabilities,
    kind: AnswerKind,
    wanted: AnswerKind,
    *,
    held: int,
) -> tuple[Verdict, EffectiveCapabilities, tuple[str, ...]]:
    """Return the verdict as the operator is told of it: once of each reason in a segment, once that it was let go."""
    decision = verdict.decision
    if decision.decision is DecisionKind.ALLOW and not decision.notifies():
        return verdict, powers, memory.told
    named = f"{decision.policy_id}{_LET_GO}" if held else decision.policy_id
    if named in memory.told:
        kept = tuple(each for each in decision.required_actions if each.action not in _ONCE)
        quiet = replace(decision, operator_notice=None, required_actions=kept)
        return replace(verdict, decision=quiet), replace(powers, fallbacks={}), memory.told
    advised = kind is AnswerKind.PASS and (
        wanted is not AnswerKind.PASS or decision.decision in (DecisionKind.REQUIRE_REVIEW, DecisionKind.ESCALATE)
    )
    if held or (advised and not decision.notifies()):
        verdict = _with_notice(verdict, held)
    return verdict, powers, (*memory.told, named)


def _with_notice(verdict: Verdict, blocks: int) -> Verdict:
    decision, message = verdict.decision, verdict.message
    subject = message.subject if message else decision.reason
    body = message.body if message else decision.reason
    if blocks:
        subject = f"Let go: {subject}"
        body = f"It was held back {blocks} times in one request and has now been let go.\n\n{body}"
    told = decision.operator_notice or OperatorNotice(
        required=True,
        channel=DEFAULT_CHANNEL,
        urgency=decision.severity,
        message=None,
        must_reference=(),
        deadline=None,
    )
    notice = replace(told, required=True, message=subject)
    return replace(
        verdict,
        decision=replace(decision, operator_notice=notice),
        message=OperatorMessage(subject=subject, body=body),
    )


def _owed(asked: Asked) -> tuple[str, str] | None:
    """Return the check-in that is asked of the agent, and how it is told; once for each request."""
    body = asked.subject.body
    request: Mapping[str, Any] | None = body["request"] if body else None
    if request is None or asked.subject.is_session or asked.attempt.hook is not HookPoint.FINISH:
        return None
    since = str(request["asked_at"])
    identity = _request_name(asked, since)
    if asked.memory.asked == identity:
        return None
    task = asked.subject.task_id
    return identity, (
        f"A check-in for the task {task} is asked of you since {since}.  Run: reportgov report checkpoint {task} "
        '"where it stands, what was done, what comes next"; then report again.'
    )


def _asked_by(decision: Decision, asked: Asked) -> str | None:
    """The block itself tells the agent of the check-in that its decision asks for."""
    if decision.decision is not DecisionKind.FORCE_CHECKPOINT:
        return asked.memory.asked
    request = (asked.subject.body or {}).get("request")
    return _request_name(asked, str(request["asked_at"]) if request else format_time(asked.now))


def _request_name(asked: Asked, since: str) -> str:
    """Return what a request is remembered by; the id alone is the same for every request of a task."""
    return f"{derive_id('cpr', asked.subject.key)}@{since}"


def _advice(decision: Decision, let_go: bool) -> str:
    if let_go:
        return f"reporting-governance let this go after several blocks; the operator is told: {decision.reason}"
    if decision.decision in (DecisionKind.ALLOW, DecisionKind.ANNOTATE_PLACEHOLDER):
        return ""
    return f"reporting-governance: {decision.reason} ({decision.policy_id})"


def _leaves_a_trace(asked: Asked, facts: Facts, decision: Decision, answer: GateAnswer) -> bool:
    if decision.policy_id != DEFAULT_ALLOW or answer.kind is not AnswerKind.PASS:
        return True
    if facts.known("claim.kind") != "none":
        return True
    body = asked.subject.body
    was = body["task"]["status"] if body and body["task"] and asked.subject.is_session else None
    return was == "pending_verification"


def _status(asked: Asked, facts: Facts, decision: Decision, kind: AnswerKind, *, let_go: bool) -> str | None:
    """Return what a session's status becomes: it waits for its person, unless what it claims is to be verified."""
    if not asked.subject.is_session:
        return None
    if facts.known("claim.completion_asserted") is not True:
        return "waiting_user"
    if decision.suggested_status not in (None, SuggestedStatus.COMPLETED):
        return "pending_verification"  # also where the host could not hold the claim back
    return "completed" if kind is not AnswerKind.BLOCK and not let_go else "pending_verification"
