"""Reading what a stranger may have put there: no link is followed, no pipe is opened, nothing is read without end."""

from __future__ import annotations

import os
import stat
from enum import StrEnum


class Unread(StrEnum):
    """Why a file was not read."""

    MISSING = "missing"
    UNSAFE = "unsafe"  #: a link, a second name, no plain file, too large, or not ours to read


def read_inside(root: str, relative: str, *, max_bytes: int, single_name: bool) -> bytes | Unread:
    """Return what a plain file holds.

    Args:
        root: real path of the folder that nothing may lead out of.
        relative: names below it, with slashes between.
        max_bytes: a longer file counts as unsafe.
        single_name: whether a file with a second (hard) name counts as unsafe.
    """
    folder = -1
    *folders, name = relative.split("/")
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for each in folders:
            if not stat.S_ISDIR(os.stat(each, dir_fd=folder, follow_symlinks=False).st_mode):
                return Unread.UNSAFE
            inner = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        before = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not _is_welcome(before, max_bytes, single_name):
            return Unread.UNSAFE
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        with open(os.open(name, flags, dir_fd=folder), "rb", buffering=0) as file:
            now = os.fstat(file.fileno())
            if not _is_welcome(now, max_bytes, single_name) or not os.path.samestat(before, now):
                return Unread.UNSAFE
            return _read(file.fileno(), max_bytes)
    except (FileNotFoundError, NotADirectoryError):
        return Unread.MISSING
    except OSError:
        return Unread.UNSAFE
    finally:
        if folder >= 0:
            os.close(folder)


def is_plain_inside(root: str, path: str, *, single_name: bool) -> bool:
    """Tell whether a path leads to a plain file inside `root` without any link on its way."""
    if not is_inside(root, path):
        return False
    where = root
    try:
        for part in os.path.relpath(path, root).split(os.sep):
            where = os.path.join(where, part)
            facts = os.lstat(where)
            if stat.S_ISLNK(facts.st_mode):
                return False
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and not (single_name and facts.st_nlink > 1)


def is_inside(root: str, path: str) -> bool:
    """Tell whether a path is `root` or below it, by its text alone."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def real_path(path: str) -> str | None:
    """Return a path without links; None when it leads nowhere."""
    try:
        return os.path.realpath(path, strict=True)
    except (OSError, ValueError):
        return None


def facts_of(path: str) -> os.stat_result | None:
    """Return what the file system says of what a path leads to; None when it leads nowhere."""
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def exists(path: str) -> bool:
    """Tell whether a path leads to something that can be looked at."""
    return facts_of(path) is not None


def _is_welcome(facts: os.stat_result, max_bytes: int, single_name: bool) -> bool:
    return stat.S_ISREG(facts.st_mode) and facts.st_size <= max_bytes and not (single_name and facts.st_nlink > 1)


def _read(descriptor: int, max_bytes: int) -> bytes | Unread:
    chunks, size = [], 0
    while chunk := os.read(descriptor, 65_536):
        size += len(chunk)
        if size > max_bytes:
            return Unread.UNSAFE
        chunks.append(chunk)
    return b"".join(chunks)
