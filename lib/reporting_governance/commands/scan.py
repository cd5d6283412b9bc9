"""`reportgov scan`."""

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode
from reporting_governance.stages.scan import run_scan
from reporting_governance.stages.scan_report import ScanReport


@governed_command(
    "scan",
    takes="the tasks of every configured task source, and check-ins as the views have them",
    adds="an event, with its evidence, for what is due, overdue, silent, or over",
    twice="may run twice, also at once: each thing is said by exactly one run",
    examples=("reportgov scan", "reportgov scan --format json"),
)
def main(context: CommandContext) -> Reply:
    """Look at every watched task and record what is overdue, silent or resolved."""
    report = run_scan(context.store, context.settings.profile, context.task_sources(), clock=context.clock)
    return Reply(report.dump(), describe(report), exit_code_of(report))


def describe(report: ScanReport) -> str:
    """Return what is new for a person; empty when nothing is."""
    if not (report.said or report.findings):
        return ""
    from reporting_governance.commands._tables import findings, table

    rows = [(each.task_id, each.condition, each.phase, each.reason) for each in report.said]
    parts = [table(("task", "condition", "phase", "reason"), rows)] if rows else []
    if report.findings:
        parts.append(findings(report.findings))
    return "\n\n".join(parts)


def exit_code_of(report: ScanReport) -> ExitCode:
    """A source that cannot be read means that this run could not finish."""
    return ExitCode.PARTIAL if report.unreadable else ExitCode.DONE
