"""Which checks a run of a command line was, how each of them ended, and which of them prove nothing.

The exit status of a line is that of its last command.  A check's own status is known only where the line ends with it
or stops at it (`&&`, `set -e`, a pipe under `pipefail`); anywhere else only its summary line speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reporting_governance.contracts.deed import Deed
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.check_commands import CheckCommand, check_of
from reporting_governance.core.check_names import PACKAGE_MANAGERS, PASSES_WITHOUT_TESTS, CheckKind
from reporting_governance.core.check_output import Summary, read_summary
from reporting_governance.core.code_changes import SCRATCH
from reporting_governance.core.command_words import Command, base_name, commands_of

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
NO_TEST_RAN = "no test ran"
ALL_SKIPPED = "every test was skipped or deselected"
NEVER_RAN = "an earlier command of the line failed, so that it may never have run"
NOT_STARTED = "it could not be started"
STOPPED = "it was stopped before it ended"
IN_BACKGROUND = "it ran in the background, and its outcome is not there"
ONLY_PRINTS = "it prints words about a check, and runs none"
_STOPPED_STATUS = frozenset({124, 130, 137, 143})
_NOT_STARTED_STATUS = frozenset({126, 127})
_PYTEST_NO_TESTS = 5
_MOST_HEAD_LINES = 200
_DOES_NOTHING = frozenset({"echo", "printf", "true", ":", "exit"})
_PRINTERS = frozenset("echo printf cat head tail less more bat print".split())
#: commands that prepare for a check and hardly ever fail
_PREPARES = frozenset(
    "cd pushd export source . set unset true : echo printf sleep mkdir ulimit umask nvm date pwd".split()
)


@frozen
class CheckRun:
    """One check that a command line named."""

    runner: str
    scope: frozenset[str]  #: what it was narrowed to; empty: everything
    outcome: str  #: passed, failed or unknown
    exit_status: int | None  #: its own, where that is known
    proves_nothing: str | None
    ran: int | None  #: tests, where its summary counts them
    folder: str  #: where it ran; empty: not known
    at_command: int  #: its place in the line


def checks_in(deed: Deed, commands: Sequence[Command] | None = None) -> tuple[CheckRun, ...]:
    """Return the checks of a run, in the order in which the line names them."""
    commands = commands_of(deed.command) if commands is None else commands
    folders = folders_of(deed, commands)
    found = [
        (index, check)
        for index, each in enumerate(commands)
        if (check := check_of(each.words)) is not None and not _is_scratch_script(each, check, folders[index])
    ]
    if not found:
        return _printed(deed, commands, folders)
    line = _Line(deed, commands, found)
    return tuple(
        CheckRun(
            runner=check.runner,
            scope=check.scope,
            outcome=outcome.outcome,
            exit_status=outcome.exit_status,
            proves_nothing=outcome.proves_nothing,
            ran=outcome.ran,
            folder=joined(folders[index], check.folder) if check.folder else folders[index],
            at_command=index,
        )
        for index, check in found
        for outcome in (line.outcome_of(index, check),)
    )


def _is_scratch_script(command: Command, check: CheckCommand, folder: str) -> bool:
    """Return whether a check is a script in a scratch folder, beside no work: anybody can write one that passes."""
    script = next((word for word in command.words[:3] if base_name(word) == check.runner), "")
    return script.startswith(SCRATCH) and not folder.startswith(SCRATCH)


def folders_of(deed: Deed, commands: Sequence[Command]) -> tuple[str, ...]:
    """Return in which folder each command of a line runs, as far as `cd` tells; empty where it is not known."""
    folders, folder = [], deed.folder
    for each in commands:
        folders.append(folder)
        if each.words[:1] in (("cd",), ("pushd",)):
            folder = joined(folder, each.words[1]) if len(each.words) == 2 else ""
    return tuple(folders)


def joined(folder: str, path: str) -> str:
    """Return a path seen from a folder, without `.` and `..`; empty when that cannot be said."""
    if not path or "$" in path or "`" in path or path.startswith(("~", "-")):
        return ""
    if not path.startswith("/"):
        if not folder:
            return ""
        path = f"{folder}/{path}"
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


@frozen
class _Outcome:
    outcome: str
    exit_status: int | None = None
    proves_nothing: str | None = None
    ran: int | None = None


class _Line:
    """One command line with its checks and its outcome."""

    def __init__(self, deed: Deed, commands: Sequence[Command], found: Sequence[tuple[int, CheckCommand]]) -> None:
        self.deed, self.commands = deed, commands
        self.places = [index for index, _ in found]
        status = deed.exit_status
        if status is None and deed.failed is False:
            status = 0
        self.status = status  #: of the line
        self.went_wrong = bool(status) or (status is None and deed.failed is True)
        self.can_be_read = not _prints_results(commands)
        self.trapped = any(each.words[:1] == ("trap",) and {"EXIT", "0"} & set(each.words[1:]) for each in commands)

    def outcome_of(self, index: int, check: CheckCommand) -> _Outcome:
        summary = read_summary(self.deed.output, check.kind)
        if check.proves_nothing is not None and not (
            check.proves_nothing == PASSES_WITHOUT_TESTS and summary.ran and summary.passed
        ):
            outcome = FAILED if summary.passed is False and check.proves_nothing == PASSES_WITHOUT_TESTS else UNKNOWN
            return _Outcome(outcome, None, check.proves_nothing, summary.ran)
        if self.deed.interrupted:
            return _Outcome(UNKNOWN, None, STOPPED, summary.ran)
        hidden = self._hidden(index)
        if hidden is not None:
            return _settled(self._by_summary(summary, hidden), summary, check)
        if self.went_wrong:
            return self._gone_wrong(index, check, summary)
        if self.status is None:
            return _settled(self._by_summary(summary, None), summary, check)
        if summary.passed is None and (idle := _idle(check, self.deed.output)) is not None:
            return _Outcome(UNKNOWN, None, idle, summary.ran)
        return _settled(_Outcome(PASSED, 0, None, summary.ran), summary, check)

    def _hidden(self, index: int) -> str | None:
        """Return why the line's status does not tell a check's own, None when it does."""
        command = self.commands[index]
        if self.trapped:
            return "a trap may set another exit status at the end of the line"
        if command.guarded:
            return "it is a condition or part of a loop, so its exit status is not the line's"
        while command.piped and index + 1 < len(self.commands):
            if not command.pipefail:
                return "its exit status is that of the last command of the pipe"
            index += 1
            command = self.commands[index]
        following = self.commands[index + 1].words if index + 1 < len(self.commands) else ()
        if command.after == "&":
            return IN_BACKGROUND
        if not following:
            return None
        if command.after == "||":
            ends = following[:1] in (("exit",), ("return",), ("false",)) and following[1:2] != ("0",)
            return None if ends else "its exit status is thrown away by what stands after `||`"
        if command.after == "&&" or command.errexit:
            return self._hidden(index + 1)
        return "its exit status is that of a later command of the line"

    def _by_summary(self, summary: Summary, hidden: str | None) -> _Outcome:
        if summary.passed is not None and not self.can_be_read:
            return _Outcome(
                UNKNOWN, None, f"{hidden or 'no exit status is known'}, and the line prints words of its own"
            )
        if summary.passed is None:
            return _Outcome(UNKNOWN, None, hidden, summary.ran)
        if summary.passed and hidden is not None and "||" in hidden:
            return _Outcome(PASSED, None, hidden, summary.ran)
        return _Outcome(PASSED if summary.passed else FAILED, None, None, summary.ran)

    def _gone_wrong(self, index: int, check: CheckCommand, summary: Summary) -> _Outcome:
        """Tell whether a check failed, or another command of its chain did."""
        before, after = self._chain(index)
        alone = not before and not after
        if self.status in _STOPPED_STATUS:
            return _Outcome(UNKNOWN, self.status if alone else None, STOPPED, summary.ran)
        if self.status in _NOT_STARTED_STATUS and summary.passed is None:
            return _Outcome(UNKNOWN, self.status if alone else None, NOT_STARTED)
        if self.status == _PYTEST_NO_TESTS and check.runner == "pytest" and not summary.ran:
            return _Outcome(UNKNOWN, self.status, ALL_SKIPPED if summary.skipped else NO_TEST_RAN, 0)
        own = self.status if not after else None
        if summary.passed is False:
            return _Outcome(FAILED, own, None, summary.ran)
        same_kind_before = any(self.commands[each].words and check_of(self.commands[each].words) for each in before)
        if summary.passed and not same_kind_before:
            return _Outcome(PASSED, None, None, summary.ran) if after else _Outcome(FAILED, own, None, summary.ran)
        if all(self._prepares(each) for each in before) and "cd: " not in self.deed.output:
            return _Outcome(FAILED, own, None, summary.ran)
        return _Outcome(UNKNOWN, None, NEVER_RAN)

    def _chain(self, index: int) -> tuple[list[int], list[int]]:
        """Return the commands that had to succeed before this one ran, and those that ran after it succeeded."""
        before, at = [], index
        while at > 0 and (self.commands[at].before in ("&&", "|") or self.commands[at - 1].errexit):
            at -= 1
            before.append(at)
        after, at = [], index
        while at + 1 < len(self.commands) and (self.commands[at].after in ("&&", "|") or self.commands[at].errexit):
            if self.commands[at].after != "|":
                after.append(at + 1)
            at += 1
        return before, after

    def _prepares(self, index: int) -> bool:
        words = self.commands[index].words
        return not words or base_name(words[0]) in _PREPARES


def _idle(check: CheckCommand, output: str) -> str | None:
    """Return why a script or a goal that ended with 0 checked nothing, as its starter tells; None: it may have."""
    name = check.runner.partition(" ")[0]
    lines = [each.strip() for each in output.splitlines()[:_MOST_HEAD_LINES]]
    if name in PACKAGE_MANAGERS:
        # they show what a script is: `> app@1.0.0 test`, `> echo "no tests yet"`; yarn after a dollar
        shown = [each[2:] for each in lines if each.startswith(("> ", "$ "))]
        inside = [each for line in shown if "@" not in line.partition(" ")[0] for each in commands_of(line)]
        if inside and all(base_name("".join(each.words[:1])) in _DOES_NOTHING for each in inside):
            return "its script only prints"
    if name in ("make", "gmake") and lines and all(each.startswith(name) and _is_up_to_date(each) for each in lines):
        return "there was nothing to be done"
    return None


def _is_up_to_date(line: str) -> bool:
    return ": Nothing to be done for " in line or line.endswith(" is up to date.")


def _settled(found: _Outcome, summary: Summary, check: CheckCommand) -> _Outcome:
    """Add what a summary says of how many tests ran; a status of 0 says nothing about none."""
    if summary.passed is False and summary.ran and found.outcome == PASSED:
        return replace(found, outcome=FAILED, ran=summary.ran)
    if check.kind is not CheckKind.STATIC and summary.ran == 0 and summary.passed is None:
        return replace(found, outcome=UNKNOWN, proves_nothing=ALL_SKIPPED if summary.skipped else NO_TEST_RAN, ran=0)
    return found


def _prints_results(commands: Sequence[Command]) -> bool:
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


def _printed(deed: Deed, commands: Sequence[Command], folders: Sequence[str]) -> tuple[CheckRun, ...]:
    """Return a check that proves nothing for a line that only prints the words of one."""
    names = {base_name(each.words[0]) for each in commands if each.words}
    printers = [index for index, each in enumerate(commands) if each.words and base_name(each.words[0]) in _PRINTERS]
    if not printers or not names <= _PRINTERS | _PREPARES | {"grep", "tee", "wc", "sort", "exit"}:
        return ()
    if any(each.targets or not each.words for each in commands):
        return ()
    summary = read_summary(deed.output, CheckKind.TEST)
    if not summary.passed and "tests passed" not in deed.output.lower():
        return ()
    first = printers[0]
    name = base_name(commands[first].words[0])
    return (CheckRun(name, frozenset(), UNKNOWN, None, ONLY_PRINTS, None, folders[first], first),)
