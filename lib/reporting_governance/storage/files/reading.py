"""Lines of the log for those who ask: replayed in order, never beyond what is synced and applied."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, Place, UnknownVersion
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.seeking import place_before
from reporting_governance.storage.files.segments import first_document, last_leaf
from reporting_governance.storage.interface import Line
from reporting_governance.storage.lines import ZERO_LEAF

_LEAF = re.compile(r"[0-9a-f]{64}")


def lines(layout: Layout, applied: Applied, from_seq: int) -> Iterator[Line]:
    """Yield the valid lines from a seq up to `applied`, without those that are retired.

    Raises: StorageError for damage, and for lines that are missing and not retired; OSError.
    """
    firsts = layout.segments()
    if firsts and from_seq < firsts[0]:
        from reporting_governance.storage.files.retired import require_told

        require_told(layout, applied, from_seq)
    yield from kept_lines(layout, applied, from_seq)


def kept_lines(layout: Layout, applied: Applied, from_seq: int) -> Iterator[Line]:
    """Yield the valid lines that are there, whatever is missing before them.  Raises as `lines`."""
    firsts = [first for first in layout.segments() if first <= applied.segment]
    wanted = [
        first
        for first, following in zip(firsts, [*firsts[1:], applied.seq + 1], strict=True)
        if following > from_seq or first == applied.segment
    ]
    for first in wanted:
        path = layout.segment(first)
        end = applied.offset if first == applied.segment else None
        start = place_before(path, first, end, from_seq) or Place(0, first - 1, leaf_before(layout, firsts, first))
        chain = Chain(journal_io.raw_lines(path, start.offset, end), start)
        try:
            for group in chain.groups():
                for line in group:
                    if line.seq >= from_seq:
                        yield Line(line.seq, line.document, line.leaf.hex())
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
        if chain.void is not None:
            raise StorageError(path=path, reason=f"damaged: line {chain.end.seq + 1} does not chain")
        if first != firsts[-1] and chain.end.seq + 1 != firsts[firsts.index(first) + 1]:
            raise StorageError(path=path, reason=f"lines are missing behind line {chain.end.seq}")


def leaf_before(layout: Layout, firsts: list[int], first: int) -> bytes:
    """Return the leaf hash of the line before a segment: what its first line names, else the last of the one before."""
    if first == 1:
        return ZERO_LEAF
    document = first_document(layout.segment(first))
    said = None if document is None or document.get("seq") != first else leaf_named(document)
    if said is not None:
        return said
    if first == firsts[0]:
        raise StorageError(path=layout.segment(first), reason="damaged: its first line does not say what it follows")
    return last_leaf(layout.segment(firsts[firsts.index(first) - 1]))[1]


def leaf_named(document: Mapping[str, Any]) -> bytes | None:
    """Return the hash of the line before that a line names, None when it names none."""
    leaf = document.get("prev")
    return bytes.fromhex(leaf) if isinstance(leaf, str) and _LEAF.fullmatch(leaf) else None
