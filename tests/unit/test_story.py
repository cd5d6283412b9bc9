"""What explain says in plain words, where a word of our own would leave the reader guessing."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.core.story import tell
from reporting_governance.core.story_next import next_of_item

CASES = Path(__file__).parents[1] / "cases/contracts"
RETRY_AT, NOT_AFTER = "2026-03-01T12:05:00.000Z", "2026-03-02T12:00:00.000Z"


def receipt(**given: Any) -> dict[str, Any]:
    return {"proof": "none", "evidence": {}, "settled_by": "bridge", "settled_at": "2026-03-01T12:00:00.000Z", **given}


def item(*receipts: dict[str, Any]) -> dict[str, Any]:
    return {
        "item": {"target": "operator/chat", "due_at": "2026-03-01T12:00:00.000Z", "not_after": NOT_AFTER},
        "attempts": [],
        "receipts": list(receipts),
    }


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("rate_limited", "which has had as many as it may for now; given up at"),
        ("target_down", "which could not be reached a short while ago and is tried with one message at a time; given"),
        ("try_later", "the next try to send to operator/chat; given up at"),
    ],
)
def test_why_the_next_try_is_later_and_when_it_is(reason: str, said: str) -> None:
    waits = next_of_item("spl_1", item(receipt(outcome="deferred", reason=reason, retry_at=RETRY_AT)))
    assert waits.at == RETRY_AT
    assert said in waits.sentence


def test_what_is_in_doubt_goes_again_or_is_given_up() -> None:
    doubtful = item(receipt(outcome="pending_external_send", reason="in_doubt"))
    again = next_of_item("spl_1", doubtful, RETRY_AT)
    assert (again.at, "it goes again then" in again.sentence) == (RETRY_AT, True)
    held = next_of_item("spl_1", doubtful, NOT_AFTER)
    assert (held.at, "given up then if nobody knows more" in held.sentence) == (NOT_AFTER, True)


@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        ("deferred", "rate_limited", "deferred (rate_limited: nothing was tried, its target has had as many as it may"),
        ("deferred", "target_down", "deferred (target_down: nothing was tried, its target could not be reached"),
        (
            "blocked",
            "refused",
            "blocked (refused: for good, by the receiver or by who was to carry it there) by bridge",
        ),
        ("blocked", "cancelled", "blocked (cancelled) by bridge"),
    ],
)
def test_a_receipt_says_what_its_reason_means(outcome: str, reason: str, said: str) -> None:
    body = receipt(outcome=outcome, reason=reason)
    line = {"ts": "2026-03-01T12:00:00.000Z", "record": {"kind": "receipt", "id": "rct_1", "body": body}}
    assert tell(7, line).sentence.startswith(said)


def test_what_came_back_is_said_in_plain_words() -> None:
    document = json.loads((CASES / "item-return/valid/bounced.json").read_text())
    line = {"ts": RETRY_AT, "record": {"kind": "item-return", "id": document["return_id"], "body": document}}
    said = tell(7, line).sentence
    assert said == (
        "what was sent to operator/outbox came back after it had counted as sent: Nightly import: no report since "
        "02:00; att_3b69f00ebe0559d2ba25b1ca26dd0ebb, attempt 1, told nobody; "
        "`reportgov retry spl_6e622d218cdf2ebfb0e723c1251903c3` sends it again"
    )
