"""Which lines the log no longer has, as lines that are still there say it.

Segments are retired from the oldest on, whole: a `log.segment_retired` line says so, then their files go.  What is
missing without such a line is damage, and nothing is concluded from what is left.
"""

from collections.abc import Iterator

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.retention import Retirement
from reporting_governance.errors import StorageError
from reporting_governance.storage.files import reading, sieving
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.interface import Line

_RETIRED = LineType.LOG_SEGMENT_RETIRED.value


def retirements(layout: Layout, applied: Applied) -> list[Retirement]:
    """Return what the lines that are kept say was retired, oldest first.  Only lines that chain count.

    Raises: StorageError for damage; OSError.
    """
    found = []
    for seq in sieving.seqs_holding(layout, (applied.segment, applied.offset), [_RETIRED]):
        line = _line(layout, applied, seq)
        if line is not None and line.document["type"] == _RETIRED:
            found.append(_retirement(line))
    return found


def require_told(layout: Layout, applied: Applied, wanted: int) -> None:
    """Make sure that lines which are wanted and missing at the log's beginning are retired.

    Args:
        wanted: the first line that somebody asks for.

    Raises: StorageError when no line says so; OSError.
    """
    first = layout.segments()[0]
    if wanted >= first or any(each.to_seq >= first - 1 for each in retirements(layout, applied)):
        return
    raise StorageError(path=layout.log, reason=f"lines 1 to {first - 1} are missing, and no line says they are retired")


def _line(layout: Layout, applied: Applied, seq: int) -> Line | None:
    lines: Iterator[Line] = reading.kept_lines(layout, applied, seq)
    line = next(lines, None)
    return line if line is not None and line.seq == seq else None


def _retirement(line: Line) -> Retirement:
    meta = line.document["meta"]
    return Retirement(
        seq=line.seq,
        from_seq=meta["from"],
        to_seq=meta["to"],
        root=meta["root"],
        at=line.document["ts"],
        reason=meta["reason"],
        approver=meta["approver"],
        keys=tuple(meta.get("keys", ())),
    )
