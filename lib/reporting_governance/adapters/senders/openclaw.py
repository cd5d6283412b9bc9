"""OpenClaw's own program: `openclaw message send --json`, for whoever has channels set up there already.

A message id that the final service gave proves `stored`; `delivered: true`, exit 0 and a made-up id prove `accepted`.
The program has no key by which a repeat is known, and takes 7 to 94 seconds (measured), so its limit is a long one.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from reporting_governance.adapters.argv import check_argv
from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.openclaw_answers import judge
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets
from reporting_governance.adapters.senders.texts import cut, utf16_units, whole_text
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record

NAME = "openclaw"
OVERHEAD_SECONDS = 3  #: for starting the supervising process and reporting after the limit
SHORTEST_LIMIT: Final = 100  #: a send that went well was seen to take 79 seconds, one that failed 94
LONGEST_LIMIT: Final = 600
#: Telegram's limit is 4,096, other channels' is less; what is longer OpenClaw sends in parts, of which some may fail.
LONGEST_TEXT: Final = 3500
_WORD_JOINER = "\u2060"
#: The beginning of what OpenClaw reads as more than text.
_ORDER = re.compile(r"M(?=EDIA:)|\[(?=\[)|\](?=\()|\\(?=n)|<(?=tool)|@", re.IGNORECASE)

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "channel": {"type": "string", "minLength": 1, "description": "The channel as OpenClaw names it: `telegram`."},
        "to": {"type": "string", "minLength": 1, "description": "Whom to tell: what `--target` takes."},
        "account": {
            "type": ["string", "null"],
            "default": None,
            "minLength": 1,
            "description": "The channel's account, where OpenClaw has several.",
        },
        "thread": {
            "type": ["string", "null"],
            "default": None,
            "minLength": 1,
            "description": "A thread or topic within the chat.",
        },
        "command": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "minItems": 1,
            "default": ["openclaw"],
            "description": "How OpenClaw's program is started.  No secrets here: every user of the machine sees them.",
        },
        "state": {
            "type": ["string", "null"],
            "default": None,
            "minLength": 1,
            "description": "OpenClaw's state folder, when it is not the program's own choice.",
        },
        "env": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Further environment variables, such as PATH; values may be ${env:NAME} or ${file:path}.",
        },
        "best_proof": {
            "enum": ["accepted", "stored"],
            "default": "stored",
            "description": "The most that an answer may prove; `accepted` for a channel whose ids mean nothing.",
        },
        "timeout_seconds": {
            "type": "integer",
            "minimum": SHORTEST_LIMIT,
            "maximum": LONGEST_LIMIT,
            "default": 150,
        },
    },
    "required": ["channel", "to"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Whom to tell, through which installation."""

    schema: ClassVar[str] = "parameters of sender openclaw"
    channel: str
    to: str
    account: str | None = None
    thread: str | None = None
    command: tuple[str, ...] = ("openclaw",)
    state: str | None = None
    env: Mapping[str, str] | None = None
    best_proof: Proof = Proof.STORED
    timeout_seconds: int = 150

    def __post_init__(self) -> None:
        check_argv(self.command if all(self.command) else (), "command")
        if not self.channel.strip() or not self.to.strip():
            raise ValueError("channel and to are not empty")
        if not SHORTEST_LIMIT <= self.timeout_seconds <= LONGEST_LIMIT:
            raise ValueError(f"timeout_seconds is between {SHORTEST_LIMIT} and {LONGEST_LIMIT}")
        if self.best_proof not in (Proof.ACCEPTED, Proof.STORED):
            raise ValueError("best_proof is accepted or stored")


class OpenclawSender(CannotLook):
    """Runs OpenClaw's program once for each message."""

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
            idempotent_by_key=False,
            can_look=False,
            limit_seconds=self._parameters.timeout_seconds + OVERHEAD_SECONDS,
        )

    def probe(self) -> Sequence[Finding]:
        """Check that the program starts and says its version; it asks no channel, since even a dry run proves nothing.

        Source: with `--dry-run` it answers well without credentials and without a network (measured).
        """
        from reporting_governance.adapters.senders.openclaw_run import run

        name = self._parameters.command[0]
        try:
            environment = self._environment()
        except SecretMissing as fault:
            return (UNREACHABLE.finding(file=name, message=str(fault)),)
        program = self._program(environment)
        if program is None:
            return (UNREACHABLE.finding(file=name, message="the program is not there, or may not be run"),)
        try:
            code, _, errors = run(
                [*self._parameters.command, "--version"],
                program,
                environment,
                folder=self._state_folder,
                seconds=30,
                own_group=True,
            )
        except OSError as fault:
            return (UNREACHABLE.finding(file=name, message=fault.strerror or "it cannot be started"),)
        if code == 0:
            return ()
        ending = "it does not say its version in 30 s" if code is None else f"asked for its version it ends with {code}"
        said = self.hide(" ".join(errors.decode("utf-8", "replace").split()))[:200]
        return (UNREACHABLE.finding(file=name, message=f"{ending}: {said}" if said else ending),)

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Run the program once; its whole process group ends with the process this runs in."""
        from reporting_governance.adapters.senders.openclaw_run import run

        try:
            environment = self._environment()
        except SecretMissing as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": str(fault)})
        program = self._program(environment)
        if program is None:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": "the program is not there, or may not be run"})
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        seconds = self._parameters.timeout_seconds
        try:
            ended = run(self._arguments(message), program, environment, folder=self._state_folder, seconds=seconds)
        except OSError as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": fault.strerror or "cannot be started"})
        code, output, errors = ended
        return judge(code, output, errors, best=self._parameters.best_proof, now=time.time())

    def _arguments(self, message: Message) -> list[str]:
        """Return the whole command line; `--name=value`, so that no text can be taken for an option."""
        wanted = self._parameters
        options = {"channel": wanted.channel, "account": wanted.account, "target": wanted.to}
        options |= {"thread-id": wanted.thread, "message": text_of(message)}
        given = [f"--{name}={value}" for name, value in options.items() if value is not None]
        return [*wanted.command, "message", "send", *given, "--json"]

    def _program(self, environment: Mapping[str, str]) -> str | None:
        from shutil import which

        return which(self._parameters.command[0], path=environment.get("PATH"))

    def _environment(self) -> dict[str, str]:
        """Return the program's environment.  Raises: SecretMissing."""
        wanted = self._parameters
        own = {"NO_COLOR": "1"}
        if wanted.state is not None:
            own["OPENCLAW_STATE_DIR"] = os.path.abspath(os.path.expanduser(wanted.state))
        resolved = {key: self._secrets.resolve(value) for key, value in (wanted.env or {}).items()}
        return {**os.environ, **own, **resolved}


def text_of(message: Message) -> str:
    """Return a message as one text: no order to OpenClaw in it, no mention, no link that hides its address.

    `MEDIA:` at the start of a line attaches a file of this machine (2026.3.23), `[[…]]` sets a reply, and a backslash
    before an `n` ends the line.
    """
    text = cut(whole_text(message.subject, message.body), LONGEST_TEXT, lambda each: utf16_units(_inert(each)))
    return _inert(text)


def _inert(text: str) -> str:
    return _ORDER.sub(lambda found: found[0] + _WORD_JOINER, text)
