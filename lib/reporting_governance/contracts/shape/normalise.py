"""Makes a schema ready for either engine, and refuses what the engines would silently read in different ways.

References become absolute, so that a part of a schema can be followed without knowing where it came from.
`false` becomes `{"not": {}}`, because one engine does not say which key a bare `false` forbids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reporting_governance.contracts.shape.formats import FORMATS
from reporting_governance.errors import ExitCode, GovernanceError

Schema = Mapping[str, Any]

_SINGLE = frozenset(
    "additionalProperties contains else if items not propertyNames then unevaluatedItems unevaluatedProperties".split()
)
_MAY_BE_FALSE = frozenset(("additionalProperties", "unevaluatedItems", "unevaluatedProperties"))
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAPS = frozenset(("$defs", "dependentSchemas", "patternProperties", "properties"))
_PLAIN = frozenset(
    """
    $comment $id $ref $schema const default dependentRequired deprecated description enum examples
    exclusiveMaximum exclusiveMinimum format maxContains maxItems maxLength maxProperties maximum minContains minItems
    minLength minProperties minimum multipleOf pattern readOnly required title type uniqueItems writeOnly
    """.split()
)
_SPACES = r" \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_UNPORTABLE = re.compile(
    r"\\[pPAzZGkKhHRXQEuUxbB0-9]|\[[^\]]*\\S|\(\?(?!:|=|!)|\[\[|\[:|&&|\*\+|\+\+|\?\+|\}\+|[^\x20-\x7e]"
)
_ESCAPED_BACKSLASH = re.compile(r"\\\\")


class SchemaError(GovernanceError):
    """A schema of ours is wrong or uses what we do not support; nothing is judged by it."""

    exit_code = ExitCode.BUG
    message = "schema {schema}: {problem}"
    hint = "Correct the schema; documents cannot be checked by it."


class Normaliser:
    """Walks the keywords of one schema.  `references` holds every absolute `$ref` that was met.

    Args:
        name: how errors call the schema.
        absolute: makes a reference absolute.
        pattern: writes a pattern for the engine that will read it.
    """

    def __init__(self, name: str, *, absolute: Callable[[str], str] = str, pattern: Callable[[str], str] = str) -> None:
        self.references: set[str] = set()
        self._name = name
        self._absolute = absolute
        self._pattern = pattern

    def run(self, schema: object) -> Schema:
        """Return the normalised schema.

        Raises: SchemaError for an unknown keyword, a format without a check, a pattern that engines read in
        different ways, and anchors or ids inside the schema, which are not supported.
        """
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        if not isinstance(schema, Mapping):
            raise self._error("", "a schema is an object, true or false")
        return self._keywords(schema, "")

    def _subschema(self, schema: object, place: str) -> Schema | bool:
        if schema is True:
            return {}
        if schema is False:
            return {"not": {}}
        if not isinstance(schema, Mapping):
            raise self._error(place, "expected a schema")
        if "$id" in schema:
            raise self._error(place, "$id inside a schema is not supported")
        return self._keywords(schema, place)

    def _keywords(self, schema: Mapping[str, Any], place: str) -> Schema:
        done: dict[str, Any] = {}
        for keyword, value in schema.items():
            here = f"{place}/{keyword}"
            if keyword in _SINGLE:
                keep = value is False and keyword in _MAY_BE_FALSE
                done[keyword] = False if keep else self._subschema(value, here)
            elif keyword in _LISTS:
                done[keyword] = [self._subschema(each, f"{here}/{index}") for index, each in enumerate(value)]
            elif keyword in _MAPS:
                if "" in value:
                    raise self._error(here, "an empty name is not supported")
                rename = self._checked_pattern if keyword == "patternProperties" else str
                done[keyword] = {rename(name): self._subschema(each, f"{here}/{name}") for name, each in value.items()}
            elif keyword in _PLAIN:
                done[keyword] = self._plain(keyword, value, here)
            elif not keyword.startswith("x-"):
                raise self._error(here, "this keyword is not supported; a remark of our own starts with x-")
        return done

    def _plain(self, keyword: str, value: Any, here: str) -> Any:
        if keyword == "$ref":
            reference = self._absolute(value)
            self.references.add(reference)
            return reference
        if keyword == "pattern":
            return self._checked_pattern(value)
        if keyword == "format" and value not in FORMATS:
            raise self._error(here, f"the format {value} has no check; known are {', '.join(sorted(FORMATS))}")
        return value

    def _checked_pattern(self, pattern: str) -> str:
        found = _UNPORTABLE.search(_ESCAPED_BACKSLASH.sub("", pattern))
        if found is not None:
            problem = f"the pattern {pattern} uses {found.group()}, which engines read differently"
            raise self._error("", problem)
        return self._pattern(pattern)

    def _error(self, place: str, problem: str) -> SchemaError:
        return SchemaError(schema=f"{self._name}#{place}", problem=problem)


def python_pattern(pattern: str) -> str:
    """Return a pattern for Python's `re` that means what jsonschema-rs, and nearly always ECMA-262, takes it to mean.

    `$` is the end of the text and not also the place before a last line break, `\\d` and `\\w` are ASCII, `\\s` is any
    space of Unicode.  A dot matches everything but LF in both engines.
    """
    done: list[str] = []
    in_class = False
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            done.append(_python_escape(next(letters, ""), in_class))
            continue
        if not in_class and letter == "$":
            letter = r"\Z"
        in_class = letter != "]" if in_class else letter == "["
        done.append(letter)
    return f"(?a:{''.join(done)})"


def _python_escape(letter: str, in_class: bool) -> str:
    if letter == "s":
        return _SPACES if in_class else f"[{_SPACES}]"
    return f"[^{_SPACES}]" if letter == "S" else "\\" + letter
