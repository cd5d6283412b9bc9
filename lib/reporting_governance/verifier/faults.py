"""What is wrong with lines that do not follow: which was edited, taken out, moved or repeated, as far as they show it.

A stretch that a crash left looks different from one that a person made.  A crash leaves the bytes of one commit, some
of them missing: lines that cannot be read, and around them only lines of the same moment and writer.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Optional

from reporting_governance.verifier.findings import AuditFinding

_MOST_TORN_LINES = 1000  #: a commit has at most 200 lines
_MOST_FAULTS = 200  #: that are told of one stretch


class StretchFaults:
    """Follows the lines from the first that does not chain, on their own numbers."""

    def __init__(self, last_seq: int, last_leaf: Optional[bytes]) -> None:  # noqa: UP045
        self._high = last_seq  #: the greatest number seen, and its leaf; None when that cannot be compared
        self._leaf = None if last_leaf is None else last_leaf.hex()
        self._is_blamed = False  #: whether that line is known to be wrong
        self._suspect: Optional[tuple[int, int]] = None  # noqa: UP045 - a line or the one before it; where it stands
        self._causes: list[tuple[str, int, int, str]] = []
        self._gaps: list[tuple[int, int, int]] = []
        self._moved: set[int] = set()
        self._stamps: set[str] = set()

    def seen(self, document: dict[str, Any]) -> None:
        """Note who wrote a line of the stretch, and when."""
        if len(self._stamps) < 2:
            self._stamps.add(f"{document.get('ts')} {document.get('writer')}")

    def line(self, pos: int, raw: bytes, document: Optional[dict[str, Any]], good: bool, offset: int) -> None:  # noqa: UP045
        """Look at one more line.

        Args:
            pos: its place in the log.
            good: whether its number and its link fit; then only its group does not.
        """
        leaf = sha256(b"\x00" + raw).hexdigest()
        seq = None if document is None else document.get("seq")
        if document is None or type(seq) is not int:
            self._settle_suspect(None)
            self._cause("line-unreadable", self._high + 1, offset, "cannot be read, and nothing declares it void")
            self._high, self._leaf, self._is_blamed = self._high + 1, leaf, True
            return
        self.seen(document)
        if document.get("type") == "log.torn":  # written whole, it declared what stood there: no crash changes that
            self._cause("torn-mismatch", pos, offset, "declares other bytes void than stand before it")
        follows = document.get("prev") == self._leaf
        if seq == self._high + 1:
            self._next(seq, follows, good, pos, offset)
        elif follows:
            self._settle_suspect(None)
            self._cause("line-edited", self._high + 1, offset, f"says that it is line {seq}")
            seq = self._high + 1
        elif seq > self._high:
            self._settle_suspect(None)
            self._gaps.append((self._high + 1, seq - 1, offset))
            self._is_blamed = False
        else:
            self._settle_suspect(None)
            if any(begin <= seq <= end for begin, end, _ in self._gaps) and seq not in self._moved:
                self._moved.add(seq)
                self._cause("line-out-of-order", seq, offset, f"stands behind line {self._high}")
            else:
                self._cause("line-twice", seq, offset, f"comes again behind line {self._high}")
            return
        self._high, self._leaf = seq, leaf

    @property
    def missing(self) -> int:
        """How many lines were taken out, as far as numbers tell."""
        return sum(end - begin + 1 for begin, end, _ in self._gaps) - len(self._moved)

    def may_be_torn(self, lines: int) -> bool:
        """Tell whether a crash can have left this: bytes of one commit, and none that contradict each other."""
        self._settle_suspect(None)
        kinds = {code for code, *_ in self._causes}
        return lines <= _MOST_TORN_LINES and not self._gaps and kinds <= {"line-unreadable"} and len(self._stamps) < 2

    def findings(self, file: str, first: int, incomplete: int) -> list[AuditFinding]:
        """Return what is wrong.

        Args:
            first: seq of the file's first line.
            incomplete: seq where the group begins that is not complete, when nothing else is wrong.
        """
        self._settle_suspect(None)
        found = [
            AuditFinding(code, f"line {seq} {message}", file, seq - first + 1, seq, offset)
            for code, seq, offset, message in self._causes
        ]
        for begin, end, offset in self._gaps:
            gone = [seq for seq in range(begin, min(end, begin + _MOST_FAULTS) + 1) if seq not in self._moved]
            if gone:
                what = f"line {begin} is" if begin == end else f"lines {begin} to {end} are"
                found.append(AuditFinding("line-missing", f"{what} missing", file, None, gone[0], offset))
        if not found:
            message = f"the group that begins with line {incomplete} is not complete"
            found.append(AuditFinding("group-broken", message, file, incomplete - first + 1, incomplete))
        return found

    def _next(self, seq: int, follows: bool, good: bool, pos: int, offset: int) -> None:
        """A line with the number that comes next."""
        if follows or self._leaf is None:
            self._settle_suspect(True)
            self._is_blamed = False
            if good and not self._causes and not self._gaps:
                self._cause("group-broken", pos, offset, "does not stand in the group that is open")
        elif self._is_blamed or (self._gaps and self._gaps[-1][1] == seq - 1):
            self._is_blamed = False
        elif self._suspect is not None:
            self._settle_suspect(False)  # the link behind it does not fit either: the line itself is wrong
        else:
            self._suspect = (seq, offset)

    def _settle_suspect(self, fits_behind: Optional[bool]) -> None:  # noqa: UP045
        """Blame the line before a link that does not fit, or its own line when the next does not fit it either."""
        if self._suspect is None:
            return
        seq, offset = self._suspect
        self._suspect = None
        edited = seq if fits_behind is False else seq - 1
        self._cause("line-edited", edited, offset, "is not the line that was written: the line behind it names another")

    def _cause(self, code: str, seq: int, offset: int, message: str) -> None:
        if len(self._causes) < _MOST_FAULTS:
            self._causes.append((code, seq, offset, message))
