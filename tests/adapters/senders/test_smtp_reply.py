"""Replies by mail: whose count as an ack, and what is made to look like one."""

from collections.abc import Mapping
from typing import Any

import pytest

from reporting_governance.adapters.senders.dsn import MailedReply, read_mail
from reporting_governance.adapters.senders.dsn_reply import is_from_one_of, vouching, writer
from reporting_governance.commands._mail_in import MailNotUsed, NotVouchedFor, Vouched, take_mail
from reporting_governance.contracts.notification_settings import Receiver
from tests.adapters.senders.test_smtp_dsn import ITEM, THREAD

AUTHENTIC = "Authentication-Results: mx.example.org; dkim=pass (2048-bit key) header.d=example.com; spf=none"


def reply(*more: str, sender: str = "Pat <pat@example.com>", auth: str = AUTHENTIC) -> bytes:
    head = [
        auth,
        f"From: {sender}",
        "Subject: Re: task-1 is silent",
        f"In-Reply-To: <{ITEM}@example.org>",
        f"References: <{THREAD}@example.org>\n <{ITEM}@example.org>",
        *more,
    ]
    return "\n".join((*head, "", "I am on it.", "")).encode()


def read_reply(data: bytes) -> MailedReply:
    found = read_mail(data)
    assert isinstance(found, MailedReply)
    return found


def test_a_reply_names_the_thread() -> None:
    found = read_reply(reply())
    assert (found.subjects, found.automatic) == ((THREAD,), False)
    without = read_reply(f"From: a@b.example\nIn-Reply-To: <{ITEM}@example.org>\n\n".encode())
    assert without.subjects == (ITEM,)


@pytest.mark.parametrize(
    "line", ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>", "X-Autoreply: yes"]
)
def test_a_reply_of_a_program_is_nobodys(line: str) -> None:
    assert read_reply(reply(line)).automatic
    assert take(reply(line)) == []
    assert not read_reply(reply("Auto-Submitted: no")).automatic


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("pat@example.com", "pat@example.com"),
        ('"Doe, Pat" <Pat@Example.com>', "pat@example.com"),
        ("=?utf-8?q?Pat?= <pat@example.com>", "pat@example.com"),
        ("pat@example.com <eve@evil.example>", ""),  # which one?
        ("pat@example.com, eve@evil.example", ""),
        ("<pat@example.com> <eve@evil.example>", ""),
        ("pat@example.com\nFrom: eve@evil.example", ""),
        ("Pat", ""),
        ("", ""),
    ],
)
def test_who_wrote_it(field: str, address: str) -> None:
    assert writer(read_reply(reply(sender=field)).mail) == address


AR = "Authentication-Results: mx.example.org"


@pytest.mark.parametrize(
    ("auth", "vouched"),
    [
        (AUTHENTIC, True),
        (f"{AR}; dkim=pass (2048 (rsa) key) header.d=example.com", True),
        (f"{AR} 1; dmarc=pass (p=none) header.from=example.com", True),
        (f"{AR}; spf=pass smtp.mailfrom=bounce@example.com", True),
        (f'{AR}; dkim=pass header.i="@example.com"', True),
        ("X: y", False),
        (f"{AR}; none", False),
        (f"{AR}; dkim=fail header.d=example.com", False),
        (f"{AR}; dkim=pass header.d=evil.example", False),
        (f"{AR}; dkim=pass header.d=com", False),
        (f"{AR}; dkim=none (dkim=pass header.d=example.com)", False),
        (f"{AR}; dkim=none (a (b; dkim=pass header.d=example.com) c)", False),
        (f"{AR}; spf=pass smtp.helo=example.com", False),
        (f"{AR}; spf=pass smtp.mailfrom=x@example.com.evil.example", False),
        (f"{AR}; dkim=pass header.d=example.com; dmarc=fail header.from=example.com", False),
        (f"{AR}; dkim=pass header.d=example.com\n{AR}; dmarc=fail header.from=example.com", False),
        ("Authentication-Results: mx.evil.example; dkim=pass header.d=example.com", False),
        ("Authentication-Results: mx.example.org.evil.example; dkim=pass header.d=example.com", False),
        ("Authentication-Results: evil (mx.example.org); dkim=pass header.d=example.com", False),
    ],
)
def test_who_vouches_for_it(auth: str, vouched: bool) -> None:
    assert bool(vouching(read_reply(reply(auth=auth)).mail, by="mx.example.org")) is vouched


def receivers(**more: Any) -> Mapping[str, Receiver]:
    parameters = {
        "host": "127.0.0.1",
        "from_address": "gov@example.org",
        "to_address": "pat@example.com",
        "replies_from": ["Pat@example.com"],
        "replies_vouched_by": "mx.example.org",
        **more,
    }
    return {"operator": Receiver.parse({"targets": {"main": {"sender": "smtp", "parameters": parameters}}})}


def take(data: bytes, known: Mapping[str, Receiver] | None = None) -> list[tuple[str, Vouched]]:
    acks: list[tuple[str, Vouched]] = []

    def acknowledge(subject: str, person: Vouched) -> object:
        acks.append((subject, person))
        return subject

    take_mail(data, receivers() if known is None else known, receipt=lambda _: None, acknowledge=acknowledge)
    return acks


def test_a_reply_that_is_vouched_for_acknowledges() -> None:
    ((subject, person),) = take(reply())
    assert (subject, person.address) == (THREAD, "pat@example.com")


@pytest.mark.parametrize(
    ("auth", "vouched_by"),
    [
        (f"{AR}; dkim=pass header.d=example.com", "mx.example.org: dkim"),
        (f"{AR}; spf=pass smtp.mailfrom=x@example.com; dkim=fail header.d=example.com", "mx.example.org: spf"),
        (
            f"{AR}; dmarc=pass header.from=example.com; dkim=pass header.d=example.com; dkim=pass header.d=example.com",
            "mx.example.org: dmarc, dkim",
        ),
    ],
)
def test_it_is_kept_who_vouches_for_a_reply_and_on_what_ground(auth: str, vouched_by: str) -> None:
    ((_, person),) = take(reply(auth=auth))
    assert person == Vouched("pat@example.com", vouched_by)


@pytest.mark.parametrize(
    "data",
    [
        reply(auth="X: y"),
        reply(sender="eve@example.com"),
        reply(sender="eve@evil.example", auth=f"{AR}; dkim=pass header.d=evil.example"),
        reply(sender="Pat <pat@example.com> <eve@evil.example>"),
    ],
)
def test_a_reply_that_anybody_may_have_written_acknowledges_nothing(data: bytes) -> None:
    with pytest.raises(NotVouchedFor):
        take(data)


def test_no_reply_counts_where_none_was_allowed() -> None:
    with pytest.raises(NotVouchedFor):
        take(reply(), {})
    with pytest.raises(NotVouchedFor):
        take(reply(), receivers(replies_from=["sam@example.com"]))
    with pytest.raises(MailNotUsed):
        take(b"Subject: buy now\n\n")
    assert is_from_one_of(read_reply(reply()).mail, ["PAT@example.com"])
