"""Segments: when a new one begins, and what is kept beside a closed one.

A closed segment never changes.  So its leaf hashes, the tree's frontier at its end and the snapshot of open work are
caches: whoever comes next makes what is missing.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from reporting_governance.contracts.times import parse_time
from reporting_governance.errors import StorageError
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.lines import ZERO_LEAF, decode_line
from reporting_governance.verifier.merkle import leaf_hash

_LEAF_SIZE = 32


def last_leaf(path: str) -> tuple[int, bytes]:
    """Return the number of physical lines in a segment and the leaf hash of the last one."""
    lines, last = 0, b""
    for raw in journal_io.raw_lines(path, 0):
        lines += 1
        last = raw
    return lines, leaf_hash(last.rstrip(b"\n")) if lines else ZERO_LEAF


def first_document(path: str) -> dict[str, Any] | None:
    """Return the document of a segment's first line, None when it holds none."""
    for raw in journal_io.raw_lines(path, 0):
        return decode_line(raw)
    return None


def opening_meta(layout: Layout, head_seq: int, now: datetime, limits: Limits) -> dict[str, Any]:
    """Return what a `log.segment_open` line says: the tree's frontier before it, and what `past/` may forget.

    `past_before` is the first seq of the newest segment that is old enough: what was put before it is older still.
    The line says it, so that a replay forgets exactly the same.
    """
    from reporting_governance.storage.files.frontiers import frontier

    _, hashes = frontier(layout, head_seq)
    meta: dict[str, Any] = {"frontier": [each.hex() for each in hashes]}
    for first in reversed(layout.segments()):
        document = first_document(layout.segment(first))
        opened = None if document is None else time_of(document)
        if opened is not None and (now - opened).total_seconds() >= limits.past_seconds:
            meta["past_before"] = first
            break
    return meta


def leaves_after(layout: Layout, seq: int) -> Iterator[bytes]:
    """Yield the leaf hashes of all physical lines after a seq, from `leaves/` where a segment's are kept.

    Raises: StorageError when those of retired lines are not; OSError.
    """
    firsts = [*_retired_firsts(layout), *layout.segments()]
    if firsts[:1] != [1] and seq + 1 < (firsts or [1])[0]:
        raise StorageError(path=layout.leaves, reason="the leaf hashes of the oldest retired lines are missing")
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        if following is not None and following <= seq + 1:
            continue
        skip = max(0, seq + 1 - first)
        yield from _leaves_of(layout, first, following, skip)


def make_leaves(layout: Layout, first: int, following: int) -> None:
    """Keep the leaf hashes of a closed segment, 32 bytes a line, unless they are kept already.  Raises OSError."""
    if _kept_leaves(layout, first, following) is None:
        data = b"".join(_hashed(layout.segment(first)))
        if len(data) != (following - first) * _LEAF_SIZE:
            raise StorageError(path=layout.segment(first), reason="a closed segment does not have the lines it had")
        journal_io.write_synced(_leaves_path(layout, first), data)


def kept_leaves(layout: Layout, first: int, following: int) -> Iterator[bytes] | None:
    """Return the leaf hashes that are kept of a closed segment, None when they are not."""
    data = _kept_leaves(layout, first, following)
    return None if data is None else (data[at : at + _LEAF_SIZE] for at in range(0, len(data), _LEAF_SIZE))


def last_retired_leaf(layout: Layout, oldest: int) -> bytes | None:
    """Return the kept leaf hash of the line before the oldest segment, None when it is not kept.  Raises OSError."""
    firsts = _retired_firsts(layout)
    data = _kept_leaves(layout, firsts[-1], oldest) if firsts else None
    return None if data is None else data[-_LEAF_SIZE:]


def _leaves_of(layout: Layout, first: int, following: int | None, skip: int) -> Iterator[bytes]:
    data = None if following is None else _kept_leaves(layout, first, following)
    if data is None:
        if not os.path.exists(layout.segment(first)):
            raise StorageError(path=_leaves_path(layout, first), reason="leaf hashes of retired lines are missing")
        for place, leaf in enumerate(_hashed(layout.segment(first))):
            if place >= skip:
                yield leaf
        return
    for offset in range(skip * _LEAF_SIZE, len(data), _LEAF_SIZE):
        yield data[offset : offset + _LEAF_SIZE]


def _retired_firsts(layout: Layout) -> list[int]:
    """Return the first seqs of the segments of which only the leaf hashes are left."""
    oldest = layout.segments()[:1]
    firsts = sorted(int(name[:12]) for name in os.listdir(layout.leaves) if len(name) == 19 and name[-7:] == ".leaves")
    return [first for first in firsts if oldest and first < oldest[0]]


def _hashed(path: str) -> Iterator[bytes]:
    for raw in journal_io.raw_lines(path, 0):
        if raw.endswith(b"\n"):
            yield leaf_hash(raw[:-1])


def _kept_leaves(layout: Layout, first: int, following: int) -> bytes | None:
    try:
        data = journal_io.read_all(_leaves_path(layout, first))
    except FileNotFoundError:
        return None
    return data if len(data) == (following - first) * _LEAF_SIZE else None


def _leaves_path(layout: Layout, first: int) -> str:
    return f"{layout.leaves}/{first:012d}.leaves"


def time_of(document: dict[str, Any]) -> datetime | None:
    """Return when a line was added, None when it does not say."""
    try:
        return parse_time(document["ts"])
    except (KeyError, TypeError, ValueError):
        return None
