"""The lines of the log, in pages: each a statement of its own, so that nobody keeps a transaction open for long."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.retention import Retirement
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, LineGroup, Place, UnknownVersion
from reporting_governance.storage.groups import LARGEST_COMMIT
from reporting_governance.storage.interface import Line
from reporting_governance.storage.lines import decode_line, encode
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.log_state import LogState, state_of

_LEAF = re.compile(r"[0-9a-f]{64}", re.ASCII)

Rows = Callable[..., list[tuple[Any, ...]]]

_PAGE = 2000  #: lines
_SIEVED = 100_000  #: lines that one statement looks through
_RETIRED = LineType.LOG_SEGMENT_RETIRED.value


def replay(session: Session, from_seq: int) -> Iterator[Line]:
    """Yield the valid lines from a seq up to the end of now.  Raises: StorageError, also for damage."""
    state, oldest = _ends(session)
    if state.seq == 0:
        return
    if from_seq < oldest and not _is_retired_before(session, oldest):
        reason = f"lines 1 to {oldest - 1} are missing, and no line says they are retired"
        raise StorageError(path=session.place, reason=reason)
    for group in groups(session, max(from_seq, oldest), state.seq):
        for line in group:
            if line.seq >= from_seq:
                yield Line(line.seq, line.document, line.leaf.hex())


def groups(session: Session, from_seq: int, last: int) -> Iterator[LineGroup]:
    """Yield the groups that reach to `from_seq` or beyond, up to the line `last`, each held against the chain.

    Raises: StorageError for damage.
    """
    start = _place_before(session, from_seq)
    yield from chained(raw_lines(session.rows, start.seq + 1, last + 1), start, last, session.place)


def chained(raws: Iterable[bytes], start: Place, last: int, place: str) -> Iterator[LineGroup]:
    """Yield the groups from a place between two lines up to a line.  Raises: StorageError for damage."""
    chain = Chain((raw + b"\n" for raw in raws), start)
    try:
        yield from chain.groups()
    except UnknownVersion as unknown:
        raise StorageError(path=place, reason=f"{unknown}; a newer program wrote it") from None
    if chain.void is not None or chain.end.seq != last:
        raise StorageError(path=place, reason=f"damaged: line {chain.end.seq + 1} does not chain")


def raw_lines(rows: Rows, first: int, end: int) -> Iterator[bytes]:
    """Yield lines in order, without their LF, up to and without `end`; ends where one is missing.

    Args:
        rows: answers a query with values.
    """
    while first < end:
        page = rows(queries.LINES, first, end, _PAGE)
        for seq, line, _ in page:
            if seq != first:
                return
            yield bytes(line)
            first += 1
        if not page:
            return


def holding(session: Session, words: Collection[str]) -> list[int]:
    """Return the lines in which one of the words stands, in order.  Raises: StorageError."""
    wanted = [encode(word)[1:-1].encode("ascii") for word in words if word]
    if not wanted:
        return []
    state, oldest = _ends(session)
    found: list[int] = []
    for first in range(oldest, state.seq + 1, _SIEVED):
        rows = session.rows(queries.HOLDING, first, min(first + _SIEVED, state.seq + 1), wanted)
        found.extend(row[0] for row in rows)
    return found


def retirements(session: Session) -> list[Retirement]:
    """Return what lines that are kept say was retired, oldest first.  Raises: StorageError."""
    _, oldest = _ends(session)
    return said_retired(session) if oldest > 1 else []


def said_retired(session: Session) -> list[Retirement]:
    """Return the same, also where the rows of what is retired are still there; this looks through all lines.

    Raises: StorageError.
    """
    state, _ = _ends(session)
    found = []
    for seq in holding(session, [_RETIRED]):
        line = next((each for group in groups(session, seq, state.seq) for each in group if each.seq >= seq), None)
        if line is not None and line.seq == seq and line.document["type"] == _RETIRED:
            found.append(_retirement(seq, line.document))
    return found


def _is_retired_before(session: Session, oldest: int) -> bool:
    return any(each.to_seq >= oldest - 1 for each in retirements(session))


def _ends(session: Session) -> tuple[LogState, int]:
    """Return where the log ends, and the oldest line that is kept."""

    def ask(connection: Any) -> tuple[LogState, int]:
        state = connection.execute(queries.STATE)
        oldest = connection.execute(queries.OLDEST).fetchone()
        return state_of(one(state)), 1 if oldest is None else int(oldest[0])

    return session.read(ask)


def _place_before(session: Session, wanted: int) -> Place:
    """Return where a group begins that is not after a line: a commit is no longer than so many lines.

    Lines that count for nothing are known only by a line behind them; a log that was brought here from files may hold
    some.  Where there are any, a reader begins with the segment.
    """

    def ask(connection: Any) -> tuple[Any, Any]:
        segment = connection.execute(queries.SEGMENT_OF, (wanted,))
        lines = connection.execute(queries.LINES, (wanted - LARGEST_COMMIT, wanted + 1, LARGEST_COMMIT + 1))
        return segment.fetchone(), lines.fetchall()

    segment, rows = session.read(ask)
    begin, has_void = (1, False) if segment is None else segment
    if has_void:
        rows = session.rows(queries.LINES, begin, begin + 1, 1)
    for seq, line, _ in rows:
        document = decode_line(bytes(line)) or {}
        place, leaf = document.get("g"), document.get("prev")
        if isinstance(place, list) and place[:1] == [1] and isinstance(leaf, str) and _LEAF.fullmatch(leaf):
            return Place(0, seq - 1, bytes.fromhex(leaf))
    raise StorageError(path=session.place, reason=f"damaged: no group begins before line {wanted}")


def _retirement(seq: int, document: Any) -> Retirement:
    meta = document["meta"]
    return Retirement(
        seq=seq,
        from_seq=meta["from"],
        to_seq=meta["to"],
        root=meta["root"],
        at=document["ts"],
        reason=meta["reason"],
        approver=meta["approver"],
        keys=tuple(meta.get("keys", ())),
    )
