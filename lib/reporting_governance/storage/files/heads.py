"""Signed heads of the log, one file each: `journal/checkpoints/<size>.note`, there whole or not at all."""

import os
import re
import time
from contextlib import suppress

from reporting_governance import file_modes
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.layout import Layout

_NAME = re.compile(r"([0-9]{12})\.note", re.ASCII)
_LEFT_BEHIND_SECONDS = 3600  #: nobody is still writing what is older


def sizes(layout: Layout) -> list[int]:
    """Return for which sizes of the log a head is kept, smallest first."""
    try:
        names = os.listdir(layout.checkpoints)
    except FileNotFoundError:
        return []
    return sorted(int(found[1]) for found in map(_NAME.fullmatch, names) if found)


def newest(layout: Layout) -> int:
    """Return the largest size for which a head is kept, 0 when none is.

    A small file names it, which is believed while the head it names is there.  When a kill came between the two it
    names an older one, and whoever asks signs the newer one again, to the same bytes.
    """
    try:
        found = _NAME.fullmatch(journal_io.read_all(f"{layout.checkpoints}/newest").decode("ascii", "replace"))
    except FileNotFoundError:
        found = None
    if found is not None and os.path.exists(_path(layout, int(found[1]))):
        return int(found[1])
    return max(sizes(layout), default=0)


def read(layout: Layout, size: int) -> bytes | None:
    """Return the head of one size, None when none is kept.  Raises OSError."""
    try:
        return journal_io.read_all(_path(layout, size))
    except FileNotFoundError:
        return None


def keep(layout: Layout, size: int, note: bytes) -> None:
    """Keep a head, synced.  Raises OSError; then the file of this name is as it was."""
    with suppress(FileExistsError):
        file_modes.make_folder(layout.checkpoints)
    _drop_left_behind(layout)
    unfinished = f"{_path(layout, size)}.{os.getpid()}.tmp"  # two runs may sign the same size at once
    fd = file_modes.create(unfinished, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    try:
        try:
            journal_io.append(fd, unfinished, note)
            journal_io.sync(fd, unfinished)
        finally:
            os.close(fd)
        os.rename(unfinished, _path(layout, size))
    except OSError:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    journal_io.sync_folder(layout.checkpoints)
    _name_newest(layout, max(size, newest(layout)))


def _name_newest(layout: Layout, size: int) -> None:
    unfinished = f"{layout.checkpoints}/newest.{os.getpid()}.tmp"
    with suppress(OSError):  # a cache
        fd = file_modes.create(unfinished, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
        try:
            os.write(fd, f"{size:012d}.note".encode("ascii"))
        finally:
            os.close(fd)
        os.rename(unfinished, f"{layout.checkpoints}/newest")


def _drop_left_behind(layout: Layout) -> None:
    """Remove what killed processes left half written."""
    for name in os.listdir(layout.checkpoints):
        if name.endswith(".tmp"):
            path = f"{layout.checkpoints}/{name}"
            with suppress(OSError):
                if time.time() - os.lstat(path).st_mtime > _LEFT_BEHIND_SECONDS:
                    os.unlink(path)


def _path(layout: Layout, size: int) -> str:
    return f"{layout.checkpoints}/{size:012d}.note"
