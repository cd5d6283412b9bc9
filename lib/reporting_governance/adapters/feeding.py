"""Giving a program its input without waiting for it."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import selectors


def fed(selector: selectors.BaseSelector, pipe: IO[bytes], rest: memoryview) -> memoryview:
    """Write what fits and return what is left; close the pipe when all is written, or nobody reads it.

    Args:
        selector: where the pipe, which does not block, is registered.
    """
    try:
        rest = rest[os.write(pipe.fileno(), rest) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        rest = rest[:0]
    if not rest:
        selector.unregister(pipe)
        pipe.close()
    return rest
