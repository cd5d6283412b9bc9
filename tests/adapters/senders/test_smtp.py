"""The smtp sender against servers that fail exactly where they are told to: what each end of a dialogue proves."""

import socket
import time
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.adapters.senders.smtp import SmtpSender
from reporting_governance.adapters.senders.smtp_dialogue import Account, Dialogue, Envelope, Tls
from reporting_governance.adapters.senders.smtp_line import Line, Place
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import wait_until
from tests.adapters.senders.test_webhook import message

ATTEMPT = "att_" + "0" * 32
ANSWERED, NOT_SENT, REFUSED = SendResult.ANSWERED, SendResult.NOT_SENT, SendResult.REFUSED
TRY_LATER, IN_DOUBT, NOT_STARTED = SendResult.TRY_LATER, SendResult.IN_DOUBT, SendResult.NOT_STARTED


def parameters(port: int, **more: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "from_address": "gov@example.org",
        "to_address": "ops@example.org",
        "timeout_seconds": 1,
        **more,
    }


def send(port: int, *, may_start: bool = True, **more: Any) -> Answer:
    """Send in this process; what the sending process adds is tested below."""
    sender = SmtpSender(parameters(port, **more), state_folder="/nonexistent")
    return sender.send(message(attempt_id=ATTEMPT), may_start=lambda: may_start)


def in_child(port: int, **more: Any) -> Answer:
    sender = open_sender("smtp", parameters(port, **more), state_folder="/nonexistent")
    return sender.send(message(attempt_id=ATTEMPT), may_start=lambda: True)


BEFORE = ("greeting", "ehlo", "auth", "mail", "rcpt", "data")
BREAKS = ("hang", "drip", "reset", "close", "garbage", "cut", "long", "flood")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MAIL_PASSWORD", "planted-pass-word")
    return {"user": "gov", "password": "${env:MAIL_PASSWORD}"}


@pytest.mark.parametrize("phase", BEFORE)
@pytest.mark.parametrize("what", BREAKS)
def test_what_breaks_before_the_end_was_said_is_surely_not_sent(what: str, phase: str, account: dict[str, str]) -> None:
    """RFC 5321, 4.1.1.10.  Never later than the limit, whatever drips."""
    with MailPeer((f"{what}@{phase}",)) as peer:
        began = time.monotonic()
        answer = send(peer.port, **account)
        assert (answer.result, answer.proof) == (NOT_SENT, Proof.NONE)
        assert time.monotonic() - began < 2.5
        seen = {"connect", phase} if phase == "greeting" else {phase}  # a reset may be there before we look
        assert answer.evidence["phase"] in seen
        assert peer.mails == []


@pytest.mark.parametrize(
    ("what", "result"),
    [("hang", NOT_SENT), ("reset", NOT_SENT), ("close", NOT_SENT), ("552", REFUSED), ("452", TRY_LATER)],
)
def test_what_breaks_within_the_content_is_surely_not_sent(what: str, result: SendResult) -> None:
    """More content than the kernel holds for us: its end was never handed over.  A refusal is read all the same."""
    with MailPeer((f"{what}@body",)) as peer:
        line = Line(Place(host="127.0.0.1", port=peer.port), seconds=1)
        dialogue = Dialogue(line, Account(tls=Tls.NONE))
        dialogue.begin()
        dialogue.address(Envelope(sender="a@b.example", recipient="c@d.example", envelope_id="x"), 100)
        dialogue.data()
        answer = dialogue.deliver((b"a" * 70 + b"\r\n") * 400_000, message_id="<m@b.example>")
        line.close()
        assert (answer.result, answer.evidence["phase"]) == (result, "body")
        assert peer.mails == []


@pytest.mark.parametrize("what", [*BREAKS, "=250-half", "=354 more", "=999 what"])
def test_what_breaks_after_the_end_was_said_is_in_doubt(what: str) -> None:
    with MailPeer((f"{what}@end",)) as peer:
        began = time.monotonic()
        answer = send(peer.port)
        assert (answer.result, answer.proof) == (IN_DOUBT, Proof.NONE)
        assert time.monotonic() - began < 2.5
        assert answer.evidence["phase"] == "end"
        assert len(peer.mails) == 1


@pytest.mark.parametrize(
    ("script", "result"),
    [
        ("554@greeting", NOT_SENT),  # the server wants nobody: not the message's fault
        ("421@greeting", TRY_LATER),
        ("250@greeting", ANSWERED),  # odd, and no reason to keep silent
        ("502@ehlo", NOT_SENT),
        ("421@ehlo", TRY_LATER),
        ("535@auth", NOT_SENT),  # a wrong password
        ("454@auth", TRY_LATER),
        ("334@auth", NOT_SENT),
        ("451@mail", TRY_LATER),
        ("452@mail", TRY_LATER),
        ("421@mail", TRY_LATER),
        ("550@mail", REFUSED),
        ("552@mail", REFUSED),
        ("530@mail", NOT_SENT),  # it wants an account
        ("354@mail", NOT_SENT),
        ("450@rcpt", TRY_LATER),  # greylisting
        ("452@rcpt", TRY_LATER),
        ("550@rcpt", REFUSED),
        ("251@rcpt", ANSWERED),
        ("252@rcpt", ANSWERED),
        ("552@rcpt", TRY_LATER),  # RFC 5321, 4.5.3.1.10
        ("=552 5.3.4 too big@rcpt", REFUSED),
        ("451@data", TRY_LATER),
        ("554@data", REFUSED),
        ("250@data", NOT_SENT),  # no word about content
        ("452@end", TRY_LATER),
        ("451@end", TRY_LATER),
        ("552@end", REFUSED),
        ("554@end", REFUSED),
        ("535@end", NOT_SENT),
        ("250@end", ANSWERED),
        ("hang@quit", ANSWERED),
        ("reset@quit", ANSWERED),
        ("554@quit", ANSWERED),
        ("slow@end", ANSWERED),
    ],
)
def test_what_a_reply_means(script: str, result: SendResult, account: dict[str, str]) -> None:
    with MailPeer((script,)) as peer:
        answer = send(peer.port, **account)
        assert answer.result is result
        assert answer.proof is (Proof.ACCEPTED if result is ANSWERED else Proof.NONE)
        assert len(peer.mails) == (script.endswith(("@end", "@quit")) or result is ANSWERED)
        if result in (TRY_LATER, REFUSED):
            phase = script.rpartition("@")[2]
            code = script.lstrip("=")[:3]
            assert (answer.evidence["phase"], answer.evidence["code"]) == (phase, code)
            assert phase == "auth" or answer.evidence["text"]


@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_reply_before_its_question_is_no_answer(phase: str) -> None:
    """A `250 queued` that was there before the content ended would else be taken for the proof."""
    with MailPeer((f"twice@{phase}",)) as peer:
        answer = send(peer.port)
        assert (answer.result, answer.evidence["error"]) == (NOT_SENT, "the server spoke out of turn")
        assert peer.mails == []


def test_what_is_kept_of_an_acceptance() -> None:
    with MailPeer() as peer:
        answer = send(peer.port)
        assert answer.evidence == {
            "code": "250",
            "text": "2.0.0 Ok: queued as 4ABC123DEF",
            "queue_id": "4ABC123DEF",
            "message_id": "<spl_1@example.org>",
        }
        assert peer.mails[0].parsed["Message-ID"] == "<spl_1@example.org>"


def test_an_acceptance_without_a_queue_id() -> None:
    with MailPeer(("=250 thank you@end",)) as peer:
        answer = send(peer.port)
    assert (answer.result, answer.evidence["text"]) == (ANSWERED, "thank you")
    assert "queue_id" not in answer.evidence


def test_one_of_two_refused() -> None:
    """Two addresses are two targets: one is refused, the other gets it once, and each has its own answer.

    Apprise: one 550 of two made the whole call a failure, and a retry of it sent the good one again.
    """
    with MailPeer(("550@rcpt", "ok")) as peer:
        first = send(peer.port, to_address="gone@example.org")
        second = send(peer.port, to_address="ops@example.org")
        assert (first.result, second.result) == (REFUSED, ANSWERED)
        assert [each.recipient for each in peer.mails] == ["ops@example.org"]


def test_delivery_reports_are_asked_for() -> None:
    with MailPeer() as peer:
        send(peer.port, bounce_address="bounces@example.org", to_address="a+b=c@example.org")
        send(peer.port, delivery_reports=False)
    mails = [each for each in peer.lines if each.startswith("MAIL")]
    rcpts = [each for each in peer.lines if each.startswith("RCPT")]
    assert mails[0].startswith("MAIL FROM:<bounces@example.org> SIZE=")
    assert mails[0].endswith(f" RET=HDRS ENVID={ATTEMPT}")
    assert rcpts[0] == ("RCPT TO:<a+b=c@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@example.org")
    assert "RET=" not in mails[1]
    assert rcpts[1] == "RCPT TO:<ops@example.org>"


def test_nothing_is_asked_for_that_is_not_offered() -> None:
    with MailPeer(offers=()) as peer:
        assert send(peer.port).result is ANSWERED
    assert "MAIL FROM:<gov@example.org>" in peer.lines
    assert "RCPT TO:<ops@example.org>" in peer.lines


def test_a_message_that_is_too_big_is_not_even_begun() -> None:
    with MailPeer(offers=("SIZE 100",)) as peer:
        answer = send(peer.port)
        assert answer.result is REFUSED
        assert "the server takes 100" in answer.evidence["error"]
        assert not any(each.startswith("MAIL") for each in peer.lines)


def test_an_address_that_needs_more_than_is_offered() -> None:
    with MailPeer() as peer:
        assert send(peer.port, to_address="jürgen@example.org").result is REFUSED
    with MailPeer(offers=("8BITMIME", "SMTPUTF8", "DSN")) as peer:
        assert send(peer.port, to_address="jürgen@bücher.example").result is ANSWERED
        assert peer.mails[0].recipient == "jürgen@xn--bcher-kva.example"
        assert peer.mails[0].parsed["To"] == "jürgen@xn--bcher-kva.example"
        (line,) = [each for each in peer.lines if each.startswith("MAIL")]
        assert " BODY=8BITMIME SMTPUTF8 " in line


def test_the_fence_holds_after_the_server_said_go_and_before_any_content() -> None:
    with MailPeer() as peer:
        answer = send(peer.port, may_start=False)
        assert answer.result is NOT_STARTED
        assert wait_until(lambda: peer.lines[-1:] == ["DATA"])
        assert peer.mails == []


def test_nobody_listens_and_no_such_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = send(port)
    assert (answer.result, answer.evidence) == (NOT_SENT, {"phase": "connect", "error": "Connection refused"})
    answer = send(port, host="mail.invalid", tls="starttls")
    assert answer.result is NOT_SENT
    assert "the name was not found" in answer.evidence["error"]


@pytest.mark.parametrize("host", ["10.1.2.3", "169.254.169.254", "::ffff:10.1.2.3"])
def test_private_addresses_are_refused_unless_listed(host: str) -> None:
    answer = send(25, host=host, tls="starttls")
    assert (answer.result, answer.evidence["phase"]) == (NOT_SENT, "connect")
    assert "private_networks" in answer.evidence["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tls": "none", "host": "mail.example.org"},
        {"tls": "plain"},
        {"password": "in-the-open", "user": "gov"},
        {"password": "${env:A}"},
        {"user": "gov"},
        {"to_address": "a@b.example, c@d.example"},
        {"to_address": "ops@example.org\r\nRCPT TO:<spy@example.org>"},
        {"from_address": "gov@example.org\nBcc: spy@example.org"},
        {"bounce_address": "<a@b.example>"},
        {"from_name": "Gov\r\nBcc: spy@example.org"},
        {"client_name": "me\r\nMAIL FROM:<>"},
        {"replies_from": ["ops@example.org"]},
        {"private_networks": ["10.1.2.3/8"]},
        {"port": 0},
        {"timeout_seconds": 0},
    ],
)
def test_wrong_parameters(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        SmtpSender({**parameters(25), **wrong}, state_folder="/nonexistent")


def test_a_missing_secret_is_surely_not_sent() -> None:
    with MailPeer() as peer:
        answer = send(peer.port, user="gov", password="${env:NOT_THERE_AT_ALL}")
        assert (answer.result, answer.evidence) == (NOT_SENT, {"error": "${env:NOT_THERE_AT_ALL} is not set"})
        assert peer.connections == 0


def test_addresses_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles are recorded; whoever wants no address in them names a place."""
    monkeypatch.setenv("OPERATOR_MAIL", "pat@example.com")
    with MailPeer() as peer:
        assert send(peer.port, to_address="${env:OPERATOR_MAIL}").result is ANSWERED
        assert peer.mails[0].recipient == "pat@example.com"
        monkeypatch.setenv("OPERATOR_MAIL", "pat@example.com>\r\nRCPT TO:<eve@evil.example")
        answer = send(peer.port, to_address="${env:OPERATOR_MAIL}")
        assert (answer.result, answer.evidence["error"]) == (NOT_SENT, "not one bare mail address")
        assert send(peer.port, to_address="${env:NOT_THERE_AT_ALL}").result is NOT_SENT
        assert len(peer.mails) == peer.connections == 1
