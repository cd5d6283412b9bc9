"""What `run` says of its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting_governance.commands._run_watch import Said
from reporting_governance.commands._wiring import Reply, titled
from reporting_governance.errors import ExitCode

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.run import RunReport


def dump(report: RunReport | None, context: CommandContext) -> dict[str, Any]:
    """Return the report as plain JSON data; None: another run was at work."""
    document: dict[str, Any] = {"dry_run": context.dry_run, "overlapped": report is None}
    parts: dict[str, Any] = dict.fromkeys(("inbox", "scan", "enqueue", "dispatch", "bridge", "example"))
    parts["self"] = Said().dump()
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
