"""What the records of a state folder lie in while a test runs: its own files, or a database beside it.

The crash tests name a state by its folder.  With another back end in use the same folder stands for a database of its
own, which is made, copied and dropped with it.
"""

import glob
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from reporting_governance.storage.files.store import FilesStore

Document = dict[str, Any]


class FilesBackEnd:
    """The folder's own files; also the interface that another back end keeps."""

    name = "files"

    def prepare(self, root: str) -> None:
        """Make what has to be there before a store is opened for the first time."""

    def copy(self, template: str, root: str) -> None:
        """Make a state like another one, which may not be there at all."""
        if os.path.isdir(template):
            shutil.copytree(template, root, symlinks=True)

    def remove(self, root: str) -> None:
        shutil.rmtree(root, ignore_errors=True)

    def open(
        self,
        root: str,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        **options: Any,
    ) -> FilesStore:
        """Return a store on the state; `options` are the back end's own."""
        return FilesStore(root, actor="uid:0", now=now, monotonic=monotonic, **options)

    def show_steps(self, root: str) -> None:
        """Raise an audit event for each step of this process that Python raises none for; called once, in a child."""

    def lines(self, root: str) -> list[Document]:
        """Return the valid lines, having checked every byte there is to check."""
        from tests.storage.oracle import read_log

        return read_log(root)

    def raw_lines(self, root: str) -> list[bytes]:
        """Return the lines as they are, without their LF; none where there is no log."""
        if not os.path.isdir(folder := f"{root}/journal/log"):
            return []
        whole = b""
        for name in sorted(os.listdir(folder)):
            with open(f"{folder}/{name}", "rb") as file:
                whole += file.read()
        return whole.split(b"\n")[:-1]

    def heads(self, root: str) -> dict[int, bytes]:
        """Return the signed heads by the number of lines that each covers."""
        notes = {}
        for path in glob.glob(f"{root}/journal/checkpoints/*.note"):
            with open(path, "rb") as file:
                notes[int(os.path.basename(path).removesuffix(".note"))] = file.read()
        return dict(sorted(notes.items()))

    def lose_blob(self, root: str, words: bytes) -> str:
        """Take away the blob that holds some words, as a disk does; return what names blobs in messages."""
        for name in os.listdir(f"{root}/blobs"):
            with open(path := f"{root}/blobs/{name}", "rb") as file:
                if words in file.read():
                    os.unlink(path)
                    return f"{root}/blobs/"
        raise AssertionError(f"no blob holds {words!r}")

    def let_pass(self, root: str, seconds: float) -> None:
        """Let the newest signed head be so much older."""
        newest = f"{root}/journal/checkpoints/{max(self.heads(root)):012d}.note"
        os.utime(newest, (os.stat(newest).st_mtime - seconds,) * 2)

    def views(self, root: str) -> dict[str, Mapping[str, Any]]:
        """Return version's name -> body, as they are kept."""
        from tests.storage.oracle import views_on_disk

        return views_on_disk(root)

    def rebuilt(self, root: str) -> dict[str, Mapping[str, Any]]:
        """Return the views as a rebuild of a copy makes them."""
        from tests.storage.oracle import views_on_disk

        copy = f"{root}-rebuilt"
        shutil.copytree(root, copy)
        FilesStore(copy, actor="uid:0").rebuild()
        views = views_on_disk(copy)
        shutil.rmtree(copy)
        return views


FILES = FilesBackEnd()
_current: list[FilesBackEnd] = [FILES]


def current() -> FilesBackEnd:
    """Return the back end in use."""
    return _current[-1]


@contextmanager
def using(back_end: FilesBackEnd) -> Iterator[None]:
    """Let every state folder stand for a state of this back end."""
    _current.append(back_end)
    try:
        yield
    finally:
        _current.pop()
