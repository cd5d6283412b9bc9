"""The smtp sender's guards: TLS, the process it runs in, secrets, and what a probe does."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.adapters.senders.smtp_line import Line
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.mail_peers import MailPeer, kill_sending_child
from tests.adapters.senders.peers import own_certificate, wait_until
from tests.adapters.senders.test_smtp import (
    ANSWERED,
    IN_DOUBT,
    NOT_SENT,
    REFUSED,
    TRY_LATER,
    in_child,
    parameters,
    send,
)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MAIL_PASSWORD", "planted-pass-word")
    return {"user": "gov", "password": "${env:MAIL_PASSWORD}"}


# -- TLS


def test_a_server_whose_starttls_was_stripped_gets_nothing(account: dict[str, str]) -> None:
    with MailPeer() as peer:
        answer = send(peer.port, tls="starttls", **account)
        assert (answer.result, answer.evidence["phase"]) == (NOT_SENT, "starttls")
        assert not any(each.startswith(("AUTH", "MAIL")) for each in peer.lines)


@pytest.mark.parametrize(
    ("script", "result"), [("454@starttls", TRY_LATER), ("501@starttls", NOT_SENT), ("twice@starttls", NOT_SENT)]
)
def test_starttls_that_fails(script: str, result: SendResult, tmp_path: Path, account: dict[str, str]) -> None:
    """`twice`: what was put behind the 220 in clear text would else be read as if it came over the secured line."""
    context, certificate = own_certificate(tmp_path)
    with MailPeer((script,), tls=context) as peer:
        answer = send(peer.port, tls="starttls", ca_file=str(certificate), **account)
        assert (answer.result, answer.evidence["phase"]) == (result, "starttls")
        assert not any(each.startswith(("AUTH", "MAIL")) for each in peer.lines)


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for(how: str, tmp_path: Path, account: dict[str, str]) -> None:
    context, certificate = own_certificate(tmp_path)
    with MailPeer(tls=context, implicit=how == "implicit") as peer:
        answer = send(peer.port, tls=how, **account)
        assert answer.result is NOT_SENT
        assert answer.evidence["error"].startswith("TLS: ")
        assert not any(each.startswith(("AUTH", "MAIL")) for each in peer.lines)
        trusted = send(peer.port, tls=how, ca_file=str(certificate), **account)
        assert trusted.result is ANSWERED
        assert [each.secured for each in peer.mails] == [True]


def test_a_certificate_of_somebody_else(tmp_path: Path) -> None:
    context, certificate = own_certificate(tmp_path)  # of 127.0.0.1
    with MailPeer(tls=context) as peer:
        answer = send(peer.port, host="localhost", tls="starttls", ca_file=str(certificate))
        assert answer.result is NOT_SENT
        assert "Hostname mismatch" in answer.evidence["error"]


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_a_handshake_that_never_ends(how: str) -> None:
    def serve() -> None:
        peer, _ = server.accept()
        with peer, suppress(OSError):
            if how == "starttls":
                peer.sendall(b"220 hi\r\n")
                peer.recv(999)
                peer.sendall(b"250-hi\r\n250 STARTTLS\r\n")
                peer.recv(999)
                peer.sendall(b"220 go\r\n")
            peer.sendall(b"\x16\x03\x03\x40\x00\x02")
            for _ in range(100):
                peer.sendall(b"\x00")
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        began = time.monotonic()
        assert send(server.getsockname()[1], tls=how).result is NOT_SENT
        assert 0.9 < time.monotonic() - began < 3
        thread.join()


def test_a_name_of_loopback_that_leads_elsewhere(account: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hosts file may say anything; what is not encrypted goes where the connection really leads."""
    monkeypatch.setattr(Line, "_allow", lambda self, text: False)
    with MailPeer() as peer:
        answer = send(peer.port, host="localhost", **account)
        assert (answer.result, answer.evidence["phase"]) == (NOT_SENT, "connect")
        assert set(peer.lines) <= {"QUIT"}


@pytest.mark.parametrize("what", ["hang", "reset", "550", "ok"])
def test_the_end_of_the_content_over_tls(what: str, tmp_path: Path) -> None:
    context, certificate = own_certificate(tmp_path)
    with MailPeer((f"{what}@end" if what != "ok" else what,), tls=context) as peer:
        answer = send(peer.port, tls="starttls", ca_file=str(certificate))
    expected = {"hang": IN_DOUBT, "reset": IN_DOUBT, "550": REFUSED, "ok": ANSWERED}
    assert answer.result is expected[what]


# -- in its own process


@pytest.mark.parametrize(
    ("phase", "result"),
    [("greeting", NOT_SENT), ("rcpt", NOT_SENT), ("data", NOT_SENT), ("body", IN_DOUBT), ("end", IN_DOUBT)],
)
def test_kill_9_of_the_sending_process(phase: str, result: SendResult) -> None:
    """Before DATA was answered nothing can have arrived; from the first byte of content on nobody is left to say."""
    with MailPeer((f"kill@{phase}",), kill=kill_sending_child) as peer:
        answer = in_child(peer.port, timeout_seconds=5)
        assert answer.result is result
        assert len(peer.mails) == (phase == "end")


def test_kill_9_after_the_acceptance_was_read() -> None:
    """What was proven leaves the process before that takes leave of the server."""
    with MailPeer(("kill@quit",), kill=kill_sending_child) as peer:
        answer = in_child(peer.port, timeout_seconds=5)
        assert (answer.result, answer.proof) == (ANSWERED, Proof.ACCEPTED)
        assert answer.evidence["code"] == "250"
        assert len(peer.mails) == 1


def kill_after(happened: Callable[[], bool]) -> None:
    assert wait_until(happened)
    kill_sending_child()


def test_kill_9_while_the_server_says_nothing_to_quit() -> None:
    with MailPeer(("hang@quit",)) as peer:
        killer = threading.Thread(target=kill_after, args=(lambda: "QUIT" in peer.lines,))
        killer.start()
        answer = in_child(peer.port, timeout_seconds=5)
        killer.join()
        assert (answer.result, answer.proof) == (ANSWERED, Proof.ACCEPTED)
        assert len(peer.mails) == 1


PARENT = """
import sys
from reporting_governance.adapters.senders.registry import open_sender
from tests.adapters.senders.test_smtp import parameters
from tests.adapters.senders.test_webhook import message
open_sender("smtp", parameters(int(sys.argv[1]), timeout_seconds=2), state_folder="/nonexistent").send(
    message(), may_start=lambda: True
)
"""


def test_a_send_whose_parent_is_dead_ends_at_its_limit(checkout: str) -> None:
    closed = threading.Event()

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            parent.send_signal(signal.SIGKILL)
            peer.settimeout(20)
            if peer.recv(1) == b"":
                closed.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {**os.environ, "PYTHONPATH": f"{checkout}/lib:{checkout}"}
        arguments = [sys.executable, "-c", PARENT, str(server.getsockname()[1])]
        parent = subprocess.Popen(arguments, cwd=checkout, env=environment)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert closed.wait(12)
        parent.wait()
        thread.join()


# -- secrets


def test_a_password_is_nowhere_in_what_is_kept(account: dict[str, str], tmp_path: Path) -> None:
    """A server may repeat what it was given: as it went over the line, and decoded, at any later moment."""
    planted = ("planted-pass-word", "Z292AHBsYW50ZWQtcGFzcy13b3Jk", "cGxhbnRlZC1wYXNzLXdvcmQ=")
    for offers in (("AUTH PLAIN",), ("AUTH LOGIN",)):
        for phase in ("auth", "mail", "rcpt", "data", "end"):
            with MailPeer((f"echo@{phase}",), offers=offers) as peer:
                answer = in_child(peer.port, **account)
            said = repr(answer)
            assert "550" in said
            assert not any(each in said for each in planted)
            assert "text" not in answer.evidence if phase == "auth" else "***" in said
    with MailPeer((f"=550 {'a' * 190} planted-pass-word@end",)) as peer:
        assert "planted" not in repr(in_child(peer.port, **account))  # nor the half of it that a cut leaves
    with MailPeer(("echo@auth",)) as peer:
        sender = open_sender("smtp", parameters(peer.port, **account), state_folder="/nonexistent")
        (finding,) = sender.probe()
        assert not any(each in repr(finding) for each in planted)


# -- probe


@pytest.mark.parametrize(
    ("script", "words"),
    [("ok", None), ("554@greeting", "554"), ("535@auth", "auth 535"), ("421@noop", "421"), ("hang@ehlo", "limit")],
)
def test_a_probe_sends_nothing(script: str, words: str | None, account: dict[str, str]) -> None:
    with MailPeer((script,)) as peer:
        sender = open_sender("smtp", parameters(peer.port, **account), state_folder="/nonexistent")
        findings = sender.probe()
        assert [each.rule for each in findings] == ([] if words is None else ["GOV703"])
        assert words is None or words in findings[0].message
        assert not any(each.startswith("MAIL") for each in peer.lines)
        if words is None:
            assert peer.lines[-2:] == ["NOOP", "QUIT"]
