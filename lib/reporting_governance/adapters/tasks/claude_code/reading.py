"""One transcript, read where it matters: its beginning, and its end."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.hosts.claude_code.requests import parsed, request_text, text_of
from reporting_governance.adapters.hosts.claude_code.tail import Unreadable, open_safely
from reporting_governance.adapters.tasks.claude_code.folding import MOST_CHILDREN, Fold
from reporting_governance.adapters.tasks.claude_code.line_parts import time_of
from reporting_governance.adapters.tasks.claude_code.seen import Seen, Turn
from reporting_governance.adapters.tasks.openclaw.rows import line
from reporting_governance.core.scrub import scrub

HEAD_BYTES: Final = 256 * 1024  #: in which the first request is looked for
TAIL_BYTES: Final = 1024 * 1024  #: of the end, read always
FEW_LINES: Final = 20  #: so many lines that are all strange may be chance
MOST_TAIL_BYTES: Final = 8 * 1024 * 1024  #: of the end, when nothing before says how the session stands
_LONGEST_TITLE: Final = 200
_TAGS: Final = re.compile(r"</?command-[a-z]+>")
_LONGEST_FOLDER: Final = 200


def read_transcript(path: str, *, of_child: bool = False) -> Seen:
    """Return what a transcript shows.  Raises: Unreadable for what is no plain file of ours, or cannot be read.

    Whatever its size: at most `HEAD_BYTES`, `TAIL_BYTES` and `MOST_TAIL_BYTES` of it are read.
    """
    number, size = open_safely(path)
    try:
        return _read(number, size, of_child)
    finally:
        os.close(number)


def _read(number: int, size: int, of_child: bool) -> Seen:
    start = max(0, size - TAIL_BYTES)
    fold = _fold(number, start, size, of_child)
    if fold.turn is Turn.UNKNOWN and start > 0:
        start = max(0, size - MOST_TAIL_BYTES)
        fold = _fold(number, start, size, of_child)
    started_at, title = _beginning(number, min(size, HEAD_BYTES), of_child)
    tool, limit = fold.newest_call()
    return Seen(
        turn=fold.turn,
        turn_at=fold.turn_at,
        started_at=started_at,
        activity_at=fold.activity_at,
        evidence_at=fold.evidence_at,
        read_from=start,
        title=title,
        folder=_shown(fold.folder, _LONGEST_FOLDER),
        entrypoint=line(fold.entrypoint, 40),
        parent=line(fold.session, 128),
        open_tool=line(tool, 100),
        open_limit_seconds=limit,
        spawning_since=fold.spawning_since(),
        children=fold.children(),
        understood=fold.known_lines > 0 or fold.lines < FEW_LINES,
    )


def _fold(number: int, start: int, size: int, of_child: bool) -> Fold:
    """Return how the lines from a place on leave the session."""
    fold = Fold(of_child=of_child)
    for data in _lines(number, start, size):
        document = parsed(data)
        if document is not None:
            fold.take(document)
    return fold


def carried_on(seen: Seen, earlier: Seen, earlier_size: int) -> Seen:
    """Return what is seen of a transcript that grew, with what was seen of it before and is not in its end any more.

    Only when nothing between the two was left unread: a sub-agent that came back there would seem to be away.
    """
    from dataclasses import replace

    if seen.read_from == 0 or seen.read_from > earlier_size:
        return seen
    now, before = ({each.name: each for each in one.children} for one in (seen, earlier))
    children = {name: each for name, each in before.items() if each.returned_at is None} | now
    for name in now.keys() & before.keys():
        launched_at = now[name].launched_at or before[name].launched_at
        children[name] = replace(now[name], launched_at=launched_at)
    goes_on = seen.turn is earlier.turn is Turn.WORKING and seen.turn_at is None
    return replace(
        seen,
        children=tuple(children.values())[-MOST_CHILDREN:],
        turn_at=earlier.turn_at if goes_on else seen.turn_at,
        spawning_since=seen.spawning_since or (earlier.spawning_since if _still_waits(seen, earlier) else None),
    )


def _still_waits(seen: Seen, earlier: Seen) -> bool:
    """Tell whether an agent that waited for a sub-agent has not done anything since."""
    return seen.turn is Turn.WORKING and seen.evidence_at is None and earlier.spawning_since is not None


def _lines(number: int, start: int, size: int) -> Iterator[bytes]:
    """Yield the whole lines of a part of a file.  The last one may be torn: it is no JSON then, and passed over."""
    before = 1 if start > 0 else 0
    lines = _bytes(number, start - before, size).split(b"\n")
    yield from (each for each in lines[before:] if each.strip())


def _bytes(number: int, start: int, end: int) -> bytes:
    parts = []
    while start < end:
        try:
            part = os.pread(number, end - start, start)
        except OSError as fault:
            raise Unreadable(fault.strerror or str(fault)) from fault
        if not part:
            raise Unreadable("it became shorter while it was read")
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _beginning(number: int, size: int, of_child: bool) -> tuple[datetime | None, str]:
    """Return when a session began, and the words of its first request."""
    began = None
    documents = [each for each in map(parsed, _bytes(number, 0, size).split(b"\n")) if each is not None]
    for place, document in enumerate(documents):
        began = began or time_of(document.get("timestamp"))
        following = documents[place + 1] if place + 1 < len(documents) else {}
        words = request_text(document, of_child=of_child, ran_locally=_is_local_output(following))
        if words:
            return began, _shown(words, _LONGEST_TITLE)
    return began, ""


def _is_local_output(document: dict[str, Any]) -> bool:
    message = document.get("message")
    content = message.get("content") if isinstance(message, dict) else document.get("content")
    return text_of(content).lstrip().startswith("<local-command-std")


def _shown(text: str, longest: int) -> str:
    """Return words of a transcript as one short line without secrets; cut after they are out, lest half a one stays."""
    clean, _ = scrub(_TAGS.sub(" ", text[: longest * 50]))
    return line(clean, longest)
