"""Edits in the text of a JSON5 document that leave every other byte as its author wrote it.

No library does this for us.  `json5` reads and writes values, and a comment is no value.  `json-five` keeps a model of
the text, but it takes the very module name `json5`, and of 79 odd texts that the JavaScript reader takes it refuses or
changes eight.  So we look for the places ourselves, put text in there, and then let `json5` read the old text and the
new one: unless exactly what was meant differs, nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting_governance.adapters.openclaw.json5_layout import Layout, key_written, line_end, literal, quote_of, quotes
from reporting_governance.adapters.openclaw.json5_places import Item, Shape, items, root_of
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigEdit, EditKind
from reporting_governance.core.config_edits import CannotEdit, edited


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
    try:
        for edit in edits:
            text = _made(text, edit)
        after = text.encode("utf-8", "surrogateescape")
        is_meant = after == data or repr(read_relaxed(after)) == repr(meant)  # `repr` tells 1 from true, and NaN is NaN
    except (ValueError, IndexError, RecursionError):  # a text that is wrong, and that the reader takes all the same
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
        written = literal(value, quote_of(text, holder))
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
    quote, key_quote = quotes(text, holder, there)
    layout = Layout(text, holder, there)
    member = layout.written(value, quote, key_quote)
    if key is not None:
        member = f"{key_written(key, key_quote)}:{layout.after_colon}{member}"
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
    end_of_line = line_end(text, place) if text[place : place + 1] in ("\r", "\n") else layout.newline
    return f"{text[:after]}{between}{end_of_line}{layout.inner}{member}{end}{text[place:]}"


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
        close = text.index("*/", place + 2) + 2
        if any(mark in text[place:close] for mark in "\r\n"):
            break
        start = place = close
    return place if text[place : place + 1] in ("\r", "\n") else start
