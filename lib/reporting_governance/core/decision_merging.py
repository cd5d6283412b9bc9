"""From all hits to one decision.

The strongest kind wins, then severity, then priority, then the rule's id.  What the losers require is done as well,
as far as it does not contradict the winner; and a notice is never lost because its rule lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from reporting_governance.contracts.decision import (
    ActionKind,
    ActionTarget,
    Decision,
    DecisionKind,
    OperatorNotice,
    RequiredAction,
    Severity,
    SuggestedStatus,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_pack import UNKNOWN_ACTIONS, OnUnknown, Rule
from reporting_governance.core.policy_templates import (
    Template,
    known_lines,
    one_line,
    parse_template,
    render,
    render_subject,
    unknown_lines,
)

#: strongest first
STRENGTH = (
    DecisionKind.BLOCK,
    DecisionKind.ESCALATE,
    DecisionKind.FORCE_CHECKPOINT,
    DecisionKind.REQUIRE_REVIEW,
    DecisionKind.DOWNGRADE_STATUS,
    DecisionKind.REWRITE,
    DecisionKind.ANNOTATE_PLACEHOLDER,
    DecisionKind.ALLOW,
)
DEFAULT_CHANNEL = "operator"  #: whoever the profile's routes name
_REASON_LENGTH = 500  #: characters
_SEVERITY = {severity: severity.rank for severity in Severity}
_RANK = {kind: rank for rank, kind in enumerate(STRENGTH)}
#: one action of these kinds at most acts on one target; the stronger candidate's stands
_ONE_PER_TARGET = frozenset(
    {
        ActionKind.NOTIFY_OPERATOR,
        ActionKind.REWRITE_MESSAGE,
        ActionKind.RECORD_PLACEHOLDER,
        ActionKind.SET_STATUS,
        ActionKind.BLOCK_TRANSITION,
        ActionKind.REQUEST_REVIEW,
        ActionKind.RAISE_ESCALATION,
    }
)
#: these change the same thing, so one of them on a target excludes the others
_CHANGES = frozenset({ActionKind.REWRITE_MESSAGE, ActionKind.RECORD_PLACEHOLDER})
_MOOT_WHEN_BLOCKED = _CHANGES | {ActionKind.DISPATCH_MESSAGE}
_TARGET_OF = {
    ActionKind.REQUEST_REVIEW: ActionTarget.TASK_RECORD,
    ActionKind.RAISE_ESCALATION: ActionTarget.OPERATOR_CHANNEL,
    ActionKind.BLOCK_TRANSITION: ActionTarget.STATUS_TRANSITION,
    ActionKind.NOTIFY_OPERATOR: ActionTarget.OPERATOR_CHANNEL,
}
_KIND_OF_UNKNOWN = {
    OnUnknown.REQUIRE_REVIEW: DecisionKind.REQUIRE_REVIEW,
    OnUnknown.ESCALATE: DecisionKind.ESCALATE,
    OnUnknown.BLOCK: DecisionKind.BLOCK,
}
#: upstream's template for each kind of decision, used when a rule has no `body` of its own
_UPSTREAM_BODY = {
    DecisionKind.FORCE_CHECKPOINT: "checkpoint_forced",
    DecisionKind.ANNOTATE_PLACEHOLDER: "placeholder_rewrite",
    DecisionKind.REWRITE: "placeholder_rewrite",
    DecisionKind.BLOCK: "blocked",
    DecisionKind.DOWNGRADE_STATUS: "blocked",
}


@frozen
class OperatorMessage:
    """What the operator reads.  Texts from agents are one line each; a sender escapes them for its channel."""

    subject: str
    body: str


class Candidate(NamedTuple):
    """One rule that wants something: because it holds, or because nobody can say whether it does.

    A tuple, since one is made of every rule that holds.
    """

    rule: Rule
    templates: Mapping[str, Template]
    kind: DecisionKind
    severity: Severity
    unknown: str | None = None  #: why nobody can say

    @property
    def notifies(self) -> bool:
        """Whether it wants the operator told."""
        if self.unknown is not None:
            return True
        notice = self.rule.decision_output.operator_notice
        return notice is not None and notice.required


def order_of(candidate: Candidate) -> tuple[int, int, int, str]:
    """Return the key that sorts the strongest candidate first."""
    return _RANK[candidate.kind], -_SEVERITY[candidate.severity], -candidate.rule.priority, candidate.rule.id


def unknown_candidate(
    rule: Rule, templates: Mapping[str, Template], severity: Severity, reason: str
) -> Candidate | None:
    """Return what a rule wants when it is unknown; none when it says that nothing is lost."""
    kind = _KIND_OF_UNKNOWN.get(rule.on_unknown)
    return None if kind is None else Candidate(rule, templates, kind, severity, reason)


def merge_candidates(candidates: Iterable[Candidate], facts: Facts) -> tuple[Decision, OperatorMessage]:
    """Return the one decision, and what the operator reads if somebody is told.

    An unknown candidate that does not win has no further say; why it is unknown stands in the evaluations.

    Args:
        candidates: at least one, in any order.
    """
    winner, *losers = sorted(candidates, key=order_of)
    ranked = [winner, *(each for each in losers if each.unknown is None)]
    telling = next((each for each in ranked if each.notifies), winner)
    message = _message_of(telling, facts)
    output = winner.rule.decision_output
    rewritten = None if winner.unknown is not None else output.rewritten_message
    decision = Decision(
        decision=winner.kind,
        policy_id=winner.rule.id,
        severity=winner.severity,
        reason=_reason_of(winner, facts),
        rewritten_message=None if rewritten is None else render(parse_template(rewritten), facts),
        suggested_status=_status_of(winner),
        required_actions=_merge_actions(ranked),
        operator_notice=_notice_of(telling, facts, message),
    )
    return decision, message


def _status_of(candidate: Candidate) -> SuggestedStatus | None:
    if candidate.unknown is None:
        return candidate.rule.decision_output.suggested_status
    return SuggestedStatus.AWAITING_REVIEW if candidate.kind is DecisionKind.REQUIRE_REVIEW else None


def _reason_of(candidate: Candidate, facts: Facts) -> str:
    if candidate.unknown is not None:
        return one_line(f"{candidate.rule.title}: cannot be judged: {candidate.unknown}", _REASON_LENGTH)
    return one_line(render(parse_template(candidate.rule.decision_output.reason), facts), _REASON_LENGTH)


def _actions_of(candidate: Candidate) -> Sequence[RequiredAction]:
    if candidate.unknown is None:
        return candidate.rule.decision_output.required_actions
    return [
        RequiredAction(action=each, target=_TARGET_OF[each], mandatory=True)
        for each in UNKNOWN_ACTIONS[candidate.rule.on_unknown]
    ]


def _merge_actions(ranked: Sequence[Candidate]) -> tuple[RequiredAction, ...]:
    winner = ranked[0]
    merged: list[RequiredAction] = []
    for candidate in ranked:
        for action in _actions_of(candidate):
            if candidate is not winner and _contradicts(action, candidate, winner):
                continue
            twin = next((place for place, each in enumerate(merged) if _same_work(each, action)), None)
            if twin is None:
                merged.append(action)
            elif action.mandatory and not merged[twin].mandatory:
                merged[twin] = replace(merged[twin], mandatory=True)
    return tuple(merged)


def _same_work(one: RequiredAction, other: RequiredAction) -> bool:
    if one.target is not other.target:
        return False
    if one.action in _CHANGES and other.action in _CHANGES:
        return True
    if one.action is not other.action:
        return False
    return one.action in _ONE_PER_TARGET or one.details == other.details


def _contradicts(action: RequiredAction, loser: Candidate, winner: Candidate) -> bool:
    """Whether an action would undo what the winner decided, or has lost its subject by it."""
    if action.action is ActionKind.SET_STATUS:
        wanted = _status_of(winner)
        return wanted is not None and wanted is not _status_of(loser)
    return winner.kind is DecisionKind.BLOCK and action.action in _MOOT_WHEN_BLOCKED


def _notice_of(candidate: Candidate, facts: Facts, message: OperatorMessage) -> OperatorNotice | None:
    if candidate.unknown is not None:
        return OperatorNotice(
            required=True,
            channel=DEFAULT_CHANNEL,
            urgency=candidate.severity,
            message=message.subject,
            must_reference=(facts.event_type,),
            deadline=None,
        )
    notice = candidate.rule.decision_output.operator_notice
    if notice is None:
        return None
    own = None if notice.message is None else render_subject(parse_template(notice.message), facts)
    line = message.subject if notice.required else None
    return OperatorNotice(
        required=notice.required,
        channel=notice.channel,
        urgency=notice.urgency,
        message=own or line,
        must_reference=notice.must_reference,
        deadline=notice.deadline,
    )


def _message_of(candidate: Candidate, facts: Facts) -> OperatorMessage:
    """Fill the rule's `subject` and `body`; a rule that has none, as upstream's, is told by title and reason."""
    templates = candidate.templates
    body_name = "body" if "body" in templates else _UPSTREAM_BODY.get(candidate.kind, "body")
    if candidate.unknown is None and "subject" in templates and body_name in templates:
        return OperatorMessage(render_subject(templates["subject"], facts), render(templates[body_name], facts).strip())
    name = facts.known("task.name") or facts.known("event.task_id") or "?"
    text = "" if candidate.unknown is not None or body_name not in templates else render(templates[body_name], facts)
    paragraphs = (
        text.strip() or _reason_of(candidate, facts),
        f"Known:\n{known}" if (known := known_lines(facts)) else "",
        f"Not known:\n{missing}" if (missing := unknown_lines(facts)) else "",
    )
    subject = one_line(f"{name}: {candidate.rule.title}", 200)
    return OperatorMessage(subject, "\n\n".join(part for part in paragraphs if part))
