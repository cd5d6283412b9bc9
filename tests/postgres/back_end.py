"""A state folder whose records lie in a database of their own; what belongs to one host stays in the folder."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tests.postgres.home import server, template
from tests.postgres.proxy import Proxy, Side
from tests.postgres.reading import documents_of, views_of
from tests.storage.back_ends import Document, FilesBackEnd, using

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'reporting_governance'::regnamespace "
    "AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'schema_version' ORDER BY relname"
)
_POINTER = "database"  #: a file in the folder that holds the database's name


class PostgresBackEnd(FilesBackEnd):
    """States in databases of this process's server.

    A process has one store for each state, as a host has; a fork makes its own.
    """

    name = "postgres"

    def __init__(self) -> None:
        self._stores: dict[tuple[int, str, str], Any] = {}  #: by process, state and how it was opened
        self._made: list[str] = []
        self.through: Proxy | None = None  #: what new connections go through

    # -- states

    def prepare(self, root: str) -> None:
        self._point(root, server().new_database(template=template()))

    def copy(self, template: str, root: str) -> None:
        if not os.path.isdir(template):
            self.prepare(root)
            return
        self.close(template)  # nobody may be connected to what is copied
        with server().connect() as connection:
            connection.execute(_END_OTHERS, (self.database(template),))
        shutil.copytree(template, root, symlinks=True)
        self._point(root, server().new_database(template=self.database(template)))

    def keep(self, root: str) -> None:
        """Keep what there is in a state, for `turn_back`."""
        self.close(root)
        with server().connect(self.database(root)) as connection:
            connection.execute("CREATE SCHEMA kept")
            for table in _tables(connection):
                connection.execute(f"CREATE TABLE kept.{table} AS TABLE reporting_governance.{table}")

    def turn_back(self, kept: str, root: str) -> None:
        """Make the folder `root` a state as the kept one was, in the same database: far quicker than to copy that."""
        with server().connect(self.database(kept)) as connection:
            connection.execute(_END_OTHERS, (self.database(kept),))
            with connection.transaction():
                for table in _tables(connection):
                    connection.execute(f"DELETE FROM reporting_governance.{table}")
                    connection.execute(f"INSERT INTO reporting_governance.{table} TABLE kept.{table}")
        shutil.copytree(kept, root, symlinks=True)

    def remove(self, root: str) -> None:
        self.close(root)
        server().drop_database(self.database(root))
        self._made.remove(self.database(root))
        shutil.rmtree(root, ignore_errors=True)

    def close(self, root: str | None = None) -> None:
        """End the connections of this process, to one state or to all."""
        for (process, place, _), store in self._stores.items():
            if process == os.getpid() and root in (None, place):
                store.close()  # whoever still has it makes a new connection when he asks again

    def drop_all(self) -> None:
        """Drop every database that is left."""
        self.close()
        for name in self._made:
            server().drop_database(name)
        self._made.clear()

    @contextmanager
    def dropping(self) -> Iterator[None]:
        """Drop in the end what was made meanwhile."""
        before = len(self._made)
        try:
            yield
        finally:
            self.close()
            for name in self._made[before:]:
                server().drop_database(name)
            del self._made[before:]

    def database(self, root: str) -> str:
        with open(f"{root}/{_POINTER}", encoding="ascii") as file:
            return file.read()

    def url(self, root: str) -> str:
        """Return where the state's database is reached by what runs here."""
        if self.through is None:
            return server().url(self.database(root))
        return server().url(self.database(root), host=self.through.folder) + "&connect_timeout=2"

    def _point(self, root: str, name: str) -> None:
        os.makedirs(root, exist_ok=True)
        with open(f"{root}/{_POINTER}", "w", encoding="ascii") as file:
            file.write(name)
        self._made.append(name)

    # -- stores

    def open(  # type: ignore[override]
        self,
        root: str,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        **options: Any,
    ) -> Any:
        if not os.path.exists(f"{root}/{_POINTER}"):
            self.prepare(root)
        url = self.url(root)
        key = (os.getpid(), root, f"{url} {id(getattr(now, '__self__', now))} {sorted(options.items())}")
        if key not in self._stores:
            self._stores[key] = open_store(url, root, now=now, monotonic=monotonic, **options)
        return self._stores[key]

    def show_steps(self, root: str) -> None:
        def tell(side: Side, _: int, message: bytes) -> None:
            if side is Side.CLIENT or message[:1] == b"Z":
                sys.audit("tests.message", message[:1], root)

        self.through = Proxy(server().socket_path, watcher=tell)

    # -- what is there

    def lines(self, root: str) -> list[Document]:
        with server().connect(self.database(root)) as connection:
            return documents_of(connection)

    def raw_lines(self, root: str) -> list[bytes]:
        with server().connect(self.database(root)) as connection:
            return [
                line for (line,) in connection.execute("SELECT line FROM reporting_governance.journal ORDER BY seq")
            ]

    def heads(self, root: str) -> dict[int, bytes]:
        with server().connect(self.database(root)) as connection:
            rows = connection.execute("SELECT size, note FROM reporting_governance.log_checkpoint ORDER BY size")
            return dict(rows.fetchall())

    def lose_blob(self, root: str, words: bytes) -> str:
        statement = "DELETE FROM reporting_governance.blob WHERE position(%b in content) > 0"
        with server().connect(self.database(root)) as connection:
            assert connection.execute(statement, (words,)).rowcount > 0
        return ": blob "

    def let_pass(self, root: str, seconds: float) -> None:
        """Put the clock of this database on, by a function of ours in place of the server's own."""
        with server().connect(self.database(root)) as connection:
            connection.execute("ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO before_clock_timestamp")
            connection.execute(
                "CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql "
                f"AS $$ SELECT pg_catalog.before_clock_timestamp() + interval '{seconds} seconds' $$"
            )

    def views(self, root: str) -> dict[str, Mapping[str, Any]]:
        with server().connect(self.database(root)) as connection:
            return views_of(connection)

    def rebuilt(self, root: str) -> dict[str, Mapping[str, Any]]:
        copy = f"{root}-rebuilt"
        self.copy(root, copy)
        store = open_store(self.url(copy), copy)
        store.rebuild()
        store.close()
        views = self.views(copy)
        self.remove(copy)
        return views


def _tables(connection: Any) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES).fetchall()]


@contextmanager
def in_databases() -> Iterator[PostgresBackEnd]:
    """Let every state folder stand for a database; all of them are dropped in the end."""
    back_end = PostgresBackEnd()
    try:
        with using(back_end):
            yield back_end
    finally:
        back_end.drop_all()


def open_store(url: str, local: str, **options: Any) -> Any:
    """Return a store on a database, with `local` as this host's folder."""
    from reporting_governance.storage.postgres.store import PostgresStore

    return PostgresStore(url, local=local, actor="uid:0", **options)
