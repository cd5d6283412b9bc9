"""erase: a text that somebody wants gone, by the digest of its blob or by the record that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, LineType
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.storage.interface import Added, Addition, Group

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Elsewhere
    from reporting_governance.stages.clock import Clock
    from reporting_governance.storage.interface import Line, Store

_DIGEST = re.compile(r"[0-9a-f]{64}")
_AT_ONCE = 100  #: lines of one commit


class NothingToErase(UsageError):
    """What was named holds no text that lies apart."""

    message = "{what}: {problem}"
    hint = "Name the id of the record that holds the text, or the digest of its blob; `reportgov explain` shows ids."


class Eraser(Protocol):
    """Finds what one state holds of a text beside the log, and takes out what is ours."""

    def body(self, digest: str) -> bytes | None:
        """Return a blob's text, None when it is erased already."""
        ...

    def same_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of all blobs that hold just one of these texts."""
        ...

    def holding_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of larger blobs in which one of these texts stands among other things."""
        ...

    def drop_unnamed(self, texts: Sequence[bytes], named: Mapping[str, object]) -> int:
        """Remove files with one of these texts that no line names; return how many."""
        ...

    def elsewhere(self, texts: Sequence[bytes], *, clean: bool) -> list[Elsewhere]:
        """Return the other files that hold a text or quote its beginning; `clean`: take it out of those of ours."""
        ...


@frozen(kw_only=True)
class ErasedText:
    """One blob that went, or would go."""

    digest: str
    size: int  #: bytes of the text
    lines: tuple[int, ...]  #: that name it
    records: tuple[str, ...]  #: what those lines are, as `kind id`


@frozen(kw_only=True)
class EraseReport:
    """What was erased, and where the words stand still."""

    what: str
    erased: tuple[ErasedText, ...]
    already: tuple[str, ...]  #: digests that were erased before
    lines: tuple[int, ...]  #: that say so; none in a dry run
    unnamed: int  #: files of killed processes with the same text, removed
    open: tuple[str, ...]  #: open work that goes on without the text
    elsewhere: tuple[Elsewhere, ...]
    larger: tuple[str, ...]  #: blobs in which the text stands among other things
    quoting: tuple[int, ...]  #: lines of the journal that quote its beginning and stay as they are


def run_erase(
    store: Store, eraser: Eraser, what: str, *, reason: str, clock: Clock, dry_run: bool = False
) -> EraseReport:
    """Erase a text and every blob with the same words: first our copies, then the lines that say so, then the blobs.

    Args:
        what: digest of a blob, or the id of a record; of a record all texts that lie apart.

    Raises: NothingToErase, StorageError, NotOurState, Busy.
    """
    store.ready()
    wanted = _wanted(store, what)
    found = {digest: eraser.body(digest) for digest in wanted}
    texts = sorted({body for body in found.values() if body is not None})
    same = eraser.same_text(texts) if texts else []
    lines = {digest: list(_naming(store, digest)) for digest in dict.fromkeys([*wanted, *same])}
    named = {digest: each for digest, each in lines.items() if each}
    going = [digest for digest in named if found.get(digest) is not None or digest in same]
    others = [digest for digest in eraser.holding_text(texts) if digest not in going] if texts else []
    erased = tuple(_erased(eraser, digest, named[digest]) for digest in going)
    is_open = _open(store, [line for digest in going for line in named[digest]])
    quoting = _quoting(store, texts)
    # Before the blobs go: killed in between, the next call still knows which words to look for.
    unnamed = 0 if dry_run or not texts else eraser.drop_unnamed(texts, named)
    elsewhere = tuple(eraser.elsewhere(texts, clean=not dry_run)) if texts else ()
    seqs = () if dry_run else _record(store, going, reason, clock)
    return EraseReport(
        what=what,
        erased=erased,
        already=tuple(digest for digest, body in found.items() if body is None),
        lines=seqs,
        unnamed=unnamed,
        open=is_open,
        elsewhere=elsewhere,
        larger=tuple(others),
        quoting=quoting,
    )


def digests_in(value: Any) -> Iterator[str]:
    """Yield the digests of all blobs that a value names."""
    if is_reference(value):
        yield value["$blob"]
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from digests_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from digests_in(each)


def _wanted(store: Store, what: str) -> list[str]:
    if _DIGEST.fullmatch(what):
        if not any(_naming(store, what)):
            raise NothingToErase(what=what, problem="no line that is kept names a blob of this digest")
        return [what]
    lines = [line for line in _holding(store, what) if (line.document.get("record") or {}).get("id") == what]
    if not lines:
        raise NothingToErase(what=what, problem="no line that is kept holds a record of this id")
    digests = list(dict.fromkeys(digest for line in lines for digest in digests_in(line.document["record"]["body"])))
    if not digests:
        problem = "its texts are short, stand in the line itself, and cannot be erased"
        raise NothingToErase(what=what, problem=problem)
    return digests


def _naming(store: Store, digest: str) -> Iterator[Line]:
    for line in _holding(store, digest):
        if digest in digests_in([line.document.get("record"), line.document.get("meta")]):
            yield line


def _holding(store: Store, word: str) -> Iterator[Line]:
    for seq in store.holding([word]):
        line = next(iter(store.replay(seq)), None)
        if line is not None and line.seq == seq:
            yield line


def _erased(eraser: Eraser, digest: str, lines: Sequence[Line]) -> ErasedText:
    records = [line.document["record"] for line in lines if "record" in line.document]
    return ErasedText(
        digest=digest,
        size=len(eraser.body(digest) or b""),
        lines=tuple(line.seq for line in lines),
        records=tuple(dict.fromkeys(f"{each['kind']} {each['id']}" for each in records)),
    )


def _open(store: Store, lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the open work that these lines made or changed."""
    touched = {(view[0], view[1]) for line in lines for view in (line.document.get("record") or {}).get("views", ())}
    listings = {folder: store.listing(Folder(folder)).names for folder, _ in touched if folder != Folder.PAST}
    return tuple(sorted(identity for folder, identity in touched if identity in listings.get(folder, ())))


def _quoting(store: Store, texts: Sequence[bytes]) -> tuple[int, ...]:
    beginnings = [" ".join(text.decode("utf-8", "replace").split())[:64] for text in texts]
    return tuple(store.holding([each for each in beginnings if each])) if beginnings else ()


def _record(store: Store, digests: Sequence[str], reason: str, clock: Clock) -> tuple[int, ...]:
    """Add the lines, whose application deletes the files: a blob that is gone without a line would look like damage."""
    seqs: list[int] = []
    for begin in range(0, len(digests), _AT_ONCE):
        additions = tuple(
            Addition(type=LineType.RECORD_ERASED, reason=reason, meta={"blob": digest})
            for digest in digests[begin : begin + _AT_ONCE]
        )
        [answer] = store.commit([Group(additions=additions)], now=clock.now())
        if not isinstance(answer, Added):
            raise StorageError(path="journal", reason="lines that consume nothing were refused")
        seqs.extend(answer.seqs)
    return tuple(seqs)
