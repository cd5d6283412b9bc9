"""Telegram: what each of its answers proves, and what reaches a chat."""

import json
from typing import Any

import pytest

from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.api_cells import ANSWERED, REFUSED, SECRETS, TRANSPORT, TRY_LATER, Cell, sent
from tests.adapters.senders.test_webhook import message

CELLS = {
    **TRANSPORT,
    "stored": Cell("telegram_stored", ANSWERED, Proof.STORED, None, {"message_id": "77", "chat_id": "-1001"}),
    # Alertmanager 2111: 429 was final, and its wait ignored
    "429 with retry_after": Cell("telegram_429", TRY_LATER, wait=34),
    "400 chat not found": Cell("telegram_no_chat", REFUSED, evidence={"error": "Bad Request: chat not found"}),
    "400 the chat has moved": Cell("telegram_moved", REFUSED, evidence={"migrate_to_chat_id": "-1002"}),
    "401": Cell("telegram_unauthorized", REFUSED, evidence={"error": "Unauthorized"}),
    "403 blocked by the user": Cell("telegram_blocked", REFUSED, evidence={"status": "403"}),
    "500 in its own form": Cell("telegram_500", TRY_LATER, evidence={"error": "Internal Server Error"}),
    "200 ok:false": Cell("telegram_false_200", REFUSED, evidence={"error": "Bad Request: message text is empty"}),
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def posted(subject: str, body: str, **parameters: Any) -> dict[str, Any]:
    _, receiver = sent("telegram", message(subject=subject, body=body), answers=["telegram_stored"], **parameters)
    line, _, sent_body = receiver.requests[0]
    assert line == "POST /hook/bott0ken:of%2Fthis%2Btest%3D/sendMessage HTTP/1.1"
    document: dict[str, Any] = json.loads(sent_body)
    return document


def test_what_is_posted() -> None:
    assert posted("task-1 is silent", "Nothing was heard.", message_thread_id=5) == {
        "chat_id": "-1001",
        "text": "task-1 is silent\n\nNothing was heard.",
        "link_preview_options": {"is_disabled": True},
        "message_thread_id": 5,
    }


def test_no_markup_is_read_and_no_name_is_mentioned() -> None:
    document = posted("*bold* @admin", "<b>x</b> mail me@example.org, @all")
    assert document["text"] == "*bold* @\u2060admin\n\n<b>x</b> mail me@\u2060example.org, @\u2060all"
    assert "parse_mode" not in document
    assert "entities" not in document


@pytest.mark.parametrize("letter", ["x", "@", "\U0001f600"])
def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end(letter: str) -> None:
    text = posted("task-1 is silent", letter * 50_000 + "\n\nNotice: ntc_1")["text"]
    assert len(text.encode("utf-16-le")) // 2 <= 4096
    assert text.startswith("task-1 is silent\n\n")
    assert text.endswith("Notice: ntc_1")
    assert "characters left out" in text
