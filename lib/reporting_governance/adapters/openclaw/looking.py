"""Looking at what may be a plugin without loading it: where a path leads, whether owner and mode let it in."""

from __future__ import annotations

import os
import stat
from typing import Final, NamedTuple

from reporting_governance.adapters.openclaw.files import facts_of, is_inside, real_path
from reporting_governance.adapters.openclaw.objects import object_in
from reporting_governance.adapters.openclaw.texts import trimmed
from reporting_governance.contracts.plugin import Origin, RefusalReason

MOST_NAMES: Final = 10_000  #: in one folder of plugins; a folder with more is none
_LEGACY: Final = "openclaw.extension.json"
_LEGACY_BYTES: Final = 65_536


class Hindrance(NamedTuple):
    """Why something is not taken."""

    reason: RefusalReason
    path: str
    detail: str
    plugin_id: str = ""


def names_in(folder: str) -> list[str]:
    """Return the names in a folder in the order of JavaScript, which compares halves of characters.

    Raises: OSError, also for a folder with more names than `MOST_NAMES`.
    """
    with os.scandir(folder) as entries:
        names = [each.name for each, _ in zip(entries, range(MOST_NAMES + 1), strict=False)]
    if len(names) > MOST_NAMES:
        raise OSError(0, f"it holds more than {MOST_NAMES} names")
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def facts_of_named(path: str) -> os.stat_result | Hindrance:
    """Return what the file system says of a path that somebody named: a folder that can be listed, or a plain file."""
    try:
        facts = os.stat(path)
        if stat.S_ISDIR(facts.st_mode):
            with os.scandir(path):
                return facts
        if stat.S_ISREG(facts.st_mode):
            return facts
        return Hindrance(RefusalReason.PATH_UNREADABLE, path, "it is neither a file nor a folder")
    except (FileNotFoundError, NotADirectoryError):
        return Hindrance(RefusalReason.PATH_MISSING, path, "there is nothing")
    except (OSError, ValueError) as fault:
        return Hindrance(RefusalReason.PATH_UNREADABLE, path, str(fault))


def hindrance_of(source: str, root: str, origin: Origin, uid: int) -> Hindrance | None:
    """Return why owner, mode or place keep a plugin out, None when they let it in.

    Args:
        source: what would be loaded.
        root: real path of its folder.
        uid: the user whose plugins are taken beside root's; of OpenClaw's own neither owner nor mode is asked.
    """
    real = real_path(source)
    if real is not None and not is_inside(root, real):
        return Hindrance(RefusalReason.SOURCE_ESCAPES, source, "it leads out of the plugin's folder")
    for path in dict.fromkeys((root, source)):
        facts = facts_of(path)
        if facts is None:
            return Hindrance(RefusalReason.UNREADABLE_ENTRY, path, "it cannot be looked at")
        if origin is Origin.BUNDLED:
            continue
        if facts.st_mode & stat.S_IWOTH:
            mode = f"everybody may write it (mode {facts.st_mode & 0o777:o})"
            return Hindrance(RefusalReason.WRITABLE_BY_ALL, path, mode)
        if facts.st_uid not in (uid, 0):
            owner = f"it belongs to user {facts.st_uid}, neither to {uid} nor to root"
            return Hindrance(RefusalReason.STRANGE_OWNER, path, owner)
    return None


def legacy_declaration(folder: str, root: str) -> Hindrance | None:
    """Return what is told of a folder in which early versions wrote down a package of npm, None for any other."""
    document = object_in(root, _LEGACY, max_bytes=_LEGACY_BYTES)
    if document.get("type") != "npm" or trimmed(document.get("npmSpec")) is None:
        return None
    name = trimmed(document.get("name"))
    path = os.path.join(folder, _LEGACY)
    if name is None:
        return None
    return Hindrance(RefusalReason.LEGACY_DECLARATION, path, "it only names a package of npm", name)
