"""Dialects: 2020-12 itself, and those that pick from its vocabularies.  Others may mean something else by a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.shape.normalise import DIALECT, SchemaError

_VOCABULARIES = "https://json-schema.org/draft/2020-12/vocab/"
#: the keywords by which a value can fail, by vocabulary
_KEYWORDS = {
    "core": "",
    "applicator": """
        additionalProperties allOf anyOf contains dependentSchemas else if items not oneOf patternProperties prefixItems
        properties propertyNames then
        """,
    "unevaluated": "unevaluatedItems unevaluatedProperties",
    "validation": """
        const dependentRequired enum exclusiveMaximum exclusiveMinimum maxContains maxItems maxLength maxProperties
        maximum minContains minItems minLength minProperties minimum multipleOf pattern required type uniqueItems
        """,
    "format-annotation": "",
    "format-assertion": "",
    "meta-data": "",
    "content": "",
}


def ignored_under(metaschema: Mapping[str, Any], name: str, unasserted: frozenset[str]) -> frozenset[str]:
    """Return the keywords that are not asserted in schemas of a dialect.

    Args:
        metaschema: the schema of the dialect's schemas.
        name: how errors call the schema that is written in it.
        unasserted: those that are not asserted where a dialect leaves it to the program.

    Raises: SchemaError when it is no dialect of 2020-12, or needs a vocabulary that is not known.
    """
    vocabularies = metaschema.get("$vocabulary")
    if vocabularies is None and metaschema.get("$schema") == DIALECT:
        return unasserted
    if not isinstance(vocabularies, Mapping) or f"{_VOCABULARIES}core" not in vocabularies:
        raise SchemaError(schema=name, problem=f"its $schema is no dialect of {DIALECT}")
    known = {f"{_VOCABULARIES}{each}": keywords.split() for each, keywords in _KEYWORDS.items()}
    for each, needed in vocabularies.items():
        if needed and each not in known:
            raise SchemaError(schema=name, problem=f"its $schema needs the vocabulary {each}, which is not known")
    if f"{_VOCABULARIES}format-assertion" in vocabularies:
        unasserted = unasserted - {"format"}
    return unasserted.union(*(keywords for each, keywords in known.items() if each not in vocabularies))


def standard_schema(uri: str) -> Mapping[str, Any] | None:
    """Return a schema that 2020-12 itself consists of, None when it is none."""
    if not uri.startswith(DIALECT.removesuffix("schema")):
        return None
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    found: Mapping[str, Any] | None = REGISTRY.contents(uri) if uri in REGISTRY else None
    return found
