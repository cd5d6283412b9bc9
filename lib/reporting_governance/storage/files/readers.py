"""A group that may read a state: what that means for each of its folders and files.

Keys are for nobody, the inbox is for everybody to put something in, and what another user put into it, and was
moved to `corrupt/`, stays theirs.  Links are let alone: they are none of ours and may lead anywhere.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress

from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import NotOurState
from reporting_governance.file_modes import (
    OWNER_ONLY_FILE,
    OWNER_ONLY_FOLDER,
    READERS_FILE,
    READERS_FOLDER,
    READERS_ROOT,
    for_readers,
)
from reporting_governance.storage.files.layout import OPEN_TO_PASS, name_of_uid, owner

_NEVER = ("keys", "inbox")  #: top folders that no group is let into
_KEYS = "keys"


class NotAReader(NotOurState):
    """The state folder belongs to another user, who has not let this one read it."""

    message = "{path} belongs to {owner}; {actor} may not read it"
    hint = (
        "{owner} lets a group read it with `reportgov init --readers GROUP`; the processes of its members may then. "
        "Or run the command as {owner}."
    )


@frozen
class Amiss:
    """A folder or file whose mode or group is not what `init --readers` gave."""

    path: str
    mode: int
    gid: int
    is_key: bool = False


def readers(root: str) -> int | None:
    """Return the gid of the group that a state is open to, None when it is open to none."""
    journal = f"{root}/journal"
    try:
        return os.stat(journal).st_gid if for_readers(journal) else None
    except OSError:  # of what others may not even look at nothing is known
        return None


def require_reader(root: str) -> None:
    """Let the owner and readers pass; that a process is one of these the kernel says.

    Root is let in where readers are: it passes every check of the kernel, which says nothing.
    Raises: NotAReader.
    """
    uid = owner(root)
    if uid is None or uid == os.geteuid():
        return
    may = os.access(f"{root}/journal", os.R_OK | os.X_OK, effective_ids=True) and readers(root) is not None
    if not may:
        raise NotAReader(path=root, owner=name_of_uid(uid), actor=name_of_uid(os.geteuid()))


def open_to(root: str, gid: int) -> None:
    """Let a group read all that is there and all that will be made.  Raises: OSError."""

    def folder(path: str, fd: int) -> None:
        os.fchown(fd, -1, gid)
        os.fchmod(fd, READERS_ROOT if path == root else READERS_FOLDER)

    def file(fd: int) -> None:
        os.fchown(fd, -1, gid)
        os.fchmod(fd, READERS_FILE)

    _change(root, folder, file)


def close(root: str) -> None:
    """Let nobody but the owner read again.  Raises: OSError."""

    def folder(path: str, fd: int) -> None:
        os.fchmod(fd, OPEN_TO_PASS if path == root else OWNER_ONLY_FOLDER)

    _change(root, folder, lambda fd: os.fchmod(fd, OWNER_ONLY_FILE))


def amiss(root: str, gid: int) -> Iterator[Amiss]:
    """Yield what a group that may read a state cannot, what it may change, and keys that it might."""
    yield from _open_keys(root)
    for path, found in _found(root):
        wanted = READERS_FILE if stat.S_ISREG(found.st_mode) else READERS_ROOT if path == root else READERS_FOLDER
        mode = stat.S_IMODE(found.st_mode)
        if mode != wanted or found.st_gid != gid:
            yield Amiss(path, mode, found.st_gid)


def _open_keys(root: str) -> Iterator[Amiss]:
    for folder, _, names in os.walk(f"{root}/{_KEYS}"):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            with suppress(FileNotFoundError):
                found = os.lstat(path)
                if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    yield Amiss(path, stat.S_IMODE(found.st_mode), found.st_gid, is_key=True)


def _change(root: str, folder: Callable[[str, int], None], file: Callable[[int], None]) -> None:
    """Change folders before what lies in them: a file that is made meanwhile gets its mode from its folder."""
    for path, found in _found(root):
        with suppress(FileNotFoundError):  # a view that was closed meanwhile
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if os.fstat(fd).st_ino != found.st_ino:
                    continue
                if stat.S_ISDIR(found.st_mode):
                    folder(path, fd)
                else:
                    file(fd)
            finally:
                os.close(fd)


def _found(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the owner's folders and files, each folder before what lies in it."""
    top = os.stat(root)
    yield root, top
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if folder == root and entry.name in _NEVER:
                    continue
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if found.st_uid != top.st_uid:
                        continue
                    if stat.S_ISDIR(found.st_mode):
                        yield entry.path, found
                        waiting.append(entry.path)
                    elif stat.S_ISREG(found.st_mode):
                        yield entry.path, found
