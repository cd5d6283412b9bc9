"""`reportgov scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting_governance.commands._last_scan import away, last_scan_at, note_scan
from reporting_governance.commands._plugin_watch import watch
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode
from reporting_governance.stages.scan import run_scan
from reporting_governance.stages.scan_report import ScanReport

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.stages.watch_mark import Gap


@governed_command(
    "scan",
    takes="the tasks of every configured task source, and check-ins as the views have them",
    adds="an event, with its evidence, for what is due, overdue, silent, or over",
    twice="may run twice, also at once: each thing is said by exactly one run",
    examples=("reportgov scan", "reportgov scan --dry-run", "reportgov scan --format json"),
    dry=True,
    needs="scan",
)
def main(context: CommandContext) -> Reply:
    """Look at every watched task and record what is overdue, silent or resolved."""
    report = look(context)
    return Reply(dump(report, context), describe(report, context), exit_code_of(report, context))


def look(context: CommandContext) -> ScanReport:
    """Scan with what the context names."""
    settings = context.settings
    began_at = context.clock.now()
    report = run_scan(
        context.store,
        settings,
        context.task_sources(),
        clock=context.clock,
        refused=settings.refused,
        timing=settings.timing,
        last_scan_at=_last_scan_at(context),
        boot_id=None if context.database is None else context.local_host.boot_id,
        host=context.shared_host,
        away=_away(context),
    )
    said = watch(context)
    if not context.dry_run:
        note_scan(context.state, began_at)
    return report.with_said(said) if said else report


def _away(context: CommandContext) -> Gap | None:
    """Return when this host was away last, where others share its database and do not see what it sees."""
    if context.database is None or not context.settings.sources:
        return None
    return away(
        context.state,
        now=context.clock.now(),
        tick_seconds=context.settings.timing.tick_seconds,
        boot_id=context.local_host.boot_id,
        keeps=not context.dry_run,
    )


def _last_scan_at(context: CommandContext) -> datetime | None:
    """Return when a scan was made last: by this host, or by one that shares its database."""
    last = last_scan_at(context.state)
    if last is None or context.database is None:
        return last
    if (context.clock.now() - last).total_seconds() <= 2 * context.settings.timing.tick_seconds:
        return last  # nobody has to be asked
    name = context.local_host.name
    return max([last, *(each.seen_at for each in context.postgres.hosts() if each.name != name)])


def dump(report: ScanReport, context: CommandContext) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    return {
        "dry_run": context.dry_run,
        **report.dump(),
        "profile_refused": context.settings.refused,
        "profile_findings": [each.dump() for each in context.settings.findings],
    }


def describe(report: ScanReport, context: CommandContext) -> str:
    """Return what is new for a person; empty when nothing is."""
    settings = context.settings
    if not (report.said or report.findings or settings.refused):
        return ""
    from reporting_governance.commands._tables import findings, table

    rows = [(each.task_id, each.condition, each.phase, each.reason) for each in report.said]
    parts = [table(("task", "condition", "phase", "reason"), rows)] if rows else []
    if report.findings:
        parts.append(findings(report.findings))
    if settings.refused:
        parts.append(findings(settings.findings))
        parts.append("The profile was refused: the last good one is in force, and nothing new is decided.")
    return "\n\n".join(parts)


def exit_code_of(report: ScanReport, context: CommandContext) -> ExitCode:
    """A source that cannot be read means that this run could not finish; a refused profile is a no."""
    if report.unreadable:
        return ExitCode.PARTIAL
    return ExitCode.NO if context.settings.refused else ExitCode.DONE
