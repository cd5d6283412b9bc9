"""A journal as it lies on a disk: a state folder, its journal folder, or a folder of segments."""

from __future__ import annotations

import os
import re
import stat
from typing import NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.stretches import FileRange, Leaves, SegmentTask

_SEGMENT_NAME = re.compile(r"([0-9]{12})\.jsonl")
_LEAVES_NAME = re.compile(r"([0-9]{12})\.leaves")
_NOTE_NAME = re.compile(r"[0-9]{12}\.note")
MOST_NOTE_BYTES = 1_000_000


class JournalFolder(NamedTuple):
    """Where the parts of a journal lie; None where there is no such part."""

    segments: str
    leaves: Optional[str]  # noqa: UP045
    checkpoints: Optional[str]  # noqa: UP045
    blobs: Optional[str]  # noqa: UP045

    @property
    def kind(self) -> str:
        """What people are told that was checked."""
        return "segments" if self.checkpoints is None else "journal"


class SegmentPlace(NamedTuple):
    """One segment: its lines, or the leaf hashes that are left of it."""

    first: int
    file: Optional[FileRange]  # noqa: UP045
    leaves: Optional[Leaves]  # noqa: UP045


def journal_at(path: str) -> Optional[JournalFolder]:  # noqa: UP045
    """Return the journal that a folder is or holds, None when it holds none.

    An unpacked bundle is none, whatever lies beside its files: who puts a journal there wants that to be checked, and
    the files of the bundle to be read.
    """
    if os.path.lexists(os.path.join(path, "bagit.txt")):
        return None
    for journal, blobs in ((os.path.join(path, "journal"), os.path.join(path, "blobs")), (path, _beside(path))):
        log = os.path.join(journal, "log")
        if os.path.isdir(log):
            parts = (_folder(os.path.join(journal, name)) for name in ("leaves", "checkpoints"))
            leaves, checkpoints = parts
            return JournalFolder(log, leaves, checkpoints or journal, _folder(blobs))
    if os.path.isdir(path) and any(_SEGMENT_NAME.fullmatch(name) for name in os.listdir(path)):
        return JournalFolder(path, None, None, None)
    return None


def segments_of(journal: JournalFolder, findings: Findings) -> list[SegmentPlace]:
    """Return the segments in order, those of which only leaf hashes are left among them.  Raises OSError."""
    places: dict[int, SegmentPlace] = {}
    for name in sorted(os.listdir(journal.segments)):
        path = os.path.join(journal.segments, name)
        found = _SEGMENT_NAME.fullmatch(name)
        if found is None or not _is_plain(path):
            findings.say("folder-foreign", f"{name} is no segment, or no plain file", file=name)
            continue
        first = int(found.group(1))
        where = FileRange(path, 0, os.stat(path).st_size, f"log/{name}")
        places[first] = SegmentPlace(first, where, None)
    if journal.leaves is not None:
        for name in sorted(os.listdir(journal.leaves)):
            found = _LEAVES_NAME.fullmatch(name)
            if (
                found is not None
                and int(found.group(1)) not in places
                and _is_plain(os.path.join(journal.leaves, name))
            ):
                first = int(found.group(1))
                path = os.path.join(journal.leaves, name)
                where = FileRange(path, 0, os.stat(path).st_size, f"leaves/{name}")
                places[first] = SegmentPlace(first, None, Leaves(where, first, False))
    return [places[first] for first in sorted(places)]


def tasks_of(places: list[SegmentPlace], sizes: list[int]) -> list[SegmentTask]:
    """Return the work that segments are, with the sizes at which a root is wanted."""
    tasks = []
    for place, each in enumerate(places):
        until = places[place + 1].first if place + 1 < len(places) else None
        cuts = tuple(size for size in sizes if size >= each.first and (until is None or size < until))
        tasks.append(SegmentTask(each.first, until, each.file, each.leaves, cuts, {}))
    return tasks


def notes_of(journal: JournalFolder) -> dict[str, bytes]:
    """Return the files of signed heads by name.  Raises OSError."""
    if journal.checkpoints is None:
        return {}
    notes = {}
    for name in sorted(os.listdir(journal.checkpoints)):
        path = os.path.join(journal.checkpoints, name)
        if _NOTE_NAME.fullmatch(name) and _is_plain(path):
            with open(path, "rb") as file:
                notes[f"checkpoints/{name}"] = file.read(MOST_NOTE_BYTES + 1)
    return notes


def _beside(path: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(path)), "blobs")


def _folder(path: str) -> Optional[str]:  # noqa: UP045
    return path if os.path.isdir(path) else None


def _is_plain(path: str) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)
