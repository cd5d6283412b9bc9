"""What is wrong with a policy pack beyond its shape: facts, operators, values and ids that cannot mean anything.

All faults of a document are found in one pass.  A check never raises on bad input, whatever its shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.core.fact_catalogue import (
    CATALOGUE,
    CLAIM_TYPES,
    DERIVED_SIGNALS,
    FactSpec,
    FactType,
    fact_spec,
)
from reporting_governance.core.policy_advice import (
    NO_SETS,
    fact_meant,
    has_set,
    operator_meant,
    operators_of,
    seconds_meant,
)
from reporting_governance.core.policy_language import COMBINERS, COUNT_OPERATORS, ITEM, LIST_OPERATORS, OPERATORS
from reporting_governance.core.policy_operators import ORDER_OPERATORS, QUALITY_RANK, type_name

#: JSON pointer, what is wrong, and what was probably meant (or nothing)
Problem = tuple[str, str, str | None]

MAX_DEPTH = 32  #: of one condition
MAX_TEXT = 200  #: characters of an operand that is searched for in a text

_EQUALITY = ("equals", "not_equals", "in", "exists")
_FOR_TEXT = ("prefix", "suffix", "contains", "glob")
_AGES = ("older_than", "newer_than")
_OPERATORS_OF: Mapping[FactType, tuple[str, ...]] = {
    FactType.BOOLEAN: _EQUALITY,
    FactType.INTEGER: (*_EQUALITY, *ORDER_OPERATORS),
    FactType.TEXT: (*_EQUALITY, *_FOR_TEXT),
    FactType.CHOICE: (*_EQUALITY, *_FOR_TEXT),
    FactType.QUALITY: (*_EQUALITY, *ORDER_OPERATORS),
    FactType.TIME: (*_AGES, "exists"),
    FactType.TEXTS: ("contains", *LIST_OPERATORS, "exists"),
    FactType.OBJECTS: (*LIST_OPERATORS, "exists"),
}
_ELEMENT = FactSpec(ITEM, FactType.TEXT, "One element of a list.")
Scope = Mapping[str, FactSpec] | None  #: facts of a list's element by path; none outside lists


def check_condition(condition: object, pointer: str = "", scope: Scope = None, depth: int = 1) -> Iterator[Problem]:
    """Yield every fault of a condition.

    Args:
        condition: what stands under `conditions`, as parsed JSON.
        pointer: where it stands.
        scope: inside a list operator, the facts of one element.
        depth: how deep it is nested, from 1.
    """
    if not isinstance(condition, Mapping):
        yield pointer, f"a condition is an object, not {type_name(condition)}", None
    elif depth > MAX_DEPTH:
        yield pointer, f"conditions are nested more than {MAX_DEPTH} deep", None
    elif combiners := [key for key in COMBINERS if key in condition]:
        yield from _check_combiner(condition, combiners[0], pointer, scope, depth)
    elif "fact" not in condition:
        meant = next((hint for key in condition if (hint := did_you_mean(str(key), (*COMBINERS, "fact")))), None)
        yield pointer, "a condition has one of all, any, not, or fact", meant
    else:
        yield from _check_leaf(condition, pointer, scope, depth)


def _check_combiner(
    condition: Mapping[str, Any], name: str, pointer: str, scope: Scope, depth: int
) -> Iterator[Problem]:
    for key in condition:
        if key != name:
            yield f"{pointer}/{_escape(key)}", f"nothing else may stand beside {name}", None
    inner = condition[name]
    if name == "not":
        yield from check_condition(inner, f"{pointer}/not", scope, depth + 1)
    elif not isinstance(inner, (list, tuple)) or not inner:
        yield f"{pointer}/{name}", f"{name} needs a list with at least one condition", None
    else:
        for place, each in enumerate(inner):
            yield from check_condition(each, f"{pointer}/{name}/{place}", scope, depth + 1)
        if name == "all":
            yield from _check_contradictions(inner, f"{pointer}/all")


def _check_contradictions(conditions: Sequence[Any], pointer: str) -> Iterator[Problem]:
    """Two different values for one fact can never hold together: the rule would be unreachable."""
    seen: dict[str, object] = {}
    for place, each in enumerate(conditions):
        if not isinstance(each, Mapping) or "equals" not in each or not isinstance(each.get("fact"), str):
            continue
        first = seen.setdefault(each["fact"], each["equals"])
        if type(first) is not type(each["equals"]) or first != each["equals"]:
            yield f"{pointer}/{place}/equals", f"{each['fact']} cannot equal this as well: it can never hold", None


def _check_leaf(leaf: Mapping[str, Any], pointer: str, scope: Scope, depth: int) -> Iterator[Problem]:
    fact = leaf["fact"]
    spec = _spec_of(fact, scope)
    if spec is None:
        meant = fact_meant(fact, scope) if isinstance(fact, str) else None
        yield f"{pointer}/fact", f"there is no fact {fact!r} here", meant
    operators = [key for key in leaf if key != "fact"]
    unknown = [key for key in operators if key not in OPERATORS]
    for key in unknown:
        yield f"{pointer}/{_escape(key)}", f"there is no operator {key!r}", operator_meant(str(key))
    if len(operators) != 1:
        yield pointer, *operators_of(leaf)
    if spec is None or unknown or len(operators) != 1:
        return
    operator = operators[0]
    place = f"{pointer}/{operator}"
    if operator not in _OPERATORS_OF[spec.type]:
        allowed = ", ".join(_OPERATORS_OF[spec.type])
        yield place, f"{operator} does not apply to {spec.path} ({spec.type}); possible are {allowed}", None
    elif operator in LIST_OPERATORS:
        yield from _check_list(leaf[operator], operator, spec, place, depth)
    else:
        yield from _check_operand(leaf[operator], operator, spec, place)


def _spec_of(fact: object, scope: Scope) -> FactSpec | None:
    if not isinstance(fact, str):
        return None
    return fact_spec(fact) if scope is None else scope.get(fact)


def _check_list(operand: object, operator: str, spec: FactSpec, pointer: str, depth: int) -> Iterator[Problem]:
    scope = _scope_of(spec)
    if operator != "count":
        yield from check_condition(operand, pointer, scope, depth + 1)
        return
    if not isinstance(operand, Mapping):
        yield pointer, f"count needs an object, not {type_name(operand)}", None
        return
    if "where" in operand:
        yield from check_condition(operand["where"], f"{pointer}/where", scope, depth + 1)
    comparisons = [key for key in operand if key != "where"]
    if len(comparisons) != 1 or comparisons[0] not in COUNT_OPERATORS:
        meant = next((hint for key in comparisons if (hint := did_you_mean(str(key), COUNT_OPERATORS))), None)
        yield pointer, f"count needs exactly one of {', '.join(COUNT_OPERATORS)}", meant
    elif type(operand[comparisons[0]]) is not int:
        yield f"{pointer}/{comparisons[0]}", "a count is compared with an integer", None


def _scope_of(spec: FactSpec) -> Mapping[str, FactSpec]:
    if spec.type is FactType.OBJECTS:
        return {f"{ITEM}.{key}": each for key, each in spec.item.items()}
    if spec.choices:
        return {ITEM: FactSpec(ITEM, FactType.CHOICE, _ELEMENT.sentence, choices=spec.choices)}
    return {ITEM: _ELEMENT}


def _check_operand(operand: object, operator: str, spec: FactSpec, pointer: str) -> Iterator[Problem]:
    if operator == "exists":
        if type(operand) is not bool:
            yield pointer, f"exists needs true or false, not {type_name(operand)}", None
    elif operator in _AGES:
        if type(operand) is not int or operand < 0:
            meant = seconds_meant(operand) if isinstance(operand, str) else None
            yield pointer, f"{operator} needs whole seconds, at least 0", meant
    elif operator == "in":
        if not isinstance(operand, (list, tuple)) or not operand:
            yield pointer, "in needs a list with at least one value", None
            return
        for place, each in enumerate(operand):
            yield from _check_value(each, spec, f"{pointer}/{place}")
    elif operator in _FOR_TEXT:
        if type(operand) is not str or not 0 < len(operand) <= MAX_TEXT:
            yield pointer, f"{operator} needs a text of 1 to {MAX_TEXT} characters", None
        elif operator == "contains" and spec.type is FactType.TEXTS and spec.choices:
            yield from _check_choice(operand, spec, pointer)
        elif operator == "glob" and has_set(operand):
            yield pointer, f"a glob has no sets of characters, and {operand!r} has one", NO_SETS
    else:
        yield from _check_value(operand, spec, pointer, ordered=operator in ORDER_OPERATORS)


def _check_value(value: object, spec: FactSpec, pointer: str, *, ordered: bool = False) -> Iterator[Problem]:
    if value is None:
        if ordered or not spec.nullable:
            yield pointer, f"{spec.path} is never null" if not ordered else "null has no order", None
    elif type(value) is not _VALUE_TYPES[spec.type]:
        yield pointer, f"{spec.path} is compared with {_VALUE_NAMES[spec.type]}, not {type_name(value)}", None
    elif spec.choices:
        yield from _check_choice(value, spec, pointer)


def _check_choice(value: object, spec: FactSpec, pointer: str) -> Iterator[Problem]:
    if value not in spec.choices:
        yield pointer, f"{spec.path} is never {value!r}", did_you_mean(str(value), spec.choices)


_VALUE_TYPES: Mapping[FactType, type] = {
    FactType.BOOLEAN: bool,
    FactType.INTEGER: int,
    FactType.TEXT: str,
    FactType.CHOICE: str,
    FactType.QUALITY: str,
}
_VALUE_NAMES: Mapping[FactType, str] = {
    FactType.BOOLEAN: "true or false",
    FactType.INTEGER: "an integer",
    FactType.TEXT: "a text",
    FactType.CHOICE: "a text",
    FactType.QUALITY: f"one of {', '.join(QUALITY_RANK)}",
}


def check_pack(document: object) -> tuple[Problem, ...]:
    """Return every fault of a policy pack that its schema cannot see.

    Args:
        document: the pack as parsed JSON or YAML.

    Returns: (JSON pointer, what is wrong, did you mean) of each; empty when the pack can be compiled.
    Shape beyond what is looked at here is checked when the pack is parsed.
    """
    return tuple(_check_pack(document))


def _check_pack(document: object) -> Iterator[Problem]:
    rules = _at(document, "spec", "rules")
    if not isinstance(rules, (list, tuple)):
        yield "/spec/rules", "a pack has a list of rules", None
        return
    pack_id = _at(document, "metadata", "id")
    first: dict[str, int] = {}
    for place, rule in enumerate(rules):
        pointer = f"/spec/rules/{place}"
        if not isinstance(rule, Mapping):
            yield pointer, f"a rule is an object, not {type_name(rule)}", None
            continue
        rule_id = rule.get("id")
        if isinstance(rule_id, str):
            if first.setdefault(rule_id, place) != place:
                yield f"{pointer}/id", f"rule {rule_id} is already at /spec/rules/{first[rule_id]}", None
            if isinstance(pack_id, str) and not rule_id.startswith(f"{pack_id}."):
                yield f"{pointer}/id", f"ids of rules in this pack start with {pack_id}.", None
        yield from _check_rule(rule, pointer)


def _check_rule(rule: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    yield from _check_triggers(rule.get("triggers"), f"{pointer}/triggers")
    if "conditions" in rule:
        yield from check_condition(rule["conditions"], f"{pointer}/conditions")
    if rule.get("on_unknown") == "skip" and not _is_said(rule.get("on_unknown_reason")):
        yield pointer, "on_unknown: skip needs an on_unknown_reason: say why nothing is lost", None


def _check_triggers(triggers: object, pointer: str) -> Iterator[Problem]:
    if not isinstance(triggers, Mapping):
        return
    if not any(triggers.get(key) for key in ("event_types", "derived_signals", "claim_types")):
        yield pointer, "without a trigger nothing ever looks at this rule", None
    for key, known in (("derived_signals", DERIVED_SIGNALS), ("claim_types", CLAIM_TYPES), ("event_types", _EVENTS)):
        for place, each in enumerate(_list(triggers.get(key))):
            if each not in known:
                yield f"{pointer}/{key}/{place}", f"there is no {_WORDS[key]} {each!r}", did_you_mean(str(each), known)


_EVENTS = CATALOGUE["event.event_type"].choices
_WORDS = {"derived_signals": "derived signal", "claim_types": "claim type", "event_types": "event type"}


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _at(document: object, *path: str) -> object:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _escape(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def describe(problems: Sequence[Problem], limit: int = 5) -> str:
    """Return faults as one text: the first few, and how many more there are."""
    texts = [
        f"{pointer or '/'}: {message}{f' ({hint})' if hint else ''}" for pointer, message, hint in problems[:limit]
    ]
    if len(problems) > limit:
        texts.append(f"and {len(problems) - limit} more")
    return "; ".join(texts)
