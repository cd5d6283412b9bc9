"""Small files that only spare work: lost or stale, they are made again."""

from __future__ import annotations

import os
from contextlib import suppress

from reporting_governance.file_modes import create


def write_cache(path: str, text: str) -> None:
    """Put ASCII text into a file, whole or not at all; that it cannot be written is no matter."""
    unfinished = f"{path}.{os.getpid()}.tmp"
    with suppress(OSError):
        fd = create(unfinished, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
        with open(fd, "w", encoding="ascii") as file:
            file.write(text)
        os.rename(unfinished, path)
