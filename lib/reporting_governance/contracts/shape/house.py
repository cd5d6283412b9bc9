"""The rules for the schemas that ship with the project: the part of 2020-12 that everybody reads alike.

`SchemaSet` judges by any schema of 2020-12.  Ours are to give a stranger's validator the same verdict, and the same
findings with either engine, so they do without what validators read differently, silently ignore, or need the network
for.  Applied where schemas are made, in the tests and the checks of every change, and not at each start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.contracts.shape.formats import FORMATS
from reporting_governance.contracts.shape.normalise import DIALECT, LISTS, MAPS, SINGLE

_PLAIN = frozenset(
    """
    $comment $id $ref $schema const default dependentRequired deprecated description enum examples
    exclusiveMaximum exclusiveMinimum format maxContains maxItems maxLength maxProperties maximum minContains minItems
    minLength minProperties minimum multipleOf pattern readOnly required title type uniqueItems writeOnly
    """.split()
)
_KNOWN = (_PLAIN | SINGLE | LISTS | MAPS) - {"contentSchema", "definitions"}
_UNPORTABLE = re.compile(
    r"\\[pPAzZGkKhHRXQEuUxbB0-9]|\[[^\]]*\\S|\(\?(?!:|=|!)|\[\[|\[:|&&|\*\+|\+\+|\?\+|\}\+|[^\x20-\x7e]"
)
_ESCAPED_BACKSLASH = re.compile(r"\\\\")


def house_rules(schema: Mapping[str, Any] | bool) -> list[str]:
    """Return how a schema breaks the rules for ours, each with its place as a JSON pointer; nothing when it is right.

    Refused are another dialect, keywords that are not in use here (a misspelt one would be ignored), a second `$id`,
    references by another way than a pointer or to the schemas of the standard, formats without a check, patterns
    that engines read differently, and empty names.

    Args:
        schema: one that the schema of schemas accepts.
    """
    return [f"#{place}: {problem}" for place, problem in _problems(schema, "")]


def _problems(schema: Mapping[str, Any] | bool, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, bool):
        return
    for keyword, value in schema.items():
        here = f"{place}/{keyword}"
        if keyword not in _KNOWN and not keyword.startswith("x-"):
            yield here, "this keyword is not in use; a remark of our own starts with x-"
        elif keyword in SINGLE:
            yield from _problems(value, here)
        elif keyword in LISTS:
            for index, each in enumerate(value):
                yield from _problems(each, f"{here}/{index}")
        elif keyword in MAPS:
            for name, each in value.items():
                if not name:
                    yield here, "one engine leaves an empty name out of its paths"
                if keyword == "patternProperties":
                    yield from _problems_of_pattern(name, here)
                yield from _problems(each, f"{here}/{name}")
        else:
            yield from _problems_of_value(keyword, value, here, is_root=not place)


def _problems_of_value(keyword: str, value: Any, here: str, *, is_root: bool) -> Iterator[tuple[str, str]]:
    if keyword == "$schema" and (value != DIALECT or not is_root):
        yield here, f"only {DIALECT} is in use, at the top of the file"
    elif keyword == "$id" and not is_root:
        yield here, "a part of a schema that is a schema of its own could take the place of a file"
    elif keyword == "$ref":
        uri, _, fragment = value.partition("#")
        if fragment and not fragment.startswith("/"):
            yield here, "only JSON pointers are in use after #"
        if uri.startswith("https://json-schema.org/"):
            yield here, "the reference leads outside of our files"
    elif keyword == "format" and value not in FORMATS:
        yield here, f"the format {value} has no check; known are {', '.join(sorted(FORMATS))}"
    elif keyword == "pattern":
        yield from _problems_of_pattern(value, here)


def _problems_of_pattern(pattern: str, here: str) -> Iterator[tuple[str, str]]:
    found = _UNPORTABLE.search(_ESCAPED_BACKSLASH.sub("", pattern))
    if found is not None:
        yield here, f"the pattern {pattern} uses {found.group()}, which engines read differently"
