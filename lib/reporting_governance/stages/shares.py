"""What of due work a process takes, a portion at a time, so that hosts with one database do not all try the same.

On files nobody else works, and all of it is one portion.
"""

from collections.abc import Iterator, Sequence

from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.stages.clock import Clock
from reporting_governance.storage.interface import Store

LONGEST_SECONDS = 30  #: what a dead host had taken and not begun is free again after that
_QUICK_SECONDS = 1.0


def portions(
    store: Store, names: Sequence[ViewName], *, clock: Clock, first: int, most: int, seconds: float = LONGEST_SECONDS
) -> Iterator[list[ViewName]]:
    """Yield what is ours of the names, in their order.  The next portion is taken when it is asked for.

    Args:
        first: how many are taken at first, and after a portion that took long.
        most: how many at most; a portion that took less than a second is followed by one of twice as many.
        seconds: how long others keep away from what was taken, counted for each portion.

    Raises: StorageError.
    """
    size = first
    while names:
        mine = store.share(names, limit=size, now=clock.now(), seconds=int(min(max(seconds, 1), LONGEST_SECONDS)))
        if not mine:
            return
        names = names[names.index(mine[-1]) + 1 :] if len(mine) < len(names) else ()
        began = clock.monotonic()
        yield mine
        size = min(most, 2 * size) if clock.monotonic() - began < _QUICK_SECONDS else first


def give_back(store: Store, names: Sequence[ViewName], clock: Clock) -> None:
    """Let others have what this process took and did not begin.  Raises: StorageError."""
    if names:
        store.share(names, limit=len(names), now=clock.now(), seconds=0)
