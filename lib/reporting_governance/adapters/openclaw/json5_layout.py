"""How the text of a JSON5 document is laid out around a place, so that what is put there looks like its neighbours."""

from __future__ import annotations

import json
from typing import Any

from reporting_governance.adapters.openclaw.json5_places import Item

_IDENTIFIER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$")
_PLAIN_STEP = "  "


class Layout:
    """How an object or a list, and what is put into it, is laid out."""

    def __init__(self, text: str, holder: Item, there: list[Item]) -> None:
        self.text, self.holder = text, holder
        self.newline = line_end(text)
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
            return f"[{', '.join(literal(each, quote) for each in value)}]"
        if not isinstance(value, dict):
            return literal(value, quote)
        members = [
            f"{key_written(key, key_quote)}:{self.after_colon}{self.written(each, quote, key_quote, depth + 1)}"
            for key, each in value.items()
        ]
        if not self.is_by_line:
            return f"{{{', '.join(members)}}}"
        inner, outer = (self.inner + self.step * level for level in (depth + 1, depth))
        return f"{{{self.newline}{inner}{f',{self.newline}{inner}'.join(members)}{self.newline}{outer}}}"


def quotes(text: str, holder: Item, there: list[Item]) -> tuple[str, str]:
    """Return how texts and how keys are quoted around a place; keys with nothing: not at all."""
    keys = [each for each in (*reversed(there), holder) if each.key is not None]
    mark = text[keys[0].key_start] if keys else '"'
    key_quote = mark if mark in "\"'" else ""
    values = [text[each.start] for each in reversed(there) if text[each.start] in "\"'"]
    return (values or [key_quote or '"'])[0], key_quote


def quote_of(text: str, item: Item) -> str:
    return text[item.start] if text[item.start] in "\"'" else '"'


def key_written(key: str, quote: str) -> str:
    is_name = bool(key) and _IDENTIFIER.issuperset(key) and not key[0].isdigit()
    return key if not quote and is_name else literal(key, quote or '"')


def literal(value: Any, quote: str) -> str:
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


def line_end(text: str, start: int = 0) -> str:
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
