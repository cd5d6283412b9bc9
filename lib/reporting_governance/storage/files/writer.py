"""What is done under the lock: make the log whole, bring the views up to it, add lines, apply them.

The order is the promise.  Nothing unsynced is ever applied or answered for; an error before the end of the sync
acknowledges nothing; an error after it is no refusal, the next process carries on.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.journal_line import Folder, LineType, RecordLine
from reporting_governance.contracts.times import format_time
from reporting_governance.storage.chain import LineGroup, Place
from reporting_governance.storage.encoding import Prepared, prepare, record_of
from reporting_governance.storage.files import applied as applied_record
from reporting_governance.storage.files import heal, journal_io, layout, rebuild, segments
from reporting_governance.storage.files.applied import NOWHERE, Applied, as_uuid
from reporting_governance.storage.files.batch import Batch, Unfinished, carry_on, carry_out, require_whole_past
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.identity import Identity, Moment, clock_step_ms
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.recent import Recent
from reporting_governance.storage.files.views import DamagedView, Views
from reporting_governance.storage.interface import Addition
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.lines import encode
from reporting_governance.storage.marks import Marks, context_digest
from reporting_governance.verifier.merkle import leaf_hash

Prepareds = Sequence[Prepared]  #: the lines of one group


class Writer:
    """The log of one state and its views.  Every method is called by the holder of the lock."""

    def __init__(self, layout: Layout, views: Views, blobs: Blobs, identity: Identity, limits: Limits) -> None:
        self._layout = layout
        self._views = views
        self._blobs = blobs
        self._identity = identity
        self._limits = limits
        self._actor_text = encode(identity.actor)
        self._boot_text = f'{{"boot_id":"{as_uuid(identity.boot)}","pid":'
        self.recent = Recent(layout)

    def caught_up(self, moment: Moment) -> Applied:
        """Return the end of a log that is whole and applied; heal, roll forward or rebuild where it is not.

        Raises: OSError, StorageError.
        """
        applied = applied_record.load(self._layout.applied)
        if applied is not None and applied_record.is_current(applied, self._layout, self._identity.boot):
            return applied
        return self._recover(applied, moment)

    def rebuilt(self, applied: Applied) -> Applied:
        """Make the views anew from the log, which is whole.  Raises OSError, StorageError."""
        state = rebuild.state_at(self._layout, (applied.segment, applied.offset))
        # From here on nothing may be concluded from the views until all of them are right.
        applied_record.invalidate(self._layout.applied)
        counts = rebuild.write_views(self._views, self._layout, state)
        self._blobs.erase(state.erased)  # what a killed process was about to delete is known from its line alone
        applied = _marked(applied, state.marks)._replace(counts=counts)
        self._save(applied)
        return applied

    def rotated(self, applied: Applied, moment: Moment) -> Applied:
        """Begin a new segment when the newest is full.

        Other lines are built on what it leaves, in the same commit: when it was opened, and what is left in `past/`.
        So what cannot be applied is carried on here, or nothing is added.

        Raises: OSError, StorageError.
        """
        if not self._limits.is_full(applied.offset, applied.opened_ms, moment.wall_ms):
            return applied
        old = self._layout.segment(applied.segment)
        log = journal_io.open_log(old)
        try:
            journal_io.sync(log, old)  # what is in a closed segment is never looked at again by healing
        finally:
            os.close(log)
        first = applied.seq + 1
        opening = self._note(LineType.LOG_SEGMENT_OPEN, self._opening_meta(applied.seq, moment))
        os.close(journal_io.create(self._layout.segment(first)))
        journal_io.sync_folder(self._layout.log)
        after, time = self._written(applied._replace(segment=first, offset=0), [[opening]], moment)
        try:
            return self._apply(after, [opening], Batch(), time)
        except (OSError, DamagedView):
            return self._recover(applied, moment)

    def notes_due(self, applied: Applied, moment: Moment) -> list[Prepareds]:
        """Return the lines to add before others: the clock has stepped, or something else is in force."""
        notes: list[Prepareds] = []
        step = clock_step_ms(applied, moment, self._identity)
        if step:
            notes.append([self._note(LineType.LOG_CLOCK_STEP, {"by_ms": step})])
        context = self._identity.context
        if context and context_digest(context) != applied.context:
            notes.append([self._note(LineType.CONFIG_CHANGED, {"context": dict(context)})])
        return notes

    def added(self, applied: Applied, groups: Sequence[Prepareds], batch: Batch, moment: Moment) -> Applied:
        """Write the lines of the groups, sync them and apply them; return the new end of the log.

        Raises: OSError, StorageError; then nothing is acknowledged.
        """
        after, time = self._written(applied, groups, moment)
        try:
            return self._apply(after, [each for group in groups for each in group], batch, time)
        except (OSError, DamagedView):
            return after  # it stands in the log: it is added, and the next process carries on

    def _written(self, applied: Applied, groups: Sequence[Prepareds], moment: Moment) -> tuple[Applied, str]:
        """Write the lines of the groups and sync them; return the new end of the log, and the time they bear."""
        time = format_time(moment.now)
        data, last = assemble(groups, applied, time)
        path = self._layout.segment(applied.segment)
        log = journal_io.open_log(path)
        try:
            journal_io.append(log, path, data)
            journal_io.sync(log, path)
        finally:
            os.close(log)
        for seq, line in enumerate((each for group in groups for each in group), start=applied.seq + 1):
            self.recent.learn(seq, line.record)
        after = applied._replace(
            offset=applied.offset + len(data),
            seq=last.seq,
            leaf=last.leaf,
            length=last.length,
            wall_ms=moment.wall_ms,
            monotonic_ms=moment.monotonic_ms,
        )
        return after, time

    def _apply(self, after: Applied, lines: Prepareds, batch: Batch, time: str) -> Applied:
        counts = carry_out(batch, self._views, after.counts)
        marks = before = _marks_of(after)
        for seq, line in enumerate(lines, start=after.seq - len(lines) + 1):
            if line.type is not LineType.RECORD_ADDED:
                document = {"type": line.type.value, "meta": line.meta, "ts": time, "seq": seq}
                marks = marks.after(document)
                counts = self._carry_out_note(document, counts)
        if marks is not before:
            after = _marked(after, marks)
        if counts is not after.counts:
            after = after._replace(counts=counts)
        self._save(after)
        return after

    def _recover(self, applied: Applied | None, moment: Moment) -> Applied:
        if not self._layout.exists():
            layout.finish(self._layout)
        if not self._layout.segments():
            os.close(journal_io.create(self._layout.segment(1)))
            journal_io.sync_folder(self._layout.log)
        known = applied if heal.believable(self._layout, applied) else None
        tail = heal.read_tail(self._layout, known)
        if tail.void is not None and not tail.void.ends_whole:
            heal.end_line(self._layout, tail.segment)
            tail = heal.read_tail(self._layout, known)
        is_old = applied is not None and heal.is_retired(self._layout, applied)
        lost = None if known is not None or is_old else applied
        if tail.void is not None or tail.is_empty or lost is not None:
            self._heal(tail, lost, moment)
            tail = heal.read_tail(self._layout, known)
        found = self._at_end(tail, known or applied, moment)
        if known is None or known.boot != self._identity.boot or found.seq < known.seq:
            return self.rebuilt(found)
        try:
            counts = carry_on([_records(group) for group in tail.groups], self._views, known.counts)
            for group in tail.groups:
                for line in group:
                    counts = self._carry_out_note(line.document, counts)
            require_whole_past(self._views, counts)
        except (Unfinished, DamagedView):
            return self.rebuilt(found)
        found = found._replace(counts=counts)
        self._save(found)
        return found

    def _heal(self, tail: heal.Tail, lost: Applied | None, moment: Moment) -> None:
        """Write the lines that make the end of the log whole again, synced.  Raises OSError."""
        groups: list[Prepareds] = []
        place = tail.end
        if tail.void is not None:
            place = tail.void.last
            groups.append([self._note(LineType.LOG_TORN, tail.void.meta())])
        if tail.is_empty and tail.segment == 1:
            groups.append([self._note(LineType.LOG_OPEN, self._first_meta())])
        elif tail.is_empty:
            groups.append([self._note(LineType.LOG_SEGMENT_OPEN, self._opening_meta(tail.segment - 1, moment))])
        if lost is not None:
            groups.append([self._note(LineType.LOG_LOSS, heal.loss_meta(lost, tail))])
        start = NOWHERE._replace(
            segment=tail.segment, offset=place.offset, seq=place.seq, leaf=place.leaf, length=place.length
        )
        data, _ = assemble(groups, start, format_time(moment.now))
        path = self._layout.segment(tail.segment)
        log = journal_io.open_log(path)
        try:
            journal_io.append(log, path, data)
            journal_io.sync(log, path)
        finally:
            os.close(log)

    def _at_end(self, tail: heal.Tail, before: Applied | None, moment: Moment) -> Applied:
        """Return where the log ends; the pair of clock readings is kept within a boot, so that a step is not missed."""
        same_boot = before is not None and before.boot == self._identity.boot
        start = before if before is not None else NOWHERE
        marks = _marks_of(start)
        for group in tail.groups:
            for line in group:
                marks = marks.after(line.document)
        return _marked(start, marks)._replace(
            boot=self._identity.boot,
            segment=tail.segment,
            offset=tail.end.offset,
            seq=tail.end.seq,
            leaf=tail.end.leaf,
            length=tail.end.length,
            wall_ms=start.wall_ms if same_boot else moment.wall_ms,
            monotonic_ms=start.monotonic_ms if same_boot else moment.monotonic_ms,
        )

    def _carry_out_note(self, document: Mapping[str, Any], counts: tuple[int, ...]) -> tuple[int, ...]:
        """Do what a line that adds no record asks for: forget what is long over, delete an erased blob."""
        meta = document.get("meta") or {}
        if document["type"] == LineType.LOG_SEGMENT_OPEN.value and meta.get("past_before"):
            place = applied_record.place_of(Folder.PAST)
            left = counts[place] - self._views.forget_past(meta["past_before"])
            return (*counts[:place], left, *counts[place + 1 :])
        if document["type"] == LineType.RECORD_ERASED.value and "blob" in meta:
            self._blobs.erase([meta["blob"]])
        return counts

    def _note(self, kind: LineType, meta: Mapping[str, Any]) -> Prepared:
        return self.prepared(Addition(type=kind, meta=meta))

    def prepared(self, addition: Addition) -> Prepared:
        """Return an addition cleaned, split and encoded; its blobs are synced but for their names.  Raises OSError."""
        writer = f"{self._boot_text}{os.getpid()}}}"
        return prepare(addition, self._blobs.put, actor=self._actor_text, writer=writer)

    def _first_meta(self) -> dict[str, Any]:
        return {"log_id": os.urandom(16).hex(), "context": dict(self._identity.context)}

    def _opening_meta(self, head_seq: int, moment: Moment) -> dict[str, Any]:
        return segments.opening_meta(self._layout, head_seq, moment.now, self._limits)

    def _save(self, applied: Applied) -> None:
        journal_io.overwrite(self._layout.applied, applied.pack())


def assemble(groups: Sequence[Prepareds], applied: Applied, time: str) -> tuple[bytes, Place]:
    """Return the bytes of the groups' lines as they follow `applied`, and the place behind the last."""
    parts: list[bytes] = []
    offset, seq, leaf, length = applied.offset, applied.seq, applied.leaf, applied.length
    for group in groups:
        size = len(group)
        for place, prepared in enumerate(group, start=1):
            seq += 1
            line = prepared.line(place=place, size=size, prev=leaf, seq=seq, time=time)
            leaf = leaf_hash(line[:-1])
            length = len(line)
            offset += length
            parts.append(line)
    return b"".join(parts), Place(offset, seq, leaf, length)


def _records(group: LineGroup) -> list[tuple[int, RecordLine]]:
    pairs: Iterable[tuple[int, RecordLine | None]] = ((line.seq, record_of(line.document)) for line in group)
    return [(seq, record) for seq, record in pairs if record is not None]


def _marks_of(applied: Applied) -> Marks:
    return Marks(
        log_id=applied.log_id,
        opened_ms=applied.opened_ms,
        stepped_ms=applied.stepped_ms,
        context=applied.context,
        lost_seq=applied.lost_seq,
    )


def _marked(applied: Applied, marks: Marks) -> Applied:
    return applied._replace(
        log_id=marks.log_id,
        opened_ms=marks.opened_ms,
        stepped_ms=marks.stepped_ms,
        context=marks.context,
        lost_seq=marks.lost_seq,
    )
