"""Work that several processes share; the results come in the order of the work, whoever did it.

A child is a fork of this process and answers through a pipe.  Where no child can be started, or one dies, its part is
done here: the answers are the same.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional

_MOST_WORKERS = 8


def worked_off(count: int, work: Callable[[int], Any], workers: int) -> Iterator[Any]:
    """Yield `work(0)`, `work(1)` and so on.

    Args:
        work: returns plain data (numbers, texts, bytes, tuples, lists, dicts), and depends on nothing but its number.
        workers: how many processes may work at once; 1: this one alone.
    """
    number = min(workers, count, _MOST_WORKERS)
    if number < 2 or not hasattr(os, "fork"):
        yield from map(work, range(count))
        return
    children: list[Optional[_Child]] = []  # noqa: UP045
    for place in range(number):
        children.append(_started(range(place, count, number), work, children))
    try:
        for each in range(count):
            child = children[each % number]
            answer = None if child is None else child.answer()
            yield work(each) if answer is None else answer[0]
    finally:
        for child in children:  # all of them first: who still has something to say is told so to stop
            if child is not None:
                child.hang_up()
        for child in children:
            if child is not None:
                child.wait()


def cores() -> int:
    """Return how many processes can run at once."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class _Child:
    """A process that works for us, and the end of the pipe that it answers through."""

    def __init__(self, pid: int, fd: int) -> None:
        self._pid = pid
        self._pipe = os.fdopen(fd, "rb")

    def answer(self) -> Optional[tuple[Any]]:  # noqa: UP045
        """Return the next answer; None when there is none any more."""
        head = self._pipe.read(8)
        size = int.from_bytes(head, "big")
        data = self._pipe.read(size) if len(head) == 8 else b""
        return (marshal.loads(data),) if len(head) == 8 and len(data) == size else None

    def hang_up(self) -> None:
        """Close our end of the pipe."""
        self._pipe.close()

    def wait(self) -> None:
        """Wait for the end of the process."""
        os.waitpid(self._pid, 0)


def _started(
    part: Sequence[int],
    work: Callable[[int], Any],
    others: Sequence[Optional[_Child]],  # noqa: UP045
) -> Optional[_Child]:  # noqa: UP045
    reading, writing = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return None
    if pid:
        os.close(writing)
        return _Child(pid, reading)
    code = 1
    try:
        os.close(reading)
        for other in others:  # or their writers would never be told that nobody listens any more
            if other is not None:
                other.hang_up()
        with os.fdopen(writing, "wb") as pipe:
            for each in part:
                data = marshal.dumps(work(each))
                pipe.write(len(data).to_bytes(8, "big") + data)
                pipe.flush()
        code = 0
    finally:
        os._exit(code)  # the parent's buffers and handlers are not ours
