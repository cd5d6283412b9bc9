"""One commit: what is done before the log is held, while it is, and after.

Before: everything is encoded, and the bodies that are folded are read; a body of one version never changes.  While it
is held: two round trips, one to look and one to write.  Nothing waits for a disk while others wait for the log: the
lines are committed without that, and the answer is given behind the barrier that follows (see `Session.barrier`).  A
crash of the server in between loses an end of the log of which nothing was answered for.

When the connection is lost and nobody can tell how it ended, a new one waits for the log: whoever held it has ended
then, and the lines stand or they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.core.projection import Body
from reporting_governance.errors import StorageError
from reporting_governance.storage.groups import Judge
from reporting_governance.storage.interface import Added, Answer, Group
from reporting_governance.storage.marks import context_digest
from reporting_governance.storage.postgres import queries, schema
from reporting_governance.storage.postgres.away import ConnectionLost, StoreAway, TryAgain
from reporting_governance.storage.postgres.connection import Session, one
from reporting_governance.storage.postgres.log_state import EMPTY, LogState, Moment, state_of
from reporting_governance.storage.postgres.seen import Seen
from reporting_governance.storage.postgres.writing import Encoder, Identity, NewBlobs, Prepareds, Views, append, body_of

if TYPE_CHECKING:
    from reporting_governance.storage.limits import Limits
    from reporting_governance.storage.postgres.births import Births

_TRIES = 5
_MOST_BODIES = 16 << 20  #: characters of bodies that are kept in memory


class NeedsCare(Exception):
    """Before anything is added the log has to be opened, a segment begun, or what is amiss made good."""


class Bodies:
    """Bodies of versions that were read or made, as the text of their rows: a version's body never changes."""

    def __init__(self) -> None:
        self._texts: dict[ViewName, str] = {}
        self._size = 0

    def keep(self, name: ViewName, text: str) -> None:
        """Keep a body that was just read, or made and is durable."""
        self._size += len(text)
        if self._size > _MOST_BODIES:
            self.forget()
        self._texts[name] = text

    def get(self, name: ViewName) -> str | None:
        """Return what was read of a version."""
        return self._texts.get(name)

    def forget(self) -> None:
        """Forget all: the log is not the one it was."""
        self._texts.clear()
        self._size = 0


class _Sent(NamedTuple):
    """What may stand in the log although no answer came."""

    state: LogState
    answers: list[Answer]


class Commit:
    """The steps of a commit."""

    def __init__(
        self,
        session: Session,
        identity: Identity,
        limits: Limits,
        births: Births,
        bodies: Bodies,
        seen: Callable[[], Seen | None],
        care: Callable[[Moment], LogState],
    ) -> None:
        self._session = session
        self._identity = identity
        self._limits = limits
        self._births = births
        self._bodies = bodies
        self._seen = seen
        self._care = care
        self._encoder = Encoder(identity)
        self._made = session.made
        self._sent: _Sent | None = None

    def add(self, groups: Sequence[Group], moment: Moment, known: LogState) -> tuple[LogState, list[Answer]]:
        """Judge and add the groups; return the end of the log and the answers.

        Args:
            known: where the log ended when this process last looked.

        Raises: StorageError; then nothing is acknowledged.  ValueError for what a line cannot hold.
        """
        with self._session.alone:  # of several threads each has its commit to itself, up to how it ended
            return self._add(groups, moment, known)

    def _add(self, groups: Sequence[Group], moment: Moment, known: LogState) -> tuple[LogState, list[Answer]]:
        blobs = NewBlobs()
        prepared = self._prepared(groups, blobs)
        for tries in range(_TRIES):
            self._sent = None
            try:
                return self._once(groups, prepared, blobs, moment, known)
            except NeedsCare:
                known = self._care(moment)
            except StorageError as error:
                ended = self._ended(error)
                if ended is not None:
                    return ended
                if tries + 1 == _TRIES or not isinstance(error, (ConnectionLost, TryAgain)):
                    raise
        raise StoreAway(path=self._session.place, reason="others kept changing the log")

    def _prepared(self, groups: Sequence[Group], blobs: NewBlobs) -> dict[int, Prepareds]:
        """Encode everything: by identity of each group's tuple of additions."""
        prepared: dict[int, Prepareds] = {}
        for group in groups:
            for additions in (group.additions, group.otherwise):
                if additions and id(additions) not in prepared:
                    prepared[id(additions)] = self._encoder.prepared(additions, blobs)
        return prepared

    def _once(
        self,
        groups: Sequence[Group],
        prepared: Mapping[int, Prepareds],
        blobs: NewBlobs,
        moment: Moment,
        known: LogState,
    ) -> tuple[LogState, list[Answer]]:
        session = self._session
        session.connect()
        if session.made != self._made:  # perhaps another server, on which the same lines may have been lost
            self._bodies.forget()
            self._births.forget()
            self._made = session.made
        body = partial(self._body, self._fetched(groups))
        absences = self._births.cover(groups, known.seq)
        seen = self._seen()
        with session.writing(again_and_again=True) as connection:
            locked = connection.execute(queries.LOCK)
            end = known.seq + schema.NEAR
            last = connection.execute(queries.LAST, (known.seq, end))
            existing = [
                (folder, connection.execute(queries.EXISTING, ("\n".join(ids), folder.value)))
                for folder, ids in _asked_for(groups).items()
            ]
            named = self._births.ask(connection, absences, end) if absences else None
            state = state_of(one(locked))
            self._require_order(state, last.fetchone(), known, moment)
            there = {
                ViewName(folder, identity, due, seq)
                for folder, cursor in existing
                for identity, due, seq in cursor.fetchall()
            }
            judge = Judge(there.__contains__, self._births.named_since(named.fetchall() if named else ()))
            verdicts = [judge.judge(group) for group in groups]
            accepted = [prepared[id(verdict.additions)] for verdict in verdicts if verdict.refused is None]
            if not accepted:
                return state, [verdict.refused for verdict in verdicts if verdict.refused is not None]
            notes = self._notes_due(seen, state, moment, blobs)
            lines = [*notes, *accepted]
            views = Views()
            seq = state.seq
            firsts = []
            for group in lines:
                firsts.append(seq + 1)
                numbered = enumerate(group, start=seq + 1)
                views.add([(at, each.record) for at, each in numbered if each.record is not None], body)
                seq += len(group)
            after = append(connection, state, lines, views, moment, blobs)
            seqs = iter(firsts[len(notes) :])
            answers: list[Answer] = []
            for verdict in verdicts:
                if verdict.refused is not None:
                    answers.append(verdict.refused)
                else:
                    first = next(seqs)
                    answers.append(Added(tuple(range(first, first + len(verdict.additions))), verdict.instead))
            self._sent = _Sent(after, answers)
            session.finish(connection)
            session.barrier(connection)
        session.require_synced()
        self._births.learn(state.seq + 1, lines)
        for name, text in views.texts.items():
            self._bodies.keep(name, text)
        return after, answers

    def _require_order(self, state: LogState, last: Sequence[Any] | None, known: LogState, moment: Moment) -> None:
        """Make sure that the row is what the lines say, and that lines can be added.  Raises: NeedsCare."""
        if state.seq == 0 or last is None or (last[0], bytes(last[1])) != (state.seq, state.leaf):
            raise NeedsCare
        if known.log_id is not None and known.log_id != state.log_id:
            raise NeedsCare
        if self._limits.is_full(state.size - state.segment_start, state.opened_ms, moment.wall_ms):
            raise NeedsCare

    def _notes_due(self, seen: Seen | None, state: LogState, moment: Moment, blobs: NewBlobs) -> list[Prepareds]:
        """Return the lines to add before others: the clock has stepped, or something else is in force."""
        notes: list[Prepareds] = []
        step = clock_step_ms(seen, state, moment, self._identity)
        if step:
            notes.append(self._encoder.note(LineType.LOG_CLOCK_STEP, {"by_ms": step}, blobs))
        context = self._identity.context
        if context and context_digest(context) != state.context:
            meta = {"context": self._encoder.context(blobs)}
            notes.append(self._encoder.note(LineType.CONFIG_CHANGED, meta, blobs))
        return notes

    def _fetched(self, groups: Sequence[Group]) -> Mapping[ViewName, str | None]:
        """Return the texts that will be folded, whatever is forgotten meanwhile; read before the log is held."""
        texts = {name: self._bodies.get(name) for name in _folded(groups)}
        wanted: dict[Folder, list[str]] = {}
        for name, text in texts.items():
            if text is None:
                wanted.setdefault(name.folder, []).append(name.id)
        if not wanted:
            return texts

        def ask(connection: Any) -> list[tuple[Folder, Any]]:
            values = ((folder, ("\n".join(ids), folder.value, folder.value)) for folder, ids in wanted.items())
            sent = [(folder, connection.execute(queries.BODIES, each)) for folder, each in values]
            return [(folder, cursor.fetchall()) for folder, cursor in sent]

        for folder, rows in self._session.read(ask, again_and_again=True):
            for identity, due, seq, text in rows:
                name = ViewName(folder, identity, due, seq)
                texts[name] = text
                self._bodies.keep(name, text)
        return texts

    def _body(self, texts: Mapping[ViewName, str | None], name: ViewName) -> Body:
        """Return the body of a version that is there and is folded."""
        text = texts.get(name)
        if text is None:
            raise StorageError(path=self._session.place, reason=f"the body of {name} is not there")
        return body_of(text)

    def _ended(self, error: StorageError) -> tuple[LogState, list[Answer]] | None:
        """Find out how a commit ended whose answer was lost; None: nothing of it stands.  Raises: StoreAway."""
        sent = self._sent
        if isinstance(error, ConnectionLost) or sent is not None:
            self._session.connect_again()
        if sent is None:
            return None
        with self._session.writing_durably() as connection:
            connection.execute(queries.LOCK)
            found = connection.execute(queries.LEAF_AT, (sent.state.seq,))
            self._session.mark(connection)
            row = found.fetchone()
        return (sent.state, sent.answers) if row is not None and bytes(row[0]) == sent.state.leaf else None


def clock_step_ms(seen: Seen | None, state: LogState, moment: Moment, identity: Identity) -> int:
    """Return how far the clock moved against this host's own since it last added; 0 within the tolerance.

    What a line has told since is not told again by every host.
    """
    tolerance = identity.clock_step_seconds
    if tolerance is None or seen is None or seen.boot_id != identity.boot_id or state is EMPTY:
        return 0
    if state.stepped_ms > seen.wall_ms:
        return 0
    step = (moment.wall_ms - seen.wall_ms) - (moment.monotonic_ms - seen.monotonic_ms)
    return step if abs(step) > tolerance * 1000 else 0


def _asked_for(groups: Sequence[Group]) -> dict[Folder, list[str]]:
    """Return the ids by folder of all versions that groups consume or expect."""
    found: dict[Folder, dict[str, None]] = {}
    for group in groups:
        for additions in (group.additions, group.otherwise):
            for addition in additions:
                if addition.record is not None:
                    for name in addition.record.consumes:
                        found.setdefault(name.folder, {})[name.id] = None
        for name in group.expects:
            found.setdefault(name.folder, {})[name.id] = None
    return {folder: list(ids) for folder, ids in found.items()}


def _folded(groups: Sequence[Group]) -> Iterable[ViewName]:
    """Yield the versions whose bodies the next ones are made of."""
    for group in groups:
        for additions in (group.additions, group.otherwise):
            records = [each.record for each in additions if each.record is not None]
            remade = {key.id for record in records for key in record.views}
            yield from (name for record in records for name in record.consumes if name.id in remade)
