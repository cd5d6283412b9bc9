"""`reportgov run`."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._last_run import RUN_LOCK
from reporting_governance.commands._run_reply import dump, reply_of
from reporting_governance.commands._run_watch import RunWatch, code_of, failure_of
from reporting_governance.commands._self_watch import watch_ourselves
from reporting_governance.commands._signer_option import check_signer_options, signer_options
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import Busy, GovernanceError, StorageError
from reporting_governance.stages.run import RunReport, Steps, run_chain

if TYPE_CHECKING:
    from collections.abc import Callable

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
        "reportgov run --html status.html",
        "* * * * * reportgov run        (crontab)",
    ),
    dry=True,
)
@click.option("--example", is_flag=True, help="Show the chain at work on one overdue task, in a scratch state folder.")
@signer_options
@click.option(
    "--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write the status page anew after the run."
)
@click.option("--max-seconds", type=click.IntRange(1, 86_400), default=50, show_default=True, help="When to end.")
def main(
    context: CommandContext,
    *,
    example: bool,
    max_seconds: float,
    signer: str | None,
    signer_key: str | None,
    html: str | None,
) -> Reply:
    """Take the inbox in, then scan, enqueue, dispatch and bridge, in order: the line for crontab."""
    context.require("run")
    if example:
        from reporting_governance.commands._example import run_example

        return run_example(context, max_seconds)
    check_signer_options(signer, signer_key)
    try:
        reply = run_watched(context, max_seconds, signer, signer_key)
    except GovernanceError:
        _write_page(context, html)  # which says that the watch is not well
        raise
    if reply is None:
        return Reply(dump(None, context))
    _write_page(context, html)
    return reply


def _write_page(context: CommandContext, path: str | None) -> None:
    if path is None or context.dry_run:
        return
    from reporting_governance.commands._status_page import write_page_of_run

    write_page_of_run(context, path)


def run_watched(
    context: CommandContext, max_seconds: float, signer: str | None = None, signer_key: str | None = None
) -> Reply | None:
    """Run the chain under `run.lock`, and say how it went; None when another run holds the lock."""
    if context.dry_run:  # takes no lock, and says nothing to anybody
        return reply_of(_chain(context, max_seconds), context)
    watch = RunWatch(context)
    with ExitStack() as alone:
        try:
            if not _is_alone(context, alone):
                return None
            watch.begin()
            try:
                report = _chain(context, max_seconds, watch)
            except GovernanceError as fault:
                if not isinstance(fault, (Busy, StorageError)):  # those would meet the next line too
                    watch.record(code_of(fault), str(fault))
                with suppress(GovernanceError):  # the run ends with what it broke off for
                    _sign(context, signer, signer_key)
                raise
            reply = reply_of(report, context)
            watch.record(int(reply.exit_code), failure_of(reply), has_added=context.backend.has_added)
            _sign_or_say(context, signer, signer_key)
        except BaseException as error:
            watch.broke_off(code_of(error))
            raise
        said = watch.end(int(reply.exit_code), unreadable_sources=len(report.scan.unreadable))
        text = "\n\n".join(each for each in (reply.text, said.describe()) if each)
        return Reply({**reply.document, "self": said.dump()}, text, reply.exit_code)


def _sign(context: CommandContext, signer: str | None, signer_key: str | None) -> None:
    """Sign the head of what this run and others recorded, when the journal has grown."""
    if context.backend.ready().seq <= context.backend.newest_log_checkpoint():
        return
    from reporting_governance.commands._heads import sign_after_run, signer_of

    sign_after_run(context, None if signer is None else signer_of(context, signer, signer_key))


def _sign_or_say(context: CommandContext, signer: str | None, signer_key: str | None) -> None:
    """Sign, and only say what stands in the way: whatever was due has been done by now."""
    from reporting_governance.commands._handler import say

    try:
        _sign(context, signer, signer_key)
    except GovernanceError as fault:
        say(f"the journal's head is not signed: {fault}")


def run_once(context: CommandContext, max_seconds: float) -> RunReport | None:
    """Run the chain under `run.lock` and tell nobody outside; None when another run holds it."""
    with ExitStack() as alone:
        if not context.dry_run and not _is_alone(context, alone):
            return None
        return _chain(context, max_seconds)


def _chain(context: CommandContext, max_seconds: float, watch: RunWatch | None = None) -> RunReport:
    from reporting_governance.commands._stopping import stop_on_signals

    with stop_on_signals() as stop:
        steps = _steps(context, max_seconds, stop)
        if watch is not None:
            timed: list[Any] = [step and watch.timed(name, step) for name, step in steps._asdict().items()]
            steps = Steps(*timed)
        report = run_chain(context.store, steps, clock=context.clock, stop=stop)
    if not context.dry_run:
        context.backend.heartbeat_line(context.clock.now())
        context.backend.maintain(context.clock.now())
    return report


def _is_alone(context: CommandContext, alone: ExitStack) -> bool:
    """Hold the lock of runs until `alone` ends; false when another run holds it.  Raises: Busy, StorageError."""
    from reporting_governance.storage.files.lock import held

    context.backend.initialise(context.clock.now())
    path = os.path.join(context.state, RUN_LOCK)
    try:
        alone.enter_context(held(path, wait_seconds=0))
        os.utime(path)
    except Busy:
        return False
    except OSError as fault:
        raise StorageError(path=path, reason=fault.strerror or str(fault)) from fault
    if context.database is not None:
        from reporting_governance.commands._database import note_host

        note_host(context)
    return True


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
        self_watch=lambda: watch_ourselves(context),
    )
