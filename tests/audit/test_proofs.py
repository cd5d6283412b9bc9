"""A single line proven to stand in a log, checked with the proof and a key alone."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.verifier.merkle import inclusion_proof, leaf_hash
from reporting_governance.verifier.note import parse_vkey, vkey_of
from tests.audit.world import World, asked, mark_of, root_of, signed_head


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def proof_of(world: World, seq: int, note: bytes | None = None) -> str:
    """Write the proof by hand, as the specification has it."""
    lines = world.lines()
    hashes = inclusion_proof(seq - 1, world.late, map(leaf_hash, lines))
    head = note if note is not None else Path(world.head(world.late)).read_bytes()
    opening = ["c2sp.org/tlog-proof@v1", f"extra {b64(lines[seq - 1])}", f"index {seq - 1}", *map(b64, hashes)]
    return "\n".join([*opening, "", head.decode()])


def ask(text: str, world: World, tmp_path: Path, **options: object) -> tuple[int, set[str]]:
    path = tmp_path / "one.tlog-proof"
    path.write_text(text)
    options.setdefault("keys", [world.vkey])
    options.setdefault("require", "authenticity")
    answer = asked(None, proof=str(path), **options)  # type: ignore[arg-type]
    return answer.code, answer.codes


@pytest.mark.parametrize("seq", [1, 2, 11, 14, 23, 24])
def test_a_line_is_proven_without_the_log(untouched: World, tmp_path: Path, seq: int) -> None:
    proof = proof_of(untouched, seq)
    assert ask(proof, untouched, tmp_path) == (0, {"anchor-missing"})
    assert ask(proof, untouched, tmp_path, require="anchored", anchors=(untouched.late_mail,)) == (0, set())
    assert ask(proof, untouched, tmp_path, keys=[]) == (3, {"anchor-missing", "key-first-use"})


def test_the_proof_that_export_writes_is_one(untouched: World, tmp_path: Path) -> None:
    from reporting_governance.stages.export_proof import prove_line
    from reporting_governance.storage.files.exporting import log_folder

    made = prove_line(log_folder(untouched.state), 11, lambda _read: None)
    assert made.data.decode() == proof_of(untouched, 11)
    assert ask(made.data.decode(), untouched, tmp_path) == (0, {"anchor-missing"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("@v1", "@v2"), "proof-malformed"),
        (lambda text: text.replace("index 10", "index 9"), "proof-mismatch"),
        (lambda text: text.replace("index 10", "index 010"), "proof-malformed"),
        (lambda text: text.replace("index 10", "index 99"), "proof-malformed"),
        (lambda text: text.replace("\nextra ", "\nextra A"), "proof-malformed"),
        (lambda text: text.replace("index 10\n", f"index 10\n{b64(bytes(32))}\n"), "proof-malformed"),
        (lambda text: text.replace("index 10\n", f"index 10\n{b64(bytes(32))}\n" * 80), "proof-malformed"),
        (lambda text: text.partition("\n\n")[0], "proof-malformed"),
        (lambda text: text.replace("\n\n", "\n"), "proof-malformed"),
        (lambda text: text.replace("\n24\n", "\n25\n"), "head-forged"),
        (lambda text: "", "proof-malformed"),
    ],
)
def test_a_proof_that_is_none(untouched: World, tmp_path: Path, change: Callable[[str], str], code: str) -> None:
    """immudb GHSA-672p-m5jq-mrh8: a client that took forged proofs for good."""
    found, codes = ask(change(proof_of(untouched, 11)), untouched, tmp_path)
    assert (found, code in codes) == (1, True), codes


def test_another_line_in_the_place_of_the_proven(untouched: World, tmp_path: Path) -> None:
    lines = untouched.lines()
    for other in (lines[9], lines[10].replace(b"coder", b"other")):
        proof = proof_of(untouched, 11).replace(b64(lines[10]), b64(other))
        found, codes = ask(proof, untouched, tmp_path)
        assert (found, "proof-mismatch" in codes) == (1, True)


def test_every_hash_of_a_proof_counts(untouched: World, tmp_path: Path) -> None:
    lines = proof_of(untouched, 11).split("\n")
    blank = lines.index("")
    for place in range(3, blank):
        changed = [*lines[:place], b64(bytes(32)), *lines[place + 1 :]]
        assert ask("\n".join(changed), untouched, tmp_path) == (1, {"proof-mismatch", "anchor-missing"})


def test_a_proof_signed_by_somebody_else(world: World, tmp_path: Path) -> None:
    another = KeyFile(f"{world.state}/keys/another.key")
    another.make()
    key = vkey_of(parse_vkey(world.vkey).name, another.public_key())
    note = signed_head(key, another, world.late, root_of(world.lines()))
    assert ask(proof_of(world, 11, note), world, tmp_path) == (1, {"head-of-other-key", "anchor-missing"})
    assert ask(proof_of(world, 11, note), world, tmp_path, keys=[key.text()]) == (0, {"anchor-missing"})


def test_a_proof_of_a_log_that_others_know_otherwise(world: World, tmp_path: Path) -> None:
    mark = mark_of(world, world.late)
    mail = tmp_path / "mail"
    mail.write_text(mark[:-3] + ("000" if mark[-3:] != "000" else "111"))
    found, codes = ask(proof_of(world, 11), world, tmp_path, require="anchored", anchors=(str(mail),))
    assert (found, "log-rewritten" in codes) == (1, True)


def test_bytes_that_count_for_nothing_prove_nothing(untouched: World, tmp_path: Path) -> None:
    """A void line is in the tree, and says nothing."""
    assert ask(proof_of(untouched, 9), untouched, tmp_path) == (1, {"proof-mismatch", "anchor-missing"})


def test_what_is_said_of_a_proof(untouched: World, tmp_path: Path) -> None:
    path = tmp_path / "one.tlog-proof"
    path.write_text(proof_of(untouched, 11))
    document = asked(None, proof=str(path), keys=[untouched.vkey]).document
    assert (document["lines"], document["signed_to"], document["anchored_to"]) == (24, 24, 0)
    assert document["key"] == {"vkey": untouched.vkey, "pinned": True}
    assert "no head held elsewhere" in document["verdicts"]["anchored"]["sentence"]
