"""`reportgov enqueue`."""

from typing import Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode
from reporting_governance.stages.enqueue import EnqueueReport, run_enqueue


@governed_command(
    "enqueue",
    takes="events without a decision, and threads whose repeat or escalation is due or whose episode is over",
    adds="one decision an event, a notice for each receiver, a check-in request for the agent",
    twice="may run twice, also at once: an event has one decision, a thread one notice at a time",
    examples=("reportgov enqueue", "reportgov enqueue --dry-run", "reportgov enqueue --profile standard-team-mode"),
    dry=True,
)
@click.option("--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Most events of this run.")
def main(context: CommandContext, *, limit: int) -> Reply:
    """Decide on new events and queue a notice for each receiver."""
    settings = context.settings
    report = run_enqueue(context.store, settings.policy, settings.profile, clock=context.clock, limit=limit)
    return Reply(dump(report, context), describe(report, context), exit_code_of(report))


def dump(report: EnqueueReport, context: CommandContext) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    return {
        "dry_run": context.dry_run,
        "decided": report.decided,
        "decisions": dict(sorted(report.decisions.items())),
        "notices": report.notices,
        "repeats": report.repeats,
        "fallbacks": report.fallbacks,
        "escalations": report.escalations,
        "acknowledged": report.acknowledged,
        "resolved": report.resolved,
        "closed": report.closed,
        "requests": report.requests,
        "reviews": report.reviews,
        "caused": report.caused,
        "refused": report.refused,
        "waiting": report.waiting,
        "profile_refused": report.policy_refused,
        "profile_findings": [each.dump() for each in context.settings.findings],
        "capability_notes": list(context.settings.notes),
        "substitutions": dict(context.settings.substitutions),
    }


def describe(report: EnqueueReport, context: CommandContext) -> str:
    """Return what a person should know; empty when nobody is told anything new."""
    from reporting_governance.commands._tables import counts, findings

    told = {
        "notices": report.notices,
        "repeats": report.repeats,
        "fallbacks": report.fallbacks,
        "escalations": report.escalations,
        "resolved notices": report.resolved,
    }
    parts = [f"Queued: {counts(told)}."] if any(told.values()) else []
    if report.policy_refused:
        parts.append(f"The profile was refused, {report.waiting} events wait undecided: {report.policy_refused}")
        parts.append(findings(context.settings.findings))
    return "\n".join(parts)


def exit_code_of(report: EnqueueReport) -> ExitCode:
    """A refused profile decides nothing, and that is a no."""
    return ExitCode.NO if report.policy_refused else ExitCode.DONE
