"""What lies apart from the lines, and signed heads."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from reporting_governance.storage.postgres import queries
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.writing import NewBlobs

_SALT = 32


def put(session: Session, body: bytes) -> Mapping[str, Any]:
    """Store a body, durably, and return its reference.  Raises: StorageError."""
    blobs = NewBlobs()
    reference = blobs.put(body)

    def add(connection: Any) -> None:
        for digest, content in blobs.contents.items():
            connection.execute(queries.ADD_BLOB, (digest, content))

    session.write(add)
    return reference


def content(session: Session, digest: str) -> bytes | None:
    """Return a blob as it is stored, random bytes and all; None when it is not there.  Raises: StorageError."""
    if len(digest) != 64 or not digest.isalnum():
        return None
    rows = session.rows(queries.BLOB, digest)
    return bytes(rows[0][0]) if rows else None


def get(session: Session, digest: str) -> bytes | None:
    """Return a blob's body, None when it is erased, or is not what the reference names.  Raises: StorageError."""
    data = content(session, digest)
    return data[_SALT:] if data is not None and sha256(data).hexdigest() == digest else None


def keep_log_checkpoint(session: Session, size: int, note: bytes) -> None:
    """Keep a signed head, durably.  Another one of that size only the tables' owner can replace.

    Raises: StorageError.
    """

    def keep(connection: Any) -> None:
        connection.execute(queries.KEEP_LOG_CHECKPOINT, (size, note))
        kept = connection.execute(queries.LOG_CHECKPOINT, (size,)).fetchone()
        if kept is not None and bytes(kept[0]) != note:
            connection.execute(queries.REPLACE_LOG_CHECKPOINT, (note, size, note))

    session.write(keep)
