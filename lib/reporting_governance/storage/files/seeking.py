"""Where reading a segment may begin, so that its last lines cost what they are and not what stands before them."""

import os
from typing import Any

from reporting_governance.storage.chain import Place
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.groups import LARGEST_COMMIT
from reporting_governance.storage.lines import decode_line

_NEAR = 1 << 16  #: bytes that are rather read than halved
_CHUNK = 1 << 20
_TORN = b'"log.torn"'  #: inside a text its quotes would be escaped


def place_before(path: str, first: int, end: int | None, wanted: int) -> Place | None:
    """Return where a group begins, at a line that is not after `wanted`; None: only the segment's beginning will do.

    Lines are in order, so the offset is found by halving.  A stretch that is void may hold lines that look whole: it
    is known only by the line behind it that says so, and where there is one the segment is read from its beginning.

    Args:
        first: the segment's first seq.
        end: where the segment ends for the reader; None: with the file.

    Raises: OSError.
    """
    if wanted - LARGEST_COMMIT <= first:
        return None
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = os.fstat(fd).st_size if end is None else end
        low = _offset_before(fd, end, wanted - LARGEST_COMMIT)
        if low == 0 or _may_be_void(fd, low, end):
            return None
    finally:
        os.close(fd)
    for raw in journal_io.raw_lines(path, low, end):
        document = _plain(raw)
        if document is None or document["seq"] > wanted:
            return None
        if document["g"][0] == 1:
            return Place(low, document["seq"] - 1, bytes.fromhex(document["prev"]))
        low += len(raw)
    return None


def _offset_before(fd: int, end: int, wanted: int) -> int:
    """Return the offset of a line that is not after `wanted`, near it unless the segment is damaged between."""
    low, high = 0, end
    while high - low > _NEAR:
        middle = (low + high) // 2
        start, raw = _line_after(fd, middle, high)
        document = _plain(raw) if raw else None
        if raw and document is None:
            return 0
        if document is not None and document["seq"] <= wanted:
            low = start
        else:
            high = middle
    return low


def _line_after(fd: int, offset: int, end: int) -> tuple[int, bytes]:
    """Return the first whole line that begins after an offset and ends before another, and where it begins."""
    data = b""
    while offset + len(data) < end:
        data += journal_io.read_at(fd, offset + len(data), min(_NEAR, end - offset - len(data)))
        begin = data.find(b"\n") + 1
        stop = data.find(b"\n", begin) + 1
        if begin and stop:
            return offset + begin, data[begin:stop]
    return end, b""


def _may_be_void(fd: int, offset: int, end: int) -> bool:
    """Tell whether a line behind an offset may declare a stretch void."""
    kept = b""
    while offset < end:
        data = journal_io.read_at(fd, offset, min(_CHUNK, end - offset))
        if not data:
            return True
        if _TORN in kept + data:
            return True
        kept = data[-len(_TORN) :]
        offset += len(data)
    return False


def _plain(raw: bytes) -> dict[str, Any] | None:
    """Return a line's document when it has what a line needs to be found by, None when it has not."""
    document = decode_line(raw)
    if document is None or type(document.get("seq")) is not int:
        return None
    place, leaf = document.get("g"), document.get("prev")
    if not (isinstance(place, list) and len(place) == 2 and isinstance(leaf, str) and len(leaf) == 64):
        return None
    return document
