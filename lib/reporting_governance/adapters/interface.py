"""What a task source and a sender promise.  Stages know this file and no implementation."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof, Reason
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.errors import ExitCode, GovernanceError

if TYPE_CHECKING:
    from reporting_governance.verifier.note import LogHead


class Known(StrEnum):
    """Three-valued: what a source cannot see is unknown, never false."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class Observation:
    """What a host's own records say about one question."""

    known: Known
    since: datetime | None = None  #: when it became so, by the host's records
    reason: str = ""  #: in plain words, also why it is unknown


#: A label of a task whose owner is dead: the id of the task, of the same installation, that tells of the same death.
#: As long as that one's `owner_dead` is open and told, this one's waits.
EXPLAINED_BY = "explained_by"


@frozen(kw_only=True)
class ObservedTask:
    """One task as a source sees it now.

    `facts` answers, by condition name, what only the host can know: `owner_dead`, `delivery_failed`,
    `spawn_failed`, `source_unreadable`.  A condition that is not named does not apply to this task.
    `unknown` names conditions that could not be judged, with the reason: their episodes stay as they are.
    """

    task: TaskState
    instance: str  #: the source's instance id
    facts: Mapping[str, Observation] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    liveness_resolution_seconds: int = 0  #: silence shorter than this proves nothing


@frozen(kw_only=True)
class SourceReading:
    """One reading of one source.

    `complete`: a task that is not in `tasks` is gone.  When false (unreadable, partly read), absence says nothing.
    """

    source: str
    instance: str  #: also of what cannot be read, where it is known without reading; else empty
    tasks: Sequence[ObservedTask]
    complete: bool
    findings: Sequence[Finding] = ()
    unreadable: str | None = None  #: why nothing could be read; None when it could
    cannot_see: Mapping[str, str] = field(default_factory=dict)  #: condition -> why this source cannot judge it


class TaskSource(Protocol):
    """Reads another program's tasks; never writes there."""

    name: str  #: `json`, `openclaw` ...

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Read what is active, what ended after `baseline_at`, and the tasks whose ids are `known` (open episodes).

        `baseline_at` is None at the very first reading.  Bounded in time and size; a fault is a finding, not an error.
        """
        ...


class SendResult(StrEnum):
    """How one send ended, by what is surely known."""

    ANSWERED = "answered"
    NOT_SENT = "not_sent"  #: surely nothing left; retry freely
    REFUSED = "refused"  #: for good
    TRY_LATER = "try_later"
    IN_DOUBT = "in_doubt"  #: something left, and no answer came
    NOT_STARTED = "not_started"  #: the fence said no: too late, or somebody else has the item


@frozen(kw_only=True)
class Message:
    """What a sender is given: a rendered item, and the facts behind it."""

    spool_id: str
    idempotency_key: str
    subject: str
    body: str
    html: str | None
    urgency: str
    thread_keys: Sequence[str]
    notice_ids: Sequence[str]
    phase: str
    facts: Mapping[str, Any]
    possible_repeat_of: str | None = None  #: the attempt whose outcome is unknown
    attempt_id: str = ""  #: of this very send; a receipt that comes from outside names it
    not_after: str = ""  #: the end of its life (RFC 3339): sent later it helps nobody
    #: thread -> evidence of what this very target was told in it before, oldest first; only when `joins_threads`
    earlier: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@frozen(kw_only=True)
class Answer:
    """What one send proved.  `evidence` holds what the receiver answered, secrets removed, short texts only."""

    result: SendResult
    proof: Proof = Proof.NONE
    reason: Reason | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None


@frozen(kw_only=True)
class SenderPromises:
    """What a kind of sender can and cannot do; the bridge plans by it, never by the sender's name."""

    best_first_proof: Proof  #: of the first answer
    idempotent_by_key: bool  #: sending again with the same key has no second effect
    can_look: bool  #: can tell by itself whether an item arrived
    limit_seconds: int  #: its own wall-clock limit for one send
    in_batches: bool = False  #: many messages in one call, all or none in doubt
    polls_every_seconds: int | None = None  #: it is a `PollingSender`, and may be asked this often; None: it is none
    waits_for_others: bool = False  #: it is a `WaitingSender`: somebody else sends, and a receipt tells how it went
    confirm_within_seconds: int | None = None  #: what nobody else has taken by then is taken back; None: its lifetime
    joins_threads: bool = False  #: wants `Message.earlier`: what it was told before in the same threads


def _untold(answer: "Answer") -> None:
    """Tell nobody: who called `send` gets its answer."""


class Proving:
    """A sender that has more to do after its answer is sure.  It calls `proven` with that answer first.

    Then whatever becomes of the rest, or of the process it runs in, does not make the answer doubtful.
    """

    proven: Callable[[Answer], None] = staticmethod(_untold)


class Sender(Protocol):
    """Hands messages to one kind of channel.  One instance per configured target."""

    name: str
    promises: SenderPromises

    def mark(self) -> Mapping[str, Any] | None:
        """Return what is needed to look later (such as the outbox's size), taken before the attempt is recorded."""
        ...

    def send(self, message: Message, *, may_start: "Fence") -> Answer:
        """Send one message.  Calls `may_start()` immediately before the effect and sends nothing when it is false."""
        ...

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Return the proof that an earlier send arrived; None when it surely did not; only when `can_look`."""
        ...

    def probe(self) -> Sequence[Finding]:
        """Check health without sending anything."""
        ...


class PollingSender(Sender, Protocol):
    """A sender whose `promises.polls_every_seconds` is set: what became of a message can be asked later."""

    def poll(self, message: Message, evidence: Mapping[str, str]) -> Answer | None:
        """Ask what became of a message; None when nothing is known beyond what is recorded already.

        Args:
            evidence: of the newest receipt: the ids under which the receiver knows the message.

        An answer's proof is at or above what is recorded, or its result is REFUSED: it will never be confirmed.
        """
        ...

    def can_ask(self, evidence: Mapping[str, str]) -> bool:
        """Tell whether a message whose first answer left this evidence can be asked for; else it waits for nothing."""
        ...


class WaitingSender(PollingSender, Protocol):
    """A sender whose `promises.waits_for_others` is true: it puts a message down, and somebody else sends it.

    Its first answer proves nothing.  A poll answers as soon as somebody has taken the message: that is `accepted`.
    """

    def take_back(self, message: Message, evidence: Mapping[str, str]) -> bool:
        """Take back what nobody has taken yet; true: surely nobody will send it.  Raises OSError: nobody knows."""
        ...


class Fence(Protocol):
    """Answers whether a send may still start."""

    def __call__(self) -> bool: ...


class Batch(Protocol):
    """A target that nobody else looks at or writes to while the batch is open."""

    def mark(self) -> Mapping[str, Any] | None:
        """Return what is needed to look later."""
        ...

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """As `Sender.look`."""
        ...

    def send(self, messages: Sequence[Message], *, may_start: Callable[[Message], bool]) -> Sequence[Answer]:
        """Send those messages that may start, with one effect; answers in the order of the messages."""
        ...


class BatchSender(Sender, Protocol):
    """A sender whose `promises.in_batches` is true: many messages cost about as much as one."""

    def batch(self, *, wait_seconds: float) -> AbstractContextManager[Batch | None]:
        """Open a batch; None when another process keeps the target for longer than `wait_seconds`.

        Attempts are recorded, sent and settled while it is open, so that nobody looks at a half-written batch.
        """
        ...


class CannotSign(GovernanceError):
    """Whoever signs heads of the log did not, or not with the key that the log knows.

    `reason` never holds a secret.
    """

    exit_code = ExitCode.PARTIAL
    message = "{signer}: {reason}"
    hint = "Nothing waits for it: lines are recorded and sent as ever.  Until it is mended they are not signed."


class Signer(Protocol):
    """Signs for a log with one Ed25519 key."""

    name: str  #: kind and place, such as `key file /etc/reportgov/log.key`

    def public_key(self) -> bytes:
        """Return the 32 bytes that its signatures are checked with.  Raises: CannotSign."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return a signature of 64 bytes.  Whoever asks checks it.  Raises: CannotSign."""
        ...


class Anchored(NamedTuple):
    """How it went to hand a head to somebody else.  `problem` is empty when they hold it; it never holds a secret."""

    problem: str = ""

    @property
    def is_held(self) -> bool:
        """Whether the anchor holds the head now."""
        return not self.problem


class Anchor(Protocol):
    """Somebody else who holds signed heads of our log, so that a later rewrite of it does not go unseen."""

    name: str  #: kind and place, such as `file /mnt/heads/this-host.notes`; no two of one profile have the same
    limit_seconds: float  #: its own limit for one head; whoever calls it may give up a little later

    def anchor(self, note: bytes, head: "LogHead") -> Anchored:
        """Hand over a signed head.  Again the same one does no harm.  Never raises for what is the anchor's fault."""
        ...

    def probe(self) -> str:
        """Say what stands in the way, without handing anything over; empty: nothing that can be seen."""
        ...
