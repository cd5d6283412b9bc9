"""The physical lines of one segment, void ones included, each checked against the one before it.

Most segments are one plain chain, and reading them that way takes half the time.  At the first line that takes a closer
look, `chain.Chain` reads on.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import LINE_VERSION
from reporting_governance.storage.chain import Chain, Place
from reporting_governance.verifier.merkle import leaf_hash

_decode = json.JSONDecoder().raw_decode


class PhysicalLine(NamedTuple):
    """One physical line.  `document` is None for a void one."""

    seq: int
    raw: bytes  #: with its LF
    leaf: bytes
    document: Mapping[str, Any] | None


def physical_lines(
    raws: Iterable[bytes], first: int, leaf: bytes, last: int | None, left_out: Callable[[int, int], None]
) -> Iterator[PhysicalLine]:
    """Yield lines in order.

    Args:
        raws: all lines of a segment, each with its LF.
        first: the seq of the first of them.
        leaf: hash of the line before it.
        last: the seq after which nothing is read; its group is read to its end.
        left_out: is told the seq and the number of lines behind the last complete group, when there are any.

    Raises: chain.UnknownVersion; what reading raises.
    """
    rest = iter(raws)
    seq = first - 1
    before = leaf
    group: list[PhysicalLine] = []
    size = 0
    for raw in rest:
        line = _following(raw, seq + 1, before)
        place: Any = None if line is None or line.document is None else line.document.get("g")
        if line is None or not _is_next(place, len(group), size):
            begun = [each.raw for each in group]
            start = Place(0, seq - len(group), leaf)
            yield from _looked_at_closely(chain(begun, (raw,), rest), start, last, left_out)
            return
        seq += 1
        before = line.leaf
        size = place[1]
        if size == 1:
            yield line
        else:
            group.append(line)
            if len(group) < size:
                continue
            yield from group
            group.clear()
        leaf = before
        if seq == last:
            return
    if group:
        left_out(seq - len(group) + 1, len(group))


def _following(raw: bytes, seq: int, before: bytes) -> PhysicalLine | None:
    """Return a line that plainly follows the one before it; None where that takes a closer look."""
    try:
        text = raw.decode("ascii")
        document, end = _decode(text)
    except (ValueError, RecursionError):
        return None
    if end != len(text) - 1 or raw[-1] != 10 or type(document) is not dict:
        return None
    if document.get("seq") != seq or document.get("prev") != before.hex() or document.get("v") != LINE_VERSION:
        return None
    return PhysicalLine(seq, raw, leaf_hash(raw[:-1]), document)


def _is_next(place: Any, begun: int, size: int) -> bool:
    """Tell whether a line has its place in a group of which `begun` lines are there."""
    if begun:
        return bool(place == [begun + 1, size])
    return isinstance(place, list) and len(place) == 2 and place[0] == 1 and type(place[1]) is int and place[1] >= 1


def _looked_at_closely(
    raws: Iterable[bytes], start: Place, last: int | None, left_out: Callable[[int, int], None]
) -> Iterator[PhysicalLine]:
    read: list[bytes] = []
    found = Chain(_noted(raws, read), start)
    seq = start.seq + 1
    for group in found.groups():
        for raw in read[: -len(group)]:  # a line that counts declares them void
            yield PhysicalLine(seq, raw, leaf_hash(raw[:-1]), None)
            seq += 1
        for line in group:
            yield PhysicalLine(seq, line.raw, line.leaf, line.document)
            seq += 1
        read.clear()
        if last is not None and seq > last:
            return
    if found.void is not None:
        left_out(found.void.from_seq, found.void.lines)


def _noted(raws: Iterable[bytes], read: list[bytes]) -> Iterator[bytes]:
    for raw in raws:
        read.append(raw)
        yield raw
