"""Halves of surrogate pairs that a YAML text names by escapes: the parser refuses them, and each is a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reporting_governance.contracts.finding_rules import LONE_SURROGATE

if TYPE_CHECKING:
    from reporting_governance.contracts.reading.reporter import Reporter


class Halves:
    """The escapes of one text by their offset.

    `text` has a replacement character for each, and is what the parser has to be given.
    """

    def __init__(self, reporter: Reporter, written: Mapping[int, str]) -> None:
        self.text = _without(reporter.text, written)
        self._reporter = reporter
        self._written = written
        self._reported = 0

    def __len__(self) -> int:
        return len(self._written)

    def report(self, start: int, end: int, *, path: Sequence[str | int], spoils: bool) -> bool:
        """Report the escapes in a scalar and tell whether there are any."""
        found = sorted(offset for offset in self._written if start <= offset < end)
        for offset in found:
            self._add(offset, path=path, spoils=spoils)
        self._reported += len(found)
        return bool(found)

    def report_others(self) -> None:
        """Report those that the parser has seen without giving a scalar for them."""
        for offset in sorted(self._written)[self._reported :]:
            self._add(offset, path=(), spoils=False)

    def _add(self, offset: int, *, path: Sequence[str | int], spoils: bool) -> None:
        written = self._written[offset]
        message = f"{written} is half of a surrogate pair"
        self._reporter.add(LONE_SURROGATE, offset, offset + len(written), message, path=list(path), spoils=spoils)


def _without(text: str, written: Mapping[int, str]) -> str:
    for offset, each in written.items():
        replacement = "\\ufffd" if len(each) == len("\\ufffd") else "\\U0000fffd"
        text = text[:offset] + replacement + text[offset + len(each) :]
    return text
