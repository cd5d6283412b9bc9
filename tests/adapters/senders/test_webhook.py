"""The webhook sender against real receivers on loopback: what each answer proves, and what reaches the receiver."""

import base64
import hmac
import socket
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, Message, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.peers import Receiver, own_certificate, wait_until

SECRET = "s3cr3t-of-this-test"


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "spool_id": "spl_1",
        "idempotency_key": "spl_1",
        "subject": "task-1 is silent",
        "body": "Nothing was heard.",
        "html": None,
        "urgency": "high",
        "thread_keys": ("thr_1",),
        "notice_ids": ("ntc_1",),
        "phase": "firing",
        "facts": {"task_id": "task-1"},
    }
    return Message(**{**values, **changes})


def post(url: str, *, may_start: bool = True, **parameters: Any) -> Answer:
    sender = open_sender("webhook", {"url": url, "timeout_seconds": 1, **parameters}, state_folder="/nonexistent")
    return sender.send(message(), may_start=lambda: may_start)


ACCEPTED, STORED, NONE = Proof.ACCEPTED, Proof.STORED, Proof.NONE


@pytest.mark.parametrize(
    ("behaviour", "result", "proof", "evidence"),
    [
        ("ok", SendResult.ANSWERED, ACCEPTED, {"status": "200"}),
        ("no_content", SendResult.ANSWERED, ACCEPTED, {"status": "204"}),
        ("id", SendResult.ANSWERED, STORED, {"status": "201", "id": "m-77"}),
        ("ok_false", SendResult.REFUSED, NONE, {"status": "200", "error": "channel_not_found"}),
        ("ok_false_later", SendResult.TRY_LATER, NONE, {"error": "ratelimited"}),
        ("html", SendResult.IN_DOUBT, NONE, {"error": "a web page, not an answer"}),
        ("moved_302", SendResult.REFUSED, NONE, {"status": "302"}),
        ("moved_307", SendResult.REFUSED, NONE, {"status": "307"}),
        ("bad_request", SendResult.REFUSED, NONE, {"status": "400"}),
        ("gone", SendResult.REFUSED, NONE, {"status": "410"}),
        ("busy_429", SendResult.TRY_LATER, NONE, {"status": "429"}),
        ("busy_503", SendResult.TRY_LATER, NONE, {"status": "503"}),
        ("broken_500", SendResult.TRY_LATER, NONE, {"status": "500"}),
        ("gateway_504", SendResult.IN_DOUBT, NONE, {"status": "504"}),
        ("hang", SendResult.IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("drip", SendResult.IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("drip_body", SendResult.IN_DOUBT, NONE, {"error": "no answer within the limit"}),
        ("reset", SendResult.IN_DOUBT, NONE, {"error": "Connection reset by peer"}),
        ("close", SendResult.IN_DOUBT, NONE, {"error": "RemoteDisconnected"}),
        ("truncate", SendResult.IN_DOUBT, NONE, {"error": "the answer broke off"}),
        ("garbage", SendResult.IN_DOUBT, NONE, {"error": "BadStatusLine"}),
        ("flood", SendResult.ANSWERED, ACCEPTED, {"status": "200"}),
    ],
)
def test_what_an_answer_proves(behaviour: str, result: SendResult, proof: Proof, evidence: dict[str, str]) -> None:
    """Alertmanager PR 3121 (`ok_false`) and 2111 (`busy_429`) are two of these."""
    with Receiver(behaviour) as receiver:
        began = time.monotonic()
        answer = post(receiver.url, ack_json_pointer="/message/id")

        assert (answer.result, answer.proof) == (result, proof)
        assert evidence.items() <= answer.evidence.items()
        assert time.monotonic() - began < 5
        assert len(receiver.requests) == 1  # never a second one: no redirect is followed, nothing is tried again here
        assert receiver.requests[0][0].startswith("POST /hook ")


@pytest.mark.parametrize(("behaviour", "seconds"), [("busy_429", 120), ("busy_429_date", 200), ("busy_503", None)])
def test_retry_after(behaviour: str, seconds: int | None) -> None:
    """Alertmanager 2111.  Seconds, a date (counted from the receiver's own clock), and what is neither."""
    with Receiver(behaviour) as receiver:
        assert post(receiver.url).retry_after_seconds == seconds


def test_without_a_pointer_an_id_proves_nothing_more() -> None:
    with Receiver("id") as receiver:
        answer = post(receiver.url)
    assert (answer.result, answer.proof) == (SendResult.ANSWERED, ACCEPTED)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/")
    assert (answer.result, answer.evidence) == (SendResult.NOT_SENT, {"error": "Connection refused"})


def test_a_name_that_does_not_exist_is_surely_not_sent() -> None:
    answer = post("https://nobody.invalid/")
    assert answer.result is SendResult.NOT_SENT
    assert "name" in answer.evidence["error"]


def test_the_fence_holds_after_the_connection_and_before_the_request() -> None:
    with Receiver("ok") as receiver:
        answer = post(receiver.url, may_start=False)
        assert answer.result is SendResult.NOT_STARTED
        assert wait_until(lambda: receiver.connections == 1)
        assert receiver.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    context, certificate = own_certificate(tmp_path)
    with Receiver("ok", tls=context) as receiver:
        answer = post(receiver.url)
        assert answer.result is SendResult.NOT_SENT
        assert answer.evidence["error"].startswith("TLS: ")
        assert receiver.requests == []
        trusted = post(receiver.url, ca_file=str(certificate))
        assert (trusted.result, trusted.proof) == (SendResult.ANSWERED, ACCEPTED)


def test_a_tls_handshake_that_never_ends_is_surely_not_sent() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: [server.accept() for _ in range(2)], daemon=True).start()
    began = time.monotonic()
    answer = post(f"https://127.0.0.1:{server.getsockname()[1]}/")
    assert answer.result is SendResult.NOT_SENT
    assert time.monotonic() - began < 6
    server.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",  # plain
        "https://10.1.2.3/",  # private
        "https://169.254.169.254/latest/meta-data/",  # link-local: a cloud's metadata
        "https://[::ffff:10.1.2.3]/",  # the same in a disguise
        "https://user:pass@example.com/",
        "ftp://127.0.0.1/",
        "https://",
    ],
)
def test_addresses_that_the_profile_does_not_allow(url: str) -> None:
    answer = post(url)
    assert answer.result is SendResult.REFUSED
    assert "pass" not in answer.evidence["error"].replace("password", "")


def test_a_name_that_leads_to_loopback_is_not_loopback() -> None:
    """Only a URL that says so itself means this machine; a name from outside could be pointed anywhere."""
    from reporting_governance.adapters.senders.http import Exchange, Forbidden, Rules

    exchange = Exchange("https://elsewhere.example/", rules=Rules(), seconds=1)
    with pytest.raises(Forbidden):
        exchange._allow("127.0.0.1")


def test_a_private_network_that_the_profile_lists() -> None:
    from reporting_governance.adapters.senders.http import Exchange, Forbidden, Rules, networks

    exchange = Exchange("https://inside.example/", rules=Rules(private_networks=networks(["10.1.0.0/16"])), seconds=1)
    exchange._allow("10.1.2.3")
    with pytest.raises(Forbidden):
        exchange._allow("10.2.0.1")


def test_signature_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("HOOK_TOKEN", "t0ken-of-this-test")
    with Receiver("ok") as receiver:
        post(receiver.url, secret="${env:HOOK_SECRET}", headers={"Authorization": "Bearer ${env:HOOK_TOKEN}"})
        _, headers, body = receiver.requests[0]
    signed = f"spl_1.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == headers["idempotency-key"] == "spl_1"
    assert headers["authorization"] == "Bearer t0ken-of-this-test"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_a_key_as_the_standard_writes_it() -> None:
    """Standard Webhooks: a key is `whsec_` and base64; this example stands in its own test suite."""
    from reporting_governance.adapters.senders.webhook import signature_headers

    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', key)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_missing_secret_is_surely_not_sent_and_names_only_its_place() -> None:
    with Receiver("ok") as receiver:
        answer = post(receiver.url, secret="${env:NO_SUCH_VARIABLE}")
        assert answer.result is SendResult.NOT_SENT
        assert answer.evidence["error"] == "${env:NO_SUCH_VARIABLE} is not set"
        assert receiver.connections == 0


def test_a_secret_that_the_receiver_echoes_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.adapters.senders import peers

    monkeypatch.setenv("HOOK_SECRET", SECRET)
    echo = peers.reply(200, f'{{"ok": false, "error": "bad token {SECRET}"}}'.encode())
    monkeypatch.setitem(peers.BEHAVIOURS, "echo", echo)  # type: ignore[misc]
    with Receiver("echo") as receiver:
        answer = post(receiver.url, headers={"Authorization": "${env:HOOK_SECRET}"})
    assert answer.evidence["error"] == "bad token ***"


def test_a_secret_that_lies_across_the_end_of_what_is_kept_leaves_no_half(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.adapters.senders import peers

    monkeypatch.setenv("HOOK_SECRET", SECRET)
    for before in (190, 495):
        echo = peers.reply(200, f'{{"ok": false, "error": "{"x" * before}{SECRET}"}}'.encode())
        monkeypatch.setitem(peers.BEHAVIOURS, "echo", echo)  # type: ignore[misc]
        with Receiver("echo") as receiver:
            answer = post(receiver.url, headers={"Authorization": "${env:HOOK_SECRET}"})
        assert SECRET[:4] not in answer.evidence["error"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"url": "https://a.example/", "timeout_seconds": 0},
        {"url": "https://a.example/", "ack_json_pointer": "id"},
        {"url": "https://a.example/", "private_networks": ["10.0.0.1/8"]},
        {"url": "https://a.example/", "method": "GET"},
    ],
)
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        open_sender("webhook", parameters, state_folder="/nonexistent")


def test_probe_connects_and_sends_nothing() -> None:
    with Receiver("ok") as receiver:
        sender = open_sender("webhook", {"url": receiver.url}, state_folder="/nonexistent")
        assert sender.probe() == ()
        assert wait_until(lambda: receiver.connections == 1)
        assert receiver.requests == []
    assert [each.rule for each in sender.probe()] == ["GOV703"]
