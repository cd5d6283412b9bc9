"""Adding lines in a transaction that holds the log: the lines, what they do to the views, and the new end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.contracts.times import format_time
from reporting_governance.core.projection import Body, apply
from reporting_governance.storage.encoding import Prepared, prepare
from reporting_governance.storage.interface import Addition
from reporting_governance.storage.lines import IN_FORCE, decode_line, encode
from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.log_state import LogState, Moment
from reporting_governance.verifier.merkle import extend, leaf_hash

Prepareds = Sequence[Prepared]  #: the lines of one group

#: Servers before it may read a whole folder for several ids.
_FINDS_SEVERAL_BY_KEY = 170_000


class Identity(NamedTuple):
    """Who writes, and in what circumstances."""

    actor: str
    boot_id: str
    host: str
    context: Mapping[str, Any]  #: digests of what is in force, by name; see `in_force.InForce`
    clock_step_seconds: int | None


class NewBlobs:
    """Blobs that are made for lines, and stored with them."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def put(self, body: bytes) -> Mapping[str, Any]:
        """Take a body and return its reference."""
        from hashlib import sha256

        content = os.urandom(32) + body
        digest = sha256(content).hexdigest()
        self.contents[digest] = content
        return {"$blob": digest, "size": len(body)}


class Encoder:
    """Encodes additions as lines of one writer."""

    def __init__(self, identity: Identity) -> None:
        self._actor = encode(identity.actor)
        writer = {"boot_id": identity.boot_id, "host": identity.host, "pid": os.getpid()}
        self._writer = encode(writer)
        self._identity = identity

    def prepared(self, additions: Iterable[Addition], blobs: NewBlobs) -> Prepareds:
        """Return additions cleaned, split and encoded; what lies apart goes into `blobs`."""
        return [prepare(each, blobs.put, actor=self._actor, writer=self._writer) for each in additions]

    def note(self, kind: LineType, meta: Mapping[str, Any], blobs: NewBlobs) -> Prepareds:
        """Return a group of one line that says something about the log."""
        return self.prepared([Addition(type=kind, meta=meta)], blobs)

    def context(self, blobs: NewBlobs) -> dict[str, Any]:
        """Return what is in force as a line says it, its content among the blobs."""
        from reporting_governance.storage.postgres.in_force import InForce

        context = self._identity.context
        if isinstance(context, InForce):
            return {**context, IN_FORCE: blobs.put(context.content())}
        return dict(context)


class Views:
    """What the groups of one commit leave behind: of each view its last version, or that it is gone."""

    def __init__(self) -> None:
        self.net: dict[tuple[Folder, str], tuple[ViewName, Body] | None] = {}
        self.texts: dict[ViewName, str] = {}  #: of the bodies that were sent

    def add(self, records: Sequence[tuple[int, Any]], read: Callable[[ViewName], Body | None]) -> None:
        """Add what one group does.  Raises: ConsumedViewGone, and whatever a fold raises; then nothing is changed."""

        def known(name: ViewName) -> Body | None:
            if (name.folder, name.id) in self.net:
                ours = self.net[name.folder, name.id]
                return ours[1] if ours is not None and ours[0] == name else None
            return read(name)

        changes = apply(records, known, self._holds)
        for put in changes.puts:
            self.net[put.name.folder, put.name.id] = (put.name, put.body)
        for name in changes.removes:
            ours = self.net.get((name.folder, name.id))
            if ours is None or ours[0] == name:
                self.net[name.folder, name.id] = None

    def _holds(self, name: ViewName) -> bool:
        """Tell whether a version that only closes is there; that it was before this commit was judged already."""
        if (name.folder, name.id) not in self.net:
            return True
        ours = self.net[name.folder, name.id]
        return ours is not None and ours[0] == name


def append(
    connection: Any, state: LogState, groups: Sequence[Prepareds], views: Views, moment: Moment, blobs: NewBlobs
) -> LogState:
    """Send the lines of the groups, what they do to the views, their blobs, and the new end of the log; return it.

    Raises: StorageError for a line that is too long.
    """
    lines, after = _assembled(state, groups, moment)
    named = {digest for group in groups for line in group for digest in line.blobs}
    named.update(_in_force(groups))
    for digest, content in blobs.contents.items():
        if digest in named:  # others are of groups that were refused
            connection.execute(queries.ADD_BLOB, (digest, content))
    _send_lines(connection, state.seq + 1, lines)
    _send_views(connection, views)
    for group in groups:
        for prepared in group:
            if prepared.type is LineType.RECORD_ERASED and "blob" in (prepared.meta or {}):
                assert prepared.meta is not None
                connection.execute(queries.ERASE_BLOBS, (prepared.meta["blob"],))
    connection.execute(queries.SET_STATE, after.values())
    return after


def _in_force(groups: Sequence[Prepareds]) -> Iterable[str]:
    """Yield the blobs that notes name, which are stored by the note's maker and not by splitting it."""
    for group in groups:
        for line in group:
            reference = ((line.meta or {}).get("context") or {}).get(IN_FORCE)
            if line.type is not LineType.RECORD_ADDED and reference:
                yield reference["$blob"]


class _Line(NamedTuple):
    data: bytes  #: without its LF
    leaf: bytes
    names: str


def _assembled(state: LogState, groups: Sequence[Prepareds], moment: Moment) -> tuple[list[_Line], LogState]:
    time = format_time(moment.now)
    seq, leaf, size, marks = state.seq, state.leaf, state.size, state.marks
    lines: list[_Line] = []
    for group in groups:
        for place, prepared in enumerate(group, start=1):
            seq += 1
            line = prepared.line(place=place, size=len(group), prev=leaf, seq=seq, time=time)
            leaf = leaf_hash(line[:-1])
            size += len(line)
            names = () if prepared.record is None else prepared.record.views
            lines.append(_Line(line[:-1], leaf, ",".join(f"{key.folder.value}/{key.id}" for key in names)))
            if prepared.type is not LineType.RECORD_ADDED:
                document = {"type": prepared.type.value, "meta": prepared.meta, "ts": time, "seq": seq}
                marks = marks.after(document)
    _, frontier = extend(state.seq, state.frontier, (line.leaf for line in lines))
    after = state.marked(marks)._replace(seq=seq, leaf=leaf, frontier=frontier, size=size, last_ms=moment.wall_ms)
    return lines, after


def _send_lines(connection: Any, first: int, lines: Sequence[_Line]) -> None:
    if len(lines) == 1:
        [line] = lines
        connection.execute(queries.ADD_LINE, (first, line.data, line.leaf, line.names))
        return
    starts, at = [], 1
    for line in lines:
        starts.append(at)
        at += len(line.data)
    connection.execute(
        queries.ADD_LINES,
        (
            first,
            b"".join(line.data for line in lines),
            b"".join(line.leaf for line in lines),
            ",".join(map(str, starts)),
            ",".join(str(len(line.data)) for line in lines),
            "\n".join(line.names for line in lines),
        ),
    )


def _send_views(connection: Any, views: Views) -> None:
    puts: dict[Folder, list[tuple[ViewName, str]]] = {}
    removes: dict[Folder, list[str]] = {}
    for (folder, identity), kept in views.net.items():
        if kept is None:
            removes.setdefault(folder, []).append(identity)
        else:
            views.texts[kept[0]] = text = encode(kept[1])
            puts.setdefault(folder, []).append((kept[0], text))
    for folder, identities in removes.items():
        if len(identities) == 1 or connection.server_version < _FINDS_SEVERAL_BY_KEY:
            for identity in identities:
                connection.execute(queries.REMOVE_ONE_WORK, (folder.value, identity))
                connection.execute(queries.REMOVE_ONE_BODY, (folder.value, identity))
            continue
        connection.execute(queries.REMOVE_WORK, (folder.value, "\n".join(identities)))
        connection.execute(queries.REMOVE_BODIES, (folder.value, "\n".join(identities)))
    for folder, made in puts.items():
        send_puts(connection, folder, made)


def send_puts(connection: Any, folder: Folder, made: Sequence[tuple[ViewName, str]]) -> None:
    """Send versions of one folder, each with its body's JSON; each takes the place of an older one of its id."""
    if len(made) == 1:
        [(name, text)] = made
        connection.execute(queries.PUT_ONE_WORK, (folder.value, name.id, name.due, name.seq))
        connection.execute(queries.PUT_ONE_BODY, (folder.value, name.id, name.seq, text))
        return
    ids = "\n".join(name.id for name, _ in made)
    seqs = "\n".join(str(name.seq) for name, _ in made)
    connection.execute(queries.PUT_WORK, (folder.value, ids, "\n".join(name.due for name, _ in made), seqs))
    connection.execute(queries.PUT_BODIES, (folder.value, ids, seqs, "\n".join(text for _, text in made)))


def body_of(text: str) -> Body:
    """Return the body that a row holds."""
    document = decode_line(text.encode("ascii"))
    assert document is not None
    return document
