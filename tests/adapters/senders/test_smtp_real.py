"""The smtp sender against aiosmtpd, which knows nothing of us: STARTTLS, implicit TLS, accounts, what arrives."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.peers import own_certificate
from tests.adapters.senders.test_smtp import parameters
from tests.adapters.senders.test_webhook import message


@dataclass
class Real:
    """A real server: aiosmtpd."""

    port: int
    envelopes: list[Envelope] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    who: list[str | None] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
        self.who.append(session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None)
        return "250 2.0.0 Ok: queued as REAL0001"

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(bytes(each.content or b""), policy=policy.default) for each in self.envelopes]  # type: ignore[misc,arg-type]


@contextmanager
def real_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, account: tuple[str, str] | None = None, **options: Any
) -> Iterator[Real]:
    """Run aiosmtpd; with `tls` it wants STARTTLS, or is encrypted from the first byte."""
    real = Real(0)

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = (data.login.decode(), data.password.decode()) == account
        return AuthResult(success=right, handled=False, auth_data=data)

    if account is not None:
        options |= {"authenticator": check, "auth_required": True}
    if implicit:
        options |= {"ssl_context": tls, "auth_require_tls": False}  # it does not count what it did not begin itself
    elif tls is not None:
        options |= {"tls_context": tls, "require_starttls": True}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(real, hostname="127.0.0.1", port=port, **options)
    real.port = port
    controller.start()  # type: ignore[no-untyped-call]
    try:
        yield real
    finally:
        controller.stop()  # type: ignore[no-untyped-call]


def send(port: int, *, about: dict[str, Any] | None = None, **more: Any) -> Answer:
    sender = open_sender("smtp", parameters(port, **{"timeout_seconds": 10, **more}), state_folder="/nonexistent")
    return sender.send(message(**(about or {})), may_start=lambda: True)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, str], tuple[str, str]]:
    monkeypatch.setenv("MAIL_PASSWORD", "pässword with spaces")
    return {"user": "gov@example.org", "password": "${env:MAIL_PASSWORD}"}, ("gov@example.org", "pässword with spaces")


def test_a_mail_that_arrives() -> None:
    body = "line\n.\n..dots\nunicode: äöü 漢字\n" + "long " * 500
    with real_server() as server:
        answer = send(server.port, about={"subject": "task-1 is silent – ä", "body": body})
        assert (answer.result, answer.proof) == (SendResult.ANSWERED, Proof.ACCEPTED)
        assert answer.evidence["queue_id"] == "REAL0001"
        (mail,) = server.mails
    assert mail["Subject"] == "task-1 is silent – ä"
    assert mail["Message-ID"] == answer.evidence["message_id"]
    assert mail.get_content().replace("\r\n", "\n") == body + "\n"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_over_tls_with_an_account(how: str, tmp_path: Path, account: tuple[dict[str, str], tuple[str, str]]) -> None:
    context, certificate = own_certificate(tmp_path)
    ours, theirs = account
    with real_server(tls=context, implicit=how == "implicit", account=theirs) as server:
        answer = send(server.port, tls=how, ca_file=str(certificate), **ours)
        assert (answer.result, answer.proof) == (SendResult.ANSWERED, Proof.ACCEPTED)
        assert server.secured == [True]
        assert server.who == ["gov@example.org"]


def test_a_wrong_password_is_not_the_messages_fault(
    tmp_path: Path, account: tuple[dict[str, str], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = own_certificate(tmp_path)
    ours, theirs = account
    with real_server(tls=context, account=theirs) as server:
        monkeypatch.setenv("MAIL_PASSWORD", "wrong-pass-word")
        answer = send(server.port, tls="starttls", ca_file=str(certificate), **ours)
        assert (answer.result, answer.evidence["phase"], answer.evidence["code"]) == (
            SendResult.NOT_SENT,
            "auth",
            "535",
        )
        assert "wrong-pass-word" not in repr(answer)
        assert server.envelopes == []


def test_a_server_that_wants_an_account_we_have_not(tmp_path: Path) -> None:
    context, certificate = own_certificate(tmp_path)
    with real_server(tls=context, account=("a", "b")) as server:
        answer = send(server.port, tls="starttls", ca_file=str(certificate))
        assert (answer.result, answer.evidence["code"]) == (SendResult.NOT_SENT, "530")


def test_a_server_that_wants_tls_gets_nothing_without(tmp_path: Path) -> None:
    context, _ = own_certificate(tmp_path)
    with real_server(tls=context) as server:
        answer = send(server.port, tls="none")
        assert (answer.result, answer.evidence["code"]) == (SendResult.NOT_SENT, "530")
        assert server.envelopes == []


def test_an_address_that_needs_smtputf8() -> None:
    with real_server(enable_SMTPUTF8=True) as server:
        assert send(server.port, to_address="jürgen@bücher.example").result is SendResult.ANSWERED
        (envelope,) = server.envelopes
        assert envelope.rcpt_tos == ["jürgen@xn--bcher-kva.example"]
        assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(envelope.mail_options)


def test_a_message_that_is_larger_than_the_server_says() -> None:
    with real_server(data_size_limit=1000) as server:
        answer = send(server.port, about={"body": "a" * 2000})
        assert answer.result is SendResult.REFUSED
        assert server.envelopes == []


def test_a_probe(tmp_path: Path, account: tuple[dict[str, str], tuple[str, str]]) -> None:
    context, certificate = own_certificate(tmp_path)
    ours, theirs = account
    with real_server(tls=context, account=theirs) as server:
        wanted = parameters(server.port, tls="starttls", ca_file=str(certificate), **ours)
        assert open_sender("smtp", wanted, state_folder="/nonexistent").probe() == ()
        assert server.envelopes == []
