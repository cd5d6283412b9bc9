"""What comes back by mail: a delivery report (RFC 3464), a person's reply, or something that is neither.

A report is recognised by the envelope id that we gave the mail, which is the attempt's own, or by the head of our mail
that it quotes.  It proves what the mail system says of itself: `delivered` that the mail is in a mailbox, `failed` that
it never will be, anything else that it is still on its way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from typing import Any

from reporting_governance.adapters.senders.dsn_parts import NoMail, Part, fields_of, part_of, parts_of
from reporting_governance.adapters.senders.smtp_answers import plain
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.core.scrub import scrub

MOST_RECIPIENTS = 50  #: of one report; ours are one, and become more only where an address is a list
_ATTEMPT = re.compile(r"att_[0-9a-f]{32}")
_OURS = re.compile(r"<((?:thr_[0-9a-f]{32}_[0-9a-f]{12})|(?:(?:spl|att)_[0-9a-f]{32}))@[^<>\s]+>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_QUOTED_PARTS = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"},
)
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_NOT_BY_HAND = frozenset({"bulk", "junk", "list", "auto_reply"})


@frozen(kw_only=True)
class DeliveryReport:
    """What a mail system says about one attempt of ours."""

    attempt_id: str
    proof: Proof  #: NONE: it failed
    failure: str = ""  #: why it will never arrive
    id: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    def receipt(self) -> dict[str, Any]:
        """Return it as the document that a receipt from outside is."""
        document: dict[str, Any] = {
            "attempt_id": self.attempt_id,
            "id": self.id,
            "evidence": dict(self.evidence),
        }
        if self.failure:
            return {**document, "refused": self.failure}
        return {**document, "proof": self.proof.value}


@frozen(kw_only=True)
class MailedReply:
    """A mail that answers one of ours.  Who wrote it is not known yet; see dsn_reply.py."""

    subjects: Sequence[str]  #: threads, or items where no thread is named
    mail: Part
    automatic: bool  #: a program wrote it


def read_mail(data: bytes) -> DeliveryReport | MailedReply:
    """Return what a mail says about one of ours.  Raises: NoMail when it says nothing."""
    mail = part_of(data)
    kind, _, report_type = mail.kind()
    if kind == "multipart/report":
        if report_type.lower() != "delivery-status":
            raise NoMail("a report, but not of a delivery")
        return _report(mail, data)
    subjects = _answered(mail)
    if not subjects:
        raise NoMail("neither a delivery report nor an answer to a message of ours")
    return MailedReply(subjects=subjects, mail=mail, automatic=_is_automatic(mail))


def _answered(mail: Part) -> Sequence[str]:
    found = _OURS.findall(" ".join([*mail.all("in-reply-to"), *mail.all("references")]))
    threads = [each for each in found if each.startswith("thr_")]
    return tuple(dict.fromkeys(threads or found))


def _is_automatic(mail: Part) -> bool:
    """Source: RFC 3834, 5, and what programs did before it."""
    submitted = mail.first("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or mail.first("return-path") == "<>"
        or mail.first("precedence").lower() in _NOT_BY_HAND
        or any(name in ("x-autoreply", "x-autorespond") for name, _ in mail.fields)
    )


def _report(mail: Part, data: bytes) -> DeliveryReport:
    parts = parts_of(mail)
    status = next((each for each in parts if each.kind()[0] in _STATUS_PARTS), None)
    if status is None:
        raise NoMail("a delivery report without its machine-readable part")
    groups = _groups(status.decoded())
    recipients = [each for each in groups if _field(each, "action")]
    about = () if _field(groups[0], "action") else groups[0]  # some say nothing about the mail as a whole
    if not recipients:
        raise NoMail("a delivery report about nobody")
    quoted = next((each for each in parts if each.kind()[0] in _QUOTED_PARTS), None)
    own = _ids(about, part_of(quoted.decoded()) if quoted else None)
    if len(own) != 1:
        raise NoMail("a delivery report about no mail of ours" if not own else "a delivery report about several mails")
    name = mail.first("message-id").encode() or data
    return _judged(own.pop(), f"dsn-{sha256(name).hexdigest()[:32]}", about, recipients)


def _groups(data: bytes) -> Sequence[Sequence[tuple[str, str]]]:
    """Return the groups of fields: the first about the mail, each other about one recipient."""
    texts = re.split(rb"\n[ \t]*\n", data.replace(b"\r\n", b"\n").strip(b"\n"), maxsplit=MOST_RECIPIENTS + 1)
    groups = [fields_of(each.strip(b"\n")) for each in texts[: MOST_RECIPIENTS + 1]]
    return [each for each in groups if each] or [()]


def _field(group: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for each, value in group if each == name), "")


def _ids(about: Sequence[tuple[str, str]], quoted: Part | None) -> set[str]:
    """Return the attempts that a report names: by the envelope's id, and by what it quotes of our head."""
    named = [_field(about, "original-envelope-id")]
    if quoted is not None:
        named += [
            *quoted.all("reportgov-attempt"),
            *(each.strip("<>").partition("@")[0] for each in quoted.all("message-id")),
        ]
    return {each for each in named if _ATTEMPT.fullmatch(each)}


def _judged(
    attempt_id: str,
    name: str,
    about: Sequence[tuple[str, str]],
    recipients: Sequence[Sequence[tuple[str, str]]],
) -> DeliveryReport:
    """One address may have become several.  It failed when all did, and arrived when nothing is left that did not."""
    actions = [_field(each, "action").partition(" ")[0].lower() for each in recipients]
    known = [each for each in actions if each in _ACTIONS]
    if not known:
        raise NoMail("a delivery report that says nothing of what was done")
    worst = min(range(len(actions)), key=lambda place: _rank(actions[place]))
    evidence = _evidence(about, recipients[worst], actions)
    if all(each == "failed" for each in actions):
        failure = " ".join(filter(None, (evidence.get("status"), evidence.get("diagnostic")))) or "failed"
        return DeliveryReport(attempt_id=attempt_id, proof=Proof.NONE, failure=failure, id=name, evidence=evidence)
    arrived = all(each == "delivered" for each in actions)
    proof = Proof.DELIVERED if arrived else Proof.ACCEPTED
    return DeliveryReport(attempt_id=attempt_id, proof=proof, id=name, evidence=evidence)


def _rank(action: str) -> int:
    return _ACTIONS.index(action) if action in _ACTIONS else len(_ACTIONS)


def _evidence(
    about: Sequence[tuple[str, str]], recipient: Sequence[tuple[str, str]], actions: Sequence[str]
) -> dict[str, str]:
    status = _STATUS.match(_field(recipient, "status"))
    kept = {
        "via": "delivery report",
        "action": plain(", ".join(dict.fromkeys(actions)), longest=80),
        "status": status.group() if status else "",
        "diagnostic": _words(_field(recipient, "diagnostic-code")),
        "reporting_mta": _words(_field(about, "reporting-mta")),
        "remote_mta": _words(_field(recipient, "remote-mta")),
        "recipients": str(len(actions)) if len(actions) > 1 else "",
    }
    return {name: value for name, value in kept.items() if value}


def _words(value: str) -> str:
    cleaned, _ = scrub(value)
    return plain(str(cleaned))
