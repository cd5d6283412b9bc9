"""`reportgov bridge`."""

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.receipt import Outcome, Reason
from reporting_governance.errors import ExitCode
from reporting_governance.stages.bridge import BridgeReport, run_bridge

#: Blocked on purpose: nobody needs to look.
_HARMLESS = frozenset({Reason.RESOLVED_BEFORE_TOLD, Reason.WITHDRAWN, Reason.EXPIRED, Reason.CANCELLED})


@governed_command(
    "bridge",
    takes="spool items that are due",
    adds="an attempt before each send, a receipt after it",
    twice="may run twice, also at once: only who recorded the attempt sends; a lost answer is said to be in doubt",
    examples=("reportgov bridge", "reportgov bridge --limit 20 --max-seconds 30"),
)
@click.option("--limit", type=click.IntRange(min=1), default=10_000, show_default=True, help="Most sends of this run.")
@click.option("--max-seconds", type=click.FloatRange(min=1), default=50.0, show_default=True, help="When to end.")
@click.option("--parallel", type=click.IntRange(1, 64), default=8, show_default=True, help="Most sends in flight.")
def main(context: CommandContext, *, limit: int, max_seconds: float, parallel: int) -> Reply:
    """Send what is due and keep a receipt of what each sender answered."""
    from reporting_governance.commands._stopping import stop_on_signals

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
    return Reply(report.dump(), describe(report), exit_code_of(report))


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
        each.reason is Reason.IN_DOUBT or (each.outcome is Outcome.BLOCKED and each.reason not in _HARMLESS)
        for each in report.items
    )
    return ExitCode.PARTIAL if needs_a_person else ExitCode.DONE
