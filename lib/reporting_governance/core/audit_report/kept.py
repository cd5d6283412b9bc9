"""Lists that do not grow without end, and say how much they left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The first and the newest of many.  `total` counts all, `left_out` those between that are not kept."""

    __slots__ = ("_first", "_last", "_most_first", "_most_last", "total")

    def __init__(self, first: int, last: int) -> None:
        self._most_first = first
        self._most_last = last
        self._first: list[T] = []
        self._last: deque[T] | None = None  #: made when it is needed: most lists stay short
        self.total = 0

    def add(self, one: T) -> T | None:
        """Take one; return the one that had to go for it."""
        self.total += 1
        if len(self._first) < self._most_first:
            self._first.append(one)
            return None
        if self._last is None:
            self._last = deque(maxlen=self._most_last)
        gone = self._last[0] if len(self._last) == self._most_last else None
        self._last.append(one)
        return gone

    @property
    def left_out(self) -> int:
        """How many are not kept."""
        return self.total - len(self)

    def __len__(self) -> int:
        return len(self._first) + len(self._last or ())

    def __iter__(self) -> Iterator[T]:
        yield from self._first
        yield from self._last or ()
