"""Putting a new configuration in the place of an old one: whoever is killed meanwhile, one of the two is there whole.

The new text is written beside the old one, with its mode, owner and access list, and takes its name only while the old
one is still, byte for byte, what the new one was made from.  OpenClaw is kept out by its own lock for that moment.  An
editor knows no lock: what it writes between the last look and the renaming, some millionths of a second, is lost.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Final

from reporting_governance.adapters.openclaw.config import CONFIG_BYTES
from reporting_governance.adapters.openclaw.config_locks import Folder, names, ours, theirs
from reporting_governance.adapters.openclaw.interface import ConfigInDoubt, ConfigNotChanged, KeepsChanging
from reporting_governance.contracts.frozen import frozen

BACKUPS: Final = 5
_MODE: Final = 0o600
_ATTEMPTS: Final = 5
_WAIT_SECONDS: Final = 300.0  #: for others of ours, who may be waiting for OpenClaw's own program
_THEIR_SECONDS: Final = 30.0  #: OpenClaw holds its lock while it writes
_ACCESS: Final = ("system.posix_acl_access", "user.")  #: attributes that go with the file

#: The file's bytes, None when there is none -> what is to be there.
Make = Callable[[bytes | None], bytes | None]


@frozen(kw_only=True)
class Replaced:
    """What became of a file."""

    before: bytes | None
    after: bytes | None
    backup: str | None  #: path of the old one; None when nothing was written, or there was none


@frozen
class _Seen:
    """The file as it was read."""

    data: bytes
    facts: os.stat_result
    access: Mapping[str, bytes]  #: attributes that go with it


def replace(
    path: str, make: Make, *, wait_seconds: float = _WAIT_SECONDS, their_seconds: float = _THEIR_SECONDS
) -> Replaced:
    """Put what `make` makes of a file in its place; when that is what is there already, nothing is written.

    Args:
        path: absolute; its folder has to be there.
        make: called anew when another writer was quicker.
        wait_seconds: for the lock of ours.
        their_seconds: for OpenClaw's.

    Raises: ConfigNotChanged; ConfigInDoubt; Busy, also when others keep changing it; what `make` raises.
    """
    folder_path, name = os.path.split(path)
    with _told(path):
        descriptor = os.open(folder_path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    folder = Folder(descriptor, folder_path)
    try:
        with _told(path), ours(folder, name, wait_seconds=wait_seconds):
            try:
                return _replaced(folder, name, path, make, their_seconds)
            finally:
                with suppress(OSError):
                    _sweep(folder, name)
    finally:
        os.close(descriptor)


def _replaced(folder: Folder, name: str, path: str, make: Make, their_seconds: float) -> Replaced:
    for _ in range(_ATTEMPTS):
        _sweep(folder, name)
        seen = _seen(folder, name, path)
        before = None if seen is None else seen.data
        after = make(before)
        if after == before or after is None:
            return Replaced(before=before, after=before, backup=None)
        new, old = _prepared(folder, name, seen, after)
        with theirs(folder, name, wait_seconds=their_seconds):
            if not _is_still(folder, name, path, seen):
                continue
            backup = _kept(folder, name, old)
            if not _is_still(folder, name, path, seen):
                continue
            where = None if backup is None else os.path.join(os.path.dirname(path), backup)
            _put(folder, name, new, path, seen, after, where)
            return Replaced(before=before, after=after, backup=where)
    raise KeepsChanging(path=path, times=_ATTEMPTS)


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise ConfigNotChanged(path=path, reason=fault.strerror or str(fault)) from fault


def _seen(folder: Folder, name: str, path: str) -> _Seen | None:
    try:
        facts = os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(facts.st_mode):
        target = os.readlink(name, dir_fd=folder.descriptor)
        raise ConfigNotChanged(
            path=path,
            reason=f"it is a link to {target}, and a link is not written through",
            advice="Name the file itself by OPENCLAW_CONFIG_PATH, for OpenClaw too: it would put a plain file here.",
        )
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigNotChanged(path=path, reason="it is no plain file")
    if facts.st_uid != os.geteuid() and os.geteuid() != 0:
        raise ConfigNotChanged(
            path=path,
            reason=f"it belongs to user {facts.st_uid}, and only that user or root can put another in its place",
        )
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with open(os.open(name, flags, dir_fd=folder.descriptor), "rb") as file:
        facts = os.fstat(file.fileno())
        data = file.read(CONFIG_BYTES + 1)
        access = _access(file.fileno())
    if not stat.S_ISREG(facts.st_mode) or len(data) > CONFIG_BYTES:
        raise ConfigNotChanged(path=path, reason=f"it is no plain file of at most {CONFIG_BYTES} bytes")
    return _Seen(data, facts, access)


def _is_still(folder: Folder, name: str, path: str, seen: _Seen | None) -> bool:
    now = _seen(folder, name, path)
    if now is None or seen is None:
        return now is seen
    same = ("st_mode", "st_uid", "st_gid")
    return now.data == seen.data and all(getattr(now.facts, each) == getattr(seen.facts, each) for each in same)


def _prepared(folder: Folder, name: str, seen: _Seen | None, after: bytes) -> tuple[str, str | None]:
    """Write the new file, and a copy of the old one, under names of ours."""
    new, old = f"{names(name)}new", f"{names(name)}old"
    _write(folder, new, after, seen, seen.access if seen else {}, stat.S_IMODE(seen.facts.st_mode) if seen else _MODE)
    if seen is None:
        return new, None
    _write(folder, old, seen.data, seen, {}, _MODE)
    return new, old


def _write(folder: Folder, name: str, data: bytes, seen: _Seen | None, access: Mapping[str, bytes], mode: int) -> None:
    folder.step("create", name)
    descriptor = folder.make(name)
    try:
        view = memoryview(data)
        while view:
            folder.step("write", name)
            view = view[os.write(descriptor, view) :]
        if seen is not None:
            own = os.fstat(descriptor)
            if (own.st_uid, own.st_gid) != (seen.facts.st_uid, seen.facts.st_gid):
                os.fchown(descriptor, seen.facts.st_uid, seen.facts.st_gid)
        os.fchmod(descriptor, mode)
        for attribute, value in access.items():
            os.setxattr(descriptor, attribute, value)
        folder.step("fsync", name)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _access(descriptor: int) -> dict[str, bytes]:
    if not hasattr(os, "listxattr"):
        return {}
    try:
        listed = os.listxattr(descriptor)
    except OSError:
        return {}  # a file system without attributes
    return {each: os.getxattr(descriptor, each) for each in listed if each.startswith(_ACCESS)}


def _kept(folder: Folder, name: str, old: str | None) -> str | None:
    """Give the copy of the old file its name; of the older ones the oldest goes."""
    if old is None:
        return None
    kept = [f"{name}.reportgov.bak", *(f"{name}.reportgov.bak.{number}" for number in range(1, BACKUPS))]
    for newer, older in reversed(list(pairwise(kept))):
        with suppress(FileNotFoundError):
            folder.step("rename", newer)
            os.rename(newer, older, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    folder.step("rename", old)
    os.rename(old, kept[0], src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    return kept[0]


def _put(folder: Folder, name: str, new: str, path: str, seen: _Seen | None, after: bytes, backup: str | None) -> None:
    folder.step("put", name)
    if seen is None:
        try:
            os.link(new, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        except FileExistsError:
            raise ConfigNotChanged(path=path, reason="another writer has just made it") from None
    else:
        os.rename(new, name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
    try:
        folder.step("fsync", "")
        os.fsync(folder.descriptor)
        now = _seen(folder, name, path)
        reason = "" if now is not None and now.data == after else "another writer has changed it since"
        if seen is None:
            folder.step("remove", new)
            os.unlink(new, dir_fd=folder.descriptor)
    except (OSError, ConfigNotChanged) as fault:
        reason = str(fault)
    if reason:
        raise ConfigInDoubt(path=path, reason=reason, backup=backup or "nothing: there was no file")


def _sweep(folder: Folder, name: str) -> None:
    """Remove what a killed process of ours left; under our lock nobody else's is there."""
    prefix = names(name)
    for each in os.listdir(folder.descriptor):
        if not each.startswith(prefix) or each == f"{prefix}lock":
            continue
        folder.step("sweep", each)
        if stat.S_ISDIR(os.stat(each, dir_fd=folder.descriptor, follow_symlinks=False).st_mode):
            shutil.rmtree(each, dir_fd=folder.descriptor)
        else:
            os.unlink(each, dir_fd=folder.descriptor)
