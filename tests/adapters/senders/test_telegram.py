"""Telegram: what each of its answers proves, and what reaches a chat."""

import json
from typing import Any

import pytest

from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.api_cells import ANSWERED, IN_DOUBT, REFUSED, SECRETS, TRANSPORT, TRY_LATER, Cell, sent
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


FIRST = {"message_id": "12", "chat_id": "-1001"}


def replied(*answers: str, earlier: Any = FIRST, **parameters: Any) -> tuple[Any, list[dict[str, Any]]]:
    what = message(phase="resolved", earlier={"thr_1": [earlier]})
    answer, receiver = sent("telegram", what, answers=answers or ["telegram_stored"], **parameters)
    return answer, [json.loads(body) for _, _, body in receiver.requests]


def test_what_is_told_later_replies_to_what_was_told_first() -> None:
    answer, (document,) = replied()
    assert document["reply_parameters"] == {"message_id": 12, "allow_sending_without_reply": True}
    assert (answer.result, answer.proof) == (ANSWERED, Proof.STORED)


@pytest.mark.parametrize(
    ("earlier", "parameters"),
    [
        ({"error": "no answer within the limit"}, {}),
        ({**FIRST, "chat_id": "-1002"}, {}),  # a number means another message in another chat
        ({**FIRST, "message_id": "x"}, {}),
        (FIRST, {"replies": False}),
        (FIRST, {"chat_id": "@channel"}),
    ],
)
def test_without_a_message_in_this_very_chat_it_stands_alone(earlier: Any, parameters: dict[str, Any]) -> None:
    _, (document,) = replied(earlier=earlier, **parameters)
    assert "reply_parameters" not in document


def test_a_message_that_is_gone_loses_none() -> None:
    answer, (reply, alone) = replied("telegram_no_reply", "telegram_stored")
    assert "reply_parameters" in reply
    assert {**alone, "reply_parameters": reply["reply_parameters"]} == reply
    assert (answer.result, answer.proof) == (ANSWERED, Proof.STORED)
    assert answer.evidence["reply"] == "Bad Request: message to be replied not found"


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        (["telegram_no_reply", "telegram_no_chat"], REFUSED),
        (["telegram_no_reply", "hang"], IN_DOUBT),
        (["telegram_no_reply", "telegram_429"], TRY_LATER),
        (["telegram_moved"], REFUSED),
        (["telegram_blocked"], REFUSED),
        (["telegram_500"], TRY_LATER),
        (["hang"], IN_DOUBT),
        (["html"], IN_DOUBT),
        (["bad_request"], REFUSED),
    ],
)
def test_only_what_surely_was_not_sent_is_sent_again(answers: list[str], result: Any) -> None:
    answer, posts = replied(*answers, "telegram_stored")
    assert answer.result is result
    assert len(posts) == len(answers)
