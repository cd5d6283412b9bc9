"""`reportgov ack`."""

from collections.abc import Mapping
from typing import Any

import click

from reporting_governance.commands._elsewhere import belongs_to_another, hand_in
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.stages.acts import ActReport, run_ack


@governed_command(
    "ack",
    takes="the threads of an open episode",
    adds="an act, and a receipt with proof `person`; what was not sent yet is withdrawn",
    twice="may run twice: the second act changes nothing that the first did not",
    examples=("reportgov ack epi_0123…", 'reportgov ack my-task --comment "looking at it"'),
)
@click.argument("subject", metavar="ID")
@click.option("--comment", default="", help="Kept with the act.")
def main(context: CommandContext, *, subject: str, comment: str) -> Reply:
    """Say that a person has taken over: ends repeats until the episode is over.

    ID is that of an episode, thread, notice, spool item or task.
    """
    subject, comment = as_typed(subject), as_typed(comment)
    if belongs_to_another(context.state):
        return handed_in(context.state, {"what": "ack", "subject": subject, "comment": comment})
    report = run_ack(context.store, subject, actor=context.actor, comment=comment, clock=context.clock)
    return Reply(dump(report), describe(report))


def handed_in(state: str, act: Mapping[str, Any]) -> Reply:
    """Leave an act to the owner of the state, and say so."""
    name = hand_in(state, act)
    text = f"{act['what']}: handed in as inbox/{name}; it counts when the owner of {state} runs the next command"
    nothing: dict[str, object] = {"act_id": None, "what": act["what"], "subjects": [], "withdrawn": []}
    return Reply({"handed_in": name, **nothing}, text)


def dump(report: ActReport) -> dict[str, object]:
    """Return the report as plain JSON data."""
    return {
        "handed_in": None,
        "act_id": report.act_id,
        "what": report.what,
        "subjects": list(report.subjects),
        "withdrawn": list(report.withdrawn),
    }


def describe(report: ActReport) -> str:
    """Return what the act changed."""
    lines = [f"{report.what}: {len(report.subjects)} changed ({', '.join(report.subjects)}), act {report.act_id}"]
    if report.withdrawn:
        lines.append(f"Not sent yet and withdrawn: {', '.join(report.withdrawn)}")
    return "\n".join(lines)
