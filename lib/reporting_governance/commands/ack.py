"""`reportgov ack`."""

import click

from reporting_governance.commands._acting import act_on
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.acts import ActReport, run_ack, run_unack


@governed_command(
    "ack",
    takes="the threads of an open episode",
    adds="an act, and a receipt with proof `person`; what was not sent yet is withdrawn",
    twice="may run twice: the second act changes nothing that the first did not",
    examples=(
        "reportgov ack epi_0123…",
        'reportgov ack my-task --comment "looking at it"',
        'reportgov ack epi_0123… --undo --comment "not mine after all"',
    ),
    needs="ack",
)
@click.argument("subject", metavar="ID")
@click.option("--comment", default="", help="Kept with the act.")
@click.option("--undo", is_flag=True, help="Take an acknowledgement back: repeats go on, the escalation begins anew.")
def main(context: CommandContext, *, subject: str, comment: str, undo: bool) -> Reply:
    """Say that a person has taken over: ends repeats and escalation for every receiver until the episode is over.

    ID is that of an episode, thread, notice, spool item or task, or of any other record that belongs to an episode.
    """
    act = run_unack if undo else run_ack

    def run(subject: str, comment: str) -> ActReport:
        rules = rules_of(context.settings.profile.notification)
        return act(context.store, subject, actor=context.actor, comment=comment, clock=context.clock, rules=rules)

    return act_on(context, "unack" if undo else "ack", subject, comment, run)
