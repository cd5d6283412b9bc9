"""`reportgov run`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import Busy, ExitCode
from reporting_governance.stages.run import RunReport, Steps, run_chain

if TYPE_CHECKING:
    from collections.abc import Callable

    from reporting_governance.stages.bridge import BridgeReport
    from reporting_governance.stages.dispatch import DispatchReport
    from reporting_governance.stages.enqueue import EnqueueReport
    from reporting_governance.stages.scan_report import ScanReport


@governed_command(
    "run",
    takes="what lies in the inbox, tasks, events, notices, spool items: whatever is due",
    adds="what report, scan, enqueue, dispatch and bridge add",
    twice="an overlapping run ends at once, silent, with exit 0",
    examples=(
        "reportgov run",
        "reportgov run --example",
        "* * * * * reportgov run        (crontab)",
    ),
)
@click.option("--example", is_flag=True, help="Show the chain at work on one overdue task, in a scratch state folder.")
@click.option("--max-seconds", type=click.FloatRange(min=1), default=50.0, show_default=True, help="When to end.")
def main(context: CommandContext, *, example: bool, max_seconds: float) -> Reply:
    """Take the inbox in, then scan, enqueue, dispatch and bridge, in order: the line for crontab."""
    if example:
        from reporting_governance.commands._example import run_example

        return run_example(context, max_seconds)
    report = run_once(context, max_seconds)
    return Reply({"overlapped": True}) if report is None else reply_of(report, context)


def run_once(context: CommandContext, max_seconds: float) -> RunReport | None:
    """Run the chain under `run.lock`; None when another run holds it."""
    from reporting_governance.commands._stopping import stop_on_signals
    from reporting_governance.storage.files.lock import held

    context.store.initialise(context.clock.now())
    with ExitStack() as alone:
        try:
            alone.enter_context(held(os.path.join(context.state, "run.lock"), wait_seconds=0))
        except Busy:
            return None
        with stop_on_signals() as stop:
            report = run_chain(context.store, _steps(context, max_seconds, stop), clock=context.clock, stop=stop)
        context.store.heartbeat_line(context.clock.now())
        context.store.maintain(context.clock.now())
        return report


def _steps(context: CommandContext, max_seconds: float, stop: Callable[[], bool]) -> Steps:
    store, clock = context.store, context.clock
    ends_at = clock.monotonic() + max_seconds

    def scan() -> ScanReport:
        from reporting_governance.stages.scan import run_scan

        return run_scan(store, context.settings.profile, context.task_sources(), clock=clock)

    def enqueue() -> EnqueueReport:
        from reporting_governance.stages.enqueue import run_enqueue

        return run_enqueue(store, context.settings.policy, context.settings.profile, clock=clock)

    def dispatch() -> DispatchReport:
        from reporting_governance.stages.dispatch import run_dispatch

        return run_dispatch(store, context.settings.profile, clock=clock)

    def bridge() -> BridgeReport:
        from reporting_governance.stages.bridge import run_bridge

        return run_bridge(
            store,
            context.senders(),
            context.settings.profile,
            clock=clock,
            host=context.local_host,
            max_seconds=max(1.0, ends_at - clock.monotonic()),
            stop=stop,
            copies=context.copies(),
        )

    return Steps(inbox=context.take_inbox, scan=scan, enqueue=enqueue, dispatch=dispatch, bridge=bridge)


def reply_of(report: RunReport, context: CommandContext) -> Reply:
    """Return what the stages did; silent when nothing happened."""
    from reporting_governance.commands import bridge, dispatch, enqueue, scan

    document: dict[str, Any] = {
        "overlapped": False,
        "inbox": report.inbox.dump() if report.inbox else None,
        "scan": report.scan.dump(),
        "enqueue": enqueue.dump(report.enqueue) if report.enqueue else None,
        "dispatch": asdict(report.dispatch) if report.dispatch else None,
        "bridge": report.bridge.dump() if report.bridge else None,
    }
    texts = [scan.describe(report.scan)]
    codes = [scan.exit_code_of(report.scan)]
    if report.inbox:
        from reporting_governance.commands import _handing_in

        texts.insert(0, _handing_in.describe(report.inbox))
        codes.append(_handing_in.exit_code_of(report.inbox))
    if report.enqueue:
        texts.append(enqueue.describe(report.enqueue, context))
        codes.append(enqueue.exit_code_of(report.enqueue))
    if report.dispatch:
        texts.append(dispatch.describe(report.dispatch))
        codes.append(dispatch.exit_code_of(report.dispatch))
    if report.bridge:
        texts.append(bridge.describe(report.bridge))
        codes.append(bridge.exit_code_of(report.bridge))
    return Reply(document, "\n\n".join(text for text in texts if text), worst(codes))


def worst(codes: list[ExitCode]) -> ExitCode:
    """Return the code that needs a person most: what could not be finished, then a no."""
    return next((code for code in (ExitCode.PARTIAL, ExitCode.NO) if code in codes), ExitCode.DONE)
