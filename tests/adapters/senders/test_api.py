"""What holds for every sender of a web API: every ending, no secret, nothing sent twice, nothing sent by a probe."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import SendResult
from reporting_governance.adapters.senders.registry import open_sender, sender_class
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders import (
    peers,
    test_matrix,
    test_ntfy,
    test_pagerduty,
    test_pushover,
    test_slack,
    test_telegram,
)
from tests.adapters.senders.api_cells import PARAMETERS, SECRETS, TRANSPORT, expected, made, table_of
from tests.adapters.senders.peers import Receiver, own_certificate, wait_until
from tests.adapters.senders.test_webhook import message

TABLES = {
    "matrix": test_matrix.CELLS,
    "ntfy": test_ntfy.CELLS,
    "pagerduty": test_pagerduty.CELLS,
    "pushover": test_pushover.CELLS,
    "slack": test_slack.CELLS,
    "telegram": test_telegram.CELLS,
}
#: A good answer, and a good answer to the probe.
GOOD = {
    "matrix": ("matrix_stored", "matrix_whoami"),
    "ntfy": ("ntfy_stored", "ntfy_healthy"),
    "pagerduty": ("pagerduty_accepted", "pagerduty_none"),
    "pushover": ("pushover_queued", "pushover_valid"),
    "slack": ("slack_stored", "slack_auth_ok"),
    "telegram": ("telegram_stored", "telegram_chat"),
}
#: Words that a sending call has and a probe has not.
SENDS = ("sendMessage", "postMessage", "/send/", "messages.json", "enqueue", "POST /hook/ ")


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_cell(name: str, tmp_path: Path) -> None:
    assert set(TRANSPORT) <= set(TABLES[name])
    assert table_of(name, TABLES[name], tmp_path) == expected(TABLES[name])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_it_sends_in_a_child(name: str) -> None:
    with Receiver(GOOD[name][0]) as receiver:
        parameters = {**PARAMETERS[name], "base_url": receiver.url, "timeout_seconds": 5}
        answer = open_sender(name, parameters, state_folder="/nonexistent").send(message(), may_start=lambda: True)
        assert (answer.result, len(receiver.requests)) == (SendResult.ANSWERED, 1)
        assert answer.proof is sender_class(name)(parameters, state_folder="/nonexistent").promises.best_first_proof


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_fence_holds_after_the_connection_and_before_the_request(name: str) -> None:
    with Receiver(GOOD[name][0]) as receiver:
        answer = made(name, receiver.url).send(message(), may_start=lambda: False)
        assert answer.result is SendResult.NOT_STARTED
        assert wait_until(lambda: receiver.connections == 1)
        assert receiver.requests == []


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_trusted_certificate(name: str, tmp_path: Path) -> None:
    context, certificate = own_certificate(tmp_path)
    with Receiver(GOOD[name][0], tls=context) as receiver:
        answer = made(name, receiver.url, ca_file=str(certificate)).send(message(), may_start=lambda: True)
    assert answer.result is SendResult.ANSWERED


def _echo(status: int, text: str) -> peers.Behaviour:
    """Answer with the same text wherever any vendor says anything."""
    named = dict.fromkeys(
        ("error", "description", "message", "errcode", "request", "id", "ts", "channel", "receipt"), text
    )
    document = {
        **named,
        "ok": status == 200,
        "status": 1 if status == 200 else 0,
        "event": "message",
        "event_id": text,
        "dedup_key": text,
        "errors": [text],
        "result": {"message_id": text, "chat": {"id": text}},
        "parameters": {"migrate_to_chat_id": text},
    }
    return peers.reply(status, json.dumps(document).encode(), {"Retry-After": text, "X-Said": text})


@pytest.mark.parametrize("status", [200, 202, 400, 401, 429, 500, 504])
@pytest.mark.parametrize("before", [0, 190, 199])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_no_secret_in_an_answer_or_a_finding(
    name: str, before: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is echoed, plain or as it stood in the URL, also across the end of what is kept."""
    from urllib.parse import quote

    for variable, secret in SECRETS.items():
        if f"${{env:{variable}}}" not in PARAMETERS[name].values():
            continue  # nobody can repeat what was never said
        for form in (secret, quote(secret, safe=""), quote(secret, safe=":")):
            monkeypatch.setitem(peers.BEHAVIOURS, "echo", _echo(status, "x" * before + form))  # type: ignore[misc]
            with Receiver("echo") as receiver:
                sender = made(name, receiver.url)
                findings = sender.probe()
                answer = sender.send(message(), may_start=lambda: True)
            said = " ".join([*answer.evidence.values(), *(str(each.message) for each in findings)])
            assert form[:5] not in said, said


@pytest.mark.parametrize("base", ["nobody.invalid", "127.0.0.1:1", "10.1.2.3"])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_no_secret_when_nothing_answers(name: str, base: str) -> None:
    """Telegram's token is in the path: no error repeats a URL, and none of its parts."""
    sender = made(name, f"https://{base}/${{env:A_USER}}")
    answer = sender.send(message(), may_start=lambda: True)
    (finding,) = sender.probe()
    for text in (*answer.evidence.values(), finding.message):
        assert not any(each[:5] in text for each in SECRETS.values())
        assert base not in text


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_secret_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_TOKEN")
    with Receiver(GOOD[name][0]) as receiver:
        sender = made(name, receiver.url)
        answer = sender.send(message(), may_start=lambda: True)
        assert (answer.result, answer.evidence) == (SendResult.NOT_SENT, {"error": "${env:A_TOKEN} is not set"})
        assert receiver.connections == 0


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_secret_that_stands_in_the_profile_is_refused_and_not_repeated(name: str) -> None:
    for key, value in PARAMETERS[name].items():
        if not str(value).startswith("${"):
            continue
        with pytest.raises(ContractError) as fault:
            made(name, "https://api.example", **{key: "literally-a-secret"})
        assert key in str(fault.value)
        assert "literally" not in str(fault.value)


@pytest.mark.parametrize(
    "parameters", [{"timeout_seconds": 0}, {"private_networks": ["10.0.0.1/8"]}, {"nothing_that_is_known": 1}]
)
@pytest.mark.parametrize("name", sorted(TABLES))
def test_wrong_parameters(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        made(name, "https://api.example", **parameters)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_probe_sends_nothing(name: str) -> None:
    with Receiver(GOOD[name][1]) as receiver:
        sender = made(name, receiver.url)
        assert sender.probe() == ()
        assert len(receiver.requests) == 1
        assert not any(word in receiver.requests[0][0] for word in SENDS)
        assert receiver.requests[0][1].get("authorization") is not None or name in ("telegram", "pushover")


@pytest.mark.parametrize("peer", ["gone", "html", "close", "ok_false", "busy_503"])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_probe_tells_what_is_wrong(name: str, peer: str) -> None:
    with Receiver(peer) as receiver:
        found = made(name, receiver.url).probe()
    if (name, peer) == ("pagerduty", "ok_false"):
        return  # any JSON object at its address is taken for its API
    assert [each.rule for each in found] == ["GOV703"]
    assert found[0].file == name


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_it_promises(name: str) -> None:
    promises = made(name, "https://api.example").promises
    assert promises.idempotent_by_key is (name in ("matrix", "pagerduty"))
    assert promises.best_first_proof is (Proof.ACCEPTED if name in ("pushover", "pagerduty") else Proof.STORED)
    assert (promises.polls_every_seconds is not None) is (name in ("pushover", "pagerduty"))
    assert promises.limit_seconds == 4
    assert not promises.can_look
