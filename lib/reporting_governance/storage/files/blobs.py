"""What lies apart from the log, so that it can be erased: large bodies and long free text.

A file is 32 random bytes and the body; its name is the SHA-256 of the file.  The random bytes keep a digest in the log
from telling what the erased text was, and a verifier still needs no key.  A blob is synced before the line that
names it.
"""

import os
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from reporting_governance.storage.files import journal_io

_SALT = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """The blobs of one state."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, body: bytes) -> Mapping[str, Any]:
        """Store a body and return its reference.  Synced, but for its name: `settle` does that once for many."""
        data = os.urandom(_SALT) + body
        digest = sha256(data).hexdigest()
        journal_io.write_synced(f"{self._folder}/{digest}", data)
        return {"$blob": digest, "size": len(body)}

    def settle(self) -> None:
        """Bring the names of the blobs to the disk.  Raises OSError."""
        journal_io.sync_folder(self._folder)

    def get(self, reference: Mapping[str, Any]) -> bytes | None:
        """Return a blob's body, None when it is erased, or is not what the reference names."""
        digest = reference["$blob"]
        if _DIGEST.fullmatch(digest) is None:
            return None
        try:
            data = journal_io.read_all(f"{self._folder}/{digest}")
        except FileNotFoundError:
            return None
        return data[_SALT:] if sha256(data).hexdigest() == digest else None

    def erase(self, digests: Iterable[str]) -> None:
        """Delete blobs, synced: a power cut brings none back.  Those that are gone are fine.  Raises OSError."""
        deleted = False
        for digest in digests:
            if _DIGEST.fullmatch(digest) is not None:
                try:
                    os.unlink(f"{self._folder}/{digest}")
                    deleted = True
                except FileNotFoundError:
                    pass
        if deleted:
            self.settle()
