"""Edits in the text of a JSON5 document that leave every other byte as its author wrote it.

No library does this for us.  `json5` reads and writes values, and a comment is no value.  `json-five` keeps a model of
the text, but it takes the very module name `json5`, and of 79 odd texts that the JavaScript reader takes it refuses or
changes eight.  So we look for the places ourselves, put text in there, and then let `json5` read the old text and the
new one: unless exactly what was meant differs, nothing comes of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reporting_governance.adapters.openclaw.json5_places import Item, Shape, items, root_of
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigEdit, EditKind
from reporting_governance.core.config_edits import CannotEdit, edited

_IDENTIFIER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$")
_PLAIN_STEP = "  "


class CannotSplice(ValueError):
    """The edits cannot be made in this text; the message says why, and where."""


def spliced(data: bytes, edits: Sequence[ConfigEdit]) -> bytes:
    """Return a document with edits made, in order; what is so already is not touched.

    Args:
        data: the document, UTF-8; bytes that are no UTF-8 are kept.

    Raises: CannotSplice, also when the new text would not say exactly what the edits mean.
    """
    try:
        before = read_relaxed(data)
        meant = edited(before, edits)
    except (NotReadable, CannotEdit) as fault:
        raise CannotSplice(str(fault)) from fault
    text = data.decode("utf-8", "surrogateescape")
    for edit in edits:
        text = _made(text, edit)
    after = text.encode("utf-8", "surrogateescape")
    try:
        is_meant = after == data or repr(read_relaxed(after)) == repr(meant)  # `repr` tells 1 from true, and NaN is NaN
    except (NotReadable, RecursionError):
        is_meant = False
    if not is_meant:
        raise CannotSplice("it is written in a way that is not understood here")
    return after


def _made(text: str, edit: ConfigEdit) -> str:
    match edit.kind:
        case EditKind.SET:
            return _set(text, edit.path, edit.value)
        case EditKind.DROP:
            return _dropped(text, edit.path)
        case EditKind.JOIN:
            return _joined(text, edit.path, edit.value)
        case EditKind.LEAVE:
            return _left(text, edit.path, edit.value)


def _set(text: str, path: tuple[str, ...], value: Any) -> str:
    holder, rest = _followed(text, path)
    if not rest:
        written = _written(value, _quote_of(text, holder))
        here = text[holder.start : holder.end]
        same = read_relaxed(here.encode("utf-8", "surrogateescape")) if holder.shape is Shape.SCALAR else None
        return text if repr(same) == repr(value) else text[: holder.start] + written + text[holder.end :]
    for key in reversed(rest[1:]):
        value = {key: value}
    return _added(text, holder, rest[0], value)


def _dropped(text: str, path: tuple[str, ...]) -> str:
    """Return the text without the key, however often it comes: else an earlier one would count."""
    while True:
        holder, rest = _followed(text, path[:-1])
        found = [] if rest else [each for each in items(text, holder) if each.key == path[-1]]
        if not found:
            return text
        text = _without(text, holder, found[-1])


def _joined(text: str, path: tuple[str, ...], value: Any) -> str:
    holder, rest = _followed(text, path)
    if rest:
        return _set(text, path, [value])
    if any(_says(text, each, value) for each in items(text, holder)):
        return text
    return _added(text, holder, None, value)


def _left(text: str, path: tuple[str, ...], value: Any) -> str:
    while True:
        holder, rest = _followed(text, path)
        found = [] if rest else [each for each in items(text, holder) if _says(text, each, value)]
        if not found:
            return text
        text = _without(text, holder, found[-1])


def _followed(text: str, path: tuple[str, ...]) -> tuple[Item, tuple[str, ...]]:
    """Return the innermost value on a path, and the keys that are missing in it; of a key that comes twice the last."""
    holder = root_of(text)
    for depth, key in enumerate(path):
        found = [each for each in items(text, holder) if each.key == key]
        if not found:
            return holder, path[depth:]
        holder = found[-1]
    return holder, ()


def _says(text: str, each: Item, value: Any) -> bool:
    if each.shape is not Shape.SCALAR:
        return False
    return bool(read_relaxed(text[each.start : each.end].encode("utf-8", "surrogateescape")) == value)


def _added(text: str, holder: Item, key: str | None, value: Any) -> str:
    """Return the text with a member (`key`) or an element at the end of an object or a list."""
    there = list(items(text, holder))
    quote, key_quote = _quotes(text, holder, there)
    layout = _Layout(text, holder, there)
    member = layout.written(value, quote, key_quote)
    if key is not None:
        member = f"{_key(key, key_quote)}:{layout.after_colon}{member}"
    if not there:
        return layout.filled(member)
    last = there[-1]
    if not layout.is_by_line:
        if last.comma is None:
            return f"{text[: last.end]}, {member}{text[last.end :]}"
        return f"{text[: last.comma + 1]} {member},{text[last.comma + 1 :]}"
    after = last.end if last.comma is None else last.comma + 1
    place = _past_remark(text, after, holder.end - 1)
    end = "" if last.comma is None else ","
    between = text[after:place] if last.comma is not None else "," + text[after:place]
    newline = _newline(text, place) if text[place : place + 1] in ("\r", "\n") else layout.newline
    return f"{text[:after]}{between}{newline}{layout.inner}{member}{end}{text[place:]}"


def _without(text: str, holder: Item, gone: Item) -> str:
    """Return the text without a member or an element, its comma, and the line that it leaves blank; remarks stay."""
    there = list(items(text, holder))
    place = next(number for number, each in enumerate(there) if each.start == gone.start)
    cuts = [(gone.key_start, gone.end)]
    if gone.comma is not None:
        cuts.append((gone.comma, gone.comma + 1))
    elif place > 0 and (comma := there[place - 1].comma) is not None:
        cuts.insert(0, (comma, comma + 1))
    for start, end in reversed(cuts):
        text = _cut(text, start, end)
    return text


def _cut(text: str, start: int, end: int) -> str:
    """Return the text without a piece, nor the line when nothing else stands on its lines, nor the blank before it."""
    left, right = start, end
    while left > 0 and text[left - 1] in " \t":
        left -= 1
    while right < len(text) and text[right] in " \t":
        right += 1
    at_start = left == 0 or text[left - 1] in "\r\n"
    if at_start and text[right : right + 1] in ("\r", "\n"):
        right += 2 if text.startswith("\r\n", right) else 1
        return text[:left] + text[right:]
    if not at_start and right > end and text[start:end] != ",":
        return text[:start] + text[right:]
    return text[:start] + text[end:]


def _past_remark(text: str, start: int, end: int) -> int:
    """Return where a line ends after a member: past a remark that stands on the same line."""
    place = start
    while place < end:
        while place < end and text[place] in " \t":
            place += 1
        if text.startswith("//", place):
            while place < end and text[place] not in "\n\r\u2028\u2029":
                place += 1
            return place
        if not text.startswith("/*", place):
            break
        close = text.index("*/", place) + 2
        if any(mark in text[place:close] for mark in "\r\n"):
            break
        start = place = close
    return place if text[place : place + 1] in ("\r", "\n") else start


class _Layout:
    """How an object or a list, and what is put into it, is laid out."""

    def __init__(self, text: str, holder: Item, there: list[Item]) -> None:
        self.text, self.holder = text, holder
        self.newline = _newline(text)
        outer = _indent(text, holder.end - 1)
        last = _indent(text, there[-1].key_start) if there else None
        if there:
            self.is_by_line = last is not None and _line_of(text, there[-1].key_start) > holder.start
        else:
            self.is_by_line = "\n" in text or "\r" in text
        self.outer = outer if outer is not None else _line_indent(text, holder.start)
        self.step = _step(text)
        self.inner = last if last is not None else self.outer + self.step
        self.after_colon = _after_colon(text, there)

    def filled(self, member: str) -> str:
        """Return the text with a member in an object or a list that has none."""
        text, start, end = self.text, self.holder.start + 1, self.holder.end - 1
        kept = text[start:end].rstrip(" \t\r\n")
        if not self.is_by_line:
            place = end if kept else start
            return f"{text[:place]}{member}{text[place:]}"
        blank = text[start + len(kept) : end]
        if "\n" not in blank and "\r" not in blank:
            kept, blank = kept + blank, self.newline + self.outer
        return f"{text[:start]}{kept}{self.newline}{self.inner}{member}{blank}{text[end:]}"

    def written(self, value: Any, quote: str, key_quote: str, depth: int = 0) -> str:
        """Return a value as text: objects by line where the rest is, lists of texts on one line."""
        if isinstance(value, list):
            return f"[{', '.join(_written(each, quote) for each in value)}]"
        if not isinstance(value, dict):
            return _written(value, quote)
        members = [
            f"{_key(key, key_quote)}:{self.after_colon}{self.written(each, quote, key_quote, depth + 1)}"
            for key, each in value.items()
        ]
        if not self.is_by_line:
            return f"{{{', '.join(members)}}}"
        inner, outer = (self.inner + self.step * level for level in (depth + 1, depth))
        return f"{{{self.newline}{inner}{f',{self.newline}{inner}'.join(members)}{self.newline}{outer}}}"


def _quotes(text: str, holder: Item, there: list[Item]) -> tuple[str, str]:
    """Return how texts and how keys are quoted around a place; keys with nothing: not at all."""
    keys = [each for each in (*reversed(there), holder) if each.key is not None]
    mark = text[keys[0].key_start] if keys else '"'
    key_quote = mark if mark in "\"'" else ""
    values = [text[each.start] for each in reversed(there) if text[each.start] in "\"'"]
    return (values or [key_quote or '"'])[0], key_quote


def _quote_of(text: str, item: Item) -> str:
    return text[item.start] if text[item.start] in "\"'" else '"'


def _key(key: str, quote: str) -> str:
    is_name = bool(key) and _IDENTIFIER.issuperset(key) and not key[0].isdigit()
    return key if not quote and is_name else _written(key, quote or '"')


def _written(value: Any, quote: str) -> str:
    plain = json.dumps(value, ensure_ascii=False)
    if quote == '"' or not isinstance(value, str):
        return plain
    inside = plain[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inside}'"


def _after_colon(text: str, there: list[Item]) -> str:
    """Return what stands between colon and value of the member before, when it is blank."""
    for each in reversed(there):
        colon = text.rfind(":", each.key_start, each.start)
        if each.key is not None and colon >= 0 and not text[colon + 1 : each.start].strip(" \t"):
            return text[colon + 1 : each.start]
    return " "


def _newline(text: str, start: int = 0) -> str:
    """Return how the first line from a place on ends."""
    place = min((each for each in (text.find(mark, start) for mark in "\r\n") if each >= 0), default=-1)
    if place < 0:
        return "\n"
    return "\r\n" if text.startswith("\r\n", place) else text[place]


def _line_of(text: str, place: int) -> int:
    """Return where the line of a place begins."""
    return max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1


def _line_indent(text: str, place: int) -> str:
    line = text[_line_of(text, place) : place + 1]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _indent(text: str, place: int) -> str | None:
    """Return what stands before a place on its line; None when that is more than blanks."""
    before = text[_line_of(text, place) : place]
    return before if not before.strip(" \t") else None


def _step(text: str) -> str:
    """Return by what one level is indented, as the first indented line has it."""
    for line in text.splitlines()[1:]:
        bare = line.lstrip(" \t")
        if bare and bare != line:
            return line[: len(line) - len(bare)]
    return _PLAIN_STEP
