"""Places in words, and which of them lie where a report about a repository can point to."""

from __future__ import annotations

from reporting_governance.contracts.finding import Finding, Related
from reporting_governance.contracts.waiver import Waiver
from reporting_governance.resources import SHIPPED


def is_inside(file: str) -> bool:
    """Whether a file lies below the current folder, which is the repository for those who read annotations."""
    return not (file.startswith(("/", "../", SHIPPED)) or file == "..")


def in_words(place: Finding | Related) -> str:
    """Return file, line and column, and the document where the file has several."""
    words = place.file if place.line is None else f"{place.file}:{place.line}:{place.column}"
    return words if place.document == 1 else f"{words} (document {place.document})"


def told(finding: Finding, related: tuple[Related, ...]) -> str:
    """Return the message of a finding with its advice and second places, a line each.

    Args:
        related: those second places that are not told in another way.
    """
    advice = () if finding.suggestion is None else (finding.suggestion,)
    return "\n".join((finding.message, *advice, *(f"{in_words(each)}: {each.message}" for each in related)))


def answered_for(waiver: Waiver) -> str:
    """Return who answers for a finding, until when and why."""
    return f"waived until {waiver.until} by {waiver.owner}: {waiver.reason}"
