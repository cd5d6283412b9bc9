"""Statements that are sent one after the other without waiting, on libpq itself.

The driver's own cursors take six times as long for the same statements, most of it for what is not needed here: a
commit is a dozen statements of few types.  What a statement found is waited for when somebody looks at it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from select import POLLIN, POLLOUT, poll
from typing import Any

from reporting_governance.storage.postgres import patience

_PLACE = re.compile(r"%[%sb]")
_BOOL, _BIGINT, _DOUBLE, _TIMESTAMPTZ = 16, 20, 701, 1184  #: a type's number in pg_type
_TYPES = {bool: _BOOL, int: _BIGINT, float: _DOUBLE, datetime: _TIMESTAMPTZ}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_BINARY = 1


class Prepared:
    """What one connection has prepared.  Nothing is, until the server was seen at the other end and nobody between.

    A pooler gives every transaction another connection of the server, where what was prepared is not there, or is
    somebody else's.  Who connects is told the process that serves him; a pooler makes that up.  A statement's name
    follows from its text, so that a name never stands for another statement.
    """

    def __init__(self) -> None:
        self.names: dict[str, bytes] = {}  #: of what the server said it has
        self.is_allowed = False
        self._is_forbidden = False

    def learn(self, served_by: int, told: int) -> None:
        """Learn which process served a transaction, and which one who connected was told of."""
        if served_by != told:
            self.forbid()
        self.is_allowed = not self._is_forbidden

    def forbid(self) -> None:
        """Prepare nothing any more: it did not work, or cannot."""
        self._is_forbidden = True
        self.is_allowed = False


class Pipeline:
    """A connection while it sends a transaction; made by `Session`.

    Args:
        connection: the driver's; not used by anybody else meanwhile.
        prepared: what is prepared there; None: nothing is to be.
        silence_seconds: how long no sign of the server is waited for.
    """

    def __init__(self, connection: Any, prepared: Prepared | None, silence_seconds: float) -> None:
        from psycopg.pq import ExecStatus

        self._connection = connection
        self._pgconn = connection.pgconn
        self._prepared = prepared if prepared is not None and prepared.is_allowed else None
        self._silence_seconds = silence_seconds
        self._waiting: deque[Reply | _Preparing | None] = deque()  #: for what answers come, in order; None: a sync
        self._preparing: dict[str, bytes] = {}
        self._is_asked = True  #: whether the server was told to send what it has
        self._poll = poll()
        self._poll.register(self._pgconn.socket, POLLIN)
        self._failed = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE)
        self._synced = ExecStatus.PIPELINE_SYNC
        self._pgconn.enter_pipeline_mode()

    @property
    def server_version(self) -> int:
        """Return the server's version as libpq numbers it, 170000 for 17.0."""
        return int(self._pgconn.server_version)

    def execute(self, query: str, values: Sequence[Any] = ()) -> Reply:
        """Send a statement.  Its values may be text, bytes, numbers, times, lists of text or bytes, and None."""
        sql = _numbered(query)
        encoded, formats, types = _encoded(values)
        if self._prepared is None:
            self._pgconn.send_query_params(sql, encoded, types, formats, _BINARY)
        else:
            self._pgconn.send_query_prepared(self._name(query, sql, types), encoded, formats, _BINARY)
        reply = Reply(self._answer)
        self._waiting.append(reply)
        self._is_asked = False
        return reply

    def finish(self) -> None:
        """Wait until everything that was sent is done.  Raises: psycopg.Error."""
        self._pgconn.pipeline_sync()
        self._waiting.append(None)
        self._flush()
        while self._waiting:
            self._receive()
        self._pgconn.exit_pipeline_mode()

    def abandon(self) -> None:
        """Let the server be done with what was sent, whatever came of it.  Raises: psycopg.Error when it is not."""
        import psycopg

        self._pgconn.pipeline_sync()
        self._waiting.append(None)
        self._flush()
        while self._waiting:
            try:
                self._receive()
            except psycopg.Error:
                if self._connection.closed:
                    raise
        self._pgconn.exit_pipeline_mode()

    def _name(self, query: str, sql: bytes, types: Sequence[int]) -> bytes:
        assert self._prepared is not None
        name = self._prepared.names.get(query) or self._preparing.get(query)
        if name is None:
            name = b"reporting_governance_" + sha256(sql).hexdigest()[:24].encode("ascii")
            self._pgconn.send_prepare(name, sql, types)
            self._waiting.append(_Preparing(query, name))
            self._preparing[query] = name
        return name

    def _answer(self, reply: Reply) -> None:
        """Wait until a reply is there."""
        if not self._is_asked:
            # no flush request: behind that a server waits for a host that is gone for hours, and holds the log for it
            self._pgconn.pipeline_sync()
            self._waiting.append(None)
            self._is_asked = True
        self._flush()
        while reply.result is None:
            self._receive()

    def _flush(self) -> None:
        while self._pgconn.flush():
            if self._wait(POLLIN | POLLOUT) & POLLIN:
                self._pgconn.consume_input()  # or both ends would wait for the other to read

    def _receive(self) -> None:
        """Take the next piece of what the server says."""
        pgconn = self._pgconn
        while pgconn.is_busy():
            self._wait(POLLIN)
            pgconn.consume_input()
        result = pgconn.get_result()
        waiting = self._waiting[0]
        if result is None:
            if waiting is None or waiting.result is None:
                self._lost()
            self._waiting.popleft()
            return
        if result.status == self._synced:
            while self._waiting.popleft() is not None:
                pass  # behind an error libpq says the end of some statements, and not of others
            return
        if waiting is not None:
            waiting.result = result
        if result.status in self._failed:
            from psycopg.errors import error_from_result

            raise error_from_result(result)
        if type(waiting) is _Preparing and self._prepared is not None:
            self._prepared.names[waiting.query] = waiting.name

    def _lost(self) -> None:
        import psycopg

        self._connection.close()
        raise psycopg.OperationalError("the connection ended in the middle of an answer")

    def _wait(self, wanted: int) -> int:
        """Wait until the socket is ready, and say for what."""
        self._poll.modify(self._pgconn.socket, wanted)
        found = self._poll.poll(self._silence_seconds * 1000)
        if not found:
            patience.ask_to_break_off(self._connection)
            self._silence_seconds = min(self._silence_seconds, patience.CANCEL_SECONDS)
            found = self._poll.poll(self._silence_seconds * 1000)
        if not found:
            patience.give_up(self._connection)
        return found[0][1]


class Reply:
    """What one statement found."""

    __slots__ = ("_answer", "_at", "result")

    def __init__(self, answer: Callable[[Reply], None]) -> None:
        self._answer = answer
        self._at = 0
        self.result: Any = None

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None when there is none.  Raises: psycopg.Error."""
        if self.result is None:
            self._answer(self)
        if self._at >= self.result.ntuples:
            return None
        self._at += 1
        return self._row(self._at - 1)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left.  Raises: psycopg.Error."""
        if self.result is None:
            self._answer(self)
        first, self._at = self._at, self.result.ntuples
        return [self._row(row) for row in range(first, self._at)]

    def _row(self, row: int) -> tuple[Any, ...]:
        result = self.result
        return tuple(
            [_decoded(result.ftype(column), result.get_value(row, column)) for column in range(result.nfields)]
        )


class _Preparing:
    __slots__ = ("name", "query", "result")

    def __init__(self, query: str, name: bytes) -> None:
        self.query = query
        self.name = name
        self.result: Any = None


@cache
def _numbered(query: str) -> bytes:
    """Return a query with its places numbered, as the server has them."""
    count = 0

    def numbered(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        count += 1
        return f"${count}"

    return _PLACE.sub(numbered, query).encode("utf-8")


def _encoded(values: Sequence[Any]) -> tuple[list[bytes | None], list[int], list[int]]:
    """Return values as they are sent, which of them are bytes, and their types; 0: as the server finds."""
    encoded: list[bytes | None] = []
    formats: list[int] = []
    types: list[int] = []
    for value in values:
        kind = type(value)
        types.append(_TYPES.get(kind, 0))
        formats.append(_BINARY if kind is bytes else 0)
        if kind is bytes or value is None:
            encoded.append(value)
        elif isinstance(value, str):
            encoded.append(value.encode("utf-8"))
        elif kind in (int, bool, float):
            encoded.append(str(value).encode("ascii"))
        elif kind is datetime:
            encoded.append(value.isoformat().encode("ascii"))
        elif kind is list:
            encoded.append(_array(value))
        else:
            raise TypeError(f"a statement's value is no {kind.__name__}")
    return encoded, formats, types


def _array(values: Sequence[str | bytes]) -> bytes:
    """Return an array as text."""
    texts = ("\\x" + each.hex() if isinstance(each, bytes) else each for each in values)
    quoted = (each.replace("\\", "\\\\").replace('"', '\\"') for each in texts)
    return ("{" + ",".join(f'"{each}"' for each in quoted) + "}").encode("utf-8")


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _bytes(data: bytes) -> bytes:
    return data


_DECODERS: dict[int, Callable[[bytes], Any]] = {
    _BOOL: lambda data: data != b"\0",
    17: _bytes,
    **dict.fromkeys((19, 25, 1043), _text),
    **dict.fromkeys((_BIGINT, 21, 23), _integer),
    _TIMESTAMPTZ: lambda data: _EPOCH + timedelta(microseconds=_integer(data)),
}


def _decoded(kind: int, data: bytes | None) -> Any:
    return None if data is None else _DECODERS[kind](data)
