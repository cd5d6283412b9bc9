"""`reportgov retry`."""

import click

from reporting_governance.commands._acting import act_on
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.stages.acts import ActReport
from reporting_governance.stages.retrying import run_retry


@governed_command(
    "retry",
    takes="a blocked item or notice, or an item in doubt",
    adds="an act, and a new round of the item with a life of its own",
    twice="may run twice: the second call finds nothing blocked and says so, with exit code 2",
    examples=("reportgov retry spl_0123…", "reportgov retry ntc_0123… --comment 'channel is up again'"),
    needs="retry",
)
@click.argument("subject", metavar="ID")
@click.option("--comment", default="", help="Kept with the act.")
def main(context: CommandContext, *, subject: str, comment: str) -> Reply:
    """Send a blocked item again.  An item in doubt is sent again with its subject marked as a possible repeat."""

    def run(subject: str, comment: str) -> ActReport:
        return run_retry(
            context.store,
            subject,
            actor=context.actor,
            comment=comment,
            lifetime_seconds=context.settings.profile.notification.retry.lifetime_seconds,
            clock=context.clock,
        )

    return act_on(context, "retry", subject, comment, run)
