"""A growing file of lines, read from its end in blocks; nothing that stands further back than asked for is read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from reporting_governance.contracts.frozen import frozen

BLOCK_BYTES = 256 * 1024
LONGEST_LINE_BYTES = 1024 * 1024  #: a longer line is passed over
MOST_SCANNED_BYTES = 128 * 1024 * 1024  #: of lines that are passed over, and all others
EDGE_BYTES = 8 * 1024  #: of a line that is passed over: what is kept of both of its ends


class Unreadable(Exception):
    """A file that cannot be read; its text says why.  A value for the caller, never seen outside this host."""


@frozen
class Line:
    """One line without its end.  `too_long`: `data` holds its beginning and its end only."""

    offset: int  #: where it begins
    data: bytes
    length: int
    torn: bool = False  #: the last line, without a line end: it may still be being written

    @property
    def too_long(self) -> bool:
        return self.length > LONGEST_LINE_BYTES


def open_safely(path: str) -> tuple[int, int]:
    """Open a plain file of ours or of root; return its descriptor and its size.

    The last part may be no link, and opening never waits.

    Raises: Unreadable.
    """
    import errno
    import stat

    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as fault:
        is_link = getattr(fault, "errno", None) == errno.ELOOP
        why = "it is a symbolic link" if is_link else getattr(fault, "strerror", None) or str(fault)
        raise Unreadable(why) from fault
    status = os.fstat(number)
    problem = ""
    if not stat.S_ISREG(status.st_mode):
        problem = "it is no plain file"
    elif status.st_uid not in (os.geteuid(), 0):
        problem = f"it belongs to user {status.st_uid}"
    if problem:
        os.close(number)
        raise Unreadable(problem)
    return number, status.st_size


def lines_backwards(number: int, size: int) -> Iterator[Line]:
    """Yield the lines of the first `size` bytes of a file, the last one first; empty lines are left out.

    Raises: Unreadable when the file became shorter meanwhile, or when too much of it would have to be passed over.
    """
    at, torn = size, True
    parts: list[bytes] = []  #: of the line that began further back, the last part first
    length = 0
    while at > 0:
        if size - at >= MOST_SCANNED_BYTES:
            raise Unreadable(f"its newest request lies more than {MOST_SCANNED_BYTES:,} bytes before its end")
        start = max(0, at - BLOCK_BYTES)
        block = _block(number, start, at - start)
        end = len(block)
        while (newline := block.rfind(b"\n", 0, end)) >= 0:
            line = _line(start + newline + 1, block[newline + 1 : end], parts, length, torn)
            if line is not None:
                yield line
            parts, length, torn, end = [], 0, False, newline
        length += end
        if length <= LONGEST_LINE_BYTES or not parts:
            parts.append(block[:end])
        else:
            parts = [parts[0][-EDGE_BYTES:], block[:end][:EDGE_BYTES]]
        at = start
    line = _line(0, b"", parts, length, torn)
    if line is not None:
        yield line


def _block(number: int, start: int, length: int) -> bytes:
    try:
        block = os.pread(number, length, start)
    except OSError as fault:
        raise Unreadable(fault.strerror or str(fault)) from fault
    if len(block) != length:
        raise Unreadable("it became shorter while it was read")
    return block


def _line(offset: int, first: bytes, parts: list[bytes], length: int, torn: bool) -> Line | None:
    length += len(first)
    if length > LONGEST_LINE_BYTES:
        head = first[:EDGE_BYTES] if first else parts[-1][:EDGE_BYTES]
        return Line(offset, head + b"\n" + (parts[0] if parts else first)[-EDGE_BYTES:], length, torn)
    data = (first + b"".join(reversed(parts))).strip()
    return Line(offset, data, length, torn) if data else None
