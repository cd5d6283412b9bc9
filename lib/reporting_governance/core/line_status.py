"""What the exit status of a command line says of one of its commands."""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.contracts.deed import Deed
from reporting_governance.core.command_words import Command

IN_BACKGROUND = "it ran in the background, and its outcome is not there"
TRAPPED = "a trap may set another exit status at the end of the line"
GUARDED = "it is a condition or part of a loop, so its exit status is not the line's"
PIPED = "its exit status is that of the last command of the pipe"
THROWN_AWAY = "its exit status is thrown away by what stands after `||`"
IF_ANOTHER_FAILS = "it runs only where what stands before `||` fails"
FOLLOWED = "its exit status is that of a later command of the line"


def status_of(deed: Deed) -> int | None:
    """Return the exit status of a line: its own, or 0 where its host says that it did not fail."""
    return 0 if deed.exit_status is None and deed.failed is False else deed.exit_status


def hidden_status(commands: Sequence[Command], index: int) -> str | None:
    """Return why the status of a line does not tell that of one of its commands; None when it does."""
    if any(each.words[:1] == ("trap",) and {"EXIT", "0"} & set(each.words[1:]) for each in commands):
        return TRAPPED
    if commands[index].before == "||":
        return IF_ANOTHER_FAILS
    return _hidden(commands, index)


def _hidden(commands: Sequence[Command], index: int) -> str | None:
    command = commands[index]
    if command.guarded:
        return GUARDED
    while command.piped and index + 1 < len(commands):
        if not command.pipefail:
            return PIPED
        index += 1
        command = commands[index]
    following = commands[index + 1].words if index + 1 < len(commands) else ()
    if command.after == "&":
        return IN_BACKGROUND
    if not following:
        return None
    if command.after == "||":
        ends = following[:1] in (("exit",), ("return",), ("false",)) and following[1:2] != ("0",)
        return None if ends else THROWN_AWAY
    if command.after == "&&" or command.errexit:
        return _hidden(commands, index + 1)
    return FOLLOWED
