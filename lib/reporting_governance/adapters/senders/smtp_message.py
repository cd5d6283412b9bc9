"""A message as a mail: text and perhaps HTML, ids by which it is recognised, and headers that thread it.

All notices of one thread refer to one id that no mail has, so mail programs show firing, repeats and the end of an
episode as one conversation, also when the first of them is gone.  Everything that comes from agents is content or the
subject; neither can become a header.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from reporting_governance.adapters.interface import Message
from reporting_governance.contracts.frozen import frozen

LONGEST_SUBJECT = 250  #: characters
MOST_IDS = 10  #: thread or notice ids in one header; the rest is counted
LONGEST_ADDRESS = 254  #: octets; RFC 5321, 4.5.3.1.3 with its erratum
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f<>()\[\]\\,;:@\"]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.-]")
#: Controls but line end and tab, and what turns the direction of text, so that it reads other than it is.
_NOT_SHOWN = (*range(9), *range(11, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN_INSTEAD = dict.fromkeys(_NOT_SHOWN, "\N{REPLACEMENT CHARACTER}")
_URGENT: Final = frozenset({"high", "critical"})

#: Our own headers; delivery reports quote them.
ATTEMPT = "Reportgov-Attempt"
ITEM = "Reportgov-Item"
NOTICES = "Reportgov-Notices"


@frozen(kw_only=True)
class Mailbox:
    """An address as it goes over the line: the domain in ASCII."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def utf8(self) -> bool:
        """Whether it can only be said to a server that offers SMTPUTF8."""
        return not self.local.isascii()


def mailbox(text: str) -> Mailbox:
    """Read one bare address.  Raises: ValueError for anything else, such as a name, a list or a line end."""
    local, at, domain = text.rpartition("@")
    if not at or _LOCAL.fullmatch(local) is None or len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL:
        raise ValueError("not one bare mail address")
    if not local.isprintable() or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("not one bare mail address")
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        raise ValueError("the address's domain is none") from None
    if not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise ValueError("the address's domain is none")
    found = Mailbox(local=local, domain=ascii_domain.lower())
    if len(found.text.encode("utf-8", "replace")) > LONGEST_ADDRESS:
        raise ValueError("the address is too long")
    return found


def message_id(message: Message, domain: str) -> str:
    """Return the Message-ID: of the item, so that a repeat nobody marked is recognised; of a marked one, its own."""
    return _id(message.idempotency_key, domain)


def mail(message: Message, *, sender: Mailbox, sender_name: str, recipient: Mailbox, now: datetime) -> bytes:
    """Return the whole mail, in lines that end with CRLF, none longer than 998 octets.

    It is 7-bit, unless an address is not: then its head is UTF-8 (RFC 6532).
    """
    content = EmailMessage(policy=(SMTPUTF8 if sender.utf8 or recipient.utf8 else SMTP).clone(cte_type="7bit"))
    content["From"] = Address(sender_name, sender.local, sender.domain)
    content["To"] = Address("", recipient.local, recipient.domain)
    content.set_content(_harmless(message.body), cte=None)
    if message.html is not None:
        content.add_alternative(_harmless(message.html), subtype="html")
    head = "".join(f"{line}\r\n" for line in _own_headers(message, sender.domain, now))
    return head.encode("ascii") + content.as_bytes()


def subject(text: str) -> str:
    """Return a subject on one line, cut with a mark."""
    words = " ".join("".join(each if each.isprintable() else " " for each in _encodable(text)).split())
    return words if len(words) <= LONGEST_SUBJECT else words[: LONGEST_SUBJECT - 1] + "…"


def _own_headers(message: Message, domain: str, now: datetime) -> list[str]:
    """Return the headers whose form matters.

    The library may write a long id as an encoded word, and a subject with nothing on its first line, which is all
    that some mail programs show.
    """
    threads = [_id(each, domain) for each in message.thread_keys[:MOST_IDS]]
    referred = list(threads)
    if message.possible_repeat_of:
        referred.append(_id(message.spool_id, domain))
    headers = [
        f"Subject: {_header(subject(message.subject))}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {message_id(message, domain)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",  # what Exchange reads instead
        f"{ITEM}: {_name(message.spool_id)}",
        f"{NOTICES}: {_listed(message.notice_ids)}",
    ]
    if message.attempt_id:
        headers.append(f"{ATTEMPT}: {_name(message.attempt_id)}")
    if threads:
        headers.append(f"In-Reply-To: {threads[0]}")
    if referred:
        headers.append("References: " + "\r\n ".join(referred))
    if message.urgency in _URGENT:
        headers.append("Importance: high")
    return headers


def _header(text: str) -> str:
    """Return one line of text as a header's value; as encoded words (RFC 2047) when it is not ASCII, or looks so."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def _listed(ids: Sequence[str]) -> str:
    listed = ",\r\n ".join(_name(each) for each in ids[:MOST_IDS])
    more = len(ids) - MOST_IDS
    return f"{listed},\r\n and-{more}-more" if more > 0 else listed


def _id(name: str, domain: str) -> str:
    return f"<{_name(name)}@{domain}>"


def _name(text: str) -> str:
    return _NOT_IN_IDS.sub("_", text)[:100] or "_"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character


def _harmless(text: str) -> str:
    """Return text without what a terminal or a mail program would obey; lines and tabs stay."""
    lines = _encodable(text).replace("\r\n", "\n").replace("\r", "\n")
    return lines.translate(_SHOWN_INSTEAD)
