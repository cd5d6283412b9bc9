"""From queued notices to rendered items."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.receipt import Reason
from reporting_governance.core.dispatching import group_notices, group_wait, render, withdrawal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def notice(number: int = 1, **given: Any) -> Notice:
    """Return a firing notice about a task of its own."""
    return Notice(
        **{
            "notice_id": f"ntc_{number}",
            "thread_key": f"thr_{number}",
            "phase": Phase.FIRING,
            "number": 1,
            "receiver": "operator",
            "urgency": Urgency.HIGH,
            "subject": f"task {number} is late",
            "body": f"Task {number} promised a check-in.",
            "facts": {"task_id": f"task-{number}", "agent_id": "coder", "late_by_seconds": 60},
            "must_reference": ("watchdog_fired",),
            "created_at": NOW + timedelta(seconds=number),
            **given,
        }
    )


def test_what_is_over_before_anybody_was_told_is_withdrawn() -> None:
    over = {"resolved_at": "2026-03-01T12:00:00.000Z"}
    assert withdrawal(notice(), {"resolved_at": None}, now=NOW) is None
    assert withdrawal(notice(), None, now=NOW) is None
    found = withdrawal(notice(), over, now=NOW)
    assert found is not None
    assert found.reason is Reason.RESOLVED_BEFORE_TOLD
    assert withdrawal(notice(phase=Phase.RESOLVED), over, now=NOW) is None


def test_an_expired_notice_is_withdrawn_from_that_moment_on() -> None:
    expiring = notice(expires_at=NOW)
    assert withdrawal(expiring, None, now=NOW - timedelta(milliseconds=1)) is None
    found = withdrawal(expiring, None, now=NOW)
    assert found is not None
    assert found.reason is Reason.EXPIRED
    over = withdrawal(expiring, {"resolved_at": "2026-03-01T12:00:00.000Z"}, now=NOW)
    assert over is not None
    assert over.reason is Reason.RESOLVED_BEFORE_TOLD, "what is over is missed by nobody"


def test_grouping_keeps_receivers_and_phases_apart() -> None:
    same = {"facts": {"task_id": "one", "agent_id": "coder"}}
    groups = group_notices(
        [
            notice(3, **same),
            notice(1, **same),
            notice(2, **same, receiver="boss"),
            notice(4, **same, phase=Phase.RESOLVED),
            notice(5),
        ],
        ("task_id",),
    )
    assert [[each.notice_id for each in group.notices] for group in groups] == [
        ["ntc_1", "ntc_3"],
        ["ntc_2"],
        ["ntc_4"],
        ["ntc_5"],
    ]


def test_a_group_waits_from_its_oldest_notice() -> None:
    (group,) = group_notices([notice(1), notice(2, facts={"task_id": "task-1"})], ("task_id",))
    waiting = group_wait(group, wait_seconds=30, now=NOW + timedelta(seconds=30))
    assert waiting is not None
    assert waiting.until == NOW + timedelta(seconds=31)
    assert group_wait(group, wait_seconds=30, now=NOW + timedelta(seconds=31)) is None


def test_one_message_ends_with_its_facts_and_its_id() -> None:
    rendered = render([notice()])
    assert rendered.subject == "task 1 is late"
    assert rendered.body.splitlines() == [
        "Task 1 promised a check-in.",
        "",
        "Task: task-1",
        "Agent: coder",
        "Late by (seconds): 60",
        "See: watchdog_fired",
        "Notice: ntc_1",
    ]


def test_a_later_notice_does_not_tell_old_facts_as_new() -> None:
    assert "Late by" not in render([notice(phase=Phase.RESOLVED)]).body


def test_several_notices_are_counted_in_the_subject_and_all_told() -> None:
    rendered = render([notice(1), notice(2)])
    assert rendered.subject == "2 notices: task 1 is late"
    assert all(text in rendered.body for text in ("task 1 is late", "task 2 is late", "ntc_1", "ntc_2"))
