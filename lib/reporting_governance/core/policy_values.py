"""Which values a fact can have, as far as its type says, and so how a leaf of a condition can turn out at all.

Of a type with endless values those are taken that a leaf can tell apart: around its bound, fitting and not fitting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from reporting_governance.core.fact_catalogue import FactSpec, FactType
from reporting_governance.core.policy_language import COUNT_OPERATORS, ITEM, LIST_OPERATORS, compile_condition
from reporting_governance.core.policy_operators import Truth

Leaf = Mapping[str, Any]

#: facts that are read from the event itself: they may be null, and are never unknown
ALWAYS_KNOWN = frozenset(
    {
        *(f"event.{name}" for name in ("event_id", "event_type", "runtime", "agent_id", "task_id", "correlation_id")),
        *(f"event.{name}" for name in ("condition", "phase", "episode", "source", "caused_by", "timestamp")),
        *("event.late_by_seconds", "event.evidence_ref_count", "task.name"),
        *(f"operator_context.{name}" for name in ("channel", "target", "report_anchor", "locale", "time_zone")),
    }
)
_MOST_ELEMENTS = 200  #: made for one list
_MOST_COUNTED = 50
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_OTHER_TEXT = "\N{REPLACEMENT CHARACTER} something else"


def operator_of(leaf: Leaf) -> str:
    """Return the operator of a leaf."""
    return next(key for key in leaf if key != "fact")


def values_for(spec: FactSpec, leaves: Sequence[Leaf]) -> list[object]:
    """Return values of a fact that between them tell apart everything its leaves can ask."""
    found = [*_of_type(spec, leaves)]
    if spec.nullable:
        found.append(None)
    return found


def _of_type(spec: FactSpec, leaves: Sequence[Leaf]) -> Iterator[object]:
    operands = [(operator_of(leaf), leaf[operator_of(leaf)]) for leaf in leaves]
    if spec.type is FactType.BOOLEAN:
        yield from (True, False)
    elif spec.type in (FactType.CHOICE, FactType.QUALITY):
        yield from spec.choices
    elif spec.type is FactType.INTEGER:
        bounds = {each for _, operand in operands for each in _plain(operand) if type(each) is int}
        highest = 100 if spec.unit == "percent" else None
        near = {0, *(bound + step for bound in bounds for step in (-1, 0, 1))}
        yield from sorted(each for each in near if each >= 0 and (highest is None or each <= highest))
    elif spec.type is FactType.TEXT:
        for operator, operand in operands:
            yield from _fitting(operator, operand)
        yield from ("", _OTHER_TEXT)
    elif spec.type is FactType.TIME:
        ages = {each for _, operand in operands for each in _plain(operand) if type(each) is int}
        near = {0, *(age + step for age in ages for step in (-1, 0, 1))}
        yield from (_NOW - timedelta(seconds=age) for age in sorted(near) if age < 10**9)
    else:
        for operator, operand in operands:
            yield from _lists(spec, operator, operand)
        yield ()


def _plain(operand: object) -> Iterable[object]:
    return operand if isinstance(operand, (list, tuple)) else (operand,)


def _fitting(operator: str, operand: object) -> Iterator[str]:
    for each in _plain(operand):
        if isinstance(each, str):
            yield each.replace("*", "").replace("?", "a") if operator == "glob" else each


def _lists(spec: FactSpec, operator: str, operand: Any) -> Iterator[tuple[object, ...]]:
    if operator == "contains":
        yield (operand,)
        return
    if operator not in LIST_OPERATORS:
        yield (_OTHER_TEXT,)
        return
    inner = operand.get("where") if operator == "count" else operand
    most = 2
    if operator == "count":
        bound = next(operand[key] for key in COUNT_OPERATORS if key in operand)
        most = max(0, min(bound, _MOST_COUNTED)) + 1
    for element in _elements(spec, [] if inner is None else list(leaves_of(inner))):
        for size in range(1, most + 1):
            yield (element,) * size


def _elements(spec: FactSpec, leaves: Sequence[Leaf]) -> Iterator[object]:
    specs = item_specs(spec)
    if spec.type is not FactType.OBJECTS:
        yield from values_for(specs[ITEM], leaves)
        return
    keys = sorted({str(leaf["fact"]) for leaf in leaves} & set(specs))
    several = [values_for(specs[key], [leaf for leaf in leaves if leaf["fact"] == key]) for key in keys]
    for made, values in enumerate(product(*several)):
        if made == _MOST_ELEMENTS:
            return
        yield {key.removeprefix(f"{ITEM}."): value for key, value in zip(keys, values, strict=True)}


def item_specs(spec: FactSpec) -> Mapping[str, FactSpec]:
    """Return what is promised about one element of a list, by the path that a condition over it uses."""
    if spec.type is FactType.OBJECTS:
        return {f"{ITEM}.{key}": each for key, each in spec.item.items()}
    kind = FactType.CHOICE if spec.choices else FactType.TEXT
    return {ITEM: FactSpec(ITEM, kind, "One element of a list.", choices=spec.choices)}


def leaves_of(condition: Mapping[str, Any]) -> Iterator[Leaf]:
    """Return the leaves of a condition, without those inside list operators."""
    for key in ("all", "any"):
        if key in condition:
            for each in condition[key]:
                yield from leaves_of(each)
            return
    if "not" in condition:
        yield from leaves_of(condition["not"])
    else:
        yield condition


def truths_of(leaf: Leaf, spec: FactSpec) -> frozenset[Truth]:
    """Return how a leaf can turn out; unknown only where its fact can be unknown, or null and then has no order."""
    test = compile_condition({**leaf, "fact": "x"}).test
    found = {test({"x": value}, _NOW) for value in values_for(spec, [leaf])}
    if not is_always_known(spec):
        found.add(None)
    return frozenset(found)


def is_always_known(spec: FactSpec) -> bool:
    """Tell whether a fact is never unknown; an element of a list is known where the list is, but for its times."""
    if spec.path.split(".")[0] == ITEM:
        return spec.type is not FactType.TIME
    return spec.path in ALWAYS_KNOWN


def holds_for_some(leaves: Sequence[Leaf], spec: FactSpec, allowed: frozenset[object] | None = None) -> bool | None:
    """Tell whether one value satisfies all leaves on one fact; None: its type has too many values to say.

    Args:
        allowed: the only values that can come, where something else says so.
    """
    values = values_for(spec, leaves)
    if allowed is not None:
        values = [each for each in values if each in allowed]
    tests = [compile_condition({**leaf, "fact": "x"}).test for leaf in leaves]
    if any(all(test({"x": value}, _NOW) is True for test in tests) for value in values):
        return True
    is_told = spec.type not in (FactType.TEXTS, FactType.OBJECTS) and (
        spec.type is not FactType.TEXT
        or allowed is not None
        or any(operator_of(leaf) in ("equals", "in") for leaf in leaves)
    )
    return False if is_told else None
