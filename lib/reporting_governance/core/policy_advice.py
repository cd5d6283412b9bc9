"""What to write instead where a condition does not have the shape or the fact that its author meant.

A schema can say that a leaf has too many keys; only the language can say what the keys are and what to do with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reporting_governance.contracts.finding import Finding, shown
from reporting_governance.contracts.finding_rules import WRONG_SIZE
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.core.fact_catalogue import CATALOGUE, FactSpec, FactType
from reporting_governance.core.policy_language import COMBINERS, ITEM, LIST_OPERATORS, OPERATORS

NO_PATTERNS = (
    "there are no regular expressions: glob (* any run of characters, ? any one) or contains looks into a text"
)
NO_SETS = "a glob knows * and ? only: write several globs under any, or contains where this very text is meant"
_PATTERNS = frozenset(("matches", "match", "regex", "regexp", "re", "pattern", "matches_regex", "like"))
#: what other languages call our operators
_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("eq", "is", "==", "="), "equals"),
    **dict.fromkeys(("ne", "neq", "is_not", "!="), "not_equals"),
    **dict.fromkeys(("lt", "below", "<"), "less_than"),
    **dict.fromkeys(("lte", "le", "max", "<="), "at_most"),
    **dict.fromkeys(("gt", "above", "more_than", ">"), "greater_than"),
    **dict.fromkeys(("gte", "ge", "min", ">="), "at_least"),
    **dict.fromkeys(("starts_with", "startswith"), "prefix"),
    **dict.fromkeys(("ends_with", "endswith"), "suffix"),
    **dict.fromkeys(("one_of", "is_in"), "in"),
    **dict.fromkeys(("includes", "has"), "contains"),
    **dict.fromkeys(("some", "any_item"), "any_of"),
    **dict.fromkeys(("all_of", "each"), "every"),
}
_AGES = ("older_than", "newer_than")
_SPAN = re.compile(r"([0-9]{1,9}) ?(seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w)", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SET = re.compile(r"\[[!^]?[^\]\s]-[^\]\s][^\]\s]*\]")


def operator_meant(word: str) -> str | None:
    """Return what to write for a word that is no operator."""
    if word in _PATTERNS:
        return NO_PATTERNS
    return did_you_mean(word, OPERATORS) or (f'did you mean "{_ELSEWHERE[word]}"?' if word in _ELSEWHERE else None)


def operators_of(leaf: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return what is wrong with the number of a leaf's operators, and what to do.  It has none, or several."""
    found = [str(key) for key in leaf if key != "fact"]
    if not found:
        return "a condition on a fact has exactly one operator, and here is none", f"one of {', '.join(OPERATORS)}"
    here = " and ".join(map(shown, found))
    advice = "make each of them a condition of its own, and list these under all"
    return f"a condition on a fact has exactly one operator, and here stand {here}", advice


def fact_meant(fact: str, scope: Mapping[str, FactSpec] | None) -> str | None:
    """Return what to write for a path that is no fact here.

    Args:
        scope: inside a list operator, the facts of one element.
    """
    if scope is None:
        if fact != ITEM and not fact.startswith(f"{ITEM}."):
            return did_you_mean(fact, CATALOGUE)
        lists = ", ".join(_lists_with(fact)) or "a list"
        return f"{fact} is of one element of a list: write it below {', '.join(LIST_OPERATORS)} of {lists}"
    near = did_you_mean(fact, scope) or did_you_mean(f"{ITEM}.{fact}", scope)
    if f"{ITEM}.{fact}" in scope:
        return f'did you mean "{ITEM}.{fact}"?'
    return near or f"of an element of this list there is {', '.join(scope)}"


def _lists_with(fact: str) -> Iterator[str]:
    key = fact.removeprefix(f"{ITEM}.")
    for path, spec in CATALOGUE.items():
        if spec.type is FactType.TEXTS if fact == ITEM else spec.type is FactType.OBJECTS and key in spec.item:
            yield path


def has_set(pattern: str) -> bool:
    """Tell whether a glob has a set of characters in it, such as `[a-z]`: to us they are plain characters."""
    return _SET.search(pattern) is not None


def seconds_meant(text: str) -> str | None:
    """Return what to write for an age in words, such as `1h`."""
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else f"write it in seconds: {int(found[1]) * _SECONDS[found[2][0].lower()]}"


def advise(findings: Iterable[Finding], document: object) -> list[Finding]:
    """Return a pack's faults of shape with what the language has to say of them.

    Args:
        document: the pack as parsed.
    """
    from reporting_governance.contracts.reading.tape import split_pointer

    advised = []
    for each in findings:
        path = split_pointer(each.pointer)
        if each.rule == WRONG_SIZE.id and _follows(document, path):
            continue
        message, suggestion = _advice_at(document, path)
        advised.append(replace(each, message=message or each.message, suggestion=each.suggestion or suggestion))
    return advised


def _advice_at(document: object, path: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the message and the suggestion for what is wrong at a place; None where the schema's own stands."""
    if "conditions" not in path:
        return None, None
    owner, last = _at(document, path[:-1]), path[-1]
    value = _at(document, path)
    if isinstance(value, Mapping) and "fact" in value and not set(value) & set(COMBINERS) and len(value) != 2:
        return operators_of(value)
    if not isinstance(owner, Mapping) or isinstance(value, Mapping):
        return (None, "write it as a list, even of one") if last in ("all", "any") and value else (None, None)
    if "fact" in owner and last not in ("fact", *OPERATORS):
        return None, operator_meant(last)
    if last in _AGES and isinstance(value, str):
        return None, seconds_meant(value)
    if last in ("conditions", "where", "not", *LIST_OPERATORS[:3]):
        return None, "a condition is an object: all, any, not, or {fact: …, OPERATOR: …}"
    return None, None


def _follows(document: object, path: Sequence[str]) -> bool:
    """Tell whether a leaf has one operator and, beside it, only keys that nobody knows: those are told."""
    value = _at(document, path)
    if "conditions" not in path or not isinstance(value, Mapping) or "fact" not in value:
        return False
    return len(value) > 2 and sum(key in OPERATORS for key in value) == 1


def _at(document: object, path: Sequence[str]) -> object:
    for step in path:
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, (list, tuple)) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document
