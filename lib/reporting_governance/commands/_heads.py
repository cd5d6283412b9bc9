"""Signed heads of the log, as verbs make them: when one is due, by whom it is signed, and what is said when it is not.

Nothing here fails a verb or changes how it ends.  What lies beside the heads (`key`, `signing.json`) are caches.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._cache_file import write_cache
from reporting_governance.commands._known_key import known_key
from reporting_governance.errors import Busy, GovernanceError
from reporting_governance.file_modes import make_folder

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Signer
    from reporting_governance.adapters.signing.key_file import KeyFile
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.checkpointing import LogCheckpoint, LogKey

DUE_LINES = 1000  #: a verb beside `run` signs when so many lines are new,
DUE_SECONDS = 60  #: or the newest head is so old
_AGAIN_SECONDS = 600  #: a verb beside `run` does not wait for a signer again that failed so shortly ago
_FOLDER = os.path.join("journal", "checkpoints")
_PROBLEM = "signing.json"


def sign_after_run(context: CommandContext, signer: Signer | None = None) -> None:
    """Sign the head at the end of a run that saw the log grow; what stands in the way is said on stderr.

    Args:
        signer: instead of the one that the profile names.
    """
    _tried(context, signer)


def sign_when_due(context: CommandContext) -> None:
    """Sign the head after another verb, when many lines or much time have passed since the newest one."""
    files = context.backend
    newest = files.newest_log_checkpoint()
    grown = files.head().seq - newest
    if grown <= 0:
        return
    if grown < DUE_LINES and 0 <= _seconds_unsigned(context, newest) < DUE_SECONDS:
        return
    if not 0 <= _age(os.path.join(context.state, _FOLDER, _PROBLEM)) < _AGAIN_SECONDS:
        _tried(context, None)


def sign_head(context: CommandContext, signer: Signer | None = None) -> LogCheckpoint | None:
    """Sign the head unless the newest one is of this size; None when it is.  Waits for whoever is at it.

    Raises: CannotSign, Busy, StorageError, NotOurState.
    """
    with alone(context, wait_seconds=10):
        return _signed(context, signer)


def last_problem(state: str) -> dict[str, Any] | None:
    """Return why the newest head could not be signed: {at, problem}; None when it could."""
    import json

    try:
        with open(os.path.join(state, _FOLDER, _PROBLEM), "rb") as file:
            found = json.load(file)
        return {"at": str(found["at"]), "problem": str(found["problem"])}
    except (OSError, ValueError, LookupError, TypeError):
        return None


@contextmanager
def alone(context: CommandContext, *, wait_seconds: float) -> Iterator[None]:
    """Keep others from signing, and from changing keys, at the same time.  Raises: Busy, StorageError, NotOurState."""
    from reporting_governance.errors import StorageError
    from reporting_governance.storage.files.layout import require_owner
    from reporting_governance.storage.files.lock import held

    require_owner(context.state)
    path = os.path.join(context.state, _FOLDER, "lock")
    try:
        with suppress(FileExistsError):
            make_folder(os.path.dirname(path))
        lock = held(path, wait_seconds=wait_seconds)
        lock.__enter__()
    except OSError as fault:
        raise StorageError(path=path, reason=fault.strerror or str(fault)) from fault
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def default_key_path(context: CommandContext) -> str:
    """Return where the key lies when the profile names no signer."""
    return os.path.join(context.state, "keys", "log.key")


def signer_of(context: CommandContext, command: str | None = None, public_key: str | None = None) -> Signer:
    """Return who signs: a program given on the command line, else whom the profile names, else the state's own key.

    Args:
        command: the program and its arguments, as one text; no shell reads it.
        public_key: of the program: a verifier key, or 32 bytes in base64; None: the one that the log knows.

    Raises: UsageError.
    """
    from reporting_governance.adapters.signing.key_file import KeyFile

    if command is not None:
        return _program(context, command, public_key)
    named = context.settings.artifact["spec"].get("audit", {}).get("signer") or {}
    if named.get("command"):
        from base64 import b64decode

        from reporting_governance.adapters.signing.command import CommandSigner

        return CommandSigner(named["command"], b64decode(named["public_key"]), folder=context.state)
    return KeyFile(named.get("key") or default_key_path(context))


def settle_key(signer: KeyFile, known: LogKey | None) -> None:
    """Make the first key of a log; and finish a rotation whose line is in the log, and whose new key waits.

    Raises: CannotSign.
    """
    if known is None:
        signer.make()
        return
    following = signer.next()
    if following.exists() and following.public_key() == known.key.public:
        signer.take_next()


def is_elsewhere(context: CommandContext, signer: Signer, known: LogKey | None) -> bool:
    """Tell whether another host has the key of the log; whose own folder for keys is there had it, and has lost it."""
    from reporting_governance.adapters.signing.key_file import KeyFile

    if context.database is None or known is None or not isinstance(signer, KeyFile) or signer.exists():
        return False
    own = default_key_path(context)
    return not signer.next().exists() and (signer.path != own or not os.path.isdir(os.path.dirname(own)))


def _tried(context: CommandContext, signer: Signer | None) -> None:
    from reporting_governance.commands._handler import say

    try:
        with alone(context, wait_seconds=0):
            _signed(context, signer)
    except Busy:
        return  # somebody else is at it
    except GovernanceError as fault:
        say(f"the journal's head is not signed: {fault}  {fault.advice()}".rstrip())
        _note_problem(context, str(fault))
        return
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(context.state, _FOLDER, _PROBLEM))


def _signed(context: CommandContext, signer: Signer | None) -> LogCheckpoint | None:
    from reporting_governance.adapters.signing.key_file import KeyFile

    known = known_key(context)
    signer = signer or signer_of(context)
    if is_elsewhere(context, signer, known):
        return None
    if context.database is not None and known is None:
        known = _first_alone(context)
    if isinstance(signer, KeyFile):
        settle_key(signer, known)
    return made(context, signer, known)


def _first_alone(context: CommandContext) -> LogKey | None:
    """Keep two hosts that begin at once from making a key each; return the one that was made meanwhile.

    Raises: Busy when another host is at it.
    """
    if not context.postgres.claim_alone("first key", seconds=60):
        raise Busy(path=f"{context.postgres.place}: the first key of the log", seconds=0)
    return known_key(context)


def made(context: CommandContext, signer: Signer, key: LogKey | None) -> LogCheckpoint | None:
    """Sign the head by a key that is settled, and hand it on; None when the log has not grown.

    Called by whoever is alone.  Raises: CannotSign, Busy, StorageError.
    """
    from reporting_governance.stages.checkpointing import make_log_checkpoint

    checkpoint = make_log_checkpoint(context.backend, signer, clock=context.clock, key=key)
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(context.state, _FOLDER, _PROBLEM))  # whoever called: nothing stands in the way now
    return checkpoint


def _program(context: CommandContext, command: str, public_key: str | None) -> Signer:
    import shlex

    from reporting_governance.adapters.signing.command import CommandSigner
    from reporting_governance.errors import UsageError

    try:
        words = shlex.split(command)
        if public_key is not None:
            public = public_key_of(public_key)
        else:
            known = known_key(context)
            if known is None:
                raise ValueError("the log knows no key yet: say which one the program has, with --signer-key")
            public = known.key.public
        return CommandSigner(words, public, folder=context.state)
    except ValueError as fault:
        raise UsageError(reason=f"the program that signs: {fault}") from None


def public_key_of(text: str) -> bytes:
    """Return the public key of a verifier key, or of 32 bytes in base64.  Raises: ValueError."""
    from base64 import b64decode

    from reporting_governance.verifier.note import parse_vkey

    if text.count("+") >= 2 and len(text) > 50:
        with suppress(ValueError):
            return parse_vkey(text).public
    try:
        public = b64decode(text, validate=True)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise ValueError(f"{text[:80]!r} is no public key: give a verifier key, or its 32 bytes in base64")
    return public


def _note_problem(context: CommandContext, problem: str) -> None:
    import json

    from reporting_governance.contracts.times import format_time

    text = json.dumps({"at": format_time(context.clock.now()), "problem": problem})
    write_cache(os.path.join(context.state, _FOLDER, _PROBLEM), text)


def _seconds_unsigned(context: CommandContext, newest: int) -> float:
    """Return how old the newest signed head is, or the log where none is; in a database, the line that it ends with."""
    if context.database is None:
        signed = os.path.join(context.state, _FOLDER, f"{newest:012d}.note")
        return _age(signed if newest else f"{context.state}/journal/log")
    from reporting_governance.contracts.times import parse_time

    line = next(iter(context.backend.replay(max(1, newest))), None)
    return float("inf") if line is None else (context.clock.now() - parse_time(line.document["ts"])).total_seconds()


def _age(path: str) -> float:
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return float("inf")
