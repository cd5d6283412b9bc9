"""Findings as they are gathered, bounded, and in an order that does not depend on who found them first."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.codes import CODES, FAILED, LIMITED, NOTE, UNKNOWN

MOST_OF_ONE_CODE = 50  #: findings that are kept; all are counted
_WEIGHT = {FAILED: 0, UNKNOWN: 1, LIMITED: 2, NOTE: 3}
_RANK = {word: rank for rank, word in enumerate(CODES)}


class AuditFinding(NamedTuple):
    """One thing that was found.  `offset` is in bytes, of the line in its file; `line` the number within the file."""

    code: str
    message: str
    file: Optional[str] = None  # noqa: UP045 (Python before 3.10 reads it too)
    line: Optional[int] = None  # noqa: UP045
    seq: Optional[int] = None  # noqa: UP045
    offset: Optional[int] = None  # noqa: UP045

    @property
    def level(self) -> str:
        """How much it takes away."""
        return CODES[self.code].level

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "code": self.code,
            "verdict": CODES[self.code].verdict,
            "level": self.level,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "seq": self.seq,
            "offset": self.offset,
        }


class Findings:
    """All that was found: the first ones of each code are kept, all are counted."""

    def __init__(self) -> None:
        self._kept: list[AuditFinding] = []
        self.counts: dict[str, int] = {}

    def add(self, finding: AuditFinding) -> None:
        """Count a finding and keep it while there is room."""
        count = self.counts[finding.code] = self.counts.get(finding.code, 0) + 1
        if count <= MOST_OF_ONE_CODE:
            self._kept.append(finding)

    def say(self, code: str, message: str, **where: Any) -> None:
        """Add a finding; `where` as in `AuditFinding`."""
        self.add(AuditFinding(code, message, **where))

    def has(self, *codes: str) -> bool:
        """Tell whether there is a finding of one of these codes."""
        return any(code in self.counts for code in codes)

    def level_of(self, verdict: str) -> Optional[str]:  # noqa: UP045
        """Return the gravest level among the findings of a verdict, None without any but notes."""
        levels = {CODES[code].level for code in self.counts if CODES[code].verdict == verdict} - {NOTE}
        return min(levels, key=_WEIGHT.__getitem__) if levels else None

    def codes_of(self, verdict: str, level: str) -> list[str]:
        """Return the codes of a verdict and level that were found, the table's order."""
        found = [code for code in self.counts if CODES[code].verdict == verdict and CODES[code].level == level]
        return sorted(found, key=_RANK.__getitem__)

    def in_order(self) -> list[AuditFinding]:
        """Return what is kept, gravest first, then by code and place."""
        return sorted(
            self._kept, key=lambda each: (_WEIGHT[each.level], _RANK[each.code], each.seq or 0, each.file or "")
        )
