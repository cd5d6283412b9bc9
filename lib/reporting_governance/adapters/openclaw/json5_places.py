"""Where in the text of a JSON5 document its values stand.

For texts that a real reader has taken: what is wrong in others is not looked for.  Nothing here recurses, so the depth
of a document does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from reporting_governance.contracts.frozen import frozen

_ENDS: Final = "\n\r\u2028\u2029"
_BLANK: Final = frozenset("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff") | frozenset(
    map(chr, range(0x2000, 0x200B))
)
_MARKS: Final = frozenset("{}[],:\"'/")


class Shape(Enum):
    """What kind of value it is."""

    OBJECT = "{"
    LIST = "["
    SCALAR = ""


@frozen
class Item:
    """A value: the document's, a member's or an element's.  Offsets into the text, ends exclusive."""

    key: str | None  #: None: it is no member of an object
    key_start: int  #: where its key begins; the same as `start` where there is none
    start: int
    end: int
    comma: int | None  #: the comma that follows it

    shape: Shape


def root_of(text: str) -> Item:
    """Return the value of the document."""
    start = _past_blank(text, 0)
    return Item(None, start, start, _past_value(text, start), None, _shape(text, start))


def items(text: str, holder: Item) -> Iterator[Item]:
    """Return the members of an object, or the elements of a list, as they are written; nothing for another value."""
    if holder.shape is Shape.SCALAR:
        return
    place = _past_blank(text, holder.start + 1)
    while text[place] not in "}]":
        key, key_start = None, place
        if holder.shape is Shape.OBJECT:
            end = _past_scalar(text, place)
            key = _key(text[place:end])
            place = _past_blank(text, _past_blank(text, end) + 1)  # the colon
        end = _past_value(text, place)
        after = _past_blank(text, end)
        comma = after if text[after] == "," else None
        yield Item(key, key_start, place, end, comma, _shape(text, place))
        place = after if comma is None else _past_blank(text, after + 1)


def _shape(text: str, place: int) -> Shape:
    return Shape(text[place]) if text[place] in "{[" else Shape.SCALAR


def _past_value(text: str, place: int) -> int:
    if text[place] not in "{[":
        return _past_scalar(text, place)
    depth = 0
    while True:
        mark = text[place]
        if mark in "{[":
            depth += 1
            place += 1
        elif mark in "}]":
            depth -= 1
            place += 1
            if depth == 0:
                return place
        elif mark in ",:":
            place += 1
        else:
            place = _past_scalar(text, place)
        place = _past_blank(text, place)


def _past_scalar(text: str, place: int) -> int:
    """Return where a text, a number, a word or a key ends."""
    quote = text[place]
    if quote in "\"'":
        place += 1
        while text[place] != quote:
            place += 2 if text[place] == "\\" else 1
        return place + 1
    start = place
    while place < len(text) and text[place] not in _MARKS and text[place] not in _BLANK:
        place += 1
    if place == start:
        raise ValueError(f"no value at offset {start}")
    return place


def _past_blank(text: str, place: int) -> int:
    """Return where blanks and remarks end."""
    while place < len(text):
        if text[place] in _BLANK:
            place += 1
        elif text.startswith("//", place):
            while place < len(text) and text[place] not in _ENDS:
                place += 1
        elif text.startswith("/*", place):
            place = text.index("*/", place + 2) + 2
        else:
            break
    return place


def _key(written: str) -> str:
    """Return the key that is meant by what is written."""
    try:
        if written[0] == '"':
            return _text(json.loads(written))
        if "\\" not in written:
            return written[1:-1] if written[0] == "'" else written
    except ValueError:
        pass  # escapes that JSON does not have
    import json5

    return _text(json5.loads(written if written[0] in "\"'" else f'"{written}"'))


def _text(value: Any) -> str:
    return str(value)
