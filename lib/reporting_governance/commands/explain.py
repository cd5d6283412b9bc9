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
)
@click.argument("identity", metavar="ID")
def main(context: CommandContext, *, identity: str) -> Reply:
    """Tell the whole story of one id.

    ID is that of a task, event, episode, decision, notice, spool item, attempt, receipt, act or silence.
    """
    report = run_explain(context.store, as_typed(identity), profile=context.settings.profile, clock=context.clock)
    document = {
        "id": report.identity,
        "steps": [asdict(step) for step in report.steps],
        "waiting": [asdict(each) for each in report.waiting],
    }
    return Reply(document, describe(report))


def describe(report: ExplainReport) -> str:
    """Return one line for each step, oldest first, and why what is still in the queue is there."""
    from reporting_governance.commands._tables import table

    rows = [(step.at, step.seq, step.id, step.sentence) for step in report.steps]
    story = table(("when", "line", "record", "what"), rows)
    if not report.waiting:
        return story
    now = table(("in the queue now", "since", "why"), [(w.notice_id, w.since, w.sentence) for w in report.waiting])
    return f"{story}\n\n{now}"
