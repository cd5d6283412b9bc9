"""A program of the operator's own: a list of arguments, no shell; the message as JSON on its standard input.

What it proves is its word: exit 0 is `accepted`.  A JSON object on standard output may say more, as
`{"proof": "stored", "id": "..."}`, up to the `best_proof` that the target declares.
"""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar, Final

from reporting_governance.adapters.argv import check_argv
from reporting_governance.adapters.feeding import fed
from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.payload import encoded
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record

NAME = "command"
TRY_LATER_EXIT: Final = 75  #: EX_TEMPFAIL of sysexits.h
LONGEST_OUTPUT = 64 * 1024
#: After the program's end, for what it wrote last; a child of its own may keep the pipe open for ever.
DRAIN_SECONDS = 0.5
OVERHEAD_SECONDS = 3  #: for starting the supervising process and reporting after the limit

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "argv": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "The program and its arguments.  No secrets here: every user of the machine can see them.",
        },
        "env": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Further environment variables; values may be ${env:NAME} or ${file:path}.",
        },
        "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 600, "default": 30},
        "best_proof": {
            "enum": ["accepted", "stored", "delivered"],
            "default": "accepted",
            "description": "The most that the program's answers may claim.",
        },
        "idempotent": {
            "type": "boolean",
            "default": False,
            "description": "Whether the program, given the same `id` again, has no second effect.",
        },
    },
    "required": ["argv"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """What to run, for how long, and what its answers may claim."""

    schema: ClassVar[str] = "parameters of sender command"
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    timeout_seconds: int = 30
    best_proof: Proof = Proof.ACCEPTED
    idempotent: bool = False

    def __post_init__(self) -> None:
        check_argv(self.argv)
        if not 1 <= self.timeout_seconds <= 600:
            raise ValueError("timeout_seconds is between 1 and 600")
        if self.best_proof not in (Proof.ACCEPTED, Proof.STORED, Proof.DELIVERED):
            raise ValueError("best_proof is accepted, stored or delivered")


class CommandSender(CannotLook):
    """Runs a program for each message."""

    name = NAME
    runs_in_child: ClassVar[bool] = True
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        self._state_folder = state_folder
        self._secrets = Secrets()
        self.hide = self._secrets.hide
        self.promises = SenderPromises(
            best_first_proof=self._parameters.best_proof,
            idempotent_by_key=self._parameters.idempotent,
            can_look=False,
            limit_seconds=self._parameters.timeout_seconds + OVERHEAD_SECONDS,
        )

    def probe(self) -> Sequence[Finding]:
        """Check that the program is there and may be run."""
        program = self._program()
        if program is None:
            name = self._parameters.argv[0]
            return (UNREACHABLE.finding(file=name, message="the program is not there, or may not be run"),)
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Run the program once; its whole process group ends with the process this runs in."""
        program = self._program()
        if program is None:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": "the program is not there, or may not be run"})
        try:
            env = {key: self._secrets.resolve(value) for key, value in (self._parameters.env or {}).items()}
        except SecretMissing as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": str(fault)})
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        try:
            running = subprocess.Popen(
                list(self._parameters.argv),
                executable=program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **env},
                cwd=self._state_folder,
            )
        except OSError as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": fault.strerror or "cannot be started"})
        output = _converse(running, encoded(message), time.monotonic() + self._parameters.timeout_seconds)
        return self._judge(running.returncode, output)

    def _program(self) -> str | None:
        from shutil import which

        return which(self._parameters.argv[0])

    def _judge(self, code: int | None, output: "_Output") -> Answer:
        argv = sha256("\0".join(self._parameters.argv).encode()).hexdigest()
        evidence = {"argv_sha256": argv, "stdout_sha256": output.digest}
        if code is None:
            return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": "killed at its time limit"})
        if code < 0:
            return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": f"ended by signal {-code}"})
        evidence["exit"] = str(code)
        said = output.document()
        if isinstance(said.get("reason"), str):
            evidence["reason"] = said["reason"]
        if code == TRY_LATER_EXIT:
            after = said.get("retry_after_seconds")
            wait = after if type(after) is int and after >= 0 else None
            return Answer(result=SendResult.TRY_LATER, evidence=evidence, retry_after_seconds=wait)
        if code != 0:
            return Answer(result=SendResult.REFUSED, evidence=evidence)
        proof, foreign = _claimed(said)
        if foreign:
            evidence["id"] = foreign
        best = self._parameters.best_proof
        return Answer(result=SendResult.ANSWERED, proof=min(best, proof), evidence=evidence)


def _claimed(said: Mapping[str, Any]) -> tuple[Proof, str]:
    """Return the proof that an answer claims; without an id nothing is more than accepted."""
    foreign = said.get("id")
    name = str(foreign) if isinstance(foreign, (str, int)) and str(foreign) else ""
    try:
        claimed = Proof(said.get("proof", Proof.ACCEPTED))
    except ValueError:
        claimed = Proof.ACCEPTED
    return (claimed if name or claimed <= Proof.ACCEPTED else Proof.ACCEPTED), name


class _Output:
    """What a program wrote: its digest, and its beginning."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._kept = b""
        self._whole = True

    def add(self, data: bytes) -> None:
        self._hash.update(data)
        room = LONGEST_OUTPUT - len(self._kept)
        self._whole = self._whole and len(data) <= room
        self._kept += data[:room]

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def document(self) -> Mapping[str, Any]:
        """Return the JSON object on the last line that has text; nothing for any other output, or too much of it."""
        lines = self._kept.strip().splitlines() if self._whole else []
        try:
            document = json.loads(lines[-1]) if lines else {}
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


def _converse(running: "subprocess.Popen[bytes]", given: bytes, ends_at: float) -> _Output:
    """Feed a program and listen until it ends or its time is over; then `returncode` stays None."""
    assert running.stdin is not None
    assert running.stdout is not None
    output = _Output()
    rest = memoryview(given)
    with selectors.DefaultSelector() as selector:
        for pipe, interest in ((running.stdin, selectors.EVENT_WRITE), (running.stdout, selectors.EVENT_READ)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, interest)
        while (now := time.monotonic()) < ends_at:
            if running.poll() is not None:
                ends_at = min(ends_at, now + DRAIN_SECONDS)
            if not selector.get_map():
                if running.returncode is not None:
                    break
                time.sleep(0.01)
            for key, _ in selector.select(min(0.05, ends_at - now)):
                if key.fileobj is running.stdin:
                    rest = fed(selector, running.stdin, rest)
                elif data := os.read(running.stdout.fileno(), 65536):
                    output.add(data)
                else:
                    selector.unregister(running.stdout)
    return output
