"""`reportgov bridge`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.receipt import ON_PURPOSE, Outcome, Reason
from reporting_governance.errors import ExitCode

if TYPE_CHECKING:
    from reporting_governance.stages.bridge import BridgeReport
    from reporting_governance.stages.bridge_due import DueItem


@governed_command(
    "bridge",
    takes="spool items that are due",
    adds="an attempt before each send, a receipt after it",
    twice="may run twice, also at once: only who recorded the attempt sends; a lost answer is said to be in doubt",
    examples=("reportgov bridge", "reportgov bridge --dry-run", "reportgov bridge --limit 20 --max-seconds 30"),
    dry=True,
    needs="bridge",
)
@click.option("--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Most sends of this run.")
@click.option("--max-seconds", type=click.IntRange(1, 86_400), default=50, show_default=True, help="When to end.")
@click.option("--parallel", type=click.IntRange(1, 64), default=8, show_default=True, help="Most sends in flight.")
def main(context: CommandContext, *, limit: int, max_seconds: float, parallel: int) -> Reply:
    """Send what is due and keep a receipt of what each sender answered.

    A dry run asks no sender anything: it only lists what is due.
    """
    if context.dry_run:
        from reporting_governance.stages.bridge_due import list_due

        due = list_due(context.store, clock=context.clock, limit=limit)
        return Reply(dump_due(due), describe_due(due))
    from reporting_governance.commands._stopping import stop_on_signals
    from reporting_governance.stages.bridge import run_bridge

    with stop_on_signals() as stop:
        report = run_bridge(
            context.store,
            context.senders(),
            context.settings.profile,
            clock=context.clock,
            host=context.local_host,
            limit=limit,
            max_seconds=max_seconds,
            parallel=parallel,
            stop=stop,
            copies=context.copies(),
        )
    return Reply(dump(report), describe(report), exit_code_of(report))


def dump(report: BridgeReport) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    return {"dry_run": False, **report.dump(), "due": []}


def dump_due(due: Sequence[DueItem]) -> dict[str, Any]:
    """Return what a dry run found, in the same form: nothing was sent, and nothing is known of how it would end."""
    from reporting_governance.stages.bridge import BridgeReport

    return {"dry_run": True, **BridgeReport().dump(), "due": [each.dump() for each in due]}


def describe_due(due: Sequence[DueItem]) -> str:
    """Return what is due; empty when nothing is."""
    if not due:
        return ""
    from reporting_governance.commands._tables import table

    rows = [(each.spool_id, each.target, each.subject, each.attempts) for each in due]
    return table(("due item", "target", "subject", "attempts so far"), rows)


def describe(report: BridgeReport) -> str:
    """Return what was sent and how far it came; empty when nothing was due."""
    if not report.items:
        return ""
    from reporting_governance.commands._tables import table

    rows = [
        (each.spool_id, each.target, each.outcome.value, each.proof.value, each.reason.value if each.reason else "")
        for each in report.items
    ]
    return table(("item", "target", "outcome", "proof", "reason"), rows)


def exit_code_of(report: BridgeReport) -> ExitCode:
    """Blocked or in doubt needs a person; what is due again later does not."""
    needs_a_person = any(
        each.reason is Reason.IN_DOUBT or (each.outcome is Outcome.BLOCKED and each.reason not in ON_PURPOSE)
        for each in report.items
    )
    return ExitCode.PARTIAL if needs_a_person else ExitCode.DONE
