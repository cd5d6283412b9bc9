"""The files of a bundle: in its archive, or unpacked in a folder.  What could lead elsewhere or hide is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.storedzip import ArchiveRefused, entries_of_archive
from reporting_governance.verifier.stretches import FileRange

_MOST_FILES = 4_000_000
_DEEPEST = 4


class ContainerRefused(Exception):
    """It cannot be taken for a bundle; why is among the findings."""


class Container(NamedTuple):
    """A bundle's files by name below its top folder, and for an archive the checksums that it names."""

    kind: str  #: `bundle` or `unpacked`
    top: str  #: name of the top folder
    files: dict[str, FileRange]
    checksums: dict[str, int]


@contextmanager
def opened_container(path: str, findings: Findings) -> Iterator[Container]:
    """Return what a path holds.  Raises: ContainerRefused, OSError."""
    about = os.stat(path)
    if stat.S_ISDIR(about.st_mode):
        if not os.path.isfile(os.path.join(path, "bagit.txt")):
            _refuse(findings, "input-unreadable", f"{path} is neither a bundle nor a journal", path)
        yield _folder_container(path, findings)
    elif stat.S_ISREG(about.st_mode):
        yield _archive_container(path, findings)
    else:
        _refuse(findings, "input-unreadable", f"{path} is no file and no folder", path)


def _archive_container(path: str, findings: Findings) -> Container:
    files: dict[str, FileRange] = {}
    checksums: dict[str, int] = {}
    folded: set[str] = set()
    top = ""
    try:
        for entry in entries_of_archive(path, _MOST_FILES):
            folder, _, name = entry.name.partition("/")
            top = top or folder
            if folder != top or entry.name.lower() in folded or not is_safe_name(entry.name):
                _refuse(
                    findings, "archive-name", f"the archive holds a name that hides or leads away: {entry.name}", path
                )
            folded.add(entry.name.lower())
            files[name] = FileRange(path, entry.offset, entry.size, name)
            checksums[name] = entry.checksum
    except ArchiveRefused as refused:
        _refuse(findings, refused.code, str(refused), path)
    if not files:
        _refuse(findings, "archive-damaged", "the archive is empty", path)
    return Container("bundle", top, files, checksums)


def _folder_container(path: str, findings: Findings) -> Container:
    files: dict[str, FileRange] = {}
    folded: set[str] = set()
    for name, size in _plain_files(path, "", findings, path):
        if name.lower() in folded or len(files) >= _MOST_FILES:
            _refuse(findings, "archive-name", f"a name hides another: {name}", path)
        folded.add(name.lower())
        files[name] = FileRange(os.path.join(path, name), 0, size, name)
    return Container("unpacked", os.path.basename(os.path.abspath(path)), files, {})


def _plain_files(root: str, below: str, findings: Findings, shown: str) -> Iterator[tuple[str, int]]:
    with os.scandir(os.path.join(root, below)) as found:
        entries = sorted(found, key=lambda each: each.name)
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        about = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(about.st_mode) and name.count("/") < _DEEPEST:
            yield from _plain_files(root, name, findings, shown)
        elif stat.S_ISREG(about.st_mode):
            yield name, about.st_size
        else:
            _refuse(findings, "folder-foreign", f"{name} is a link, a pipe or too deep a folder", shown)


def is_safe_name(name: str) -> bool:
    """Tell whether a name stays below the folder it is unpacked in, on every system, and says what it is."""
    parts = name.split("/")
    return (
        name.isascii()
        and name.isprintable()
        and not set(name) & set('\\:*?"<>|')
        and len(name) < 200
        and all(part not in ("", ".", "..") and not part.endswith((" ", ".")) for part in parts)
    )


def _refuse(findings: Findings, code: str, message: str, path: str) -> NoReturn:
    findings.say(code, message, file=path)
    raise ContainerRefused(code)
