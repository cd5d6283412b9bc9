"""What verbs that record something do in a state folder of another user: they drop a file into its inbox.

Only the owner of a state writes it.  Who wrote the file is its owner, so the next run of the state's owner knows.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reporting_governance.errors import StorageError


def belongs_to_another(state: str) -> bool:
    """Tell whether a state folder is there and belongs to another user; root counts as another user too."""
    try:
        return os.stat(state).st_uid != os.geteuid()
    except FileNotFoundError:
        return False


def hand_in(state: str, document: Mapping[str, Any], *, may_be_ours: bool = False) -> str:
    """Drop a document into the inbox whole, and return its file name.

    Args:
        may_be_ours: whether the state may be this user's own, for a document that asks for no role.

    Raises: StorageError; LentRights.
    """
    stem = secrets.token_hex(12)
    name, unfinished = f"{stem}.json", f"{stem}.tmp"
    try:
        with _inbox(state, may_be_ours) as folder:
            _write(folder, unfinished, document)
            os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as fault:
        raise StorageError(path=os.path.join(state, "inbox", name), reason=fault.strerror or str(fault)) from None
    return name


@contextmanager
def _inbox(state: str, may_be_ours: bool) -> Iterator[int]:
    """Open the inbox of another user's state, once and for all that is done there.

    It is a folder of that state's owner and no link: somebody else's link there could lead what a more powerful user
    writes to any place.  And the state is another's where that matters: in this user's own, whose name led elsewhere
    a moment ago, the file would count as the owner's.  Raises StorageError, OSError.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    root = os.open(state, flags)
    try:
        inbox = os.open("inbox", flags | os.O_NOFOLLOW, dir_fd=root)
        try:
            owner = os.fstat(root).st_uid
            if owner == os.geteuid() and not may_be_ours:
                raise StorageError(path=state, reason="belongs to this user, and nothing is handed in to oneself")
            if owner != os.geteuid():
                _refuse_lent_name()
            if os.fstat(inbox).st_uid != owner:
                reason = "belongs to somebody else than the state folder"
                raise StorageError(path=os.path.join(state, "inbox"), reason=reason)
            yield inbox
        finally:
            os.close(inbox)
    finally:
        os.close(root)


def _refuse_lent_name() -> None:
    """Let nobody sign with a name that `sudo` lent: the file would count as that user's.  Raises: LentRights."""
    from reporting_governance.commands._lent_rights import refuse_lent_rights

    refuse_lent_rights("a file in the inbox of another user's state")


def _write(folder: int, name: str, document: Mapping[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o644, dir_fd=folder)
    with open(fd, "w", encoding="utf-8") as file:
        os.fchmod(fd, 0o644)  # the state's owner must read it, and is another user, whatever the umask
        json.dump(document, file)
        file.flush()
        os.fsync(fd)
