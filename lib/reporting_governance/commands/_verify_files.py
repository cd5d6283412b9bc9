"""Which files a verification looks at, and the bytes of each: whoever wrote them is not trusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from reporting_governance.contracts.reading import MAX_BYTES
from reporting_governance.errors import GovernanceError, UsageError

_SUFFIXES = (".json", ".yaml", ".yml")
_GLOB_LETTERS = frozenset("*?[")
_LEFT_OUT = frozenset({"node_modules", "__pycache__"})
#: folders that lie directly below the root of the package they belong to
_FOLDERS_OF_A_PACKAGE = frozenset({"capabilities", "profiles"})


class NothingMatched(UsageError):
    """No file was found: a gate that checks nothing must not be green."""

    message = "nothing to check: {words} matched no {kind}"
    hint = "Name files, folders or globs that exist; --allow-empty if nothing to check is right here."


class NotRead(GovernanceError):
    """A file that was named could not be read."""

    message: ClassVar[str] = "{path}: {reason}"


class Candidate(NamedTuple):
    """One file to look at."""

    path: str  #: as findings name it: from the current folder, with `/`
    named: bool  #: by itself, not by its folder or a glob: then it is never left out


class Candidates(NamedTuple):
    """What a command line stands for."""

    files: Sequence[Candidate]
    unmatched: Sequence[str]  #: folders and globs that stand for no file


def candidates(words: Sequence[str]) -> Candidates:
    """Return the files that paths, folders and globs stand for, each once, in the order in which they were named.

    A folder stands for all .json, .yaml and .yml files in it and below, without hidden folders and links to folders.
    A name that is not there stays in the list: reading it says so.
    """
    found: dict[str, Candidate] = {}
    unmatched: dict[str, None] = {}
    for word in words:
        matched = tuple(_of(word))
        if not matched:
            unmatched[word] = None
        for each in matched:
            known = found.get(each.path)
            if known is None or each.named:
                found[each.path] = each
    return Candidates(tuple(found.values()), tuple(unmatched))


def read_file(path: str) -> bytes:
    """Return the bytes of a regular file, at most one more than may be read.

    Raises: NotRead, saying why.
    """
    try:
        # A fifo would wait for its writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as fault:
        raise NotRead(path=path, reason=getattr(fault, "strerror", None) or str(fault)) from None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise NotRead(path=path, reason="it is a folder" if stat.S_ISDIR(about.st_mode) else "it is no regular file")
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            parts = []
            left = MAX_BYTES + 1
            while left and (part := file.read(min(left, max(about.st_size + 1, 65_536)))):
                parts.append(part)
                left -= len(part)
        except OSError as fault:
            raise NotRead(path=path, reason=fault.strerror or str(fault)) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def package_root(path: str, given: str | None) -> str:
    """Return the absolute folder that the paths in a document start from.

    That is the folder that was given, else the parent of the `capabilities` or `profiles` folder around the file,
    else the current folder.
    """
    if given is not None:
        return os.path.abspath(given)
    folder = os.path.dirname(os.path.abspath(path))
    while folder != os.path.dirname(folder):
        parent, name = os.path.split(folder)
        if name in _FOLDERS_OF_A_PACKAGE:
            return parent
        folder = parent
    return os.getcwd()


def _of(word: str) -> Iterator[Candidate]:
    if not word:  # an empty variable of a script
        return
    if os.path.isdir(word):
        yield from (Candidate(shown(each), named=False) for each in _below(word))
    elif _GLOB_LETTERS & set(word) and not os.path.lexists(word):
        from glob import iglob

        for each in sorted(iglob(word, recursive=True)):
            if os.path.isdir(each):
                continue
            yield Candidate(shown(each), named=False)
    else:
        yield Candidate(shown(word), named=True)


def _below(folder: str) -> Iterator[str]:
    unlisted: list[str] = []
    for place, folders, files in os.walk(folder, onerror=lambda fault: unlisted.append(fault.filename)):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _LEFT_OUT)
        for name in sorted(files):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield os.path.join(place, name)
    # What is in it nobody knows, so that it stays in the list: reading it says why.
    yield from unlisted


def shown(path: str) -> str:
    """Return a path as findings name it: what lies below the current folder from there, as CI systems want it."""
    plain = os.path.normpath(path)
    if os.path.isabs(plain):
        here = os.getcwd()
        if plain.startswith(here.rstrip("/") + "/"):
            return plain[len(here.rstrip("/")) + 1 :]
    return plain
