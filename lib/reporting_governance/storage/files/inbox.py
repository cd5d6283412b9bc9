"""The drop box: reading what other users have put into `inbox/`, without trusting any of it.

Anybody may write there, so every name, type, size and owner is hostile.  Who wrote a file is the owner of the opened
file, never a field inside it.  A second hard link is refused: with it anybody could hand in another's file as theirs.
A sender writes `x.tmp` and renames it to `x.json`, or to `x.eml` when it is a mail; other names are not looked at.
"""

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.file_modes import create

MAX_BYTES = 1024 * 1024
MOST_OF_ONE_USER = 1_000  #: files of one user in one run
MOST_BYTES_OF_ONE_USER = 16 * 1024 * 1024  #: and their size together
_ENDINGS = (".json", ".eml")
_DONE = ".done-"  #: what was recorded and is on its way out; read again after a crash, and then known already
_DIGITS = 32  #: of an identity; 128 bits
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@frozen(kw_only=True)
class Dropped:
    """One thing in the inbox: its bytes, or why it is not read."""

    name: str
    uid: int  #: the owner of the opened file; of what cannot be opened, that of its name
    identity: str  #: digest of name, time and bytes
    data: bytes = b""
    problem: str = ""
    inode: tuple[int, int] = (0, 0)


@frozen
class Flood:
    """A user who has put in more than one run takes."""

    uid: int
    left: int  #: files that wait for the next run


@frozen
class Taken:
    """What one run takes in, oldest first, and who has to wait."""

    dropped: Sequence[Dropped]
    floods: Sequence[Flood]


class FilesInbox:
    """The inbox of one state."""

    def __init__(self, root: str, *, most_of_one_user: int = MOST_OF_ONE_USER) -> None:
        self._folder = f"{root}/inbox"
        self._corrupt = f"{root}/corrupt"
        self._most = most_of_one_user

    def is_empty(self) -> bool:
        """Tell whether there is nothing to take in; costs one listing."""
        try:
            with os.scandir(self._folder) as entries:
                return not any(_is_handed_in(entry.name) for entry in entries)
        except FileNotFoundError:
            return True

    def take(self) -> Taken:
        """Return what lies in the inbox, at most so many files of each user; nothing is removed."""
        by_user: dict[int, list[tuple[int, str, int]]] = {}
        for uid, mtime, name, size in self._listed():
            by_user.setdefault(uid, []).append((mtime, name, size))
        chosen: list[tuple[int, str]] = []
        floods = []
        for uid, mine in by_user.items():
            mine.sort()
            taken = _first_within(mine, most=self._most, most_bytes=MOST_BYTES_OF_ONE_USER)
            chosen.extend((mtime, name) for mtime, name, _ in taken)
            if len(taken) < len(mine):
                floods.append(Flood(uid, len(mine) - len(taken)))
        opened = [self._open(name) for _, name in sorted(chosen)]
        return Taken([each for each in opened if each is not None], floods)

    def done(self, dropped: Dropped) -> None:
        """Remove a file that was recorded.

        It is renamed first and removed only when it is still the one that was read: a sender that uses a name again
        at that moment loses nothing.
        """
        ending = _ending(dropped.name)
        aside = f"{self._folder}/{_DONE}{dropped.identity}{ending}"
        with suppress(FileNotFoundError):
            os.rename(f"{self._folder}/{dropped.name}", aside)
            found = os.lstat(aside)
            if (found.st_dev, found.st_ino) == dropped.inode:
                os.unlink(aside)
            else:
                os.rename(aside, f"{self._folder}/{dropped.identity}-again{ending}")

    def refuse(self, dropped: Dropped, findings: Sequence[Mapping[str, Any]]) -> str:
        """Move a file to `corrupt/`, with its findings beside it; return its new name.

        What cannot be moved (another user's folder) stays; its finding says so in every run.
        """
        name = f"{dropped.identity[:16]}-{_harmless(dropped.name)}"
        document = {"file": dropped.name, "uid": dropped.uid, "findings": list(findings)}
        path = f"{self._corrupt}/{name}.finding.json"
        # Before the file: after a crash in between it is read again, and no file is ever there without its finding.
        with open(create(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
        try:
            os.rename(f"{self._folder}/{dropped.name}", f"{self._corrupt}/{name}")
        except FileNotFoundError:
            return name
        except OSError:
            with suppress(OSError):
                os.rmdir(f"{self._folder}/{dropped.name}")
            return dropped.name
        return name

    def _listed(self) -> Iterator[tuple[int, int, str, int]]:
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if not _is_handed_in(entry.name):
                        continue
                    with suppress(FileNotFoundError):
                        found = entry.stat(follow_symlinks=False)
                        yield found.st_uid, found.st_mtime_ns, entry.name, min(found.st_size, MAX_BYTES)
        except FileNotFoundError:
            return

    def _open(self, name: str) -> Dropped | None:
        path = f"{self._folder}/{name}"
        try:
            fd = os.open(path, _FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._unopened(path, name, error)
        try:
            found = os.fstat(fd)
            problem = _unsafe(found)
            data = b"" if problem else _read(fd, MAX_BYTES + 1)
        finally:
            os.close(fd)
        if len(data) > MAX_BYTES:
            problem, data = f"it is larger than {MAX_BYTES} bytes", b""
        return Dropped(
            name=name,
            uid=found.st_uid,
            identity=_identity(name, found, data),
            data=data,
            problem=problem,
            inode=(found.st_dev, found.st_ino),
        )

    def _unopened(self, path: str, name: str, error: OSError) -> Dropped | None:
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return None
        is_link = error.errno in (errno.ELOOP, errno.EMLINK)
        return Dropped(
            name=name,
            uid=found.st_uid,
            identity=_identity(name, found, b""),
            problem="it is a link" if is_link else f"it cannot be opened: {error.strerror}",
            inode=(found.st_dev, found.st_ino),
        )


def _first_within(
    files: Sequence[tuple[int, str, int]], *, most: int, most_bytes: int
) -> Sequence[tuple[int, str, int]]:
    """Return the first files that together are within the limits, at least one."""
    size = 0
    for place, (_, _, each) in enumerate(files[:most]):
        size += each
        if place and size > most_bytes:
            return files[:place]
    return files[:most]


def _is_handed_in(name: str) -> bool:
    return name.endswith(_ENDINGS) and (not name.startswith(".") or name.startswith(_DONE))


def _ending(name: str) -> str:
    return next(each for each in _ENDINGS if name.endswith(each))


def _identity(name: str, found: os.stat_result, data: bytes) -> str:
    """Return what tells this file from others.  One that is on its way out keeps what it had under its old name."""
    if name.startswith(_DONE):
        return name.removeprefix(_DONE).removesuffix(_ending(name))[:_DIGITS]
    return sha256(f"{name}\0{found.st_mtime_ns}\0".encode("utf-8", "surrogateescape") + data).hexdigest()[:_DIGITS]


def _unsafe(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_nlink != 1:
        return "it has more than one name"
    if found.st_size > MAX_BYTES:
        return f"it is larger than {MAX_BYTES} bytes"
    return ""


def _read(fd: int, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < limit:
        part = os.read(fd, min(65536, limit - size))
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _harmless(name: str) -> str:
    """Return a name that is safe to print and to keep: a foreign name never becomes a path."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in name[:40])
    ending = _ending(name)
    return kept.removesuffix(ending.replace(".", "_")) + ending
