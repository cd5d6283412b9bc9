"""What a receiver is told next about an episode."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.receipt import Receipt
from reporting_governance.contracts.times import format_time
from reporting_governance.core.thread_fold import fold_receipt
from reporting_governance.core.threads import (
    ONE_SHOT,
    ThreadRules,
    ThreadStep,
    due_after_settling,
    due_of,
    next_thread_step,
    repeat_at,
    stand_in,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REPEAT = 3600
RULES = ThreadRules(REPEAT)
DEPUTIES = ThreadRules(REPEAT, fallback=("deputy", "boss"), holds_doubt=True)


def thread(**given: Any) -> dict[str, Any]:
    """Return a thread whose firing notice was acked two hours ago."""
    earlier = format_time(NOW - timedelta(hours=2))
    return {
        "episode_id": "epi_1",
        "receiver": "operator",
        "condition": "silence_timeout",
        "newest": {"notice_id": "ntc_1", "phase": "firing", "number": 1},
        "newest_outcome": {
            "outcome": "acked",
            "proof": "stored",
            "reason": None,
            "settled_at": earlier,
            "attempt_id": "att_1",
        },
        "told_at": earlier,
        "acked": None,
        "resolved_at": None,
        **given,
    }


BLOCKED = {"outcome": "blocked", "proof": "none", "reason": "lifetime", "settled_at": format_time(NOW)}


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, ThreadStep.REPEAT),
        ({"newest_outcome": None}, ThreadStep.WAIT),
        ({"acked": {"actor": "maria"}}, ThreadStep.WAIT),
        ({"told_at": format_time(NOW - timedelta(minutes=59))}, ThreadStep.WAIT),
        ({"newest_outcome": BLOCKED}, ThreadStep.WAIT),
        ({"resolved_at": format_time(NOW)}, ThreadStep.TELL_RESOLVED),
        ({"resolved_at": format_time(NOW), "acked": {"actor": "maria"}}, ThreadStep.TELL_RESOLVED),
        ({"resolved_at": format_time(NOW), "told_at": None, "newest_outcome": BLOCKED}, ThreadStep.CLOSE),
        ({"resolved_at": format_time(NOW), "newest": {"phase": "resolved"}}, ThreadStep.CLOSE),
        ({"resolved_at": format_time(NOW), "newest_outcome": None}, ThreadStep.WAIT),
        ({"episode_id": None}, ThreadStep.CLOSE),
    ],
)
def test_the_next_step(changes: dict[str, Any], step: ThreadStep) -> None:
    assert next_thread_step(thread(**changes), now=NOW, rules=RULES) is step


def test_a_repeat_counts_from_the_last_telling_or_the_newest_failure() -> None:
    told = thread(newest_outcome=BLOCKED)
    assert repeat_at(told, REPEAT) == NOW + timedelta(seconds=REPEAT)


@given(
    told=st.booleans(),
    resolved=st.booleans(),
    acked=st.booleans(),
    phase=st.sampled_from(["firing", "repeat", "resolved"]),
    outcome=st.sampled_from(["acked", "pending_external_send", "blocked", None]),
    hours=st.integers(0, 100),
)
def test_nobody_is_told_an_end_who_was_not_told_the_beginning(
    told: bool, resolved: bool, acked: bool, phase: str, outcome: str | None, hours: int
) -> None:
    earlier = format_time(NOW - timedelta(hours=hours))
    state = thread(
        told_at=earlier if told else None,
        resolved_at=format_time(NOW) if resolved else None,
        acked={"actor": "maria"} if acked else None,
        newest={"notice_id": "ntc_1", "phase": phase, "number": 1},
        newest_outcome=None if outcome is None else {"outcome": outcome, "reason": None, "settled_at": earlier},
    )
    step = next_thread_step(state, now=NOW, rules=RULES)
    if step is ThreadStep.TELL_RESOLVED:
        assert told
        assert resolved
    if step is ThreadStep.REPEAT:
        assert not acked
        assert not resolved


def settling(outcome: str, *, reason: str | None = None, proof: str = "none", attempt: str = "att_2") -> Receipt:
    """Return a receipt of now."""
    return Receipt.parse(
        {
            "receipt_id": "rcp_1",
            "attempt_id": attempt,
            "outcome": outcome,
            "proof": "stored" if outcome == "acked" and proof == "none" else proof,
            "settled_at": format_time(NOW),
            "settled_by": "pager",
            "evidence": {},
            **({"reason": reason} if reason else {}),
        }
    )


def test_when_a_settled_thread_is_looked_at_again() -> None:
    def due(rules: ThreadRules = RULES, reason: str | None = None, **given: Any) -> datetime | None:
        receipt = settling("blocked" if reason else "acked", reason=reason)
        return due_after_settling(thread(newest_outcome=None, **given), receipt, rules)

    earlier = NOW - timedelta(hours=2)
    assert due() == NOW + timedelta(seconds=REPEAT)
    assert due(acked={"actor": "maria"}) is None
    assert due(resolved_at="2026", acked={"actor": "maria"}) == NOW
    assert due(episode_id=None) == NOW
    assert all(due(condition=each) is None for each in ONE_SHOT)
    assert due(DEPUTIES, "lifetime") == NOW
    assert due(RULES, "lifetime") == NOW + timedelta(seconds=REPEAT)
    assert due(DEPUTIES, "withdrawn") == earlier + timedelta(seconds=REPEAT), "what was withdrawn moves no time"
    assert due(DEPUTIES, "withdrawn", told_at=None) == NOW, "who was told nothing is told at once"


def test_a_later_proof_of_the_same_send_is_no_later_telling() -> None:
    """prometheus/alertmanager#2320, #917: repeats count from the last telling, not from what is learned of it."""
    told = thread(newest_outcome=None)
    fold_receipt(told, settling("pending_external_send", proof="accepted").dump())
    first = repeat_at(told, REPEAT)
    late = replace(settling("acked", proof="delivered"), settled_at=NOW + timedelta(minutes=50))
    assert due_after_settling(told, late, RULES) == first
    resent = replace(late, attempt_id="att_3")
    assert due_after_settling(told, resent, RULES) == first + timedelta(minutes=50)


LADDER = {
    "steps": [
        {"after_seconds": 900, "receivers": ["boss"]},
        {"after_seconds": 1800, "receivers": ["chief"], "until": "resolved"},
        {"after_seconds": 2700, "receivers": ["owner"], "until": "person"},
    ],
    "began_at": format_time(NOW - timedelta(seconds=900)),
    "taken": 0,
    "number": 0,
}
BY = {"what": "ack", "actor": "maria", "acted_at": format_time(NOW)}


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, ThreadStep.ESCALATE),
        ({"newest_outcome": None}, ThreadStep.ESCALATE),
        ({"episode_id": None}, ThreadStep.ESCALATE),
        ({"condition": "spawn_failed"}, ThreadStep.ESCALATE),
        ({"resolved_at": format_time(NOW)}, ThreadStep.TELL_RESOLVED),
        ({"acked": BY}, ThreadStep.WAIT),
        ({"acked": {**BY, "receipt_id": "rcp_1"}}, ThreadStep.TAKE_OVER),
        ({"acked": BY, "ladder": LADDER | {"began_at": format_time(NOW - timedelta(hours=1))}}, ThreadStep.ESCALATE),
        ({"acked": BY, "ladder": LADDER | {"began_at": "2026-03-01T00:00:00Z", "taken": 2}}, ThreadStep.WAIT),
        ({"ladder": LADDER | {"taken": 1}}, ThreadStep.REPEAT),
        ({"ladder": LADDER | {"began_at": None}}, ThreadStep.REPEAT),
        ({"ladder": LADDER | {"began_at": format_time(NOW - timedelta(seconds=899))}}, ThreadStep.REPEAT),
        ({"acked": BY, "despite_ack": True, "ladder": None}, ThreadStep.REPEAT),
        ({"episode_id": None, "ladder": LADDER | {"taken": 3}}, ThreadStep.CLOSE),
        ({"episode_id": None, "acked": BY}, ThreadStep.CLOSE),
    ],
)
def test_the_next_step_with_a_ladder(changes: dict[str, Any], step: ThreadStep) -> None:
    assert next_thread_step(thread(**({"ladder": LADDER} | changes)), now=NOW, rules=RULES) is step


def test_a_ladder_counts_from_the_first_try_while_nothing_has_arrived() -> None:
    waiting = thread(newest_outcome=None, told_at=None, ladder=LADDER | {"began_at": None})

    def step(tried: datetime | None) -> ThreadStep:
        return next_thread_step(waiting, now=NOW, rules=RULES, attempted_at=tried)

    assert step(None) is ThreadStep.WAIT, "kept back by a calendar or a silence: nobody was to be told yet"
    assert step(NOW - timedelta(seconds=899)) is ThreadStep.WAIT
    assert step(NOW - timedelta(seconds=900)) is ThreadStep.ESCALATE


def test_a_look_is_never_later_than_what_is_due() -> None:
    quarter = timedelta(seconds=900)
    assert due_of(thread(ladder=LADDER), now=NOW, rules=ThreadRules(30_000)) == NOW
    assert due_of(thread(ladder=LADDER | {"taken": 1}), now=NOW, rules=ThreadRules(30_000)) == NOW + quarter
    assert due_of(thread(ladder=LADDER, acked=BY), now=NOW, rules=RULES) == NOW + quarter
    assert due_of(thread(ladder=LADDER | {"taken": 2}, acked=BY), now=NOW, rules=RULES) is None


@pytest.mark.parametrize(
    ("outcome", "reason", "changes", "who"),
    [
        ("blocked", "lifetime", {}, "deputy"),
        ("blocked", "lifetime", {"receiver": "deputy"}, "boss"),
        ("blocked", "lifetime", {"receiver": "boss"}, None),
        ("blocked", "expired", {}, "deputy"),
        ("blocked", "resolved_before_told", {}, None),
        ("blocked", "withdrawn", {}, None),
        ("blocked", "lifetime", {"fell_back_for": "ntc_1"}, None),
        ("blocked", "lifetime", {"fell_back_for": "ntc_0"}, "deputy"),
        ("blocked", "lifetime", {"newest": {"notice_id": "ntc_1", "phase": "resolved"}}, None),
        ("pending_external_send", "in_doubt", {}, "deputy"),
        ("pending_external_send", None, {}, None),
        ("acked", None, {}, None),
    ],
)
def test_who_stands_in(outcome: str, reason: str | None, changes: dict[str, Any], who: str | None) -> None:
    assert stand_in(thread(**changes), outcome, reason, DEPUTIES) == who


def test_doubt_is_told_to_nobody_where_it_is_sent_again() -> None:
    sent_again = ThreadRules(REPEAT, fallback=("deputy",), holds_doubt=False)
    assert stand_in(thread(), "pending_external_send", "in_doubt", sent_again) is None
