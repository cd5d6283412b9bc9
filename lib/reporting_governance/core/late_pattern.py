"""`late`: a regular expression that is compiled when it is first used.

A gate starts for every turn of an agent and needs a few of our patterns; to compile them all was a tenth of its time.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Late:
    """Stands for a pattern; `match`, `search` and the others become its own attributes at their first use."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def late(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what stands for a pattern; what is wrong with its text shows when it is first used."""
    return cast("re.Pattern[AnyStr]", _Late(text, flags))
