"""The registry: every sender is complete, its parameters and their schema agree, and strangers are found."""

import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import jsonschema
import pytest

from reporting_governance.adapters.interface import SendResult
from reporting_governance.adapters.senders import registry
from reporting_governance.adapters.senders.child import SenderInChild
from reporting_governance.adapters.senders.registry import SENDERS, Senders, UnknownSender, open_sender, sender_class
from reporting_governance.contracts.notification_settings import Receiver
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.test_child import Misbehaves
from tests.adapters.senders.test_webhook import message

SMALLEST: Mapping[str, Mapping[str, Any]] = {
    "external": {"folder": "handed-over"},
    "file": {"path": "outbox/notices.jsonl"},
    "apprise": {"url": "${env:APPRISE_URL}"},
    "command": {"argv": ["send-it"]},
    "matrix": {"base_url": "https://matrix.example", "token": "${env:TOKEN}", "room_id": "!room:matrix.example"},
    "ntfy": {"topic": "notices"},
    "openclaw": {"channel": "telegram", "to": "4242"},
    "pagerduty": {"routing_key": "${env:ROUTING_KEY}"},
    "pushover": {"token": "${env:TOKEN}", "user": "${env:USER_KEY}"},
    "slack": {"token": "${env:TOKEN}", "channel": "C0123456789"},
    "smtp": {"host": "mail.example", "from_address": "gov@mail.example", "to_address": "ops@mail.example"},
    "telegram": {"token": "${env:TOKEN}", "chat_id": "-1001234567890"},
    "webhook": {"url": "https://hooks.example/a"},
}


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_each_sender_is_complete(name: str) -> None:
    kind = sender_class(name)
    assert kind.name == name
    jsonschema.Draft202012Validator.check_schema(kind.parameters_schema)
    jsonschema.validate(SMALLEST[name], kind.parameters_schema)
    sender = open_sender(name, SMALLEST[name], state_folder="/nonexistent")
    assert sender.promises.best_first_proof in ((Proof.NONE,) if name == "external" else (Proof.ACCEPTED, Proof.STORED))
    assert 0 < sender.promises.limit_seconds <= 603
    assert isinstance(sender, SenderInChild) is kind.runs_in_child


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_parameters_and_their_schema_agree(name: str) -> None:
    kind = sender_class(name)
    parameters = sys.modules[kind.__module__].Parameters
    schema = kind.parameters_schema
    assert set(schema["properties"]) == {each.name for each in fields(parameters)}
    assert set(schema["required"]) == {
        each.name for each in fields(parameters) if each.default is MISSING and each.default_factory is MISSING
    }
    for each in fields(parameters):
        described = schema["properties"][each.name]
        if "default" in described:
            assert described["default"] == (list(each.default) if isinstance(each.default, tuple) else each.default)
        assert "description" in described or described["type"] == "integer"


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(UnknownSender, match="built in: apprise, command, external, file, "):
        sender_class("pigeon")


def test_a_sender_of_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint(
        "pigeon", "tests.adapters.senders.test_child:Misbehaves", registry.ENTRY_POINTS
    )

    def entry_points(**wanted: str) -> list[importlib.metadata.EntryPoint]:
        return [point] if wanted == {"group": registry.ENTRY_POINTS, "name": "pigeon"} else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert sender_class("pigeon") is Misbehaves
    assert isinstance(open_sender("pigeon", {"what": ""}, state_folder="/nonexistent"), SenderInChild)


def receivers(sender: str, parameters: Mapping[str, Any]) -> Mapping[str, Receiver]:
    document = {"targets": {"main": {"sender": sender, "parameters": parameters}}}
    return {"operator": Receiver.parse(document)}


def test_senders_are_opened_when_they_are_asked_for() -> None:
    senders = Senders(receivers("pigeon", {}), state_folder="/nonexistent")
    assert list(senders) == ["operator/main"]
    assert senders.get("operator/other") is None
    assert senders.findings == []


@pytest.mark.parametrize(
    ("sender", "parameters", "rule"), [("pigeon", {}, "GOV701"), ("webhook", {"uri": "https://a.example/"}, "GOV702")]
)
def test_a_sender_that_cannot_be_opened_sends_nothing_and_says_why(
    sender: str, parameters: Mapping[str, Any], rule: str
) -> None:
    senders = Senders(receivers(sender, parameters), state_folder="/nonexistent")
    broken = senders["operator/main"]
    assert broken is senders["operator/main"]
    assert broken.send(message(), may_start=lambda: True).result is SendResult.NOT_SENT
    assert [each.rule for each in broken.probe()] == [each.rule for each in senders.findings] == [rule]
