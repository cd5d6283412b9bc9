"""Makes a schema ready for either engine.  Whatever it means under 2020-12 it means afterwards.

References and ids become absolute, so that a part of a schema can be followed without knowing where it came from.
`false` becomes `{"not": {}}`, because one engine does not say which key a bare `false` forbids.  Keywords that the
dialect of the schema does not assert are left out, because one engine would assert them all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reporting_governance.contracts.shape.formats import FORMATS
from reporting_governance.errors import ExitCode, GovernanceError

Schema = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NEVER: Schema = {"not": {}}  #: what `false` stands for
#: keywords that hold one schema, a list of them, and schemas by name; `definitions` is the older name of `$defs`
SINGLE = frozenset(
    """
    additionalProperties contains contentSchema else if items not propertyNames then unevaluatedItems
    unevaluatedProperties
    """.split()
)
LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
MAPS = frozenset(("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"))
_MAY_BE_FALSE = frozenset(("additionalProperties", "unevaluatedItems", "unevaluatedProperties"))
_REFERENCES = frozenset(("$ref", "$dynamicRef"))
_ANCHORS = frozenset(("$anchor", "$dynamicAnchor"))
#: applied here, or of an older draft and obeyed by one engine only
_LEFT_OUT = frozenset(("$schema", "dependencies"))
_OF_ITS_OWN = _REFERENCES | _ANCHORS | {"$id", "format"}


class SchemaError(GovernanceError):
    """A schema is wrong or asks for what cannot be checked; nothing is judged by it."""

    exit_code = ExitCode.BUG
    message = "schema {schema}: {problem}"
    hint = "Correct the schema; documents cannot be checked by it."


class Normaliser:
    """Walks one document of a set.

    Args:
        name: how errors call the document.
        join: makes a reference absolute, given the base it stands under.
        ignored: which keywords are not asserted under a `$schema`.
    """

    def __init__(
        self, name: str, *, join: Callable[[str, str], str], ignored: Callable[[object, str], frozenset[str]]
    ) -> None:
        self.references: set[str] = set()  #: every reference, absolute
        self.named: dict[str, Schema] = {}  #: every schema with an `$id` or anchor of its own, by that, absolute
        self._name = name
        self._join = join
        self._ignored = ignored

    def run(self, schema: Mapping[str, Any] | bool, base: str, ignored: frozenset[str]) -> Schema:
        """Return the normalised document.

        Args:
            schema: one that the schema of schemas accepts.
            base: where it lies, an absolute URI.
            ignored: the keywords that are not asserted where no `$schema` says otherwise.

        Raises: SchemaError for a format without a check, two schemas of one name, and a dialect that is not known.
        """
        return self._subschema(schema, base, ignored)

    def _subschema(self, schema: Mapping[str, Any] | bool, base: str, ignored: frozenset[str]) -> Schema:
        if isinstance(schema, bool):
            return {} if schema else NEVER
        done: dict[str, Any] = {}
        if "$schema" in schema:
            ignored = self._ignored(schema["$schema"], self._name)
        if "$id" in schema:
            base = self._join(base, schema["$id"])
            self._call(base, done)
        for keyword, value in schema.items():
            if keyword in ignored or keyword in _LEFT_OUT:
                continue
            if keyword in SINGLE:
                keep = value is False and keyword in _MAY_BE_FALSE
                done[keyword] = False if keep else self._subschema(value, base, ignored)
            elif keyword in LISTS:
                done[keyword] = [self._subschema(each, base, ignored) for each in value]
            elif keyword in MAPS:
                done[keyword] = {name: self._subschema(each, base, ignored) for name, each in value.items()}
            elif keyword in _OF_ITS_OWN:
                done[keyword] = self._special(keyword, value, base, done)
            else:
                done[keyword] = value
        return done

    def _special(self, keyword: str, value: Any, base: str, schema: Schema) -> Any:
        if keyword == "$id":
            return base
        if keyword == "format" and value not in FORMATS:
            problem = f"the format {value} has no check; known are {', '.join(sorted(FORMATS))}"
            raise SchemaError(schema=self._name, problem=problem)
        if keyword in _REFERENCES:
            value = self._join(base, value)
            self.references.add(value)
        elif keyword in _ANCHORS:
            self._call(f"{base}#{value}", schema)
        return value

    def _call(self, uri: str, schema: Schema) -> None:
        if self.named.setdefault(uri, schema) is not schema:
            raise SchemaError(schema=self._name, problem=f"two schemas in it are called {uri}")
