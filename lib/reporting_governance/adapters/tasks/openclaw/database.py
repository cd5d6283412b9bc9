"""Another program's SQLite database, read and never written: also while that program writes it.

A database in WAL mode is opened `mode=ro` while its log is there.  Without a log nobody has it open; then opening it
that way would *create* the log and its index in the other program's folder, so it is opened `immutable`, and read
again when a log has appeared meanwhile.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

BUSY_SECONDS: Final = 2.0  #: a reader of a WAL database waits for nobody; only a database in another mode can be busy
READ_SECONDS: Final = 10.0  #: for all queries of one reading
_STEPS: Final = 10_000  #: virtual machine steps between two looks at the clock
_CHUNK: Final = 400  #: values in one IN list; SQLite's own limit was 999 for long
_WAL_VERSION: Final = 2


class DatabaseUnreadable(GovernanceError):
    """The database cannot be read now; what it holds is unknown."""

    message = "{path}: {reason}"
    hint = "Nothing is known about the tasks in it until it can be read."


class Reader:
    """One connection inside one read transaction: every query sees the same moment."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._columns: dict[str, frozenset[str]] = {}
        self.path = path
        self.missing: set[str] = set()  #: tables and `table.column`s that were asked for and are not there

    @property
    def version(self) -> int:
        """The schema version the program wrote."""
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def has(self, table: str) -> bool:
        """Tell whether there is such a table; that there is none is noted."""
        if self.columns(table):
            return True
        self.missing.add(table)
        return False

    def columns(self, table: str) -> frozenset[str]:
        """Return the columns of a table; none when there is no such table."""
        if table not in self._columns:
            rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
            self._columns[table] = frozenset(str(name) for (name,) in rows)
        return self._columns[table]

    def select(
        self,
        table: str,
        wanted: Mapping[str, str],
        rest: str = "",
        values: Sequence[object] = (),
        *,
        needs: Sequence[str] = (),
        optional: frozenset[str] = frozenset(),
    ) -> Iterator[dict[str, Any]]:
        """Yield rows as {column: value}.  A column that is not there is noted and missing in every row.

        Args:
            wanted: column to the expression that is selected for it, from `text`, `plain` or `picked`.
            rest: what follows the table's name; our own text, never another's.
            needs: columns that `rest` uses; without one of them there are no rows.
            optional: columns whose absence is not noted.
        """
        columns = self.columns(table)
        present = {name: expression for name, expression in wanted.items() if name in columns}
        self.missing.update(f"{table}.{name}" for name in wanted if name not in present and name not in optional)
        lacking = [name for name in needs if name not in columns]
        self.missing.update(f"{table}.{name}" for name in lacking)
        if lacking or not present:
            return
        words = ["SELECT", ", ".join(present.values()), "FROM", table, rest]
        for row in self._connection.execute(" ".join(words), values):
            yield dict(zip(present, row, strict=True))

    def select_in(
        self,
        table: str,
        wanted: Mapping[str, str],
        column: str,
        keys: Iterable[str],
        rest: str = "",
        *,
        optional: frozenset[str] = frozenset(),
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows whose column has one of the values."""
        ordered = sorted(set(keys))
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            condition = " ".join(["WHERE", column, "IN (", ",".join("?" * len(chunk)), ")", rest])
            yield from self.select(table, wanted, condition, chunk, needs=(column,), optional=optional)

    def distinct(self, table: str, column: str) -> list[str]:
        """Return the different values of an indexed text column, by one search in the index for each."""
        found: list[str] = []
        words = ["SELECT min(", column, ") FROM", table]
        value = self._connection.execute(" ".join(words)).fetchone()[0]
        while isinstance(value, str) and len(found) < 100:
            found.append(value)
            value = self._connection.execute(" ".join([*words, "WHERE", column, "> ?"]), (value,)).fetchone()[0]
        return found


def plain(*columns: str) -> dict[str, str]:
    """Return what selects columns as they are."""
    return {name: name for name in columns}


def text(longest: int, *columns: str) -> dict[str, str]:
    """Return what selects the beginning of columns that may hold much text."""
    return {name: f"substr({name}, 1, {longest})" for name in columns}


def picked(column: str, paths: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return what selects a few values out of a column that holds a large JSON document; see `unpicked`."""
    places = ", ".join(f"'$.{'.'.join(path)}'" for path in paths.values())
    return {column: f"CASE WHEN json_valid({column}) THEN json_extract({column}, {places}) END"}


def unpicked(value: object, paths: Mapping[str, tuple[str, ...]]) -> dict[str, Any] | None:
    """Return what `picked` selected, by name; None when the column held no JSON."""
    if not isinstance(value, str):
        return None
    import json

    return dict(zip(paths, json.loads(value), strict=True))


def read_database(path: str, read: Callable[[Reader], T]) -> T:
    """Return what `read` makes of a database, all of it as of one moment.

    Raises: DatabaseUnreadable, with a reason for a person.
    """
    import sqlite3

    _check_file(path)
    quiet = _is_at_rest(path)
    try:
        result = _read_once(path, read, immutable=quiet)
    except sqlite3.Error as fault:
        if quiet and not _is_at_rest(path):
            return _read_again(path, read)
        raise DatabaseUnreadable(path=path, reason=_reason(fault)) from fault
    return _read_again(path, read) if quiet and not _is_at_rest(path) else result


def _read_again(path: str, read: Callable[[Reader], T]) -> T:
    import sqlite3

    try:
        return _read_once(path, read, immutable=False)
    except sqlite3.Error as fault:
        raise DatabaseUnreadable(path=path, reason=_reason(fault)) from fault


def _read_once(path: str, read: Callable[[Reader], T], *, immutable: bool) -> T:
    import sqlite3

    address = f"file:{_quoted(path)}?mode=ro" + ("&immutable=1" if immutable else "")
    ends_at = time.monotonic() + READ_SECONDS
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
        connection.text_factory = _lenient_text
        connection.execute("PRAGMA query_only = 1")
        connection.execute("BEGIN")
        result = read(Reader(connection, path))
        connection.execute("COMMIT")
        return result


def _lenient_text(value: bytes) -> str:
    """One text that is not UTF-8 must not hide all the others."""
    return value.decode("utf-8", "replace")


def _check_file(path: str) -> None:
    """Raise unless the path names a plain file: opening a pipe would wait for ever, and a link may lead anywhere."""
    try:
        kind = os.lstat(path).st_mode
    except OSError as fault:
        raise DatabaseUnreadable(path=path, reason=fault.strerror or str(fault)) from fault
    if not stat.S_ISREG(kind):
        raise DatabaseUnreadable(path=path, reason="it is a link or no plain file; it was not opened")


def _is_at_rest(path: str) -> bool:
    """Tell whether a database in WAL mode has no log: nobody has it open, and everything is in the file itself."""
    if os.path.exists(f"{path}-wal"):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(20)[18:20] == bytes((_WAL_VERSION, _WAL_VERSION))
    except OSError as fault:
        raise DatabaseUnreadable(path=path, reason=fault.strerror or str(fault)) from fault


def _quoted(path: str) -> str:
    return "".join(f"%{ord(each):02x}" if each in "%?#" else each for each in os.path.abspath(path))


def _reason(fault: sqlite3.Error) -> str:
    name = getattr(fault, "sqlite_errorname", "") or ""
    for start, reason in _REASONS.items():
        if name.startswith(start):
            return f"{reason} ({name}: {fault})"
    return f"{name}: {fault}" if name else str(fault)


_REASONS: Final[Mapping[str, str]] = {
    "SQLITE_BUSY": "it is locked by another process",
    "SQLITE_LOCKED": "it is locked by another process",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_NOTADB": "it is no SQLite database, or damaged",
    "SQLITE_CANTOPEN": "it cannot be opened; its folder must be readable, and writable while its log is there",
    "SQLITE_READONLY": "it was left in the middle of a write, which only its own program can finish",
    "SQLITE_PERM": "it may not be read by this user",
    "SQLITE_AUTH": "it may not be read by this user",
    "SQLITE_IOERR": "the disk does not give it",
    "SQLITE_INTERRUPT": f"reading it took longer than {READ_SECONDS:.0f} seconds",
}
