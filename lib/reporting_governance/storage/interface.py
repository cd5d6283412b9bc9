"""What a back end promises.  Stages know this file and no implementation.

The promise: *added* means present, in order, once, after any crash.  Only *added* gives the right to act;
*refused* and an error never do.

Every start of a command defines these types; a `NamedTuple` costs a sixth of a dataclass.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import (
    Folder,
    LineType,
    RecordLine,
    ViewName,
)

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Retirement


class Absence(NamedTuple):
    """A birth: no view of this id was listed when the log's head was `seq`."""

    folder: Folder
    id: str
    seq: int


class Addition(NamedTuple):
    """One line to add.  `record` is None for lines that only say something about the log or a denied act."""

    type: LineType = LineType.RECORD_ADDED
    record: RecordLine | None = None
    meta: Mapping[str, Any] | None = None
    action: str | None = None
    reason: str | None = None
    plugin_id: str | None = None
    job_id: str | None = None


class Group(NamedTuple):
    """Lines that are added whole or not at all.

    The group is refused when one of the exact versions its records consume is gone, or an absence no longer holds.
    `expects` are further versions that must still be there although the group does not change them.
    `otherwise` is added instead of a refused group; only a receipt has one.
    """

    additions: tuple[Addition, ...]
    expects: tuple[ViewName, ...] = ()
    absences: tuple[Absence, ...] = ()
    otherwise: tuple[Addition, ...] = ()


class Added(NamedTuple):
    """The group stands in the log; `seqs` are its lines.  `instead`: it is the `otherwise` that was added."""

    seqs: tuple[int, ...]
    instead: bool = False


class Refused(NamedTuple):
    """Somebody else changed what the group consumes; `missing` says which version or absence."""

    missing: str


Answer = Added | Refused


class View(NamedTuple):
    """One piece of open work, as one listing saw it."""

    name: ViewName
    body: Mapping[str, Any]


class Head(NamedTuple):
    """The end of the log: number of lines, and the leaf hash of the last one (zeros for an empty log).

    `lost_seq` is the newest line that says that acknowledged lines are lost; 0: no line says so.
    """

    seq: int
    leaf: str
    log_id: str | None
    lost_seq: int = 0


class TreeHead(NamedTuple):
    """The Merkle tree over all physical lines, those that count for nothing included (RFC 6962).

    `frontier`: the roots of its complete subtrees, largest first.
    """

    size: int
    root: bytes
    frontier: tuple[bytes, ...] = ()


class Line(NamedTuple):
    """One line as replayed.  `document` is the whole line; `record` its record, blobs not resolved."""

    seq: int
    document: Mapping[str, Any]
    leaf: str


@frozen
class Listing:
    """The names in one folder, newest version of each id, not older than one head.

    Where a folder is large a back end may look only when it is asked: then `names` is as of the question, and what is
    not there was not there at some moment since the head.  So going through all of it, and `len`, cost more than the
    other questions do.
    """

    folder: Folder
    head_seq: int  #: never later than anything that is told; a birth is checked against the lines since
    names: Mapping[str, ViewName] = field(default_factory=dict)  #: by id

    def due(self, now_name: str) -> list[ViewName]:
        """Return the names that may be due, oldest due first; of one time in the order of the log.

        `now_name` as in `times.due_name`.
        """
        return sorted(
            (name for name in self.names.values() if name.due <= now_name),
            key=lambda name: (name.due, name.seq, name.id),
        )

    def is_any_due(self, now_name: str) -> bool:
        """Tell whether `due` would return something."""
        return any(name.due <= now_name for name in self.names.values())

    def starting(self, prefix: str, *, limit: int | None = None) -> list[ViewName]:
        """Return the names whose ids start with a prefix, in the order of their ids; with a limit any so many."""
        ids = sorted(each for each in self.names if each.startswith(prefix))
        return [self.names[each] for each in ids[:limit]]

    def several(self, ids: Iterable[str]) -> dict[str, ViewName]:
        """Return the names of those ids that are there: for more than one of them cheaper than to ask for each."""
        found = {each: self.names.get(each) for each in ids}
        return {each: name for each, name in found.items() if name is not None}


class Store(Protocol):
    """Records, and the views made from them."""

    def ready(self) -> Head:
        """Make sure that what the views say is what the log says; roll forward or rebuild where it is not.

        Raises: Busy (another writer holds the lock too long), StorageError, NotOurState.
        """
        ...

    def listing(self, folder: Folder) -> Listing:
        """Return the names in a folder, checked against the log.  Never for `past/`, which is not listed.

        Raises: StorageError, here or when the listing is asked.
        """
        ...

    def read(self, name: ViewName) -> View | None:
        """Return one exact version, None when it is gone."""
        ...

    def foresee(self, names: Sequence[ViewName]) -> None:
        """Learn which names of one folder will be read next, in order: far away that is one question, not many."""
        ...

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        """Return what this process is to work on of a folder's names, in their order: all, where nobody else works.

        Where several hosts share the work, these are at most `limit`, kept from the others for some seconds; with 0
        they are given back.  That spreads the work and promises nothing: that a version is consumed once is what makes
        it safe.

        Raises: StorageError.
        """
        ...

    def past(self, identity: str) -> View | None:
        """Return what is over, by id; None when nothing of it is kept."""
        ...

    def past_names(self, prefix: str) -> list[str]:
        """Return the ids in `past/` that start with a prefix.  For people's questions, not for a tick."""
        ...

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        """Add each group or refuse it; answers in the order of the groups.  `now` stamps the lines.

        Raises: Busy, StorageError (then nothing is acknowledged), NotOurState.
        """
        ...

    def head(self) -> Head:
        """Return the end of the log as `ready` or the last `commit` saw it."""
        ...

    def tree_head(self) -> TreeHead:
        """Return size and root of the tree over the log as it is now; reads only lines that are new to it.

        Raises: StorageError.
        """
        ...

    def log_checkpoints(self) -> list[int]:
        """Return for which sizes of the log a signed head is kept, smallest first."""
        ...

    def newest_log_checkpoint(self) -> int:
        """Return the largest size for which a signed head is kept, 0 when none is; quickly, however many there are."""
        ...

    def log_checkpoint(self, size: int) -> bytes | None:
        """Return the signed head of one size as its note's bytes, None when none is kept.  Nothing of it is checked."""
        ...

    def keep_log_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed head, synced: whole or not at all.  Another one of that size is replaced.

        Raises: StorageError, NotOurState.
        """
        ...

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        """Yield the valid lines from `from_seq` on that are kept; void lines are left out."""
        ...

    def retirements(self) -> "list[Retirement]":
        """Return what lines that are kept say was retired, oldest first; those lines are not replayed any more."""
        ...

    def holding(self, words: Collection[str]) -> list[int]:
        """Return the lines in which one of the words stands, in order: a sieve, not a proof; never one too few."""
        ...

    def put_blob(self, body: bytes) -> Mapping[str, Any]:
        """Store bytes apart, synced, and return the reference that stands in a line: {"$blob": digest, "size": n}."""
        ...

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        """Return a blob's bytes; None when it was erased."""
        ...

    def erase_blob(self, digest: str, *, reason: str, now: datetime) -> None:
        """Delete a blob and record that."""
        ...

    def heartbeat(self, task: str, at: datetime) -> None:
        """Note that a task is alive; not journalled."""
        ...

    def forget_heartbeat(self, task: str) -> None:
        """Forget when a task was last heard; fine when that is not known."""
        ...

    def heartbeats(self, tasks: Iterable[str]) -> Mapping[str, datetime | None]:
        """Return when each task was last heard; None when never, or not known since this boot."""
        ...


def expand(store: Store, value: Any, *, keep_erased: bool = False) -> Any:
    """Return `value` with every blob reference in it replaced by what it stands for.

    An erased one becomes None; with `keep_erased` it stays, where it matters that something was said there.
    """
    if isinstance(value, Mapping):
        if is_reference(value):
            return _apart(store, value, keep_erased)
        return {key: expand(store, each, keep_erased=keep_erased) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [expand(store, each, keep_erased=keep_erased) for each in value]
    return value


def _apart(store: Store, reference: Mapping[str, Any], keep_erased: bool) -> Any:
    body = store.get_blob(reference)
    if body is None:
        return reference if keep_erased else None
    text = body.decode("utf-8")
    if not reference.get("json"):
        return text
    import json

    return expand(store, json.loads(text), keep_erased=keep_erased)
