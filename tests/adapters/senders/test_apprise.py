"""The apprise sender with the real library against real peers; without the extra these tests skip, and say so."""

import sys
import time
from collections.abc import Callable
from email.message import Message as Mail
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders import apprise
from reporting_governance.adapters.senders.apprise import AppriseSender
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import Receiver, own_certificate
from tests.adapters.senders.test_webhook import message

INSTALLED = find_spec("apprise") is not None
needs_extra = pytest.mark.skipif(
    not INSTALLED, reason="the extra is not installed: pip install 'reporting-governance[apprise]' to try this sender"
)
NONE, ACCEPTED = Proof.NONE, Proof.ACCEPTED
ANSWERED, NOT_SENT, REFUSED = SendResult.ANSWERED, SendResult.NOT_SENT, SendResult.REFUSED
TRY_LATER, IN_DOUBT = SendResult.TRY_LATER, SendResult.IN_DOUBT
#: What an operator might write, and we must not obey.
WISHES = "retry=2&wait=0&redirect=yes"
TOKEN, HEADER = "planted-token-in-the-path", "planted-value-of-a-header"

Send = Callable[..., Answer]


@pytest.fixture
def send(tmp_path: Path) -> Send:
    """Return a function that sends one message through a URL, in a child as the bridge does."""
    secret = tmp_path / "url"

    def send(url: str, *, may_start: bool = True, seconds: int = 3, body: str = "Nothing was heard.") -> Answer:
        secret.write_text(url + "\n")
        parameters = {"url": f"${{file:{secret}}}", "timeout_seconds": seconds}
        sender = open_sender("apprise", parameters, state_folder=str(tmp_path))
        return sender.send(message(body=body), may_start=lambda: may_start)

    return send


def hook(receiver: Receiver, query: str = WISHES) -> str:
    return f"json://127.0.0.1:{receiver.port}/{TOKEN}?{query}&+X-Api-Key={HEADER}"


@needs_extra
@pytest.mark.parametrize(
    ("behaviour", "result", "proof", "evidence"),
    [
        ("ok", ANSWERED, ACCEPTED, {"result": "SUCCESS", "service": "NotifyJSON", "status": "200"}),
        ("id", ANSWERED, ACCEPTED, {"status": "201"}),
        ("html", ANSWERED, ACCEPTED, {"status": "200"}),
        ("ok_false", ANSWERED, ACCEPTED, {"status": "200"}),
        ("moved_302", REFUSED, NONE, {"status": "302", "error": "a redirect, which is never followed"}),
        ("moved_307", REFUSED, NONE, {"status": "307"}),
        ("bad_request", REFUSED, NONE, {"status": "400"}),
        ("gone", REFUSED, NONE, {"status": "410"}),
        ("busy_429", TRY_LATER, NONE, {"status": "429"}),
        ("broken_500", TRY_LATER, NONE, {"status": "500"}),
        ("gateway_504", IN_DOUBT, NONE, {"status": "504"}),
        ("hang", IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("drip", IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("drip_body", IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("reset", IN_DOUBT, NONE, {"result": "FAILURE"}),
        ("close", IN_DOUBT, NONE, {"result": "FAILURE"}),
        ("truncate", IN_DOUBT, NONE, {"result": "FAILURE"}),
        ("garbage", IN_DOUBT, NONE, {"result": "FAILURE"}),
        ("late", ANSWERED, ACCEPTED, {"status": "200"}),
    ],
)
def test_what_an_http_service_proves(
    send: Send, behaviour: str, result: SendResult, proof: Proof, evidence: dict[str, str]
) -> None:
    """caronc/apprise 1611 tells no answers: success is `accepted`; one request each, whatever the URL wishes for."""
    with Receiver(behaviour) as receiver:
        began = time.monotonic()
        answer = send(hook(receiver))
        took = time.monotonic() - began
        assert len(receiver.requests) == 1
    assert (answer.result, answer.proof) == (result, proof), answer.evidence
    assert evidence.items() <= answer.evidence.items()
    assert took < 12
    assert TOKEN not in str(answer.evidence)
    assert HEADER not in str(answer.evidence)


@needs_extra
def test_a_wait_that_a_service_asks_for_is_kept(send: Send) -> None:
    with Receiver("busy_429") as receiver:
        assert send(hook(receiver)).retry_after_seconds == 120


@needs_extra
@pytest.mark.parametrize("url", ["json://127.0.0.1:9/x", "jsons://127.0.0.1:9/x", "json://no.such.invalid/x"])
def test_nobody_there_is_surely_not_sent(send: Send, url: str) -> None:
    answer = send(url)
    assert (answer.result, answer.proof) == (NOT_SENT, NONE)


@needs_extra
def test_a_certificate_that_nobody_vouches_for_is_surely_not_sent(send: Send, tmp_path: Path) -> None:
    context, _ = own_certificate(tmp_path)
    with Receiver("ok", tls=context) as receiver:
        answer = send(f"jsons://127.0.0.1:{receiver.port}/x")
        assert not receiver.requests
    assert (answer.result, answer.evidence["result"]) == (NOT_SENT, "FAILURE")


@needs_extra
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nosuch://host/x", "does not take this URL"),
        ("json://", "does not take this URL"),
        ("slack://x", "does not take this URL"),
        ("no url at all", "does not take this URL"),
        ("json://127.0.0.1:9/x?optional=yes", "optional"),
        ("ntfy://127.0.0.1:9/one/two", "names 2 receivers"),
        ("mailto://127.0.0.1:9/?from=a@x.example&to=b@x.example,c@x.example&mode=insecure", "names 2 receivers"),
    ],
)
def test_a_url_that_is_not_one_receiver_is_refused(send: Send, url: str, why: str) -> None:
    """An empty set of services is no success (NOMATCH), nor is a failure that the URL calls optional."""
    answer = send(url)
    assert (answer.result, answer.proof) == (REFUSED, NONE)
    assert why in answer.evidence["error"]


@needs_extra
def test_the_fence_holds_before_anything_leaves(send: Send) -> None:
    with Receiver("ok") as receiver:
        assert send(hook(receiver), may_start=False).result is SendResult.NOT_STARTED
        assert receiver.connections == 0


@needs_extra
def test_it_is_killed_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of Apprise's outlives its time limit: a call of one second was seen to hold its process for eight."""
    with Receiver("drip_body") as receiver:
        monkeypatch.setenv("APPRISE_TEST_URL", hook(receiver))
        parameters = {"url": "${env:APPRISE_TEST_URL}", "timeout_seconds": 1}
        began = time.monotonic()
        answer = open_sender("apprise", parameters, state_folder=str(tmp_path)).send(message(), may_start=lambda: True)
        assert answer.result is IN_DOUBT
        assert time.monotonic() - began < 1 + apprise.OVERHEAD_SECONDS + 3


def mail_url(port: int, query: str = "") -> str:
    return f"mailto://127.0.0.1:{port}/?from=gov@mail.example&to=ops@mail.example&mode=insecure{query}"


@needs_extra
@pytest.mark.parametrize(
    ("script", "result", "proof", "arrived"),
    [
        ("ok", ANSWERED, ACCEPTED, 1),
        ("550@rcpt", IN_DOUBT, NONE, 0),
        ("451@end", IN_DOUBT, NONE, 1),
        ("reset@end", IN_DOUBT, NONE, 1),
        ("hang@end", IN_DOUBT, NONE, 1),
    ],
)
def test_what_a_mail_server_proves(send: Send, script: str, result: SendResult, proof: Proof, arrived: int) -> None:
    """It keeps no code and no final text of a mail server, so what the server refused cannot be told from the rest."""
    with MailPeer((script,)) as server:
        answer = send(mail_url(server.port, "&retry=2&wait=0"))
        assert server.connections == 1
        assert len(server.mails) == arrived
    assert (answer.result, answer.proof) == (result, proof), answer.evidence


@needs_extra
def test_a_mail_server_of_another_make(send: Send) -> None:
    import socket

    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Message as MessageHandler

    class Keeps(MessageHandler):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.mails: list[Mail] = []

        def handle_message(self, message: Mail) -> None:
            self.mails.append(message)

    keeper = Keeps()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        answer = send(mail_url(port), body="It is <b>silent</b>.\n\n  ntc_1")
    finally:
        controller.stop()
    assert (answer.result, answer.proof) == (ANSWERED, ACCEPTED)
    assert [each["Subject"] for each in keeper.mails] == [message().subject]
    assert keeper.mails[0].get_content_type() == "text/plain"
    assert "It is <b>silent</b>." in str(keeper.mails[0].get_payload())


@needs_extra
def test_a_long_text_keeps_its_end(send: Send) -> None:
    with Receiver("ok") as receiver:
        send(hook(receiver), body="x" * 200_000 + "\nntc_at_the_end")
        (body,) = receiver.bodies
    assert body["message"].endswith("ntc_at_the_end")
    assert len(body["message"]) <= 32768


@needs_extra
def test_the_library_is_loaded_in_the_sending_process_only(send: Send) -> None:
    with Receiver("ok") as receiver:
        send(hook(receiver))
        assert len(receiver.requests) == 1
    assert "apprise" not in sys.modules


def test_probe_says_that_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (finding,) = open_sender("apprise", {"url": "${env:NO_URL}"}, state_folder=str(tmp_path)).probe()
    assert (finding.rule, finding.message) == ("GOV703", apprise.NOT_INSTALLED)


def test_without_the_extra_nothing_is_sent_and_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a child that finds no library of this name, whatever is installed here."""
    monkeypatch.setenv("APPRISE_TEST_URL", "json://127.0.0.1:9/x")
    monkeypatch.setattr(sys, "path", [each for each in sys.path if not (Path(each) / "apprise").is_dir()])
    if any((Path(each) / "apprise").is_dir() for each in sys.path) or not _has_click(sys.path):
        pytest.skip("the extra is installed beside what we need ourselves")
    sender = open_sender("apprise", {"url": "${env:APPRISE_TEST_URL}"}, state_folder=str(tmp_path))
    answer = sender.send(message(), may_start=lambda: True)
    assert (answer.result, answer.evidence) == (NOT_SENT, {"error": apprise.NOT_INSTALLED})


def _has_click(path: list[str]) -> bool:
    return any((Path(each) / "click").is_dir() for each in path)


def test_probe_names_a_secret_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    (finding,) = AppriseSender({"url": "${env:NO_SUCH_URL}"}, state_folder=str(tmp_path)).probe()
    assert "${env:NO_SUCH_URL} is not set" in finding.message


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"url": ""},
        {"url": "json://hooks.example/token"},
        {"url": "${env:URL}", "timeout_seconds": 0},
        {"url": "${env:URL}", "timeout_seconds": 301},
        {"url": "${env:URL}", "retry": 2},
    ],
)
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        open_sender("apprise", parameters, state_folder="/nonexistent")
