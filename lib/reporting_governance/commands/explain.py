"""`reportgov explain`."""

from dataclasses import asdict

import click

from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.stages.explain import ExplainReport, run_explain


@governed_command(
    "explain",
    takes="the journal, and the queue",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=("reportgov explain my-task", "reportgov explain ntc_0123… --format json"),
    needs="read",
)
@click.argument("identity", metavar="ID")
def main(context: CommandContext, *, identity: str) -> Reply:
    """Tell the whole story of one id.

    ID is that of a task, event, episode, decision, notice, thread, spool item, attempt, receipt, act, hold, silence or
    job, or of a plugin of OpenClaw.

    The newest lines of the journal are read first. Of an older story its own lines are looked for, and read alone.
    """
    report = run_explain(context.store, as_typed(identity), profile=context.settings.profile, clock=context.clock)
    document = {
        "id": report.identity,
        "steps": [asdict(step) for step in report.steps],
        "waiting": [asdict(each) for each in report.waiting],
        "next": [asdict(each) for each in report.next],
        "retired": _retired(report),
        "read": {"from_seq": report.from_seq, "to_seq": report.to_seq, "whole_journal": report.from_seq == 1},
    }
    return Reply(document, describe(report))


def describe(report: ExplainReport) -> str:
    """Return one line for each step, oldest first, why what is still in the queue is there, and what comes next."""
    from reporting_governance.commands._tables import table

    rows = [(step.at, step.seq, step.id, step.sentence) for step in report.steps]
    parts = [table(("when", "line", "record", "what"), rows)]
    if report.waiting:
        waiting = [(each.notice_id, each.since, each.sentence) for each in report.waiting]
        parts.append(table(("in the queue now", "since", "why"), waiting))
    if report.next:
        parts.append(
            table(("next", "with", "what"), [(each.at or "-", each.id, each.sentence) for each in report.next])
        )
    parts.append(_what_was_read(report))
    return "\n\n".join(parts)


def _retired(report: ExplainReport) -> dict[str, object] | None:
    if not report.retired:
        return None
    newest = report.retired[-1]
    return {"to_seq": newest.to_seq, "at": newest.at, "reason": newest.reason, "approver": newest.approver}


def _what_was_read(report: ExplainReport) -> str:
    if report.retired:
        newest = report.retired[-1]
        what = f"Lines 1 to {newest.to_seq} were retired on {newest.at} ({newest.reason})"
        return f"{what}; what the story began with may have been among them."
    if report.from_seq == 1:
        return f"All {report.to_seq} lines of the journal were read."
    return f"Of the {report.to_seq} lines of the journal none before line {report.from_seq} belongs to it."
