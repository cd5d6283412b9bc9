"""`reportgov verify-audit`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode


@governed_command(
    "verify-audit",
    takes="an audit bundle (zip or unpacked), a state or journal folder, a folder of segments, one proof",
    adds="nothing: what is checked is not changed",
    twice="may run twice: it only reads",
    examples=(
        "reportgov verify-audit 4f3c2a1b-000000000001-000000012345.zip --key log.vkey --anchor mails.txt",
        "reportgov verify-audit bundle.zip --key log.vkey --since last-review.note",
        "reportgov verify-audit --require authenticity --key log.vkey",
        "reportgov verify-audit --proof 4f3c2a1b-4711.tlog-proof --key log.vkey",
        "reportgov verify-audit --write-verifier verify.py",
    ),
)
@click.argument("path", required=False)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VKEY|FILE",
    help="Verifier key of the log, from elsewhere than what is checked.  May be repeated.",
)
@click.option(
    "--since",
    multiple=True,
    metavar="NOTE",
    help="The head that was kept at the last review: the log must extend it.",
)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="FILE",
    help="Any text that holds heads: a mail, a chat export, a line of syslog.  May be repeated.",
)
@click.option(
    "--require",
    type=click.Choice(["integrity", "authenticity", "anchored"]),
    default="anchored",
    show_default=True,
    help="What must be proven for exit code 0; each asks for those before it too.",
)
@click.option("--proof", metavar="FILE", help="Check the proof of one line, instead of a path.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that work at once.  Default: one a core."
)
@click.option(
    "--write-verifier",
    metavar="FILE",
    help="Write the same checks as one Python file that needs nothing else, for a reviewer; - for standard output.",
)
def main(context: CommandContext, *, path: str | None, write_verifier: str | None, **options: Any) -> Reply:
    """Check that a journal, or a bundle of it, is whole, in order, unchanged, signed, and the one that others know.

    Without PATH: the journal that --state names. Each verdict stands by itself; what was found against one has a code
    of its own (docs/verifying.md) and names its place. A key that lies in a bundle proves nothing: give the one that
    you have from elsewhere.
    """
    if write_verifier is not None:
        if path is not None or any(value for name, value in options.items() if name != "require"):
            raise click.UsageError("--write-verifier checks nothing, so nothing else goes with it")
        return _written(as_typed(write_verifier))
    if path is not None and options["proof"] is not None:
        raise click.UsageError("a proof is checked by itself: leave PATH out")
    from reporting_governance.verifier.showing import page_of
    from reporting_governance.verifier.verifying import Wish, WishRefused, verify_wish
    from reporting_governance.verifier.working import cores

    with ExitStack() as stack:
        if path is None and options["proof"] is None:
            path = context.state
            if context.database is not None:
                from reporting_governance.commands._written_out import written_out

                path = stack.enter_context(written_out(context))
        wish = Wish(
            path,
            options["keys"],
            options["since"],
            options["anchors"],
            options["require"],
            options["proof"],
            options["workers"] or cores(),
        )
        try:
            done = verify_wish(wish)
        except WishRefused as refused:
            raise click.UsageError(str(refused)) from None
    return Reply(done.document, page_of(done.document), ExitCode(done.exit_code))


def _written(path: str) -> Reply:
    """Write the verifier as one file; one that is there is never replaced."""
    from hashlib import sha256

    from reporting_governance.errors import NotExported
    from reporting_governance.verifier.one_file import text

    program = text()
    digest = sha256(program.encode()).hexdigest()
    if path == "-":
        return Reply({"verifier": path, "sha256": digest}, program.rstrip("\n"))
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(program)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already") from None
    except OSError as error:
        advice = "Name another file, in a folder that you may write into."
        raise NotExported(path=path, reason=error.strerror or str(error), advice=advice) from error
    return Reply({"verifier": path, "sha256": digest}, f"{path}: SHA-256 {digest}")
