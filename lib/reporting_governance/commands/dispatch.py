"""`reportgov dispatch`."""

from dataclasses import asdict
from typing import Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode
from reporting_governance.stages.dispatch import DispatchReport, run_dispatch


@governed_command(
    "dispatch",
    takes="queued notices that are due",
    adds="a rendered spool item for each target; a hold where a notice waits, a receipt where it will not be sent",
    twice="may run twice, also at once: each notice is dispatched once",
    examples=("reportgov dispatch", "reportgov dispatch --dry-run", "reportgov dispatch --limit 100"),
    dry=True,
    needs="dispatch",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Most notices of this run."
)
def main(context: CommandContext, *, limit: int) -> Reply:
    """Group and render queued notices into items ready to send."""
    report = run_dispatch(context.store, context.settings.profile, clock=context.clock, limit=limit)
    return Reply(dump(report, context), describe(report), exit_code_of(report))


def dump(report: DispatchReport, context: CommandContext) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    return {"dry_run": context.dry_run, **asdict(report)}


def describe(report: DispatchReport) -> str:
    """Return what a person should know; empty when nothing changed: what goes on waiting is no news."""
    done = {
        "items": report.items,
        "held": report.newly_held,
        "withdrawn": report.withdrawn,
        "blocked": report.blocked,
    }
    if not any(done.values()):
        return ""
    from reporting_governance.commands._tables import counts

    return f"Dispatched: {counts(done)}."


def exit_code_of(report: DispatchReport) -> ExitCode:
    """A notice that nobody got, because its receiver is gone or it expired, needs a person."""
    return ExitCode.PARTIAL if report.blocked else ExitCode.DONE
