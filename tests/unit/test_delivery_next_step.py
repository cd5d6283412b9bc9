"""What the bridge does with an item: every branch of `next_step`, and the rules that hold for all of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.receipt import Proof, Reason
from reporting_governance.contracts.times import format_time
from reporting_governance.core.delivery import (
    DeliveryRules,
    Here,
    Powers,
    Step,
    StepKind,
    is_over,
    next_step,
    retry_delay_seconds,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
HERE = Here(host="alpha", boot_id="boot-2", monotonic_ms=500_000)
PLAIN = Powers(sender="webhook", best_first_proof=Proof.ACCEPTED, idempotent_by_key=False, can_look=False)
LOOKS = Powers(sender="webhook", best_first_proof=Proof.STORED, idempotent_by_key=False, can_look=True)
BY_KEY = Powers(sender="webhook", best_first_proof=Proof.STORED, idempotent_by_key=True, can_look=False)
HOLD = DeliveryRules(resend_marked=False, first_seconds=30, ceiling_seconds=4000)
RESEND = DeliveryRules(resend_marked=True, first_seconds=30, ceiling_seconds=4000)


def at(seconds: float) -> str:
    return format_time(NOW + timedelta(seconds=seconds))


def item(**changes: Any) -> dict[str, Any]:
    return {
        "spool_id": "spl_1",
        "notice_ids": ["ntc_1"],
        "thread_keys": ["thr_1"],
        "target": "operator/main",
        "rendered": {"subject": "s", "body": "b"},
        "dispatched_at": at(-100),
        "due_at": at(-100),
        "not_after": at(1000),
        **changes,
    }


def attempt(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "attempt_id": f"att_{number}",
        "sender": "webhook",
        "host": "alpha",
        "boot_id": "boot-2",
        "deadline_at": at(-1),
        "monotonic_ms": 499_000,
        **changes,
    }


def receipt(outcome: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "attempt_id": f"att_{number}",
        "outcome": outcome,
        "proof": "none",
        "settled_by": "webhook",
        "settled_at": at(-50),
        **changes,
    }


def in_doubt(number: int = 1, **changes: Any) -> dict[str, Any]:
    return receipt("pending_external_send", number, reason="in_doubt", **changes)


def deferred(number: int = 1, **changes: Any) -> dict[str, Any]:
    return receipt("deferred", number, **{"reason": "not_sent", "retry_at": at(-1), **changes})


def thread(**changes: Any) -> dict[str, Any]:
    return {"newest": {"notice_id": "ntc_1", "phase": "firing"}, "resolved_at": None, "acked": None, **changes}


def step(
    *attempts: Mapping[str, Any],
    receipts: tuple[Mapping[str, Any], ...] = (),
    threads: tuple[Mapping[str, Any], ...] | None = None,
    powers: Powers | None = PLAIN,
    rules: DeliveryRules = HOLD,
    **of_item: Any,
) -> Step:
    body = {"item": item(**of_item), "attempts": list(attempts), "receipts": list(receipts)}
    return next_step(body, (thread(),) if threads is None else threads, now=NOW, here=HERE, powers=powers, rules=rules)


def test_a_due_item_is_sent() -> None:
    assert step() == Step(kind=StepKind.SEND)


def test_an_item_waits_until_it_is_due() -> None:
    assert step(due_at=at(5)) == Step(kind=StepKind.WAIT, until=NOW + timedelta(seconds=5))


def test_a_running_attempt_is_left_alone() -> None:
    assert step(attempt(monotonic_ms=500_001, deadline_at=at(30))).kind is StepKind.WAIT


def test_an_attempt_over_without_an_answer_is_in_doubt() -> None:
    assert step(attempt()) == Step(kind=StepKind.SETTLE_IN_DOUBT, attempt_id="att_1")


def test_a_sender_that_can_look_is_asked_first() -> None:
    assert step(attempt(), powers=LOOKS) == Step(kind=StepKind.LOOK, attempt_id="att_1")


def test_nobody_looks_for_another_senders_message() -> None:
    """The profile gave the target another sender since: what the old one did, the new one cannot know."""
    assert step(attempt(sender="file"), powers=LOOKS).kind is StepKind.SETTLE_IN_DOUBT


def test_an_item_in_doubt_is_held_until_its_end() -> None:
    assert step(attempt(), receipts=(in_doubt(settled_by="bridge"),)) == Step(
        kind=StepKind.HOLD, until=NOW + timedelta(seconds=1000)
    )
    assert step(attempt(), receipts=(in_doubt(settled_by="bridge"),), not_after=at(-1)) == Step(
        kind=StepKind.BLOCK, reason=Reason.NEVER_CONFIRMED, attempt_id="att_1"
    )


def test_an_item_in_doubt_is_sent_again_marked_when_the_profile_says_so() -> None:
    assert step(attempt(), receipts=(in_doubt(),), rules=RESEND) == Step(kind=StepKind.SEND, attempt_id="att_1")


def test_a_resend_waits_for_the_items_age() -> None:
    waiting = step(attempt(), receipts=(in_doubt(settled_at=at(-10)),), rules=RESEND, dispatched_at=at(-100))
    assert waiting == Step(kind=StepKind.WAIT, until=NOW + timedelta(seconds=80))


def test_a_sender_idempotent_by_key_sends_again_also_when_told_to_hold() -> None:
    assert step(attempt(), receipts=(in_doubt(),), powers=BY_KEY).kind is StepKind.SEND


def test_a_later_deferral_does_not_make_an_earlier_doubt_forgotten() -> None:
    """Attempt 1 may have arrived; attempt 2 surely did not: a third is still a possible repeat of the first."""
    later = step(attempt(1), attempt(2), receipts=(in_doubt(1), deferred(2)), rules=RESEND)
    assert later == Step(kind=StepKind.SEND, attempt_id="att_1")


def test_what_surely_was_not_sent_is_no_repeat() -> None:
    assert step(attempt(), receipts=(deferred(),)) == Step(kind=StepKind.SEND)


def test_an_item_that_never_left_is_blocked_at_the_end_of_its_life() -> None:
    assert step(attempt(), receipts=(deferred(),), not_after=at(0)) == Step(kind=StepKind.BLOCK, reason=Reason.LIFETIME)


def test_a_target_that_the_profile_no_longer_names_is_blocked() -> None:
    assert step(powers=None) == Step(kind=StepKind.BLOCK, reason=Reason.RECEIVER_GONE)


def test_a_target_that_is_gone_may_have_told_somebody_before() -> None:
    receipts = (in_doubt(), deferred(2))
    never = Step(kind=StepKind.BLOCK, reason=Reason.NEVER_CONFIRMED, attempt_id="att_1")
    assert step(attempt(), attempt(2), receipts=receipts, powers=None) == never


@pytest.mark.parametrize("gone", ["subject", "body"])
def test_erased_text_is_not_sent(gone: str) -> None:
    rendered = {"subject": "s", "body": "b", gone: None}
    assert step(rendered=rendered) == Step(kind=StepKind.BLOCK, reason=Reason.ERASED)


def test_what_resolved_before_it_was_told_is_withdrawn() -> None:
    assert step(threads=(thread(resolved_at=at(-1)),)) == Step(
        kind=StepKind.WITHDRAW, reason=Reason.RESOLVED_BEFORE_TOLD
    )


def test_what_a_person_took_over_is_withdrawn() -> None:
    assert step(threads=(thread(acked={"actor": "pat"}),)) == Step(kind=StepKind.WITHDRAW, reason=Reason.WITHDRAWN)


def test_the_news_that_it_resolved_is_sent() -> None:
    news = thread(resolved_at=at(-1), newest={"notice_id": "ntc_1", "phase": "resolved"})
    assert step(threads=(news,)).kind is StepKind.SEND


def test_one_open_episode_keeps_a_grouped_item() -> None:
    """Alertmanager 226: whoever is told firing is told resolved; a group is not dropped for one of its members."""
    other = thread(newest={"notice_id": "ntc_2", "phase": "firing"})
    sent = step(
        threads=(thread(resolved_at=at(-1)), other), notice_ids=["ntc_1", "ntc_2"], thread_keys=["thr_1", "thr_2"]
    )
    assert sent.kind is StepKind.SEND


def test_nothing_attempted_is_withdrawn_once_it_was_attempted() -> None:
    sent = step(attempt(), receipts=(deferred(),), threads=(thread(resolved_at=at(-1)),))
    assert sent.kind is StepKind.SEND


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({"monotonic_ms": 500_001}, False),
        ({"monotonic_ms": 500_000}, True),
        ({"boot_id": "boot-1", "monotonic_ms": 9_999_999, "deadline_at": at(30)}, True),
        ({"host": "beta", "deadline_at": at(1), "monotonic_ms": 0}, False),
        ({"host": "beta", "deadline_at": at(0), "monotonic_ms": 9_999_999}, True),
    ],
    ids=["running", "deadline", "rebooted", "other-host-running", "other-host-deadline"],
)
def test_when_an_attempt_is_over(changes: dict[str, Any], over: bool) -> None:
    assert is_over(attempt(**changes), now=NOW, here=HERE) is over


def test_a_clock_set_back_does_not_bring_an_attempt_to_life() -> None:
    """Within a boot the monotonic clock counts: an hour set back keeps nobody waiting an hour."""
    assert is_over(attempt(deadline_at=at(3600)), now=NOW, here=HERE)


@given(
    age=st.floats(min_value=0, max_value=1e9),
    first=st.integers(1, 600),
    more=st.integers(0, 10_000),
    asked=st.none() | st.integers(0, 10**9),
)
def test_the_wait_stays_between_its_bounds(age: float, first: int, more: int, asked: int | None) -> None:
    wait = retry_delay_seconds(age, first=first, ceiling=first + more, retry_after=asked)
    assert wait >= first
    assert wait <= (first + more if asked is None else max(first, asked))


def test_a_negative_age_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="negative"):
        retry_delay_seconds(-1, first=30, ceiling=4000)


@given(
    outcome=st.sampled_from(["acked", "blocked", "pending_external_send"]),
    powers=st.sampled_from([PLAIN, LOOKS, BY_KEY, None]),
    rules=st.sampled_from([HOLD, RESEND]),
    life=st.integers(-10, 10),
)
def test_a_settled_item_is_never_sent_again(
    outcome: str, powers: Powers | None, rules: DeliveryRules, life: int
) -> None:
    settled = step(attempt(), receipts=(receipt(outcome),), powers=powers, rules=rules, not_after=at(life))
    assert settled.kind not in (StepKind.SEND, StepKind.LOOK, StepKind.SETTLE_IN_DOUBT, StepKind.WITHDRAW)
