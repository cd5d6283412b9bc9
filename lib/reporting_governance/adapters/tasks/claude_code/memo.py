"""What was seen of each transcript, kept beside our journal so that only what has changed is opened again.

It is a cache and may be deleted at any time; what in it does not fit is not believed.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from reporting_governance import __version__
from reporting_governance.adapters.tasks.claude_code.places import Found
from reporting_governance.adapters.tasks.claude_code.seen import Seen
from reporting_governance.errors import ContractError
from reporting_governance.file_modes import create

_LONGEST: Final = 64 * 1024 * 1024
_READER: Final = f"{__version__}.1"  #: the last number rises whenever lines are understood in another way


class Memo:
    """What was seen, by path.  What nobody asks for is not kept on."""

    def __init__(self, path: str | None) -> None:
        """Load what is kept in a file; None: there is none, and none is to be made."""
        self._path = path
        self._old: dict[str, Any] = {} if path is None else _load(path)
        self._new: dict[str, Any] = {}
        self._changed = False

    def get(self, found: Found) -> Seen | None:
        """Return what was seen of a transcript that is still as it was then."""
        entry = self._new.get(found.path) or self._old.get(found.path)
        if not isinstance(entry, list) or len(entry) != 2 or entry[0] != list(found.mark):
            return None
        try:
            seen = Seen.parse(entry[1])
        except ContractError:
            return None
        self._new[found.path] = entry
        return seen

    def earlier(self, found: Found) -> tuple[Seen, int] | None:
        """Return what was seen of a transcript before it grew, and its size then."""
        entry: Any = self._old.get(found.path)
        try:
            (device, inode, size, _), document = entry
            if (device, inode) != (found.device, found.inode) or not size <= found.size:
                return None
            return Seen.parse(document), size
        except (ContractError, TypeError, ValueError):
            return None

    def put(self, found: Found, seen: Seen) -> None:
        """Note what was seen of a transcript."""
        self._new[found.path] = [list(found.mark), seen.dump()]
        self._changed = True

    def keep(self) -> None:
        """Write down what was seen, when it is not what is kept.  Best effort: a folder that is not there stays so."""
        path = self._path
        if path is None or not (self._changed or self._new.keys() != self._old.keys()):
            return
        try:
            if os.stat(os.path.dirname(path)).st_uid != os.geteuid():
                return
            temporary = f"{path}.{os.getpid()}.tmp"
            with open(create(temporary, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w", encoding="ascii") as file:
                json.dump({"version": _READER, "seen": self._new}, file)
            os.replace(temporary, path)
        except OSError:
            return


def _load(path: str) -> dict[str, Any]:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            content = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    seen = content.get("seen") if isinstance(content, dict) and content.get("version") == _READER else None
    return seen if isinstance(seen, dict) else {}
