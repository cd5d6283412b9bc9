"""The Merkle tree of RFC 6962 over a log's lines: its root from a frontier, and proofs that a line is in it.

A leaf is a line's bytes without the newline; its index is the line's seq - 1.  The frontier of a tree is the list of
the roots of its complete subtrees, largest first: it has as many hashes as the size has binary ones, so a line can
carry it, and appending costs one hash on average.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256


def leaf_hash(line: bytes) -> bytes:
    """Return the leaf hash of a line's bytes, its newline left out (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def extend(size: int, frontier: Sequence[bytes], leaves: Iterable[bytes]) -> tuple[int, tuple[bytes, ...]]:
    """Return size and frontier after more leaf hashes.

    Args:
        size: number of leaves that `frontier` stands for; it has as many hashes as `size` has binary ones.
    """
    hashes = list(frontier)
    for leaf in leaves:
        whole = leaf
        complete = size
        while complete & 1:
            whole = node_hash(hashes.pop(), whole)
            complete >>= 1
        hashes.append(whole)
        size += 1
    return size, tuple(hashes)


def root(frontier: Sequence[bytes]) -> bytes:
    """Return the tree's root, that of an empty tree included."""
    if not frontier:
        return sha256(b"").digest()
    whole = frontier[-1]
    for left in reversed(frontier[:-1]):
        whole = node_hash(left, whole)
    return whole


def inclusion_proof(index: int, size: int, leaves: Iterable[bytes]) -> list[bytes]:
    """Return the hashes that lead from one leaf to the root, nearest the leaf first.

    The leaves are read once, in order; what is kept of them is one frontier and the proof.

    Args:
        index: the leaf's place, from 0.
        size: number of leaves of the tree.
        leaves: the leaf hashes of the whole tree; what comes after `size` is not read.
    Raises: ValueError when the tree has no such leaf, or `leaves` ends too early.
    Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    ranges = _sibling_ranges(index, size)
    roots: dict[int, bytes] = {}
    source = iter(leaves)
    at = 0
    for start, stop in sorted(ranges):
        at += _skipped(source, start - at)
        read, frontier = extend(0, (), _taken(source, stop - start))
        at += read
        if at != stop:
            raise ValueError(f"{at} leaves where there should be {size}")
        roots[start] = root(frontier)
    return [roots[start] for start, _ in ranges]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that a proof leads to; the caller compares it with the one he trusts.

    Args:
        leaf: the leaf hash.
    Raises: ValueError when the tree has no such leaf, or the proof has not the hashes that such a proof has.
    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    if len(leaf) != 32 or any(len(each) != 32 for each in proof):
        raise ValueError("a hash of a proof has 32 bytes")
    ranges = _sibling_ranges(index, size)
    if len(proof) != len(ranges):
        raise ValueError(f"a proof of leaf {index} of {size} has {len(ranges)} hashes, not {len(proof)}")
    whole = leaf
    for (start, _), sibling in zip(ranges, proof):  # noqa: B905 (as long, see above; Python before 3.10 reads it too)
        whole = node_hash(sibling, whole) if start < index else node_hash(whole, sibling)
    return whole


def _sibling_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return which leaves each hash of a leaf's proof stands for, nearest the leaf first."""
    ranges: list[tuple[int, int]] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def _skipped(source: Iterable[bytes], count: int) -> int:
    return sum(1 for _ in _taken(source, count))


def _taken(source: Iterable[bytes], count: int) -> Iterable[bytes]:
    for _, leaf in zip(range(count), source):  # noqa: B905 (the shorter one ends it)
        yield leaf
