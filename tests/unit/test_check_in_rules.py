"""What a check-in does to its task."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporting_governance.contracts.check_in import CheckIn, Verb
from reporting_governance.contracts.evidence import Quality
from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.core.check_in_rules import (
    CheckInRefused,
    best_proof,
    check_in_id,
    clamp,
    may_check_in,
    reopens,
    status_after,
)
from reporting_governance.errors import ContractError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def check_in(verb: str, **more: Any) -> CheckIn:
    if verb == "child":
        more = {"child": "c1", "step": "spawned", **more}
    if verb == "evidence":
        more = {"evidence": [{"class": "tool_output", "summary": "x"}], **more}
    return CheckIn.parse({"verb": verb, "task": "t1", **more})


@pytest.mark.parametrize(
    ("verb", "current", "expected"),
    [
        ("start", None, "active"),
        ("start", "completed", "active"),
        ("checkpoint", "active", None),
        ("checkpoint", "paused", None),
        ("checkpoint", "expected", "active"),
        ("wait", "active", "waiting_user"),
        ("block", "active", "blocked"),
        ("pause", "active", "paused"),
        ("resume", "paused", "active"),
        ("resume", "failed", "active"),
        ("fail", "active", "failed"),
        ("evidence", "active", None),
        ("child", "active", None),
        ("complete", "active", "pending_verification"),
        ("checkpoint", "completed", None),
        ("fail", "completed", None),
        ("complete", "failed", None),
        ("pause", "cancelled", None),
    ],
)
def test_the_status_that_follows(verb: str, current: str | None, expected: str | None) -> None:
    assert status_after(check_in(verb), current, Quality.NONE) == expected


@pytest.mark.parametrize("quality", list(Quality))
def test_a_claim_of_completion_needs_moderate_evidence(quality: Quality) -> None:
    enough = quality >= Quality.MODERATE
    claimed = status_after(check_in("complete"), "active", quality)
    assert claimed == (TaskStatus.COMPLETED if enough else TaskStatus.PENDING_VERIFICATION)
    later = status_after(check_in("evidence"), "pending_verification", quality)
    assert later == (TaskStatus.COMPLETED if enough else None)


def test_in_progress_reads_as_active() -> None:
    assert status_after(check_in("start", status="in_progress"), None, Quality.NONE) is TaskStatus.ACTIVE


@pytest.mark.parametrize("word", ["ongoing", "processing", "working on it", "Active", ""])
def test_vague_words_are_refused_with_the_words_to_use(word: str) -> None:
    with pytest.raises(CheckInRefused) as refused:
        status_after(check_in("checkpoint", status=word), "active", Quality.NONE)
    assert "active, waiting_user, paused, blocked" in refused.value.advice()


@pytest.mark.parametrize(
    ("word", "hint"), [("completed", "verb complete"), ("failed", "verb fail"), ("cancelled", "status cancelled")]
)
def test_words_of_other_verbs_are_refused_with_the_verb_to_use(word: str, hint: str) -> None:
    with pytest.raises(CheckInRefused) as refused:
        status_after(check_in("checkpoint", status=word), "active", Quality.NONE)
    assert hint in refused.value.advice()


def test_a_task_can_be_cancelled() -> None:
    assert status_after(check_in("fail", status="cancelled"), "active", Quality.NONE) is TaskStatus.CANCELLED


def test_only_start_and_resume_open_a_finished_task() -> None:
    assert {verb for verb in Verb if reopens(verb)} == {Verb.START, Verb.RESUME}


def test_nothing_has_happened_in_the_future() -> None:
    assert clamp(None, NOON) == (NOON, ())
    assert clamp(NOON - timedelta(hours=1), NOON) == (NOON - timedelta(hours=1), ())
    assert clamp(NOON + timedelta(seconds=1), NOON) == (NOON, ("future_time_clamped",))


def test_who_may_speak_for_a_task() -> None:
    assert may_check_in(1000, None, frozenset())
    assert may_check_in(1000, 1000, frozenset())
    assert not may_check_in(1000, 1001, frozenset())
    assert may_check_in(1000, 1001, frozenset({1000}))
    assert not may_check_in(0, 1001, frozenset({1000}))


def test_the_same_call_of_another_user_is_another_call() -> None:
    assert check_in_id(1000, "a") == check_in_id(1000, "a")
    assert len({check_in_id(1000, "a"), check_in_id(1001, "a"), check_in_id(1000, "b")}) == 3


def test_only_evidence_for_completion_counts_for_completion() -> None:
    progress = {"quality": "strong", "supports": {"claims": ["progress"]}}
    weak = {"quality": "weak", "supports": {"claims": ["completion"]}}
    moderate = {"quality": "moderate", "supports": {"claims": ["completion", "progress"]}}
    assert best_proof(()) is Quality.NONE
    assert best_proof((progress,)) is Quality.NONE
    assert best_proof((progress, moderate, weak)) is Quality.MODERATE


@pytest.mark.parametrize(
    "document",
    [
        {"verb": "child", "task": "t1"},
        {"verb": "child", "task": "t1", "child": "c1"},
        {"verb": "start", "task": "t1", "child": "c1", "step": "spawned"},
        {"verb": "evidence", "task": "t1"},
        {"verb": "complete", "task": "t1", "status": "completed"},
        {"verb": "start", "task": "x" * 513},
        {"verb": "evidence", "task": "t1", "evidence": [{"class": "tool_output", "summary": "x", "refs": [{}]}]},
        {"verb": "start", "task": "t1", "checkpoint": {"every_seconds": 0}},
        {"verb": "start", "task": "t1", "checkpoint": {"every_seconds": 60, "schedule": "* * * * *"}},
    ],
)
def test_a_check_in_that_means_nothing_is_refused(document: Any) -> None:
    with pytest.raises(ContractError):
        CheckIn.parse(document)
