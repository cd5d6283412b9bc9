"""The order of an SMTP dialogue (RFC 5321): greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, content, QUIT.

Every step raises `Ended` with the answer when it is the last one.  Nothing before the end of the content can deliver.
"""

import base64
from collections.abc import Mapping
from enum import StrEnum

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.smtp_answers import Phase, Reply, accepted, not_sent, refusal
from reporting_governance.adapters.senders.smtp_line import Broken, Line
from reporting_governance.contracts.frozen import frozen


class Tls(StrEnum):
    """How the line is encrypted."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"  #: to this machine only


class Ended(Exception):
    """The dialogue is over before anything could be delivered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.result.value)
        self.answer = answer


@frozen(kw_only=True)
class Account:
    """How to get in.  Holds secrets: never printed."""

    tls: Tls
    client_name: str = ""  #: what we say we are; empty: the address of our end
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Account(tls={self.tls.value})"


@frozen(kw_only=True)
class Envelope:
    """Who sends to whom.  `envelope_id` comes back in delivery reports."""

    sender: str
    recipient: str
    envelope_id: str
    reports: bool = True  #: ask for delivery reports where the server offers them
    utf8: bool = False  #: an address needs SMTPUTF8


class Dialogue:
    """One dialogue over one line."""

    def __init__(self, line: Line, account: Account) -> None:
        self._line = line
        self._account = account
        self._phase = Phase.CONNECT
        self._features: Mapping[str, str] = {}

    def begin(self) -> None:
        """Connect, encrypt, and prove who we are.  Raises: Ended."""
        try:
            self._line.open()
            if self._account.tls is Tls.IMPLICIT:
                self._line.secure()
            elif self._account.tls is Tls.NONE and not self._line.loopback:
                raise Broken("the line is not encrypted, and leads to another machine")  # whatever its name says
            self._phase = Phase.GREETING
            self._must(self._line.reply())
            self._ehlo()
            if self._account.tls is Tls.STARTTLS:
                self._starttls()
            self._authenticate()
        except Broken as fault:
            raise self._broken(fault) from None

    def noop(self) -> None:
        """See whether the server answers.  Raises: Ended."""
        self._step(Phase.NOOP, "NOOP")

    def address(self, envelope: Envelope, size: int) -> None:
        """Say from whom, to whom and how much.  Raises: Ended."""
        if envelope.utf8 and not {"SMTPUTF8", "8BITMIME"} <= self._features.keys():
            raise self._unwanted("an address needs SMTPUTF8, which the server does not offer")
        largest = self._features.get("SIZE", "")
        if largest.isdigit() and 0 < int(largest) < size:
            raise self._unwanted(f"the message has {size} bytes, and the server takes {largest}")
        self._step(Phase.MAIL, f"MAIL FROM:<{envelope.sender}>{self._mail_options(envelope, size)}")
        self._step(Phase.RCPT, f"RCPT TO:<{envelope.recipient}>{self._rcpt_options(envelope)}")

    def data(self) -> None:
        """Ask to send the content.  Raises: Ended."""
        self._step(Phase.DATA, "DATA", hoped_for=354)

    def deliver(self, content: bytes, *, message_id: str) -> Answer:
        """Send the content and its end, and return what the server made of it.

        Args:
            content: lines that end with CRLF, dots not yet doubled.
        """
        self._phase = Phase.BODY
        try:
            self._line.send(stuffed(content))
            early = self._line.early()
        except Broken as fault:
            return self._broken_body(fault)
        if early is not None:
            return refusal(self._phase, early)
        # From here on the server may have it.
        self._phase = Phase.END
        try:
            self._line.send(b".\r\n")
            reply = self._line.reply()
        except Broken as fault:
            evidence = {"phase": self._phase.value, "error": str(fault), "message_id": message_id}
            return Answer(result=SendResult.IN_DOUBT, evidence=evidence)
        return accepted(reply, message_id=message_id) if reply.fine else refusal(self._phase, reply)

    def _ehlo(self) -> None:
        name = self._account.client_name or self._line.local_address()
        reply = self._step(Phase.EHLO, f"EHLO {name}")
        self._features = features(reply)

    def _starttls(self) -> None:
        if "STARTTLS" not in self._features:
            raise Ended(not_sent(Phase.STARTTLS, "the server does not offer STARTTLS; without it nothing is sent"))
        self._step(Phase.STARTTLS, "STARTTLS")
        self._line.secure()
        # What was said before may have been said by somebody in between.
        self._ehlo()

    def _authenticate(self) -> None:
        account = self._account
        if not account.user:
            return
        self._phase = Phase.AUTH
        if not (self._line.secured or self._line.loopback):
            raise Ended(not_sent(self._phase, "the line is not encrypted; no password is sent over it"))
        offered = self._features.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            self._step(Phase.AUTH, f"AUTH PLAIN {_base64(f'{chr(0)}{account.user}{chr(0)}{account.password}')}")
        elif "LOGIN" in offered:
            self._step(Phase.AUTH, "AUTH LOGIN", hoped_for=334)
            self._step(Phase.AUTH, _base64(account.user), hoped_for=334)
            self._step(Phase.AUTH, _base64(account.password))
        else:
            raise Ended(not_sent(self._phase, "the server offers neither AUTH PLAIN nor AUTH LOGIN"))

    def _mail_options(self, envelope: Envelope, size: int) -> str:
        options = ""
        if "SIZE" in self._features:
            options += f" SIZE={size}"
        if envelope.utf8:
            options += " BODY=8BITMIME SMTPUTF8"
        if envelope.reports and "DSN" in self._features:
            # Only the head of our message comes back: its text is nobody's business on the way.
            options += f" RET=HDRS ENVID={xtext(envelope.envelope_id)}"
        return options

    def _rcpt_options(self, envelope: Envelope) -> str:
        if not envelope.reports or "DSN" not in self._features:
            return ""
        original = f" ORCPT=rfc822;{xtext(envelope.recipient)}" if envelope.recipient.isascii() else ""
        return f" NOTIFY=SUCCESS,FAILURE,DELAY{original}"

    def _step(self, phase: Phase, command: str, *, hoped_for: int | None = None) -> Reply:
        self._phase = phase
        try:
            return self._must(self._line.ask(command), hoped_for)
        except Broken as fault:
            raise self._broken(fault) from None

    def _must(self, reply: Reply, hoped_for: int | None = None) -> Reply:
        if reply.code == hoped_for or (hoped_for is None and reply.fine):
            return reply
        raise Ended(refusal(self._phase, reply))

    def _broken(self, fault: Broken) -> Ended:
        return Ended(not_sent(self._phase, str(fault)))

    def _broken_body(self, fault: Broken) -> Answer:
        """A server may refuse in the middle and close; its reply is then still there to be read."""
        try:
            early = self._line.early()
        except Broken:
            early = None
        return not_sent(self._phase, str(fault)) if early is None else refusal(self._phase, early)

    def _unwanted(self, error: str) -> Ended:
        return Ended(Answer(result=SendResult.REFUSED, evidence={"phase": Phase.MAIL.value, "error": error}))


def features(reply: Reply) -> Mapping[str, str]:
    """Return what a server says it can do: keyword in capitals, and its parameters."""
    found: dict[str, str] = {}
    for line in reply.lines[1:]:
        keyword, _, parameters = line.strip().partition(" ")
        if keyword.upper().startswith("AUTH="):  # as it was written before there was a standard
            keyword, _, first = keyword.partition("=")
            parameters = f"{first} {parameters}"
        name = keyword.upper()
        found[name] = f"{found[name]} {parameters}" if name in found else parameters.strip()
    return found


def stuffed(content: bytes) -> bytes:
    """Return the content as it is sent: a dot that begins a line is doubled (RFC 5321, 4.5.2), and it ends a line."""
    doubled = content.replace(b"\r\n.", b"\r\n..")
    if doubled.startswith(b"."):
        doubled = b"." + doubled
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def xtext(text: str) -> str:
    """Return ASCII text as a parameter's value (RFC 3461, 4)."""
    return "".join(each if "!" <= each <= "~" and each not in "+=" else f"+{ord(each):02X}" for each in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
