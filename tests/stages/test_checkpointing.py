"""Signed heads: made when the log has grown, by the key that the log knows, and of the lines that are there."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.errors import StorageError
from reporting_governance.stages.checkpointing import (
    LogKey,
    enter_key,
    key_in_force,
    key_of,
    make_log_checkpoint,
)
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore
from reporting_governance.verifier.note import LogHead, is_signed_by, parse_head, parse_note, parse_vkey
from tests.stages.watch_world import HandClock
from tests.storage.building import NOW, birth


@dataclass
class SeedSigner:
    """Signs with a seed of the test's choice."""

    seed: bytes
    name: str = "test signer"
    asked: list[bytes] = field(default_factory=list)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def public_key(self) -> bytes:
        return self._private().public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        self.asked.append(message)
        return self._private().sign(message)


@dataclass
class WrongSigner(SeedSigner):
    """Says one key and signs with whatever the test wants."""

    answer: Callable[[bytes], bytes] = bytes

    def sign(self, message: bytes) -> bytes:
        return self.answer(super().sign(message))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FilesStore(str(tmp_path / "state"), actor="test")


ONE, TWO = SeedSigner(bytes(32)), SeedSigner(b"2" * 32)


def grow(store: Store, number: int) -> None:
    store.commit([birth(number)], now=NOW)


def keys_of(store: Store) -> list[str]:
    return [line.document["meta"]["vkey"] for line in store.replay() if line.document["type"] == "log.key"]


def test_the_first_head_brings_its_key_with_it(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    made = make_log_checkpoint(store, ONE, clock=clock)
    assert made is not None
    key = key_of(store, ONE)
    assert keys_of(store) == [key.text()]
    assert made.head == LogHead(key.name, *store.tree_head()[:2])
    assert made.head.size == store.head().seq == store.newest_log_checkpoint()
    note = parse_note(store.log_checkpoint(made.head.size) or b"")
    assert note == parse_note(made.note)
    assert is_signed_by(note, key)
    assert parse_head(note.text) == made.head
    assert key_in_force(store) == LogKey(made.head.size, key)


def test_a_log_that_has_not_grown_gets_no_second_head(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    signer = SeedSigner(bytes(32))
    assert make_log_checkpoint(store, signer, clock=clock) is not None
    asked = len(signer.asked)
    assert make_log_checkpoint(store, signer, clock=clock) is None
    assert len(signer.asked) == asked
    grow(store, 2)
    assert make_log_checkpoint(store, signer, clock=clock) is not None
    assert len(store.log_checkpoints()) == 2
    assert len(keys_of(store)) == 1


def test_a_log_without_a_line_gets_no_head(store: Store, clock: HandClock) -> None:
    assert make_log_checkpoint(store, ONE, clock=clock) is None
    assert store.log_checkpoints() == []
    assert key_in_force(store) is None


def test_another_key_than_the_log_knows_signs_nothing(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    grow(store, 2)
    with pytest.raises(CannotSign, match="the log knows"):
        make_log_checkpoint(store, TWO, clock=clock)
    assert len(store.log_checkpoints()) == 1
    assert keys_of(store) == [key_of(store, ONE).text()]


@pytest.mark.parametrize(
    "answer",
    [
        bytes,
        lambda good: good[:-1],
        lambda good: good[:63] + bytes([good[63] ^ 1]),
        lambda good: bytes([good[0] ^ 1]) + good[1:],
        lambda good: bytes(64),
        lambda good: Ed25519PrivateKey.from_private_bytes(b"3" * 32).sign(b"another text"),
    ],
    ids=["the same", "short", "S changed", "R changed", "zeros", "of another key"],
)
@pytest.mark.parametrize("library", ["loaded", "not loaded"])
def test_what_a_signer_says_is_checked_before_it_is_kept(
    store: Store, clock: HandClock, answer: Callable[[bytes], bytes], library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if library == "not loaded":
        monkeypatch.delitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519")
    grow(store, 1)
    signer = WrongSigner(bytes(32), answer=answer)
    if answer is bytes:
        assert make_log_checkpoint(store, signer, clock=clock) is not None
        return
    with pytest.raises(CannotSign, match="none by its own public key"):
        make_log_checkpoint(store, signer, clock=clock)
    assert store.log_checkpoints() == []
    assert keys_of(store) == []


def test_a_new_key_is_signed_by_the_old_one_and_by_itself(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    before = key_in_force(store)
    entered = enter_key(store, TWO, previous=before, old=ONE, clock=clock)
    assert before is not None
    assert key_in_force(store) == entered
    [first, second] = [line.document["meta"] for line in store.replay() if line.document["type"] == "log.key"]
    assert first["previous"] is None
    assert second["previous"] == first["vkey"] == before.key.text()
    note = parse_note(second["note"].encode())
    assert note.text == (f"reporting-governance log key\n{before.key.name}\n{second['vkey']}\n{second['previous']}\n")
    assert is_signed_by(note, parse_vkey(first["vkey"]))
    assert is_signed_by(note, parse_vkey(second["vkey"]))
    assert make_log_checkpoint(store, TWO, clock=clock) is not None
    grow(store, 2)
    with pytest.raises(CannotSign):
        make_log_checkpoint(store, ONE, clock=clock)


def test_a_lost_key_signs_nothing_and_the_line_says_why(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    before = key_in_force(store)
    entered = enter_key(store, TWO, previous=before, old=None, clock=clock, reason="the disk is gone")
    [line] = [each for each in store.replay(entered.seq) if each.seq == entered.seq]
    note = parse_note(line.document["meta"]["note"].encode())
    assert line.document["reason"] == "the disk is gone"
    assert [each.key_id for each in note.signatures] == [entered.key.key_id]


def test_a_rotation_needs_the_old_key_itself(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    before = key_in_force(store)
    with pytest.raises(CannotSign, match="the log knows"):
        enter_key(store, TWO, previous=before, old=SeedSigner(b"3" * 32), clock=clock)
    with pytest.raises(CannotSign, match="already"):
        enter_key(store, ONE, previous=before, old=ONE, clock=clock)
    assert key_in_force(store) == before


def test_words_that_look_like_a_key_line_are_only_words(store: Store, clock: HandClock) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    known = key_in_force(store)
    words = '"type":"log.key" log.key {"meta":{"vkey":"x"}}'
    store.commit([birth(2, body={"text": words, "type": "log.key"})], now=NOW)
    assert key_in_force(store) == known


def test_the_one_who_signed_the_newest_head_goes_on_when_no_line_names_a_key(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(store, 1)
    make_log_checkpoint(store, ONE, clock=clock)
    grow(store, 2)
    monkeypatch.setattr(store, "holding", lambda words: [])
    monkeypatch.setattr(store, "retirements", list)
    with pytest.raises(CannotSign, match="not who signed the newest head"):
        make_log_checkpoint(store, TWO, clock=clock)
    assert make_log_checkpoint(store, ONE, clock=clock) is not None
    monkeypatch.undo()
    assert len(keys_of(store)) == 1


def test_a_key_line_that_names_no_key_is_damage(store: Store, clock: HandClock) -> None:
    from reporting_governance.contracts.journal_line import LineType
    from reporting_governance.storage.interface import Addition, Group

    line = Addition(type=LineType.LOG_KEY, meta={"vkey": "no key"})
    store.commit([Group(additions=(line,))], now=NOW)
    with pytest.raises(StorageError, match="names no key"):
        make_log_checkpoint(store, ONE, clock=clock)
