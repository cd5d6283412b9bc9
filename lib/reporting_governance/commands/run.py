"""`reportgov run`."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._wiring import RUN_LOCK, CommandContext, Reply, governed_command, titled
from reporting_governance.errors import Busy, ExitCode, StorageError
from reporting_governance.stages.run import RunReport, Steps, run_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reporting_governance.stages.bridge import BridgeReport
    from reporting_governance.stages.bridge_due import DueItem
    from reporting_governance.stages.dispatch import DispatchReport
    from reporting_governance.stages.enqueue import EnqueueReport
    from reporting_governance.stages.scan_report import ScanReport


@governed_command(
    "run",
    takes="what lies in the inbox, tasks, events, notices, spool items: whatever is due",
    adds="what report, scan, enqueue, dispatch and bridge add",
    twice="may run twice: an overlapping run ends at once, silent, with exit 0",
    examples=(
        "reportgov run",
        "reportgov run --dry-run",
        "reportgov run --example",
        "* * * * * reportgov run        (crontab)",
    ),
    dry=True,
)
@click.option("--example", is_flag=True, help="Show the chain at work on one overdue task, in a scratch state folder.")
@click.option("--max-seconds", type=click.IntRange(1, 86_400), default=50, show_default=True, help="When to end.")
def main(context: CommandContext, *, example: bool, max_seconds: float) -> Reply:
    """Take the inbox in, then scan, enqueue, dispatch and bridge, in order: the line for crontab."""
    if example:
        from reporting_governance.commands._example import run_example

        return run_example(context, max_seconds)
    report = run_once(context, max_seconds)
    return Reply(dump(None, context)) if report is None else reply_of(report, context)


def run_once(context: CommandContext, max_seconds: float) -> RunReport | None:
    """Run the chain under `run.lock`; None when another run holds it.  A dry run takes no lock."""
    from reporting_governance.commands._stopping import stop_on_signals

    with ExitStack() as alone:
        if not context.dry_run:
            context.files.initialise(context.clock.now())
            try:
                alone.enter_context(_alone(os.path.join(context.state, RUN_LOCK)))
            except Busy:
                return None
        with stop_on_signals() as stop:
            report = run_chain(context.store, _steps(context, max_seconds, stop), clock=context.clock, stop=stop)
        if not context.dry_run:
            context.files.heartbeat_line(context.clock.now())
            context.files.maintain(context.clock.now())
        return report


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Hold the lock of runs.  The time of its file says when the last run began."""
    from reporting_governance.storage.files.lock import held

    with ExitStack() as lock:
        try:
            lock.enter_context(held(path, wait_seconds=0))
            os.utime(path)
        except OSError as fault:
            raise StorageError(path=path, reason=fault.strerror or str(fault)) from fault
        yield


def _steps(context: CommandContext, max_seconds: float, stop: Callable[[], bool]) -> Steps:
    store, clock = context.store, context.clock
    ends_at = clock.monotonic() + max_seconds

    def scan() -> ScanReport:
        from reporting_governance.commands.scan import look

        return look(context)

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

    def due() -> tuple[DueItem, ...]:
        from reporting_governance.stages.bridge_due import list_due

        return list_due(store, clock=clock)

    return Steps(
        inbox=context.take_inbox,
        scan=scan,
        enqueue=enqueue,
        dispatch=dispatch,
        bridge=due if context.dry_run else bridge,
    )


def dump(report: RunReport | None, context: CommandContext) -> dict[str, Any]:
    """Return the report as plain JSON data; None: another run was at work."""
    document: dict[str, Any] = {"dry_run": context.dry_run, "overlapped": report is None}
    parts: dict[str, Any] = dict.fromkeys(("inbox", "scan", "enqueue", "dispatch", "bridge", "example"))
    if report is None:
        return document | parts
    from reporting_governance.commands import scan

    parts["scan"] = titled("scan", scan.dump(report.scan, context))
    if report.inbox:
        parts["inbox"] = report.inbox.dump()
    if report.enqueue:
        from reporting_governance.commands import enqueue

        parts["enqueue"] = titled("enqueue", enqueue.dump(report.enqueue, context))
    if report.dispatch:
        from reporting_governance.commands import dispatch

        parts["dispatch"] = titled("dispatch", dispatch.dump(report.dispatch, context))
    if report.bridge is not None:
        from reporting_governance.commands import bridge

        due = report.bridge
        parts["bridge"] = titled("bridge", bridge.dump_due(due) if isinstance(due, tuple) else bridge.dump(due))
    return document | parts


def reply_of(report: RunReport, context: CommandContext) -> Reply:
    """Return what the stages did; silent when nothing happened."""
    from reporting_governance.commands import scan

    texts = [scan.describe(report.scan, context)]
    codes = [scan.exit_code_of(report.scan, context)]
    if report.inbox:
        from reporting_governance.commands import _handing_in

        texts.insert(0, _handing_in.describe(report.inbox))
        codes.append(_handing_in.exit_code_of(report.inbox))
    if report.enqueue:
        from reporting_governance.commands import enqueue

        texts.append(enqueue.describe(report.enqueue, context))
        codes.append(enqueue.exit_code_of(report.enqueue))
    if report.dispatch:
        from reporting_governance.commands import dispatch

        texts.append(dispatch.describe(report.dispatch))
        codes.append(dispatch.exit_code_of(report.dispatch))
    if report.bridge is not None:
        from reporting_governance.commands import bridge

        if isinstance(report.bridge, tuple):
            texts.append(bridge.describe_due(report.bridge))
        else:
            texts.append(bridge.describe(report.bridge))
            codes.append(bridge.exit_code_of(report.bridge))
    return Reply(dump(report, context), "\n\n".join(text for text in texts if text), worst(codes))


def worst(codes: list[ExitCode]) -> ExitCode:
    """Return the code that needs a person most: what could not be finished, then a no."""
    return next((code for code in (ExitCode.PARTIAL, ExitCode.NO) if code in codes), ExitCode.DONE)
