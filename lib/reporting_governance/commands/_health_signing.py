"""What `doctor` says of who signs heads of the journal, and of how many lines are signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporting_governance.commands._health_check import Check, Rule, Verdict

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext

_MEND = "Mend what it complains of; the next `reportgov run` signs.  Lines are recorded and sent as ever meanwhile."
_ROTATE = (
    "Name the right signer in the profile (audit.signer), or let this one in: `reportgov keys rotate`, with --lost "
    "when nobody has the old key any more."
)


_NOBODY = (
    "Let `reportgov run` go on the host that has the key.  When nobody has it any more, let this host's in: "
    "`reportgov keys rotate --lost --reason WHY`."
)
_UNSIGNED_SECONDS = 3600  #: a host with the key signs each minute; so long it may be off for a good reason


def signing(context: CommandContext) -> Iterator[Check]:
    """Yield whether heads can be signed now, with the key that the journal knows."""
    lines = context.store.ready().seq
    if lines == 0:
        return
    from reporting_governance.adapters.interface import CannotSign
    from reporting_governance.adapters.signing.key_file import KeyFile
    from reporting_governance.commands._heads import is_elsewhere, last_problem, signer_of
    from reporting_governance.commands._known_key import known_key

    newest = context.backend.newest_log_checkpoint()
    signed = f"{newest} of {lines} lines are signed"
    known, signer = known_key(context), signer_of(context)
    if known is None and isinstance(signer, KeyFile) and not signer.exists():
        yield Check(Rule.SIGNER, Verdict.OK, "no head is signed yet; the next run makes a key and signs")
        return
    if is_elsewhere(context, signer, known):
        yield _elsewhere(context, newest, signed)
        return
    try:
        public = signer.public_key()
    except CannotSign as fault:
        yield Check(Rule.SIGNER, Verdict.BAD, f"{fault}; {signed}", _MEND)
        return
    if known is not None and public != known.key.public:
        seen = f"{signer.name} has another key than the journal knows; {signed}"
        yield Check(Rule.SIGNER, Verdict.BAD, seen, _ROTATE)
    elif problem := last_problem(context.state):
        seen = f"did not sign at {problem['at']}: {problem['problem']}; {signed}"
        yield Check(Rule.SIGNER, Verdict.WARNING, seen, _MEND)
    else:
        yield Check(Rule.SIGNER, Verdict.OK, f"{signer.name}; {signed}")


def _elsewhere(context: CommandContext, newest: int, signed: str) -> Check:
    """Judge the host that has the key by what it signed."""
    from reporting_governance.contracts.times import parse_time

    unsigned = next(iter(context.backend.replay(newest + 1)), None)
    since = None if unsigned is None else unsigned.document["ts"]
    if since is None or (context.clock.now() - parse_time(since)).total_seconds() < _UNSIGNED_SECONDS:
        return Check(Rule.SIGNER, Verdict.OK, f"another host has the key; {signed}")
    seen = f"another host has the key, and has signed nothing since {since}; {signed}"
    return Check(Rule.SIGNER, Verdict.WARNING, seen, _NOBODY)
