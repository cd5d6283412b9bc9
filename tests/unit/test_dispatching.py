"""From queued notices to rendered items."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.receipt import Reason
from reporting_governance.core.dispatching import (
    MOST_TOGETHER,
    Queued,
    Together,
    group_notices,
    halves,
    judge_queue,
    withdrawal,
)
from reporting_governance.core.holding import Quiet
from reporting_governance.core.rendering import render

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
    assert withdrawal(notice(), over, now=NOW) is Reason.RESOLVED_BEFORE_TOLD
    assert withdrawal(notice(phase=Phase.RESOLVED), over, now=NOW) is None


def test_an_expired_notice_is_withdrawn_from_that_moment_on() -> None:
    expiring = notice(expires_at=NOW)
    assert withdrawal(expiring, None, now=NOW - timedelta(milliseconds=1)) is None
    assert withdrawal(expiring, None, now=NOW) is Reason.EXPIRED
    over = withdrawal(expiring, {"resolved_at": "2026-03-01T12:00:00.000Z"}, now=NOW)
    assert over is Reason.RESOLVED_BEFORE_TOLD, "what is over is missed by nobody"


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


def test_labels_are_grouped_by_too() -> None:
    teams = [notice(1, facts={"labels": {"team": "core"}}), notice(2, facts={"labels": {"team": "web"}})]
    assert len(group_notices(teams, ("labels.team",))) == 2
    assert len(group_notices(teams, ())) == 1


def judged(*notices: Notice, wait_seconds: int = 0, now: datetime = NOW, group_by: tuple[str, ...] = ("task_id",)):
    queued = [Queued(each) for each in notices]
    return judge_queue(queued, Quiet(receivers=["operator"]), group_by=group_by, wait_seconds=wait_seconds, now=now)


def test_a_group_waits_from_its_oldest_notice() -> None:
    both = (notice(1), notice(2, facts={"task_id": "task-1"}))
    found = judged(*both, wait_seconds=30, now=NOW + timedelta(seconds=30))
    ((group, until),) = found.waiting
    assert (len(group.notices), until, found.going) == (2, NOW + timedelta(seconds=31), ())
    found = judged(*both, wait_seconds=30, now=NOW + timedelta(seconds=31))
    assert ([len(each.notices) for each in found.going], found.waiting) == ([2], ())


def test_more_than_a_line_can_hold_go_as_several_messages_and_none_is_left_out() -> None:
    many = [notice(number) for number in range(MOST_TOGETHER + 1)]
    found = judged(*many, now=NOW + timedelta(hours=1), group_by=())
    assert [len(each.notices) for each in found.going] == [MOST_TOGETHER, 1]
    assert {each.notice_id for group in found.going for each in group.notices} == {each.notice_id for each in many}
    long_names = [notice(number, facts={"agent_id": f"{number:0100000}"}) for number in range(7)]
    assert [len(each.notices) for each in judged(*long_names, now=NOW + timedelta(hours=1), group_by=()).going] == [
        2,
        2,
        2,
        1,
    ]


@pytest.mark.parametrize("many", [2, 3, 201, MOST_TOGETHER])
def test_a_message_that_is_halved_loses_and_doubles_nothing(many: int) -> None:
    group = Together("operator", tuple(notice(number) for number in range(many)))
    parts = [group]
    while any(len(each.notices) > 1 for each in parts):
        parts = [half for each in parts for half in (halves(each) if len(each.notices) > 1 else (each,))]
        assert [each for part in parts for each in part.notices] == list(group.notices), "all, and the older ones first"
    assert len(parts) == many


def test_a_receiver_that_is_gone_is_told_nothing() -> None:
    assert judged(notice(1, receiver="nobody")).withdrawn == ((notice(1, receiver="nobody"), Reason.RECEIVER_GONE),)


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
    assert rendered.subject == "2 notices: task-1, task-2"
    assert rendered.body.startswith("1. task-1: task 1 is late\n2. task-2: task 2 is late\n\n----")
    assert all(rendered.body.count(f"Notice: ntc_{number}") == 1 for number in (1, 2))


def test_several_notices_about_one_task_say_so() -> None:
    same = {"facts": {"task_id": "one", "title": "Nightly\nbuild"}}
    assert render([notice(1, **same), notice(2, **same)]).subject == "2 notices about Nightly build: task 1 is late"


def test_of_many_notices_each_is_named_and_what_is_cut_is_marked() -> None:
    many = [notice(number, must_reference=(f"ref-{number}",)) for number in range(1, 1001)]
    rendered = render(many)
    assert rendered.subject.startswith("1,000 notices: task-1, task-2, ")
    assert rendered.subject.endswith(" more")
    assert len(rendered.subject) < 200
    lines = rendered.body.splitlines()
    for number in range(1, 1001):
        assert lines[number - 1].startswith(f"{number}. task-{number}: task {number} is late")
        assert sum(line.endswith((f"Notice: ntc_{number}", f"Notice: ntc_{number}]")) for line in lines) == 1
        assert sum(line.endswith(f"See: ref-{number}") or f"[See: ref-{number}," in line for line in lines) == 1
    assert lines[-1].startswith("Cut here: 9")
    named = rendered.subject.count("task-")
    assert f"and {1000 - named:,} more" in rendered.subject
