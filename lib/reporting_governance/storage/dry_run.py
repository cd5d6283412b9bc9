"""What would be recorded, without recording it: commits go into memory, everything else is read from the real state.

So later stages of a dry run see what earlier ones would have added, and the state stays as it is, byte for byte.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.contracts.times import format_time
from reporting_governance.core.projection import Body, Changes, apply
from reporting_governance.storage.encoding import Prepared, prepare
from reporting_governance.storage.groups import Judge, check_size
from reporting_governance.storage.interface import (
    Added,
    Addition,
    Answer,
    Group,
    Head,
    Line,
    Listing,
    Store,
    TreeHead,
    View,
)
from reporting_governance.storage.lines import encode
from reporting_governance.verifier.merkle import extend, leaf_hash, root

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Retirement

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  #: only how long a line is matters


class DryRunStore:
    """A store that never writes.

    Args:
        base: the real store, made so that it does not heal (see `FilesStore`): then reading changes nothing either.
        actor: who would act.
    """

    def __init__(self, base: Store, *, actor: str) -> None:
        self._base = base
        self._actor = actor
        self._first: int | None = None  #: seq of the first line that would be added
        self._lines: list[bytes] = []
        self._leaf = b""
        self._views: dict[Folder, dict[str, View]] = {folder: {} for folder in Folder}
        self._gone: set[ViewName] = set()
        self._named: dict[tuple[Folder, str], int] = {}  #: the newest line that would name a view
        self._blobs: dict[str, bytes | None] = {}  #: None: would be erased
        self._heartbeats: dict[str, datetime] = {}
        self._log_checkpoints: dict[int, bytes] = {}

    @property
    def added(self) -> int:
        """Return how many lines would have been added."""
        return len(self._lines)

    def ready(self) -> Head:
        self._base.ready()
        return self.head()

    def head(self) -> Head:
        if self._first is None:
            return self._base.head()
        base = self._base.head()
        return base._replace(seq=self._first + len(self._lines) - 1, leaf=self._leaf.hex())

    def listing(self, folder: Folder) -> Listing:
        base = self._base.listing(folder)
        names = {key: name for key, name in base.names.items() if name not in self._gone}
        names.update((key, view.name) for key, view in self._views[folder].items())
        return Listing(folder, max(base.head_seq, self.head().seq), names)

    def read(self, name: ViewName) -> View | None:
        ours = self._views[name.folder].get(name.id)
        if ours is not None and ours.name == name:
            return ours
        return None if name in self._gone else self._base.read(name)

    def foresee(self, names: Sequence[ViewName]) -> None:
        self._base.foresee(names)

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        return list(names)  # others keep what they took

    def past(self, identity: str) -> View | None:
        ours = self._views[Folder.PAST].get(identity)
        if ours is not None:
            return ours
        view = self._base.past(identity)
        return None if view is None or view.name in self._gone else view

    def past_names(self, prefix: str) -> list[str]:
        names = {key for key in self._views[Folder.PAST] if key.startswith(prefix)}
        names.update(key for key in self._base.past_names(prefix) if self.past(key) is not None)
        return sorted(names)

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        check_size(groups)
        if self._first is None:
            head = self._base.head()
            self._first, self._leaf = head.seq + 1, bytes.fromhex(head.leaf)
        judge = Judge(
            lambda name: self.read(name) is not None,
            lambda folder, identity, seq: self._named.get((folder, identity), 0) > seq,
        )
        verdicts = [judge.judge(group) for group in groups]
        made = [self._made(verdict.additions) for verdict in verdicts]
        answers: list[Answer] = []
        for verdict, (prepared, changes) in zip(verdicts, made, strict=True):
            if verdict.refused is not None:
                answers.append(verdict.refused)
            else:
                answers.append(Added(self._keep(prepared, changes, now), instead=verdict.instead))
        return answers

    def tree_head(self) -> TreeHead:
        """Return the tree as it would be; what others add to the real log while a dry run is at it is not in it."""
        base = self._base.tree_head()
        if not self._lines:
            return base
        size, frontier = extend(base.size, base.frontier, (leaf_hash(line[:-1]) for line in self._lines))
        return TreeHead(size, root(frontier), frontier)

    def log_checkpoints(self) -> list[int]:
        return sorted({*self._base.log_checkpoints(), *self._log_checkpoints})

    def newest_log_checkpoint(self) -> int:
        return max((self._base.newest_log_checkpoint(), *self._log_checkpoints))

    def log_checkpoint(self, size: int) -> bytes | None:
        return self._log_checkpoints.get(size) or self._base.log_checkpoint(size)

    def keep_log_checkpoint(self, size: int, note: bytes) -> None:
        self._log_checkpoints[size] = note

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        yield from self._base.replay(from_seq)
        for seq, line in enumerate(self._lines, start=self._first or 1):
            if seq >= from_seq:
                yield Line(seq, json.loads(line), leaf_hash(line[:-1]).hex())

    def retirements(self) -> "list[Retirement]":
        return self._base.retirements()

    def holding(self, words: Collection[str]) -> list[int]:
        wanted = [encode(word)[1:-1].encode("ascii") for word in words]
        lines = enumerate(self._lines, start=self._first or 1)
        return [*self._base.holding(words), *(seq for seq, line in lines if any(word in line for word in wanted))]

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        digest = sha256(body).hexdigest()
        self._blobs[digest] = body
        return {"$blob": digest, "size": len(body)}

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        digest = reference["$blob"]
        return self._blobs[digest] if digest in self._blobs else self._base.get_blob(reference)

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        erased = Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
        self.commit([Group(additions=(erased,))], now=now)

    def heartbeat(self, task: str, at: datetime) -> None:
        self._heartbeats[task] = at

    def forget_heartbeat(self, task: str) -> None:
        self._heartbeats.pop(task, None)

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        known = dict(self._base.heartbeats(tasks))
        return {**known, **{task: at for task, at in self._heartbeats.items() if task in known}}

    def _made(self, additions: Sequence[Addition]) -> tuple[list[Prepared], Changes]:
        """Encode and fold as the real store does, so that what it would refuse is refused here, before any is kept."""
        prepared = [prepare(each, self.put_blob, actor=encode(self._actor), writer="{}") for each in additions]
        for each in prepared:
            each.line(place=1, size=len(prepared), prev=self._leaf, seq=1, time=format_time(_ANY_TIME))
        records = [(place, each.record) for place, each in enumerate(prepared) if each.record is not None]
        return prepared, apply(records, self._body)

    def _keep(self, prepared: Sequence[Prepared], changes: Changes, now: datetime) -> tuple[int, ...]:
        first = self.head().seq + 1
        for place, each in enumerate(prepared):
            seq = first + place
            line = each.line(place=place + 1, size=len(prepared), prev=self._leaf, seq=seq, time=format_time(now))
            self._leaf = leaf_hash(line[:-1])
            self._lines.append(line)
            if each.record is not None:
                self._named.update({(key.folder, key.id): seq for key in each.record.views})
                self._remove(each.record.consumes)
            if each.type is LineType.RECORD_ERASED and each.meta is not None:
                self._blobs[each.meta.get("blob", "")] = None
        self._remove(changes.removes)
        for put in changes.puts:
            name = put.name._replace(seq=first + put.name.seq)
            self._views[name.folder][name.id] = View(name, json.loads(encode(put.body)))
        return tuple(range(first, first + len(prepared)))

    def _remove(self, names: Iterable[ViewName]) -> None:
        for name in names:
            self._gone.add(name)
            ours = self._views[name.folder].get(name.id)
            if ours is not None and ours.name == name:
                del self._views[name.folder][name.id]

    def _body(self, name: ViewName) -> Body | None:
        view = self.read(name)
        return None if view is None else view.body
