"""Lines that a later line says were retired: which they are, and whether the hashes that are left are theirs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.stretches import SegmentTask
from reporting_governance.verifier.subtrees import SubtreeStack

_MOST_OVERLAPS = 16  #: readings of all leaf hashes; stretches that do not overlap take one


class _Stretch(NamedTuple):
    """What one line says of others."""

    begin: int
    end: int
    seq: int  #: of the line that says so
    root: Any


class RetiredStretches:
    """All that the lines of a log retire."""

    def __init__(self) -> None:
        self._said: list[tuple[int, Mapping[str, Any]]] = []
        self._joined: list[tuple[int, int]] = []  #: what they retire together, ascending, none touching the next

    def add(self, seq: int, meta: Mapping[str, Any]) -> None:
        """Take in what a line says."""
        self._said.append((seq, meta))

    def join(self) -> None:
        """Put together what was said, once it has all been; `hold` asks for it."""
        for begin, end in sorted(_stretch_of(meta) for _, meta in self._said):
            if self._joined and begin <= self._joined[-1][1] + 1:
                self._joined[-1] = (self._joined[-1][0], max(end, self._joined[-1][1]))
            elif 0 < begin <= end:
                self._joined.append((begin, end))

    def hold(self, begin: int, end: int) -> bool:
        """Tell whether lines say of all these that they were retired; several may, one after another."""
        place = bisect_right(self._joined, (begin, 1 << 64)) - 1
        return place >= 0 and end <= self._joined[place][1]

    def settle(self, tasks: Sequence[SegmentTask], findings: Findings) -> None:
        """Hold the leaf hashes that are left against the lines about them."""
        layers: list[list[_Stretch]] = []
        for stretch in sorted(self._possible(findings), key=lambda each: each[:3]):
            layer = next((each for each in layers if each[-1].end < stretch.begin), None)
            if layer is not None:
                layer.append(stretch)
            elif len(layers) < _MOST_OVERLAPS:
                layers.append([stretch])
            else:
                message = f"line {stretch.seq} retires what many others had retired"
                findings.say("retired-mismatch", message, seq=stretch.seq)
        for layer in layers:
            try:
                _compare(tasks, layer, findings)
            except (OSError, ValueError):
                return  # told where they are read in their place

    def _possible(self, findings: Findings) -> Iterator[_Stretch]:
        for seq, meta in self._said:
            begin, end = meta.get("from"), meta.get("to")
            message = f"lines {begin} to {end} by line {seq}: {meta.get('reason')}"
            findings.say("segment-retired", message, seq=seq)
            if type(begin) is int and type(end) is int and 0 < begin <= end < seq:
                yield _Stretch(begin, end, seq, meta.get("root"))
            else:
                findings.say("retired-mismatch", f"line {seq} retires lines that cannot be", seq=seq)


def _compare(tasks: Sequence[SegmentTask], stretches: Sequence[_Stretch], findings: Findings) -> None:
    """Read the leaf hashes once, for stretches that follow each other.  Raises: OSError, ValueError."""
    waiting = iter(stretches)
    stretch = next(waiting, None)
    left = SubtreeStack()
    for seq, leaf in _leaves_left(tasks, stretches[-1].end):
        while stretch is not None and stretch.end < seq:
            _say_if_other(stretch, left, findings)
            stretch, left = next(waiting, None), SubtreeStack()
        if stretch is not None and stretch.begin <= seq:
            left.push(leaf)
    if stretch is not None:
        _say_if_other(stretch, left, findings)


def _say_if_other(stretch: _Stretch, left: SubtreeStack, findings: Findings) -> None:
    if left.size == stretch.end - stretch.begin + 1 and left.root().hex() != stretch.root:
        message = (
            f"the leaf hashes of lines {stretch.begin} to {stretch.end} are not those that line {stretch.seq} names"
        )
        findings.say("retired-mismatch", message, seq=stretch.seq)


def _stretch_of(meta: Mapping[str, Any]) -> tuple[int, int]:
    first, last = meta.get("from"), meta.get("to")
    return (first, last) if type(first) is int and type(last) is int else (0, 0)


def _leaves_left(tasks: Sequence[SegmentTask], end: int) -> Iterator[tuple[int, bytes]]:
    for task in tasks:
        if task.leaves is not None and task.first <= end:
            yield from task.leaves.read()
