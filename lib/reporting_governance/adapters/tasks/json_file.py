"""The `json` task source: a file, or a folder of files, in which another program keeps the states of its tasks.

It is read and never written.  docs/sources.md says which shapes are understood.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.adapters.tasks.entry_work import MOST_ENTRIES, EntryWork, take_entry
from reporting_governance.adapters.tasks.rules import BAD_ENTRY, CUT_SHORT, UNREADABLE
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

if TYPE_CHECKING:
    from reporting_governance.adapters.tasks.json_entry import Entry
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.contracts.reading import Document, ReadResult

NAME: Final = "json"
DEFAULT_PATH: Final = "watchdog-state.json"
MAX_BYTES: Final = 10 * 1024 * 1024
MOST_FILES: Final = 10_000
#: A file that changed this recently and is no JSON may be in the middle of being written: it is read once more.
FRESH_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.3
_CONTAINERS: Final = ("tasks", "runs", "items")
_IDS: Final = frozenset(("taskid", "id", "runid", "planid"))

CANNOT_SEE: Final[Mapping[str, str]] = {
    "owner_dead": "a file of task states does not say which process runs a task",
    "delivery_failed": "a file of task states does not say what became of a delivery",
}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": f"File or folder of *.json files; relative to our state folder.  Default: {DEFAULT_PATH}",
        },
    },
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Where the states are."""

    schema: ClassVar[str] = "parameters of source json"
    path: str = DEFAULT_PATH


class JsonSource:
    """Reads a file or folder of task states."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str = "") -> None:
        """Name a file or folder; nothing is opened yet.

        Raises: ContractError for parameters of the wrong shape.
        """
        wanted = Parameters.parse(parameters)
        self._path = os.path.abspath(os.path.join(state_folder, os.path.expanduser(wanted.path)))

    def is_present(self) -> bool:
        """Tell whether there is anything to read."""
        return os.path.lexists(self._path)

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Read all tasks: a file holds few, and who asked decides which of them are news."""
        from hashlib import sha256

        instance = "path-" + sha256(os.fsencode(os.path.realpath(self._path))).hexdigest()[:32]
        work = EntryWork(instance)
        try:
            files = self._files(work)
        except OSError as fault:
            return self._unreadable(instance, fault.strerror or str(fault), ())
        for path in files:
            _read_file(work, path, inside=path != self._path)
        if work.bad_files and work.bad_files == len(files):
            reason = work.findings[0].message if len(files) == 1 else f"none of {len(files)} files can be read"
            return self._unreadable(instance, reason, work.limited_findings())
        return SourceReading(
            source=NAME,
            instance=instance,
            tasks=list(work.tasks.values()),
            complete=work.whole,
            findings=work.limited_findings(),
            cannot_see=CANNOT_SEE,
        )

    def _files(self, work: EntryWork) -> Sequence[str]:
        if not os.path.isdir(self._path):
            return (self._path,)
        names = sorted(name for name in os.listdir(self._path) if name.endswith(".json") and not name.startswith("."))
        if len(names) > MOST_FILES:
            work.whole = False
            message = f"it holds {len(names):,} files; the first {MOST_FILES:,} are read"
            work.findings.append(CUT_SHORT.finding(file=self._path, message=message))
        return [os.path.join(self._path, name) for name in names[:MOST_FILES]]

    def _unreadable(self, instance: str, reason: str, findings: Sequence[Finding]) -> SourceReading:
        said = findings or (UNREADABLE.finding(file=self._path, message=reason),)
        return SourceReading(
            source=NAME,
            instance=instance,
            tasks=(),
            complete=False,
            findings=said,
            unreadable=f"{self._path}: {reason}",
            cannot_see=CANNOT_SEE,
        )


def _read_file(work: EntryWork, path: str, *, inside: bool) -> None:
    try:
        result = _load(path, follow=not inside)
    except FileNotFoundError:
        if inside:
            return  # it was removed since the folder was listed
        _give_up(work, path, "there is no such file")
        return
    except OSError as fault:
        _give_up(work, path, fault.strerror or str(fault))
        return
    work.findings.extend(result.findings)
    if not result.checkable:
        work.bad_files += 1
        work.whole = False
        return
    faults = {each.pointer: each.message for each in result.findings if each.severity == "error"}
    for document in result.checkable:
        for entry, value in _entries(work, document, path):
            take_entry(work, entry, value, faults)


def _give_up(work: EntryWork, path: str, reason: str) -> None:
    work.findings.append(UNREADABLE.finding(file=path, message=reason))
    work.bad_files += 1
    work.whole = False


def _load(path: str, *, follow: bool) -> ReadResult:
    """Return what a file holds; read once more when it may have been in the middle of being written.

    Raises: OSError, also for what is no plain file.
    """
    import time

    from reporting_governance.contracts.reading import Syntax, read_documents

    data, changed_at = _bytes_of(path, follow=follow)
    result = read_documents(data, name=path, syntax=Syntax.JSON, max_bytes=MAX_BYTES)
    if not result.checkable and abs(time.time() - changed_at) < FRESH_SECONDS:
        time.sleep(_PAUSE_SECONDS)
        data, _ = _bytes_of(path, follow=follow)
        result = read_documents(data, name=path, syntax=Syntax.JSON, max_bytes=MAX_BYTES)
    return result


def _bytes_of(path: str, *, follow: bool) -> tuple[bytes, float]:
    """Return the beginning of a plain file, and when it changed.  Opening never waits, whatever the path names."""
    import errno
    import stat

    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        number = os.open(path, flags)
    except OSError as fault:
        if fault.errno == errno.ELOOP:
            raise OSError(fault.errno, "it is a link; links in a folder of states are not followed") from fault
        raise
    with open(number, "rb") as file:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(MAX_BYTES + 1), status.st_mtime


def _entries(work: EntryWork, document: Document, path: str) -> Iterator[tuple[Entry, Mapping[str, Any]]]:
    """Yield every entry of a document: of a list, of a mapping by id, or the one that the document is."""
    from reporting_governance.adapters.tasks.json_entry import Entry

    for pointer, key, value in _places(document):
        work.entries += 1
        if work.entries > MOST_ENTRIES:
            if work.entries == MOST_ENTRIES + 1:
                message = f"it holds more than {MOST_ENTRIES:,} entries; the others are not read"
                work.findings.append(CUT_SHORT.finding(file=path, message=message))
            work.whole = False
            return
        entry = Entry(document, path, pointer, key)
        if isinstance(value, Mapping):
            yield entry, value
            continue
        entry.say(BAD_ENTRY, "expected an object that describes a task", pointer)
        work.findings.extend(entry.findings)
        work.whole = False


def _places(document: Document) -> Iterator[tuple[str, str | None, object]]:
    value, pointer = document.value, ""
    if isinstance(value, dict) and not _is_entry(value):
        name = next((each for each in _CONTAINERS if isinstance(value.get(each), (list, dict))), None)
        if name is not None:
            value, pointer = value[name], f"/{name}"
    if isinstance(value, list):
        yield from ((f"{pointer}/{place}", None, each) for place, each in enumerate(value))
    elif isinstance(value, dict) and not _is_entry(value):
        from reporting_governance.contracts.reading.tape import join_pointer

        members = value.items() if pointer else ((key, each) for key, each in value.items() if isinstance(each, dict))
        yield from ((f"{pointer}{join_pointer((key,))}", key, each) for key, each in members)
    else:
        yield pointer, None, value


def _is_entry(value: Mapping[str, Any]) -> bool:
    return any(key.lower().replace("_", "").replace("-", "") in _IDS for key in value)
