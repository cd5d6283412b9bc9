"""The views as the log says them: from the newest good snapshot and the lines behind it.

What is open is kept as the bytes of the files, not as objects: a tenth of the memory, and what has to be compared and
written anyway.
"""

import gc
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, Place, UnknownVersion
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.applied import Counts
from reporting_governance.storage.files.layout import Layout, put_away
from reporting_governance.storage.files.snapshots import digest_in, is_named, load_snapshot, snapshots_before
from reporting_governance.storage.files.views import Views
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.storage.state import State

_PAST_FILE = re.compile(r"[a-z]{3}_\w+\.json", re.ASCII)  #: an id, as every id is spelled


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Pause the search for cycles: nothing here makes any, and what lives on would be searched again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collector_resting()
def state_at(layout: Layout, end: tuple[int, int]) -> State:
    """Return the views at a place in the log, given as a segment's first seq and an offset in it.

    Raises: StorageError when the log is damaged, or segments are missing that no snapshot stands in for; OSError.
    """
    segments = [first for first in layout.segments() if first <= end[0]]
    for snapshot in [*snapshots_before(layout, end[0]), None]:
        state = State(Place(0, 0, ZERO_LEAF)) if snapshot is None else load_snapshot(layout, snapshot)
        if state is None:
            continue
        rest = [first for first in segments if first > state.place.seq]
        if rest[:1] != [state.place.seq + 1]:
            continue
        named = _replay(layout, state, rest, end[1], snapshot)
        if snapshot is None or is_named(layout, snapshot, named, is_all_there=segments[0] == 1):
            return state
    raise StorageError(path=layout.log, reason="segments are missing and no snapshot stands in for them")


@_collector_resting()
def state_behind(layout: Layout, snapshot: int, end: tuple[int, int]) -> State | None:
    """Return the views at a place in the log as one snapshot and the lines behind it say them; None without it.

    Whether a line names the snapshot is not asked.  Raises: StorageError when the log is damaged; OSError.
    """
    state = load_snapshot(layout, snapshot)
    if state is not None:
        _replay(
            layout, state, [first for first in layout.segments() if state.place.seq < first <= end[0]], end[1], None
        )
    return state


def _replay(layout: Layout, state: State, segments: list[int], end: int, snapshot: int | None) -> str | None:
    """Add the lines of the segments; return the digest that the last line about a snapshot names for it."""
    named = None
    for place, first in enumerate(segments):
        path = layout.segment(first)
        newest = place == len(segments) - 1
        chain = Chain(
            journal_io.raw_lines(path, 0, end if newest else None),
            Place(0, state.place.seq, state.place.leaf, state.place.length),
        )
        try:
            for group in chain.groups():
                state.add(group)
                if snapshot is not None:
                    named = digest_in(group, snapshot) or named
        except UnknownVersion as unknown:
            raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None
        state.place = chain.end
        if chain.void is not None or (not newest and chain.end.seq + 1 != segments[place + 1]):
            raise StorageError(path=path, reason=f"damaged: line {chain.end.seq + 1} does not chain")
    return named


def write_views(views: Views, layout: Layout, state: State) -> Counts:
    """Make the view files exactly those of the state, and return their numbers.  Raises OSError.

    What is right already is left alone.  Files are written in place: `applied` counts for nothing until this is done,
    so a crash begins it again.
    """
    wanted: dict[str, dict[str, bytes]] = {folder.value: {} for folder in Folder}
    for text, content in state.contents.items():
        folder, _, file = text.partition("/")
        wanted[folder][f"{file.rpartition('@')[0]}.json" if folder == "past" else file] = content
    counts = tuple(len(files) for files in wanted.values())
    for kind in Folder:
        files = wanted[kind.value]
        for name in views.raw_names(kind):
            if name not in files:
                _put_away(layout, kind, name)
            elif views.holds(kind, name, files[name]):
                del files[name]
        for name, content in files.items():
            views.put_plainly(kind, name, content)
    return counts


def _put_away(layout: Layout, folder: Folder, name: str) -> None:
    """Remove an old version; what is no view at all is somebody's file, kept in `corrupt/`."""
    try:
        if folder is not Folder.PAST:
            ViewName.parse(f"{folder.value}/{name}")
        elif _PAST_FILE.fullmatch(name) is None:
            raise ValueError(name)
        os.unlink(f"{layout.root}/{folder.value}/{name}")
    except (ValueError, IsADirectoryError, PermissionError):
        put_away(layout.root, f"{folder.value}/{name}")
