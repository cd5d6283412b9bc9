"""What holds of every schema file: a stranger can read it, and nothing in it leads outside."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from reporting_governance.contracts.registry import FORMS, KINDS, SCHEMA_BASE, kind_of_schema, schema_name
from reporting_governance.contracts.shape.formats import FORMATS

ALL = sorted((*KINDS, *FORMS))
_SINGLE = ("additionalProperties", "items", "not", "if", "then", "else", "propertyNames")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "$defs")


def subschemas(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every schema in a schema, with where it stands."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key in _SINGLE:
        if key in schema:
            yield from subschemas(schema[key], f"{path}/{key}")
    for key in _LISTS:
        for place, each in enumerate(schema.get(key, ())):
            yield from subschemas(each, f"{path}/{key}/{place}")
    for key in _MAPS:
        for name, each in schema.get(key, {}).items():
            yield from subschemas(each, f"{path}/{key}/{name}")


def test_there_is_one_schema_for_each_kind_and_no_other(schemas) -> None:
    assert sorted(schemas) == ALL
    assert [schema_name(kind) for kind in ALL] == [f"{kind}.schema.json" for kind in ALL]
    with pytest.raises(LookupError):
        schema_name("receipts")


@pytest.mark.parametrize("kind", ALL)
def test_a_schema_is_correct_and_named(kind: str, schemas) -> None:
    schema = schemas[kind]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{SCHEMA_BASE}{kind}.schema.json"
    assert kind_of_schema(schema["$id"]) == kind
    assert schema["title"]
    assert schema["description"].endswith((".", ")"))


@pytest.mark.parametrize("kind", ALL)
def test_every_field_is_described(kind: str, schemas) -> None:
    silent = []
    for path, schema in subschemas(schemas[kind]):
        if "/if/" in f"{path}/" or "/then" in path or "/else" in path:
            continue
        silent += [
            f"{path}/{name}" for name, each in schema.get("properties", {}).items() if not _description(each, schemas)
        ]
    assert silent == []


def _description(schema: dict[str, Any], schemas: dict[str, Any]) -> object:
    if "description" in schema or "$ref" not in schema:
        return schema.get("description")
    return schema["$ref"]


@pytest.mark.parametrize("kind", ALL)
def test_references_lead_to_one_of_the_schemas(kind: str, schemas) -> None:
    for path, schema in subschemas(schemas[kind]):
        if "$ref" in schema:
            name, _, pointer = schema["$ref"].partition("#")
            target: Any = schemas[name.removesuffix(".schema.json") if name else kind]
            for part in pointer.split("/")[1:]:
                target = target[part]
            assert "description" in target, path


@pytest.mark.parametrize("kind", ALL)
def test_every_format_has_a_checker(kind: str, schemas) -> None:
    asked = {schema["format"] for _, schema in subschemas(schemas[kind]) if "format" in schema}
    assert asked <= set(FORMATS)
    assert asked <= set(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)


@pytest.mark.parametrize("kind", ALL)
def test_examples_are_valid(kind: str, schemas, judges) -> None:
    assert schemas[kind]["examples"]
    for example in schemas[kind]["examples"]:
        assert judges[kind].faults(example) == []


@pytest.mark.parametrize("kind", ALL)
def test_top_levels_are_closed(kind: str, schemas, judges) -> None:
    example = schemas[kind]["examples"][0]
    if isinstance(example, dict):
        assert ("additionalProperties", "") in judges[kind].faults({**example, "no such key": 1})
