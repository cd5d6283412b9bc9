"""Which alternative of a oneOf or anyOf the author meant: only what is wrong with that one is worth saying."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.finding_rules import MISSING_KEY, NO_ALTERNATIVE
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.shape.engines import Fault, Path
from reporting_governance.contracts.shape.equality import is_one_of
from reporting_governance.contracts.shape.normalise import Schema
from reporting_governance.contracts.shape.problem import Mark, Problem
from reporting_governance.contracts.shape.schemas import Shape
from reporting_governance.contracts.shape.values import (
    fits_type,
    problem_of_choice,
    problem_of_type,
)

_IN_PLACE = ("allOf", "anyOf", "oneOf")
_IN_PLACE_SINGLE = ("if", "then", "else")


@frozen
class Choice:
    """What is to be said about alternatives of which none fits: one problem, a missing key, or another's faults."""

    problem: Problem | None = None
    missing: str | None = None  #: the key that tells the alternatives apart
    known: frozenset[str] = frozenset()  #: with `missing`: the keys that any alternative knows
    faults: Sequence[Fault] = ()


@frozen
class Known:
    """The keys an object may have."""

    names: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)


def known_keys(schema: Schema, shape: Shape) -> Known:
    """Return the keys that a schema, or any alternative in it, says something about."""
    known = Known()
    waiting: list[Schema] = [schema]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        known.names.update(here.get("properties", ()))
        known.patterns.update(here.get("patternProperties", ()))
        waiting += shape.referred(here)
        for keyword in _IN_PLACE:
            waiting += here.get(keyword, ())
        waiting += (here[keyword] for keyword in _IN_PLACE_SINGLE if keyword in here)
        waiting += here.get("dependentSchemas", {}).values()
    return known


def unknown_keys(value: Any, known: Known) -> list[str]:
    """Return the keys of an object that are not known; none where a pattern cannot be tried here."""
    from reporting_governance.contracts.shape.patterns import python_pattern

    try:
        patterns = [re.compile(python_pattern(each)) for each in sorted(known.patterns)]
    except ValueError:
        return []
    return [key for key in value if key not in known.names and not any(each.search(key) for each in patterns)]


def keys_of_other_forms(path: Path, shape: Shape) -> frozenset[str]:
    """Return every key that the value at a path may have in any form that conditions give it.

    A condition chooses a form by the keys that are there, so a misspelt key makes it choose another form than the one
    that is meant.  The alternatives of oneOf and anyOf are chosen by values, and are left out.
    """
    here = _forms([shape.schema], shape)
    for token in path:
        here = _forms([each for form in here for each in _members(form, token)], shape)
    return frozenset(name for form in here for name in form.get("properties", ()))


def _forms(schemas: Iterable[Schema], shape: Shape) -> list[Schema]:
    """Return these schemas with all that they refer to or hold under a condition."""
    found: dict[int, Schema] = {}
    waiting = list(schemas)
    while waiting:
        here = waiting.pop()
        if id(here) in found:
            continue
        found[id(here)] = here
        waiting += shape.referred(here)
        waiting += here.get("allOf", ())
        waiting += (here[keyword] for keyword in ("then", "else") if keyword in here)
    return list(found.values())


def _members(schema: Schema, token: str | int) -> list[Schema]:
    """Return what a schema says about one member of an object or list."""
    if isinstance(token, int):
        first = schema.get("prefixItems", ())
        member = first[token] if token < len(first) else schema.get("items")
    else:
        member = schema.get("properties", {}).get(token, schema.get("additionalProperties"))
    return [member] if isinstance(member, Mapping) else []


def choose_branch(fault: Fault, value: Any, written: str, shape: Shape) -> Choice:
    """Return what to say about a value that fits none of several alternatives, or more than one of a oneOf."""
    count = len(fault.schema[fault.keyword])
    if not fault.branches:
        message = f"the value fits more than one of {count} alternatives, and exactly one is meant"
        return Choice(Problem(NO_ALTERNATIVE, fault.path, message))
    branches = [shape.resolved(each) for each in fault.schema[fault.keyword]]
    possible = [index for index, branch in enumerate(branches) if fits_type(value, branch)]
    if not possible:
        types = dict.fromkeys(each for branch in branches for each in _types(branch))
        return Choice(problem_of_type(fault.path, list(types), value, written))
    if isinstance(value, dict):
        choice = _by_discriminator(fault, value, [(index, branches[index]) for index in possible], shape)
        if choice is not None:
            return choice
    if len(possible) == 1:
        return Choice(faults=fault.branches[possible[0]])
    return _without_discriminator(fault, value, written, [fault.branches[index] for index in possible])


def _by_discriminator(
    fault: Fault, value: Mapping[str, Any], branches: Sequence[tuple[int, Schema]], shape: Shape
) -> Choice | None:
    """Choose by the key to which every alternative gives values of its own; None when there is no such key."""
    allowed = [_fixed_values(branch, shape) for _, branch in branches]
    for key in allowed[0]:
        if not all(key in each for each in allowed) or _overlap([each[key] for each in allowed]):
            continue
        if key not in value:
            names = (known_keys(branch, shape).names for _, branch in branches)
            return Choice(missing=key, known=frozenset().union(*names))
        for (index, _), each in zip(branches, allowed, strict=True):
            if is_one_of(value[key], each[key]):
                return Choice(faults=fault.branches[index])
        choices = [each for values in allowed for each in values[key]]
        return Choice(problem_of_choice((*fault.path, key), choices, value[key], ""))
    return None


def _fixed_values(branch: Schema, shape: Shape) -> dict[str, list[Any]]:
    """Return the keys whose values an alternative fixes by const or enum, with those values."""
    fixed: dict[str, list[Any]] = {}
    for part in (branch, *map(shape.resolved, branch.get("allOf", ()))):
        for key, schema in part.get("properties", {}).items():
            rule = shape.resolved(schema)
            if "const" in rule:
                fixed[key] = [rule["const"]]
            elif "enum" in rule:
                fixed[key] = list(rule["enum"])
    return fixed


def _overlap(groups: Iterable[list[Any]]) -> bool:
    seen: list[Any] = []
    for group in groups:
        if any(is_one_of(each, seen) for each in group):
            return True
        seen += group
    return False


def _without_discriminator(fault: Fault, value: Any, written: str, branches: Sequence[tuple[Fault, ...]]) -> Choice:
    every = [each for branch in branches for each in branch]
    if all(each.path == fault.path and each.keyword in ("const", "enum") for each in every):
        choices = [choice for each in every for choice in each.schema.get("enum", [each.schema.get("const")])]
        return Choice(problem_of_choice(fault.path, choices, value, written))
    if all(each.path == fault.path and each.keyword == "required" for each in every):
        names = dict.fromkeys(name for each in every for name in each.schema["required"] if name not in value)
        message = f"one of these keys is missing: {', '.join(map(shown, names))}"
        return Choice(Problem(MISSING_KEY, fault.path, message, mark=Mark.OWNER))
    titles = [branch["title"] for branch in fault.schema[fault.keyword] if "title" in branch]
    names_of_all = f": {', '.join(titles)}" if len(titles) == len(fault.schema[fault.keyword]) else ""
    message = f"the value fits none of {len(fault.schema[fault.keyword])} alternatives{names_of_all}"
    return Choice(Problem(NO_ALTERNATIVE, fault.path, message))


def _types(branch: Schema) -> list[str]:
    found = branch.get("type", [])
    return [found] if isinstance(found, str) else list(found)
