"""How much of a pack its examples have tried: every leaf seen true, false and unknown, as far as it can be.

Leaves inside list operators count too.  A leaf is seen by the examples of its own rule, and by those of other rules
whose events its rule looks at.  What a leaf can never be (a fact that is read from the event itself is not unknown)
is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.fact_catalogue import FactSpec, fact_spec
from reporting_governance.core.policy_compiling import CompiledPack, CompiledRule
from reporting_governance.core.policy_examples import facts_of
from reporting_governance.core.policy_language import (
    LIST_OPERATORS,
    compile_condition,
    compile_item_condition,
    item_values,
)
from reporting_governance.core.policy_operators import Truth, Values
from reporting_governance.core.policy_values import Leaf, item_specs, operator_of, truths_of

ORDER: tuple[Truth, ...] = (True, False, None)


@frozen
class LeafCoverage:
    """One leaf of one rule."""

    rule_id: str
    pointer: str  #: of the leaf, from the pack's document
    leaf: Leaf
    possible: frozenset[Truth]
    seen: frozenset[Truth]  #: of those that are possible

    @property
    def missing(self) -> tuple[Truth, ...]:
        """What no example has shown: true, false, unknown, in this order."""
        return tuple(each for each in ORDER if each in self.possible and each not in self.seen)


def coverage_of(pack: CompiledPack) -> tuple[LeafCoverage, ...]:
    """Return how often each leaf of a pack was seen, in the order in which they are written."""
    examples = [(rule, facts_of(example)) for rule in pack.rules for example in rule.rule.examples]
    found: list[LeafCoverage] = []
    for place, rule in enumerate(pack.rules):
        seen: dict[str, set[Truth]] = {}
        for owner, facts in examples:
            if owner is rule or rule.looks_at(facts):
                values = facts.with_labels(pack.labels) if pack.labels else facts.values
                for pointer, truth in _truths(rule.rule.conditions, values, facts.now, ""):
                    seen.setdefault(pointer, set()).add(truth)
        found += _of_rule(rule, f"/spec/rules/{place}/conditions", seen)
    return tuple(found)


def percent(coverage: tuple[LeafCoverage, ...]) -> int:
    """Return the share of what was seen in what can be seen, in whole percent, rounded down; 100 without leaves."""
    possible = sum(len(each.possible) for each in coverage)
    return 100 if not possible else sum(len(each.seen) for each in coverage) * 100 // possible


def _of_rule(rule: CompiledRule, pointer: str, seen: Mapping[str, set[Truth]]) -> Iterator[LeafCoverage]:
    for below, leaf, spec in _leaves(rule.rule.conditions, "", None):
        possible = truths_of(leaf, spec)
        yield LeafCoverage(rule.rule.id, pointer + below, leaf, possible, possible & seen.get(below, set()))


def _leaves(
    condition: Mapping[str, Any], pointer: str, scope: Mapping[str, FactSpec] | None
) -> Iterator[tuple[str, Leaf, FactSpec]]:
    for below, each in _parts(condition):
        yield from _leaves(each, pointer + below, scope)
    if "fact" not in condition:
        return
    spec = fact_spec(condition["fact"]) if scope is None else scope[condition["fact"]]
    if spec is None:
        raise ValueError(f"there is no fact {condition['fact']!r}")
    yield pointer, condition, spec
    inner = _inner(condition)
    if inner is not None:
        yield from _leaves(inner[1], pointer + inner[0], item_specs(spec))


def _parts(condition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in ("all", "any"):
        for place, each in enumerate(condition.get(key, ())):
            yield f"/{key}/{place}", each
    if "not" in condition:
        yield "/not", condition["not"]


def _inner(leaf: Leaf) -> tuple[str, Mapping[str, Any]] | None:
    """Return the condition over a list's elements and where it stands in its leaf."""
    operator = operator_of(leaf)
    if operator not in LIST_OPERATORS:
        return None
    if operator != "count":
        return f"/{operator}", leaf[operator]
    where = leaf[operator].get("where")
    return None if where is None else (f"/{operator}/where", where)


def _truths(
    condition: Mapping[str, Any], values: Values, now: datetime, pointer: str, *, inside: bool = False
) -> Iterator[tuple[str, Truth]]:
    for below, each in _parts(condition):
        yield from _truths(each, values, now, pointer + below, inside=inside)
    if "fact" not in condition:
        return
    test = compile_item_condition(condition) if inside else compile_condition(condition).test
    yield pointer, test(values, now)
    inner = _inner(condition)
    key = condition["fact"].removeprefix("item").removeprefix(".") if inside else condition["fact"]
    listed = values.get(key)
    if inner is not None and isinstance(listed, (list, tuple)):
        for element in listed:
            yield from _truths(inner[1], item_values(element), now, pointer + inner[0], inside=True)
