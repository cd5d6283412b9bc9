"""What this host last saw of the log, kept outside the database: how an older backup that was put back is noticed.

Only what is durable is kept here; else a crash of the server, which loses what nobody was told, would look like loss.
"""

import json
import os
from hashlib import sha256
from typing import NamedTuple

from reporting_governance.file_modes import create

_SIZE = 512
_CHECKSUM = 64


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
        self._read: tuple[bytes, Seen | None] = (b"", None)  #: what the file held last, and what that says

    def load(self) -> Seen | None:
        """Return what is kept; None when nothing is, or a cut of power left half of it.  Raises: OSError."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            data = os.pread(fd, _SIZE + 1, 0)
        finally:
            os.close(fd)
        if data == self._read[0]:
            return self._read[1]
        text, checksum = data[: -_CHECKSUM - 1].rstrip(b" "), data[-_CHECKSUM - 1 : -1]
        if len(data) != _SIZE or sha256(text).hexdigest().encode("ascii") != checksum:
            return None
        self._read = data, Seen(**json.loads(text))
        return self._read[1]

    def keep(self, seen: Seen) -> None:
        """Keep what was seen, unless another process of this host has seen more of the same log.  Raises: OSError."""
        known = self.load()
        if known is None or known.log_id != seen.log_id or known.seq < seen.seq:
            self.put(seen)

    def put(self, seen: Seen) -> None:
        """Keep what was seen, whatever was kept; in place and by one write, half of which counts for nothing.

        Raises: OSError.
        """
        text = json.dumps(seen._asdict()).encode("ascii")
        data = text.ljust(_SIZE - _CHECKSUM - 1) + sha256(text).hexdigest().encode("ascii") + b"\n"
        self._read = data, seen
        fd = create(self.path, os.O_WRONLY)
        try:
            os.pwrite(fd, data, 0)
        finally:
            os.close(fd)
