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
    examples=(
        "reportgov enqueue",
        "reportgov enqueue --dry-run",
        "reportgov enqueue --profile standard-team-mode",
        "reportgov enqueue --rejudge dec_0123…",
    ),
    dry=True,
    needs="enqueue",
)
@click.option("--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Most events of this run.")
@click.option("--rejudge", metavar="ID", help="Only judge this decided event again; ID is its own or a decision's.")
def main(context: CommandContext, *, limit: int, rejudge: str | None) -> Reply:
    """Decide on new events and queue a notice for each receiver.

    A changed pack or profile does not judge old events again.  --rejudge does so for one: the old decision stays, the
    new one names it, and nobody is told a second time of what they were told already.
    """
    settings = context.settings
    if rejudge is not None:
        return _rejudge(context, rejudge)
    report = run_enqueue(context.store, settings.policy, settings.profile, clock=context.clock, limit=limit)
    return Reply(dump(report, context), describe(report, context), exit_code_of(report))


def _rejudge(context: CommandContext, subject: str) -> Reply:
    from reporting_governance.commands._text import as_typed, one_line
    from reporting_governance.stages.rejudging import run_rejudge

    settings = context.settings
    again = run_rejudge(context.store, as_typed(subject), settings.policy, settings.profile, clock=context.clock)
    rejudged = {
        "event_id": again.event_id,
        "before": again.before,
        "decision_id": again.decision_id,
        "changes": list(again.changes),
    }
    counted = EnqueueReport(decided=int(again.decision_id is not None), notices=again.notices)
    if again.decision_id is None:
        text = f"{again.event_id} comes out as in {again.before}: nothing was recorded"
    else:
        different = "; ".join(again.changes)
        text = f"{again.event_id} was judged again as {again.decision_id}, after {again.before}; {different}"
    return Reply({**dump(counted, context), "rejudged": rejudged}, one_line(text))


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
        "rejudged": None,
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
