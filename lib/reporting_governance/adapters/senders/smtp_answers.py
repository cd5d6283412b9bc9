"""What a mail server's replies mean: for the message, for its target, or for nobody."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

LONGEST_TEXT = 200  #: characters of a server's words that are kept


class Phase(StrEnum):
    """How far a dialogue has come.  Only what follows `end` can have delivered anything."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    NOOP = "noop"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  #: the content is on its way, its end is not
    END = "end"  #: the end of the content was said


#: What goes wrong here is wrong with the server or our account, whatever the message.
_OF_THE_TARGET = frozenset(
    {Phase.CONNECT, Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.NOOP},
)
#: Authentication or TLS is asked for: RFC 4954, 6 and RFC 3207, 4.
_WANTS_AN_ACCOUNT = frozenset({530, 534, 535, 538})
_TOO_BIG = ("5.2.3", "5.3.4")  #: RFC 3463
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")


@frozen(kw_only=True)
class Reply:
    """A whole reply."""

    code: int
    lines: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether it says that the command was done."""
        return 200 <= self.code < 300

    @property
    def refuses(self) -> bool:
        """Whether it is one of the two kinds of no."""
        return 400 <= self.code < 600

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 2034); empty without one."""
        found = _STATUS.match(self.lines[0])
        return found.group() if found else ""

    @property
    def text(self) -> str:
        """The words, on one line, short, and without what a terminal would obey."""
        return plain(" ".join(self.lines))


def plain(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a stranger's words on one line, without control characters, cut at `longest`."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * longest]).split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def not_sent(phase: Phase, error: str) -> Answer:
    """Return the answer for a dialogue that broke off before the end of the content was said.

    RFC 5321, 4.1.1.10: the server must then act as if the transaction had failed for now.
    """
    return Answer(result=SendResult.NOT_SENT, evidence={"phase": phase.value, "error": error})


def refusal(phase: Phase, reply: Reply) -> Answer:
    """Return what a reply means that is not the one hoped for.

    A server that does not want us, or not our password, says nothing about the message: that is tried again, as a
    connection that failed is.  Of a message or an address it is final when it begins with 5.
    """
    evidence = {"phase": phase.value, **said(phase, reply)}
    if not reply.refuses:
        return Answer(result=_without_meaning(phase), evidence={**evidence, "error": "no answer to what was said"})
    if 400 <= reply.code < 500:
        return Answer(result=SendResult.TRY_LATER, evidence=evidence)
    if phase in _OF_THE_TARGET or reply.code in _WANTS_AN_ACCOUNT:
        return Answer(result=SendResult.NOT_SENT, evidence=evidence)
    if phase is Phase.RCPT and reply.code == 552 and reply.status not in _TOO_BIG:
        # RFC 5321, 4.5.3.1.10: at this place 552 is to be read as 452.
        return Answer(result=SendResult.TRY_LATER, evidence=evidence)
    return Answer(result=SendResult.REFUSED, evidence=evidence)


def _without_meaning(phase: Phase) -> SendResult:
    return SendResult.IN_DOUBT if phase is Phase.END else SendResult.NOT_SENT


def said(phase: Phase, reply: Reply) -> Mapping[str, str]:
    """Return what is kept of a reply.  Of one to AUTH no words: they may repeat what they were given."""
    kept = {"code": str(reply.code)}
    if phase is not Phase.AUTH:
        kept["text"] = reply.text
    elif reply.status:
        kept["status"] = reply.status
    return kept


def accepted(reply: Reply, *, message_id: str) -> Answer:
    """Return the answer for a message that the server has taken over."""
    evidence = {"code": str(reply.code), "text": reply.text, "message_id": message_id}
    queued = queue_id(reply.text)
    if queued:
        evidence["queue_id"] = queued
    return Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED, evidence=evidence)


#: How servers name what they have queued; most of them are the only ones to say it so.
_QUEUED: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bqueued as ([\w.+/-]{4,100})",  # Postfix, OpenSMTPD and those that speak like them
        r"\bid=([\w.-]{4,100})",  # Exim
        r"\bInternalId=(\d{4,40})",  # Exchange
        r"^(?:2\.\d\.\d )?([\w-]{8,100}) Message accepted for delivery",  # sendmail, OpenSMTPD
        r"\bqp (\d{1,20})\b",  # qmail
        r"^(?:2\.\d\.\d )?Ok:? ([\w.-]{12,100})$",  # Amazon SES
        r"^(?:2\.\d\.\d )?OK {1,2}(\d+ [\w.-]+) - gsmtp$",  # Gmail
    )
)


def queue_id(text: str) -> str:
    """Return the id under which a server says that it has queued a message; empty when it says none that we know."""
    for pattern in _QUEUED:
        found = pattern.search(text)
        if found:
            return found.group(1).rstrip(".")
    return ""
