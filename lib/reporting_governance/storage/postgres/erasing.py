"""Where a text that is to be erased stands besides the blob that is asked for: in the database, and on this host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reporting_governance.contracts.retention import Elsewhere
from reporting_governance.errors import StorageError
from reporting_governance.storage.files import erasing
from reporting_governance.storage.postgres import blobs, queries
from reporting_governance.storage.postgres.connection import Session

_SALT = 32


class Eraser:
    """Finds what a database holds of a text beside its log, and this host's folder; takes out what is ours.

    The folders of other hosts are not seen from here: what they quote of a text is told by no reply of this one.
    """

    def __init__(self, session: Session, local: str) -> None:
        self._session = session
        self._local = local

    def body(self, digest: str) -> bytes | None:
        """Return a blob's text, None when it is erased already."""
        return blobs.get(self._session, digest)

    def same_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of all blobs that hold just one of these texts.  Raises: StorageError."""
        rows = self._session.rows(queries.BLOBS_OF_SIZES, _sizes(texts))
        return [digest for digest, content in rows if bytes(content)[_SALT:] in texts]

    def holding_text(self, texts: Sequence[bytes]) -> list[str]:
        """Return the digests of larger blobs in which one of these texts stands among other things."""
        wanted = [form for text in texts for form in erasing.forms(text.decode("utf-8", "replace"))]
        rows = self._session.rows(queries.BLOBS_HOLDING, wanted)
        bodies = ((digest, bytes(content)[_SALT:]) for digest, content in rows)
        return [digest for digest, body in bodies if body not in texts and any(form in body for form in wanted)]

    def drop_unnamed(self, texts: Sequence[bytes], named: Mapping[str, object]) -> int:
        """Remove blobs with one of these texts that no line names, left behind by killed processes; return how many."""
        rows = self._session.rows(queries.LEFT_BEHIND, _sizes(texts))
        going = [digest for digest, content in rows if digest not in named and bytes(content)[_SALT:] in texts]
        if going:
            with self._session.writing_durably() as connection:
                connection.execute(queries.ERASE_BLOBS, ("\n".join(going),))
        return len(going)

    def elsewhere(self, texts: Sequence[bytes], *, clean: bool) -> list[Elsewhere]:
        """Return the files of this host that hold a text or quote its beginning.

        Args:
            clean: take it out of the copies that are ours.

        Raises: StorageError.
        """
        try:
            return erasing.elsewhere(self._local, texts, clean=clean)
        except OSError as error:
            raise StorageError(path=error.filename or self._local, reason=error.strerror or str(error)) from error


def _sizes(texts: Sequence[bytes]) -> str:
    return ",".join(str(len(text) + _SALT) for text in texts)
