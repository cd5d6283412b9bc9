"""A schema set is closed, and refuses at the start what would otherwise be judged differently or not at all."""

from typing import Any

import pytest

from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import Engine, SchemaError, SchemaSet, check_shape
from reporting_governance.errors import ExitCode, GovernanceError

BOTH = pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
BASE = "https://example.org/schemas/"


def shape_of(schema: dict[str, Any], engine: Engine = Engine.FAST) -> Any:
    return SchemaSet({"a.schema.json": schema}, engine=engine).shape("a.schema.json")


@BOTH
@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"properties": {"a": {"$ref": "b.schema.json"}}}, "no schema of this project"),
        ({"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}}, "no schema of this project"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "leads nowhere"),
        ({"$ref": "#/type", "type": "object"}, "leads to no schema"),
        ({"$ref": "#anchor"}, "only JSON pointers"),
        ({"$anchor": "here"}, "not supported"),
        ({"$dynamicRef": "#x"}, "not supported"),
        ({"items": {"$id": "inner"}}, "id inside a schema"),
        ({"requried": ["a"]}, "not supported"),
        ({"properties": {"a": {"format": "email"}}}, "the format email has no check"),
        ({"pattern": r"\p{L}"}, "engines read differently|is not a 'regex'"),
        ({"pattern": r"[^\S]"}, "engines read differently"),
        ({"pattern": r"\bword"}, "engines read differently"),
        ({"patternProperties": {"(?i)a": {}}}, "engines read differently"),
        ({"pattern": "(?<=a)b"}, "engines read differently"),
        ({"type": "strin"}, "strin"),
        ({"pattern": "("}, r"\("),
        ({"required": "a"}, "array"),
        ({"properties": []}, "object"),
        ({"properties": {"": {}}}, "empty name"),
    ],
)
def test_a_schema_that_cannot_be_trusted_is_refused(schema: dict[str, Any], complaint: str, engine: Engine) -> None:
    with pytest.raises(SchemaError, match=complaint) as caught:
        SchemaSet({"a.schema.json": schema}, engine=engine).check()
    assert caught.value.exit_code is ExitCode.BUG
    assert isinstance(caught.value, GovernanceError)


@BOTH
def test_what_only_looks_like_a_keyword_is_left_alone(engine: Engine) -> None:
    shape = shape_of(
        {
            "properties": {"$ref": {"const": {"$ref": "nowhere"}}, "pattern": {"enum": ["\\p{L}"]}, "format": True},
            "default": {"$id": "x", "format": "none"},
            "x-order": 3,
        },
        engine,
    )
    assert shape.is_valid({"$ref": {"$ref": "nowhere"}, "pattern": "\\p{L}", "format": 1})
    assert not shape.is_valid({"$ref": "nowhere"})


@BOTH
@pytest.mark.parametrize(
    "reference",
    [
        "b.schema.json",
        BASE + "b.schema.json",
        "./b.schema.json#",
        "b.schema.json#",
        "b.schema.json#/$defs/x",
        "b.schema.json#/%24defs/x",
    ],
)
def test_a_reference_to_another_schema_of_the_set_is_followed(reference: str, engine: Engine) -> None:
    schemas = SchemaSet(
        {
            "a.schema.json": {"$id": BASE + "a.schema.json", "properties": {"a~/%": {"$ref": reference}}},
            "b.schema.json": {"$id": BASE + "b.schema.json", "type": "string", "$defs": {"x": {"type": "string"}}},
        },
        engine=engine,
    )
    document = read_documents(b'{"a~/%": 1}', name="a.json").documents[0]
    (finding,) = check_shape(document, schemas.shape("a.schema.json"), name="a.json")
    assert (finding.rule, finding.pointer) == ("GOV103", "/a~0~1%")


@BOTH
def test_schemas_may_refer_to_each_other_in_a_circle(engine: Engine) -> None:
    schemas = SchemaSet(
        {
            "a": {"$id": BASE + "a", "properties": {"b": {"$ref": "b"}}, "additionalProperties": False},
            "b": {"$id": BASE + "b", "properties": {"a": {"$ref": "a"}}, "additionalProperties": False},
        },
        engine=engine,
    )
    assert schemas.shape("a").is_valid({"b": {"a": {"b": {}}}})
    assert not schemas.shape("a").is_valid({"b": {"a": {"a": {}}}})


def test_two_schemas_with_one_id_are_refused() -> None:
    with pytest.raises(SchemaError, match="same"):
        SchemaSet({"a": {"$id": BASE + "x"}, "b": {"$id": BASE + "x"}}).check()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SchemaError, match="no schema of this name"):
        SchemaSet({}).shape("a.schema.json")


@BOTH
def test_patterns_mean_the_same_in_both_engines(engine: Engine) -> None:
    table = [
        ("^[a-z]+$", {"a": True, "a\n": False, "é": False}),
        ("^a|b$", {"xb": True, "xb\n": False}),
        (r"^\d+$", {"1": True, "१": False}),
        (r"^\w+$", {"a_1": True, "é": False}),
        (r"^[$.]$", {"$": True, ".": True, "a": False}),
        (r"^\$$", {"$": True, "": False}),
        (r"^\\$", {"\\": True, "": False}),
        ("^a.b$", {"axb": True, "a\nb": False, "a\rb": True, "a\u2028b": True}),
        ("^(?:a|b)(?=c)c$", {"ac": True, "cc": False}),
        ("^(?!x)[^/\\s]{1,3}$", {"abc": True, "xb": False, "a/b": False, "abcd": False}),
        (r"^\s$", {" ": True, "\u00a0": True, "\ufeff": True, "\x85": False, "\x1c": False}),
        (r"^[\s_]\S$", {"\u3000x": True, "_x": True, "x_": False, "_\u2028": False}),
        ("x*", {"": True, "y": True}),
    ]
    for pattern, verdicts in table:
        shape = shape_of({"pattern": pattern, "patternProperties": {pattern: {"const": 1}}}, engine)
        for text, verdict in verdicts.items():
            assert shape.is_valid(text) is verdict, (pattern, text)
            assert shape.is_valid({text: 2}) is not verdict, (pattern, text)


def test_without_jsonschema_rs_the_fallback_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    shape = SchemaSet({"a": {"type": "object"}}).shape("a")
    assert not shape.is_valid([])
    with pytest.raises(ImportError):
        SchemaSet({"a": {}}, engine=Engine.FAST).shape("a")
