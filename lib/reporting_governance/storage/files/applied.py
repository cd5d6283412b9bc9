"""`journal/applied`: how far the log has been applied to the views.  One record of 256 bytes, moved by one write.

It is a cache that proves itself: it counts only while the bytes before `offset` hash to `leaf`.  Views may be trusted
only within the boot it names.
"""

import os
import struct
from hashlib import sha256
from typing import NamedTuple

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.lines import ZERO_LEAF
from reporting_governance.verifier.merkle import leaf_hash

_SIZE = 256
_MAGIC = b"RGAPPL01"
_FORMAT = struct.Struct("<8s16sQQQ32sI16Iqq16sqq16sQ")
_PADDING = _SIZE - _FORMAT.size - 32
_FOLDERS = tuple(Folder)
_SPARE = 16 - len(_FOLDERS)

Counts = tuple[int, ...]  #: number of views per folder, in the order of `Folder`


class Applied(NamedTuple):
    """The place in the log up to which the views agree with it."""

    boot: bytes  #: 16 bytes
    segment: int  #: the first seq of the newest segment
    offset: int  #: bytes of that segment
    seq: int
    leaf: bytes  #: of the last line
    length: int  #: of the last line, with its LF
    counts: Counts
    wall_ms: int  #: when the last line was written, on the calendar's clock
    monotonic_ms: int  #: and on the boot's
    log_id: bytes  #: 16 bytes
    opened_ms: int  #: when the newest segment was opened
    stepped_ms: int  #: when a step of the clock was last noted; 0 for never
    context: bytes  #: 16 bytes: what is in force, by digest
    lost_seq: int  #: the newest `log.loss` line; 0 for none

    def views_in(self, folder: Folder) -> int:
        """Return how many views a folder holds."""
        return self.counts[_FOLDERS.index(folder)]

    def pack(self) -> bytes:
        """Return the record with its checksum."""
        data = _FORMAT.pack(
            _MAGIC,
            self.boot,
            self.segment,
            self.offset,
            self.seq,
            self.leaf,
            self.length,
            *self.counts,
            *(0,) * _SPARE,
            self.wall_ms,
            self.monotonic_ms,
            self.log_id,
            self.opened_ms,
            self.stepped_ms,
            self.context,
            self.lost_seq,
        )
        data += bytes(_PADDING)
        return data + sha256(data).digest()


#: Before the first line.
NOWHERE = Applied(
    boot=bytes(16),
    segment=1,
    offset=0,
    seq=0,
    leaf=bytes(32),
    length=0,
    counts=(0,) * len(_FOLDERS),
    wall_ms=0,
    monotonic_ms=0,
    log_id=bytes(16),
    opened_ms=0,
    stepped_ms=0,
    context=bytes(16),
    lost_seq=0,
)


def unpack(data: bytes) -> Applied | None:
    """Return the record, None when it is not whole."""
    if len(data) != _SIZE or sha256(data[:-32]).digest() != data[-32:]:
        return None
    values = _FORMAT.unpack_from(data)
    if values[0] != _MAGIC:
        return None
    return Applied(
        boot=values[1],
        segment=values[2],
        offset=values[3],
        seq=values[4],
        leaf=values[5],
        length=values[6],
        counts=values[7 : 7 + len(_FOLDERS)],
        wall_ms=values[23],
        monotonic_ms=values[24],
        log_id=values[25],
        opened_ms=values[26],
        stepped_ms=values[27],
        context=values[28],
        lost_seq=values[29],
    )


def load(path: str) -> Applied | None:
    """Return the record in a file, None when there is none that counts."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return unpack(os.pread(fd, _SIZE + 1, 0))
    finally:
        os.close(fd)


def invalidate(path: str) -> None:
    """Make the record count for nothing: what is begun now must be finished or begun again."""
    journal_io.overwrite(path, bytes(_SIZE))


def distrust(path: str) -> None:
    """Let the record name no boot: where the log ends stays known, and the views are made anew whoever comes next."""
    applied = load(path)
    if applied is not None:
        journal_io.overwrite(path, applied._replace(boot=bytes(16)).pack())


def agrees(applied: Applied, log: int) -> bool:
    """Tell whether the log's bytes before `offset` are the line the record speaks of."""
    if applied.seq == 0:
        return applied.offset == 0 and applied.leaf == ZERO_LEAF
    line = os.pread(log, applied.length, applied.offset - applied.length)
    return len(line) == applied.length and line[-1:] == b"\n" and leaf_hash(line[:-1]) == applied.leaf


def is_current(applied: Applied, layout: Layout, boot: bytes) -> bool:
    """Tell whether the log ends where `applied` says, in this boot, and no newer segment was begun."""
    if applied.boot != boot:
        return False
    try:
        log = os.open(layout.segment(applied.segment), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(log).st_size != applied.offset or not agrees(applied, log):
            return False
    finally:
        os.close(log)
    return not os.path.exists(layout.segment(applied.seq + 1))


def boot_bytes(boot_id: str) -> bytes:
    """Return a boot's id as 16 bytes."""
    return bytes.fromhex(boot_id.replace("-", ""))


def as_uuid(data: bytes) -> str:
    """Return 16 bytes as a UUID's text."""
    text = data.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def place_of(folder: Folder) -> int:
    """Return a folder's place in `Counts`."""
    return _FOLDERS.index(folder)
