"""The roots of complete subtrees over a stretch of leaves that need not begin at a tree's left edge.

Several processes can each take a stretch of a log; what they return is put together leaf by leaf no more, but subtree
by subtree.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from reporting_governance.verifier.merkle import root


class Subtree(NamedTuple):
    """The root over 2**level leaves."""

    level: int
    hash: bytes


class SubtreeStack:
    """Takes leaves in order; holds the largest complete subtrees, aligned as in the whole tree, left to right."""

    __slots__ = ("_hashes", "_levels", "size")

    def __init__(self, size: int = 0) -> None:
        self.size = size  #: leaves before the next one
        self._levels: list[int] = []
        self._hashes: list[bytes] = []

    def push(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        levels, hashes = self._levels, self._hashes
        level, place = 0, self.size
        self.size = place + 1
        while place & 1 and levels and levels[-1] == level:
            levels.pop()
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            level += 1
            place >>= 1
        levels.append(level)
        hashes.append(leaf)

    def push_subtree(self, subtree: Subtree) -> None:
        """Add the root over leaves that follow.  Raises: ValueError when it does not stand where it could."""
        level, whole = subtree
        place, rest = divmod(self.size, 1 << level)
        if rest:
            raise ValueError("a subtree that stands across the edge of another")
        self.size += 1 << level
        while place & 1 and self._levels and self._levels[-1] == level:
            self._levels.pop()
            whole = sha256(b"\x01" + self._hashes.pop() + whole).digest()
            level += 1
            place >>= 1
        self._levels.append(level)
        self._hashes.append(whole)

    def taken(self) -> list[Subtree]:
        """Return what was gathered and forget it; the next leaf begins a new stretch."""
        found = [Subtree(level, whole) for level, whole in zip(self._levels, self._hashes)]  # noqa: B905
        self._levels.clear()
        self._hashes.clear()
        return found

    def frontier(self) -> tuple[bytes, ...]:
        """Return the hashes, largest first; a frontier only when the stack began at leaf 0."""
        return tuple(self._hashes)

    def root(self) -> bytes:
        """Return the root over all leaves; as `frontier`, only when the stack began at leaf 0."""
        return root(self._hashes)

    def load(self, size: int, frontier: Iterable[bytes]) -> None:
        """Begin anew at a frontier that is known.  Raises: ValueError when a tree of that size has another number."""
        hashes = list(frontier)
        levels = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
        if len(levels) != len(hashes) or any(len(each) != 32 for each in hashes):
            raise ValueError("this is not the frontier of a tree of that size")
        self.size, self._levels, self._hashes = size, levels, hashes
