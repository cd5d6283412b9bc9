"""Retiring the oldest segments: what can go, the line that says so, and then the files.

The order is the promise.  Leaf hashes are synced first, so that every root stays computable.  What only the lines
name is listed beside the log, then the line is added and synced, and only then files go: the segments, oldest first,
and after them their blobs.  Killed anywhere, either nothing has happened, or the next one finishes what the line says.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.retention import RetirementPlan, Stretch
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, Place, UnknownVersion
from reporting_governance.storage.files import journal_io, rebuild, segments, snapshots
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.holding_back import OpenWork
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.reading import leaf_before, leaf_named
from reporting_governance.storage.files.retired import retirements
from reporting_governance.storage.state import State
from reporting_governance.verifier.merkle import extend, leaf_hash, root

_SNAPSHOTS_NEEDED = 2
_BLOB = re.compile(rb'"\$blob":"([0-9a-f]{64})"')
_SAYS_WHAT_IS_IN_FORCE = (
    LineType.LOG_OPEN.value,
    LineType.CONFIG_CHANGED.value,
    LineType.LOG_SEGMENT_RETIRED.value,
)


class Prepared(NamedTuple):
    """A plan, and what the line says beyond it."""

    plan: RetirementPlan
    standing: dict[str, Any]  #: what retired lines said and still holds: what was in force, and the log's keys
    erased: tuple[str, ...] = ()  #: blobs whose erasure they told, and that something kept names: it is told again


class _Read(NamedTuple):
    """What one segment that may go holds, with all before it."""

    stretch: Stretch
    root: bytes
    blobs: frozenset[str]  #: of this segment alone
    erased: frozenset[str]  #: that lines of this segment erase
    standing: dict[str, Any]


def prepare(layout: Layout, applied: Applied, before: datetime) -> Prepared:
    """Find out which segments can be retired whose lines are all older than `before`.  Changes nothing.

    Raises: StorageError for damage; OSError.
    """
    firsts = layout.segments()
    old = list(_old_enough(layout, firsts, before))
    end = (applied.segment, applied.offset)
    floor = _floor(layout, firsts, end) if old else None
    possible = [each for each in old if floor is not None and each[0].from_seq <= floor]
    if floor is None or not possible:
        why = "two snapshots of open work behind it have to be there, each named by a line" if old else ""
        return Prepared(RetirementPlan((), "", (), (), len(old), why), {})
    state = rebuild.state_behind(layout, floor, end)
    assert state is not None
    work = OpenWork(state.contents)
    read = list(_read(layout, firsts, possible, work))
    work.learn_births(layout, [first for first in firsts if first > possible[-1][0].from_seq])
    held = work.holders(possible[-1][0].to_seq)
    oldest_held = held[0].since_seq if held else possible[-1][0].to_seq + 1
    going = [each for each in read if each.stretch.to_seq < oldest_held]
    kept_old = len(old) - len(going)
    why = "they stand above the older of the two newest snapshots" if len(going) == len(possible) < len(old) else ""
    if not going:
        return Prepared(RetirementPlan((), "", (), held, kept_old, why), {})
    named = frozenset[str]().union(*(each.blobs for each in going))
    blobs = _named_by_nothing_else(layout, named, going[-1].stretch.to_seq, state)
    told = frozenset[str]().union(*(each.erased for each in going))
    erased = told.difference(_named_by_nothing_else(layout, told, going[-1].stretch.to_seq, state))
    stretches = tuple(each.stretch for each in going)
    plan = RetirementPlan(stretches, going[-1].root.hex(), blobs, held, kept_old, why)
    return Prepared(plan, going[-1].standing, tuple(sorted(erased)))


def secure(layout: Layout, prepared: Prepared) -> None:
    """Bring to the disk what has to be there before the line is: leaf hashes, snapshots' names, the list of blobs.

    Raises: StorageError when kept leaf hashes are not those of the lines; OSError.
    """
    stretches = prepared.plan.stretches
    for each in stretches:
        segments.make_leaves(layout, each.from_seq, each.to_seq + 1)
    kept = (leaf for each in stretches for leaf in _leaves(layout, each))
    if root(extend(0, (), kept)[1]).hex() != prepared.plan.root:
        raise StorageError(
            path=layout.leaves, reason="the kept leaf hashes are not those of the lines; remove the file"
        )
    journal_io.sync_folder(layout.leaves)
    journal_io.sync_folder(layout.snapshots)
    listed = "".join(f"{digest}\n" for digest in prepared.plan.blobs)
    journal_io.write_synced(_list_path(layout), f"{stretches[-1].to_seq}\n{listed}".encode("ascii"))
    journal_io.sync_folder(layout.journal)


def finish(layout: Layout, applied: Applied) -> tuple[list[int], int]:
    """Remove the files of what lines say is retired; return the segments, and how many blobs went.

    Raises: StorageError, OSError; then the next call carries on.
    """
    done = max((each.to_seq for each in retirements(layout, applied)), default=0)
    firsts = layout.segments()
    going = [first for first, following in pairwise(firsts) if following - 1 <= done]
    listed = _listed(layout, done)
    for first in going:
        os.unlink(layout.segment(first))
    if going:
        journal_io.sync_folder(layout.log)
    count = 0
    if listed:
        state = rebuild.state_at(layout, (applied.segment, applied.offset))
        unnamed = _named_by_nothing_else(layout, frozenset(listed), done, state)
        count = sum(os.path.exists(f"{layout.blobs}/{digest}") for digest in unnamed)
        Blobs(layout.blobs).erase(unnamed)
    with suppress(FileNotFoundError):
        os.unlink(_list_path(layout))
    return going, count


def _old_enough(layout: Layout, firsts: list[int], before: datetime) -> Iterator[tuple[Stretch, bytes]]:
    """Yield the closed segments that are old enough, each with the leaf hash of its last line."""
    for first, following in pairwise(firsts):
        opening = segments.first_document(layout.segment(first)) or {}
        closing = segments.first_document(layout.segment(following)) or {}
        closed_at, last = segments.time_of(closing), leaf_named(closing)
        if closed_at is None or last is None:
            if following == firsts[-1] and not closing:
                return  # begun and not written yet
            raise StorageError(path=layout.segment(following), reason=f"damaged: line {following} does not chain")
        if closed_at >= before:
            return
        size = os.stat(layout.segment(first)).st_size
        yield Stretch(first, following - 1, size, str(opening.get("ts", "")), closing["ts"]), last


def _floor(layout: Layout, firsts: list[int], end: tuple[int, int]) -> int | None:
    """Return the newest segment that may go: that of the older of the two newest good snapshots; None without two.

    Good: whole, named by a line, and the newer is what the older and the lines between make.
    """
    good = []
    for first in snapshots.snapshots_before(layout, end[0]):
        path = snapshots.snapshot_path(layout, first)
        named = snapshots.digest_named_for(layout, first) if first in firsts else None
        if named is not None and named == snapshots.file_digest(path) and snapshots.is_whole(path):
            good.append(first)
        if len(good) == _SNAPSHOTS_NEEDED:
            break
    if len(good) < _SNAPSHOTS_NEEDED:
        return None
    newer, older = good
    state = rebuild.state_behind(layout, older, (newer, os.stat(layout.segment(newer)).st_size))
    content = b"" if state is None else snapshots.snapshot_content(newer, state)
    if sha256(content).hexdigest() != snapshots.file_digest(snapshots.snapshot_path(layout, newer)):
        reason = "is not what the snapshot before it and the lines between make"
        raise StorageError(path=snapshots.snapshot_path(layout, newer), reason=reason)
    return older


def _read(layout: Layout, firsts: list[int], possible: list[tuple[Stretch, bytes]], work: OpenWork) -> Iterator[_Read]:
    """Read every line that may go, and hold it against the chain: after this nobody can."""
    size = 0
    hashes: tuple[bytes, ...] = ()
    standing: dict[str, Any] = {"context": None, "keys": []}
    for stretch, last in possible:
        path = layout.segment(stretch.from_seq)
        leaves: list[bytes] = []
        blobs: set[bytes] = set()
        erased: set[str] = set()

        def raw_lines(path: str = path, leaves: list[bytes] = leaves, blobs: set[bytes] = blobs) -> Iterator[bytes]:
            for raw in journal_io.raw_lines(path, 0):
                leaves.append(leaf_hash(raw.rstrip(b"\n")))
                blobs.update(_BLOB.findall(raw))
                yield raw

        start = Place(0, stretch.from_seq - 1, leaf_before(layout, firsts, stretch.from_seq))
        chain = Chain(raw_lines(), start)
        try:
            for group in chain.groups():
                work.learn(group)
                for line in group:
                    standing = still_said(standing, line.document)
                    if line.document["type"] == LineType.RECORD_ERASED.value:
                        erased.add(str((line.document.get("meta") or {}).get("blob")))
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
        if chain.void is not None or chain.end.seq != stretch.to_seq or chain.end.leaf != last:
            raise StorageError(path=path, reason=f"damaged: line {chain.end.seq + 1} does not chain")
        size, hashes = extend(size, hashes, leaves)
        named = frozenset(each.decode("ascii") for each in blobs)
        yield _Read(stretch, root(hashes), named, frozenset(erased), standing)


def still_said(standing: dict[str, Any], document: Any) -> dict[str, Any]:
    """Return what the lines read so far say that holds on: what is in force, and every key of the log."""
    meta = document.get("meta") or {}
    if document["type"] in _SAYS_WHAT_IS_IN_FORCE and meta.get("context"):
        standing = {**standing, "context": meta["context"]}
    if document["type"] == LineType.LOG_SEGMENT_RETIRED.value:
        standing = {**standing, "keys": [*meta.get("keys", ()), *standing["keys"]]}
    if document["type"] == LineType.LOG_KEY.value:
        standing = {**standing, "keys": [*standing["keys"], {**meta, "seq": document["seq"]}]}
    return standing


def _leaves(layout: Layout, stretch: Stretch) -> Iterator[bytes]:
    yield from segments.kept_leaves(layout, stretch.from_seq, stretch.to_seq + 1) or ()


def _named_by_nothing_else(layout: Layout, digests: frozenset[str], until: int, state: State) -> tuple[str, ...]:
    """Return the blobs that neither a line behind `until` nor a view names."""
    left = set(digests)
    for content in state.contents.values():
        left.difference_update(each.decode("ascii") for each in _BLOB.findall(content))
    for first in layout.segments():
        if first > until and left:
            for raw in journal_io.raw_lines(layout.segment(first), 0):
                if b'"$blob"' in raw:
                    left.difference_update(each.decode("ascii") for each in _BLOB.findall(raw))
    return tuple(sorted(left))


def _listed(layout: Layout, done: int) -> list[str]:
    """Return the blobs that were to go with what is retired now; none where the line was never added."""
    try:
        first, *digests = journal_io.read_all(_list_path(layout)).decode("ascii").split()
    except (FileNotFoundError, ValueError):
        return []
    return digests if int(first) <= done else []


def _list_path(layout: Layout) -> str:
    return f"{layout.journal}/retiring"
