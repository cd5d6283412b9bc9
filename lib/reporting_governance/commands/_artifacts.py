"""Opens files that are named as evidence, inside the profile's artifact roots only, and never through a link.

Roots lie below the deployment's folder: the one that holds the state folder.  It is the same whoever asks and from
wherever, so no agent chooses by its current folder what may be opened.
"""

import errno
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from reporting_governance.core.evidence_builder import Opened

_MAX_BYTES = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
_OUTSIDE = "outside the folders in which evidence may lie"
_LINKED = "a part of its path is a link, or no folder"
#: a folder one may pass through without being able to list it is enough; only Linux can open it so
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Parts = tuple[str, ...]


class _Refused(Exception):
    """Why a file may not be opened."""


def deployment_folder(state: str) -> str:
    """Return the folder that artifact roots and the relative paths of evidence are relative to."""
    return os.path.dirname(os.path.abspath(state))


class AllowedRoots:
    """The folders below which evidence may lie.

    Args:
        roots: paths by name, relative to `folder` (`ProfileSpec.artifact_roots`).
        folder: the deployment's folder; links on the way to it are the operator's own and are followed once, here.

    Every file is reached step by step from the top of the file system, each step without following a link, so what
    was a folder when the profile was checked and is a link now is refused.  The deployment's folder and all folders
    down to a root belong to who runs this, or to the system.
    """

    def __init__(self, roots: Mapping[str, str], *, folder: str) -> None:
        self._given = os.path.abspath(folder)
        self._folder = os.path.realpath(folder)
        self._roots = tuple(_parts(os.path.normpath(path)) for path in roots.values())

    @property
    def folders(self) -> tuple[str, ...]:
        """The absolute paths below which evidence may lie."""
        return tuple(os.path.join(self._given, *root) for root in self._roots)

    def open_file(self, reference: str) -> Opened:
        """Return the digest of a file, or why it could not be opened.

        Args:
            reference: a path; a relative one lies below the deployment's folder.
        """
        inside = self._inside(reference)
        problem, outside = _OUTSIDE, True
        for root in self._roots:
            if inside is None or inside[: len(root)] != root:
                continue
            outside = False
            try:
                digest, written_at = self._digest(root, inside[len(root) :])
                return Opened(digest, written_at=written_at)
            except _Refused as refused:
                problem = str(refused)
            except OSError as fault:
                linked = fault.errno in (errno.ELOOP, errno.ENOTDIR)
                problem = _LINKED if linked else (fault.strerror or str(fault))
            except ValueError:  # a NUL, or what no file name can hold
                problem = "no path"
        return Opened(None, f"{reference}: {problem}", outside)

    def _inside(self, reference: str) -> Parts | None:
        """Return the way from the deployment's folder to a file; None when it lies elsewhere."""
        path = os.path.normpath(os.path.join(self._folder, reference))
        for folder in (self._folder, self._given):
            if path == folder or path.startswith(folder.rstrip(os.sep) + os.sep):
                return _parts(os.path.relpath(path, folder))
        return None

    def _digest(self, root: Parts, way: Parts) -> tuple[str, datetime]:
        folder = self._open_root(root)
        try:
            for part in way[:-1]:
                folder = _step(folder, part)
            file = os.open(way[-1] if way else ".", _FILE, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            return _digest_of(file), _written_at(file)
        finally:
            os.close(file)

    def _open_root(self, root: Parts) -> int:
        above = _parts(self._folder)
        if not above and not root:
            raise _Refused("the state folder lies at the top of the file system, and all of it is no artifact root")
        folder = os.open(os.sep, _FOLDER)
        try:
            for number, part in enumerate((*above, *root), start=1):
                folder = _step(folder, part)
                if number >= len(above):
                    _require_ours(folder)
        except BaseException:
            os.close(folder)
            raise
        return folder


def _parts(path: str) -> Parts:
    return tuple(part for part in path.split(os.sep) if part not in ("", os.curdir))


def _step(folder: int, part: str) -> int:
    """Return the folder of that name in an open one, which is closed; when that fails it stays open."""
    inner = os.open(part, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inner


def _require_ours(folder: int) -> None:
    """What another user owns he can replace by anything; files below a root may be anybody's."""
    if os.fstat(folder).st_uid not in (0, os.geteuid()):
        raise _Refused("its artifact root, or a folder on the way there, belongs to another user")


def _written_at(file: int) -> datetime:
    """Return when an open file was last written, in whole milliseconds as all our times."""
    milliseconds = os.fstat(file).st_mtime_ns // 1_000_000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _digest_of(file: int) -> str:
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise _Refused("not a regular file")
    digest = sha256()
    read = 0
    while chunk := os.read(file, _CHUNK):
        read += len(chunk)
        if max(read, status.st_size) > _MAX_BYTES:
            raise _Refused(f"larger than {_MAX_BYTES} bytes")
        digest.update(chunk)
    return digest.hexdigest()
