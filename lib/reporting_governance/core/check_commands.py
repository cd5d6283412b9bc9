"""Which commands are checks, what they were narrowed to, and which of them check nothing."""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.check_names import (
    ALONE,
    ASKS,
    FOLDER_OPTIONS,
    NARROWING,
    NO_NARROWING,
    OTHER_VALUES,
    SESSIONS,
    SHORT,
    WITH_VALUE,
)
from reporting_governance.core.check_parts import leaves_tests_out, part_of
from reporting_governance.core.check_programs import found_check, kind_of_name


@frozen
class CheckCommand:
    """A command that is a check."""

    runner: str  #: `pytest`, `npm test`, `cargo clippy` ...
    kind: CheckKind
    scope: frozenset[str]  #: what it was narrowed to; empty: everything
    proves_nothing: str | None = None
    folder: str = ""  #: the folder that its own options name
    part: str | None = None  #: of tests: what of them it was narrowed to, in words


def check_of(words: Sequence[str]) -> CheckCommand | None:
    """Return the check that a command is; None for any other command."""
    found = found_check(words)
    if found is None:
        return None
    runner, kind, rest = found
    kind = _kind_by_options(runner, kind, rest)
    tests = kind in (CheckKind.TEST, CheckKind.ANY)
    return CheckCommand(
        runner=runner,
        kind=kind,
        scope=_scope(runner, rest),
        proves_nothing=_nothing(runner, rest) or leaves_tests_out(runner, rest),
        folder=_own_folder(rest),
        part=part_of(runner, rest) if tests else None,
    )


def _kind_by_options(runner: str, kind: CheckKind, rest: Sequence[str]) -> CheckKind:
    """Return what a runner of several things was asked for: `tox -e lint`."""
    if runner in ("tox", "nox"):
        named = [rest[index + 1] for index, word in enumerate(rest[:-1]) if word in ("-e", "-s")]
        kinds = {kind_of_name(each) or CheckKind.TEST for each in ",".join(named).split(",") if each}
        return next(iter(kinds)) if len(kinds) == 1 else kind
    return kind


def _nothing(runner: str, rest: Sequence[str]) -> str | None:
    short: frozenset[str] | set[str] = SHORT.get(runner, SHORT.get(runner.split(" ", 1)[0], frozenset()))
    for word in rest:
        if word in ASKS:
            return ASKS[word]
        if word in short:
            return "it only asks, and runs nothing"
    return None


def _scope(runner: str, rest: Sequence[str]) -> frozenset[str]:
    found, index = set(), 0
    tool = runner.partition(" ")[0]
    narrowing = (NARROWING | SESSIONS.get(tool, frozenset())) - NO_NARROWING.get(tool, frozenset())
    while index < len(rest):
        word = rest[index]
        if word in ALONE:
            found.add(word)
        elif word in narrowing:
            found.add(" ".join(rest[index : index + 2]))
            index += 1
        elif word in WITH_VALUE or word in OTHER_VALUES.get(tool, ()):
            index += 1
        elif not word.startswith("-"):
            found.add(word.rstrip("/"))
        elif word.partition("=")[0] in NARROWING and "=" in word:
            found.add(word)
        index += 1
    return frozenset(found - {".", "", "./..."})


def _own_folder(rest: Sequence[str]) -> str:
    for index, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name in FOLDER_OPTIONS:
            return value if equals else "".join(rest[index + 1 : index + 2])
    return ""
