"""The back end that forgets: for tests, dry runs and the model of the chain.  Same promises but durability."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder, LineType, RecordLine, ViewName
from reporting_governance.contracts.times import format_time
from reporting_governance.core.projection import Body, Changes, apply
from reporting_governance.storage.encoding import Prepared, prepare
from reporting_governance.storage.groups import Judge, Verdict, check_size
from reporting_governance.storage.interface import (
    Added,
    Addition,
    Answer,
    Group,
    Head,
    Line,
    Listing,
    TreeHead,
    View,
)
from reporting_governance.storage.lines import ZERO_LEAF, encode
from reporting_governance.verifier.merkle import extend, leaf_hash, root

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Retirement

_LOG_ID = b"memory".hex().ljust(32, "0")


class MemoryStore:
    """Records and views in dictionaries.  Safe to share between threads."""

    def __init__(self, *, actor: str = "memory") -> None:
        self._actor = actor
        self._lock = RLock()
        self._lines: list[bytes] = []
        self._leaf = ZERO_LEAF
        self._views: dict[Folder, dict[str, View]] = {folder: {} for folder in Folder}
        self._named: dict[tuple[Folder, str], int] = {}  #: the newest line that names a view
        self._blobs: dict[str, bytes] = {}
        self._heartbeats: dict[str, datetime] = {}
        self._log_checkpoints: dict[int, bytes] = {}

    def ready(self) -> Head:
        return self.head()

    def head(self) -> Head:
        with self._lock:
            return Head(len(self._lines), self._leaf.hex(), _LOG_ID)

    def listing(self, folder: Folder) -> Listing:
        if folder is Folder.PAST:
            raise ValueError("past/ is not listed; ask for one id")
        with self._lock:
            return Listing(folder, len(self._lines), {key: view.name for key, view in self._views[folder].items()})

    def read(self, name: ViewName) -> View | None:
        with self._lock:
            view = self._views[name.folder].get(name.id)
            return view if view is not None and view.name == name else None

    def foresee(self, names: Sequence[ViewName]) -> None:
        pass  # nothing is far away

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        return list(names)  # nobody else works here

    def past(self, identity: str) -> View | None:
        with self._lock:
            return self._views[Folder.PAST].get(identity)

    def past_names(self, prefix: str) -> list[str]:
        with self._lock:
            return sorted(key for key in self._views[Folder.PAST] if key.startswith(prefix))

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        check_size(groups)
        with self._lock:
            judge = Judge(
                lambda name: self.read(name) is not None,
                lambda folder, identity, seq: self._named.get((folder, identity), 0) > seq,
            )
            return self._add_all([judge.judge(group) for group in groups], now)

    def tree_head(self) -> TreeHead:
        with self._lock:
            lines = list(self._lines)
        size, frontier = extend(0, (), (leaf_hash(line[:-1]) for line in lines))
        return TreeHead(size, root(frontier), frontier)

    def log_checkpoints(self) -> list[int]:
        return sorted(self._log_checkpoints)

    def newest_log_checkpoint(self) -> int:
        return max(self._log_checkpoints, default=0)

    def log_checkpoint(self, size: int) -> bytes | None:
        return self._log_checkpoints.get(size)

    def keep_log_checkpoint(self, size: int, note: bytes) -> None:
        self._log_checkpoints[size] = note

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        with self._lock:
            lines = self._lines[from_seq - 1 :]
        for seq, line in enumerate(lines, start=from_seq):
            yield Line(seq, json.loads(line), leaf_hash(line[:-1]).hex())

    def retirements(self) -> "list[Retirement]":
        return []

    def holding(self, words: Collection[str]) -> list[int]:
        wanted = [encode(word)[1:-1].encode("ascii") for word in words]
        with self._lock:
            return [seq for seq, line in enumerate(self._lines, start=1) if any(word in line for word in wanted)]

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        digest = sha256(body).hexdigest()
        self._blobs[digest] = body
        return {"$blob": digest, "size": len(body)}

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        return self._blobs.get(reference["$blob"])

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        erased = Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
        self.commit([Group(additions=(erased,))], now=now)

    def heartbeat(self, task: str, at: datetime) -> None:
        self._heartbeats[task] = at

    def forget_heartbeat(self, task: str) -> None:
        self._heartbeats.pop(task, None)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        return {task: self._heartbeats.get(task) for task in tasks}

    def _add_all(self, verdicts: Sequence[Verdict], now: datetime) -> list[Answer]:
        """Make everything, then keep it: a record that cannot be folded leaves the store as it was."""
        answers: list[Answer] = []
        lines: list[tuple[Prepared, bytes]] = []
        changes: list[Changes] = []
        leaf, actor = self._leaf, encode(self._actor)
        for verdict in verdicts:
            if verdict.refused is not None:
                answers.append(verdict.refused)
                continue
            first = len(self._lines) + len(lines) + 1
            prepared = [prepare(each, self.put_blob, actor=actor, writer="{}") for each in verdict.additions]
            for place, each in enumerate(prepared, start=1):
                line = each.line(
                    place=place, size=len(prepared), prev=leaf, seq=first + place - 1, time=format_time(now)
                )
                leaf = leaf_hash(line[:-1])
                lines.append((each, line))
            numbered = enumerate(prepared, start=first)
            changes.append(apply([(seq, each.record) for seq, each in numbered if each.record is not None], self._body))
            answers.append(Added(tuple(range(first, first + len(prepared))), instead=verdict.instead))
        self._keep(lines, changes, leaf)
        return answers

    def _keep(self, lines: Sequence[tuple[Prepared, bytes]], changes: Sequence[Changes], leaf: bytes) -> None:
        for prepared, line in lines:
            self._lines.append(line)
            if prepared.record is not None:
                self._note_names(prepared.record, len(self._lines))
            if prepared.type is LineType.RECORD_ERASED and prepared.meta is not None:
                self._blobs.pop(prepared.meta.get("blob", ""), None)
        self._leaf = leaf
        for change in changes:
            for put in change.puts:
                self._views[put.name.folder][put.name.id] = View(put.name, json.loads(encode(put.body)))
            for name in change.removes:
                current = self._views[name.folder].get(name.id)
                if current is not None and current.name == name:
                    del self._views[name.folder][name.id]

    def _note_names(self, record: RecordLine, seq: int) -> None:
        for key in record.views:
            self._named[key.folder, key.id] = seq

    def _body(self, name: ViewName) -> Body | None:
        view = self.read(name)
        return None if view is None else view.body
