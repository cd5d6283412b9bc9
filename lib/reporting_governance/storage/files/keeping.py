"""Keeping only what is to be kept: segments, blobs and log checkpoints that may go, and texts that must."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from reporting_governance.contracts.retention import RetirementPlan
from reporting_governance.errors import Busy
from reporting_governance.storage.files import heads, journal_io, maintenance, reading, retiring
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.access import Access
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.erasing import Eraser
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.interface import Added, Answer
from reporting_governance.storage.retirement import NOTHING_RETIRED, said_retired, thinned, told_again


class Keeper:
    """What may be taken out of one state, and how.

    Args:
        commit: adds groups of lines.
    """

    def __init__(self, layout: Layout, access: Access, commit: Callable[..., list[Answer]]) -> None:
        self._layout = layout
        self._access = access
        self._commit = commit

    def plan(self, before: datetime) -> RetirementPlan:
        """Return what could be retired of the lines that are older than a time.  Changes nothing.

        Raises: StorageError.
        """
        applied = self._access.current()
        if applied is None:
            return NOTHING_RETIRED
        with self._access.errors():
            return retiring.prepare(self._layout, applied, before).plan

    def finish(self) -> tuple[list[int], int]:
        """Remove what a killed process left of segments that are retired; return them, and how many blobs went.

        Raises: StorageError, NotOurState, Busy.
        """
        applied = self._access.current()
        if applied is None:
            return [], 0
        with self._access.errors(), self._alone():
            return retiring.finish(self._layout, applied)

    def retire(self, before: datetime, *, reason: str, approver: str, now: datetime) -> tuple[RetirementPlan, int, int]:
        """Retire what can be; return the plan, the line that says so (0: none) and how many blobs went.

        Raises: StorageError, NotOurState, Busy.
        """
        if self._access.current() is None:
            return NOTHING_RETIRED, 0, 0
        with self._access.errors(), self._alone():
            applied = self._access.current()
            assert applied is not None
            prepared = retiring.prepare(self._layout, applied, before)
            if not prepared.plan.stretches:
                return prepared.plan, 0, 0
            retiring.secure(self._layout, prepared)
            for digest in prepared.erased:
                self._commit([told_again(digest)], now=now)
            said = said_retired(applied.log_id, prepared.plan, prepared.standing, reason=reason, approver=approver)
            [answer] = self._commit([said], now=now)
            assert isinstance(answer, Added)
            applied = self._access.current()
            assert applied is not None
            _, blobs = retiring.finish(self._layout, applied)
            return prepared.plan, answer.seqs[0], blobs

    def log_checkpoints_to_thin(self, before: datetime) -> list[int]:
        """Return the sizes whose log checkpoint another one of the same day stands in for, on days before a time.

        The day is that of the last line it covers.  Where that line is not kept any more, so is the log checkpoint.
        """
        applied = self._access.current()
        if applied is None:
            return []
        with self._access.errors():
            return thinned(_ends(self._layout, applied), before)

    def drop_log_checkpoints(self, sizes: Sequence[int]) -> None:
        """Remove log checkpoints.  Raises: StorageError, NotOurState."""
        with self._access.errors():
            layouts.require_owner(self._layout.root)
            for size in sizes:
                os.unlink(f"{self._layout.checkpoints}/{size:012d}.note")
            if sizes:
                journal_io.sync_folder(self._layout.checkpoints)

    def eraser(self) -> Eraser:
        """Return what finds the other places of a text that is to be erased."""
        return Eraser(self._layout, self._access)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the maintainers' lock, as the owner.  Raises: NotOurState, Busy."""
        layouts.require_owner(self._layout.root)
        with maintenance.alone_at(self._layout) as is_alone:
            if not is_alone:
                raise Busy(path=f"{self._layout.snapshots}/lock", seconds=0)
            yield


def _ends(layout: Layout, applied: Applied) -> Iterator[tuple[int, str]]:
    for size in heads.sizes(layout):
        line = next(reading.kept_lines(layout, applied, size), None) if size <= applied.seq else None
        if line is None or line.seq > size:
            continue  # its last line is void, retired or lost: when it was made nobody can tell
        yield size, line.document["ts"]
