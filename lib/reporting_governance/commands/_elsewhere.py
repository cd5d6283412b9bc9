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
    """Drop a document into the inbox whole, and return its file name.  Raises StorageError."""
    name = f"{secrets.token_hex(12)}.json"
    path = os.path.join(state, "inbox", name)
    temporary = path.removesuffix(".json") + ".tmp"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        # Readable by others: the state's owner must read it, and is another user.
        with open(os.open(temporary, flags, 0o644), "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError as fault:
        raise StorageError(path=path, reason=fault.strerror or str(fault)) from None
    return name
