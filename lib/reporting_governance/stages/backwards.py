"""The log read from its newest lines on: what people ask about is young, nearly always."""

from collections.abc import Iterator
from itertools import takewhile

from reporting_governance.storage.interface import Line, Store

_FIRST = 5_000  #: lines of the newest stretch; each one before it is four times as long


def stretches(store: Store, head: int) -> Iterator[Iterator[Line]]:
    """Yield the lines of the log in stretches, the newest first; within a stretch the oldest line comes first."""
    size, end = _FIRST, head
    while end > 0:
        begin = max(1, end - size + 1)
        yield _between(store, begin, end)
        size, end = size * 4, begin - 1


def _between(store: Store, begin: int, end: int) -> Iterator[Line]:
    return takewhile(lambda line: line.seq <= end, store.replay(begin))
