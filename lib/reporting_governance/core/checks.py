"""Which checks a run of a command line was, how each of them ended, and which of them prove nothing.

The exit status of a line is that of its last command.  A check's own status is known only where the line ends with it
or stops at it (`&&`, `set -e`, a pipe under `pipefail`); anywhere else only its summary line speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from reporting_governance.contracts.deed import Deed
from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.check_commands import CheckCommand, check_of
from reporting_governance.core.check_names import PACKAGE_MANAGERS, PASSES_WITHOUT_TESTS
from reporting_governance.core.check_output import Summary, read_summary
from reporting_governance.core.check_printing import PREPARES, printed_words, prints_results, shown_script
from reporting_governance.core.code_changes import SCRATCH
from reporting_governance.core.command_words import Command, base_name, commands_of
from reporting_governance.core.line_status import hidden_status, status_of
from reporting_governance.core.replaced_runners import added_options, is_scratch, replaced_runner, search_of

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
NO_TEST_RAN = "no test ran"
ALL_SKIPPED = "every test was skipped or deselected"
NEVER_RAN = "an earlier command of the line failed, so that it may never have run"
NOT_STARTED = "it could not be started"
STOPPED = "it was stopped before it ended"
ONLY_PRINTS = "it prints words about a check, and runs none"
_STOPPED_STATUS = frozenset({124, 130, 137, 143})
_NOT_STARTED_STATUS = frozenset({126, 127})
_PYTEST_NO_TESTS = 5
_LOOKS_TOO = "checking validity of types"  #: a build that says so looks at types and style, too
_MOST_HEAD_LINES = 200
_DOES_NOTHING = frozenset({"echo", "printf", "true", ":", "exit"})


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
    kind: CheckKind = CheckKind.ANY
    part: str | None = None  #: what of its tests it was narrowed to; None: nothing says that it was
    program: str = ""  #: the first word of its command
    search: tuple[str, ...] = ()  #: folders in which its program is looked for first


def checks_in(deed: Deed, commands: Sequence[Command] | None = None) -> tuple[CheckRun, ...]:
    """Return the checks of a run, in the order in which the line names them."""
    commands = commands_of(deed.command) if commands is None else commands
    folders = folders_of(deed, commands)
    found = [
        (index, check)
        for index, each in enumerate(commands)
        if (check := _check_at(commands, index, folders[index])) is not None
    ]
    if not found:
        at = printed_words(deed, commands)
        if at is None:
            return ()
        name = base_name(commands[at].words[0])
        return (CheckRun(name, frozenset(), UNKNOWN, None, ONLY_PRINTS, None, folders[at], at),)
    line = _Line(deed, commands, found)
    return tuple(_run(line, index, check, folders[index]) for index, check in found)


def _check_at(commands: Sequence[Command], index: int, folder: str) -> CheckCommand | None:
    """Return the check that a command of a line is, with what its variables make of it."""
    command = commands[index]
    check = check_of(command.words)
    if check is None or _is_scratch_script(command, check, folder):
        return None
    more = added_options(commands, index, check.runner)
    check = (check_of((*command.words, *more)) or check) if more else check
    if check.proves_nothing is None and (why := replaced_runner(commands, index, folder)) is not None:
        return replace(check, proves_nothing=why)
    return check


def _run(line: _Line, index: int, check: CheckCommand, folder: str) -> CheckRun:
    outcome = line.outcome_of(index, check)
    command = line.commands[index]
    return CheckRun(
        runner=check.runner,
        scope=check.scope,
        outcome=outcome.outcome,
        exit_status=outcome.exit_status,
        proves_nothing=outcome.proves_nothing,
        ran=outcome.ran,
        folder=joined(folder, check.folder) if check.folder else folder,
        at_command=index,
        kind=kind_of_run(check, line.deed.output),
        part=check.part,
        program=command.words[0],
        search=search_of(line.commands, index),
    )


def _is_scratch_script(command: Command, check: CheckCommand, folder: str) -> bool:
    """Return whether a check is a script in a scratch folder, beside no work: anybody can write one that passes."""
    script = next((word for word in command.words[:3] if base_name(word) == check.runner), "")
    return is_scratch(script) and not folder.startswith(SCRATCH)


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
        self.status = status_of(deed)  #: of the line
        self.went_wrong = bool(self.status) or (self.status is None and deed.failed is True)
        self.can_be_read = not prints_results(commands)

    def outcome_of(self, index: int, check: CheckCommand) -> _Outcome:
        summary = read_summary(self.deed.output, check.kind)
        if check.proves_nothing is not None and not (
            check.proves_nothing == PASSES_WITHOUT_TESTS and summary.ran and summary.passed
        ):
            outcome = FAILED if summary.passed is False and check.proves_nothing == PASSES_WITHOUT_TESTS else UNKNOWN
            return _Outcome(outcome, None, check.proves_nothing, summary.ran)
        if self.deed.interrupted:
            return _Outcome(UNKNOWN, None, STOPPED, summary.ran)
        hidden = hidden_status(self.commands, index)
        if hidden is not None:
            return _settled(self._by_summary(summary, hidden), summary, check)
        if self.went_wrong:
            return self._gone_wrong(index, check, summary)
        if self.status is None:
            return _settled(self._by_summary(summary, None), summary, check)
        if summary.passed is None and (idle := _idle(check, self.deed.output)) is not None:
            return _Outcome(UNKNOWN, None, idle, summary.ran)
        return _settled(_Outcome(PASSED, 0, None, summary.ran), summary, check)

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
        return not words or base_name(words[0]) in PREPARES


def kind_of_run(check: CheckCommand, output: str) -> CheckKind:
    """Return what a check looked at, as far as its output tells more than its name."""
    if check.runner.partition(" ")[0] in PACKAGE_MANAGERS:
        kinds = {found.kind for each in shown_script(output) if (found := check_of(each.words)) is not None}
        if _LOOKS_TOO in output:
            return CheckKind.STATIC
        if kinds:
            return kinds.pop() if len(kinds) == 1 else _joint_kind(kinds)
    if check.kind is CheckKind.ANY and read_summary(output, CheckKind.TEST).passed is None:
        return CheckKind.STATIC if read_summary(output, CheckKind.STATIC).passed is not None else CheckKind.ANY
    return check.kind


def _joint_kind(kinds: Set[CheckKind]) -> CheckKind:
    return CheckKind.ANY if kinds & {CheckKind.TEST, CheckKind.ANY} else CheckKind.STATIC


def _idle(check: CheckCommand, output: str) -> str | None:
    """Return why a script or a goal that ended with 0 checked nothing, as its starter tells; None: it may have."""
    name = check.runner.partition(" ")[0]
    lines = [each.strip() for each in output.splitlines()[:_MOST_HEAD_LINES]]
    if name in PACKAGE_MANAGERS:
        inside = shown_script(output)
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
