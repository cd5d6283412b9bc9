"""Where a log is copied to, as far as the copying must know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from reporting_governance.stages.export_source import SourceLine


class Standing(NamedTuple):
    """How far a target has come."""

    first: int  #: the oldest line that is there; 0 without any
    seq: int  #: the newest
    leaf: bytes  #: of the newest
    is_finished: bool  #: it is a log that others may see and write


class CopyTarget(Protocol):
    """Where a log is copied to.  What a method has returned for stays, whatever is killed afterwards."""

    def standing(self) -> Standing:
        """Return how far an earlier copy came.  Raises: StorageError."""
        ...

    def add_blobs(self, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Keep blobs by digest, salt and all, unless they are there; return how many were new."""
        ...

    def add_lines(self, segment: int, lines: Sequence[SourceLine]) -> None:
        """Keep the next lines, all of the segment that begins with the seq `segment`."""
        ...

    def add_log_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed head."""
        ...

    def finish(self, retired: Iterable[tuple[int, bytes]], snapshots: Iterable[tuple[int, bytes]]) -> None:
        """Let what was added be a log, and make the views that follow from it.

        Args:
            retired: leaf hashes of the lines before the first one that is there, oldest first, each stretch with its
                first seq.
            snapshots: what was open behind a segment, each with the first seq of that segment.
        """
        ...
