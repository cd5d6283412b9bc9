"""Matrix: what each answer of a homeserver proves, and what reaches a room."""

import json
from typing import Any

import pytest

from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.api_cells import (
    ANSWERED,
    IN_DOUBT,
    REFUSED,
    SECRETS,
    TRANSPORT,
    TRY_LATER,
    Cell,
    made,
    sent,
)
from tests.adapters.senders.test_webhook import message

CELLS = {
    **TRANSPORT,
    "stored": Cell("matrix_stored", ANSWERED, Proof.STORED, None, {"event_id": "$YUwRidLecu:example.org"}),
    "429 M_LIMIT_EXCEEDED": Cell(
        "matrix_429", TRY_LATER, wait=3, evidence={"error": "M_LIMIT_EXCEEDED Too many requests"}
    ),
    "429 with the header": Cell("matrix_429_header", TRY_LATER, wait=7),
    "403 M_FORBIDDEN": Cell("matrix_forbidden", REFUSED, evidence={"error": "M_FORBIDDEN You are not in the room"}),
    "401 M_UNKNOWN_TOKEN": Cell("matrix_unknown_token", REFUSED, evidence={"status": "401"}),
    "413 M_TOO_LARGE": Cell("matrix_too_large", REFUSED, evidence={"status": "413"}),
    "500 M_UNKNOWN": Cell("matrix_unknown", TRY_LATER, evidence={"error": "M_UNKNOWN Internal server error"}),
    "200 ok:false": Cell("ok_false", IN_DOUBT, evidence={"error": "the answer names no event"}),
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def put(subject: str, body: str, **parameters: Any) -> dict[str, Any]:
    _, receiver = sent("matrix", message(subject=subject, body=body), answers=["matrix_stored"], **parameters)
    line, headers, sent_body = receiver.requests[0]
    room = "%21room%3Aexample.org"
    assert line == f"PUT /hook/_matrix/client/v3/rooms/{room}/send/m.room.message/spl_1 HTTP/1.1"
    assert headers["authorization"] == f"Bearer {SECRETS['A_TOKEN']}"
    document: dict[str, Any] = json.loads(sent_body)
    return document


def test_what_is_put() -> None:
    assert put("task-1 is silent", "Nothing was heard.") == {
        "msgtype": "m.text",
        "body": "task-1 is silent\n\nNothing was heard.",
        "m.mentions": {},
    }
    assert put("a", "b", message_type="m.notice")["msgtype"] == "m.notice"


def test_the_same_item_has_the_same_transaction_and_a_key_cannot_leave_its_place() -> None:
    lines = [
        sent("matrix", message(idempotency_key="../../x?y#z"), answers=["matrix_stored"])[1].requests[0][0]
        for _ in "ab"
    ]
    assert lines[0] == lines[1]
    assert lines[0].endswith("/send/m.room.message/..%2F..%2Fx%3Fy%23z HTTP/1.1")


def test_nobody_is_mentioned_and_no_markup_is_sent() -> None:
    document = put("@room", "@admin:example.org <b>x</b> \u2066hidden")
    assert document["m.mentions"] == {}
    assert set(document) == {"msgtype", "body", "m.mentions"}
    assert document["body"].endswith("<b>x</b> \ufffdhidden")


@pytest.mark.parametrize("letter", ["x", '"', "\U0001f600"])
def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end(letter: str) -> None:
    document = put("task-1 is silent", letter * 100_000 + "\n\nNotice: ntc_1")
    assert len(json.dumps(document)) <= 40_000
    assert document["body"].endswith("Notice: ntc_1")
    assert "characters left out" in document["body"]


@pytest.mark.parametrize("parameters", [{"room_id": "#alias:example.org"}, {"message_type": "m.image"}])
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        made("matrix", "https://matrix.example", **parameters)
