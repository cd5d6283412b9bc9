"""Lines that print words which could be taken for the output of a check."""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.contracts.deed import Deed
from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.core.check_output import read_summary
from reporting_governance.core.command_words import Command, base_name, commands_of

_PRINTERS = frozenset("echo printf cat head tail less more bat print".split())
_MOST_HEAD_LINES = 200
#: commands that prepare for a check and hardly ever fail
PREPARES = frozenset(
    "cd pushd export source . set unset true : echo printf sleep mkdir ulimit umask nvm date pwd".split()
)


def prints_results(commands: Sequence[Command]) -> bool:
    """Return whether a line prints text of its own that could be taken for a summary."""
    written: set[str] = set()
    for each in commands:
        name = base_name(each.words[0]) if each.words else ""
        if name == "function":
            return True
        written.update(each.targets)
        if name == "tee":
            written.update(each.words[1:])
        if name not in _PRINTERS or each.fed:
            continue
        if name not in ("echo", "printf", "print"):
            files = {word for word in each.words[1:] if not word.startswith("-") and not word.isdigit()}
            if files and files <= written:
                continue
            return True
        words = " ".join(each.words[1:]).replace("\\n", "\n")
        if read_summary(words, CheckKind.ANY).passed is not None or (name == "printf" and "%" in words):
            return True
    return False


def printed_words(deed: Deed, commands: Sequence[Command]) -> int | None:
    """Return which command only prints the words of a check, where a line does nothing else."""
    names = {base_name(each.words[0]) for each in commands if each.words}
    printers = [index for index, each in enumerate(commands) if each.words and base_name(each.words[0]) in _PRINTERS]
    if not printers or not names <= _PRINTERS | PREPARES | {"grep", "tee", "wc", "sort", "exit"}:
        return None
    if any(each.targets or not each.words for each in commands):
        return None
    summary = read_summary(deed.output, CheckKind.TEST)
    return printers[0] if summary.passed or "tests passed" in deed.output.lower() else None


def shown_script(output: str) -> list[Command]:
    """Return the commands of a script that its starter shows: `> app@1.0.0 test`, `> vitest`; yarn after a dollar."""
    lines = [each.strip() for each in output.splitlines()[:_MOST_HEAD_LINES]]
    shown = [each[2:] for each in lines if each.startswith(("> ", "$ "))]
    return [each for line in shown if "@" not in line.partition(" ")[0] for each in commands_of(line)]
