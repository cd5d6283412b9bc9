"""A schema set is closed, and refuses at the start what would otherwise be judged differently or not at all."""

from typing import Any

import pytest

from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import Engine, SchemaError, SchemaSet, check_shape
from reporting_governance.errors import ExitCode, GovernanceError

BOTH = pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
BASE = "https://example.org/schemas/"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
CORE = "https://json-schema.org/draft/2020-12/vocab/core"


def shape_of(schema: dict[str, Any], engine: Engine = Engine.FAST) -> Any:
    return SchemaSet({"a.schema.json": schema}, engine=engine).shape("a.schema.json")


@BOTH
@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"properties": {"a": {"$ref": "b.schema.json"}}}, "no schema of the set"),
        ({"properties": {"a": {"$ref": "https://example.org/elsewhere"}}}, "no schema of the set"),
        ({"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/none"}}}, "no schema of the set"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "leads to no schema"),
        ({"$ref": "#/type", "type": "object"}, "leads to no schema"),
        ({"$ref": "#/x-own", "x-own": {"type": "object"}}, "leads to no schema"),
        ({"$ref": "#/allOf", "allOf": [{}]}, "leads to no schema"),
        ({"$ref": "#anchor"}, "no schema of the set"),
        ({"$dynamicRef": "#x"}, "no schema of the set"),
        ({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}, "two schemas in it"),
        ({"properties": {"a": {"format": "email"}}}, "the format email has no check"),
        ({"type": "strin"}, "strin"),
        ({"pattern": "("}, r"\("),
        ({"required": "a"}, "array"),
        ({"properties": []}, "object"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, r"its \$schema is"),
        ({"$schema": "https://example.org/own"}, r"its \$schema is"),
        ({"$id": 7}, "string"),
        ({"$schema": 7}, r"its \$schema is|string"),
        ({"items": {"$schema": "http://json-schema.org/draft-07/schema#"}}, r"its \$schema is"),
    ],
)
def test_a_schema_that_cannot_be_judged_by_is_refused(schema: dict[str, Any], complaint: str, engine: Engine) -> None:
    with pytest.raises(SchemaError, match=complaint) as caught:
        SchemaSet({"a.schema.json": schema}, engine=engine).check()
    assert caught.value.exit_code is ExitCode.BUG
    assert isinstance(caught.value, GovernanceError)


@BOTH
@pytest.mark.parametrize(
    ("metaschema", "complaint"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "no dialect of"),
        ({"$schema": DIALECT, "$vocabulary": {}}, "no dialect of"),
        ({"$schema": DIALECT, "$vocabulary": {CORE: True, "https://example.org/new": True}}, "needs the vocabulary"),
    ],
)
def test_a_dialect_that_may_mean_something_else_is_refused(
    metaschema: dict[str, Any], complaint: str, engine: Engine
) -> None:
    schemas = {"https://example.org/own": metaschema, "a": {"$schema": "https://example.org/own"}}
    with pytest.raises(SchemaError, match=complaint):
        SchemaSet(schemas, engine=engine).shape("a")


@BOTH
def test_a_dialect_says_whether_formats_are_asserted(engine: Engine) -> None:
    own = {"$schema": DIALECT, "$vocabulary": {CORE: True, CORE.replace("core", "format-assertion"): False}}
    plain = {"$schema": DIALECT}
    for metaschema, formats, asserted in ((own, False, True), (plain, False, False), (plain, True, True)):
        schemas = {"https://example.org/own": metaschema, "a": {"$schema": "https://example.org/own", "format": "date"}}
        assert SchemaSet(schemas, engine=engine, formats=formats).shape("a").is_valid("x") is not asserted


@BOTH
def test_a_schema_of_the_standard_belongs_to_every_set(engine: Engine) -> None:
    for each in ("schema", "meta/meta-data", "meta/core"):
        shape = shape_of({"items": {"$ref": f"https://json-schema.org/draft/2020-12/{each}"}}, engine)
        document = read_documents(b'[{"title": "a"}, 7]', name="a.json").documents[0]
        (finding,) = check_shape(document, shape, name="a.json")
        assert (finding.rule, finding.pointer) == ("GOV103", "/1")


@BOTH
@pytest.mark.parametrize(
    ("schema", "data", "found"),
    [
        ({"additionalProperties": False, "items": {"$ref": "#/additionalProperties"}}, "[1]", [("GOV108", "/0")]),
        ({"properties": {"": {"properties": {"a": {"type": "string"}}}}}, '{"": {"a": 1}}', [("GOV103", "//a")]),
        ({"patternProperties": {"": {"type": "null"}}}, '{"a": 1}', [("GOV103", "/a")]),
        ({"patternProperties": {"": {"properties": {"a": {"type": "null"}}}}}, '{"b": {"a": 1}}', [("GOV103", "/b/a")]),
        ({"properties": {"a": {"$id": "b", "items": {"type": "null"}}}}, '{"a": [1]}', [("GOV103", "/a/0")]),
        (
            {"items": {"$dynamicRef": "#t"}, "$defs": {"x": {"$dynamicAnchor": "t", "minimum": 2}}},
            "[1]",
            [("GOV107", "/0")],
        ),
        (
            {
                "unevaluatedProperties": False,
                "if": {"required": ["a"], "properties": {"a": {}}},
                "else": {"properties": {"b": {}}},
            },
            '{"a": 1, "b": 2}',
            [("GOV110", "")],
        ),
        ({"patternProperties": {r"^\p{L}+$": {"type": "null"}}, "additionalProperties": False},
         '{"é": 1, "7": 1}', [("GOV103", "/é"), ("GOV102", "/7")]),
        ({"unevaluatedProperties": {"type": "string"}}, '{"a": 1}', [("GOV110", "")]),
        ({"propertyNames": {"not": {"maxLength": 1}}}, '{"a": 1}', [("GOV110", "/a")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(
    schema: dict[str, Any], data: str, found: list[tuple[str, str]], engine: Engine
) -> None:
    document = read_documents(data.encode(), name="a.json").documents[0]
    findings = check_shape(document, shape_of(schema, engine), name="a.json")
    assert [(each.rule, each.pointer) for each in findings] == found


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


def test_a_pattern_that_python_cannot_try_is_left_to_jsonschema_rs() -> None:
    schema = {"patternProperties": {r"^\p{Script=Greek}+$": {"type": "null"}}, "additionalProperties": False}
    document = read_documents('{"α": null, "b": 1}'.encode(), name="a.json").documents[0]
    (finding,) = check_shape(document, shape_of(schema), name="a.json")
    assert (finding.rule, finding.line) == ("GOV110", 1)
    with pytest.raises(SchemaError, match="cannot be checked without jsonschema-rs"):
        shape_of(schema, Engine.FALLBACK)


@BOTH
def test_a_word_of_an_older_draft_means_nothing(engine: Engine) -> None:
    assert shape_of({"dependencies": {"a": ["b"]}}, engine).is_valid({"a": 1})
    assert shape_of({"items": {"additionalItems": False, "$recursiveRef": "#"}}, engine).is_valid([[1]])


def test_without_jsonschema_rs_the_fallback_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    shape = SchemaSet({"a": {"type": "object"}}).shape("a")
    assert not shape.is_valid([])
    with pytest.raises(ImportError):
        SchemaSet({"a": {}}, engine=Engine.FAST).shape("a")
