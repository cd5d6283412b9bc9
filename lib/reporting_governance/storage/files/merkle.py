"""The Merkle tree of RFC 6962 over the lines, kept as its frontier: the roots of the complete subtrees, largest first.

A leaf's index is its line's seq - 1.  Appending costs one hash on average and the frontier has at most one hash for
each binary digit of the size, so a line can carry it.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def extend(size: int, frontier: Sequence[bytes], leaves: Iterable[bytes]) -> tuple[int, tuple[bytes, ...]]:
    """Return size and frontier after more leaves.

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
