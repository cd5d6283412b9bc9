"""The tree is the one of RFC 6962: known roots, a root built top down, and a proof of every leaf at every size."""

import tracemalloc
from hashlib import sha256

import pytest

from reporting_governance.verifier.merkle import extend, inclusion_proof, leaf_hash, root, root_from_inclusion

#: The entries and the roots after each of them that implementations of RFC 6962 share.
ENTRIES = [bytes.fromhex(each) for each in ("", "00", "10", "2021", "3031", "40414243")] + [
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(1, 71)


def top_down(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + top_down(leaves[:split]) + top_down(leaves[split:])).digest()


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots(size: int) -> None:
    _, frontier = extend(0, (), [leaf_hash(entry) for entry in ENTRIES[:size]])
    assert root(frontier).hex() == ROOTS[size]


def test_a_frontier_grown_leaf_by_leaf_is_the_one_grown_at_once() -> None:
    grown: tuple[int, tuple[bytes, ...]] = (0, ())
    for size, leaf in enumerate(leaves_of(SIZES[-1]), start=1):
        grown = extend(*grown, [leaf])
        assert grown == extend(0, (), leaves_of(size))
        assert len(grown[1]) == size.bit_count()
        assert root(grown[1]) == top_down(leaves_of(size))


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_a_proof_and_no_other_leaf_has_it(size: int) -> None:
    leaves = leaves_of(size)
    wanted = top_down(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(index, size, iter(leaves))
        assert root_from_inclusion(leaf, index, size, proof) == wanted
        assert root_from_inclusion(leaf_hash(b"another"), index, size, proof) != wanted
        for place, each in enumerate(proof):
            other = [*proof[:place], bytes([each[0] ^ 1]) + each[1:], *proof[place + 1 :]]
            assert root_from_inclusion(leaf, index, size, other) != wanted


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_a_proof_is_for_one_place(size: int) -> None:
    leaves = leaves_of(size)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(index, size, leaves)
        for other in set(range(size)) - {index}:
            try:
                found = root_from_inclusion(leaf, other, size, proof)
            except ValueError:
                continue
            assert found != top_down(leaves)


@pytest.mark.parametrize(
    ("index", "size", "hashes"),
    [(0, 0, 0), (-1, 3, 2), (3, 3, 2), (0, 1, 1), (0, 3, 1), (0, 3, 3), (2, 3, 2), (0, 4, 3), (5, 4, 2)],
)
def test_what_cannot_be_a_proof_is_refused(index: int, size: int, hashes: int) -> None:
    with pytest.raises(ValueError):
        root_from_inclusion(bytes(32), index, size, [bytes(32)] * hashes)


@pytest.mark.parametrize(("leaf", "hash_size"), [(31, 32), (33, 32), (32, 31), (32, 0)])
def test_a_hash_of_another_length_is_refused(leaf: int, hash_size: int) -> None:
    with pytest.raises(ValueError):
        root_from_inclusion(bytes(leaf), 0, 2, [bytes(hash_size)])


@pytest.mark.parametrize(("index", "size", "there"), [(0, 3, 2), (2, 3, 1), (0, 2, 1), (3, 3, 3), (-1, 3, 3)])
def test_no_proof_of_leaves_that_are_not_there(index: int, size: int, there: int) -> None:
    with pytest.raises(ValueError):
        inclusion_proof(index, size, leaves_of(there))


def test_leaves_after_the_tree_are_not_read() -> None:
    leaves = leaves_of(9)
    assert inclusion_proof(2, 5, iter(leaves)) == inclusion_proof(2, 5, iter(leaves[:5]))


def test_a_proof_in_a_large_tree_keeps_little() -> None:
    tracemalloc.start()
    try:
        inclusion_proof(12_345, 100_000, (number.to_bytes(32, "big") for number in range(100_000)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000
