"""Keeping only what is to be kept, by the tables' owner: lines, blobs and signed heads that may go.

Leaf hashes of the lines, the views behind them and the line that says that they are retired are added in one
transaction, with what only they named taken out.  Then the rows go.  Killed in between, the next one finishes what the
line says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.retention import RetirementPlan, Stretch
from reporting_governance.contracts.times import format_time
from reporting_governance.storage.chain import LineGroup, Place
from reporting_governance.storage.files.holding_back import OpenWork
from reporting_governance.storage.files.retiring import still_said
from reporting_governance.storage.files.snapshots import snapshot_content
from reporting_governance.storage.interface import Added, Addition, Answer, Group
from reporting_governance.storage.lines import decode_line
from reporting_governance.storage.postgres import lines, queries, rebuilding, schema
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.log_state import LogState, from_ms, state_of
from reporting_governance.storage.retirement import NOTHING_RETIRED, said_retired, thinned, told_again
from reporting_governance.storage.state import State
from reporting_governance.verifier.merkle import extend, leaf_hash, root

if TYPE_CHECKING:
    from reporting_governance.storage.postgres.erasing import Eraser

_BLOB = re.compile(rb'"\$blob":"([0-9a-f]{64})"')
_ERASED = LineType.RECORD_ERASED.value


class _Prepared(NamedTuple):
    """A plan, and what goes with the line beyond it."""

    plan: RetirementPlan
    standing: dict[str, Any]  #: what retired lines said and still holds
    erased: tuple[str, ...]  #: blobs whose erasure they told, and that something kept names: it is told again
    leaves: tuple[bytes, ...]  #: of each stretch
    state: State  #: the views behind the last of them, or behind a later line when a snapshot of these is there


class Keeper:
    """What may be taken out of one log, and how.

    Args:
        local: this host's folder.
        commit: adds groups of lines.
    """

    def __init__(self, session: Session, local: str, commit: Callable[..., list[Answer]]) -> None:
        self._session = session
        self._local = local
        self._commit = commit

    def plan(self, before: datetime) -> RetirementPlan:
        """Return what could be retired of the lines that are older than a time.  Changes nothing.

        Raises: StorageError.
        """
        return self._prepared(before)[0].plan

    def finish(self) -> tuple[list[int], int]:
        """Remove what lines say is retired; return the segments, and how many blobs went.

        Raises: StorageError; then the next call carries on.
        """
        kept = self._session.rows(queries.RETIRED_BLOBS)
        if not kept:
            return [], 0  # nothing was ever made ready to go
        [(ready,)] = self._session.rows(queries.RETIRED_UNTIL)  # any host may say something; this the owner alone wrote
        done = max((each.to_seq for each in lines.said_retired(self._session) if each.to_seq <= ready), default=0)
        going = [row[0] for row in self._session.rows(queries.SEGMENTS) if row[0] <= done]
        if going:
            self._drop_lines(done)
        named = {digest for first, digests in kept if first <= done for digest in digests.split()}
        return going, self._drop_blobs(named, done) if named else 0

    def _drop_lines(self, done: int) -> None:
        for name, end in self._partitions():
            if end <= done + 1:
                with self._session.writing_durably() as connection:
                    connection.execute(queries.DROP_PARTITION.format(name=name))
        with self._session.writing_durably() as connection:
            connection.execute(queries.DROP_LINES, (done,))
            connection.execute(queries.DROP_SEGMENTS, (done,))
            connection.execute(queries.DROP_SNAPSHOTS, (done,))

    def _drop_blobs(self, named: set[str], done: int) -> int:
        going = named - named_behind(self._session, done)
        with self._session.writing_durably() as connection:
            gone = connection.execute(queries.TAKE_BLOBS, ("\n".join(going),)).fetchall()
            connection.execute(queries.FORGET_RETIRED_BLOBS, (done,))
        return len(gone)

    def retire(self, before: datetime, *, reason: str, approver: str, now: datetime) -> tuple[RetirementPlan, int, int]:
        """Retire what can be; return the plan, the line that says so (0: none) and how many blobs went.

        Raises: StorageError.
        """
        prepared, state = self._prepared(before)
        stretches = prepared.plan.stretches
        if not stretches:
            return prepared.plan, 0, 0
        assert state.log_id is not None
        last = stretches[-1].to_seq
        groups = [said_retired(state.log_id, prepared.plan, prepared.standing, reason=reason, approver=approver)]
        content = None
        if prepared.state.place.seq <= last:
            content = snapshot_content(stretches[-1].from_seq, prepared.state)
            digest = sha256(content).hexdigest()
            snapshot = {"segment": stretches[-1].from_seq, "seq": last, "sha256": digest}
            groups.insert(0, Group(additions=(Addition(type=LineType.LOG_SNAPSHOT, meta=snapshot),)))
        self._secure(prepared, last, content)
        for each in prepared.erased:
            self._commit([told_again(each)], now=now)
        said = self._commit(groups, now=now)[-1]
        assert isinstance(said, Added)
        _, blobs = self.finish()
        return prepared.plan, said.seqs[0], blobs

    def log_checkpoints_to_thin(self, before: datetime) -> list[int]:
        """Return the sizes whose signed head another one of the same day stands in for, on days before a time.

        The day is that of the last line it covers.  Where that line is not kept any more, so is the signed head.
        """
        ends = ((size, (decode_line(line) or {}).get("ts")) for size, line in self._heads_with_lines())
        return thinned(((size, at) for size, at in ends if at is not None), before)

    def drop_log_checkpoints(self, sizes: Sequence[int]) -> None:
        """Remove signed heads.  Raises: StorageError."""
        if sizes:
            with self._session.writing_durably() as connection:
                connection.execute(queries.DROP_LOG_CHECKPOINTS, (",".join(map(str, sizes)),))

    def eraser(self) -> Eraser:
        """Return what finds the other places of a text that is to be erased."""
        from reporting_governance.storage.postgres.erasing import Eraser

        return Eraser(self._session, self._local)

    def _heads_with_lines(self) -> Iterator[tuple[int, bytes]]:
        after = 0
        while rows := self._session.rows(queries.HEADS_WITH_LINES, after):
            for size, line in rows:
                yield size, bytes(line)
            after = rows[-1][0]

    def _secure(self, prepared: _Prepared, last: int, content: bytes | None) -> None:
        """Keep, durably, what has to be there before the line is: leaf hashes, and the views behind them.

        Args:
            content: of the snapshot; None when one of a later line is there, as in a log that was copied from files.
        """
        with self._session.writing_durably() as connection:
            connection.execute(queries.LOCK)  # of two who retire at once the second finds the first one's rows
            blobs = "\n".join(prepared.plan.blobs)
            for stretch, leaves in zip(prepared.plan.stretches, prepared.leaves, strict=True):
                listed = blobs if stretch.to_seq == last else ""
                connection.execute(queries.KEEP_LEAVES, (stretch.from_seq, leaves, listed))
            if content is not None:
                connection.execute(queries.KEEP_SNAPSHOT, (last, content))

    def _prepared(self, before: datetime) -> tuple[_Prepared, LogState]:
        def ask(connection: Any) -> tuple[LogState, list[Any], list[Any]]:
            state = connection.execute(queries.STATE)
            segments = connection.execute(queries.SEGMENTS)
            names = connection.execute(queries.ALL_NAMES)
            return state_of(one(state)), segments.fetchall(), names.fetchall()

        state, segments, names = self._session.read(ask)
        nothing = _Prepared(NOTHING_RETIRED, {}, (), (), State(Place(0, 0, b"")))
        old = _old_enough(segments, before)
        if not old:
            return nothing, state
        work = OpenWork(row[0] for row in names)
        reader = _Reader(self._session, work)
        reader.learn_all(old, state.seq)
        held = work.holders(old[-1].to_seq)
        oldest_held = held[0].since_seq if held else old[-1].to_seq + 1
        going = [each for each in old if each.to_seq < oldest_held]
        kept = len(old) - len(going)
        if not going:
            return nothing._replace(plan=RetirementPlan((), "", (), held, kept, "")), state
        return reader.prepared(going, held, kept), state

    def _partitions(self) -> list[tuple[str, int]]:
        """Return the partitions of the journal, each with the seq behind its last one."""
        names = sorted(row[0] for row in self._session.rows(queries.PARTITIONS) if row[0][8:].isdigit())
        return [(name, (int(name[8:]) + 1) * schema.LINES_IN_PARTITION) for name in names]


class _Reader:
    """Reads every line that may go, and holds it against the chain: after this nobody can."""

    def __init__(self, session: Session, work: OpenWork) -> None:
        self._session = session
        self._work = work

    def learn_all(self, old: Sequence[Stretch], last: int) -> None:
        """Learn what is open, from the lines that may go and from those behind them."""
        for group in lines.groups(self._session, old[0].from_seq, old[-1].to_seq):
            self._work.learn(group)
        self._work.learn_newer(lines.groups(self._session, old[-1].to_seq + 1, last))

    def prepared(self, going: list[Stretch], held: Any, kept: int) -> _Prepared:
        """Return the plan for the stretches that go."""
        until = going[-1].to_seq
        start, views, _, _ = rebuilding.beginning(self._session.rows, self._session.place)
        firsts = {each.from_seq for each in going}
        leaves: list[list[bytes]] = []
        named: set[str] = set()

        def noted(raws: Iterator[bytes]) -> Iterator[bytes]:
            for seq, raw in enumerate(raws, start=start.seq + 1):
                if seq in firsts:
                    leaves.append([])
                leaves[-1].append(leaf_hash(raw))
                named.update(each.decode("ascii") for each in _BLOB.findall(raw))
                yield raw

        raws = noted(lines.raw_lines(self._session.rows, start.seq + 1, until + 1))
        standing: dict[str, Any] = {"context": None, "keys": []}
        told: set[str] = set()
        end = views.place
        for group in lines.chained(raws, start, until, self._session.place):
            if group[0].seq > views.place.seq:
                views.add(group)
                end = _behind(group)
            for line in group:
                standing = still_said(standing, line.document)
                if line.document["type"] == _ERASED:
                    told.add(str((line.document.get("meta") or {}).get("blob")))
        views.place = end
        tree = root(extend(0, (), (leaf for some in leaves for leaf in some))[1])
        kept_names = named_behind(self._session, until)
        blobs = tuple(sorted(named - kept_names))
        plan = RetirementPlan(tuple(going), tree.hex(), blobs, held, kept, "")
        again = tuple(sorted(told & kept_names))
        return _Prepared(plan, standing, again, tuple(b"".join(some) for some in leaves), views)


def named_behind(session: Session, until: int) -> set[str]:
    """Return the blobs that a line behind another or a view names.  Raises: StorageError."""
    names = {row[0] for row in session.rows(queries.BLOBS_IN_VIEWS)}
    [(last,)] = session.rows(queries.STATE_SEQ)
    for raw in lines.raw_lines(session.rows, until + 1, last + 1):
        names.update(each.decode("ascii") for each in _BLOB.findall(raw))
    return names


def _old_enough(segments: Sequence[tuple[int, int, int]], before: datetime) -> list[Stretch]:
    """Return the closed segments whose lines are all older than a time, oldest first."""
    found = []
    for (first, start, opened), (following, end, closed) in pairwise(segments):
        if from_ms(closed) >= before:
            break
        times = format_time(from_ms(opened)), format_time(from_ms(closed))
        found.append(Stretch(first, following - 1, end - start, *times))
    return found


def _behind(group: LineGroup) -> Place:
    return Place(0, group[-1].seq, group[-1].leaf, len(group[-1].raw))
