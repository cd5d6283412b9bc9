"""Durable appends, held against the same bytes written bare, and against the same bytes encoded and hashed."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.commands._heads import DUE_LINES
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.times import FAR_FUTURE
from reporting_governance.stages.checkpointing import key_in_force, make_log_checkpoint
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from tests.bench.measuring import Result, at_least, at_most, best_of, only_told, scratch, timed

_LINES = {1: 300, 10: 2_000, 100: 10_000, 200: 20_000}
_ROUNDS = 5
_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def run() -> Iterator[Result]:
    """Yield the ratios for each size of batch."""
    for batch, lines in _LINES.items():
        with scratch() as folder:
            yield from _one_size(folder, batch, lines)


def _one_size(folder: str, batch: int, lines: int) -> Iterator[Result]:
    store = FilesStore(os.path.join(folder, "state"), actor="bench")
    store.initialise(_NOW)
    (signed, key), (unsigned, _) = _with_a_head(folder, "signed"), _with_a_head(folder, "unsigned")
    documents = _written(store, batch)
    data = b"".join(map(_encoded, documents))
    floor = os.open(os.path.join(folder, "floor"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    count = iter(range(10**9))
    best = best_of(
        _ROUNDS,
        {
            "ours": lambda: _appended(store, _batches(count, batch, lines, views=False)),
            "signed": lambda: _signed(signed, key, _batches(count, batch, lines, views=False)),
            "unsigned": lambda: _appended(unsigned, _batches(count, batch, lines, views=False)),
            "views": lambda: _appended(store, _batches(count, batch, lines, views=True)),
            "bare": lambda: timed(lambda: _bare(floor, data, lines // batch)),
            "hashed": lambda: timed(lambda: _hashed(floor, documents, lines // batch)),
        },
    )
    os.close(floor)
    hint = f"{lines / best['ours']:,.0f} lines/s against {lines / best['bare']:,.0f} bare"
    if batch == 1:
        yield at_least("append, batch 1, of write + fdatasync", best["bare"] / best["ours"], 0.45, hint)
    elif batch >= 100:
        against = f"{lines / best['ours']:,.0f} lines/s against {lines / best['hashed']:,.0f} encoded and hashed"
        name = f"append, batch {batch}, of encode + SHA-256 + write + fdatasync"
        yield at_least(name, best["hashed"] / best["ours"], 0.3, against)
    else:
        yield only_told(f"append, batch {batch}, of write + fdatasync", best["bare"] / best["ours"], hint)
    if batch >= 10:  # fewer lines than a head is made for tell nothing
        each = f"{(best['signed'] - best['unsigned']) / max(1, lines // DUE_LINES) * 1e3:,.1f} ms a head"
        yield at_most(
            f"append with signed heads, batch {batch}, to without", best["signed"] / best["unsigned"], 1.2, each
        )
    added = f"{(best['views'] - best['ours']) / lines * 1e6:,.0f} microseconds a view"
    yield only_told(f"append with a view a line, batch {batch}, to without", best["views"] / best["ours"], added)


def _with_a_head(folder: str, name: str) -> tuple[FilesStore, KeyFile]:
    """Return a log of its own whose head is signed, so that a round pays for its own lines and not for a first use."""
    key = KeyFile(os.path.join(folder, "keys", "log.key"))
    key.make()
    store = FilesStore(os.path.join(folder, name), actor="bench")
    store.initialise(_NOW)
    make_log_checkpoint(store, key, clock=_Clock())
    return store, key


def _groups(count: Iterator[int], batch: int, *, views: bool) -> list[Group]:
    groups = []
    for _ in range(batch):
        number = next(count)
        identity = f"ntc_{number:032x}"
        record = RecordLine(
            kind="notice",
            id=identity,
            body=_body(number),
            parents=(f"dec_{number:032x}",),
            views=(ViewKey(Folder.QUEUE, identity, FAR_FUTURE),) if views else (),
            about=(f"tsk_{number:032x}", "agent"),
        )
        groups.append(Group(additions=(Addition(record=record),)))
    return groups


def _body(number: int) -> dict[str, object]:
    return {
        "notice_id": f"ntc_{number:032x}",
        "thread_key": f"thr_{number:032x}",
        "phase": "firing",
        "number": 1,
        "receiver": "operator",
        "urgency": "high",
        "subject": f"task {number}: check-in overdue",
        "body": "A promised check-in has not come.\n" * 16,
        "facts": {"task_id": f"task-{number}", "condition": "checkpoint_overdue", "late_by_seconds": 350},
        "must_reference": ["watchdog_fired"],
        "created_at": "2026-03-01T12:00:00.000Z",
    }


def _batches(count: Iterator[int], batch: int, lines: int, *, views: bool) -> list[list[Group]]:
    """Return what is to be appended; making it is the caller's work and is not timed."""
    return [_groups(count, batch, views=views) for _ in range(lines // batch)]


def _appended(store: FilesStore, batches: list[list[Group]]) -> float:
    """Return how long it took to append batches of groups."""
    return timed(lambda: [store.commit(groups, now=_NOW) for groups in batches])


def _signed(store: FilesStore, key: KeyFile, batches: list[list[Group]]) -> float:
    """Return how long it took to append the same, the head signed and kept as often as verbs sign it."""
    known = key_in_force(store)  # as verbs keep it; none before the first head

    def run() -> None:
        lines = 0
        for groups in batches:
            store.commit(groups, now=_NOW)
            lines += len(groups)
            if lines >= DUE_LINES:
                lines = 0
                make_log_checkpoint(store, key, clock=_Clock(), key=known)

    return timed(run)


class _Clock:
    def now(self) -> datetime:
        return _NOW

    def monotonic(self) -> float:
        return 0.0


def _written(store: FilesStore, batch: int) -> list[dict[str, object]]:
    """Return the lines of one batch as they stand in the log."""
    count = iter(range(10**9, 2 * 10**9))
    before = store.ready().seq
    store.commit(_groups(count, batch, views=False), now=_NOW)
    return [dict(line.document) for line in store.replay(before + 1)]


def _encoded(document: dict[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _bare(descriptor: int, data: bytes, times: int) -> None:
    for _ in range(times):
        os.write(descriptor, data)
        os.fdatasync(descriptor)


def _hashed(descriptor: int, documents: list[dict[str, object]], times: int) -> None:
    for _ in range(times):
        lines = [_encoded(document) for document in documents]
        for line in lines:
            sha256(b"\x00" + line).digest()
        os.write(descriptor, b"".join(lines))
        os.fdatasync(descriptor)
