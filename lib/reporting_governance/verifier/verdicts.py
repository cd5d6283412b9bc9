"""From findings to verdicts: what is proven, what failed, what is limited; and whether that is as much as was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reporting_governance.verifier.codes import (
    ANCHORED,
    AUTHENTICITY,
    COMPLETENESS,
    CONTEXT,
    COVERAGE,
    FAILED,
    INTEGRITY,
    LIMITED,
    ORDER,
    REDACTION,
    UNKNOWN,
    VERDICTS,
)
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.logcheck import LogSeen

PROVEN, NOT_CHECKED = "proven", "not_checked"
REQUIRED = {
    "integrity": (INTEGRITY, ORDER, COMPLETENESS),
    "authenticity": (INTEGRITY, ORDER, COMPLETENESS, AUTHENTICITY),
    "anchored": (INTEGRITY, ORDER, COMPLETENESS, AUTHENTICITY, ANCHORED),
}
EXIT_PROVEN, EXIT_FAILED, EXIT_USAGE, EXIT_LIMITED = 0, 1, 2, 3
_RESULTS = {EXIT_PROVEN: PROVEN, EXIT_FAILED: FAILED, EXIT_LIMITED: LIMITED}
_ABSENT = "head-missing"  #: fails only who asked for more than agreement


class Verdict(NamedTuple):
    """One verdict and a sentence about it."""

    verdict: str
    sentence: str


def verdicts_of(seen: LogSeen, findings: Findings, extra: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return all verdicts in their order.

    Args:
        extra: those that only a bundle can have, when nothing was found against them.
    """
    good = {
        INTEGRITY: Verdict(PROVEN, f"{_lines(seen.passed.lines)} linked to each other, and no byte differs"),
        ORDER: Verdict(PROVEN, "numbers, links and groups of lines follow each other"),
        COMPLETENESS: _completeness(seen),
        AUTHENTICITY: _authenticity(seen),
        ANCHORED: _anchored(seen),
        REDACTION: Verdict(NOT_CHECKED, "nothing to check it by"),
        COVERAGE: Verdict(NOT_CHECKED, "nothing to check it by"),
        CONTEXT: Verdict(NOT_CHECKED, "nothing to check it by"),
        **extra,
    }
    return {name: spoiled_verdict(name, good[name], findings) for name in VERDICTS}


def all_unchecked(findings: Findings) -> dict[str, Verdict]:
    """Return the verdicts of what could not even be read as a log."""
    unchecked = Verdict(NOT_CHECKED, "it was not reached")
    return {name: spoiled_verdict(name, unchecked, findings) for name in VERDICTS}


def exit_code_of(verdicts: Mapping[str, Verdict], findings: Findings, require: str) -> int:
    """Return 0 when all that is required is proven, 1 when something failed, 3 for less."""
    failed = {code for name in VERDICTS for code in findings.codes_of(name, FAILED)}
    if require == "integrity":
        failed.discard(_ABSENT)
    if failed:
        return EXIT_FAILED
    if any(findings.codes_of(name, UNKNOWN) for name in VERDICTS):
        return EXIT_LIMITED
    for name in REQUIRED[require]:
        is_open = name == COMPLETENESS and require == "integrity" and not findings.codes_of(name, LIMITED)
        if verdicts[name].verdict != PROVEN and not is_open:
            return EXIT_LIMITED
    return EXIT_PROVEN


def result_of(exit_code: int) -> str:
    """Return the word for an exit code."""
    return _RESULTS[exit_code]


def spoiled_verdict(name: str, good: Verdict, findings: Findings) -> Verdict:
    """Return a verdict as the findings against it leave it."""
    for level, verdict in ((FAILED, FAILED), (UNKNOWN, LIMITED), (LIMITED, LIMITED)):
        codes = findings.codes_of(name, level)
        if codes:
            if level == LIMITED and name in (AUTHENTICITY, ANCHORED) and good.verdict == LIMITED:
                return good
            count = sum(findings.counts[code] for code in codes)
            return Verdict(verdict, f"{counted(count, 'finding')}: {', '.join(codes)}")
    return good


def _completeness(seen: LogSeen) -> Verdict:
    lines = seen.passed.lines
    reach = max(seen.heads.signed_to if seen.is_pinned else 0, seen.anchors.anchored_to)
    if not reach and seen.heads.signed_to:
        return Verdict(LIMITED, "no number is skipped; who cut the end off could have signed it with a key of his own")
    if not reach:
        return Verdict(LIMITED, "no number is skipped; nothing shows that the end was not cut off")
    hidden = seen.passed.tally.withheld_lines
    what = f" ({hidden:,} of them by their hash alone)" if hidden else ""
    return Verdict(PROVEN, f"none of the first {reach:,} of {_lines(lines)} is missing{what}")


def _authenticity(seen: LogSeen) -> Verdict:
    if not seen.heads.signed_to:
        return Verdict(LIMITED, "nothing is signed by a key that can be trusted")
    reach = f"{seen.heads.signed_to:,} of {_lines(seen.passed.lines)}"
    by_root = seen.heads.by_root_only
    older = f"; of {by_root:,} older heads the tree alone was compared" if by_root else ""
    if not seen.is_pinned:
        return Verdict(LIMITED, f"first use: {reach} signed by a key that only the log itself vouches for{older}")
    if seen.heads.signed_to < seen.passed.lines:
        return Verdict(LIMITED, f"{reach} signed by the key given; the rest is not signed yet{older}")
    return Verdict(PROVEN, f"{reach} signed by the key given{older}")


def _anchored(seen: LogSeen) -> Verdict:
    lines, reach = seen.passed.lines, seen.anchors.anchored_to
    if not reach:
        return Verdict(LIMITED, f"anchored to 0 of {_lines(lines)}: no head held elsewhere was given that fits")
    rest = lines - reach
    tail = f"; the last {rest:,} rest on the host's word" if rest > 1 else "; the last line rests on the host's word"
    by = counted(seen.anchors.agreeing, "head")
    return Verdict(PROVEN, f"anchored to {reach:,} of {_lines(lines)} by {by} held elsewhere{tail if rest else ''}")


def counted(count: int, one: str, more: str = "") -> str:
    """Return a number with the word for what is counted; `more`: of several, where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def _lines(count: int) -> str:
    return counted(count, "line")
