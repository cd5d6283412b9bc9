"""Somebody else sends: a message is put down as a file, whole, for a runtime outside that may do what we may not.

That runtime takes a file by renaming it out of the folder, sends what it says, and drops a receipt for the attempt that
it names into `inbox/`.  Put down proves nothing; taken proves `accepted`; all else is for the receipt to say.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.disk import sync, write_all
from reporting_governance.adapters.senders.payload import document_of
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record
from reporting_governance.contracts.times import format_time, parse_time

NAME = "external"
LIMIT_SECONDS = 10  #: nothing but the disk is waited for
POLL_SECONDS = 1  #: a look at one name; every run may

#: without more said: that a person acted is for an ack to say, for which a role is needed and no `senders` entry
RECEIPT_AT_MOST: Final = Proof.DELIVERED

_BACK = ".back"  #: how the name of a file ends that was taken back
_KEPT_SECONDS = 86_400

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "folder": {
            "type": "string",
            "minLength": 1,
            "description": "Where messages are put down: a folder below the state folder, made when it is not there.",
        },
        "confirm_within_seconds": {
            "type": "integer",
            "minimum": 1,
            "description": "What nobody has taken by then is taken back and blocked.  Default: its lifetime.",
        },
        "proof_at_most": {
            "enum": [each.value for each in Proof if each is not Proof.NONE],
            "description": "How far a receipt for a message here may prove something.  Default: delivered.",
        },
    },
    "required": ["folder"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Where messages are put down, and how long they lie there."""

    schema: ClassVar[str] = "parameters of sender external"
    folder: str
    confirm_within_seconds: int | None = None
    proof_at_most: Proof = RECEIPT_AT_MOST  #: for who hands receipts in; see commands/_handing_in.py

    def __post_init__(self) -> None:
        parts = self.folder.split("/")
        if not all(parts) or ".." in parts or "\0" in self.folder:
            raise ValueError("folder is a path below the state folder, such as handed-over/pager")
        if self.confirm_within_seconds is not None and self.confirm_within_seconds < 1:
            raise ValueError("confirm_within_seconds is 1 or more")


class ExternalSender:
    """Puts each message down as a file that is named after its attempt."""

    name = NAME
    runs_in_child: ClassVar[bool] = False
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        self._folder = os.path.join(state_folder, self._parameters.folder)
        self.promises = SenderPromises(
            best_first_proof=Proof.NONE,
            idempotent_by_key=False,
            can_look=True,
            limit_seconds=LIMIT_SECONDS,
            polls_every_seconds=POLL_SECONDS,
            waits_for_others=True,
            confirm_within_seconds=self._parameters.confirm_within_seconds,
        )

    def mark(self) -> Mapping[str, Any] | None:
        """Return nothing: a file is named after its attempt."""
        return None

    def probe(self) -> Sequence[Finding]:
        """Check that files can be put down, without putting one there."""
        place = self._folder
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        if os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK):
            return ()
        return (UNREACHABLE.finding(file=self._folder, message="no file can be put down there"),)

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Write the file beside, sync it, and rename it to its name: whoever looks sees all of it or nothing."""
        path, beside = self._paths(message)
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            _write(beside, json.dumps(self._document(message), indent=1, default=str).encode("ascii") + b"\n")
            if not may_start():
                os.unlink(beside)
                return Answer(result=SendResult.NOT_STARTED)
            os.rename(beside, path)
        except OSError as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": fault.strerror or "cannot be written"})
        return self._surely_down(path, message)

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Tell what the folder shows: the file is there; or it never got its name; or somebody may have taken it."""
        path, beside = self._paths(message)
        if os.path.lexists(path):
            return self._surely_down(path, message)
        with suppress(FileNotFoundError):
            os.unlink(beside)
            return None
        return Answer(result=SendResult.IN_DOUBT, evidence={"error": "not there: never put down, or taken since"})

    def poll(self, message: Message, evidence: Mapping[str, str]) -> Answer | None:
        """Tell whether somebody has taken the file.  A folder that is gone tells nothing."""
        path, _ = self._paths(message)
        if os.path.lexists(path) or not os.path.isdir(self._folder):
            return None
        taken = {**evidence, "taken": "the file is no longer there"}
        return Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED, evidence=taken)

    def can_ask(self, evidence: Mapping[str, str]) -> bool:
        """Say that every file can be looked for."""
        return True

    def take_back(self, message: Message, evidence: Mapping[str, str]) -> bool:
        """Rename the file so that nobody takes it any more; false when somebody has taken it before.

        Under its new name it is known after a crash for what it is: a file that is simply gone was taken by somebody.
        """
        path, _ = self._paths(message)
        back = os.path.join(self._folder, f".{message.attempt_id}{_BACK}")
        try:
            os.rename(path, back)
        except FileNotFoundError:
            if not os.path.isdir(self._folder):
                raise
            return os.path.lexists(back)
        sync(self._folder)
        self._clear()
        return True

    def _clear(self) -> None:
        """Remove what was taken back long ago: its receipt has been recorded since."""
        with suppress(OSError), os.scandir(self._folder) as entries:
            for each in entries:
                if (
                    each.name.endswith(_BACK)
                    and time.time() - each.stat(follow_symlinks=False).st_ctime > _KEPT_SECONDS
                ):
                    os.unlink(each.path)

    def _paths(self, message: Message) -> tuple[str, str]:
        name = os.path.join(self._folder, f"{message.attempt_id}.json")
        return name, os.path.join(self._folder, f".{message.attempt_id}.tmp")

    def _document(self, message: Message) -> dict[str, Any]:
        ends = parse_time(message.not_after).timestamp()
        if self._parameters.confirm_within_seconds is not None:
            ends = min(ends, time.time() + self._parameters.confirm_within_seconds)
        return {**document_of(message), "deadline_at": format_time(datetime.fromtimestamp(ends, UTC))}

    def _surely_down(self, path: str, message: Message) -> Answer:
        """Sync the folder; a name that a crash may undo is taken back, for its absence would look like taken."""
        shown = f"{self._parameters.folder}/{message.attempt_id}.json"
        try:
            sync(self._folder)
        except OSError as fault:
            evidence = {"error": fault.strerror or "cannot be synced", "file": shown}
            try:
                os.unlink(path)
            except OSError:
                return Answer(result=SendResult.IN_DOUBT, evidence=evidence)
            return Answer(result=SendResult.NOT_SENT, evidence=evidence)
        return Answer(result=SendResult.ANSWERED, proof=Proof.NONE, evidence={"file": shown})


def _write(path: str, data: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # half of an earlier try of the same attempt
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)
