"""`reportgov rule`."""

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command


@governed_command(
    "rule",
    takes="ids of rules, as findings and doctor name them",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=("reportgov rule", "reportgov rule GOV101", "reportgov rule GOV217 GOV218 --format json"),
)
@click.argument("ids", metavar="[ID]...", nargs=-1)
def main(context: CommandContext, *, ids: tuple[str, ...]) -> Reply:  # noqa: ARG001 - a verb takes the context
    """Say what a rule asks for and why, with a bad and a good example, and how to mend what breaks it.

    Without an id: all rules, one line each.  docs/rules.md says the same on one page.
    """
    from reporting_governance.commands._rule_account import account, chosen, listed
    from reporting_governance.commands._rule_texts import rule_texts
    from reporting_governance.commands._rules import catalogue

    rules, texts = chosen(ids, catalogue()), rule_texts()
    document = {"rules": [account(each, texts[each.id]) for each in rules]}
    return Reply(document, listed(rules, texts if ids else None))
