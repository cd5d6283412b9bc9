"""What is kept beside closed segments, made by whoever comes next and outside the writers' lock."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import pairwise

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.file_modes import create
from reporting_governance.storage.files import journal_io, rebuild, segments, snapshots
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.interface import Addition

_SNAPSHOTS_KEPT = 2


def maintain(layout: Layout, add: Callable[[Addition], object]) -> list[int]:
    """Make missing leaf hashes, and the snapshot behind the newest closed segment; return what got a snapshot.

    Args:
        add: commits one line.

    Raises: StorageError, Busy, OSError.
    """
    with alone_at(layout) as is_alone:
        firsts = layout.segments()
        if not is_alone or len(firsts) < 2:
            return []
        for first, following in pairwise(firsts):
            segments.make_leaves(layout, first, following)
        newest = firsts[-2]
        if snapshots.load_snapshot(layout, newest) is not None:
            return []
        path = layout.segment(newest)
        content = snapshots.snapshot_content(newest, rebuild.state_at(layout, (newest, os.stat(path).st_size)))
        _keep(layout, newest, content, firsts[-1] - 1, add)
        _drop_old(layout)
        return [newest]


def _keep(layout: Layout, segment: int, content: bytes, seq: int, add: Callable[[Addition], object]) -> None:
    """Write the snapshot, add the line that names it, and only then give it its name: a name promises a line."""
    path = snapshots.snapshot_path(layout, segment)
    waiting = f"{path}.waiting"
    journal_io.write_synced(waiting, content)
    digest = sha256(content).hexdigest()
    add(Addition(type=LineType.LOG_SNAPSHOT, meta={"segment": segment, "seq": seq, "sha256": digest}))
    os.rename(waiting, path)
    journal_io.sync_folder(layout.snapshots)


def _drop_old(layout: Layout) -> None:
    """Keep the newest snapshots that are whole: once older segments are retired, nothing else can stand in for them."""
    kept = 0
    names = sorted((name for name in os.listdir(layout.snapshots) if name.endswith(".jsonl")), reverse=True)
    for name in names:
        if kept < _SNAPSHOTS_KEPT:
            kept += snapshots.is_whole(f"{layout.snapshots}/{name}")
            continue
        with suppress(FileNotFoundError):
            os.unlink(f"{layout.snapshots}/{name}")


@contextmanager
def alone_at(layout: Layout) -> Iterator[bool]:
    """Hold the maintainers' lock, or say that somebody else is at it."""
    fd = create(f"{layout.snapshots}/lock", os.O_RDWR)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)
