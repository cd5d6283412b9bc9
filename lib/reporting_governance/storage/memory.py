"""The back end that forgets: for tests, dry runs and the model of the chain.  Same promises but durability."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from threading import RLock
from typing import Any

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewName
from reporting_governance.contracts.times import format_time
from reporting_governance.core.projection import Body, apply
from reporting_governance.storage.interface import (
    Absence,
    Added,
    Addition,
    Answer,
    Group,
    Head,
    Line,
    Listing,
    Refused,
    View,
)


class MemoryStore:
    """Records and views in dictionaries.  Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._lines: list[tuple[bytes, dict[str, Any]]] = []
        self._leaf = "0" * 64
        self._views: dict[Folder, dict[str, View]] = {folder: {} for folder in Folder}
        self._touched: list[tuple[int, Folder, str]] = []
        self._blobs: dict[str, bytes] = {}
        self._heartbeats: dict[str, datetime] = {}

    def ready(self) -> Head:
        return self.head()

    def head(self) -> Head:
        with self._lock:
            return Head(len(self._lines), self._leaf, "memory")

    def listing(self, folder: Folder) -> Listing:
        if folder is Folder.PAST:
            raise ValueError("past/ is not listed; ask for one id")
        with self._lock:
            return Listing(folder, len(self._lines), {key: view.name for key, view in self._views[folder].items()})

    def read(self, name: ViewName) -> View | None:
        with self._lock:
            view = self._views[name.folder].get(name.id)
            return view if view is not None and view.name == name else None

    def past(self, identity: str) -> View | None:
        with self._lock:
            return self._views[Folder.PAST].get(identity)

    def past_names(self, prefix: str) -> list[str]:
        with self._lock:
            return sorted(key for key in self._views[Folder.PAST] if key.startswith(prefix))

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        with self._lock:
            return [self._add(group, now) for group in groups]

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        for seq, (data, document) in enumerate(list(self._lines)[from_seq - 1 :], start=from_seq):
            yield Line(seq, document, _leaf_hash(data))

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        digest = sha256(body).hexdigest()
        self._blobs[digest] = body
        return {"$blob": digest, "size": len(body)}

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        return self._blobs.get(reference["$blob"])

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        self._blobs.pop(digest, None)

    def heartbeat(self, task: str, at: datetime) -> None:
        self._heartbeats[task] = at

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        return {task: self._heartbeats.get(task) for task in tasks}

    def _add(self, group: Group, now: datetime) -> Answer:
        missing = self._missing(group)
        if missing is None:
            return Added(self._append(group.additions, now))
        if group.otherwise:
            return Added(self._append(group.otherwise, now), instead=True)
        return Refused(missing)

    def _missing(self, group: Group) -> str | None:
        consumed = [name for each in group.additions if each.record for name in each.record.consumes]
        for name in (*group.expects, *consumed):
            if self.read(name) is None:
                return str(name)
        for absence in group.absences:
            if self._is_there(absence):
                return f"{absence.folder.value}/{absence.id}"
        return None

    def _is_there(self, absence: Absence) -> bool:
        if absence.id in self._views[absence.folder]:
            return True
        return any(
            seq > absence.seq and (folder, key) == (absence.folder, absence.id) for seq, folder, key in self._touched
        )

    def _append(self, additions: Sequence[Addition], now: datetime) -> tuple[int, ...]:
        seqs: list[int] = []
        records: list[tuple[int, RecordLine]] = []
        for place, addition in enumerate(additions, start=1):
            seq = len(self._lines) + 1
            document = _line(addition, seq, self._leaf, (place, len(additions)), now)
            data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
            self._leaf = _leaf_hash(data)
            self._lines.append((data, document))
            seqs.append(seq)
            if addition.record is not None:
                records.append((seq, addition.record))
        changes = apply(records, self._body)
        for put in changes.puts:
            self._views[put.name.folder][put.name.id] = View(put.name, json.loads(json.dumps(put.body)))
            self._touched.append((put.name.seq, put.name.folder, put.name.id))
        for name in changes.removes:
            current = self._views[name.folder].get(name.id)
            if current is not None and current.name == name:
                del self._views[name.folder][name.id]
        return tuple(seqs)

    def _body(self, name: ViewName) -> Body | None:
        view = self.read(name)
        return None if view is None else view.body


def _leaf_hash(data: bytes) -> str:
    return sha256(b"\x00" + data).hexdigest()


def _line(addition: Addition, seq: int, prev: str, place: tuple[int, int], now: datetime) -> dict[str, Any]:
    line: dict[str, Any] = {
        "v": 1,
        "seq": seq,
        "prev": prev,
        "g": list(place),
        "ts": format_time(now),
        "type": addition.type.value,
    }
    for key, value in (("action", addition.action), ("reason", addition.reason), ("meta", addition.meta)):
        if value is not None:
            line[key] = value
    if addition.record is not None:
        record = addition.record
        line["record"] = {
            "kind": record.kind,
            "version": record.version,
            "id": record.id,
            "parents": list(record.parents),
            "consumes": [str(name) for name in record.consumes],
            "about": list(record.about),
            "views": [[key.folder.value, key.id, key.due] for key in record.views],
            "body": record.body,
        }
    return line
