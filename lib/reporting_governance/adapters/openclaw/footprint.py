"""Whether anything that decides about plugins was touched since the last look: a few `stat`, and nothing is parsed.

What was looked at is kept beside our journal.  It is a cache and may be deleted at any time; the next tick looks anew.
What no `stat` shows, as an install that only OpenClaw's database knows of, is seen when an hour has gone by.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reporting_governance import __version__
from reporting_governance.file_modes import create

FILE: Final = "plugins-seen.json"
LOOK_AGAIN_SECONDS: Final = 3600
_LONGEST: Final = 4_194_304
_READER: Final = f"{__version__}.1"  #: the last number rises whenever what is kept is understood in another way
#: Variables that decide where OpenClaw looks, and one that decides which program is found.
_DECIDING: Final = (
    "HOME", "PATH", "OPENCLAW_HOME", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_WORKSPACE_DIR",
    "OPENCLAW_PROFILE", "OPENCLAW_DISABLE_BUNDLED_PLUGINS",
)  # fmt: skip


def surroundings(environment: Mapping[str, str], parameters: Mapping[str, Any]) -> str:
    """Return a digest of what decides where is looked, beside the files."""
    from hashlib import sha256

    told = [environment.get(name) for name in _DECIDING]
    return sha256(json.dumps([told, parameters], sort_keys=True).encode()).hexdigest()


def marks_of(paths: Iterable[str]) -> dict[str, list[int] | None]:
    """Return what tells one state of each path from the next; None for what is not there."""
    return {path: _mark_of(path) for path in paths}


def is_untouched(entry: Mapping[str, Any] | None, around: str, mark: str | None, now: int) -> bool:
    """Tell whether a look would see what the last one saw.

    Args:
        entry: what is kept of the last look; None: nothing.
        around: see `surroundings`.
        mark: the version of the record of it, as the journal has it; None: there is none.
        now: seconds since 1970.
    """
    try:
        if entry is None or entry["around"] != around or entry["mark"] != mark:
            return False
        if not 0 <= now - entry["looked_at"] < LOOK_AGAIN_SECONDS:
            return False
        return all(_mark_of(path) == known for path, known in entry["paths"].items())
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def load(state: str) -> dict[str, Any]:
    """Return what is kept of the last looks, by installation; nothing when it cannot be read."""
    path = os.path.join(state, FILE)
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            content = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    seen = content.get("seen") if isinstance(content, dict) and content.get("version") == _READER else None
    return seen if isinstance(seen, dict) else {}


def keep(state: str, seen: Mapping[str, Any]) -> None:
    """Write down what was looked at.  Best effort: without it the next tick looks anew."""
    path = os.path.join(state, FILE)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(create(temporary, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w", encoding="ascii") as file:
            json.dump({"version": _READER, "seen": seen}, file)
        os.replace(temporary, path)
    except OSError:
        return


def _mark_of(path: str) -> list[int] | None:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return [facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]
