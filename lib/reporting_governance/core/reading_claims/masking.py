"""What inside a line is not the agent's own words: code between backticks, quoted words, words struck out.

Marks are paired in one walk.  A mark without its partner is no mark, and a pair further apart than a quotation is
long is no quotation: an inch sign must not swallow a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.late_pattern import late

LONGEST_QUOTATION = 600
_LONGEST_SINGLE = 160
_PAIRS = {"\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u300c": "\u300d", "\u300e": "\u300f", "\u00ab": "\u00bb"}
_MARK = late("`{1,64}|~~|[\"'\u2018\u201c\u201e\u300c\u300e\u00ab\uff02]")
#: programs whose name in code stands for the checks they run ("`pytest` passes")
_RUNNERS = late(
    r"\W{0,4}(?:(?:npx|uv run|poetry run|python3? -m|\./|bin/|sudo) ?){0,3}"
    r"(?:pytest|unittest|tox|nox|mypy|ruff|pyright|flake8|eslint|tsc|jest|vitest|mocha|playwright|cypress|ctest|rspec"
    r"|phpunit|clippy|golangci-lint|cargo (?:test|clippy|check)|go (?:test|vet)|(?:npm|pnpm|yarn|bun)(?: run)? "
    r"(?:test|lint|check|build|typecheck)|make (?:test|check|lint)|mvn (?:test|verify)|gradlew? (?:test|check)"
    r"|dotnet test|[\w./:-]{0,80}?(?:\btest_\w|_tests?\b|::\w|\.(?:spec|test)\b)"
    r"|swift test|mix test|bundle exec rspec|pre-commit|lint|tests?/|\S{1,80} check)",
    re.IGNORECASE,
)


@frozen
class Mask:
    """A part of a text that is set aside."""

    start: int
    end: int
    quoted: bool
    runs_checks: bool


def masks_of(text: str, start: int, end: int) -> Iterator[Mask]:
    """Yield what is set aside between two places of a text, from left to right, without overlaps."""
    marks = list(_MARK.finditer(text, start, end))
    partner = _partners([mark.group() for mark in marks])
    free_from = start
    for number, mark in enumerate(marks):
        if mark.start() < free_from:
            continue
        found = mark.group()
        if found[0] == "`" or found == "~~":
            close = partner[number]
            if close is None:
                continue
            stop = marks[close].end()
            code = text[mark.end() : min(marks[close].start(), mark.end() + 200)]
            yield Mask(mark.start(), stop, found == "~~", found[0] == "`" and _RUNNERS.match(code) is not None)
        else:
            end_of_quotation = _end_of_quotation(text, mark.start(), end)
            if end_of_quotation is None:
                continue
            stop = end_of_quotation
            yield Mask(mark.start(), stop, True, False)
        free_from = stop


def _partners(marks: list[str]) -> list[int | None]:
    """Return for each mark the number of the next one that is spelled alike."""
    following: list[int | None] = [None] * len(marks)
    last: dict[str, int] = {}
    for number in range(len(marks) - 1, -1, -1):
        following[number] = last.get(marks[number])
        last[marks[number]] = number
    return following


def _end_of_quotation(text: str, start: int, end: int) -> int | None:
    mark = text[start]
    if mark in "'\u2018":
        return _end_of_single(text, start, min(end, start + _LONGEST_SINGLE))
    closing = _PAIRS.get(mark, mark)
    found = [at for each in closing if (at := text.find(each, start + 1, min(end, start + LONGEST_QUOTATION))) >= 0]
    return min(found) + 1 if found else None


def _end_of_single(text: str, start: int, end: int) -> int | None:
    """Return where a quotation in single marks ends; an apostrophe begins none."""
    if start and not (text[start - 1].isspace() or text[start - 1] in "([:,"):
        return None
    closing = "'" if text[start] == "'" else "\u2019"
    at = start
    while (at := text.find(closing, at + 1, end)) >= 0:
        if not text[at - 1].isspace() and (at + 1 >= len(text) or not text[at + 1].isalnum()):
            return at + 1 if at > start + 1 else None
    return None
