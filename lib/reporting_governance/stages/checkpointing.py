"""Signed heads: which key signs for a log, how another one takes its place, and when a head is made.

A key enters by a line of the log itself, so that whoever trusts one key can follow to the next.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.core.scrub import scrub
from reporting_governance.errors import StorageError
from reporting_governance.storage.interface import Added, Addition, Group
from reporting_governance.verifier.ed25519 import ed25519_verify
from reporting_governance.verifier.note import (
    LogHead,
    Signature,
    VerifierKey,
    format_note,
    head_text,
    is_signed_by,
    log_key_text,
    parse_note,
    parse_vkey,
    vkey_of,
)

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Signer
    from reporting_governance.stages.clock import Clock
    from reporting_governance.storage.interface import Store


class LogKey(NamedTuple):
    """The key that signs for a log, and the line by which it did enter."""

    seq: int
    key: VerifierKey


class LogCheckpoint(NamedTuple):
    """A head that was signed and kept."""

    head: LogHead
    note: bytes


def key_in_force(store: Store) -> LogKey | None:
    """Return the key of the newest `log.key` line, None when there is none.  Reads the log once, quickly.

    Raises: StorageError for a line that names no key.
    """
    for seq in reversed(store.holding([LineType.LOG_KEY.value])):
        line = next(iter(store.replay(seq)), None)
        if line is None or line.seq != seq or line.document.get("type") != LineType.LOG_KEY:
            continue  # somebody's own words, or a line that does not count
        try:
            return LogKey(seq, parse_vkey(line.document["meta"]["vkey"]))
        except (LookupError, TypeError, ValueError) as fault:
            raise StorageError(path="journal", reason=f"line {seq} names no key: {fault}") from None
    for retired in reversed(store.retirements()):  # its line is gone: the one that says so says it again
        if retired.keys:
            return LogKey(retired.keys[-1]["seq"], parse_vkey(retired.keys[-1]["vkey"]))
    return None


def enter_key(
    store: Store, new: Signer, *, previous: LogKey | None, old: Signer | None, clock: Clock, reason: str | None = None
) -> LogKey:
    """Let a key enter the log: its first one, or in the place of `previous`.

    Args:
        old: has the previous key, and signs too; None: nobody has it any more, or there was none.
        reason: why nobody has it.

    Raises: CannotSign, StorageError, Busy.
    """
    key = key_of(store, new)
    before = None if previous is None else previous.key.text()
    if before == key.text():
        raise CannotSign(signer=new.name, reason="has the key that the log knows already")
    text = log_key_text(key.name, key.text(), before)
    signatures = [signature_of(new, key, text)]
    if old is not None and previous is not None:
        signatures.append(signature_of(old, previous.key, text))
    meta = {"vkey": key.text(), "previous": before, "note": format_note(text, signatures).decode("utf-8")}
    if scrub(meta)[1]:  # once in millions of keys: what was taken out could never be checked
        raise CannotSign(signer=new.name, reason="has a key that looks like a secret of another kind; make another")
    line = Addition(type=LineType.LOG_KEY, meta=meta, reason=reason)
    [answer] = store.commit([Group(additions=(line,))], now=clock.now())
    assert isinstance(answer, Added)  # it consumes nothing
    return LogKey(answer.seqs[-1], key)


def make_log_checkpoint(
    store: Store, signer: Signer, *, clock: Clock, key: LogKey | None = None
) -> LogCheckpoint | None:
    """Sign the log's head and keep it; None when the log has not grown since the newest.

    A log that knows no key yet is told this one first.

    Args:
        key: the key in force, when the caller knows it.

    Raises: CannotSign, also when the signer has another key than the log knows; StorageError, Busy.
    """
    size = store.ready().seq
    if size == 0 or size <= store.newest_log_checkpoint():
        return None
    known = key or key_in_force(store) or _key_of_newest(store, signer)
    known = known or enter_key(store, signer, previous=None, old=None, clock=clock)
    tree = store.tree_head()
    head = LogHead(known.key.name, tree.size, tree.root)
    text = head_text(head)
    note = format_note(text, [signature_of(signer, known.key, text)])
    store.keep_log_checkpoint(head.size, note)
    return LogCheckpoint(head, note)


def _key_of_newest(store: Store, signer: Signer) -> LogKey | None:
    """Return the signer's key when it signed the newest head: the line by which it did enter may be retired.

    Raises: CannotSign when another key did.
    """
    kept = store.log_checkpoint(store.newest_log_checkpoint())
    if kept is None:
        return None
    key = key_of(store, signer)
    try:
        signed = is_signed_by(parse_note(kept), key)
    except ValueError:
        signed = False
    if not signed:
        raise CannotSign(signer=signer.name, reason="is not who signed the newest head, and no line names another key")
    return LogKey(0, key)


def key_of(store: Store, signer: Signer) -> VerifierKey:
    """Return a signer's key under the log's name.  Raises: CannotSign, StorageError."""
    log_id = store.ready().log_id
    if log_id is None:
        raise StorageError(path="journal", reason="there is no log yet that a key could sign for")
    return vkey_of(log_id, signer.public_key())


def signature_of(signer: Signer, key: VerifierKey, text: str) -> Signature:
    """Return a signature over a text, once it is sure that it is one by this very key.  Raises: CannotSign."""
    public = signer.public_key()
    if public != key.public:
        has = vkey_of(key.name, public).key_id.hex()
        known = key.key_id.hex()
        reason = f"has the key {has}, and the log knows {known}: name who has that one in the profile (audit.signer)"
        raise CannotSign(signer=signer.name, reason=reason)
    message = text.encode()
    signature = signer.sign(message)
    if not _fits(key.public, message, signature):
        raise CannotSign(signer=signer.name, reason="wrote a signature that is none by its own public key")
    return Signature(key.name, key.key_id, signature)


def _fits(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is one, forty times quicker where a key file has loaded the library anyway."""
    library = sys.modules.get("cryptography.hazmat.primitives.asymmetric.ed25519")
    if library is None:
        return ed25519_verify(public, message, signature)
    from cryptography.exceptions import InvalidSignature

    try:
        library.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
