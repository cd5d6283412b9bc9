"""Decisions as the report shows them: the rule and the values that decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reporting_governance.core.audit_report.parts import DecisionAccount, Leaf
from reporting_governance.core.audit_report.texts import Texts, cut, json_text, word, word_or_none

_MOST_LEAVES = 12
_MOST_OTHERS = 6
Body = Mapping[str, Any]
QUALITIES = {"none": 0, "weak": 1, "moderate": 2, "strong": 3, "decisive": 4}


def decision_of(seq: int, at: str, body: Body, event_type: str | None, texts: Texts) -> DecisionAccount:
    """Return what a decision record says."""
    spec, metadata = body["spec"], body["metadata"]
    decision = spec["decision"]
    evaluations = [each for each in texts.list(spec.get("evaluations")) if isinstance(each, Mapping)]
    mine = _that_decided(evaluations, decision["policy_id"])
    others = [each for each in evaluations if each is not mine]
    leaves = texts.list(mine.get("leaves")) if mine else []
    receipt = texts.mapping(spec.get("receipt"))
    return DecisionAccount(
        seq=seq,
        at=at,
        decision=word(decision["decision"]),
        policy_id=word(decision["policy_id"]),
        severity=word(decision["severity"]),
        reason=texts.text(decision["reason"]),
        task_id=word_or_none(metadata.get("task_id")),
        event_type=event_type,
        leaves=tuple(_leaf(each) for each in leaves[:_MOST_LEAVES]),
        others_true=tuple(word(each["rule_id"]) for each in others if each["truth"] == "true")[:_MOST_OTHERS],
        unknown=tuple(_unknown(others))[:_MOST_OTHERS],
        not_possible=tuple(_not_possible(texts.list(receipt.get("blocked_actions"))))[:_MOST_OTHERS],
        path=word(texts.mapping(spec.get("plan")).get("path", "record_only")),
        again=bool((spec.get("source") or {}).get("judgement")),
        shown_leaves_of=len(leaves),
    )


def quality_seen(evaluations: Iterable[Any]) -> str | None:
    """Return the quality of the evidence for completion as the rules saw it; None where no rule asked for it."""
    for each in evaluations:
        for leaf in each.get("leaves") or ():
            if leaf["fact"] == "evidence.completion_min_quality" and leaf["truth"] != "unknown":
                return word(leaf["value"])
    return None


def _that_decided(evaluations: Iterable[Body], policy_id: str) -> Body | None:
    return next((each for each in evaluations if each["rule_id"] == policy_id), None)


def _leaf(leaf: Body) -> Leaf:
    return Leaf(
        fact=word(leaf["fact"]),
        operator=word(leaf["operator"]).replace("_", " "),
        wanted=json_text(leaf["wanted"]) if "wanted" in leaf else "",
        found="not known" if leaf["truth"] == "unknown" else json_text(leaf.get("value")),
        truth=word(leaf["truth"]),
        reason=word_or_none(leaf.get("reason")),
    )


def _unknown(evaluations: Iterable[Body]) -> Iterable[tuple[str, str]]:
    for each in evaluations:
        if each["truth"] == "unknown":
            yield word(each["rule_id"]), cut(str(each.get("reason") or "a fact is not known"), 200)


def _not_possible(actions: Iterable[Body]) -> Iterable[str]:
    for each in actions:
        instead = f"; {word(each['fallback'])} instead" if each.get("fallback") else ""
        yield f"{word(each['action'])} ({word(each.get('reason') or 'no reason recorded')}){instead}".replace("_", " ")
