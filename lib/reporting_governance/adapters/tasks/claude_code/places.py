"""Where Claude Code keeps its transcripts, and which files there are.

Layout, as recorded of versions 2.0 to 2.1: `projects/<folder>/<session>.jsonl`, the folder named after the working
folder; sub-agents in `<session>/subagents/agent-<id>.jsonl` beside it (those of a workflow in
`subagents/workflows/<run>/`), before 2.1.2 as `agent-<id>.jsonl` in the folder itself; processes in
`sessions/<pid>.json`.  Names are looked at, never followed: links and what belongs to others is left alone.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reporting_governance.contracts.frozen import frozen

PROJECTS: Final = "projects"
PROCESSES: Final = "sessions"
MOST_FOLDERS: Final = 5_000
MOST_FILES: Final = 50_000
MOST_CHILDREN: Final = 1_000  #: files of sub-agents of one session

_SESSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_ENDING: Final = ".jsonl"
_CHILD: Final = "agent-"


@frozen
class Found:
    """One transcript; what it is like decides whether it is opened."""

    path: str
    name: str  #: of the session or the sub-agent, without beginning and ending
    device: int
    inode: int
    size: int
    changed_ns: int

    @property
    def mark(self) -> tuple[int, int, int, int]:
        """What is the same as long as nobody writes to the file."""
        return self.device, self.inode, self.size, self.changed_ns


@dataclass(slots=True)
class Listing:
    """All transcripts of an installation."""

    sessions: list[Found] = field(default_factory=list)
    loose_children: list[Found] = field(default_factory=list)  #: as versions before 2.1.2 left them
    problems: list[tuple[str, str]] = field(default_factory=list)  #: path and what is wrong with it
    cut_short: str = ""  #: why there may be more
    unlisted: bool = False  #: what a folder holds is not known


def default_folder(environment: Mapping[str, str] | None = None) -> str:
    """Return the folder in which Claude Code keeps what it writes."""
    settings = os.environ if environment is None else environment
    return settings.get("CLAUDE_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".claude")


def folder_of(wanted: object, state_folder: str) -> str:
    """Return the folder that is meant by the parameter `config`."""
    folder = os.path.expanduser(wanted) if isinstance(wanted, str) and wanted else default_folder()
    return os.path.abspath(os.path.join(state_folder, folder))


def is_present(parameters: Mapping[str, Any], *, state_folder: str) -> bool:
    """Tell whether there are transcripts to read; every tick asks, so nothing else of the source is imported.

    Args:
        parameters: as the profile writes them; wrong ones count as present, so that somebody is told.
        state_folder: ours; a relative `config` is taken from it.
    """
    wanted = parameters.get("config")
    if not isinstance(wanted, str | None):
        return True
    return os.path.isdir(os.path.join(folder_of(wanted, state_folder), PROJECTS))


def id_of_place(folder: str) -> str:
    """Return an id made of the folder's real path; an installation has none of its own."""
    from hashlib import sha256

    return "path-" + sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]


def transcripts(folder: str) -> Listing:
    """List every transcript of an installation.  Raises: OSError when the folder of all projects cannot be listed."""
    listing = Listing()
    with os.scandir(os.path.join(folder, PROJECTS)) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_FOLDERS:
                listing.cut_short = f"it holds more than {MOST_FOLDERS:,} folders"
                break
            if _is_own_folder(entry, listing) and not _list_folder(entry.path, listing):
                listing.cut_short = f"it holds more than {MOST_FILES:,} transcripts"
                break
    return listing


def children_of(session: Found, problems: list[tuple[str, str]]) -> Iterator[Found]:
    """Yield the transcripts of a session's sub-agents that are kept in files of their own."""
    own = os.path.join(os.path.dirname(session.path), session.name)
    folder = os.path.join(own, "subagents")
    if not (_is_real(own) and _is_real(folder)):
        return
    runs = os.path.join(folder, "workflows")
    left = MOST_CHILDREN
    for place in (folder, *_own_folders(runs)):
        for found in _files(place, problems):
            if found.name.startswith(_CHILD) and left > 0:
                left -= 1
                yield _as_child(found)


def _list_folder(folder: str, listing: Listing) -> bool:
    before = len(listing.problems)
    for found in _files(folder, listing.problems):
        if found.name.startswith(_CHILD):
            listing.loose_children.append(_as_child(found))
        else:
            listing.sessions.append(found)
        if len(listing.sessions) + len(listing.loose_children) >= MOST_FILES:
            return False
    listing.unlisted = listing.unlisted or any(path == folder for path, _ in listing.problems[before:])
    return True


def _files(folder: str, problems: list[tuple[str, str]]) -> Iterator[Found]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if not name.endswith(_ENDING) or _SESSION.fullmatch(name[: -len(_ENDING)]) is None:
                    continue
                found = _found(entry, problems)
                if found is not None:
                    yield found
    except FileNotFoundError:
        return
    except OSError as fault:
        problems.append((folder, fault.strerror or str(fault)))


def _found(entry: os.DirEntry[str], problems: list[tuple[str, str]]) -> Found | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # it was removed since the folder was listed
    except OSError as fault:
        problems.append((entry.path, fault.strerror or str(fault)))
        return None
    problem = _problem(status, wanted=stat.S_ISREG(status.st_mode), kind="plain file")
    if problem:
        problems.append((entry.path, problem))
        return None
    name = entry.name[: -len(_ENDING)]
    return Found(entry.path, name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _as_child(found: Found) -> Found:
    name = found.name.removeprefix(_CHILD)
    return Found(found.path, name, found.device, found.inode, found.size, found.changed_ns)


def _is_real(folder: str) -> bool:
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return not _problem(status, wanted=stat.S_ISDIR(status.st_mode), kind="folder")


def _own_folders(folder: str) -> list[str]:
    if not _is_real(folder):
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(each.path for each in entries if each.is_dir(follow_symlinks=False))[:MOST_CHILDREN]
    except OSError:
        return []


def _is_own_folder(entry: os.DirEntry[str], listing: Listing) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    if stat.S_ISREG(status.st_mode):
        return False  # nothing of a session lies here
    problem = _problem(status, wanted=stat.S_ISDIR(status.st_mode), kind="folder")
    if problem:
        listing.problems.append((entry.path, problem))
    return not problem


def _problem(status: os.stat_result, *, wanted: bool, kind: str) -> str:
    if stat.S_ISLNK(status.st_mode):
        return "it is a link; links are not followed"
    if not wanted:
        return f"it is no {kind}"
    return "" if status.st_uid in (os.geteuid(), 0) else f"it belongs to user {status.st_uid}"
