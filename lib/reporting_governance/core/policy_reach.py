"""Rules that nothing can reach, and leaves that say nothing: what is wrong with a pack whose every word is right.

A leaf that holds for every value of its fact, or for none, is a slip of its author; so is a rule whose leaves exclude
each other, or what its triggers and `applies_to` let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.contracts.task_state import TaskMode
from reporting_governance.core.fact_catalogue import CATALOGUE, FactSpec, FactType, fact_spec
from reporting_governance.core.policy_check import Problem
from reporting_governance.core.policy_language import LIST_OPERATORS
from reporting_governance.core.policy_texts import check_texts
from reporting_governance.core.policy_values import Leaf, holds_for_some, item_specs, operator_of, truths_of

_MODES = tuple(map(str, TaskMode))
_PROGRESS_SIGNAL = "checkpoint_progress_claim"
#: what is recorded and not judged, so no rule ever sees it
_NEVER_JUDGED: Mapping[str, tuple[frozenset[object], str]] = {
    "event.phase": (frozenset({"due", "firing", None}), "an event that says that a condition is over is not judged"),
    "event.caused_by": (frozenset({None}), "an event that a decision caused is not judged"),
}
Limits = Mapping[str, tuple[frozenset[object], str]]  #: fact -> the values that can come, and why no others


def check_meaning(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what cannot be meant in a pack that `policy_check.check_pack` found no fault with and that has its shape.

    Returns: (JSON pointer, what is wrong, did you mean) of each: leaves that are always or never true, rules that
        nothing can reach, slots that name no fact, examples that cannot be run, `applies_to` that lets nothing through.
    """
    return tuple(_check(document))


def _check(document: Mapping[str, Any]) -> Iterator[Problem]:
    applies_to = document["metadata"].get("applies_to") or {}
    yield from _check_applies_to(applies_to, "/metadata/applies_to")
    for place, rule in enumerate(document["spec"]["rules"]):
        pointer = f"/spec/rules/{place}"
        yield from _check_leaves(rule["conditions"], f"{pointer}/conditions", None)
        yield from _check_reach(rule, applies_to, f"{pointer}/conditions")
    yield from check_texts(document)


def _check_applies_to(applies_to: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    for place, mode in enumerate(applies_to.get("task_modes") or ()):
        if mode not in _MODES:
            message = f"no task has mode {mode!r}; modes are {', '.join(_MODES)}"
            yield f"{pointer}/task_modes/{place}", message, did_you_mean(mode, _MODES)


def _check_leaves(
    condition: Mapping[str, Any], pointer: str, scope: Mapping[str, FactSpec] | None
) -> Iterator[Problem]:
    for key in ("all", "any"):
        for place, each in enumerate(condition.get(key, ())):
            yield from _check_leaves(each, f"{pointer}/{key}/{place}", scope)
    if "not" in condition:
        yield from _check_leaves(condition["not"], f"{pointer}/not", scope)
    if "fact" in condition:
        yield from _check_leaf(condition, pointer, scope)


def _check_leaf(leaf: Leaf, pointer: str, scope: Mapping[str, FactSpec] | None) -> Iterator[Problem]:
    fact, operator = leaf["fact"], operator_of(leaf)
    spec = fact_spec(fact) if scope is None else scope.get(fact)
    if spec is None:
        return
    inner = list(_check_inner(leaf, pointer, spec))
    yield from inner
    if inner:
        return  # the list follows from it
    truths = truths_of(leaf, spec)
    if True not in truths:
        yield f"{pointer}/{operator}", f"no value of {fact} satisfies this: it can never hold", _instead(spec, operator)
    elif False not in truths:
        yield (
            f"{pointer}/{operator}",
            f"every value of {fact} satisfies this: it says nothing",
            _instead(spec, operator),
        )


def _check_inner(leaf: Leaf, pointer: str, spec: FactSpec) -> Iterator[Problem]:
    operator = operator_of(leaf)
    if operator in LIST_OPERATORS:
        inner = leaf[operator].get("where") if operator == "count" else leaf[operator]
        if inner is not None:
            below = f"{pointer}/{operator}/where" if operator == "count" else f"{pointer}/{operator}"
            yield from _check_leaves(inner, below, item_specs(spec))


def _instead(spec: FactSpec, operator: str) -> str | None:
    if operator == "exists":
        return f"{spec.path} is never null"
    if spec.choices and operator not in LIST_OPERATORS:
        return f"{spec.path} is one of {', '.join(spec.choices)}"
    return f"{spec.path} is a number of {spec.unit}, 0 or more" if spec.type is FactType.INTEGER else None


def _check_reach(rule: Mapping[str, Any], applies_to: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    limits = _limits(rule["triggers"], applies_to)
    by_fact: dict[str, list[tuple[str, Leaf]]] = {}
    for place, leaf in _conjuncts(rule["conditions"], pointer):
        by_fact.setdefault(leaf["fact"], []).append((place, leaf))
    for fact, found in by_fact.items():
        spec = CATALOGUE.get(fact) or fact_spec(fact)
        if spec is not None:
            yield from _check_fact(found, spec, limits)


def _check_fact(found: Sequence[tuple[str, Leaf]], spec: FactSpec, limits: Limits) -> Iterator[Problem]:
    leaves = [leaf for _, leaf in found]
    for place, leaf in found:
        if holds_for_some([leaf], spec) is False:
            return  # told by itself
        if spec.path in limits and holds_for_some([leaf], spec, limits[spec.path][0]) is False:
            yield f"{place}/{operator_of(leaf)}", f"{limits[spec.path][1]}: this can never hold", None
            return
    for size in range(2, len(found) + 1):
        if holds_for_some(leaves[:size], spec) is False:
            place, leaf = found[size - 1]
            others = " and ".join(_words(each) for each in leaves[: size - 1])
            message = f"{spec.path} cannot be this and {others} as well: the rule can never hold"
            yield f"{place}/{operator_of(leaf)}", message, "put them under any, where one is enough"
            return


def _words(leaf: Leaf) -> str:
    operator = operator_of(leaf)
    return f"{operator.replace('_', ' ')} {leaf[operator]!r}"


def _conjuncts(condition: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, Leaf]]:
    """Return the leaves that must all hold for the condition to hold."""
    if "fact" in condition:
        yield pointer, condition
    for place, each in enumerate(condition.get("all", ())):
        yield from _conjuncts(each, f"{pointer}/all/{place}")
    if len(condition.get("any", ())) == 1:
        yield from _conjuncts(condition["any"][0], f"{pointer}/any/0")


def _limits(triggers: Mapping[str, Any], applies_to: Mapping[str, Any]) -> Limits:
    """Return what the triggers and `applies_to` say about facts: what is known and not among these never comes."""
    types = triggers.get("event_types") or ()
    signals = triggers.get("derived_signals") or ()
    claims = triggers.get("claim_types") or ()
    limits = dict(_NEVER_JUDGED)
    if types and not signals and not claims:
        limits["event.event_type"] = frozenset(types), f"the rule looks at {', '.join(types)} only"
    if claims and not signals and not types:
        limits["claim.kind"] = frozenset(claims), f"the rule looks at claims of {', '.join(claims)} only"
    if signals and not types and not claims:
        looks = f"the rule looks at {', '.join(signals)} only"
        if set(signals) == {_PROGRESS_SIGNAL}:
            limits["event.event_type"] = frozenset({"task_checkpoint_sent"}), looks
            limits["claim.kind"] = frozenset({"progress"}), looks
        elif _PROGRESS_SIGNAL not in signals:
            limits["event.condition"] = frozenset(signals), looks
            limits["event.phase"] = frozenset({"firing"}), f"{looks}, and those are on while a condition fires"
    for key, fact in (("runtimes", "event.runtime"), ("task_modes", "task.mode"), ("channels", _CHANNEL)):
        if wanted := applies_to.get(key):
            null = {None} if fact == _CHANNEL else set()
            limits[fact] = frozenset({*wanted, *null}), f"the pack applies to {', '.join(wanted)} only"
    return limits


_CHANNEL = "operator_context.channel"
