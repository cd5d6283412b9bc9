"""A message as a mail: what a mail program sees, and what text from agents can never become."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.adapters.senders.smtp_answers import Phase, Reply, queue_id, refusal
from reporting_governance.adapters.senders.smtp_dialogue import features, stuffed, xtext
from reporting_governance.adapters.senders.smtp_message import LONGEST_SUBJECT, mail, mailbox
from tests.adapters.senders.test_webhook import message

NOW = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
SENDER, RECIPIENT = mailbox("gov@example.org"), mailbox("ops@example.org")
OWN = {
    "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Reportgov-Item", "Reportgov-Notices",
    "Reportgov-Attempt", "In-Reply-To", "References", "Importance", "From", "To", "Subject", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


def made(**changes: Any) -> bytes:
    given = message(**{"attempt_id": "att_1", **changes})
    return mail(given, sender=SENDER, sender_name="Reporting governance", recipient=RECIPIENT, now=NOW)


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)  # type: ignore[return-value]


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


def assert_fit_for_the_line(data: bytes) -> None:
    """RFC 5321 and 5322: lines end with CRLF and nothing else, none is too long, nothing needs eight bits."""
    assert data.isascii()
    assert b"\0" not in data
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_a_plain_mail() -> None:
    found = parsed(made())
    assert found["Message-ID"] == "<spl_1@example.org>"
    assert found["From"] == "Reporting governance <gov@example.org>"
    assert found["To"] == "ops@example.org"
    assert found["Auto-Submitted"] == "auto-generated"
    assert (found["Reportgov-Item"], found["Reportgov-Notices"], found["Reportgov-Attempt"]) == (
        "spl_1",
        "ntc_1",
        "att_1",
    )
    assert parsedate_to_datetime(found["Date"]) == NOW
    assert found["Importance"] == "high"
    assert text_of(found) == "Nothing was heard.\n"


def test_firing_repeat_and_end_are_one_conversation() -> None:
    """Each refers to the same id, which no mail has: also who got only the last of them sees it threaded."""
    told = [parsed(made(spool_id=each, idempotency_key=each, phase=phase)) for each, phase in PHASES]
    assert len({each["Message-ID"] for each in told}) == 3
    assert {each["References"] for each in told} == {each["In-Reply-To"] for each in told} == {"<thr_1@example.org>"}


PHASES = (("spl_1", "firing"), ("spl_2", "repeat"), ("spl_3", "resolved"))


def test_a_marked_repeat_has_an_id_of_its_own_and_refers_to_the_first() -> None:
    """A server that drops what it has seen would else drop what must arrive."""
    found = parsed(made(idempotency_key="att_2", possible_repeat_of="att_1"))
    assert found["Message-ID"] == "<att_2@example.org>"
    assert found["References"] == "<thr_1@example.org> <spl_1@example.org>"


def test_html_beside_text() -> None:
    found = parsed(made(html="<p>Nothing <b>was</b> heard: ä</p>"))
    assert found.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in found.iter_parts()] == ["text/plain", "text/html"]  # type: ignore[attr-defined]
    assert "ä" in found.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_ids_are_never_encoded_however_long() -> None:
    """The library may write a long id as an encoded word, which no mail program takes for an id."""
    threads = tuple(f"thr_{number:032x}_{'a' * 12}" for number in range(40))
    notices = tuple(f"ntc_{number:032x}" for number in range(40))
    sender = mailbox("gov@" + ".".join(["a" * 60] * 3) + ".example")
    given = message(thread_keys=threads, notice_ids=notices)
    data = mail(given, sender=sender, sender_name="G", recipient=RECIPIENT, now=NOW)
    assert_fit_for_the_line(data)
    found = parsed(data)
    assert found["References"].split() == [f"<{each}@{sender.domain}>" for each in threads[:10]]
    assert "=?" not in data.decode().partition("\r\n\r\n")[0]
    assert found["Reportgov-Notices"].replace(",", "").split() == [*notices[:10], "and-30-more"]


@given(subject=st.text(max_size=400), body=st.text(max_size=2000), html=st.none() | st.text(max_size=500))
def test_no_text_becomes_a_header_or_a_line_of_the_protocol(subject: str, body: str, html: str | None) -> None:
    data = made(subject=subject, body=body, html=html)
    assert_fit_for_the_line(data)
    found = parsed(data)
    assert set(found.keys()) <= OWN
    assert len(found.keys()) == len(set(found.keys()))
    assert found["To"] == "ops@example.org"
    assert b"\r\n.\r\n" not in stuffed(data)


INJECTED = "x\r\nBcc: spy@example.org\r\n\r\nbody\r\n.\r\nMAIL FROM:<spy@example.org>"


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\0"])
def test_line_ends_in_a_subject(line_end: str) -> None:
    found = parsed(made(subject=INJECTED.replace("\r\n", line_end)))
    assert "Bcc" not in found
    assert found["Subject"].startswith("x Bcc: spy@example.org")


def test_line_ends_in_ids() -> None:
    found = parsed(made(spool_id=INJECTED, idempotency_key=INJECTED, thread_keys=(INJECTED,), notice_ids=(INJECTED,)))
    assert set(found.keys()) <= OWN
    assert text_of(found) == "Nothing was heard.\n"


def test_a_long_subject_is_cut_with_a_mark() -> None:
    found = parsed(made(subject="ä" * 5000))
    assert found["Subject"] == "ä" * (LONGEST_SUBJECT - 1) + "…"


@pytest.mark.parametrize(
    "text",
    [
        "[possible repeat of att_71e7d7047de429871dbbf8817a9ac0e5] task-0 is silent",
        "a" * 240,
        "漢字" * 100,
        "=?utf-8?b?QmNj?= it is not what it says",
        "plain =? and ?= ends",
        "",
    ],
)
def test_a_subject_begins_on_its_own_line(text: str) -> None:
    data = made(subject=text)
    assert b"Subject:\r\n" not in data
    assert_fit_for_the_line(data)
    assert parsed(data)["Subject"] == text


def test_what_a_terminal_would_obey() -> None:
    found = parsed(made(body="a\x1b[2Jb\x07c\u202ed\ud800e\tf\n.\n..g"))
    assert "\x1b" not in found.get_content()
    assert "\u202e" not in found.get_content()
    assert text_of(found).endswith("\tf\n.\n..g\n")


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"a\r\n", b"a\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"..a\r\n.b\r\n", b"...a\r\n..b\r\n"),
        (b"a", b"a\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots(content: bytes, sent: bytes) -> None:
    assert stuffed(content) == sent


@pytest.mark.parametrize(
    "text",
    ["a@b@c.example", "a b@c.example", "a@", "@b.example", "a@b..example", "<a@b.example>", "a@b.example\n", "a\x00@b",
     "Pat <a@b.example>", "a,b@c.example", ".a@b.example", "a@-b.example", "x" * 65 + "@b.example", "a@" + "b" * 64, "",
     '"a b"@c.example', "a\u2028b@c.example", "a\ud800@c.example"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        mailbox(text)


def test_addresses() -> None:
    assert mailbox("a+b=c@Bücher.example").text == "a+b=c@xn--bcher-kva.example"
    assert mailbox("root@localhost").text == "root@localhost"
    assert mailbox("jürgen@a.example").utf8


def test_xtext() -> None:
    assert xtext("a+b=c d\x7f") == "a+2Bb+3Dc+20d+7F"


def test_what_a_server_offers() -> None:
    offered = Reply(code=250, lines=("me", "SIZE 100", "auth plain", "AUTH=LOGIN", "8bitmime", ""))
    assert features(offered) == {"SIZE": "100", "AUTH": "plain LOGIN ", "8BITMIME": "", "": ""}


@pytest.mark.parametrize(
    ("text", "queued"),
    [
        ("2.0.0 Ok: queued as 4WxYz12345", "4WxYz12345"),  # Postfix
        ("OK id=1tKx9a-00000001abc-2Def", "1tKx9a-00000001abc-2Def"),  # Exim
        (
            "2.6.0 <a@b> [InternalId=12345678901, Hostname=X.example] Queued mail for delivery",
            "12345678901",
        ),  # Exchange
        ("2.0.0 53C1Qe2k012345 Message accepted for delivery", "53C1Qe2k012345"),  # sendmail
        ("2.0.0 4cf1e7b2 Message accepted for delivery", "4cf1e7b2"),  # OpenSMTPD
        ("ok 1700000000 qp 12345", "12345"),  # qmail
        ("Ok 0100018bcd-1234abcd-56ef-000000", "0100018bcd-1234abcd-56ef-000000"),  # Amazon SES
        ("2.0.0 OK  1700000000 d9443c01a7336-29bc.12 - gsmtp", "1700000000 d9443c01a7336-29bc.12"),  # Gmail
        ("2.0.0 Ok", ""),
        ("thanks", ""),
    ],
)
def test_queue_ids(text: str, queued: str) -> None:
    assert queue_id(text) == queued


@given(st.sampled_from(Phase), st.integers(0, 999), st.text(max_size=600))
def test_no_reply_but_success_proves_anything(phase: Phase, code: int, text: str) -> None:
    answer = refusal(phase, Reply(code=code, lines=(text,)))
    assert answer.result != "answered"
    assert (answer.result == "in_doubt") == (phase is Phase.END and not 400 <= code < 600)
    assert all(len(each) <= 200 and "\n" not in each for each in answer.evidence.values())
