"""Reads JSON strictly.  A text without fault costs little more than `json.loads`.

The quick way only answers "surely nothing is wrong": it compares what `json.loads` built with what a few passes over
the bytes have counted.  At the first doubt the scanner judges, which is slower and finds every fault with its place.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn, cast

from reporting_governance.contracts.reading.document import Document, JsonValue, Places
from reporting_governance.contracts.reading.reporter import Reporter, Unreadable
from reporting_governance.contracts.reading.tape import Tape

_LARGEST = 1.7976931348623157e308
_PARENTHESES = bytes.maketrans(b"[]{}", b"()()")
_NO_STRUCTURE = bytes(code for code in range(256) if code not in b'[]{}":')
_WHOLE_ESCAPES = r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"


class _Doubt(ValueError):
    """The quick way has seen something that only the scanner can judge."""


def read_json(data: bytes, text: str, reporter: Reporter, *, max_depth: int) -> list[Document]:
    """Return the document of a JSON text (none when it cannot be read); what is wrong goes to `reporter`.

    Args:
        data: the UTF-8 bytes of `text`, for the checks that are cheapest on bytes.
    """
    try:
        value = _read_quickly(data, text, max_depth)
    except ValueError:
        return _read_slowly(reporter, max_depth=max_depth)

    def measure() -> Tape:
        return _scan(text, max_depth=max_depth)

    return [Document(value=value, index=1, places=Places(text, measure))]


def _read_quickly(data: bytes, text: str, max_depth: int) -> JsonValue:
    """Return the value of a text that is surely without fault.

    Raises: ValueError when it is not, or may be not.
    """
    if b"\\" in data and _may_hold_half_a_pair(text):
        raise _Doubt
    structure = _structure_of(data)
    _refuse_depth(structure, max_depth)
    try:
        loader = _IDLE.pop()
    except IndexError:
        loader = _CountingLoader()
    value = loader.load(text)
    distinct_keys = loader.keys
    _IDLE.append(loader)
    if distinct_keys != structure.count(b":"):
        raise _Doubt
    return value


class _CountingLoader:
    """Loads JSON and counts the keys of all objects.  Kept for the next text: making a decoder costs as much as a
    small text."""

    def __init__(self) -> None:
        self.keys = 0
        self._decoder = json.JSONDecoder(object_hook=self._count, parse_constant=_refuse, parse_float=_finite)

    def load(self, text: str) -> JsonValue:
        self.keys = 0
        return cast(JsonValue, self._decoder.decode(text))

    def _count(self, members: dict[str, JsonValue]) -> dict[str, JsonValue]:
        self.keys += len(members)
        return members


_IDLE: list[_CountingLoader] = []  #: taken out while in use, so that no two threads share one


def _structure_of(data: bytes) -> bytes:
    """Return the brackets (as parentheses) and colons of a JSON text that are not part of a string."""
    if b"\\" in data and b'\\"' in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    rest = data.translate(_PARENTHESES, _NO_STRUCTURE).replace(b'""', b"")
    return b"".join(rest.split(b'"')[::2]) if b'"' in rest else rest


def _refuse_depth(structure: bytes, max_depth: int) -> None:
    """Raise _Doubt when brackets may nest deeper than `max_depth`.

    Each round removes the innermost pairs, so what nests n deep is gone after n rounds.
    """
    if structure.count(b"(") <= max_depth:
        return
    brackets = structure.replace(b":", b"")
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"()", b"")
    if brackets:
        raise _Doubt


def _may_hold_half_a_pair(text: str) -> bool:
    """Tell whether an escape may stand for half of a character; never wrong when it says no."""
    if "\\u" not in text:
        return False
    rest = re.sub(_WHOLE_ESCAPES, " ", text)
    return re.search(r"\\u[dD][89a-fA-F]", rest) is not None


def _refuse(_constant: str) -> NoReturn:
    raise _Doubt


def _finite(written: str) -> float:
    number = float(written)
    if -_LARGEST <= number <= _LARGEST:
        return number
    raise _Doubt


def _read_slowly(reporter: Reporter, *, max_depth: int) -> list[Document]:
    from reporting_governance.contracts.reading.json_scanner import JsonScanner

    scanner = JsonScanner(reporter, max_depth=max_depth)
    try:
        scanner.scan()
    except Unreadable:
        return []
    value = json.loads(
        scanner.loadable_text(),
        parse_constant=lambda _constant: None,
        parse_float=_finite_or_null,
        parse_int=_whole_or_null,
    )
    places = Places(reporter.text, lambda: scanner.tape)
    return [Document(value=value, index=1, places=places, spoiled=frozenset(reporter.spoiled))]


def _finite_or_null(written: str) -> float | None:
    number = float(written)
    return number if -_LARGEST <= number <= _LARGEST else None


def _whole_or_null(written: str) -> int | None:
    try:
        return int(written)
    except ValueError:  # more digits than Python converts (sys.get_int_max_str_digits)
        return None


def _scan(text: str, *, max_depth: int) -> Tape:
    from reporting_governance.contracts.reading.json_scanner import JsonScanner

    scanner = JsonScanner(Reporter(text, name=""), max_depth=max_depth)
    scanner.scan()
    return scanner.tape
