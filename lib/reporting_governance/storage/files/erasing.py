"""Where a text that is to be erased stands besides the blob that is asked for.

The same words told twice lie in two blobs, since each has random bytes of its own.  A killed process may have left one
that no line names.  And files that are no part of the journal may quote them.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.retention import Elsewhere
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.access import Access
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.daily_copies import FOLDERS
from reporting_governance.storage.files.layout import Layout, require_owner
from reporting_governance.storage.lines import decode_line, encode

_QUOTED = 64  #: characters: a quotation of a long text has at least its beginning
_SALT = 32
_LEFT_BEHIND_SECONDS = 3600  #: whoever stored a blob has added its line by then
_ERASED = "(erased)"
#: what was received, delivered or put away: told, and left to whoever it belongs to
_NOT_OURS = ("inbox", "outbox", "corrupt")


class Eraser:
    """Finds what one state holds of a text beside the log, and takes out what is ours."""

    def __init__(self, layout: Layout, access: Access) -> None:
        self._layout = layout
        self._access = access

    def body(self, digest: str) -> bytes | None:
        """Return a blob's text, None when it is erased already."""
        with self._access.errors():
            return Blobs(self._layout.blobs).get({"$blob": digest})

    def same_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of all blobs that hold just one of these texts.  Raises: StorageError."""
        sizes = {len(text) + _SALT for text in texts}
        with self._access.errors():
            return [name for name in self._blob_names(sizes) if len(name) == 64 and self._body_of(name) in texts]

    def holding_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of larger blobs in which one of these texts stands among other things."""
        wanted = [form for text in texts for form in forms(text.decode("utf-8", "replace"))]
        with self._access.errors():
            bodies = ((name, self._body_of(name)) for name in self._blob_names(None) if len(name) == 64)
            return [name for name, body in bodies if body not in texts and any(form in body for form in wanted)]

    def drop_unnamed(self, texts: Sequence[bytes], named: Mapping[str, object]) -> int:
        """Remove files with one of these texts that no line names, left behind by killed processes; return how many."""
        require_owner(self._layout.root)
        count = 0
        with self._access.errors():
            for name in self._blob_names({len(text) + _SALT for text in texts}):
                path = f"{self._layout.blobs}/{name}"
                is_left = time.time() - os.stat(path).st_mtime > _LEFT_BEHIND_SECONDS
                if name not in named and is_left and self._body_of(name) in texts:
                    os.unlink(path)
                    count += 1
            if count:
                journal_io.sync_folder(self._layout.blobs)
        return count

    def elsewhere(self, texts: Sequence[bytes], *, clean: bool) -> list[Elsewhere]:
        """Return the files below the state folder that hold a text or quote its beginning, the log itself left out.

        Args:
            clean: take it out of the copies that are ours.

        Raises: StorageError, NotOurState.
        """
        if clean:
            require_owner(self._layout.root)
        with self._access.errors():
            return elsewhere(self._layout.root, texts, clean=clean)

    def _blob_names(self, sizes: set[int] | None) -> Iterator[str]:
        with os.scandir(self._layout.blobs) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if entry.is_file(follow_symlinks=False) and (sizes is None or entry.stat().st_size in sizes):
                    yield entry.name

    def _body_of(self, name: str) -> bytes:
        return journal_io.read_all(f"{self._layout.blobs}/{name}")[_SALT:]


def elsewhere(root: str, texts: Sequence[bytes], *, clean: bool) -> list[Elsewhere]:
    """Return the files below a state folder that hold a text or quote its beginning, the log itself left out.

    Args:
        clean: take it out of the copies that are ours.

    Raises: OSError.
    """
    wholes = [text.decode("utf-8", "replace") for text in texts]
    found = []
    for folder in (*_NOT_OURS, *FOLDERS.values()):
        is_ours = folder not in _NOT_OURS
        for path in _files(f"{root}/{folder}"):
            held = _held(path, wholes)
            if held is None:
                continue
            if clean and is_ours:
                _clean(path, wholes)
            found.append(Elsewhere(os.path.relpath(path, root), held, is_ours))
    return found


def forms(text: str) -> list[bytes]:
    """Return how a text may stand in a file: as it is, and as JSON writes it."""
    import json

    plain = text.encode("utf-8", "replace")
    as_json = (encode(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    return list(dict.fromkeys([plain, *(each.encode("utf-8", "replace") for each in as_json)]))


def _files(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (
            os.path.join(where, name) for name in sorted(names) if not os.path.islink(os.path.join(where, name))
        )


def _beginnings(text: str) -> list[bytes]:
    one_line = " ".join(text.split())
    return [form for start in (text[:_QUOTED], one_line[:_QUOTED]) for form in forms(start)]


def _held(path: str, texts: Sequence[str]) -> bool | None:
    """Tell whether a file holds a whole text; None when not even a beginning of one."""
    try:
        data = journal_io.read_all(path)
    except FileNotFoundError:
        return None
    if any(form in data for text in texts for form in forms(text)):
        return True
    return False if any(form in data for text in texts for form in _beginnings(text)) else None


def _clean(path: str, texts: Sequence[str]) -> None:
    """Write a daily copy anew without what it quotes.  Raises OSError."""
    wanted = [each[:_QUOTED] for text in texts for each in (text, " ".join(text.split()))]
    lines = []
    for raw in journal_io.raw_lines(path, 0):
        document = decode_line(raw.rstrip(b"\n"))
        if document is None or not any(form in raw for text in texts for form in _beginnings(text)):
            lines.append(raw)
        else:
            lines.append(f"{encode(_without(document, wanted))}\n".encode("ascii"))
    journal_io.write_synced(path, b"".join(lines))


def _without(value: Any, beginnings: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _ERASED if any(each in value for each in beginnings) else value
    if isinstance(value, dict):
        return {key: _without(each, beginnings) for key, each in value.items()}
    return [_without(each, beginnings) for each in value] if isinstance(value, list) else value
