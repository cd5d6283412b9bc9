"""YAML: the same data as JSON, by the core schema of YAML 1.2; both parsers of PyYAML."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.finding import Span
from reporting_governance.contracts.reading import MAX_ALIAS_NODES, MAX_DEPTH, ReadResult, Syntax, read_documents
from reporting_governance.contracts.reading.core_schema import plain_value
from tests.contracts.reading.values import every_pointer, exactly, values

# what YAML cannot hold as it is, and what libyaml folds although YAML 1.2 does not
unwelcome = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(text: str) -> ReadResult:
    return read_documents(text.encode(), name="x", syntax=Syntax.YAML)


def as_yaml_flow(value: Any) -> str:
    """Write a value so that both YAML and JSON read it: YAML 1.2 is meant to hold JSON, PyYAML nearly does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(values)
def test_json_text_is_read_as_the_same_data(value: Any) -> None:
    text = as_yaml_flow(value)
    result = read(text)
    if unwelcome.search(text) or any(len(key) > 1_000 for key in re.findall('"[^"]*"', text)):
        assert result.documents == ()
        return
    assert result.findings == ()
    assert [exactly(each.value) for each in result.documents] == [exactly(value)]


@given(values.filter(lambda value: not unwelcome.search(json.dumps(value, ensure_ascii=False))))
def test_every_pointer_leads_to_the_text_of_its_value_and_of_its_key(value: Any) -> None:
    text = "\n# first\n" + as_yaml_flow(value)
    (document,) = read(text).documents
    for pointer, part in every_pointer(value):
        written = document.written(pointer)
        assert written is not None
        assert exactly(json.loads(written)) == exactly(part)
        span = document.value_span(pointer)
        assert span is not None
        assert text.split("\n")[span.line - 1][span.column - 1 :].startswith(written)
        assert (document.key_span(pointer) is not None) == (pointer != "" and not in_list(value, pointer))


def in_list(value: Any, pointer: str) -> bool:
    return isinstance(dict(every_pointer(value))[pointer.rpartition("/")[0]], list)


@given(values, st.sampled_from([20, 80, 1000]))
def test_block_layout_is_read_as_the_same_data(value: Any, width: int) -> None:
    # quoted and tagged throughout (!!int "1"): PyYAML writes for YAML 1.1 and would leave 0E0 bare, a number in 1.2
    text = yaml.safe_dump(value, allow_unicode=False, sort_keys=False, default_style='"', width=width)
    result = read(text)
    assert result.findings == ()
    assert [exactly(each.value) for each in result.documents] == [exactly(value)]


def core_schema_of_the_specification(written: str) -> str:
    """The table of YAML 1.2.2, 10.3.2, with our one difference: a number with leading zeros is a string."""
    if re.fullmatch(r"null|Null|NULL|~|", written):
        return "null"
    if re.fullmatch(r"true|True|TRUE|false|False|FALSE", written):
        return "bool"
    if re.fullmatch(r"[-+]?0[0-9].*", written):
        return "str"
    if re.fullmatch(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", written):
        return "int"
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", written):
        return "float"
    if re.fullmatch(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN", written):
        return "float"
    return "str"


@given(st.from_regex(r"[-+]?[0-9oxa-fA-F._:eE+-]{0,8}", fullmatch=True) | st.sampled_from("yes No on OFF ~ =".split()))
def test_a_plain_scalar_has_the_type_that_the_core_schema_gives_it(written: str) -> None:
    name = type(plain_value(written)).__name__.replace("NoneType", "null")
    assert name == core_schema_of_the_specification(written)


def test_aliases_may_add_so_many_values_and_not_one_more() -> None:
    base = "base: &a [" + ", ".join("x" * 99) + "]\n"  # 100 values with the list itself
    allowed = base + "all: [" + ", ".join(["*a"] * (MAX_ALIAS_NODES // 100)) + "]\n"
    assert read(allowed).findings == ()
    (finding,) = read(allowed + "more: [*a, *a]\n").findings
    assert (finding.rule, finding.pointer, finding.line, finding.column) == ("GOV010", "/more/0", 3, 8)


def test_what_two_aliases_stand_for_is_not_shared() -> None:
    (document,) = read("a: &a {x: [1]}\nb: *a\nc: *a\n").documents
    value: Any = document.value
    value["b"]["x"].append(2)
    assert value["a"] == value["c"] == {"x": [1]}


def test_a_place_inside_an_alias_is_where_the_value_stands() -> None:
    (document,) = read("a: &a {x: [1, 22]}\nb: *a\n").documents
    assert document.value_span("/b") == Span(line=2, column=4, end_line=2, end_column=6)
    assert document.key_span("/b") == Span(line=2, column=1, end_line=2, end_column=2)
    assert document.value_span("/b/x/1") == document.value_span("/a/x/1")
    assert document.written("/b/x/1") == "22"


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 200_000, "{a: " * 5_000, "? " * 5_000])
def test_a_text_nested_beyond_every_stack_is_refused(text: str) -> None:
    findings = read(text).findings
    assert findings[-1].rule == "GOV011"
    assert findings[-1].pointer.count("/") <= MAX_DEPTH


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "0x" + "f" * 4_000, "0o" + "7" * 5_000, "-1e400", "!!float " + "9" * 400]
)
def test_a_number_too_large_to_hold_is_a_finding(number: str) -> None:
    (finding,) = read(f"a: [1, {number}]").findings
    assert (finding.rule, finding.pointer, finding.end_column) == ("GOV006", "/a/1", len(number) + 8)


def test_it_never_makes_a_python_object() -> None:
    for text in ("!!python/object/apply:os.getcwd []", "!!python/name:os.system", "!!timestamp 2026-03-01"):
        result = read(text)
        assert [each.rule for each in result.findings] == ["GOV009"]
        assert result.documents == ()


def test_the_parser_without_libyaml_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x 1.10\nb: [*x, {c: 1, c: !own 2}]\nd: |\n  text\ne: 'it''s'\n---\n- f: g\n  h:\n"
    fast = read(text)
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = read(text)
    assert slow.findings == fast.findings
    assert len(fast.findings) == 2
    for one, other in zip(fast.checkable, slow.checkable, strict=True):
        assert one.value == other.value
        for pointer, _ in every_pointer(one.value):
            assert one.value_span(pointer) == other.value_span(pointer)
            assert one.key_span(pointer) == other.key_span(pointer)


def test_many_halves_of_surrogate_pairs_end_the_reading_and_not_the_machine() -> None:
    findings = read("[" + ", ".join(['"\\ud800"'] * 100) + "]").findings
    assert [each.rule for each in findings] == ["GOV007"] * 20 + ["GOV004"]
    assert [each.column for each in findings] == sorted(each.column or 0 for each in findings)


def test_findings_of_a_second_document_after_a_half_pair_are_counted_from_the_first() -> None:
    findings = read('a: 1\n---\nb: "\\ud800"\n---\nc: 1\nc: 2\n').findings
    assert [(each.rule, each.document, each.line) for each in findings] == [("GOV007", 2, 3), ("GOV005", 3, 6)]
