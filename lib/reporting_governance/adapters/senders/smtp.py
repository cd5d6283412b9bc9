"""Mail: one message to one address, handed to one mail server over SMTP.

A 250 after the content proves `accepted`: that server took it over, and nothing is known of the mailbox.  A delivery
report that comes back may prove more, or that it failed; see dsn.py.

The first thing that can deliver is the end of the content.  `may_start` is asked once the server has said that it
wants the content, before any of it leaves.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, Proving, SenderPromises, SendResult
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.hiding import HIDDEN
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import REFERENCE, SecretMissing, Secrets
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record

if TYPE_CHECKING:
    from reporting_governance.adapters.senders.smtp_dialogue import Dialogue
    from reporting_governance.adapters.senders.smtp_line import Line

NAME = "smtp"
OVERHEAD_SECONDS = 4  #: for starting the sending process, taking leave, and reporting after the limit
_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "minLength": 1, "description": "The mail server that takes our mail."},
        "port": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 65535,
            "default": None,
            "description": "Default: 587 with starttls, 465 with implicit, 25 with none.",
        },
        "tls": {
            "type": "string",
            "enum": ["starttls", "implicit", "none"],
            "default": "starttls",
            "description": "How the line is encrypted; none only to loopback that `host` itself names.",
        },
        "ca_file": {"type": ["string", "null"], "default": None, "description": "Certificates to trust instead."},
        "user": {
            "type": ["string", "null"],
            "default": None,
            "description": "Who we are to the server; may be ${env:NAME} or ${file:path}.",
        },
        "password": {
            "type": ["string", "null"],
            "default": None,
            "pattern": "^\\$\\{(env|file):[^{}]+\\}$",
            "description": "As ${env:NAME} or ${file:path}; nothing else.",
        },
        "from_address": {
            "type": "string",
            "minLength": 3,
            "description": "The address in From; may be ${env:NAME} or ${file:path}, as the other addresses may.",
        },
        "from_name": {"type": "string", "default": "Reporting governance", "description": "The name in From."},
        "to_address": {"type": "string", "minLength": 3, "description": "One address; two people are two targets."},
        "bounce_address": {
            "type": ["string", "null"],
            "default": None,
            "description": "Where delivery reports go.  Default: from_address.",
        },
        "delivery_reports": {
            "type": "boolean",
            "default": True,
            "description": "Ask for delivery reports (DSN) where the server offers them.",
        },
        "client_name": {
            "type": ["string", "null"],
            "default": None,
            "pattern": "^[A-Za-z0-9.-]+$",
            "description": "What we say to EHLO.  Default: the address of our end of the line.",
        },
        "replies_from": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Addresses whose reply counts as a person's ack; needs replies_vouched_by.",
        },
        "replies_vouched_by": {
            "type": ["string", "null"],
            "default": None,
            "description": "The name under which our own mail server writes Authentication-Results.",
        },
        "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 300, "default": 30},
        "private_networks": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Private addresses that may be spoken to, such as 10.1.0.0/16.",
        },
    },
    "required": ["host", "from_address", "to_address"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Which server, as whom, from whom to whom."""

    schema: ClassVar[str] = "parameters of sender smtp"
    host: str
    from_address: str
    to_address: str
    port: int | None = None
    tls: str = "starttls"
    ca_file: str | None = None
    user: str | None = None
    password: str | None = None
    from_name: str = "Reporting governance"
    bounce_address: str | None = None
    delivery_reports: bool = True
    client_name: str | None = None
    replies_from: tuple[str, ...] = ()
    replies_vouched_by: str | None = None
    timeout_seconds: int = 30
    private_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        from ipaddress import ip_network

        from reporting_governance.adapters.senders.smtp_line import names_loopback

        if self.tls not in _PORTS:
            raise ValueError(f"tls is one of {', '.join(_PORTS)}")
        if self.tls == "none" and not names_loopback(self.host):
            raise ValueError("tls none is for loopback only, and host names another machine")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise ValueError("port is between 1 and 65535")
        if not 1 <= self.timeout_seconds <= 300:
            raise ValueError("timeout_seconds is between 1 and 300")
        for each in self.private_networks:
            ip_network(each)
        self._check_account()
        self._check_addresses()

    def _check_account(self) -> None:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password are given both or neither")
        if self.password is not None and REFERENCE.fullmatch(self.password) is None:
            raise ValueError("password is ${env:NAME} or ${file:path}")
        if self.client_name is not None and not (self.client_name.isascii() and self.client_name.isprintable()):
            raise ValueError("client_name is a host's name")

    def _check_addresses(self) -> None:
        from reporting_governance.adapters.senders.smtp_message import mailbox

        for name in ("from_address", "to_address", "bounce_address"):
            address = getattr(self, name)
            if address is None or REFERENCE.search(address):
                continue  # what a reference leads to is looked at when it is used
            try:
                mailbox(address)
            except ValueError as fault:
                raise ValueError(f"{name}: {fault}") from None
        if not self.from_name.isprintable():
            raise ValueError("from_name is one line")
        if self.replies_from and not self.replies_vouched_by:
            raise ValueError("replies_from needs replies_vouched_by: anybody can write any address into From")


class SmtpSender(CannotLook, Proving):
    """Hands each message to a mail server."""

    name = NAME
    runs_in_child: ClassVar[bool] = True
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        self._secrets = Secrets()
        self._forms: set[str] = set()
        self.promises = SenderPromises(
            best_first_proof=Proof.ACCEPTED,
            idempotent_by_key=False,
            can_look=False,
            limit_seconds=self._parameters.timeout_seconds + OVERHEAD_SECONDS,
        )

    def hide(self, text: str) -> str:
        """Return text without the password, as it is and as it goes over the line."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return self._secrets.hide(text)

    def probe(self) -> Sequence[Finding]:
        """Connect, encrypt, prove who we are and leave again; nothing is sent."""
        from reporting_governance.adapters.senders.smtp_dialogue import Ended

        try:
            line, dialogue = self._dialogue()
        except SecretMissing as fault:
            return (UNREACHABLE.finding(file=NAME, message=str(fault)),)
        try:
            dialogue.begin()
            dialogue.noop()
        except Ended as ended:
            words = " ".join(str(each) for each in ended.answer.evidence.values())
            return (UNREACHABLE.finding(file=NAME, message=self.hide(words)),)
        finally:
            line.goodbye()
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Send one mail."""
        from reporting_governance.adapters.senders.smtp_dialogue import Ended

        try:
            line, dialogue = self._dialogue()
        except SecretMissing as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": str(fault)})
        try:
            answer = self._send(message, dialogue, may_start)
        except Ended as ended:
            answer = ended.answer
        if answer.result is SendResult.NOT_STARTED:
            line.close()  # the server waits for content; only a closed line tells it that none comes
        else:
            self.proven(answer)  # the answer to QUIT changes nothing
            line.goodbye()
        return answer

    def _send(self, message: Message, dialogue: "Dialogue", may_start: Fence) -> Answer:
        from datetime import UTC, datetime

        from reporting_governance.adapters.senders.smtp_answers import Phase, not_sent
        from reporting_governance.adapters.senders.smtp_dialogue import Envelope
        from reporting_governance.adapters.senders.smtp_message import mail, mailbox, message_id

        wanted = self._parameters
        named = (wanted.from_address, wanted.to_address, wanted.bounce_address or wanted.from_address)
        try:
            sender, recipient, bounces = (mailbox(self._secrets.resolve(each)) for each in named)
        except (SecretMissing, ValueError) as fault:
            return not_sent(Phase.CONNECT, str(fault))
        content = mail(message, sender=sender, sender_name=wanted.from_name, recipient=recipient, now=datetime.now(UTC))
        dialogue.begin()
        envelope = Envelope(
            sender=bounces.text,
            recipient=recipient.text,
            envelope_id=message.attempt_id or message.idempotency_key,
            reports=wanted.delivery_reports,
            utf8=any(each.utf8 for each in (sender, recipient, bounces)),
        )
        dialogue.address(envelope, len(content))
        dialogue.data()
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        return dialogue.deliver(content, message_id=message_id(message, sender.domain))

    def _dialogue(self) -> "tuple[Line, Dialogue]":
        """Raises: SecretMissing."""
        from ipaddress import ip_network

        from reporting_governance.adapters.senders.smtp_dialogue import Account, Dialogue, Tls
        from reporting_governance.adapters.senders.smtp_line import Line, Place

        wanted = self._parameters
        user = self._secrets.resolve(wanted.user or "")
        password = self._secrets.resolve(wanted.password or "")
        if password:
            pair = f"\0{user}\0{password}"
            self._forms = {base64.b64encode(each.encode()).decode("ascii") for each in (pair, password)}
        place = Place(
            host=wanted.host,
            port=wanted.port or _PORTS[wanted.tls],
            private_networks=tuple(ip_network(each) for each in wanted.private_networks),
            ca_file=wanted.ca_file,
        )
        line = Line(place, seconds=wanted.timeout_seconds, hide=self.hide)
        account = Account(tls=Tls(wanted.tls), client_name=wanted.client_name or "", user=user, password=password)
        return line, Dialogue(line, account)
