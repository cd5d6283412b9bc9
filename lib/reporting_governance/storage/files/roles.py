"""Reading `roles.yaml` of a state folder: only when nobody but its owner and root can have had a hand in it.

Whoever calls us may name the folder, so the way to it may lead only over links and through folders of the owner and
root, in which nobody else may put anything in another's place: else it could lead to another state when the roles are
looked up than when the state is written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from reporting_governance.contracts.roles_file import FILE_NAME, MAX_BYTES
from reporting_governance.core.role_gates import FileFacts, why_not_counted

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITABLE_BY_OTHERS = 0o022
_MOST_LINKS = 40  #: as the kernel's own limit


class RolesText(NamedTuple):
    """What lies there."""

    path: str
    data: bytes | None  #: None: there is no file, or it does not count
    fault: str | None = None  #: why it does not count
    is_closed: bool = False  #: this process may not read it, which says nothing about the file


def roles_path(root: str) -> str:
    """Return where the roles file of a state lies."""
    return f"{root}/{FILE_NAME}"


def read_roles(root: str, *, state_owner: int) -> RolesText:
    """Return the bytes of a state's roles file, or why they are not read; nothing that is wrong with it raises."""
    path = roles_path(root)
    try:
        fd = os.open(path, _FLAGS)
    except FileNotFoundError:
        return RolesText(path, None)
    except PermissionError:
        return RolesText(path, None, "it cannot be read", is_closed=True)
    except OSError as error:
        is_link = os.path.islink(path)
        return RolesText(path, None, "it is a link" if is_link else f"it cannot be opened: {error.strerror}")
    try:
        fault = why_not_counted(_facts(os.fstat(fd), root), state_owner=state_owner)
        fault = fault or _way_fault(root, state_owner)
        data = None if fault else _read(fd)
    except OSError as error:
        return RolesText(path, None, f"it cannot be read: {error.strerror}")
    finally:
        os.close(fd)
    return RolesText(path, data, fault)


def glance(root: str, *, state_owner: int) -> str | None:
    """Return why a roles file does not count as far as one look at its name shows it, None when nothing is wrong."""
    try:
        found = os.lstat(roles_path(root))
    except OSError:
        return None
    if stat.S_ISLNK(found.st_mode):
        return "it is a link"
    return why_not_counted(_facts(found, root), state_owner=state_owner)


def _facts(found: os.stat_result, root: str) -> FileFacts:
    return FileFacts(
        is_regular=stat.S_ISREG(found.st_mode),
        uid=found.st_uid,
        mode=stat.S_IMODE(found.st_mode),
        links=found.st_nlink,
        size=found.st_size,
        folder_mode=stat.S_IMODE(os.stat(root).st_mode),
    )


def _way_fault(root: str, state_owner: int) -> str | None:
    for place, found in _on_the_way(root):
        is_link = stat.S_ISLNK(found.st_mode)
        if found.st_uid not in (state_owner, 0):
            kind = "over {}, a link" if is_link else "through {}, a folder"
            return f"the way to it leads {kind.format(place)} of uid {found.st_uid}"
        if not is_link and found.st_mode & _WRITABLE_BY_OTHERS and not found.st_mode & stat.S_ISVTX:
            mode = stat.S_IMODE(found.st_mode)
            return f"others may put another folder in the place of one in {place} (mode {mode:04o})"
    return None


def _on_the_way(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every folder and symbolic link that an absolute path leads over.  Raises OSError."""
    left = [each for each in path.split("/") if each][::-1]
    here, links = "", 0
    while left:
        name = left.pop()
        if name == ".":
            continue
        if name == "..":
            here = here.rpartition("/")[0]
            continue
        found = os.lstat(f"{here}/{name}")
        yield f"{here}/{name}", found
        if not stat.S_ISLNK(found.st_mode):
            here = f"{here}/{name}"
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(0, "too many links")
        target = os.readlink(f"{here}/{name}")
        if target.startswith("/"):
            here = ""
        left += [each for each in target.split("/") if each][::-1]


def _read(fd: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= MAX_BYTES and (part := os.read(fd, MAX_BYTES + 1 - size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
