"""What the summary lines of a check's output say.

Each test runner, type checker and linter ends with a line of its own form; only lines of those forms count, wherever
in the output they stand.  Words like "passed" in running text are no summary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.contracts.frozen import frozen


@frozen
class Summary:
    """What was read.  `passed` is None when no summary line was found; `ran` is None when it counts nothing."""

    passed: bool | None = None
    ran: int | None = None  #: tests that ran, passed or not
    skipped: int = 0  #: skipped, deselected, pending


@dataclass(slots=True)
class _Tally:
    good: int = 0
    bad: int = 0
    skipped: int = 0
    counted: bool = False  #: a line counted tests
    said_good: bool = False
    said_bad: bool = False
    said_none: bool = False  #: a line said that there were no tests


_NUMBERED = r"(\d{1,9}) ([a-z]{2,12})"
_COLOURS = r"\x1b\[[0-9;]{0,12}m"
_MORE = r"(?:, (\d{1,9}) errors? [a-z ]+)?(?:, (\d{1,9}) pending)?"
_GOOD = frozenset("passed passing pass xpassed ok".split())
_BAD = frozenset("failed failing failures failure errors error fail".split())
_IDLE = frozenset("skipped deselected pending todo xfailed ignored skip skips disabled".split())

_Reading = Callable[[re.Match[str], "_Tally"], None]


def _counts(found: re.Match[str], tally: _Tally) -> None:
    """Add `5 passed, 1 failed, 2 skipped` in any order."""
    for number, word in _form(_NUMBERED).findall(found.group(1)):
        tally.counted = True
        tally.good += int(number) if word in _GOOD else 0
        tally.bad += int(number) if word in _BAD else 0
        tally.skipped += int(number) if word in _IDLE else 0


def _total(found: re.Match[str], tally: _Tally) -> None:
    """Add a total with what of it went wrong: `Tests run: 5, Failures: 1, Errors: 0, Skipped: 2`."""
    numbers = [int(each or 0) for each in found.groups()]
    total, bad, skipped = numbers[0], sum(numbers[1:3]), sum(numbers[3:4])
    tally.counted = True
    tally.bad += bad
    tally.skipped += skipped
    tally.good += max(0, total - bad - skipped)


def _named_counts(found: re.Match[str], tally: _Tally) -> None:
    """Add `Failed: 1, Passed: 4, Skipped: 0`."""
    bad, good, skipped = (int(each) for each in found.groups())
    tally.counted = True
    tally.bad, tally.good, tally.skipped = tally.bad + bad, tally.good + good, tally.skipped + skipped


def _good(_: re.Match[str], tally: _Tally) -> None:
    tally.said_good = True


def _bad(_: re.Match[str], tally: _Tally) -> None:
    tally.said_bad = True


def _none(_: re.Match[str], tally: _Tally) -> None:
    tally.said_none = True


def _ok(found: re.Match[str], tally: _Tally) -> None:
    """Read unittest's last line; what it skipped is among what ran."""
    tally.said_good = True
    tally.skipped += int(found.group(1) or 0)
    tally.good -= int(found.group(1) or 0)


def _failed_count(found: re.Match[str], tally: _Tally) -> None:
    tally.said_bad = tally.said_bad or int(found.group(1)) > 0


def _some_errors(found: re.Match[str], tally: _Tally) -> None:
    if int(found.group(1)):
        tally.said_bad = True
    else:
        tally.said_good = True


_RUBY = r"(\d{1,9}) (?:runs|tests), \d+ assertions, (\d{1,9}) failures, (\d{1,9}) errors, (\d{1,9}) skips"
_PHP = r"Tests: (\d{1,9}), Assertions: \d+(?:, Errors: (\d{1,9}))?(?:, Failures: (\d{1,9}))?(?:, Skipped: (\d{1,9}))?"
_DOTNET = r"(?:Passed|Failed)! +- Failed: +(\d{1,9}), Passed: +(\d{1,9}), Skipped: +(\d{1,9})"
_MAVEN = r"(?:\[\w+\] )?Tests run: (\d{1,9}), Failures: (\d{1,9}), Errors: (\d{1,9}), Skipped: (\d{1,9})$"
_LIST = r"((?:\d{1,9} [a-z]{2,12}(?:, | \| |; )?){1,8})"
#: letters that every line of the form holds (a form costs nothing until a line holds them), the form, how to read it
_TESTS: tuple[tuple[str, str, _Reading], ...] = (
    (" in ", rf"=* ?{_LIST} in \d[\d.]*m?s(?: \([\d:]+\))? ?=*$", _counts),  # pytest
    ("no tests", r"=* ?no tests (?:ran|collected)\b", _none),
    ("collected 0", r"collected 0 items", _none),
    (" collected in ", r"=* ?\d{1,9}(?:/\d{1,9})? tests? collected(?: \([^)]*\))? in ", _none),
    ("Ran ", r"Ran (\d{1,9}) tests? in ", _total),  # unittest
    ("FAILED (", r"FAILED \((?:failures|errors|unexpected successes)=", _bad),
    ("OK", r"OK(?: \((?:[a-z ]+=\d+, )*skipped=(\d{1,9})(?:, [a-z ]+=\d+)*\)| \([a-z ]+=\d+\))?$", _ok),
    ("Tests", rf"Tests:? +{_LIST}(?:total)?(?: ?\(\d+\))?$", _counts),  # jest, vitest
    ("Test Files", r"Test Files +\d{1,9} failed", _bad),
    ("No test", r"No tests? (?:files? )?(?:found|were found|executed)", _none),  # jest, vitest, ctest, phpunit
    ("passing", r"(\d{1,9} passing) \(", _counts),  # mocha
    ("failing", r"(\d{1,9} failing)$", _counts),
    ("pending", r"(\d{1,9} pending)$", _counts),
    ("ok", r"ok\s+\S+\s+(?:\d[\d.]*s|\(cached\))(?:\s+coverage: \S+ of statements)?$", _good),  # go
    ("no tests to run", r"(?:ok\s+\S+\s.*|testing: warning: )\[?no tests to run", _none),
    ("FAIL", r"(?:--- FAIL: |FAIL\s+\S+\s|FAIL$)", _bad),
    # cargo
    ("test result", r"test result: (?:ok|FAILED)\. (\d{1,9} passed; \d{1,9} failed; \d{1,9} ignored)", _counts),
    ("tests run", r"(?:Summary \[.*\] +)?\d{1,9} tests? run: (\d{1,9} passed(?:, \d{1,9} [a-z]+){0,4})", _counts),
    # rspec, minitest
    (" examples, ", rf"(\d{{1,9}}) examples, (\d{{1,9}}) failures?{_MORE}", _total),
    ("1 example, ", rf"(1) example, (\d{{1,9}}) failures?{_MORE}", _total),
    (" assertions, ", _RUBY, _total),
    ("OK (", r"OK \((\d{1,9}) tests?, \d+ assertions?\)", _total),  # phpunit
    ("Assertions:", _PHP, _total),
    ("tests failed out", r"\d+% tests passed, (\d{1,9}) tests failed out of [1-9]\d*$", _some_errors),  # ctest
    ("Passed: ", _DOTNET, _named_counts),  # dotnet
    ("Tests run: ", _MAVEN, _total),
    (" | ", r"(?:ok|FAILED) \| (\d{1,9} passed(?: \([^)]*\))? \| \d{1,9} failed)", _counts),  # deno
    (" pass", r"(\d{1,9} pass)$", _counts),  # bun
    (" fail", r"(\d{1,9} fail)$", _counts),
    ("pass ", r"[#ℹ] pass (\d{1,9})$", _total),  # node, TAP
    ("fail ", r"[#ℹ] fail (\d{1,9})$", _failed_count),
    ("tests 0", r"[#ℹ] tests 0$", _none),
    ("tests passed", r"All (\d{1,9}) tests? passed", _total),
    ("failed", r"(?:\d{1,9} )?tests? failed\b", _bad),
    ("Test failed", r"npm (?:ERR!|error) Test failed", _bad),
)  # fmt: skip
_STATIC: tuple[tuple[str, str, _Reading], ...] = (
    ("no issues", r"Success: no issues found", _good),  # mypy
    ("Found ", r"Found (\d{1,9}) errors?", _some_errors),
    ("All checks passed", r"All checks passed", _good),  # ruff
    (" warning", r"(\d{1,9}) errors?, \d{1,9} warnings?", _some_errors),  # pyright
    ("✖", r"✖ \d{1,9} problems? \((\d{1,9}) errors?", _some_errors),  # eslint
    ("error TS", r"\S+?(?:\(\d+,\d+\):|:\d+:\d+ -) error TS\d+", _bad),
    ("error", r"error(?:\[E\d+\])?: ", _bad),  # rustc
    ("***", r"make(?:\[\d+\])?: \*\*\* ", _bad),
    ("target(s)", r"Finished .*target\(s\) in", _good),
    ("would be left unchanged", r"\d+ files? would be left unchanged", _good),
    ("already formatted", r"\d+ files? already formatted", _good),
    ("would ", r"(?:would reformat |\d+ files? would be reformatted)", _bad),
    ("Prettier code style", r"All matched files use Prettier code style", _good),
)
_BUILD: tuple[tuple[str, str, _Reading], ...] = (
    ("BUILD SUCCESS", r"(?:\[INFO\] )?BUILD SUCCESS", _good),
    ("BUILD FAIL", r"(?:\[ERROR\] |\[INFO\] )?BUILD FAIL", _bad),
)
_ROWS = {
    CheckKind.TEST: _TESTS + _BUILD,
    CheckKind.STATIC: _STATIC + _BUILD,
    CheckKind.BUILD: _STATIC + _BUILD,
    CheckKind.ANY: _TESTS + _STATIC + _BUILD,
}
#: letters that many of the forms have in common: an output without them has no line of any of these
_IN_COMMON = ("est", "ass", "ail", "FAIL", "OK", "collected", "xample", "BUILD")
_LONGEST_LINE = 400
_form = cache(re.compile)


@cache
def _rows_in_common(kind: CheckKind) -> tuple[tuple[str, tuple[str, str, _Reading]], ...]:
    """Return the rows of a kind in their order, each with what an output has to hold first."""
    return tuple((next((each for each in _IN_COMMON if each in row[0]), row[0]), row) for row in _ROWS[kind])


def _rows_for(output: str, kind: CheckKind) -> list[tuple[str, str, _Reading]]:
    rows = _rows_in_common(kind)
    there = {letters for letters in dict.fromkeys(first for first, _ in rows) if letters in output}
    return [row for first, row in rows if first in there and row[0] in output] if there else []


def read_summary(output: str, kind: CheckKind) -> Summary:
    """Return what the summary lines in an output say; lines that are not of a known form say nothing."""
    rows = _rows_for(output, kind)
    if not rows:
        return Summary()
    tally = _Tally()
    for line in output.splitlines():
        line = line[:_LONGEST_LINE]
        line = (_form(_COLOURS).sub("", line) if "\x1b" in line else line).strip()
        for needle, pattern, reading in rows:
            found = _form(pattern).match(line) if needle in line else None
            if found is not None:
                reading(found, tally)
                break
    return _judged(tally)


def _judged(tally: _Tally) -> Summary:
    good = max(0, tally.good)
    ran = good + tally.bad if tally.counted else 0 if tally.said_none and not tally.said_good else None
    if tally.bad or tally.said_bad:
        return Summary(False, ran, tally.skipped)
    passed = good > 0 if tally.counted else tally.said_good
    return Summary(passed or None, ran, tally.skipped)
