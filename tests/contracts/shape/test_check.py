"""Findings of shape: both engines agree with each other on any value, and nothing wrong goes without a finding."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.reading.reporter import MAX_FINDINGS
from reporting_governance.contracts.shape import Engine, SchemaSet, check_shape
from tests.contracts.reading.values import scalars, values

FRAGMENTS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": ["integer", "null"]},
    {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "string"}, "b": {}},
        "additionalProperties": False,
    },
    {"properties": {"a": {"$ref": "#/$defs/deep"}}, "required": ["a"]},
    {"enum": ["a", 1, None, [1], {"a": True}]},
    {"const": 1.0},
    {"oneOf": [{"properties": {"k": {"const": "x"}}, "required": ["k"]}, {"properties": {"k": {"const": "y"}}}]},
    {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/deep"}]},
    {"anyOf": [{"const": "a"}, {"enum": [1, 2]}, {"type": "object"}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 3}]},
    {"items": {"type": "integer", "minimum": 0}, "uniqueItems": True, "minItems": 1},
    {"prefixItems": [{"type": "string"}], "items": False},
    {"contains": {"type": "string"}, "minContains": 2, "maxContains": 3},
    {"propertyNames": {"maxLength": 1}, "maxProperties": 2},
    {"propertyNames": {"$ref": "#/$defs/name"}},
    {"patternProperties": {"^a$": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}},
    {"allOf": [{"properties": {"a": {"type": "string"}}}], "unevaluatedProperties": False},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 1}},
    {"dependentRequired": {"a": ["b", "c"]}, "dependentSchemas": {"b": {"required": ["c"]}}},
    {"not": {"type": "boolean"}},
    {"minLength": 1, "maxLength": 3, "pattern": "^[a-z]*$", "format": "date"},
    {"exclusiveMinimum": 0, "maximum": 10, "multipleOf": 2},
]
DEFINITIONS = {
    "deep": {
        "type": "object",
        "required": ["b"],
        "properties": {"b": {"type": "boolean"}},
        "additionalProperties": False,
    },
    "name": {"enum": ["a", "b"]},
}
KEYS = [*"abckA", "", "0", "7", "07", "+7", "~", "/", "%25", "a.b", "é"]
small = st.recursive(
    scalars | st.sampled_from(["a", "b", "x", "y", 1, 2, 1.0, "2026-03-01"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)


def judged(schema: dict[str, Any], value: Any) -> list[tuple[bool, list[Finding]]]:
    """Return verdict and findings of both engines."""
    document = read_documents(json.dumps(value).encode(), name="a.json").documents[0]
    shapes = [SchemaSet({"a": schema}, engine=each).shape("a") for each in (Engine.FAST, Engine.FALLBACK)]
    return [(each.is_valid(value), check_shape(document, each, name="a.json")) for each in shapes]


@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=3), small | values)
def test_both_engines_give_one_verdict_and_the_same_findings(parts: list[dict[str, Any]], value: Any) -> None:
    schema = {"properties": {"a": {"allOf": parts}}, "items": parts[0], "allOf": parts, "$defs": DEFINITIONS}
    fast, fallback = judged(schema, value)
    assert fast == fallback
    valid, findings = fast
    assert valid is (findings == [])
    assert all(each.line is not None for each in findings)


@pytest.mark.parametrize("key", KEYS)
def test_a_fault_under_any_key_is_found_at_its_place(key: str) -> None:
    schema = {"additionalProperties": {"additionalProperties": {"items": {"additionalProperties": {"type": "null"}}}}}
    fast, fallback = judged(schema, {key: {key: [{key: 1}]}})
    assert fast == fallback
    escaped = key.replace("~", "~0").replace("/", "~1")
    assert [each.pointer for each in fast[1]] == [f"/{escaped}/{escaped}/0/{escaped}"]


@pytest.mark.parametrize("part", FRAGMENTS, ids=",".join)
def test_each_keyword_is_satisfied_by_something_and_not_by_everything(part: dict[str, Any]) -> None:
    tried = [
        "abc", "", "2026-03-01", "x", 1, 1.0, -1, 3, 4, None, True, [], ["a"], ["a", "b"], ["a", 1], [1, 1], {},
        {"a": 1}, {"a": "x", "b": 1}, {"a": {"b": True}}, {"k": "x"}, {"c": 1}, {"a": 1, "b": 2, "c": 3}, {"k": "z"},
    ]  # fmt: skip
    schema = {**part, "$defs": DEFINITIONS}
    verdicts = {valid for value in tried for valid, _ in judged(schema, value)}
    assert verdicts == {True, False}


def test_a_hostile_document_gives_a_list_that_ends() -> None:
    data = json.dumps([{f"key {number}": 1 for number in range(5_000)}, *["x"] * 5_000]).encode()
    document = read_documents(data, name="a.json").documents[0]
    schema = {"items": {"type": "object", "properties": {"keys 1": {}}, "additionalProperties": False}}
    findings = check_shape(document, SchemaSet({"a": schema}).shape("a"), name="a.json")
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].rule == "GOV014"


def test_a_million_faults_are_not_collected_before_the_first_is_given() -> None:
    shape = SchemaSet({"a": {"items": {"type": "object", "required": ["a"]}}}).shape("a")
    value: list[Any] = [[] for _ in range(1_000_000)]
    started = time.process_time()
    fault = next(iter(shape.faults(value)))
    assert (fault.keyword, fault.path) == ("type", (0,))
    assert time.process_time() - started < 5  # collecting them takes a multiple of that, and gigabytes


@pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
def test_items_are_compared_in_one_pass(engine: Engine) -> None:
    shape = SchemaSet({"a": {"uniqueItems": True}}, engine=engine).shape("a")
    mixed: list[Any] = [
        each for number in range(30_000) for each in (number, str(number), [number], {"a": number}, None)
    ]
    (document,) = read_documents(json.dumps(mixed).encode(), name="a.json").documents
    started = time.process_time()
    (finding,) = check_shape(document, shape, name="a.json")
    assert (finding.rule, finding.pointer) == ("GOV109", "/9")
    assert time.process_time() - started < 20  # each with each would be 10,000,000,000 comparisons


def test_text_from_the_document_is_safe_to_print() -> None:
    value = {"\x1b[31m": "\u202e\x07" + "x" * 500}
    (_, findings), _ = judged({"additionalProperties": False, "properties": {"a": {}}}, value)
    (_, more), _ = judged({"additionalProperties": {"const": "y"}}, value)
    for finding in (*findings, *more):
        assert finding.message.isprintable()
        assert len(finding.message) < 200


def test_one_misspelt_key_is_one_finding_and_two_are_two() -> None:
    schema = {
        "required": ["version", "owner"],
        "properties": {"version": {}, "owner": {}, "notes": {}},
        "additionalProperties": False,
    }
    (_, findings), _ = judged(schema, {"versoin": 1, "vresion": 2, "note": 3})
    assert [(each.rule, each.pointer, each.suggestion) for each in findings] == [
        ("GOV101", "", None),
        ("GOV102", "/versoin", 'did you mean "version"?'),
        ("GOV102", "/vresion", 'did you mean "version"?'),
        ("GOV102", "/note", 'did you mean "notes"?'),
    ]


def test_true_is_not_one_when_an_alternative_is_chosen() -> None:
    alternatives = [
        {"properties": {"k": {"const": 1}}, "required": ["k", "x"]},
        {"properties": {"k": {"const": True}}, "required": ["k", "y"]},
    ]
    for value, missing in (({"k": True}, '"y"'), ({"k": 1.0}, '"x"')):
        for _, (finding,) in judged({"oneOf": alternatives}, value):
            assert (finding.rule, finding.message) == ("GOV101", f"the required key {missing} is missing")


def test_a_key_whose_values_overlap_does_not_tell_alternatives_apart() -> None:
    alternatives = [
        {"properties": {"k": {"enum": ["a", "b"]}, "x": {"type": "integer"}}, "required": ["k", "x"]},
        {"properties": {"k": {"enum": ["b", "c"]}, "y": {"type": "integer"}}, "required": ["k", "y"]},
    ]
    for _, (finding,) in judged({"oneOf": alternatives}, {"k": "b", "x": "1"}):
        assert (finding.rule, finding.pointer) == ("GOV110", "")
