"""What must hold of a verify verb whatever a file holds, and mutations of good files."""

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.verify.checking import SYNTAXES, VERBS, every_case, verify
from tests.verify.fixtures import KINDS, fixtures

LONGEST_SECONDS = 20
#: what findings say about a file as a whole
_WITHOUT_PLACE = frozenset({"GOV014"})
_LINE_END = re.compile("\r\n|\r|\n")
#: what means something to a reader of JSON or YAML, and what a schema of ours knows
_TOKENS = (
    *rb"""" ' { } [ ] : , - ? # | > ~ &a *a !x !!str null true 1e999 -0 1.10 0x10 .nan""".split(),
    *rb"\ud800 \u0000 ${env:X} ../".split(),
    *b"kind level metadata rules conditions receivers supported".split(),
    *(
        b": ",
        b"- ",
        b"\n",
        b"\r\n",
        b"\r",
        b"  ",
        b"\t",
        b"---\n",
        b"...\n",
        b"|\n",
        b">-\n",
        b"<<: *a",
        b"%YAML 1.2\n",
    ),
    *(b"\x00", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\xc2\x85", b"\xf0\x9f\x98\x80"),
)


class Text(NamedTuple):
    """What a file holds, and which verb looks at it."""

    verb: str
    syntax: str
    data: bytes


def look_at(text: Text, folder: str) -> None:
    """Hold that a verb answers: in time, without a bug, each finding at a place that the file has.

    Args:
        folder: an empty one, that is the current folder too.
    """
    name = f"given.{text.syntax}"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(text.data)
    with _in_time():
        answer = verify(text.verb, "--format", "json", name)
    assert answer.code in (0, 1), answer
    assert answer.err == ""
    findings = answer.report["findings"]
    assert answer.code == any(each["severity"] == "error" for each in findings)
    lines = [len(each) for each in _LINE_END.split(text.data.decode("utf-8", "replace"))]
    for each in findings:
        if each["rule"] in _WITHOUT_PLACE or each["file"] != name:
            continue
        for end in ("", "end_"):
            line, column = each[f"{end}line"], each[f"{end}column"]
            assert 1 <= line <= len(lines), each
            assert 1 <= column <= lines[line - 1] + 2, each  # after the last character, and after a line break's half


@contextmanager
def in_an_empty_folder() -> Iterator[str]:
    """Make an empty folder the current one."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


@contextmanager
def _in_time() -> Iterator[None]:
    def late(number: int, frame: object) -> None:
        raise AssertionError(f"no answer in {LONGEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@cache
def given_texts() -> tuple[Text, ...]:
    """Return the documents of all cases; most are nearly right."""
    return tuple(
        Text(case.verb, syntax, (case.folder / f"given.{syntax}").read_bytes())
        for case in every_case()
        for syntax in case.syntaxes
    )


def any_bytes() -> st.SearchStrategy[Text]:
    """Draw bytes, and sequences of what means something to a reader."""
    noise = st.binary(max_size=200) | st.lists(st.sampled_from(_TOKENS), max_size=40).map(b"".join)
    return st.builds(Text, st.sampled_from(VERBS), st.sampled_from(SYNTAXES), noise)


@st.composite
def mutated(draw: st.DrawFn) -> Text:
    """Draw a document of a case with a few places changed."""
    text = draw(st.sampled_from(given_texts()))
    data = text.data
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        put = draw(st.sampled_from(_TOKENS) | st.binary(max_size=3) | st.just(data[start:end] * 2))
        data = data[:start] + put + data[end:]
    return text._replace(data=data)


_WORDS = st.sampled_from(["full", "none", "all", "fact", "equals", "operator", "file", "hold", "required", "off", ""])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6) | _WORDS


def _around(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=6) | _WORDS, inside, max_size=4)


_VALUES = st.recursive(_LEAVES, _around, max_leaves=12)


@cache
def _documents() -> list[tuple[str, Any]]:
    verbs = {kind: verb for verb, kind in KINDS.items()}
    return [(verbs[each.kind], each.value) for each in fixtures() if each.kind in verbs]


@st.composite
def with_another_value(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a verb and a document of its kind in which one value is another, somewhere."""
    documents = _documents()
    verb, document = documents[draw(st.integers(0, len(documents) - 1))]
    paths = sorted(_paths(document), key=repr)
    return verb, _replaced(document, paths[draw(st.integers(0, len(paths) - 1))], draw(_VALUES))


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in members:
        yield from _paths(each, (*path, key))


def _replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, list):
        return [_replaced(each, tuple(rest), new) if index == first else each for index, each in enumerate(value)]
    return {key: _replaced(each, tuple(rest), new) if key == first else each for key, each in value.items()}
