"""A journal folder verified: its lines, its heads, and the texts that lie beside it."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import Any, Optional

from reporting_governance.verifier.codes import REDACTION
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.folder import JournalFolder, notes_of, segments_of, tasks_of
from reporting_governance.verifier.logcheck import Given, LogSeen, check_log
from reporting_governance.verifier.passing import BlobUse
from reporting_governance.verifier.verdicts import PROVEN, Verdict

_MOST_AT_ONCE = 1 << 20
_SALT_BYTES = 32


def verify_journal(journal: JournalFolder, given: Given, findings: Findings) -> tuple[LogSeen, dict[str, Verdict]]:
    """Verify a journal where it lies.  Nothing in it is changed.  Raises OSError."""
    blobs = None if journal.blobs is None else _BlobFolder(journal.blobs, findings)
    notes = notes_of(journal)  # before the lines: somebody may be writing, and a head never runs ahead of them
    places = segments_of(journal, findings)

    def on_line(seq: int, document: Any) -> None:
        if blobs is not None and document["type"] == "record.erased":
            blobs.erase(seq, document.get("meta"))

    def on_blob(use: BlobUse) -> None:
        if blobs is not None:
            blobs.look(use)

    seen = check_log(lambda sizes: tasks_of(places, sizes), notes, given, findings, on_line=on_line, on_blob=on_blob)
    if blobs is None:
        return seen, {}
    blobs.settle()
    sentence = f"each text stored apart, {blobs.whole:,} in all, is the one that its line names"
    return seen, {REDACTION: Verdict(PROVEN, sentence)}


class _BlobFolder:
    """The texts stored apart of a state folder, looked at as lines name them."""

    def __init__(self, folder: str, findings: Findings) -> None:
        self._folder = folder
        self._findings = findings
        self._sizes: dict[bytes, int] = {}  #: of the texts that are what their names say; a text may be named often
        self._missing: dict[str, int] = {}
        self._erased: dict[str, int] = {}
        self.whole = 0

    def look(self, use: BlobUse) -> None:
        """Hold a file against its name and the size in the line."""
        name = bytes.fromhex(use.digest)
        if name not in self._sizes:
            try:
                size = _size_of_text(os.path.join(self._folder, use.digest), use)
            except OSError:
                self._missing.setdefault(use.digest, use.seq)
                return
            if size is not None:
                self._sizes[name] = size
        if self._sizes.get(name) != use.size:
            message = f"line {use.seq}: blobs/{use.digest} is not the text that the line names"
            self._findings.say("blob-changed", message, file=f"blobs/{use.digest}", seq=use.seq)
        else:
            self.whole += 1

    def erase(self, seq: int, meta: Any) -> None:
        """Note that a line erases a text."""
        digest = meta.get("blob") if isinstance(meta, dict) else None
        if type(digest) is str:
            self._erased.setdefault(digest, seq)

    def settle(self) -> None:
        """Tell what is missing, and by which line."""
        for digest, seq in self._missing.items():
            by = self._erased.get(digest)
            if by is not None:
                self._findings.say("blob-erased", f"line {by} erased a text of line {seq}", seq=by)
            else:
                message = f"line {seq}: blobs/{digest} is not there, and no line says that it was erased"
                self._findings.say("blob-missing", message, file=f"blobs/{digest}", seq=seq)


def _size_of_text(path: str, use: BlobUse) -> Optional[int]:  # noqa: UP045
    """Return the size of a text stored apart, None for a file that is not what its name says.  Raises OSError.

    A pipe would never end, nor would a device: only a plain file of the size that the line names is read.
    """
    about = os.lstat(path)
    if not stat.S_ISREG(about.st_mode) or about.st_size - _SALT_BYTES != use.size:
        return None
    digest = sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_MOST_AT_ONCE):
            digest.update(data)
    return use.size if digest.hexdigest() == use.digest else None
