"""The back end on files as verbs use it: the store, and its log as a whole."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from reporting_governance.storage.files.store import FilesStore

if TYPE_CHECKING:
    from reporting_governance.storage.files.exporting import LogFolder


class FilesBackend(FilesStore):
    """A store with what is read of its log as a whole."""

    def log_source(self) -> "LogFolder":
        """Return the log as an export reads it.  Raises: StorageError when there is none."""
        from reporting_governance.storage.files.exporting import log_folder

        return log_folder(self._layout.root)

    def log_bytes(self) -> int:
        """Return the size of the segments that are kept."""
        size = 0
        for first in self._layout.segments():
            with suppress(FileNotFoundError):  # retired in between
                size += os.stat(self._layout.segment(first)).st_size
        return size

    def last_in_force(self) -> bytes | None:
        """Return the settings that the newest line about them names.  Raises as `in_force.last_in_force`."""
        from reporting_governance.storage.files.in_force import last_in_force

        return last_in_force(self._layout.root)
