"""Reading the log as what it is: a chain of lines in groups, with void stretches that a later line declares.

The first byte that does not chain starts a void stretch, and all that follows is void, whole lines too, until a
`log.torn` line that names the stretch by its first seq, its number of lines, its size and its digest.  A group that is
not complete where such a line follows is void from its first line on.  Every physical line is one seq and one leaf.
Void bytes need not name the line before them, so the declaring line does: or that line could be changed unseen.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LINE_VERSION, LineType
from reporting_governance.storage.lines import decode_line
from reporting_governance.verifier.merkle import leaf_hash

_TORN = LineType.LOG_TORN.value


class UnknownVersion(ValueError):
    """A line that chains, of a version this program does not know: not understood, which is not damage."""


@frozen
class Place:
    """Between two lines of a segment: what was read before it."""

    offset: int
    seq: int  #: of the line before
    leaf: bytes
    length: int = 0  #: of the line before, with its LF


@frozen
class ChainLine:
    """One valid line."""

    seq: int
    document: Mapping[str, Any]
    leaf: bytes
    raw: bytes  #: the line with its LF


LineGroup = tuple[ChainLine, ...]


@frozen
class Void:
    """A stretch at the end of a segment that counts for nothing and is not declared yet."""

    from_seq: int
    lines: int  #: physical lines, one that lacks its LF included
    size: int  #: bytes
    sha256: str
    ends_whole: bool  #: the last line has its LF; without it the stretch cannot be declared yet
    last: Place  #: behind the stretch
    after: str  #: leaf hash of the line before the stretch

    def meta(self) -> dict[str, Any]:
        """Return what the `log.torn` line says about it."""
        said = {"from_seq": self.from_seq, "lines": self.lines, "bytes": self.size, "sha256": self.sha256}
        return {**said, "after": self.after}


class Chain:
    """Reads one segment's lines from a place on.  Iterate `groups`; afterwards `end` and `void` tell how it ends."""

    def __init__(self, lines: Iterable[bytes], start: Place) -> None:
        self._lines = lines
        self.end = start  #: behind the last valid group
        self.void: Void | None = None
        self.voids = 0  #: stretches that a line declares

    def groups(self) -> Iterator[LineGroup]:
        """Yield the valid groups in order.  Raises UnknownVersion."""
        at = self.end
        pending: list[ChainLine] = []
        stretch = _Stretch(at)  # what is read since the last complete group
        broken = False
        for raw in self._lines:
            whole = raw.endswith(b"\n")
            leaf = leaf_hash(raw[:-1] if whole else raw)
            offset = at.offset + len(raw)
            line = _valid(raw, leaf, at) if whole else None
            at = Place(offset, at.seq + 1, leaf, len(raw))
            if line is not None and stretch.is_declared_by(line.document):
                self.voids += 1
                pending, broken = [], False
            elif broken or line is None or not _continues(pending, line):
                broken = True
                stretch.add(raw)
                continue
            pending.append(line)
            if len(pending) == line.document["g"][1]:
                self.end = at
                yield tuple(pending)
                pending = []
                stretch = _Stretch(at)
            else:
                stretch.add(raw)
        self.void = stretch.as_void(at)


class _Stretch:
    """The bytes since the last complete group: an unfinished group, or the beginning of what is void."""

    def __init__(self, start: Place) -> None:
        self._from_seq = start.seq + 1
        self._after = start.leaf.hex()
        self._digest = sha256()
        self._lines = 0
        self._size = 0
        self._last = b""

    def add(self, raw: bytes) -> None:
        self._digest.update(raw)
        self._lines += 1
        self._size += len(raw)
        self._last = raw

    def is_declared_by(self, document: Mapping[str, Any]) -> bool:
        """Tell whether a line that chains declares exactly this stretch void."""
        if self._lines == 0 or document.get("type") != _TORN or document["g"] != [1, 1]:
            return False
        said: dict[str, Any] = {"from_seq": self._from_seq, "lines": self._lines, "bytes": self._size}
        said["sha256"] = self._digest.hexdigest()
        return document.get("meta") in (
            {**said, "after": self._after},
            said,
        )  # earlier logs do not name the line before

    def as_void(self, at: Place) -> Void | None:
        if self._lines == 0:
            return None
        whole = self._last.endswith(b"\n")
        return Void(self._from_seq, self._lines, self._size, self._digest.hexdigest(), whole, at, self._after)


def _valid(raw: bytes, leaf: bytes, before: Place) -> ChainLine | None:
    """Return the line when it follows the one before it, None when it does not."""
    document = decode_line(raw)
    if document is None or document.get("seq") != before.seq + 1 or document.get("prev") != before.leaf.hex():
        return None
    if document.get("v") != LINE_VERSION:
        raise UnknownVersion(f"line {before.seq + 1} is of version {document.get('v')!r}")
    place = document.get("g")
    if not (isinstance(place, list) and len(place) == 2 and all(type(each) is int for each in place)):
        return None
    return ChainLine(before.seq + 1, document, leaf, raw)


def _continues(pending: list[ChainLine], line: ChainLine) -> bool:
    place, size = line.document["g"]
    if pending:
        return bool(place == len(pending) + 1 and size == pending[0].document["g"][1])
    return bool(place == 1 and size >= 1)
