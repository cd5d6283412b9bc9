"""What an answer proves, and the state that a notice's records add up to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.contracts.capability_descriptor import DeliveryState
from reporting_governance.contracts.receipt import Outcome, Proof, Reason
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.delivery import BRIDGE, DeliveryRules, Powers, StepKind, next_step
from reporting_governance.core.delivery_state import (
    ItemHistory,
    NoticeHistory,
    delivery_state,
    histories,
    item_state,
)
from reporting_governance.core.settling import Place, Settlement, settle
from tests.unit.test_delivery_next_step import HERE, HOLD, NOW, RESEND, at, attempt, item, thread

answers = st.builds(
    Answer,
    result=st.sampled_from(SendResult),
    proof=st.sampled_from(Proof),
    evidence=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    retry_after_seconds=st.none() | st.integers(0, 10**9),
)
all_powers = st.builds(
    Powers,
    sender=st.just("webhook"),
    best_first_proof=st.sampled_from(Proof),
    idempotent_by_key=st.booleans(),
    can_look=st.booleans(),
)
all_rules = st.sampled_from([HOLD, RESEND])


def settled(
    answer: Answer,
    *,
    powers: Powers | None,
    rules: DeliveryRules = HOLD,
    ack_requires: Proof = Proof.STORED,
    settled_by: str = "webhook",
    **of_item: Any,
) -> Settlement:
    body = {"item": item(**of_item), "attempts": [attempt()], "receipts": []}
    return settle(
        answer,
        body,
        "att_1",
        now=NOW,
        ack_requires=ack_requires,
        powers=powers,
        rules=rules,
        settled_by=settled_by,
    )


STORES = Powers(sender="webhook", best_first_proof=Proof.STORED, idempotent_by_key=False, can_look=False)
ACCEPTS = Powers(sender="webhook", best_first_proof=Proof.ACCEPTED, idempotent_by_key=False, can_look=False)


@given(answer=answers, powers=all_powers, rules=all_rules, required=st.sampled_from(Proof))
def test_nothing_is_acked_below_what_was_asked_or_can_be_proven(
    answer: Answer, powers: Powers, rules: DeliveryRules, required: Proof
) -> None:
    receipt = settled(answer, powers=powers, rules=rules, ack_requires=required).receipt
    assert receipt.proof <= powers.best_first_proof
    if receipt.outcome is Outcome.ACKED:
        assert answer.result is SendResult.ANSWERED
        assert receipt.proof >= max(required, Proof.STORED)


@given(answer=answers, powers=st.none() | all_powers, rules=all_rules, by=st.sampled_from(["webhook", BRIDGE]))
def test_a_settled_item_never_becomes_due_again(
    answer: Answer, powers: Powers | None, rules: DeliveryRules, by: str
) -> None:
    """Whatever the answer: closed items are gone; open ones are due within their life, and have a known next step."""
    settlement = settled(answer, powers=powers, rules=rules, settled_by=by)
    receipt = settlement.receipt
    if settlement.place is not Place.OPEN:
        assert settlement.tells_threads
        assert receipt.outcome is not Outcome.DEFERRED
        return
    assert settlement.due is not None
    assert NOW <= settlement.due <= parse_time(item()["not_after"])
    body = {"item": item(), "attempts": [attempt()], "receipts": [receipt.dump()]}
    step = next_step(body, (thread(),), now=settlement.due, here=HERE, powers=powers, rules=rules)
    held = receipt.reason is Reason.IN_DOUBT and settlement.tells_threads
    assert step.kind in ({StepKind.BLOCK} if held else {StepKind.SEND, StepKind.LOOK, StepKind.BLOCK})


@given(answer=answers, powers=all_powers)
def test_a_held_item_is_not_sent_before_its_end(answer: Answer, powers: Powers) -> None:
    """No double send but where a receipt says in doubt, and then only if the profile or the sender allows it."""
    settlement = settled(answer, powers=powers, rules=HOLD)
    body = {"item": item(), "attempts": [attempt()], "receipts": [settlement.receipt.dump()]}
    step = next_step(body, (thread(),), now=NOW + timedelta(seconds=900), here=HERE, powers=powers, rules=HOLD)
    if step.kind is StepKind.SEND:
        surely_not_sent = settlement.receipt.outcome is Outcome.DEFERRED
        assert surely_not_sent or (powers.idempotent_by_key and settlement.receipt.reason is Reason.IN_DOUBT)


def test_accepted_is_as_far_as_such_a_sender_goes() -> None:
    done = settled(Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED), powers=ACCEPTS)
    assert (done.receipt.outcome, done.receipt.proof, done.place) == (
        Outcome.PENDING_EXTERNAL_SEND,
        Proof.ACCEPTED,
        Place.CLOSED,
    )


def test_a_sender_cannot_claim_more_than_it_declares() -> None:
    done = settled(Answer(result=SendResult.ANSWERED, proof=Proof.PERSON), powers=ACCEPTS)
    assert (done.receipt.outcome, done.receipt.proof) == (Outcome.PENDING_EXTERNAL_SEND, Proof.ACCEPTED)


def test_retry_after_is_honoured() -> None:
    """Alertmanager 2111: 429 was taken as final, and retry_after ignored."""
    done = settled(Answer(result=SendResult.TRY_LATER, retry_after_seconds=77), powers=STORES)
    assert (done.receipt.outcome, done.receipt.reason) == (Outcome.DEFERRED, Reason.TRY_LATER)
    assert done.due == done.receipt.retry_at == NOW + timedelta(seconds=77)


def test_a_retry_after_beyond_the_life_of_an_item_does_not_hide_it() -> None:
    done = settled(Answer(result=SendResult.TRY_LATER, retry_after_seconds=10**9), powers=STORES)
    assert done.due == NOW + timedelta(seconds=1000)


def test_a_channel_down_for_seconds_is_tried_again() -> None:
    """Uptime Kuma 6046: a channel that was down for seconds never got the notice."""
    done = settled(Answer(result=SendResult.NOT_SENT), powers=STORES, dispatched_at=at(0))
    assert (done.receipt.outcome, done.due) == (Outcome.DEFERRED, NOW + timedelta(seconds=30))


def test_what_was_not_started_is_due_at_once() -> None:
    done = settled(Answer(result=SendResult.NOT_STARTED), powers=STORES)
    assert (done.receipt.reason, done.due) == (Reason.NOT_STARTED, NOW)


def history(*receipts: dict[str, Any], attempts: int = 1) -> ItemHistory:
    made = [attempt(number) for number in range(1, attempts + 1)]
    return ItemHistory(item(), made, list(receipts))


def proof(outcome: str, level: str = "none", number: int | None = 1, **more: Any) -> dict[str, Any]:
    about = {"spool_id": "spl_1"} if number is None else {"attempt_id": f"att_{number}"}
    return {**about, "outcome": outcome, "proof": level, **more}


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (history(attempts=0), "dispatched"),
        (history(), "dispatched"),
        (history(proof("deferred")), "dispatched"),
        (history(proof("pending_external_send", reason="in_doubt")), "pending_external_send"),
        (history(proof("pending_external_send", reason="in_doubt"), attempts=2), "dispatched"),
        (history(proof("pending_external_send", reason="in_doubt"), proof("deferred")), "dispatched"),
        (history(proof("pending_external_send", "accepted"), proof("deferred")), "pending_external_send"),
        (history(proof("acked", "stored"), attempts=2), "acked"),
        (history(proof("deferred", number=2), proof("acked", "stored", number=1), attempts=2), "acked"),
        (history(proof("blocked")), "blocked"),
        (history(proof("blocked"), proof("deferred")), "blocked"),
        (history(proof("blocked"), proof("pending_external_send", "accepted")), "pending_external_send"),
        (history(proof("blocked"), proof("acked", "person")), "acked"),
        (history(proof("deferred"), proof("blocked", number=None)), "blocked"),
        (
            history(proof("deferred", number=1), proof("pending_external_send", number=2), attempts=2),
            "pending_external_send",
        ),
    ],
)
def test_the_state_of_an_item(found: ItemHistory, state: str) -> None:
    assert item_state(found) == state


def test_a_notice_is_as_far_as_its_best_item() -> None:
    blocked, waiting, acked = history(proof("blocked")), history(), history(proof("acked", "stored"))
    assert delivery_state(NoticeHistory({}, [blocked, waiting])) is DeliveryState.DISPATCHED
    assert delivery_state(NoticeHistory({}, [blocked, waiting, acked])) is DeliveryState.ACKED
    assert delivery_state(NoticeHistory({}, [blocked])) is DeliveryState.BLOCKED


def test_a_notice_without_items() -> None:
    assert delivery_state(NoticeHistory({})) is DeliveryState.QUEUED
    assert delivery_state(NoticeHistory({}, [], [proof("blocked")])) is DeliveryState.BLOCKED


receipts = st.lists(
    st.builds(
        proof,
        st.sampled_from(["acked", "blocked", "deferred", "pending_external_send"]),
        st.sampled_from(list(Proof)).map(str),
        st.sampled_from([1, 2]),
    ),
    max_size=6,
)


@given(found=receipts)
def test_a_late_receipt_on_an_earlier_attempt_never_settles_the_later_one(found: list[dict[str, Any]]) -> None:
    """It can raise its own attempt to acked; anything less changes nothing about the attempt that followed."""
    own = [each for each in found if each["attempt_id"] == "att_2"]
    both = item_state(history(*found, attempts=2))
    assert both is (
        DeliveryState.ACKED
        if any(each["outcome"] == "acked" for each in found)
        else item_state(history(*own, attempts=2))
    )


@given(found=receipts, more=receipts)
def test_acked_is_for_ever(found: list[dict[str, Any]], more: list[dict[str, Any]]) -> None:
    if item_state(history(*found, attempts=2)) is DeliveryState.ACKED:
        assert item_state(history(*found, *more, attempts=2)) is DeliveryState.ACKED


def test_histories_place_each_record() -> None:
    when = format_time(datetime(2026, 3, 1, tzinfo=UTC))
    found = histories(
        [
            ("notice", {"notice_id": "ntc_1", "created_at": when}),
            ("notice", {"notice_id": "ntc_2", "created_at": when}),
            ("spool-item", item()),
            ("attempt", {**attempt(), "spool_id": "spl_1"}),
            ("receipt", proof("acked", "stored")),
            ("receipt", {"notice_id": "ntc_2", "outcome": "blocked", "proof": "none"}),
        ]
    )
    assert {key: delivery_state(each).value for key, each in found.items()} == {"ntc_1": "acked", "ntc_2": "blocked"}
