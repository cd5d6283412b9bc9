"""The outbox: notices as JSON lines in a file of this machine.

Proof `stored`: the line is in the file and synced; its evidence is the path and the offset.  It can be asked whether an
item arrived: the mark of an attempt holds which file it was and how large, and the item's id stands in its line.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.disk import sync, write_all
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record
from reporting_governance.file_modes import create

NAME = "file"
LINE_VERSION: Final = 1
WAIT_SECONDS = 5.0
_TAIL_BYTES = 256

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "Where the outbox is; relative to the state folder.  Rotate it by renaming in its folder.",
        },
    },
    "required": ["path"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Where the outbox is."""

    schema: ClassVar[str] = "parameters of sender file"
    path: str


class FileSender:
    """Appends each message as one line to an outbox."""

    name = NAME
    runs_in_child: ClassVar[bool] = False  # it never waits for anybody but the disk
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA
    promises = SenderPromises(
        best_first_proof=Proof.STORED,
        idempotent_by_key=False,  # it looks instead, which also says where the line is
        can_look=True,
        limit_seconds=10,
        in_batches=True,
    )

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._shown_path = Parameters.parse(parameters).path
        self._path = os.path.join(state_folder, self._shown_path)

    def mark(self) -> Mapping[str, Any] | None:
        """Return which file the outbox is and how large, under its lock."""
        with self.batch(wait_seconds=WAIT_SECONDS) as batch:
            return None if batch is None else batch.mark()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Append one message."""
        with self.batch(wait_seconds=WAIT_SECONDS) as batch:
            if batch is None:
                return Answer(result=SendResult.NOT_SENT, evidence={"error": "another process has the outbox"})
            return batch.send([message], may_start=lambda _: may_start())[0]

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Return the line of an earlier attempt, None when it is surely not there."""
        with self.batch(wait_seconds=WAIT_SECONDS) as batch:
            if batch is None:
                return Answer(result=SendResult.IN_DOUBT, evidence={"error": "another process has the outbox"})
            return batch.look(message, mark)

    def probe(self) -> Sequence[Finding]:
        """Check that the outbox can be opened, without writing a line."""
        try:
            with self.batch(wait_seconds=WAIT_SECONDS):
                return ()
        except OSError as fault:
            return (UNREACHABLE.finding(file=self._path, message=f"the outbox cannot be opened: {fault.strerror}"),)

    @contextmanager
    def batch(self, *, wait_seconds: float) -> Iterator["Outbox | None"]:
        """Open the outbox for this process alone; see `BatchSender.batch`."""
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        # The lock is a file of its own: the outbox may be renamed by a rotation, the lock never is.
        lock = create(f"{self._path}.lock", os.O_RDWR)
        try:
            if not _locked(lock, wait_seconds):
                yield None
                return
            outbox = Outbox(self._path, self._shown_path)
            try:
                yield outbox
            finally:
                outbox.close()
        finally:
            os.close(lock)


def _locked(file: int, wait_seconds: float) -> bool:
    import fcntl
    import time

    ends_at = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends_at:
                return False
            time.sleep(0.02)
        else:
            return True


class Outbox:
    """The outbox while its lock is held."""

    def __init__(self, path: str, shown_path: str) -> None:
        self._path = path
        self._shown_path = shown_path
        is_new = not os.path.exists(path)
        self._file = create(path, os.O_RDWR | os.O_APPEND)
        if is_new:
            sync(os.path.dirname(path))
        self._scanned: dict[tuple[str, int], dict[str, int]] = {}

    def close(self) -> None:
        """Let the file go; the lock is its owner's."""
        os.close(self._file)

    def mark(self) -> Mapping[str, Any]:
        """Return the file's identity, size and a digest of its last bytes: an emptied file may grow again."""
        status = os.fstat(self._file)
        tail = _tail(self._file, status.st_size)
        return {"device": status.st_dev, "inode": status.st_ino, "size": status.st_size, "tail": tail}

    def send(self, messages: Sequence[Message], *, may_start: Callable[[Message], bool]) -> list[Answer]:
        """Append those messages that may start and sync once; a torn last line is ended first.

        When the disk refuses (it is full), what stands whole and synced in the file counts, and nothing else.
        """
        size = os.fstat(self._file).st_size
        start = b"" if size == 0 or os.pread(self._file, 1, size - 1) == b"\n" else b"\n"
        parts = [start]
        offsets: list[int | None] = []
        at = size + len(start)
        for message in messages:
            if not may_start(message):
                offsets.append(None)
                continue
            line = _line(message)
            offsets.append(at)
            parts.append(line)
            at += len(line)
        answers = [
            self._stored(offset) if offset is not None else Answer(result=SendResult.NOT_STARTED) for offset in offsets
        ]
        if len(parts) == 1:
            return answers
        try:
            write_all(self._file, b"".join(parts))
            os.fdatasync(self._file)
        except OSError as fault:
            return self._after_a_fault(messages, offsets, size, fault)
        return answers

    def _after_a_fault(
        self, messages: Sequence[Message], offsets: Sequence[int | None], size: int, fault: OSError
    ) -> list[Answer]:
        evidence = {"error": os.strerror(fault.errno or 0)}
        try:
            os.fdatasync(self._file)
        except OSError:  # what the kernel said about these pages once it does not say again: nothing is known
            return [_unknown(offset, evidence) for offset in offsets]
        found = self._scan(self._path, size)
        answers = []
        for message, offset in zip(messages, offsets, strict=True):
            if offset is None:
                answers.append(Answer(result=SendResult.NOT_STARTED))
            elif message.spool_id in found:
                answers.append(self._stored(found[message.spool_id]))
            else:
                answers.append(Answer(result=SendResult.NOT_SENT, evidence=evidence))
        return answers

    def _stored(self, offset: int) -> Answer:
        evidence = {"path": self._shown_path, "offset": str(offset)}
        return Answer(result=SendResult.ANSWERED, proof=Proof.STORED, evidence=evidence)

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Look for an item from where the outbox ended when its attempt was recorded.

        Rotation by renaming is followed inside the folder.  When that file is gone, nobody can tell: in doubt.
        """
        path = self._path if mark is None else self._file_of(mark)
        if path is None:
            return Answer(result=SendResult.IN_DOUBT, evidence={"look": "the outbox of that time is gone"})
        start = 0 if mark is None else int(mark["size"])
        places = [(path, start)] if path == self._path else [(path, start), (self._path, 0)]
        for place, offset in places:
            found = self._scan(place, offset).get(message.spool_id)
            if found is not None:
                sync(place)
                return self._stored(found)
        return None

    def _file_of(self, mark: Mapping[str, Any]) -> str | None:
        """Return the path that the marked file has now, None when it is gone or was cut."""
        folder, name = os.path.split(self._path)
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(name) and entry.inode() == mark["inode"]:
                    return entry.path if _is_marked(entry.path, mark) else None
        return None

    def _scan(self, path: str, start: int) -> Mapping[str, int]:
        """Return the offsets of items whose whole lines stand in a file from `start` on; read once a batch."""
        key = (path, start)
        if key not in self._scanned:
            self._scanned[key] = dict(_items(path, start))
        return self._scanned[key]


def _is_marked(path: str, mark: Mapping[str, Any]) -> bool:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        status = os.fstat(file)
        same = status.st_dev == mark["device"] and status.st_size >= mark["size"]
        return bool(same and _tail(file, mark["size"]) == mark["tail"])
    finally:
        os.close(file)


def _tail(file: int, size: int) -> str:
    """Return the digest of the last bytes before `size`."""
    start = max(0, size - _TAIL_BYTES)
    return sha256(os.pread(file, size - start, start)).hexdigest()


def _unknown(offset: int | None, evidence: Mapping[str, str]) -> Answer:
    if offset is None:
        return Answer(result=SendResult.NOT_STARTED)
    return Answer(result=SendResult.IN_DOUBT, evidence=evidence)


def _items(path: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield the id and offset of every whole line; a torn one is no line of ours."""
    with open(path, "rb") as file:
        file.seek(start)
        offset = start
        for line in file:
            try:
                document = json.loads(line)
            except ValueError:
                document = None
            if isinstance(document, dict) and isinstance(document.get("spool_id"), str):
                yield document["spool_id"], offset
            offset += len(line)


def _line(message: Message) -> bytes:
    document = {
        "v": LINE_VERSION,
        "spool_id": message.spool_id,
        "notice_ids": list(message.notice_ids),
        "thread_keys": list(message.thread_keys),
        "phase": message.phase,
        "urgency": message.urgency,
        "subject": message.subject,
        "body": message.body,
        "facts": message.facts,
    }
    return json.dumps(document, separators=(",", ":"), default=str).encode("ascii") + b"\n"
