"""The work folders: one file per piece of open work, named by its version.  They can be thrown away and made again.

A file is `{"name": ..., "body": ...}`.  It is written aside and renamed, so within one boot a name never shows half a
file; nothing is synced, so after another boot none is trusted.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from reporting_governance import file_modes
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.files import journal_io, layout
from reporting_governance.storage.lines import decode_line
from reporting_governance.storage.view_content import name_in

if TYPE_CHECKING:
    from reporting_governance.core.projection import Body

_NAME_AT_MOST = 256  #: bytes of a file in which its name stands
#: A link in a view's place is not followed, and a pipe is not waited for.
_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_PLAIN_FILE = frozenset({errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EAGAIN})
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class DamagedView(Exception):
    """A view's file, or its folder, is not what was written; the views are to be made again."""


class Views:
    """The files of one state's views."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._unfinished = f"{root}/journal/view.tmp"  # one is enough: only the lock's holder writes
        self._past = f"{root}/past/"

    def path(self, name: ViewName) -> str:
        """Return where a version lies; a name in `past/` stays the same whatever the version."""
        if name.folder is Folder.PAST:
            return f"{self._past}{name.id}.json"
        return f"{self._root}/{name}"

    def read(self, name: ViewName) -> Body | None:
        """Return the body of one exact version, None when it is gone.  Raises DamagedView."""
        found = self._load(self.path(name))
        if found is None:
            return None
        kept, body = found
        if kept == str(name):
            return body
        if name.folder is Folder.PAST:
            return None
        raise DamagedView(str(name))

    def past(self, identity: str) -> tuple[ViewName, Body] | None:
        """Return what is kept in `past/` of an id.  Raises DamagedView."""
        if not layout.is_folder(self._past[:-1]) and os.path.lexists(self._past[:-1]):
            raise DamagedView(self._past[:-1])  # no listing is asked before this, which would have noticed
        found = self._load(f"{self._past}{identity}.json")
        return None if found is None else (ViewName.parse(found[0]), found[1])

    def exists(self, name: ViewName) -> bool:
        """Tell whether one exact version is there.  Raises DamagedView."""
        if name.folder is Folder.PAST:
            return self.read(name) is not None
        try:
            os.stat(self.path(name))
        except FileNotFoundError:
            return False
        return True

    def past_is_missing(self, identity: str) -> bool:
        """Tell whether nothing at all is kept in `past/` of an id."""
        return not os.path.exists(f"{self._past}{identity}.json")

    def put(self, name: ViewName, content: bytes) -> None:
        """Make a version's file.  Raises OSError."""
        fd = file_modes.create(self._unfinished, os.O_WRONLY | os.O_TRUNC)
        _write(fd, content, self._unfinished)
        os.rename(self._unfinished, self.path(name))

    def put_plainly(self, folder: Folder, file: str, content: bytes) -> None:
        """Make a view's file without the detour.  Only where a crash begins everything again.  Raises OSError."""
        path = f"{self._root}/{folder.value}/{file}"
        flags = os.O_WRONLY | os.O_EXCL  # a backup of hard links has the same files
        try:
            fd = file_modes.create(path, flags)
        except FileExistsError:
            if stat.S_ISREG(os.lstat(path).st_mode):
                os.unlink(path)
            else:
                layout.put_away(self._root, f"{folder.value}/{file}")
            fd = file_modes.create(path, flags)
        _write(fd, content, path)

    def holds(self, folder: Folder, file: str, content: bytes) -> bool:
        """Tell whether a view's file holds exactly this."""
        try:
            return _read(f"{self._root}/{folder.value}/{file}", len(content) + 1) == content
        except DamagedView:
            return False

    def remove(self, name: ViewName) -> None:
        """Remove a version's file; one that is gone already is fine."""
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            pass

    def forget_past(self, before: int) -> int:
        """Remove what was put into `past/` before a line; return how many.  Raises OSError, DamagedView."""
        removed = 0
        for file in self.raw_names(Folder.PAST):
            path = f"{self._past}{file}"
            try:
                seq = int(name_in(_read(path, _NAME_AT_MOST))[-12:])
            except ValueError:
                raise DamagedView(path) from None
            if seq < before:
                os.unlink(path)
                removed += 1
        return removed

    def raw_names(self, folder: Folder) -> list[str]:
        """Return the file names in a folder, in no order.  Raises DamagedView when there is no folder of ours."""
        path = f"{self._root}/{folder.value}"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise DamagedView(path) from None
            raise
        try:
            return os.listdir(fd)
        finally:
            os.close(fd)

    @staticmethod
    def _load(path: str) -> tuple[str, Body] | None:
        try:
            data = _read(path)
        except FileNotFoundError:
            return None
        document = decode_line(data)
        if document is None or document.keys() != {"name", "body"}:
            raise DamagedView(path)
        return document["name"], document["body"]


def _read(path: str, size: int | None = None) -> bytes:
    """Return the start of a file, or all of it.  Raises: DamagedView when it is no plain file, OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | _SAFELY)
        try:
            return os.read(fd, os.fstat(fd).st_size + 1 if size is None else size)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno in _NO_PLAIN_FILE:
            raise DamagedView(path) from None
        raise


def _write(fd: int, content: bytes, path: str) -> None:
    try:
        journal_io.step("view", path)
        if os.write(fd, content) != len(content):
            raise OSError(errno.ENOSPC, "a short write", path)
    finally:
        os.close(fd)
