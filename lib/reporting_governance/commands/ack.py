"""`reportgov ack`."""

import click

from reporting_governance.commands._acting import act_on
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

    def run(subject: str, comment: str) -> ActReport:
        return run_ack(context.store, subject, actor=context.actor, comment=comment, clock=context.clock)

    return act_on(context, "ack", subject, comment, run)
