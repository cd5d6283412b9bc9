"""`reportgov erase`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command

if TYPE_CHECKING:
    from reporting_governance.stages.erasing import EraseReport


@governed_command(
    "erase",
    takes="a text that lies apart from the journal, by its digest or by the record that holds it",
    adds="a line record.erased for each blob with these words; removes the blobs",
    twice="may run twice: the second finds the text erased already",
    examples=(
        "reportgov erase evt_0123… --reason 'asked for by the person named in it' --dry-run",
        "reportgov erase evt_0123… --reason 'asked for by the person named in it'",
    ),
    dry=True,
    needs="erase",
)
@click.argument("what", metavar="ID|DIGEST")
@click.option("--reason", required=True, help="Why; kept with the record.")
def main(context: CommandContext, *, what: str, reason: str) -> Reply:
    """Erase a person's or agent's own words for good; the journal goes on saying that they were there.

    ID is that of a record, such as an event or a review: all its texts of more than 256 bytes go. Shorter ones stand in
    the line itself and cannot be erased. The same words in other blobs go too. The reply names where they stand still.
    """
    from reporting_governance.stages.erasing import run_erase

    report = run_erase(
        context.store,
        context.backend.keeper().eraser(),
        as_typed(what),
        reason=as_typed(reason),
        clock=context.clock,
        dry_run=context.dry_run,
    )
    return Reply(document_of(report), describe(report))


def document_of(report: EraseReport) -> dict[str, object]:
    """Return a report as plain JSON data."""
    return {
        "what": report.what,
        "erased": [asdict(each) for each in report.erased],
        "already_erased": list(report.already),
        "recorded_as": list(report.lines),
        "unnamed_removed": report.unnamed,
        "open": list(report.open),
        "elsewhere": [each._asdict() for each in report.elsewhere],
        "larger_blobs": list(report.larger),
        "quoted_in_lines": list(report.quoting),
    }


def describe(report: EraseReport) -> str:
    """Return what went, and where the words stand still."""
    from reporting_governance.commands._tables import table

    parts = []
    if report.erased:
        rows = [
            (each.digest, each.size, " ".join(map(str, each.lines)), ", ".join(each.records)) for each in report.erased
        ]
        parts.append(table(("blob", "bytes", "named by line", "records"), rows))
    else:
        parts.append("Nothing to do: what it held was erased before.")
    if report.open:
        parts.append(
            f"Open, and going on without these words (a fact is unknown, a notice is blocked): {', '.join(report.open)}"
        )
    left = [
        (each.path, "whole" if each.is_whole else "its beginning", "taken out" if each.cleaned else "left")
        for each in report.elsewhere
    ]
    if left:
        parts.append(table(("also in", "what", "here"), left))
    if report.larger:
        parts.append(f"Also among other things in blobs that stay, erase them by digest: {', '.join(report.larger)}")
    if report.quoting:
        parts.append(f"Lines that quote the beginning and cannot change: {', '.join(map(str, report.quoting))}")
    parts.append(
        "Not looked into: what was sent to receivers, audit bundles and backups, and files outside the state folder."
    )
    return "\n\n".join(parts)
