"""export-audit --as cloudevents: the chosen lines as a stream of events, one a line; nothing is kept in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.core.cloudevents import cloud_event
from reporting_governance.errors import StorageError
from reporting_governance.verifier.context import canonical_json

if TYPE_CHECKING:
    from reporting_governance.stages.export_source import LogSource, SourceLine
    from reporting_governance.verifier.selection import Selection

_TOLD_EVERY = 4096  #: lines
_SAYS_LOG_ID = b'"log_id":"'
_OWNERS = (LineType.LOG_OPEN.value, LineType.LOG_SEGMENT_RETIRED.value)


@frozen(kw_only=True)
class EventsReport:
    """What was written.  Lines that are void hold nothing anybody said, and are no events."""

    log_id: str
    events: int
    not_chosen: int
    void: int
    retired: int  #: lines that are kept no longer
    left_out: int  #: lines of a torn end, not made good yet: nobody was ever told that they are recorded
    size: int  #: of the log


def write_events(
    source: LogSource,
    selection: Selection,
    write: Callable[[bytes], object],
    *,
    last: int | None = None,
    progress: Callable[[int], None],
) -> EventsReport:
    """Write every chosen line as a CloudEvent, JSON Lines, in the order of the log.

    Every line is held against the chain on the way; at the first that does not follow the stream ends with an error,
    and what was written until then stands.

    Args:
        write: takes whole lines with their LF.
        last: the line to end with; None: the last complete group.
        progress: is told how many bytes were read since it was last told.

    Raises: StorageError; whatever `write` raises.
    """
    segments = source.segments()
    log_id = source.log_id() or _said_log_id(source)
    counts = {"events": 0, "not_chosen": 0, "void": 0}
    seq, leaf = 0, bytes(32)
    for seq, leaf in enumerate(source.retired_leaves(segments[0].first if segments else 1), start=1):  # noqa: B007
        pass  # the last one is what the first line that is kept follows
    retired = seq
    for segment in segments:
        if last is not None and segment.first > last:
            break
        if segment.first != seq + 1:
            raise StorageError(
                path=segment.path, reason=f"lines {seq + 1} to {segment.first - 1} are missing before it"
            )
        read = 0
        for line in source.lines(segment, leaf, last):
            if last is not None and line.seq > last:
                break
            seq, leaf = line.seq, line.leaf
            counts[_write(line, log_id, selection, write)] += 1
            read += len(line.raw)
            if seq % _TOLD_EVERY == 0:
                progress(read)
                read = 0
        progress(read)
    return EventsReport(log_id=log_id, retired=retired, left_out=source.left_out, size=seq, **counts)


def _write(line: SourceLine, log_id: str, selection: Selection, write: Callable[[bytes], object]) -> str:
    if line.document is None:
        return "void"
    if not selection.selects(line.document):
        return "not_chosen"
    write(canonical_json(cloud_event(log_id, line.document, line.leaf.hex())))
    return "events"


def _said_log_id(source: LogSource) -> str:
    """Return whose log it is, as the first line that says it has it.  Raises: StorageError when none does."""
    for segment in source.segments():
        for raw in source.raw_lines(segment):
            if _SAYS_LOG_ID not in raw:
                continue
            try:
                document = json.loads(raw)
                if document["type"] in _OWNERS:
                    return str(document["meta"]["log_id"])
            except (ValueError, LookupError, TypeError):
                continue  # somebody's own words, or a void line
    raise StorageError(path="journal", reason="no line that is there says whose log it is")
