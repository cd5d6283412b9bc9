"""`reportgov keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._signer_option import check_signer_options, signer_options
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Signer
    from reporting_governance.stages.checkpointing import LogKey

SHOW, ROTATE = "show", "rotate"


class BadOptions(UsageError):
    """The options after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov keys --help` shows what belongs to which."


@governed_command(
    "keys",
    takes="the journal, and the key that signs its heads",
    adds="a log.key line (rotate; show too, for a journal that has no key yet), and a signed head",
    twice="may run twice: a second `show` shows the same, a second `rotate` is a second rotation",
    examples=(
        "reportgov keys show",
        "reportgov keys rotate",
        "reportgov keys rotate --new-key /etc/reportgov/log.key",
        "reportgov keys rotate --new-signer '/usr/local/bin/sign-log 2' --new-signer-key KEY",
        "reportgov keys rotate --lost --reason 'the disk of the old host is gone'",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice([SHOW, ROTATE]))
@signer_options
@click.option(
    "--new-key", metavar="FILE", help="Sign with this key file from now on, made where there is none (rotate)."
)
@click.option("--new-signer", metavar="COMMAND", help="Sign with this program from now on (rotate).")
@click.option("--new-signer-key", metavar="KEY", help="Public key of the new program (rotate).")
@click.option("--lost", is_flag=True, help="Nobody has the old key any more: the new one signs alone (rotate).")
@click.option("--reason", default="", help="Why; kept with the line (--lost needs it).")
def main(context: CommandContext, *, what: str, signer: str | None, signer_key: str | None, **options: Any) -> Reply:
    """Show the key that signs the journal, for whoever reviews it, or let another one take its place.

    Give the verifier key to the reviewer by a way of your own, before he needs it: a key that comes with the records
    proves nothing.  A new key is signed by the old one, so that whoever trusts the old one can follow.  With --lost it
    is not, and whoever trusts the old one has to be told.
    """
    check_signer_options(signer, signer_key)
    context.require("read" if what == SHOW else "key.rotate")
    from reporting_governance.commands._heads import signer_of

    if what == SHOW and context.only_looks:
        return _show_to_reader(context, signer_of(context, signer, signer_key))
    if not context.is_set_up:
        context.require("state.init")
    context.backend.initialise(context.clock.now())
    current = signer_of(context, signer, signer_key)
    if what == SHOW:
        if any(options.values()):
            raise BadOptions(problem="only rotate takes --new-key, --new-signer, --new-signer-key, --lost and --reason")
        return _show(context, current)
    return _rotate(context, current, **options)


def _show(context: CommandContext, signer: Signer) -> Reply:
    from reporting_governance.adapters.interface import CannotSign
    from reporting_governance.commands import _heads, _known_key

    problem = ""
    try:
        if _known_key.known_key(context) is None:
            context.require("run")  # which is what signs otherwise
            _heads.sign_head(context, signer)
        public = signer.public_key()
    except CannotSign as fault:
        public, problem = None, str(fault)
    key = _known_key.known_key(context)
    if key is not None and public is not None and public != key.key.public:
        problem = f"{signer.name} has another key than the journal knows"
    document = {"signer": signer.name, "key": None if key is None else _document(key), "problem": problem or None}
    lines = [f"Signer:       {signer.name}"]
    if key is not None:
        lines += _lines(key)
    if problem:
        lines.append(f"Cannot sign:  {problem}")
    return Reply(_with_heads(context, document), "\n".join(lines), ExitCode.NO if problem else ExitCode.DONE)


def _show_to_reader(context: CommandContext, signer: Signer) -> Reply:
    """Show the key that the journal knows to somebody who may only look: nothing is signed, and no key is opened."""
    from reporting_governance.stages.checkpointing import key_in_force

    key = key_in_force(context.backend)
    if key is None:
        context.require("run")  # which is what lets a key in
    lines = [f"Signer:       {signer.name}", *(["No key signs this journal yet."] if key is None else _lines(key))]
    document = {"signer": signer.name, "key": None if key is None else _document(key), "problem": None}
    return Reply(_with_heads(context, document), "\n".join(lines))


def _rotate(
    context: CommandContext,
    old: Signer,
    *,
    new_key: str | None,
    new_signer: str | None,
    new_signer_key: str | None,
    lost: bool,
    reason: str,
) -> Reply:
    from reporting_governance.commands import _heads, _keys, _known_key

    if lost != bool(reason.strip()):
        raise BadOptions(problem="--lost says that the old key is gone, and needs --reason; they go together")
    new = _new_signer(context, old, new_key, new_signer, new_signer_key)
    if _known_key.known_key(context) is None:
        _heads.sign_head(context, old)
    done = _keys.rotate(context, old, new, lost_because=as_typed(reason) or None)
    key = done.entered
    document = {"signer": (new or old).name, "key": _document(key), "problem": None}
    before = "" if done.previous is None else done.previous.key.text()
    lines = [f"Signer:       {(new or old).name}", *_lines(key), f"Before:       {before}"]
    if lost:
        lines.append("The old key did not sign this: whoever trusts it has to be told of the new one by you.")
    if new is not None:
        lines.append("Now name this signer in the profile (audit.signer); until then no head is signed.")
    return Reply(_with_heads(context, document), "\n".join(lines))


def _new_signer(
    context: CommandContext, old: Signer, new_key: str | None, command: str | None, public: str | None
) -> Signer | None:
    """Return who is to sign; None: a new key in the file of the old one.  Raises: UsageError."""
    import os

    from reporting_governance.adapters.signing.key_file import KeyFile
    from reporting_governance.commands._heads import signer_of

    if new_key is not None and command is not None:
        raise BadOptions(problem="the new key is in a file (--new-key) or a program has it (--new-signer), not both")
    if (command is None) != (public is None):
        raise BadOptions(problem="--new-signer and --new-signer-key go together")
    if command is not None:
        return signer_of(context, command, public)
    if new_key is not None:
        return KeyFile(os.path.abspath(new_key))
    if not isinstance(old, KeyFile):
        raise BadOptions(problem=f"{old.name} makes no keys: say --new-signer with --new-signer-key, or --new-key")
    return None


def _lines(key: LogKey) -> list[str]:
    from reporting_governance.commands._keys import fingerprint

    return [
        f"Verifier key: {key.key.text()}",
        f"Fingerprint:  {fingerprint(key)}",
        f"Since line:   {key.seq}",
    ]


def _document(key: LogKey) -> dict[str, Any]:
    from reporting_governance.commands._keys import fingerprint

    return {"verifier_key": key.key.text(), "fingerprint": fingerprint(key), "since_line": key.seq}


def _with_heads(context: CommandContext, document: dict[str, Any]) -> dict[str, Any]:
    files = context.backend
    return {
        "state": context.place.name,
        "log_id": files.ready().log_id,
        **document,
        "newest_head": files.newest_log_checkpoint(),
        "lines": files.head().seq,
    }
