"""For people: each finding with the lines it is about, and one line that sums up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from reporting_governance.commands._formats.places import answered_for, in_words
from reporting_governance.commands._text import one_line
from reporting_governance.commands._verify import HeldTogether, Verified
from reporting_governance.contracts.finding import Finding, Severity

_WIDEST = 120  #: characters of a line of source that are shown
_LINE_END = re.compile("\r\n|\r|\n")
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def write(done: Verified, *, colour: bool = False) -> str:
    """Return the text; empty when there is nothing a person has to do or know."""
    lines: dict[str, list[str]] = {}
    for name, text in done.texts.items():
        lines[name] = _LINE_END.split(text)
    blocks = ["\n".join(_block(each, lines.get(each.file), colour=colour)) for each in done.findings]
    blocks += [one_line(f"{each.file}: could not be checked: {each.reason}") for each in done.unread]
    blocks += [one_line(f"{finding.file}: {finding.rule} is {answered_for(waiver)}") for finding, waiver in done.waived]
    if len(done.together) == 1:
        blocks.append(_powers(done.together[0]))
    return "\n\n".join([*blocks, summary(done)])


def summary(done: Verified) -> str:
    """Return the counts on one line."""
    parts = [f"{done.count} checked", f"{done.failed} failed", f"{len(done.skipped)} skipped"]
    warnings = sum(each.severity is Severity.WARNING for each in done.findings)
    if warnings:
        parts.insert(2, f"{warnings} warning{'s' if warnings > 1 else ''}")
    if done.unread:
        parts.append(f"{len(done.unread)} not read")
    if done.waived:
        parts.append(f"{len(done.waived)} waived")
    if done.probed:
        parts += [f"{count} {outcome.replace('_', ' ')}" for outcome, count in done.probed.items()]
    return ", ".join(parts)


def _powers(held: HeldTogether) -> str:
    """Return the table of what was asked for and what there is of it."""
    rows = [
        (power, each.requested.value, each.claimed.value, each.effective.value, ", ".join(each.fallback))
        for power, each in held.powers.powers.items()
        if each.requested is not None
    ]
    from reporting_governance.commands._tables import table

    head = f"{one_line(held.profile)} on {one_line(held.descriptor)}:"
    return head + "\n" + table(("power", "requested", "claimed", "effective", "instead"), rows)


def _block(finding: Finding, lines: list[str] | None, *, colour: bool) -> Iterator[str]:
    strong, weak, plain = (_BOLD + _COLOURS[finding.severity], _FAINT, _PLAIN) if colour else ("", "", "")
    place = in_words(finding)
    yield f"{one_line(place)}: {strong}{finding.severity.value} {finding.rule}{plain}: {one_line(finding.message)}"
    if lines is not None and finding.line is not None and finding.document >= 1:
        yield from (f"{weak}{line}{plain}" if colour else line for line in _frame(finding, lines))
    if finding.suggestion:
        yield f"  {one_line(finding.suggestion)}"
    for each in finding.related:
        yield f"  {one_line(in_words(each))}: {one_line(each.message)}"


def _frame(finding: Finding, lines: list[str]) -> Iterator[str]:
    """Yield the line of a finding with a mark under what is meant."""
    assert finding.line is not None
    if finding.line > len(lines):
        return
    column = finding.column or 1
    source = lines[finding.line - 1]
    from_column = max(0, column - _WIDEST // 2) if len(source) > _WIDEST else 0
    shown = one_line(source[from_column : from_column + _WIDEST])
    ends_here = finding.end_line == finding.line and finding.end_column is not None
    width = max(1, (finding.end_column or column) - column if ends_here else len(source) - column + 1)
    start = column - 1 - from_column
    marked = shown[start : start + width]
    number = str(finding.line)
    yield f"  {number} | {shown}"
    yield f"  {' ' * len(number)} | {' ' * _cells(shown[:start])}{'^' * max(1, _cells(marked))}"


def _cells(text: str) -> int:
    """Return how many columns a terminal needs for a text without characters that move its cursor.

    Source: Unicode Standard Annex 11, and what terminals do: wide characters take two, marks upon others none.
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    unseen = ("Mn", "Me", "Cf")
    return sum(0 if category(each) in unseen else 1 + (east_asian_width(each) in "WF") for each in text)


def is_coloured(stream: object) -> bool:
    """Whether colour helps: on a terminal whose user did not turn it off (https://no-color.org)."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
