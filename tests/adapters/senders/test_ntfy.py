"""ntfy: what each of its answers proves, and what reaches a topic."""

import json
from typing import Any

import pytest

from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.api_cells import ANSWERED, IN_DOUBT, REFUSED, SECRETS, TRANSPORT, TRY_LATER, Cell, sent
from tests.adapters.senders.test_webhook import message

_KEPT = {"id": "hwQ2YpKdmg", "time": "1772337906", "expires": "1772381106", "phone": "not proven"}
CELLS = {
    **TRANSPORT,
    "stored": Cell("ntfy_stored", ANSWERED, Proof.STORED, None, _KEPT),
    "passed on, not kept": Cell("ntfy_not_kept", ANSWERED, Proof.ACCEPTED, None, {"phone": "not proven"}),
    "429 too many messages": Cell("ntfy_429", TRY_LATER, evidence={"error": "42908 limit reached: too many messages"}),
    "507 no room": Cell("ntfy_507", TRY_LATER, evidence={"status": "507"}),
    "403 forbidden": Cell("ntfy_403", REFUSED, evidence={"error": "40301 forbidden"}),
    "413 too large": Cell("ntfy_413", REFUSED, evidence={"status": "413"}),
    "200 ok:false": Cell("ok_false", IN_DOUBT, evidence={"error": "the answer names no message"}),
    "200 of another call": Cell("ntfy_open", IN_DOUBT),
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def posted(**changes: Any) -> dict[str, Any]:
    _, receiver = sent("ntfy", message(**changes), answers=["ntfy_stored"])
    line, headers, sent_body = receiver.requests[0]
    assert line == "POST /hook/ HTTP/1.1"
    assert headers["authorization"] == f"Bearer {SECRETS['A_TOKEN']}"
    document: dict[str, Any] = json.loads(sent_body)
    return document


def test_what_is_posted() -> None:
    assert posted() == {"topic": "notices", "title": "task-1 is silent", "message": "Nothing was heard.", "priority": 4}


@pytest.mark.parametrize(("urgency", "priority"), [("low", 2), ("medium", 3), ("high", 4), ("critical", 5)])
def test_urgency_becomes_priority(urgency: str, priority: int) -> None:
    assert posted(urgency=urgency)["priority"] == priority


def test_without_a_token_there_is_no_header() -> None:
    _, receiver = sent("ntfy", message(), answers=["ntfy_stored"], token=None)
    assert "authorization" not in receiver.requests[0][1]


def test_nothing_but_text_can_be_said() -> None:
    """ntfy takes actions, attachments and delays beside the text; a text that looks so stays one."""
    document = posted(subject='x", "actions": [\r\nX-Email: a@b.example', body='{"attach": "https://evil.example"}\x00')
    assert set(document) == {"topic", "title", "message", "priority"}
    assert document["title"] == 'x", "actions": [ X-Email: a@b.example'
    assert document["message"] == '{"attach": "https://evil.example"}\ufffd'


@pytest.mark.parametrize("letter", ["x", "ä", "\U0001f600"])
def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end(letter: str) -> None:
    document = posted(subject=letter * 5000, body=letter * 50_000 + "\n\nNotice: ntc_1")
    assert len(document["message"].encode()) <= 4096
    assert len(document["title"].encode()) <= 250
    assert document["message"].endswith("Notice: ntc_1")
    assert "characters left out" in document["message"]
    assert "characters left out" in document["title"]
