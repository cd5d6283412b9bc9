"""JSON: what json.loads accepts, and no more than the strict rules take away; every place is where it says it is."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reporting_governance.contracts.finding import Span
from reporting_governance.contracts.reading import MAX_DEPTH, ReadResult, Syntax, read_documents
from tests.contracts.reading.values import every_pointer, exactly, texts, values

layouts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 2, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" , ", " : "), ("\r\n,", "\n:\t")]),
    }
)


def read(text: str) -> ReadResult:
    return read_documents(text.encode(), name="x", syntax=Syntax.JSON)


def cut(text: str, span: Span | None) -> str:
    """Return the stretch of text that lines and columns name, counted by hand."""
    assert span is not None
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    start = sum(map(len, lines[: span.line - 1])) + span.column - 1
    end = sum(map(len, lines[: span.end_line - 1])) + span.end_column - 1
    return text[start:end]


@given(values, layouts)
def test_any_value_comes_back_as_it_was(value: Any, layout: dict[str, Any]) -> None:
    result = read(json.dumps(value, **layout))
    assert result.findings == ()
    assert [exactly(each.value) for each in result.documents] == [exactly(value)]


@given(values, layouts)
def test_every_pointer_leads_to_the_text_of_its_value_and_of_its_key(value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout)
    (document,) = read(text).documents
    for pointer, part in every_pointer(value):
        assert exactly(json.loads(cut(text, document.value_span(pointer)))) == exactly(part)
        assert document.written(pointer) == cut(text, document.value_span(pointer))
        parent, _, last = pointer.rpartition("/")
        if pointer and isinstance(dict(every_pointer(value))[parent], dict):
            key = json.loads(cut(text, document.key_span(pointer)))
            assert key == last.replace("~1", "/").replace("~0", "~")
        else:
            assert document.key_span(pointer) is None


@given(values)
def test_a_pointer_that_leads_nowhere_has_no_place(value: Any) -> None:
    (document,) = read(json.dumps(value)).documents
    missing = "/no/such/place"
    assert document.value_span(missing) is document.key_span(missing) is document.owner_span(missing) is None
    assert document.written(missing) is None


@given(st.text('{}[]:,"\\u0dDe81.-+ntrufals \n/#NaIiy\x00é', max_size=25))
@example('{"a" : 1, "a": 2}')
@example('{":": 1, "a:": ":"}')
@example('["\\"{", "}"]')
@example('["\\\\", "{\\\\"]')
@example("[1e400]")
@example("NaN")
@example('"\\ud800"')
@example('"\\\\ud800"')
@example('"\\udc00\\ud800"')
@example('"\\uD83D\\uDE00"')
@example("-")
@example("1.")
@example('{"a":1}}')
def test_it_accepts_what_json_loads_accepts_and_the_strict_rules_allow(text: str) -> None:
    assert bool(read(text).documents) == is_strict(text)


def is_strict(text: str) -> bool:
    """The slow and plain definition of what is read without an error."""

    def refuse(_constant: str) -> None:
        raise ValueError

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        value = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # surrogates, infinities
    except ValueError:
        return False
    return True


@given(st.recursive(st.just("1"), lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")))
def test_a_text_cut_off_anywhere_is_one_finding_at_its_place(text: str) -> None:
    for length in range(1, len(text)):
        if not is_strict(text[:length]):
            (finding,) = read(text[:length]).findings
            assert finding.rule == "GOV004"
            assert finding.column == length + 1


@given(texts, texts, st.integers(1, 4))
def test_each_repetition_of_a_key_is_a_finding(key: str, other: str, times: int) -> None:
    member = f"{json.dumps(key)}: 1"
    others = "" if other == key else f", {json.dumps(other)}: 2"
    result = read("{" + ", ".join([member] * times) + others + "}")
    assert [each.rule for each in result.findings] == ["GOV005"] * (times - 1)
    assert bool(result.documents) == (times == 1)
    assert {(each.related[0].line, each.related[0].column) for each in result.findings} <= {(1, 2)}


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        '{"a":' * MAX_DEPTH + "{}" + "}" * MAX_DEPTH,
        "[" + "[]," * 500 + "[]]",
        '["' + "[" * 500 + '"]',
        '["\\"' + "[" * 500 + '"]',
        '{"[[[": "' + "{" * 500 + '\\\\"}',
    ],
    ids=["lists", "objects", "many brackets", "in a string", "after an escaped quote", "in a key"],
)
def test_only_real_nesting_counts_as_depth(text: str) -> None:
    findings = read(text).findings
    assert [each.rule for each in findings] == (["GOV011"] if text.startswith('{"a"') else [])


def test_a_text_nested_beyond_every_recursion_limit_is_refused() -> None:
    for text in ("[" * 1_000_000, '{"a":' * 1_000_000, "[" * 1_000_000 + "]" * 1_000_000):
        (finding,) = read(text).findings
        assert (finding.rule, finding.pointer.count("/")) == ("GOV011", MAX_DEPTH)


def test_a_number_with_more_digits_than_python_converts_is_a_finding() -> None:
    (finding,) = read('{"n": [1, -' + "9" * 5_000 + "]}").findings
    assert (finding.rule, finding.pointer, finding.column, finding.end_column) == ("GOV006", "/n/1", 11, 5012)


def test_of_equal_keys_the_last_one_is_checked_further() -> None:
    result = read('{"a": {"b": 1}, "a": {"b": 2}}')
    (document,) = result.checkable
    assert result.documents == ()
    assert document.value == {"a": {"b": 2}}
    assert document.value_span("/a/b") == Span(line=1, column=28, end_line=1, end_column=29)
