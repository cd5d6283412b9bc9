"""What is wrong with one value, in words, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.finding_rules import (
    NO_ALTERNATIVE,
    OUT_OF_RANGE,
    REPEATED_ITEM,
    WRONG_FORMAT,
    WRONG_SIZE,
    WRONG_TEXT,
    WRONG_TYPE,
    WRONG_VALUE,
)
from reporting_governance.contracts.shape.engines import Fault, Path
from reporting_governance.contracts.shape.equality import first_repetition
from reporting_governance.contracts.shape.formats import FORMATS
from reporting_governance.contracts.shape.problem import Problem
from reporting_governance.contracts.suggest import did_you_mean

_TYPE_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_TRUTHS = {"yes": "true", "y": "true", "on": "true", "true": "true"}
_TRUTHS |= {"no": "false", "n": "false", "off": "false", "false": "false"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_MOST_LISTED = 20
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
_SIZES = {
    "minItems": ("items", "at least"),
    "maxItems": ("items", "at most"),
    "minProperties": ("keys", "at least"),
    "maxProperties": ("keys", "at most"),
    "minLength": ("characters", "at least"),
    "maxLength": ("characters", "at most"),
}


def at(value: Any, path: Path) -> Any:
    """Return the part of a value that a path leads to."""
    for token in path:
        value = value[token]
    return value


def problem_of_value(fault: Fault, value: Any, written: str) -> Problem:
    """Return what is wrong with a value by one keyword.

    Args:
        written: the value as its author wrote it.
    """
    keyword = fault.keyword
    limit: Any = fault.schema.get(keyword)
    if keyword == "type":
        types = [limit] if isinstance(limit, str) else limit or []
        return problem_of_type(fault.path, types, value, written, fault.schema.get("enum", ()))
    if keyword in ("const", "enum"):
        return problem_of_choice(fault.path, limit if keyword == "enum" else [limit], value, written)
    if keyword == "format":
        message = f"{described(value, written)} is not a {limit}"
        return Problem(WRONG_FORMAT, fault.path, message, f"write it as in {FORMATS[str(limit)].example}")
    if keyword == "pattern":
        message = f"{described(value, written)} does not have the form {limit}"
        return Problem(WRONG_TEXT, fault.path, message)
    if keyword in _SIZES:
        return _problem_of_size(fault, len(value), limit)
    if keyword in _BOUNDS:
        message = f"expected {_BOUNDS[keyword]} {_json(limit)}, found {described(value, written)}"
        return Problem(OUT_OF_RANGE, fault.path, message)
    if keyword == "uniqueItems":
        return _problem_of_repetition(fault, value)
    return Problem(NO_ALTERNATIVE, fault.path, f"the value does not satisfy {shown(keyword)} of its schema")


def problem_of_type(path: Path, types: Sequence[str], value: Any, written: str, choices: Sequence[Any] = ()) -> Problem:
    """Return that a value has none of these types, and how to give it one.

    Args:
        choices: the values that are allowed, where not every value of these types is.
    """
    wanted = " or ".join(_TYPE_WORDS[each] for each in types)
    message = f"expected {wanted}, found {described(value, written)}"
    return Problem(WRONG_TYPE, path, message, _other_spelling(types, value, written, choices))


def problem_of_choice(path: Path, choices: Sequence[Any], value: Any, written: str) -> Problem:
    """Return that a value is none of these choices, and which may be meant."""
    listed = ", ".join(_json(each) for each in choices[:_MOST_LISTED])
    more = f" and {len(choices) - _MOST_LISTED} more" if len(choices) > _MOST_LISTED else ""
    allowed = f"none of {listed}{more}" if len(choices) != 1 else f"not {listed}"
    names = [each for each in choices if isinstance(each, str)]
    if isinstance(value, str):
        suggestion = did_you_mean(value, names)
        if suggestion is None and value in _TRUTHS and _TRUTHS[value] in map(_json, choices):
            suggestion = f"write {_TRUTHS[value]}"
    else:
        suggestion = f"quote it: {shown(written)}" if written in names else None
    if more and suggestion is not None:  # whoever gets the right one needs no long list
        allowed = f"none of the {len(choices)} that are known here"
    return Problem(WRONG_VALUE, path, f"{described(value, written)} is {allowed}", suggestion)


def described(value: Any, written: str) -> str:
    """Return a value in few words: scalars as they were written, the rest by its kind."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    if value is None or isinstance(value, bool):
        return _json(value)
    number = written if 0 < len(written) <= 40 else _json(value)
    return f"the number {number}"


def fits_type(value: Any, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value has one of the types that a schema asks for."""
    types = schema.get("type", [])
    return not types or any(_is_a(value, each) for each in ([types] if isinstance(types, str) else types))


def _is_a(value: Any, name: str) -> bool:
    if name == "null":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name == "integer":
        return _is_number(value) and value == int(value)
    if name == "number":
        return _is_number(value)
    kinds = {"string": str, "array": list, "object": dict}
    return isinstance(value, kinds[name])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _other_spelling(types: Sequence[str], value: Any, written: str, choices: Sequence[Any]) -> str | None:
    if "string" in types and not isinstance(value, (str, list, dict)):
        if choices and written not in choices:
            same = next((each for each in choices if _TRUTHS.get(each) == _json(value)), None)
            return None if same is None else f"write {shown(same)}"
        return f"quote it: {shown(written)}" if written else None
    if isinstance(value, str):
        if "boolean" in types and value.lower() in _TRUTHS:
            return f"write {_TRUTHS[value.lower()]}"
        if ("integer" in types or "number" in types) and len(value) <= 40:
            if _NUMBER.fullmatch(value):
                return f"write it without quotes: {value}"
            if value.isdecimal() and value.isascii():
                return f"write it without leading zeros: {value.lstrip('0')}"
    if "array" in types and not isinstance(value, (list, dict)) and 0 < len(written) <= 40:
        return f"put it in a list: [{_json(value) if isinstance(value, str) else written}]"
    return None


def _problem_of_size(fault: Fault, size: int, limit: Any) -> Problem:
    what, bound = _SIZES[fault.keyword]
    rule = WRONG_TEXT if what == "characters" else WRONG_SIZE
    if size == 0 and limit == 1:
        return Problem(rule, fault.path, "this must not be empty")
    what = what.removesuffix("s") if limit == 1 else what
    return Problem(rule, fault.path, f"expected {bound} {limit:,} {what}, found {size:,}")


def _problem_of_repetition(fault: Fault, items: Sequence[Any]) -> Problem:
    first, second = first_repetition(items) or (0, 0)
    message = f"items {first + 1} and {second + 1} of this list are equal, and must differ"
    return Problem(REPEATED_ITEM, (*fault.path, second), message)


def _json(value: Any) -> str:
    return shown(value) if isinstance(value, str) else json.dumps(value)
