"""What comes back by mail: reports as mail servers write them, replies, and what is made to look like either."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.adapters.senders.dsn import DeliveryReport, read_mail
from reporting_governance.adapters.senders.dsn_parts import NoMail
from reporting_governance.contracts.external_receipt import ExternalReceipt
from reporting_governance.contracts.receipt import Proof

ATTEMPT = "att_" + "3b" * 16
OTHER = "att_" + "4c" * 16
ITEM = "spl_" + "5d" * 16
THREAD = "thr_" + "6e" * 16 + "_" + "7f" * 6
QUOTED = f"Reportgov-Item: {ITEM}\nReportgov-Attempt: {ATTEMPT}\nMessage-ID: <{ITEM}@example.org>\nSubject: silent\n"
FAILED = (
    "Final-Recipient: rfc822; ops@example.org\nOriginal-Recipient: rfc822;ops@example.org\nAction: failed\n"
    "Status: 5.1.1\nRemote-MTA: dns; mx.example.org\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <ops@example.org>:\n    Recipient address rejected: no such user\n"
)
DELIVERED = "Final-Recipient: rfc822; ops@example.org\nAction: delivered\nStatus: 2.0.0\n"


def report(
    *groups: str,
    about: str = f"Reporting-MTA: dns; relay.example.org\nOriginal-Envelope-Id: {ATTEMPT}\n",
    quoted: str | None = QUOTED,
    status_type: str = "message/delivery-status",
    encoding: str = "7bit",
    name: str = "report-1",
) -> bytes:
    """Return a report as Postfix writes one."""
    status = "\n".join((about, *groups))
    if encoding == "base64":
        status = base64.encodebytes(status.encode()).decode()
    parts = [
        "Content-Type: text/plain; charset=us-ascii\n\nThis is the mail system at host relay.example.org.\n",
        f"Content-Type: {status_type}\nContent-Transfer-Encoding: {encoding}\n\n{status}",
    ]
    if quoted is not None:
        parts.append(f"Content-Description: Undelivered Message\nContent-Type: message/rfc822\n\n{quoted}\nbody\n")
    body = "".join(f"--B=_1\n{part}\n" for part in parts)
    head = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@relay.example.org (Mail Delivery System)\nTo: gov@example.org\n"
        f"Message-Id: <{name}@relay.example.org>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="B=_1"\n'
    )
    return f"{head}\nThis is a MIME-encapsulated message.\n\n{body}--B=_1--\n".encode()


def read(data: bytes) -> DeliveryReport:
    found = read_mail(data)
    assert isinstance(found, DeliveryReport)
    ExternalReceipt.parse(found.receipt(), source="report")
    return found


def test_a_failure() -> None:
    found = read(report(FAILED))
    assert (found.attempt_id, found.proof) == (ATTEMPT, Proof.NONE)
    assert found.failure == "5.1.1 smtp; 550 5.1.1 <ops@example.org>: Recipient address rejected: no such user"
    assert found.evidence == {
        "via": "delivery report",
        "action": "failed",
        "status": "5.1.1",
        "diagnostic": "smtp; 550 5.1.1 <ops@example.org>: Recipient address rejected: no such user",
        "reporting_mta": "dns; relay.example.org",
        "remote_mta": "dns; mx.example.org",
    }


@pytest.mark.parametrize(
    ("action", "proof"),
    [
        ("delivered", Proof.DELIVERED),
        ("Delivered (to mailbox)", Proof.DELIVERED),
        ("relayed", Proof.ACCEPTED),
        ("expanded", Proof.ACCEPTED),
        ("delayed", Proof.ACCEPTED),
        ("failed", Proof.NONE),
    ],
)
def test_what_each_action_proves(action: str, proof: Proof) -> None:
    found = read(report(f"Final-Recipient: rfc822; ops@example.org\nAction: {action}\nStatus: 4.4.1\n"))
    assert found.proof is proof
    assert bool(found.failure) is (proof is Proof.NONE)


@pytest.mark.parametrize(
    ("actions", "proof"),
    [
        (("delivered", "delivered"), Proof.DELIVERED),
        (("delivered", "failed"), Proof.ACCEPTED),  # the address was a list, and one of it is gone
        (("delivered", "relayed"), Proof.ACCEPTED),
        (("failed", "failed"), Proof.NONE),
        (("failed", "delayed"), Proof.ACCEPTED),
        (("delivered", "teleported"), Proof.ACCEPTED),
    ],
)
def test_an_address_that_became_several(actions: tuple[str, ...], proof: Proof) -> None:
    found = read(report(*(f"Final-Recipient: rfc822; x@example.org\nAction: {each}\n" for each in actions)))
    assert found.proof is proof
    assert found.evidence["recipients"] == "2"


@pytest.mark.parametrize(
    "data",
    [
        report(FAILED, quoted=None),  # the envelope's id alone
        report(FAILED, about="Reporting-MTA: dns; a.example\n"),  # what is quoted alone
        report(FAILED, about=""),
        report(FAILED, encoding="base64"),
        report(FAILED, status_type="message/global-delivery-status"),
        report(FAILED).replace(b"\n", b"\r\n"),
        b"From MAILER-DAEMON Sun Mar  1 04:05:06 2026\n" + report(FAILED),
        report(FAILED, quoted=QUOTED.replace("\nReportgov-Attempt", "\nReceived: by a;\n\tb\nReportgov-Attempt")),
        report(FAILED, quoted=f"Message-ID: <{ATTEMPT}@example.org>\n", about="Reporting-MTA: dns; a.example\n"),
    ],
)
def test_ways_to_write_the_same(data: bytes) -> None:
    found = read(data)
    assert (found.attempt_id, found.evidence["status"]) == (ATTEMPT, "5.1.1")


def test_the_same_report_has_the_same_id() -> None:
    assert read(report(FAILED)).id == read(report(FAILED) + b"\n").id
    assert read(report(FAILED)).id != read(report(FAILED, name="report-2")).id


def test_secrets_and_controls_in_a_diagnostic() -> None:
    words = "Diagnostic-Code: smtp; 550 password=hunter2hunter2 \x1b[2J" + "a" * 5000 + "\n"
    found = read(report(f"Action: failed\nStatus: 5.0.0\n{words}"))
    assert "hunter2" not in str(found)
    assert "\x1b" not in str(found)
    assert len(found.evidence["diagnostic"]) == 200
    assert len(found.failure) <= 206


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither"),
        (b"\x00\xff\xfe" * 1000, "neither"),
        (b"Subject: hello\n\nbuy now\n", "neither"),
        (report(FAILED, about=f"Original-Envelope-Id: {OTHER}\n"), "several"),  # it contradicts itself
        (report(FAILED, about=f"Original-Envelope-Id: {ATTEMPT[:-1]}\n", quoted="Subject: x\n"), "no mail of ours"),
        (report(FAILED, quoted="Subject: x\n", about="Reporting-MTA: dns; a\n"), "no mail of ours"),
        (report(), "about nobody"),
        (report("Action: teleported\n"), "says nothing"),
        (report(FAILED).replace(b"message/delivery-status", b"text/plain"), "machine-readable"),
        (report(FAILED).replace(b"report-type=delivery-status", b"report-type=disposition-notification"), "not of a"),
        (report(FAILED).replace(b'boundary="B=_1"', b"x=1"), "boundary"),
        (report(FAILED).replace(b"Encoding: 7bit\n\n", b"Encoding: base64\n\nA=\n"), "base64"),
        (b"A: b\n" * 600, "too many fields"),
        (b"A: b\n" * 200_000, "too long"),
        (b"Subject: " + b"a" * 900_000, "too long"),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n" + b"--B\n\n" * 100, "parts"),
    ],
)
def test_what_is_no_report(data: bytes, words: str) -> None:
    with pytest.raises(NoMail, match=words):
        read_mail(data)


def nested(depth: int) -> bytes:
    """Return a report inside a report inside a report, each with a boundary of its own."""
    lines = ["Content-Type: multipart/report; report-type=delivery-status; boundary=B0\n"]
    lines += [f"\n--B{place}\nContent-Type: multipart/mixed; boundary=B{place + 1}\n" for place in range(depth)]
    return ("".join(lines) + "\n" * (1_000_000 - sum(map(len, lines)))).encode()


@pytest.mark.parametrize(
    "data",
    [
        nested(20_000),
        report(*["Action: failed\nStatus: 5.0.0\n"] * 20_000),
        report(FAILED + "X: y\n" * 400 + "\n" * 900_000),
        report("Action: failed\nDiagnostic-Code: " + "(" * 900_000 + "\n"),
        b"In-Reply-To: " + b"<thr_" * 12_000 + b"\nFrom: " + b'"' * 40_000 + b"\n\n",
        b"Content-Type: multipart/report; " + b"a=b;" * 15_000 + b"\n\n" + b"--\n" * 300_000,
    ],
)
def test_hostile_mail_is_read_in_no_time(data: bytes) -> None:
    """The library's own parser takes minutes for the first, and its depth is that of the stack."""
    began = time.monotonic()
    try:
        read_mail(data)
    except NoMail:
        pass
    assert time.monotonic() - began < 1.5


@given(st.binary(max_size=2000), st.integers(0, 1200))
def test_any_bytes_are_a_report_a_reply_or_none(noise: bytes, place: int) -> None:
    data = report(FAILED)
    for each in (noise, data[:place] + noise + data[place + len(noise) :]):
        try:
            found = read_mail(each)
        except NoMail:
            continue
        if isinstance(found, DeliveryReport):
            ExternalReceipt.parse(found.receipt(), source="report")
