"""How one key of the log takes the place of another, whatever is killed on the way.

The new key waits beside the old one, the line that lets it in is added, and only then it takes the old one's place.
A rotation that is killed after the line is finished by whoever signs next; one that is killed before it never was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.commands import _heads, _known_key
from reporting_governance.stages.checkpointing import LogKey, enter_key

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Signer
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.checkpointing import LogCheckpoint


class Rotation(NamedTuple):
    """What a rotation did.  `checkpoint`: the first head that the new key signed."""

    previous: LogKey | None
    entered: LogKey
    checkpoint: LogCheckpoint | None


def rotate(context: CommandContext, old: Signer, new: Signer | None, *, lost_because: str | None) -> Rotation:
    """Let a new key into the log and sign its head with it.

    Args:
        old: who signs now.
        new: who is to sign; None: a new key in the file of the old one.
        lost_because: why nobody has the old key any more; None: it signs too.

    Raises: CannotSign, Busy, StorageError, NotOurState.
    """
    with _heads.alone(context, wait_seconds=10):
        known = _known_key.known_key(context)
        if known is None:
            raise CannotSign(signer=old.name, reason="the log knows no key yet; `reportgov keys show` makes the first")
        if isinstance(old, KeyFile):
            _heads.settle_key(old, known)
        witness = None if lost_because is not None else old
        if witness is not None:
            witness.public_key()  # who cannot sign the change leaves nothing of it behind
        replaced = old if isinstance(old, KeyFile) and new is None else None
        if isinstance(new, KeyFile):
            new.make()
        signer = replaced.make_next() if replaced is not None else new
        assert signer is not None  # a program has no next key: the verb asks for one
        _known_key.forget_key(context)
        entered = enter_key(
            context.backend, signer, previous=known, old=witness, clock=context.clock, reason=lost_because
        )
        if replaced is not None:
            replaced.take_next()
            signer = replaced
        return Rotation(known, entered, _heads.made(context, signer, entered))


def fingerprint(key: LogKey) -> str:
    """Return a key in a form that two people compare by voice: eight groups of four hex digits of its SHA-256."""
    from hashlib import sha256

    digest = sha256(key.key.public).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))
