"""Collects the findings of one text, with their places."""

from __future__ import annotations

from collections.abc import Iterable

from reporting_governance.contracts.finding import Finding, FindingRule, Related
from reporting_governance.contracts.finding_rules import MORE_FINDINGS
from reporting_governance.contracts.reading.tape import join_pointer, span_of

MAX_FINDINGS = 500  #: listed for one file; a hostile file could hold millions


class Unreadable(Exception):
    """The rest of the text cannot be read; the finding that says why is already collected."""


class Reporter:
    """The findings of one text.  `document` is the number of the document being read, `spoiled` its lost values."""

    def __init__(self, text: str, *, name: str) -> None:
        self.text = text
        self.name = name
        self.document = 1
        self.findings: list[Finding] = []
        self.spoiled: set[str] = set()
        self._left_out = 0

    def add(
        self,
        rule: FindingRule,
        start: int,
        end: int,
        message: str,
        *,
        path: Iterable[str | int] = (),
        suggestion: str | None = None,
        first: tuple[int, int] | None = None,
        spoils: bool = False,
    ) -> None:
        """Add a finding about `text[start:end]`.

        Args:
            path: the keys and indexes that lead to the value.
            first: where the same thing stood first, when this is the second time.
            spoils: the value is lost; other checks say nothing about it.
        """
        pointer = join_pointer(path)
        if spoils:
            self.spoiled.add(pointer)
        if len(self.findings) >= MAX_FINDINGS:
            self._left_out += 1
            return
        self.findings.append(
            rule.finding(
                file=self.name,
                message=message,
                document=self.document,
                pointer=pointer,
                span=span_of(self.text, start, end),
                suggestion=suggestion,
                related=() if first is None else (self._related(first, "it stood here first", pointer),),
            )
        )

    def spoil(self, path: Iterable[str | int]) -> None:
        """Mark a value, and all in it, as lost: other checks say nothing about it."""
        self.spoiled.add(join_pointer(path))

    def _related(self, place: tuple[int, int], message: str, pointer: str) -> Related:
        span = span_of(self.text, *place)
        return Related.at(span, file=self.name, message=message, document=self.document, pointer=pointer)

    def finished(self) -> tuple[Finding, ...]:
        """Return what was collected, with a remark when more was found than is listed."""
        if not self._left_out:
            return tuple(self.findings)
        remark = MORE_FINDINGS.finding(file=self.name, message=f"{self._left_out} more findings are not listed")
        return (*self.findings, remark)
