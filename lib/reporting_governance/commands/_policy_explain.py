"""`policy explain`: what stands behind a stored decision, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._tables import table
from reporting_governance.commands._text import as_typed, one_line
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.core.decision_account import compared
from reporting_governance.stages.policy_explain import run_policy_explain

if TYPE_CHECKING:
    from reporting_governance.core.decision_account import DecisionAccount


def explain_decisions(context: CommandContext, identity: str) -> Reply:
    """Show every decision of an id.  Raises: NoDecision."""
    accounts = run_policy_explain(context.store, as_typed(identity), context.settings.policy.packs)
    document = {
        "what": "explain",
        "min_coverage": None,
        "packs": [],
        "decisions": [_document(each) for each in accounts],
        "judged": [],
        "findings": [],
    }
    return Reply(document, "\n\n".join(_describe(each) for each in accounts))


def _document(account: DecisionAccount) -> dict[str, Any]:
    found = asdict(account)
    found["rules"] = list(found["rules"])
    found["actions"] = [
        {
            **each,
            "details": list(each["details"]),
            "asked_by": None if each["asked_by"] is None else list(each["asked_by"]),
        }
        for each in found["actions"]
    ]
    return found


def _describe(account: DecisionAccount) -> str:
    decision, about = account.decision, account.metadata
    head = (
        (
            f"Decision {about['record_id']} of {about['recorded_at']}: {decision['decision']} by "
            f"{decision['policy_id']}, {decision['severity']}. "
            f"It is about event {about['event_id']} (task {about['task_id']})."
        ),
        f"Reason: {decision['reason']}",
        f"Why this one: {account.why}.",
    )
    parts = ["\n".join(one_line(each) for each in head)]
    if account.rules:
        rows = [(each.rule_id, each.sentence + (f": {each.reason}" if each.reason else "")) for each in account.rules]
        parts.append(table(("rule that looked", "what became of it"), rows))
        parts.append(
            table(
                ("rule", "what it compared", "is"),
                [row for each in account.rules for row in _leaf_rows(each.rule_id, each.leaves)],
            )
        )
    parts += _actions(account)
    return "\n\n".join(parts)


def _leaf_rows(rule_id: str, leaves: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            rule_id,
            compared(each),
            each["truth"] + (f": {each['reason']}" if each.get("reason") else ""),
        )
        for each in leaves
    ]


def _actions(account: DecisionAccount) -> list[str]:
    parts = []
    if account.actions:
        rows = [
            (
                each.action,
                each.target,
                "; ".join(_detail(one) for one in each.details),
                "yes" if each.mandatory else "no",
                "the packs have changed since" if each.asked_by is None else ", ".join(each.asked_by),
            )
            for each in account.actions
        ]
        parts.append(table(("action", "on", "with", "must be done", "asked for by"), rows))
    if account.plan is not None:
        planned = [
            (
                each["wanted"],
                each["action"] or "nothing",
                each["power"] or "-",
                each["level"],
                each["reason"] or "",
            )
            for each in account.plan["actions"]
        ]
        if planned:
            once = dict.fromkeys(planned)
            parts.append(table(("wanted", "planned", "by the power", "level", "why not as wanted"), once))
        parts.append(f"Path: {account.plan['path']}. Receipt: {account.receipt['status']}, {_state(account)}.")
    else:
        parts.append(f"Receipt: {account.receipt['status']}, {_state(account)}.")
    return parts


def _detail(details: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in sorted(details.items()))


def _state(account: DecisionAccount) -> str:
    return str(account.receipt["delivery_state"])
