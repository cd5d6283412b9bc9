"""Why a recorded decision came out as it did, read from its record alone; nothing is judged again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.decision import ActionKind, DecisionKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.decision_merging import STRENGTH
from reporting_governance.core.policy_compiling import CompiledPack, CompiledRule

_RANK = {kind.value: rank for rank, kind in enumerate(STRENGTH)}
_NOT_BY_A_RULE = {
    "default.allow": "no rule that looked at the event wanted anything",
    "default.resolved": "the event says that a condition is over; that is recorded and not judged",
    "default.caused": "another decision caused the event; that is recorded and not judged",
    "default.self": "the event is about ourselves; its notice needs no rule",
}
_COMPARED_IN_WORDS = {
    "equals": "{}",
    "not_equals": "anything but {}",
    "in": "one of {}",
    "less_than": "< {}",
    "at_most": "≤ {}",
    "greater_than": "> {}",
    "at_least": "≥ {}",
    "prefix": "text that begins with {}",
    "suffix": "text that ends with {}",
    "contains": "{} in it",
    "glob": "text like {}",
    "older_than": "older than {} s",
    "newer_than": "newer than {} s",
    "any_of": "any of {}",
    "none_of": "none of {}",
    "every": "every one {}",
    "count": "as many {}",
}
_LONGEST = 60  #: characters of a value that are shown


@frozen
class RuleAccount:
    """How one rule turned out, and what that meant for the decision."""

    rule_id: str
    truth: str
    leaves: Sequence[Mapping[str, Any]]
    reason: str | None  #: why it is unknown
    outcome: str | None  #: what it asked for
    won: bool
    sentence: str


@frozen
class ActionAccount:
    """What is required of one target, and which rules asked for it; none where their pack is no longer in force."""

    action: str
    target: str
    mandatory: bool
    details: tuple[Mapping[str, Any], ...]  #: with which it is to be done, such as several notes; each once
    asked_by: tuple[str, ...] | None


@frozen
class DecisionAccount:
    """A decision and everything that stands behind it."""

    metadata: Mapping[str, Any]
    decision: Mapping[str, Any]
    why: str
    rules: tuple[RuleAccount, ...]
    actions: tuple[ActionAccount, ...]
    plan: Mapping[str, Any] | None  #: none in records of before plans were kept
    receipt: Mapping[str, Any]
    source: Mapping[str, Any]


def account_of(record: Mapping[str, Any], packs: Iterable[CompiledPack]) -> DecisionAccount:
    """Return the account of a decision.

    Args:
        record: a decision record artifact.
        packs: those in force now; one that has changed since is not asked what its rules say.
    """
    spec = record["spec"]
    decision, evaluations = spec["decision"], spec["evaluations"]
    digests = {each["digest"] for each in spec["source"].get("packs", ())}
    rules = {rule.rule.id: rule for pack in packs if pack.digest in digests for rule in pack.rules}
    winner = decision["policy_id"]
    return DecisionAccount(
        metadata=record["metadata"],
        decision=decision,
        why=_why(winner, decision, evaluations),
        rules=tuple(_rule(each, winner, decision) for each in evaluations),
        actions=tuple(_action(each, evaluations, rules) for each in _grouped(decision["required_actions"])),
        plan=spec.get("plan"),
        receipt=spec["receipt"],
        source=spec["source"],
    )


def compared(leaf: Mapping[str, Any]) -> str:
    """Return what a leaf compared with what, such as `children.open = 0, wanted ≥ 1`."""
    operator, value, wanted = leaf["operator"], leaf.get("value"), leaf.get("wanted")
    found = "not known" if value is None and leaf["truth"] == "unknown" else _shown(value)
    if wanted is None:
        return f"{leaf['fact']} = {found}, asked {operator}"
    if operator == "exists":
        words = "to be there" if wanted else "not to be there"
    elif operator == "in":
        words = _COMPARED_IN_WORDS[operator].format(_cut(", ".join(_shown(each) for each in wanted)))
    else:
        words = _COMPARED_IN_WORDS[operator].format(_shown(wanted))
    return f"{leaf['fact']} = {found}, wanted {words}"


def _shown(value: object) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _why(winner: str, decision: Mapping[str, Any], evaluations: Sequence[Mapping[str, Any]]) -> str:
    if winner in _NOT_BY_A_RULE:
        return _NOT_BY_A_RULE[winner]
    others = [each for each in evaluations if each.get("outcome") and each["rule_id"] != winner]
    if not others:
        return "no other rule wanted anything"
    equal = sorted(each["rule_id"] for each in others if each["outcome"] == decision["decision"])
    if equal:
        return f"as strong as {', '.join(equal)}; severity, then priority, then the rule's id decides among equals"
    strongest = min(others, key=lambda each: _RANK[each["outcome"]])
    if _RANK[strongest["outcome"]] < _RANK[decision["decision"]]:
        return f"{strongest['rule_id']} is unknown and of lower severity, so that it holds outranks it"
    return f"{decision['decision']} is stronger than {strongest['outcome']} of {strongest['rule_id']}"


def _rule(evaluation: Mapping[str, Any], winner: str, decision: Mapping[str, Any]) -> RuleAccount:
    outcome = evaluation.get("outcome")
    won = evaluation["rule_id"] == winner
    truth = evaluation["truth"]
    words = {"true": "holds", "false": "does not hold", "unknown": "cannot be judged"}[truth]
    if outcome is None:
        end = ", and says that nothing is lost then" if truth == "unknown" else ""
    elif won:
        end = f", and decides: {outcome}"
    elif outcome == decision["decision"]:
        end = f", and wants {outcome} too"
    elif truth == "unknown":
        end = f", and would want {outcome}: outranked"
    else:
        end = f", and wants {outcome}: outranked, its actions are done as far as they do not contradict"
    return RuleAccount(
        rule_id=evaluation["rule_id"],
        truth=truth,
        leaves=evaluation["leaves"],
        reason=evaluation.get("reason"),
        outcome=outcome,
        won=won,
        sentence=words + end,
    )


def _grouped(actions: Iterable[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    """Return actions of one kind on one target together: rules that want the same say it in different words."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for each in actions:
        groups.setdefault((each["action"], each["target"]), []).append(each)
    return list(groups.values())


def _action(
    group: Sequence[Mapping[str, Any]],
    evaluations: Sequence[Mapping[str, Any]],
    rules: Mapping[str, CompiledRule],
) -> ActionAccount:
    action = group[0]
    details: list[Mapping[str, Any]] = []
    for each in group:
        if each.get("details") and each["details"] not in details:
            details.append(each["details"])
    hits = [each for each in evaluations if each.get("outcome")]
    known = all(each["rule_id"] in rules for each in hits)
    asked = [
        each["rule_id"] for each in hits if each["rule_id"] in rules and _asks(rules[each["rule_id"]], each, action)
    ]
    return ActionAccount(
        action=action["action"],
        target=action["target"],
        mandatory=any(each["mandatory"] for each in group),
        details=tuple(details),
        asked_by=tuple(asked) if known else None,
    )


def _asks(rule: CompiledRule, evaluation: Mapping[str, Any], action: Mapping[str, Any]) -> bool:
    if evaluation["truth"] == "unknown":
        wanted = {
            DecisionKind.REQUIRE_REVIEW: ActionKind.REQUEST_REVIEW,
            DecisionKind.ESCALATE: ActionKind.RAISE_ESCALATION,
        }
        first = wanted.get(evaluation["outcome"], ActionKind.BLOCK_TRANSITION)
        return action["action"] in (first, ActionKind.NOTIFY_OPERATOR)
    return any(
        each.action == action["action"] and each.target == action["target"]
        for each in rule.rule.decision_output.required_actions
    )
