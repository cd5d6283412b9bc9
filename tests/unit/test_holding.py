"""Not now: the order of reasons, what is never kept back, and that nothing is remembered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.hold import HoldReason
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.notification_settings import MuteTime
from reporting_governance.contracts.receipt import Reason
from reporting_governance.contracts.silence import Silence, unknown_facts
from reporting_governance.core.dispatching import Judgement, Queued, judge_queue
from reporting_governance.core.holding import (
    OWNER_DEAD,
    SOURCE_UNREADABLE,
    Cause,
    Held,
    OpenMute,
    Quiet,
    active_silences,
    open_mutes,
    why_held,
)
from tests.contracts.schemas_read import SCHEMAS

NOW = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=7)
THREAD: Mapping[str, Any] = {
    "resolved_at": None,
    "told_at": "2026-03-01T22:00:00.000Z",
    "acked": None,
    "newest_outcome": {"outcome": "acked"},
    "newest": {"notice_id": "ntc_cause"},
}
DEAD = Cause(episode_id="epi_dead", condition=OWNER_DEAD, thread=THREAD)
BLIND = Cause(episode_id="epi_blind", condition=SOURCE_UNREADABLE, thread=THREAD)
NIGHT = OpenMute("night", {"severity": ["low", "medium"]}, LATER)
TROUBLE = [each for each in Phase if each is not Phase.RESOLVED]


def silence(number: int = 1, *, hours: int = 1, **matcher: str) -> Silence:
    return Silence(
        silence_id=f"sil_{number:08}",
        matcher=matcher or {"task_id": "task-*"},
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=hours),
        created_by="ops",
        comment="planned move",
    )


def notice(number: int = 1, *, phase: Phase = Phase.FIRING, **more: Any) -> Notice:
    return Notice(
        **{
            "notice_id": f"ntc_{number}",
            "thread_key": f"thr_{number}",
            "phase": phase,
            "number": 1,
            "receiver": "operator",
            "urgency": Urgency.LOW,
            "subject": "late",
            "body": "It is late.",
            "facts": {"task_id": f"task-{number}", "severity": "low", "condition": "silence_timeout"},
            "must_reference": (),
            "created_at": NOW,
            "episode_id": f"epi_{number}",
            **more,
        }
    )


def quiet(*, mutes: tuple[OpenMute, ...] = (), silences: tuple[Silence, ...] = ()) -> Quiet:
    return Quiet(mutes=mutes, silences=silences, receivers=("operator",))


def judged(*queued: Queued, around: Quiet | None = None, **more: Any) -> Judgement:
    given_now = {"group_by": (), "wait_seconds": 0, "now": NOW, **more}
    return judge_queue(queued, around or quiet(), **given_now)


def held(each: Notice, *causes: Cause, around: Quiet) -> Held | None:
    return why_held(each.phase, each.facts, causes, around, NOW)


# -- the order of the reasons


def test_over_then_its_cause_then_the_calendar_then_a_silence_then_company() -> None:
    """What stands earlier in the order is what is said, whatever else holds too."""
    around = quiet(mutes=(NIGHT,), silences=(silence(),))
    over = {**THREAD, "resolved_at": "2026-03-01T22:59:00.000Z"}
    assert judged(Queued(notice(), over, (DEAD,)), around=around).withdrawn[0][1] is Reason.RESOLVED_BEFORE_TOLD
    expired = notice(expires_at=NOW)
    assert judged(Queued(expired, None, (DEAD,)), around=around).withdrawn[0][1] is Reason.EXPIRED
    gone = judged(Queued(notice(receiver="nobody"), None, (DEAD,)), around=around)
    assert gone.withdrawn[0][1] is Reason.RECEIVER_GONE
    assert held(notice(), DEAD, around=around) == (HoldReason.INHIBITED, "epi_dead", None)
    assert held(notice(), around=around) == (HoldReason.MUTED, "night", LATER)
    silenced = held(notice(), around=quiet(silences=(silence(),)))
    assert silenced == (HoldReason.SILENCED, "sil_00000001", NOW + timedelta(hours=1))
    waiting = judged(Queued(notice()), wait_seconds=30)
    assert (len(waiting.waiting), waiting.held, waiting.going) == (1, (), ())
    assert len(judged(Queued(notice())).going) == 1


TELLS_OF_TROUBLE = (Phase.FIRING, Phase.REPEAT, Phase.ESCALATION, Phase.FALLBACK, Phase.REVIEW)


@given(
    phase=st.sampled_from(Phase),
    causes=st.sets(st.sampled_from(["dead", "blind"])),
    mutes=st.sets(st.integers(1, 3)),
    silences=st.sets(st.integers(1, 3)),
    expires=st.booleans(),
    is_over=st.booleans(),
    wait_seconds=st.sampled_from([0, 60]),
)
def test_every_notice_has_one_answer_in_the_order_of_the_reasons(
    phase: Phase,
    causes: set[str],
    mutes: set[int],
    silences: set[int],
    expires: bool,
    is_over: bool,
    wait_seconds: int,
) -> None:
    told = tuple(each for name, each in (("dead", DEAD), ("blind", BLIND)) if name in causes)
    around = quiet(
        mutes=tuple(OpenMute(f"mute-{each}", {}, NOW + timedelta(hours=each)) for each in sorted(mutes)),
        silences=tuple(silence(each, hours=each) for each in sorted(silences)),
    )
    thread = {**THREAD, "resolved_at": "2026-03-01T22:59:00.000Z" if is_over else None}
    queued = Queued(notice(phase=phase, expires_at=NOW if expires else None), thread, told)
    found = judged(queued, around=around, wait_seconds=wait_seconds)
    answers = (*found.withdrawn, *found.held, *found.waiting, *found.going)
    assert len(answers) == 1
    assert found == judged(queued, around=around, wait_seconds=wait_seconds), "nothing is remembered"
    if expires or (is_over and phase in TELLS_OF_TROUBLE):
        assert found.withdrawn
    elif phase is Phase.RESOLVED or not (told or mutes or silences):
        assert bool(found.waiting) == bool(wait_seconds)
        assert found.held == ()
    else:
        ((_, why),) = found.held
        wanted = HoldReason.INHIBITED if told else HoldReason.MUTED if mutes else HoldReason.SILENCED
        assert why.reason is wanted
        assert (why.until is None) == (why.reason is HoldReason.INHIBITED)


@given(
    numbers=st.lists(st.integers(0, 30), unique=True, max_size=12),
    muted=st.sets(st.integers(0, 30)),
    group_by=st.sampled_from([(), ("task_id",), ("severity",)]),
    order=st.randoms(use_true_random=False),
)
def test_nobody_is_left_out_and_the_order_of_the_queue_does_not_matter(
    numbers: list[int], muted: set[int], group_by: tuple[str, ...], order: Any
) -> None:
    silences = tuple(silence(each, task_id=f"task-{each}") for each in sorted(muted))
    queued = [Queued(notice(each)) for each in numbers]
    found = judged(*queued, around=quiet(silences=silences), group_by=group_by)
    gone = [each.notice_id for group in found.going for each in group.notices]
    kept = [each.notice_id for each, _ in found.held]
    assert sorted(gone + kept) == sorted(f"ntc_{each}" for each in numbers)
    assert set(kept) == {f"ntc_{each}" for each in numbers if each in muted}
    order.shuffle(queued)
    again = judged(*queued, around=quiet(silences=silences), group_by=group_by)
    assert again.going == found.going
    assert sorted(again.held, key=str) == sorted(found.held, key=str)


# -- what is never kept back


@given(
    causes=st.sampled_from([(), (DEAD,), (BLIND, DEAD)]),
    mutes=st.sampled_from([(), (OpenMute("all", {}, LATER),)]),
    silences=st.sampled_from([(), (silence(),)]),
)
def test_an_end_is_never_kept_back(causes: Any, mutes: Any, silences: Any) -> None:
    """prometheus/alertmanager#226: the end of an alert during a silence is never told."""
    over = {**THREAD, "resolved_at": "2026-03-01T22:59:00.000Z"}
    found = judged(Queued(notice(phase=Phase.RESOLVED), over, causes), around=quiet(mutes=mutes, silences=silences))
    assert [len(each.notices) for each in found.going] == [1]


@pytest.mark.parametrize("phase", TROUBLE)
def test_all_that_speaks_of_the_trouble_is_kept_back_alike(phase: Phase) -> None:
    """A step of an escalation, or a stand-in, would be a way around what somebody wished."""
    for around in (quiet(mutes=(NIGHT,)), quiet(silences=(silence(),))):
        assert held(notice(phase=phase), around=around) is not None
    assert held(notice(phase=phase), DEAD, around=quiet()) is not None


def test_what_was_kept_back_goes_as_soon_as_nothing_keeps_it_back() -> None:
    """prometheus/alertmanager#3367, #2496: what was muted waits on for some tick after the mute is over."""
    old = Queued(notice(created_at=NOW - timedelta(hours=3)))
    assert len(judged(old, around=quiet(silences=(silence(),)), wait_seconds=300).held) == 1
    assert len(judged(old, wait_seconds=300).going) == 1, "company was waited for already"


# -- causes


@pytest.mark.parametrize(
    ("changes", "explains"),
    [
        ({}, True),
        ({"told_at": None, "newest_outcome": None}, True),  # on its way
        ({"told_at": None, "newest_outcome": {"outcome": "blocked"}}, False),  # nobody heard of it
        ({"told_at": None, "newest_outcome": {"outcome": "blocked"}, "acked": {"actor": "pat"}}, True),
        ({"resolved_at": "2026-03-01T22:59:00.000Z"}, False),
    ],
)
def test_a_cause_explains_only_to_who_knows_of_it(changes: dict[str, Any], explains: bool) -> None:
    cause = replace(DEAD, thread={**THREAD, **changes})
    assert (held(notice(), cause, around=quiet()) is not None) == explains


@pytest.mark.parametrize(
    ("cause_notice", "around", "explains"),
    [
        (notice(9), quiet(), True),
        (notice(9), quiet(silences=(silence(1, task_id="task-9"),)), False),
        (notice(9, facts={"severity": "low"}), quiet(mutes=(replace(NIGHT, match={"task_id": "x"}),)), True),
        (notice(9, receiver="nobody"), quiet(), False),
        (notice(9, expires_at=NOW), quiet(), False),
    ],
)
def test_a_cause_that_is_kept_back_itself_explains_nothing(cause_notice: Notice, around: Quiet, explains: bool) -> None:
    untold = {**THREAD, "told_at": None, "newest_outcome": None}
    cause = replace(DEAD, thread=untold, queued=cause_notice)
    assert (held(notice(), cause, around=around) is not None) == explains


def test_of_several_the_one_that_lasts_is_named() -> None:
    both = (replace(NIGHT, match={}), OpenMute("weekend", {}, LATER + timedelta(days=1)))
    assert held(notice(), around=quiet(mutes=both)) == (HoldReason.MUTED, "weekend", LATER + timedelta(days=1))
    two = (silence(1, hours=2), silence(2, hours=1))
    assert held(notice(), around=quiet(silences=two)) == (
        HoldReason.SILENCED,
        "sil_00000001",
        NOW + timedelta(hours=2),
    )
    assert held(notice(), DEAD, BLIND, around=quiet()) == (HoldReason.INHIBITED, "epi_blind", None)


# -- when calendars and silences hold


def test_a_silence_holds_its_first_moment_and_not_its_last() -> None:
    one = silence()
    assert active_silences([one], one.starts_at) == (one,)
    assert active_silences([one], one.ends_at - timedelta(milliseconds=1)) == (one,)
    assert active_silences([one], one.ends_at) == ()
    assert active_silences([one], one.starts_at - timedelta(milliseconds=1)) == ()


def test_a_mute_time_is_open_by_its_calendar_and_zone() -> None:
    night = MuteTime(
        name="night",
        schedule="0 22 * * *",
        time_zone="Europe/Paris",
        duration_seconds=8 * 3600,
        match={"severity": "low"},
    )
    (found,) = open_mutes([night], NOW)
    assert found == OpenMute("night", {"severity": "low"}, datetime(2026, 3, 2, 5, 0, tzinfo=UTC))
    assert open_mutes([night], found.ends_at) == ()
    assert open_mutes([night], datetime(2026, 3, 1, 20, 59, 59, tzinfo=UTC)) == ()


def test_a_calendar_that_cannot_be_read_mutes_nothing() -> None:
    wrong = MuteTime(name="x", schedule="when I sleep", time_zone="Europe/Paris", duration_seconds=60)
    always = MuteTime(name="y", schedule="* * * * *", time_zone="UTC", duration_seconds=3600)
    assert [each.name for each in open_mutes([wrong, always], NOW)] == ["y"]


# -- names of facts


def test_a_fact_that_no_notice_has_is_named_with_what_was_meant() -> None:
    (problem,) = unknown_facts({"taskid": "x", "agent_id": "y", "labels.team": "z"})
    assert problem.suggestion == 'did you mean "task_id"?'
    assert [each.pointer for each in unknown_facts(["labels.", "sevrity"])] == ["/labels.", "/sevrity"]


def test_the_schema_knows_the_same_facts() -> None:
    from reporting_governance.contracts.silence import MATCHABLE

    matcher = SCHEMAS["deployment-profile"]["$defs"]["noticeMatcher"]
    assert tuple(matcher["properties"]) == MATCHABLE
