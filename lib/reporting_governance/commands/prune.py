"""`reportgov prune`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reporting_governance.commands._durations import Duration
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode

if TYPE_CHECKING:
    from reporting_governance.stages.pruning import PruneReport

_DAY = 24 * 3600
_SHOWN = 20  #: items that are named in the table; the JSON reply has all


@governed_command(
    "prune",
    takes="closed segments of the journal, log checkpoints",
    adds="a line log.segment_retired; removes segments, the blobs that only they name, log checkpoints",
    twice="may run twice: the second finds nothing to do, and finishes what a killed one began",
    examples=("reportgov prune --keep 400d --dry-run", "reportgov prune --keep 400d --reason 'retention plan of 2026'"),
    dry=True,
    needs="prune",
)
@click.option("--keep", required=True, type=Duration(), help="How long lines are kept at least, for example 400d.")
@click.option("--reason", default="", help="Why; kept with the record.  Default: the duration.")
def main(context: CommandContext, *, keep: int, reason: str) -> Reply:
    """Retire the oldest segments of the journal by a record, and keep their leaf hashes.

    Whole segments go, oldest first. One that holds a line of something open stays, with all behind it: the reply names
    what is open. The chain, every root and every signed head stay what they are.

    Exit 3 when something old enough is kept back.
    """
    from reporting_governance.stages.pruning import run_prune

    files = context.backend
    files.ready()
    if not context.dry_run:
        files.maintain(context.clock.now())
    report = run_prune(
        files.keeper(),
        keep=timedelta(seconds=keep),
        reason=as_typed(reason) or f"kept for {_in_words(keep)}",
        approver=context.actor,
        clock=context.clock,
        dry_run=context.dry_run,
    )
    is_kept_back = bool(report.plan.held or (report.plan.reason_kept and not report.plan.stretches))
    return Reply(document_of(report, keep), describe(report), ExitCode.PARTIAL if is_kept_back else ExitCode.DONE)


def document_of(report: PruneReport, keep: int) -> dict[str, object]:
    """Return a report as plain JSON data."""
    plan = report.plan
    return {
        "keep_seconds": keep,
        "before": report.before,
        "segments": [each._asdict() for each in plan.stretches],
        "root": plan.root or None,
        "recorded_as": report.seq or None,
        "blobs": report.blobs,
        "log_checkpoints": report.log_checkpoints,
        "finished": report.finished,
        "held_by": [{"id": each.id, "folder": each.folder.value, "since_seq": each.since_seq} for each in plan.held],
        "segments_kept_back": plan.kept_old,
        "why_kept_back": plan.reason_kept or None,
    }


def describe(report: PruneReport) -> str:
    """Return what went, and what keeps the rest; empty when there was nothing to do."""
    from reporting_governance.commands._tables import table
    from reporting_governance.core.page import plural

    plan = report.plan
    parts = []
    if plan.stretches:
        rows = [(each.from_seq, each.to_seq, each.first_at, each.last_at, each.size) for each in plan.stretches]
        parts.append(table(("from line", "to line", "first", "closed", "bytes"), rows))
        went = f", line {report.seq} says so" if report.seq else ""
        blobs = plural(report.blobs, "blob")
        parts.append(f"{plural(len(rows), 'segment')} retired{went}; {blobs} went too.  Root: {plan.root}")
    if report.finished:
        parts.append(f"Removed, since retired earlier and still there: {plural(report.finished, 'segment')}.")
    if report.log_checkpoints:
        heads = plural(report.log_checkpoints, "log checkpoint")
        parts.append(f"{heads} went; the last one of each day stays.")
    if plan.held:
        shown = [(each.id, each.folder.value, each.since_seq) for each in plan.held[:_SHOWN]]
        parts.append(table(("still open", "in", "since line"), shown))
        more = f"; {len(plan.held) - _SHOWN} more are not shown" if len(plan.held) > _SHOWN else ""
        advice = "close them first: `reportgov explain ID` says what each is"
        parts.append(f"Old enough, and kept for what is open: {plural(plan.kept_old, 'segment')}{more}; {advice}.")
    elif plan.reason_kept:
        parts.append(f"Old enough, and kept: {plural(plan.kept_old, 'segment')}; {plan.reason_kept}.")
    return "\n\n".join(parts)


def _in_words(seconds: int) -> str:
    return f"{seconds // _DAY} days" if seconds % _DAY == 0 else f"{seconds} seconds"
