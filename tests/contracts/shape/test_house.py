"""The rules for our own schemas: each forbids what it says, and all that ships keeps them."""

from typing import Any

import pytest

from reporting_governance.contracts.shape.house import house_rules


@pytest.mark.parametrize(
    ("schema", "place", "complaint"),
    [
        ({"items": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}, "/items/$schema", "top of the file"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", "only https"),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "/$ref", "leads outside"),
        ({"$ref": "b.schema.json#anchor"}, "/$ref", "only JSON pointers"),
        ({"$anchor": "here"}, "/$anchor", "not in use"),
        ({"not": {"$dynamicRef": "#x"}}, "/not/$dynamicRef", "not in use"),
        ({"contentSchema": {}}, "/contentSchema", "not in use"),
        ({"definitions": {}}, "/definitions", "not in use"),
        ({"requried": ["a"]}, "/requried", "not in use"),
        ({"items": {"$id": "inner"}}, "/items/$id", "take the place of a file"),
        ({"properties": {"a": {"format": "email"}}}, "/properties/a/format", "the format email has no check"),
        ({"pattern": r"\p{L}"}, "/pattern", "read differently"),
        ({"pattern": r"[^\S]"}, "/pattern", "read differently"),
        ({"allOf": [{}, {"pattern": r"\bword"}]}, "/allOf/1/pattern", "read differently"),
        ({"patternProperties": {"(?i)a": {}}}, "/patternProperties", "read differently"),
        ({"pattern": "(?<=a)b"}, "/pattern", "read differently"),
        ({"properties": {"": {}}}, "/properties", "empty name"),
    ],
)
def test_a_rule_names_what_breaks_it(schema: dict[str, Any], place: str, complaint: str) -> None:
    (problem,) = house_rules(schema)
    assert problem.startswith(f"#{place}: ")
    assert complaint in problem


def test_what_only_looks_like_a_keyword_is_left_alone() -> None:
    schema = {
        "$id": "https://example.org/a",
        "properties": {"$anchor": {"const": {"$ref": "#x"}}, "pattern": {"enum": ["\\p{L}"]}, "format": True},
        "default": {"$id": "x", "format": "none"},
        "x-order": 3,
        "pattern": r"^[a-z]+\.\d$",
        "$ref": "b.schema.json#/$defs/c",
    }
    assert house_rules(schema) == []
    assert house_rules(False) == []
