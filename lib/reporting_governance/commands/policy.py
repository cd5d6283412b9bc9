"""`reportgov policy`."""

import os

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

TEST, EXPLAIN, FACTS = "test", "explain", "facts"


class BadWords(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov policy --help` shows what belongs to which."


@governed_command(
    "policy",
    takes="policy packs (test), a decision of the journal (explain), messages, events or a transcript (facts)",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=(
        "reportgov policy test",
        "reportgov policy test verified-completion-only --min-coverage 100 --junit policy.xml",
        "reportgov policy explain my-task",
        "reportgov policy facts message.txt",
        "reportgov policy facts --claude-code-transcript session.jsonl --lines",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice([TEST, EXPLAIN, FACTS]))
@click.argument("words", metavar="[PACK... | ID | FILE]", nargs=-1)
@click.option("--junit", metavar="FILE", help="Write the results as JUnit XML too (test).")
@click.option(
    "--min-coverage", type=click.IntRange(0, 100), metavar="PERCENT", help="End with 1 below this coverage (test)."
)
@click.option("--claude-code-transcript", metavar="FILE", help="Take what a Claude Code session did (facts).")
@click.option("--lines", is_flag=True, help="Print one JSON object for each fact (facts).")
def main(
    context: CommandContext,
    *,
    what: str,
    words: tuple[str, ...],
    junit: str | None,
    min_coverage: int | None,
    claude_code_transcript: str | None,
    lines: bool,
) -> Reply:
    """Try policy packs, see why a decision came out as it did, and see what rules see.

    \b
    test     Runs the examples that stand in packs.  PACK is the id of a shipped pack or a file; without one, the packs
             of the profile.  Also says which leaves no example has shown true, false and unknown.
    explain  ID is that of a decision, or of the event or task it is about: every rule that looked, the value behind
             each leaf, which rule won and why, and what was planned.
    facts    FILE (or - for standard input) holds one message, event or example a line, as JSON or as plain text.
             Prints every fact with its value, where it came from, and why it is unknown.
    """
    if what != TEST and (junit is not None or min_coverage is not None):
        raise BadWords(problem="--junit and --min-coverage belong to test")
    if what != FACTS and (claude_code_transcript is not None or lines):
        raise BadWords(problem="--claude-code-transcript and --lines belong to facts")
    if what != EXPLAIN and any(map(_is_file, words)):
        context.require("outside")  # what stands in it is shown
    if what == TEST:
        from reporting_governance.commands._policy_test import test_packs

        return test_packs(context, words, junit=junit, least=min_coverage)
    context.require("read")
    if what == EXPLAIN:
        from reporting_governance.commands._policy_explain import explain_decisions

        if len(words) != 1 or not words[0]:
            raise BadWords(problem="explain takes one id")
        return explain_decisions(context, words[0])
    from reporting_governance.commands._policy_facts import show_facts

    if len(words) > 1 or bool(words) is (claude_code_transcript is not None):
        raise BadWords(problem="facts takes one FILE, or -, or --claude-code-transcript FILE")
    return show_facts(context, words[0] if words else None, transcript=claude_code_transcript, as_lines=lines)


def _is_file(word: str) -> bool:
    """Tell whether a word names a file, and neither a shipped pack nor standard input."""
    return word != "-" and (os.sep in word or os.path.exists(word))
