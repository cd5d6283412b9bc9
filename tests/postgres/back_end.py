"""A state folder whose records lie in a database of their own; what belongs to one host stays in the folder.

What the tests look at is read with statements of their own, without the code that wrote it.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from tests.postgres.home import server, template
from tests.postgres.proxy import Proxy, Side
from tests.storage.back_ends import Document, FilesBackEnd

_POINTER = "database"  #: a file in the folder that holds the database's name
_LINES = "SELECT seq, line, leaf, names FROM reporting_governance.journal ORDER BY seq"
_VIEWS = (
    "SELECT folder, id, w.due, w.seq, b.seq, b.body FROM reporting_governance.work w "
    "FULL JOIN reporting_governance.work_body b USING (folder, id)"
)


class PostgresBackEnd(FilesBackEnd):
    """States in databases of this process's server.

    A process has one store for each state, as a host has; a fork makes its own.
    """

    name = "postgres"

    def __init__(self) -> None:
        self._stores: dict[tuple[int, str], Any] = {}
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
        shutil.copytree(template, root)
        self._point(root, server().new_database(template=self.database(template)))

    def remove(self, root: str) -> None:
        self.close(root)
        server().drop_database(self.database(root))
        self._made.remove(self.database(root))
        shutil.rmtree(root, ignore_errors=True)

    def close(self, root: str | None = None) -> None:
        """End the connections of this process, to one state or to all."""
        for process, place in list(self._stores):
            if process == os.getpid() and root in (None, place):
                self._stores.pop((process, place)).close()

    def drop_all(self) -> None:
        """Drop every database that is left."""
        self.close()
        for name in self._made:
            server().drop_database(name)
        self._made.clear()

    def database(self, root: str) -> str:
        with open(f"{root}/{_POINTER}", encoding="ascii") as file:
            return file.read()

    def url(self, root: str) -> str:
        """Return where the state's database is reached by what runs here."""
        return server().url(self.database(root), host=self.through.folder if self.through else None)

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
        key = (os.getpid(), root)
        if key not in self._stores:
            self._stores[key] = open_store(self.url(root), root, **options)
        return self._stores[key]

    def show_steps(self, root: str) -> None:
        def tell(side: Side, _: int, message: bytes) -> None:
            if side is Side.CLIENT or message[:1] in b"CZ":
                sys.audit("tests.message", message[:1], root)

        self.through = Proxy(server().socket_path, watcher=tell)

    # -- what is there

    def lines(self, root: str) -> list[Document]:
        from tests.storage.oracle import read_lines

        with server().connect(self.database(root)) as connection:
            rows = connection.execute(_LINES).fetchall()
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "a seq is missing or stands twice"
        for seq, line, leaf, _ in rows:
            assert leaf == sha256(b"\x00" + line).digest(), f"line {seq} has another leaf than its bytes"
            assert b"\n" not in line
        documents = read_lines([row[1] for row in rows])
        named = {row[0]: set(row[3]) for row in rows}
        for document in documents:
            views = document.get("record", {}).get("views", ())
            assert {f"{view[0]}/{view[1]}" for view in views} <= named[document["seq"]], "a birth would not be seen"
        return documents

    def views(self, root: str) -> dict[str, Mapping[str, Any]]:
        with server().connect(self.database(root)) as connection:
            rows = connection.execute(_VIEWS).fetchall()
        views: dict[str, Mapping[str, Any]] = {}
        for folder, identity, due, seq, body_seq, body in rows:
            assert seq == body_seq, f"{folder}/{identity}: a version without its body, or a body without its version"
            ending = f"{identity}@{seq:012d}" if folder == "past" else f"{due}-{identity}-{seq:012d}.json"
            views[f"{folder}/{ending}"] = json.loads(body)
        return views

    def rebuilt(self, root: str) -> dict[str, Mapping[str, Any]]:
        copy = f"{root}-rebuilt"
        self.copy(root, copy)
        store = open_store(self.url(copy), copy)
        store.rebuild()
        store.close()
        views = self.views(copy)
        self.remove(copy)
        return views


def open_store(url: str, local: str, **options: Any) -> Any:
    """Return a store on a database, with `local` as this host's folder."""
    from reporting_governance.storage.postgres.store import PostgresStore

    return PostgresStore(url, local=local, actor="uid:0", **options)
