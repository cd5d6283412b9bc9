"""Finds the place of every part of a JSON text, and everything that is wrong with it.

Slower than `json.loads` by far, and only run when that has found a reason.  It accepts exactly what `json.loads`
accepts (a test holds the two together), so a text it accepts can then be loaded without fear.
"""

from __future__ import annotations

import json
import re
import sys
from typing import NoReturn

from reporting_governance.contracts.finding import FindingRule, shown
from reporting_governance.contracts.finding_rules import (
    DUPLICATE_KEY,
    LONE_SURROGATE,
    NO_DOCUMENT,
    NUMBER_RANGE,
    SYNTAX,
    TOO_DEEP,
)
from reporting_governance.contracts.reading.json_words import (
    NO_COMMENTS,
    REMOVE_COMMENT,
    mistake_in_value,
    starts_comment,
)
from reporting_governance.contracts.reading.reporter import Reporter, Unreadable
from reporting_governance.contracts.reading.tape import NO_KEY, Tape

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[-+.\w]+")
_REPLACEMENT = "\\ufffd"  #: as long as the escape it stands for
_LITERALS = frozenset(("true", "false", "null"))
_CONSTANTS = frozenset(("NaN", "Infinity", "-Infinity"))
_HALVES = re.compile(
    r"\\(?:[^u]|u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|([dD][89a-fA-F][0-9a-fA-F]{2})|))"
)  #: every escape; group 1 is a half of a pair without its other half


class _Open:
    """An object or a list whose end has not been seen."""

    __slots__ = ("count", "entry", "is_list", "seen", "token")

    def __init__(self, entry: int, is_list: bool) -> None:
        self.entry = entry
        self.is_list = is_list
        self.count = 0  #: members begun so far
        self.token: str | int | None = None  #: the key or index of the member being read
        self.seen: dict[str, int] = {}  #: keys and where they stood first


class JsonScanner:
    """One pass over one text.  `tape` is for the caller afterwards."""

    def __init__(self, reporter: Reporter, *, max_depth: int) -> None:
        self.tape = Tape()
        self.text = reporter.text
        self._halves: list[int] = []
        self._reporter = reporter
        self._max_depth = max_depth
        self._at = 0
        self._stack: list[_Open] = []
        self._key: tuple[str | None, int, int] = (None, NO_KEY, NO_KEY)

    def scan(self) -> None:
        """Read the whole text.

        Raises: Unreadable when what follows cannot be understood, or is nested too deep.
        """
        self._skip_space()
        if self._at == len(self.text):
            self._stop(NO_DOCUMENT, 0, 0, "the file is empty")
        self._value()
        while self._stack:
            self._member()
        self._skip_space()
        if self._at < len(self.text):
            self._refuse_comment()
            self._stop(SYNTAX, self._at, self._at + 1, "the document ends before this, and nothing may follow it")

    def loadable_text(self) -> str:
        """Return the text with every lone surrogate replaced, each part at its old place."""
        parts: list[str] = []
        done = 0
        for begin in self._halves:
            parts += (self.text[done:begin], _REPLACEMENT)
            done = begin + len(_REPLACEMENT)
        return "".join(parts) + self.text[done:]

    def _member(self) -> None:
        """Read what comes next in the innermost object or list: its end, or one more member."""
        here = self._stack[-1]
        here.token = None
        closing = "]" if here.is_list else "}"
        self._skip_space()
        found = self.text[self._at : self._at + 1]
        if found == closing:
            self._at += 1
            self._stack.pop()
            self.tape.close(here.entry, self._at)
            return
        if here.count > 0:
            if found != ",":
                self._missing(f'"," or "{closing}"', "add a comma" if found not in "]}" else None)
            comma = self._at
            self._at += 1
            self._skip_space()
            if self.text[self._at : self._at + 1] == closing:
                self._stop(SYNTAX, comma, comma + 1, f'a comma stands before "{closing}"', "remove the comma")
        if here.is_list:
            here.token = here.count
            self._key = (None, NO_KEY, NO_KEY)
        else:
            self._member_key(here)
        here.count += 1
        self._value()

    def _member_key(self, here: _Open) -> None:
        start = self._at
        if self.text[start : start + 1] != '"':
            if start == len(self.text):
                self._missing('a key or "}"')
            self._refuse_comment()
            word = _WORD.match(self.text, start)
            end = word.end() if word else start + 1
            found = shown(self.text[start:end])
            self._stop(SYNTAX, start, end, f"a key is a string in double quotes, not {found}", "quote the key")
        halves_before = len(self._halves)
        key, end = self._string()
        here.token = key
        if len(self._halves) > halves_before:
            self._reporter.spoil(self._path())
        if key in here.seen:
            first = here.seen[key]
            message = f"the key {shown(key)} stands twice in this object"
            self._report(DUPLICATE_KEY, start, end, message, first=(first, self._string_end(first)))
        else:
            here.seen[key] = start
        self._key = (key, start, end)
        self._skip_space()
        if self.text[self._at : self._at + 1] != ":":
            self._missing('":" after the key')
        self._at += 1

    def _value(self) -> None:
        self._skip_space()
        start = self._at
        letter = self.text[start : start + 1]
        if letter in ("{", "["):
            if len(self._stack) >= self._max_depth:
                message = f"values are nested deeper than {self._max_depth} levels"
                self._stop(TOO_DEEP, start, start + 1, message)
            entry = self._open(start, is_list=letter == "[")
            self._stack.append(_Open(entry, letter == "["))
            self._at += 1
        elif letter == '"':
            entry = self._open(start)
            _, end = self._string(spoils=True)
            self.tape.close(entry, end)
        else:
            self._plain(start)

    def _plain(self, start: int) -> None:
        word = _WORD.match(self.text, start)
        written = word.group() if word else ""
        end = start + len(written)
        number = _NUMBER.fullmatch(written)
        if written in _CONSTANTS:
            self._report(NUMBER_RANGE, start, end, f"{written} is not a JSON number", spoils=True)
        elif number:
            self._check_range(start, written, is_whole=number.lastindex is None)
        elif written not in _LITERALS:
            message, suggestion, length = mistake_in_value(self.text, start, written)
            self._stop(SYNTAX, start, start + length, message, suggestion)
        self.tape.close(self._open(start), end)
        self._at = end

    def _check_range(self, start: int, written: str, *, is_whole: bool) -> None:
        if is_whole:
            limit = sys.get_int_max_str_digits()
            too_large = 0 < limit < len(written.lstrip("-"))
        else:
            too_large = abs(float(written)) == float("inf")
        if too_large:
            self._report(NUMBER_RANGE, start, start + len(written), "the number is too large to hold", spoils=True)

    def _string(self, *, spoils: bool = False) -> tuple[str, int]:
        """Read a string and return it with the offset after it."""
        start = self._at
        end = self._at = self._string_end(start)
        written = self.text[start:end]
        if "\\u" in written:
            written = self._without_halves(start, written, spoils=spoils)
        text: str = json.loads(written)
        return text, end

    def _string_end(self, start: int) -> int:
        body = _STRING.match(self.text, start)
        assert body is not None  # the caller has seen the opening quote
        end = body.end()
        found = self.text[end : end + 1]
        return end + 1 if found == '"' else self._refuse_string(start, end, found)

    def _refuse_string(self, start: int, end: int, found: str) -> NoReturn:
        if not found:
            self._stop(SYNTAX, start, start + 1, "this string is never closed")
        if found == "\\":
            self._stop(SYNTAX, end, end + 2, f"{shown(self.text[end : end + 2])} is no escape that JSON knows")
        if found in "\r\n":
            self._stop(SYNTAX, start, end, "this string is not closed on its line", "close it, or write \\n")
        message = f"a control character must be escaped: \\u{ord(found):04x}"
        self._stop(SYNTAX, end, end + 1, message)

    def _without_halves(self, start: int, written: str, *, spoils: bool) -> str:
        parts: list[str] = []
        done = 0
        for half in _HALVES.finditer(written):
            if half.group(1) is None:
                continue
            begin, end = half.span()
            message = f"{half.group()} is half of a surrogate pair"
            self._report(LONE_SURROGATE, start + begin, start + end, message, spoils=spoils)
            self._halves.append(start + begin)
            parts += (written[done:begin], _REPLACEMENT)
            done = end
        return "".join(parts) + written[done:]

    def _open(self, start: int, *, is_list: bool = False) -> int:
        key, key_start, key_end = self._key
        return self.tape.open(start, key=key, key_start=key_start, key_end=key_end, is_list=is_list)

    def _skip_space(self) -> None:
        space = _SPACE.match(self.text, self._at)
        self._at = space.end() if space else self._at

    def _path(self) -> list[str | int]:
        return [each.token for each in self._stack if each.token is not None]

    def _missing(self, wanted: str, suggestion: str | None = None) -> NoReturn:
        if self._at == len(self.text):
            self._stop(SYNTAX, self._at, self._at, f"the text ends where {wanted} is expected")
        self._refuse_comment()
        self._stop(SYNTAX, self._at, self._at + 1, f"{wanted} is expected here", suggestion)

    def _refuse_comment(self) -> None:
        if starts_comment(self.text, self._at):
            self._stop(SYNTAX, self._at, self._at + 1, NO_COMMENTS, REMOVE_COMMENT)

    def _report(
        self,
        rule: FindingRule,
        start: int,
        end: int,
        message: str,
        *,
        first: tuple[int, int] | None = None,
        spoils: bool = False,
    ) -> None:
        self._reporter.add(rule, start, end, message, path=self._path(), first=first, spoils=spoils)

    def _stop(self, rule: FindingRule, start: int, end: int, message: str, suggestion: str | None = None) -> NoReturn:
        self._reporter.add(rule, start, end, message, path=self._path(), suggestion=suggestion)
        raise Unreadable
