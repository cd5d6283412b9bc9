"""Edits in JSON5 text: what is put in, what is taken out, and that nothing else moves."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.openclaw import json5_splice
from reporting_governance.adapters.openclaw.json5_splice import CannotSplice, spliced
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigEdit, EditKind
from reporting_governance.core.config_edits import CannotEdit, edited


def put(value: str | bool | None, *path: str) -> ConfigEdit:
    return ConfigEdit(kind=EditKind.SET, path=path, value=value)


def drop(*path: str) -> ConfigEdit:
    return ConfigEdit(kind=EditKind.DROP, path=path)


def join(value: str, *path: str) -> ConfigEdit:
    return ConfigEdit(kind=EditKind.JOIN, path=path, value=value)


def leave(value: str, *path: str) -> ConfigEdit:
    return ConfigEdit(kind=EditKind.LEAVE, path=path, value=value)


def text_after(text: str, *edits: ConfigEdit) -> str:
    return spliced(text.encode(), edits).decode()


#: text, edit, text afterwards
TABLE: tuple[tuple[str, ConfigEdit, str], ...] = (
    # nothing there yet
    ("{}", put(True, "a", "b"), '{"a": {"b": true}}'),
    ("{\n}\n", put(True, "a", "b"), '{\n  "a": {\n    "b": true\n  }\n}\n'),
    ("{ }", put(True, "a"), '{"a": true }'),
    ("{/* none */}", put(True, "a"), '{/* none */"a": true}'),
    ("{ // none\n}", put(True, "a"), '{ // none\n  "a": true\n}'),
    ("{ // none\u2028}", put(True, "a"), '{ // none\u2028"a": true}'),
    ("\n{}", put(True, "a"), '\n{\n  "a": true\n}'),
    ("// file\n{} // end", put("x", "a"), '// file\n{\n  "a": "x"\n} // end'),
    ("{}", join("x", "a"), '{"a": ["x"]}'),
    # commas
    ("{a:1}", put(True, "b"), "{a:1, b:true}"),
    ("{a:1,}", put(True, "b"), "{a:1, b:true,}"),
    ("{a:1 , }", put(True, "b"), "{a:1 , b:true, }"),
    ("{a:1 /* one */}", put(True, "b"), "{a:1, b:true /* one */}"),
    ("{a:1 /* , */ , /* } */}", put(True, "b"), "{a:1 /* , */ , b:true, /* } */}"),
    ("{\n  a: 1\n}", put(True, "b"), "{\n  a: 1,\n  b: true\n}"),
    ("{\n  a: 1,\n}", put(True, "b"), "{\n  a: 1,\n  b: true,\n}"),
    ("{\n  a: 1\n  ,\n}", put(True, "b"), "{\n  a: 1\n  ,\n  b: true,\n}"),
    ("{\n  a: 1, b: 2\n}", put(True, "c"), "{\n  a: 1, b: 2, c: true\n}"),
    ("{ a: 1,\n  b: 2 }", put(True, "c"), "{ a: 1,\n  b: 2,\n  c: true }"),
    # remarks
    ("{\n  a: 1 // one\n}", put(True, "b"), "{\n  a: 1, // one\n  b: true\n}"),
    ("{\n  a: 1, // one\n  // last\n}", put(True, "b"), "{\n  a: 1, // one\n  b: true,\n  // last\n}"),
    ("{\n  a: 1, /* one */ // more\n}", put(True, "b"), "{\n  a: 1, /* one */ // more\n  b: true,\n}"),
    ("{\n  a: 1, /* one\n  two */ }", put(True, "b"), "{\n  a: 1,\n  b: true, /* one\n  two */ }"),
    ("{\n  a: 1, /*/ one\n  two */ }", put(True, "b"), "{\n  a: 1,\n  b: true, /*/ one\n  two */ }"),
    ('{"a": "// no remark /*", "b": 1}', put(False, "b"), '{"a": "// no remark /*", "b": false}'),
    # keys and quotes as their neighbours have them
    ("{'a': 'x'}", put("y", "b"), "{'a': 'x', 'b': 'y'}"),
    ("{'a': 'x'}", put("it's \"so\"", "a"), "{'a': 'it\\'s \"so\"'}"),
    ("{a: 'x'}", put("y", "b-c"), "{a: 'x', \"b-c\": 'y'}"),
    ("{a: 'x'}", put(True, "1b"), "{a: 'x', \"1b\": true}"),
    ("{a: 'x'}", put(True, "ä"), "{a: 'x', \"ä\": true}"),
    ('{"a":1}', put("ü", "b"), '{"a":1, "b":"ü"}'),
    ("{l: ['x']}", join("y", "l"), "{l: ['x', 'y']}"),
    ("{l: []}", join("y", "l"), '{l: ["y"]}'),
    ("{'l': []}", join("y", "l"), "{'l': ['y']}"),
    # indentation
    ("{\n\ta: {\n\t\tb: 1\n\t}\n}", put(True, "c", "d"), "{\n\ta: {\n\t\tb: 1\n\t},\n\tc: {\n\t\td: true\n\t}\n}"),
    ("{\n    a: {}\n}", put(True, "a", "b"), "{\n    a: {\n        b: true\n    }\n}"),
    ("{\r\n  a: 1,\r\n}\r\n", put(True, "b"), "{\r\n  a: 1,\r\n  b: true,\r\n}\r\n"),
    ("{\r  a: 1\r}", put(True, "b"), "{\r  a: 1,\r  b: true\r}"),
    ("{\n  l: [\n    'x', // one\n  ],\n}", join("y", "l"), "{\n  l: [\n    'x', // one\n    'y',\n  ],\n}"),
    # what is there is replaced, and nothing beside it
    ("{a: 0x1F /* hex */, b: +.5e1}", put(True, "a"), "{a: true /* hex */, b: +.5e1}"),
    ("{a: -Infinity, b: NaN}", put("x", "a"), '{a: "x", b: NaN}'),
    ("{a: null}", put(None, "a"), "{a: null}"),
    ("{a: 'x\\\ny'}", put("x", "a"), "{a: 'x'}"),
    ("{a: 'x'}", put("x", "a"), "{a: 'x'}"),
    ('{"a": "\\u0078"}', put("x", "a"), '{"a": "\\u0078"}'),
    # keys that are written otherwise
    ("{\\u0061: 1}", put(True, "a"), "{\\u0061: true}"),
    ("{'\\x61': 1}", put(True, "a"), "{'\\x61': true}"),
    ('{"\\u0061": 1}', put(True, "a"), '{"\\u0061": true}'),
    ("{$_: 1, ünï: 2}", put(True, "ünï"), "{$_: 1, ünï: true}"),
    ("{'it\\'s': {b: 1}}", put(True, "it's", "b"), "{'it\\'s': {b: true}}"),
    ("{__proto__: {a: 1}}", put(True, "a"), "{__proto__: {a: 1}, a: true}"),
    # of a key that comes twice the last one counts
    ("{a: {x: 1}, a: {y: 2}}", put(True, "a", "x"), "{a: {x: 1}, a: {y: 2, x: true}}"),
    ("{a: 1, a: 2}", put(True, "a"), "{a: 1, a: true}"),
    ("{a: 1, b: 2, a: 3}", drop("a"), "{ b: 2}"),
    # taking out
    ("{a: 1}", drop("a"), "{}"),
    ("{a: 1,}", drop("a"), "{}"),
    ("{a: 1, b: 2}", drop("b"), "{a: 1}"),
    ("{a: 1, b: 2,}", drop("b"), "{a: 1, }"),
    ("{\n  a: 1,\n  b: 2\n}", drop("b"), "{\n  a: 1\n}"),
    ("{\n  a: 1,\n  b: 2\n}", drop("a"), "{\n  b: 2\n}"),
    ("{\n  a: 1, // one\n  b: 2, // two\n}", drop("b"), "{\n  a: 1, // one\n   // two\n}"),
    ("{\r\n  a: 1,\r\n  b: 2\r\n}", drop("a"), "{\r\n  b: 2\r\n}"),
    ("{a: {b: {c: 1}}}", drop("a", "b", "x"), "{a: {b: {c: 1}}}"),
    ("{a: 1}", drop("b", "c"), "{a: 1}"),
    ("{l: ['x', 'y', \"x\"]}", leave("x", "l"), "{l: [ 'y']}"),
    ("{l: ['x']}", leave("x", "l"), "{l: []}"),
    ("{l: ['x', ['x'], 1]}", leave("x", "l"), "{l: [ ['x'], 1]}"),
    ("{l: ['X']}", leave("x", "l"), "{l: ['X']}"),
    ("{}", leave("x", "l"), "{}"),
    ("{l: ['x']}", join("x", "l"), "{l: ['x']}"),
    # what a program puts in front, and what JavaScript takes for blank
    ("\ufeff{a: 1}", put(True, "a"), "\ufeff{a: true}"),
    ("\u00a0{\u2003a\u3000:\u20281\v}\f", put(True, "a"), "\u00a0{\u2003a\u3000:\u2028true\v}\f"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "edit", "meant"), TABLE)
def test_the_text_that_comes_of_it(text: str, edit: ConfigEdit, meant: str) -> None:
    made = text_after(text, edit)
    assert repr(read_relaxed(made.encode())) == repr(edited(read_relaxed(text.encode()), [edit]))
    # a member that goes leaves at most the blank beside it
    assert made == meant or (edit.kind in (EditKind.DROP, EditKind.LEAVE) and squeezed(made) == squeezed(meant))


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("text", "edit", "_"), TABLE)
def test_a_second_time_changes_nothing(text: str, edit: ConfigEdit, _: str) -> None:
    once = spliced(text.encode(), [edit])
    assert spliced(once, [edit]) == once


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        ("", put(True, "a"), ""),
        ("// nothing", put(True, "a"), ""),
        ("[]", put(True, "a"), "the document is no object"),
        ("'x'", put(True, "a"), "the document is no object"),
        ("{a: 1", put(True, "a"), "Unexpected end"),
        ("{a: 1}}", put(True, "a"), "Unexpected"),
        ("{a: []}", put(True, "a", "b"), "a is no object"),
        ("{a: null}", put(True, "a", "b"), "a is no object"),
        ("{a: {b: 'x'}}", join("y", "a", "b"), "a.b is no list"),
        ("{a: {}}", put(True, "a"), "a is no single value"),
        ("{a: []}", put(True, "a"), "a is no single value"),
        ("{$include: './x'}", put(True, "a"), "the document has $include"),
        ("{a: {b: {$include: './x'}}}", put(True, "a", "b", "c"), "a.b has $include"),
        ("{a: " * 3000 + "1" + "}" * 3000, put(True, "b"), "deep"),
    ],
)
def test_what_is_not_understood_is_left_alone(text: str, edit: ConfigEdit, why: str) -> None:
    with pytest.raises(CannotSplice) as caught:
        spliced(text.encode(), [edit])
    assert why.lower() in str(caught.value).lower()


@pytest.mark.parametrize("made", ["{a: true, b: 2}", "{b: 1}", "{a: 1, b: 1}", "{a: true, b: true}", "{a: true", ""])
def test_a_fault_of_ours_changes_nothing(monkeypatch: pytest.MonkeyPatch, made: str) -> None:
    monkeypatch.setattr(json5_splice, "_made", lambda text, edit: made)
    with pytest.raises(CannotSplice, match="not understood"):
        text_after("{a: 0, b: 1}", put(True, "a"))


def test_an_include_beside_the_way_does_not_matter() -> None:
    text = "{logging: {$include: './x'}}"
    assert text_after(text, put(True, "a")) == "{logging: {$include: './x'}, a: true}"


def test_bytes_that_are_no_text_stay() -> None:
    data = b"{a: 1, // \xff\xfe\n b: '\xc3'}"
    assert spliced(data, [put(True, "a")]) == b"{a: true, // \xff\xfe\n b: '\xc3'}"


def test_several_edits_are_made_in_order() -> None:
    edits = [leave("x", "deny"), put(True, "entries", "x", "enabled"), put(False, "entries", "x", "enabled")]
    assert text_after("{deny: ['x']}", *edits) == "{deny: [], entries: {x: {enabled: false}}}"


def test_a_long_document_is_spliced_soon() -> None:
    plain: dict[str, Any] = {f"p{number}": {"enabled": True, "config": {"n": [1] * 20}} for number in range(3000)}
    text = json.dumps({"plugins": {"entries": plain}}, indent=2)
    made = text_after(text, put(False, "plugins", "entries", "p2999", "enabled"))
    assert made == text.replace('"p2999": {\n        "enabled": true', '"p2999": {\n        "enabled": false')


# Documents as people write them: the same value in many spellings, with blanks and remarks wherever they may stand.
KEYS = st.sampled_from(["a", "b", "alpha", "plugins", "entries", "allow", "x-y", "ü", "it's", "A", "", "$include2"])
SINGLE = st.one_of(
    st.booleans(),
    st.none(),
    st.integers(-99, 99),
    st.sampled_from(["", "x", "y", "// x", "/*", '"', "'", "{", "\\", "é"]),
)
VALUES = st.recursive(
    SINGLE, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)), max_leaves=8
)
GAPS = st.sampled_from(
    ["", "", "", " ", "\n", "\n  ", "\r\n\t", "/**/", " /* { , */ ", "// [ '\n", " // \u00e9\r\n", "\u2028", "\t"]
)


@st.composite
def spellings(draw: st.DrawFn, value: Any) -> str:
    gap = draw(GAPS)
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else [(None, each) for each in value]
        parts = []
        for key, each in pairs:
            name = "" if key is None else f"{draw(keys_spelt(key))}{draw(GAPS)}:"
            parts.append(f"{draw(GAPS)}{name}{draw(spellings(each))}{draw(GAPS)}")
        comma = "," if parts and draw(st.booleans()) else ""
        first, last = "{}" if isinstance(value, dict) else "[]"
        return f"{gap}{first}{','.join(parts)}{comma}{draw(GAPS)}{last}"
    return f"{gap}{draw(texts_spelt(value)) if isinstance(value, str) else json.dumps(value)}"


@st.composite
def texts_spelt(draw: st.DrawFn, value: str) -> str:
    plain = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        return plain
    return "'" + plain[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


@st.composite
def keys_spelt(draw: st.DrawFn, key: str) -> str:
    return key if key.isidentifier() and draw(st.booleans()) else draw(texts_spelt(key))


@st.composite
def documents(draw: st.DrawFn) -> tuple[Any, str]:
    value = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    return value, draw(spellings(value)) + draw(GAPS)


PATHS = st.lists(KEYS, min_size=1, max_size=4).map(tuple)
EDITS = st.one_of(
    st.builds(ConfigEdit, kind=st.just(EditKind.SET), path=PATHS, value=st.sampled_from([True, False, "x", "it's"])),
    st.builds(ConfigEdit, kind=st.just(EditKind.DROP), path=PATHS),
    st.builds(
        ConfigEdit, kind=st.sampled_from([EditKind.JOIN, EditKind.LEAVE]), path=PATHS, value=st.sampled_from("xy")
    ),
)


def meant_or_none(value: Any, edit: ConfigEdit) -> Any:
    try:
        return edited(value, [edit])
    except CannotEdit:
        return None


def is_within(short: str, long: str) -> bool:
    """Tell whether a text is another one with something taken out."""
    rest = iter(long)
    return all(each in rest for each in short)


@settings(max_examples=120)
@given(documents(), EDITS)
def test_exactly_what_is_meant_differs(document: tuple[Any, str], edit: ConfigEdit) -> None:
    value, text = document
    assert repr(read_relaxed(text.encode())) == repr(value)
    meant = meant_or_none(value, edit)
    if meant is None:
        with pytest.raises(CannotSplice):
            text_after(text, edit)
        return
    made = text_after(text, edit)
    assert repr(read_relaxed(made.encode())) == repr(meant)
    if repr(meant) == repr(value):
        assert made == text
    elif edit.kind in (EditKind.DROP, EditKind.LEAVE):
        assert is_within(made, text)
    elif edit.kind is EditKind.JOIN or is_new(value, edit.path):
        assert is_within(text, made)
    else:
        assert len(made) - len(text) <= len("false")
        assert is_within(remarks(text), made)


def is_new(value: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if key not in value:
            return True
        value = value[key]
    return False


def remarks(text: str) -> str:
    """Return what only stands in remarks of these documents."""
    return "".join(re.findall(r"/\* { , \*/|// \[ '\n|// \u00e9\r\n", text))


@settings(max_examples=60)
@given(documents(), PATHS.filter(lambda path: len(path) > 1), st.booleans())
def test_what_was_put_in_and_taken_out_again_leaves_the_same_values(
    document: tuple[Any, str], path: tuple[str, ...], value: bool
) -> None:
    before, text = document
    edit = put(value, *path)
    if meant_or_none(before, edit) is None or path[0] in before:
        return
    made = text_after(text, edit)
    assert is_within(text, made)
    back = text_after(made, drop(path[0]))
    assert repr(read_relaxed(back.encode())) == repr(before)
    assert squeezed(back) == squeezed(text) or squeezed(back).replace(",", "") == squeezed(text).replace(",", "")


def test_a_text_that_would_take_minutes_to_read_is_refused() -> None:
    entries = ",".join(f'"p{number}":{{"enabled":true}}' for number in range(30_000))
    assert len(read_relaxed(f'{{"entries":{{{entries}}}}}'.encode())["entries"]) == 30_000  # plain JSON is quick
    with pytest.raises(NotReadable, match="no plain JSON, and longer than"):
        read_relaxed(f"{{entries:{{{entries}}}}}".encode())
