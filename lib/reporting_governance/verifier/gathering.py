"""What a segment's judge gathers on its way: plain lines counted together, an open stretch, withheld lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NoReturn, Optional

from reporting_governance.verifier.faults import StretchFaults
from reporting_governance.verifier.stretches import Leaves

TIME_TO_THE_HOUR = 13  #: characters of a time
_TIME_LENGTH = 24
_RECORD_FIELDS = frozenset(("kind", "id", "body", "about"))
_DELIVERY_FIELDS = ("spool_id", "attempt_id", "outcome", "reason")
_KNOWN_VERSION = 1
_LONGEST_DOCUMENT = 1 << 20  #: bytes; no line is longer, and reading one takes thirty times its size
_DEEPEST_DOCUMENT = 200  #: levels; how deep a Python can read depends on the Python, and its answer must not
_JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


decode_json = json.JSONDecoder(parse_constant=_refuse_constant).decode
encode_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def document_in(raw: bytes) -> Optional[dict[str, Any]]:  # noqa: UP045
    """Return the object that a line's bytes hold, None when they hold none."""
    if len(raw) > _LONGEST_DOCUMENT or raw.count(b"[") + raw.count(b"{") > _DEEPEST_DOCUMENT < _depth_of(raw):
        return None
    try:
        document = decode_json(raw.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return document if type(document) is dict else None


def _depth_of(raw: bytes) -> int:
    """Return how many brackets are open at once, those in texts left out."""
    deepest = depth = 0
    for each in _JSON_TEXT.sub(b"", raw):
        depth += (each in b"[{") - (each in b"]}")
        deepest = max(deepest, depth)
    return deepest


def written_again(document: Mapping[str, Any]) -> Optional[bytes]:  # noqa: UP045
    """Return a line's bytes as the program writes them; None of what it could not have: a number beyond all bounds."""
    try:
        return encode_json(document).encode("ascii")
    except ValueError:
        return None


def says_twice(raw: bytes) -> bool:
    """Tell whether an object in a line has one key twice: two readers could read two things."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)

    json.loads(raw, object_pairs_hook=look)
    return found


def is_of_known_version(document: Mapping[str, Any]) -> bool:
    """Tell whether a line is of the version that is known here; `true` and `1.0` are no number of a version."""
    return type(document.get("v")) is int and document["v"] == _KNOWN_VERSION


def is_group(value: Any) -> bool:
    """Tell whether a value says a place and a size."""
    return type(value) is list and len(value) == 2 and type(value[0]) is int and type(value[1]) is int


def _is_record(value: Any) -> bool:
    """Tell whether a line's record is none, or has what everybody reads of one."""
    return value is None or (
        type(value) is dict
        and value.keys() >= _RECORD_FIELDS
        and type(value["kind"]) is str
        and type(value["id"]) is str
        and type(value["body"]) is dict
        and type(value["about"]) is list
        and all(type(each) is str for each in value["about"])
    )


def has_shape(document: Mapping[str, Any]) -> bool:
    """Tell whether a line has what everybody reads of one, each of its kind."""
    time, meta = document.get("ts"), document.get("meta")
    return (
        type(time) is str
        and len(time) == _TIME_LENGTH
        and type(document.get("type")) is str
        and (meta is None or type(meta) is dict)
        and _is_record(document.get("record"))
    )


def delivery_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a record what tells how a notice fared."""
    body = record["body"]
    kept = {name: body[name] for name in _DELIVERY_FIELDS if type(body.get(name)) is str}
    return {"kind": record["kind"], "id": record["id"], "about": record["about"], "body": kept}


class PlainRun:
    """Lines of records that follow each other within an hour, of which nothing is asked but how many of a kind."""

    __slots__ = ("_count", "_first", "_first_ts", "_hour", "_kinds", "_last_ts")

    def __init__(self, seq: int, time: str, kind: str) -> None:
        self._first = seq
        self._first_ts = self._last_ts = time
        self._hour = time[:TIME_TO_THE_HOUR]
        self._kinds = {kind: 1}
        self._count = 1

    def adds(self, seq: int, time: str, kind: str) -> bool:
        """Take one more line, or say that it does not belong to the run."""
        if seq != self._first + self._count or time[:TIME_TO_THE_HOUR] != self._hour:
            return False
        self._count += 1
        self._last_ts = time
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        return True

    def event(self) -> tuple[Any, ...]:
        """Return the run as plain data."""
        return ("r", self._first, self._count, self._kinds, self._first_ts, self._last_ts)


class OpenStretch:
    """Bytes that count for nothing: since the last complete group, up to a line that declares them void."""

    def __init__(self, from_seq: int, before: str) -> None:
        self.from_seq = from_seq
        self.before = before  #: leaf hash of the line before it; empty when it is not known
        self.lines = 0
        self.faults: Optional[StretchFaults] = None  # noqa: UP045 - None: nothing but a group that is not complete
        self._size = 0
        self._digest = sha256()

    @classmethod
    def of(cls, pending: list[tuple[int, bytes, dict[str, Any]]]) -> Optional[OpenStretch]:  # noqa: UP045
        """Return the stretch that a group's first lines make, None when there are none."""
        if not pending:
            return None
        stretch = cls(pending[0][0], str(pending[0][2].get("prev")))
        for _, raw, _ in pending:
            stretch.add(raw, True)
        return stretch

    def add(self, raw: bytes, whole: bool) -> None:
        """Add a line; `whole`: it has its newline."""
        data = raw + b"\n" if whole else raw
        self._digest.update(data)
        self._size += len(data)
        self.lines += 1

    def is_declared_by(self, meta: Any) -> bool:
        """Tell whether a line that says this declares exactly these bytes void."""
        said = {"from_seq": self.from_seq, "lines": self.lines, "bytes": self._size}
        wanted = {**said, "sha256": self._digest.hexdigest()}
        return isinstance(meta, dict) and {name: meta[name] for name in meta if name != "after"} == wanted


class WithheldLines:
    """The leaf hashes of lines that are not shown, one ahead."""

    def __init__(self, leaves: Optional[Leaves]) -> None:  # noqa: UP045
        self._source = iter(()) if leaves is None else leaves.read()
        self.next_seq: Optional[int] = None  # noqa: UP045 - None behind the last
        self.leaf = b""
        self.advance()

    def advance(self) -> None:
        """Go on to the next.  Raises: ValueError for a list that is not as it must be."""
        self.next_seq, self.leaf = next(self._source, (None, b""))
