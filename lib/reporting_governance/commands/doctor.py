"""`reportgov doctor`."""

import click

from reporting_governance.commands._health import all_checks
from reporting_governance.commands._health_check import Check, Verdict
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode


@governed_command(
    "doctor",
    takes="the host, the state folder, the profile, the senders and the task sources",
    adds="nothing; --rebuild makes the views anew from the journal",
    twice="may run twice",
    examples=("reportgov doctor", "reportgov doctor --rebuild"),
    needs="read",
)
@click.option("--rebuild", is_flag=True, help="Throw the views away and make them anew from the journal.")
def main(context: CommandContext, *, rebuild: bool) -> Reply:
    """Check this host, the state folder and the journal; say what is wrong and what to do.

    Exit 1 when something is bad.
    """
    if rebuild:
        context.require("state.rebuild")
    context.settings  # noqa: B018 - a profile that is not there is a wrong call, and no finding about this host
    if rebuild:
        context.backend.rebuild()
    checks = list(all_checks(context))
    bad = any(each.verdict is Verdict.BAD for each in checks)
    document = {
        "rebuilt": rebuild,
        "checks": [each.dump() for each in checks],
        "effective_capabilities": {name: each._asdict() for name, each in context.settings.effective.items()},
    }
    return Reply(document, describe(checks), ExitCode.NO if bad else ExitCode.DONE)


def describe(checks: list[Check]) -> str:
    """Return the checks as a table, what is bad first."""
    from reporting_governance.commands._tables import table

    order = (Verdict.BAD, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK)
    ranked = sorted(checks, key=lambda each: order.index(each.verdict))
    return table(
        ("check", "verdict", "seen", "what to do", "rule"),
        [(c.name, c.verdict.value, c.seen, c.advice, c.rule.value) for c in ranked],
    )
