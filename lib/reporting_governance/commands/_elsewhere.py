"""What verbs that record something do in a state folder of another user: they drop a file into its inbox.

Only the owner of a state writes it.  Who wrote the file is its owner, so the next run of the state's owner knows.
"""

import json
import os
import secrets
from collections.abc import Mapping
from typing import Any

from reporting_governance.errors import StorageError


def belongs_to_another(state: str) -> bool:
    """Tell whether a state folder is there and belongs to another user; root counts as another user too."""
    try:
        return os.stat(state).st_uid != os.geteuid()
    except FileNotFoundError:
        return False


def hand_in(state: str, document: Mapping[str, Any]) -> str:
    """Drop a document into the inbox whole, and return its file name.

    The inbox is opened once, as a folder of the state's owner and no link: somebody else's link there could lead
    what a more powerful user writes to any place.  Raises StorageError.
    """
    place = os.path.join(state, "inbox")
    stem = secrets.token_hex(12)
    name, unfinished = f"{stem}.json", f"{stem}.tmp"
    try:
        folder = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(folder).st_uid != os.stat(state).st_uid:
                raise StorageError(path=place, reason="belongs to somebody else than the state folder")
            _write(folder, unfinished, document)
            os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise StorageError(path=os.path.join(place, name), reason=fault.strerror or str(fault)) from None
    return name


def _write(folder: int, name: str, document: Mapping[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o644, dir_fd=folder)
    with open(fd, "w", encoding="utf-8") as file:
        os.fchmod(fd, 0o644)  # the state's owner must read it, and is another user, whatever the umask
        json.dump(document, file)
        file.flush()
        os.fsync(fd)
