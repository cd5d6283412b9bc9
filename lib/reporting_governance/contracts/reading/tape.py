"""Where every value and key of one document stands, as flat columns of numbers.

A tree of objects would cost some hundred bytes for each value of a file that may hold millions.
Offsets are in code points of the whole text; an end is the offset after the last character.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from reporting_governance.contracts.finding import Span

NO_KEY = -1  #: the key offset of a value that is no member of an object


def join_pointer(tokens: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) made of these keys and indexes."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def split_pointer(pointer: str) -> list[str]:
    """Return the tokens of a JSON Pointer; the whole document has none."""
    if not pointer:
        return []
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def span_of(text: str, start: int, end: int) -> Span:
    """Return the lines and columns of `text[start:end]`.  A line ends at LF, CR or CR LF."""
    line, column = _place(text, start)
    end_line, end_column = (line, column) if end <= start else _place(text, end)
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


def _place(text: str, offset: int) -> tuple[int, int]:
    if "\r" not in text:
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    breaks = text.count("\n", 0, offset) + text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
    if text[offset - 1 : offset + 1] == "\r\n":
        breaks -= 1  # between the two halves of one line break: still on the line that it ends
        return breaks + 1, offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset - 1))
    return breaks + 1, offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset))


class Tape:
    """The positions of the values of one document in document order; entry 0 is the document's root."""

    __slots__ = ("_members", "ends", "key_ends", "key_starts", "keys", "lists", "nexts", "starts")

    def __init__(self) -> None:
        self.starts = array("q")
        self.ends = array("q")
        self.key_starts = array("q")
        self.key_ends = array("q")
        self.nexts = array("q")  #: the entry after this value and everything in it
        self.lists = bytearray()  #: 1 for a list
        self.keys: list[str | None] = []
        self._members: dict[int, dict[str, int]] = {}

    def open(self, start: int, *, key: str | None, key_start: int, key_end: int, is_list: bool = False) -> int:
        """Add a value whose end is not known yet and return its entry."""
        entry = len(self.starts)
        self.starts.append(start)
        self.ends.append(start)
        self.key_starts.append(key_start)
        self.key_ends.append(key_end)
        self.nexts.append(entry + 1)
        self.lists.append(is_list)
        self.keys.append(key)
        return entry

    def close(self, entry: int, end: int) -> None:
        """Say where a value ends; all its members have been added."""
        self.ends[entry] = end
        self.nexts[entry] = len(self.starts)

    def repeat_members(self, source: int) -> None:
        """Add the members of `source` once more, where they stand: an alias names the same text again."""
        shift = len(self.starts) - (source + 1)
        for entry in range(source + 1, self.nexts[source]):
            added = self.open(
                self.starts[entry],
                key=self.keys[entry],
                key_start=self.key_starts[entry],
                key_end=self.key_ends[entry],
                is_list=bool(self.lists[entry]),
            )
            self.ends[added] = self.ends[entry]
            self.nexts[added] = self.nexts[entry] + shift

    def find(self, pointer: str) -> int | None:
        """Return the entry of the value a pointer names, or None.  Of equal keys the last one counts."""
        entry = 0
        for token in split_pointer(pointer):
            found = self._members_of(entry).get(token)
            if found is None:
                return None
            entry = found
        return entry

    def _members_of(self, entry: int) -> dict[str, int]:
        known = self._members.get(entry)
        if known is None:
            known = {}
            member = entry + 1
            while member < self.nexts[entry]:
                key = str(len(known)) if self.lists[entry] else self.keys[member]
                if key is not None:
                    known[key] = member
                member = self.nexts[member]
            self._members[entry] = known
        return known
