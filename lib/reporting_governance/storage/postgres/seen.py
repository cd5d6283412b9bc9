"""What this host last saw of the log, kept outside the database: how an older backup that was put back is noticed.

Only what is durable is kept here; else a crash of the server, which loses what nobody was told, would look like loss.
"""

import json
import os
from contextlib import suppress
from typing import NamedTuple

from reporting_governance.errors import StorageError
from reporting_governance.file_modes import OWNER_ONLY_FILE


class Seen(NamedTuple):
    """The end of the log when this host last added to it, and both clocks of then."""

    log_id: str
    seq: int
    leaf: str
    boot_id: str
    wall_ms: int
    monotonic_ms: int


class SeenFile:
    """The file `seen` in a folder of this host."""

    def __init__(self, folder: str) -> None:
        self.path = f"{folder}/seen"
        self._folder = folder

    def load(self) -> Seen | None:
        """Return what is kept; None when nothing is, or a cut of power left half a file.  Raises: StorageError."""
        try:
            with open(self.path, encoding="ascii") as file:
                values = json.load(file)
            return Seen(**values)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return None
        except OSError as error:
            raise StorageError(path=self.path, reason=error.strerror or str(error)) from error

    def keep(self, seen: Seen) -> None:
        """Keep what was seen, unless another process of this host has seen more of the same log."""
        known = self.load()
        if known is not None and known.log_id == seen.log_id and known.seq > seen.seq:
            return
        self.put(seen)

    def put(self, seen: Seen) -> None:
        """Keep what was seen, whatever was kept."""
        unfinished = f"{self.path}.{os.getpid()}.tmp"
        with suppress(OSError):  # what is older than the truth notices less, and accuses nobody
            fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, OWNER_ONLY_FILE)
            try:
                os.write(fd, json.dumps(seen._asdict()).encode("ascii"))
            finally:
                os.close(fd)
            os.rename(unfinished, self.path)
