"""dispatch: what waits, why, and that it goes at once when nothing keeps it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.silence import Silence
from reporting_governance.stages.dispatch import DispatchReport, run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.silencing import BadSilence, NoSilence, add_silence, end_silence, list_silences
from reporting_governance.stages.status import run_status
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import policy
from tests.oracle.checker import arrivals_in
from tests.oracle.memory_world import Interrupted
from tests.stages.chain_world import Chain, fire, task
from tests.stages.watch_world import START, HandClock, StandInSource, reading


@pytest.fixture(params=["memory", "files"])
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Chain:
    root = str(tmp_path / "state")
    clock = HandClock()
    store: Store = MemoryStore()
    if request.param == "files":
        store = FilesStore(root, actor="test", now=clock.now, monotonic=clock.monotonic)
    else:
        Path(root).mkdir()
    made = Chain(store=store, clock=clock, folder=root)
    made.notify()
    made.shows(task())
    made.tick()  # the source's mark
    return made


# -- silences


def test_a_silence_keeps_back_says_why_once_and_lets_go_at_its_end(chain: Chain) -> None:
    """prometheus/alertmanager#3367, #2496: what was muted waits for a tick or a repeat after the mute is over."""
    fire(chain)
    silence = chain.silence(3600, condition="silence_*")
    until = chain.records("silence")[0]["body"]["ends_at"]
    assert chain.dispatch() == DispatchReport(held=2, newly_held=2)
    assert chain.holds() == [("silenced", silence, until)] * 2
    before = chain.lines()
    for _ in range(5):
        chain.clock.forward(60)
        assert chain.tick() == DispatchReport(held=2)
    assert chain.lines() == before, "a run in which nothing changed writes nothing"
    assert chain.told() == []
    chain.clock.forward(3600 - 300)
    report = chain.tick()
    assert (report.dispatched, report.held, report.silences_ended) == (2, 0, 1)
    assert chain.told() == chain.told("boss") == [("silence_timeout", "firing")]
    assert chain.store.listing(Folder.SILENCES).names == {}
    assert list_silences(chain.store) == ()


def test_a_silence_that_a_person_ends_lets_go_at_once(chain: Chain) -> None:
    fire(chain)
    silence = chain.silence(3600)
    assert chain.dispatch().held == 2
    assert [(len(each.episodes), each.queued) for each in list_silences(chain.store)] == [(1, 2)]
    report = end_silence(chain.store, silence, actor="pat", comment="moved", clock=chain.clock)
    assert (report.what, report.subjects) == ("silence_end", (silence,))
    assert chain.tick().dispatched == 2
    with pytest.raises(NoSilence):
        end_silence(chain.store, silence, actor="pat", comment="", clock=chain.clock)


def test_a_silence_handed_in_twice_counts_once_and_one_that_was_ended_does_not_come_back(chain: Chain) -> None:
    silence = chain.silence(3600)
    (made,) = [each.silence for each in list_silences(chain.store)]
    add_silence(chain.store, made, clock=chain.clock)
    assert len(chain.records("silence")) == 1
    end_silence(chain.store, silence, actor="pat", comment="", clock=chain.clock)
    add_silence(chain.store, made, clock=chain.clock)
    assert list_silences(chain.store) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matcher": {}}, "names what it is about"),
        ({"matcher": {"taskid": "x"}}, 'did you mean "task_id"?'),
        ({"comment": ""}, "says why"),
        ({"starts_at": START - timedelta(hours=2), "ends_at": START - timedelta(hours=1)}, "in the future"),
        ({"silence_id": "../../journal"}, "the id of a silence"),
    ],
)
def test_a_silence_that_nobody_can_mean_is_refused(changes: dict[str, Any], said: str) -> None:
    chain = Chain(store=MemoryStore())
    made = Silence(
        silence_id="sil_00000001",
        matcher={"task_id": "*"},
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        created_by="ops",
        comment="why",
    )
    with pytest.raises(BadSilence, match=said):
        add_silence(chain.store, replace(made, **changes), clock=chain.clock)
    assert chain.lines() == 0


def test_the_end_is_told_during_a_silence_to_who_was_told_the_beginning(chain: Chain) -> None:
    """prometheus/alertmanager#226: the end of an alert during a silence is never told."""
    fire(chain)
    chain.tick()
    chain.silence(3600)
    chain.shows(task(seen=800))
    chain.clock.forward(200)
    chain.tick()
    assert chain.told() == [("silence_timeout", "firing"), ("silence_timeout", "resolved")]


def test_who_was_told_nothing_is_told_no_end(chain: Chain) -> None:
    fire(chain)
    chain.silence(3600)
    chain.dispatch()
    chain.shows(task(seen=800))
    chain.clock.forward(200)
    for _ in range(3):
        chain.tick()
    assert chain.told() == []
    assert [each["body"]["reason"] for each in chain.records("receipt")] == ["resolved_before_told"] * 2
    assert chain.store.listing(Folder.QUEUE).names == {}
    assert [each for each in chain.store.listing(Folder.EPISODES).names if each.startswith("thr_")] == []


# -- calendars


def test_a_mute_time_keeps_back_and_an_edited_profile_lets_go_at_once(chain: Chain) -> None:
    """prometheus/alertmanager#3410 beside it: the edit tells nobody again."""
    night = {"name": "morning", "schedule": "0 8 * * *", "time_zone": "UTC", "duration_seconds": 7200}
    chain.notify(mute_times=[{**night, "match": {"condition": "silence_timeout"}}])
    fire(chain)
    assert chain.dispatch() == DispatchReport(held=2, newly_held=2)
    assert chain.holds() == [("muted", "morning", "2026-03-01T10:00:00.000Z")] * 2
    chain.notify(mute_times=[{**night, "match": {"condition": "owner_dead"}}])
    assert chain.tick().dispatched == 2
    for _ in range(3):
        chain.notify(mute_times=[], group_by=["agent_id"])
        chain.clock.forward(60)
        chain.tick()
    assert chain.told() == [("silence_timeout", "firing")]


def test_another_reason_is_recorded_when_the_first_is_over(chain: Chain) -> None:
    morning = {"name": "morning", "schedule": "0 8 * * *", "time_zone": "UTC", "duration_seconds": 7200}
    chain.notify(mute_times=[morning], routes=[{"match": {}, "receivers": ["operator"]}])
    silence = chain.silence(4 * 3600)
    fire(chain)
    chain.dispatch()
    chain.clock.forward(7200)
    assert chain.tick() == DispatchReport(held=1, newly_held=1)
    assert chain.tick() == DispatchReport(held=1)
    assert [(reason, cause) for reason, cause, _ in chain.holds()] == [("muted", "morning"), ("silenced", silence)]


# -- causes


def test_a_dead_owner_explains_the_other_conditions_of_its_task_only(chain: Chain) -> None:
    """openclaw/openclaw#92401: one cause, and a message for each of its symptoms."""
    chain.shows(task("t1", owner_dead=True), task("t2"))
    fire(chain)
    report = chain.dispatch()
    chain.send()
    assert (report.held, report.dispatched) == (2, 4)
    episode = next(
        each["payload"]["episode"] for each in chain.events() if each["payload"].get("condition") == "owner_dead"
    )
    assert chain.holds() == [("inhibited", episode, None)] * 2
    assert sorted(chain.told()) == [("owner_dead", "firing"), ("silence_timeout", "firing")]
    chain.shows(task("t1", owner_dead=False), task("t2"))
    chain.clock.forward(60)
    chain.tick()
    chain.tick()
    assert chain.told().count(("silence_timeout", "firing")) == 2, "its cause is over and it still holds: told at once"


def test_a_cause_that_a_receiver_does_not_hear_of_explains_nothing_to_it(chain: Chain) -> None:
    routes = [{"match": {"condition": "owner_dead"}, "receivers": ["boss"]}, {"match": {}, "receivers": ["operator"]}]
    chain.notify(routes=routes)
    chain.shows(task(owner_dead=True))
    fire(chain)
    assert chain.tick() == DispatchReport(dispatched=2, items=2)
    assert (chain.told(), chain.told("boss")) == ([("silence_timeout", "firing")], [("owner_dead", "firing")])


def test_a_cause_that_is_silenced_explains_nothing(chain: Chain) -> None:
    chain.shows(task(owner_dead=True))
    chain.silence(3600, condition="owner_dead")
    fire(chain)
    chain.tick()
    assert chain.told() == [("silence_timeout", "firing")]


def test_repeats_wait_while_their_source_cannot_be_read(chain: Chain) -> None:
    """openclaw/openclaw#92401: reminders of what nobody can see any more."""
    chain.notify(repeat_seconds=3600)
    fire(chain)
    chain.tick()
    chain.shows(unreadable="no such file", complete=False, instance="")
    for _ in range(3):
        chain.clock.forward(3700)
        chain.tick()
    assert [each for each in chain.told() if each[0] == "silence_timeout"] == [("silence_timeout", "firing")]
    assert ("source_unreadable", "firing") in chain.told()
    assert ("source_unreadable", "repeat") in chain.told(), "what is told about ourselves is not kept back by itself"
    chain.shows(task())
    chain.clock.forward(60)
    chain.tick()
    chain.tick()
    assert ("silence_timeout", "repeat") in chain.told(), "told as soon as it can be seen again"


def two_sources(chain: Chain, *, instance: str) -> None:
    """Watch two installations by two sources of one kind; a task of each fires, then the second cannot be read."""
    twice = tuple(replace(each, source="json") for each in (*chain.profile.sources, *chain.profile.sources))
    chain.profile = replace(chain.profile, sources=twice)
    there = replace(task("t2"), instance="there")
    second = StandInSource(
        reading(there, instance="there"), reading(complete=False, unreadable="gone", instance=instance)
    )

    def look() -> None:
        chain.scan(chain.source, second)
        run_enqueue(chain.store, policy(), chain.profile, clock=chain.clock)
        chain.dispatch()
        chain.send()

    chain.clock.forward(700)
    look()
    chain.clock.forward(60)
    look()
    chain.clock.forward(20_000)
    look()


def repeated(chain: Chain) -> list[str]:
    """Return the tasks whose silence was told again."""
    notices = [each["body"] for each in chain.records("notice")]
    sent = {ntc for each in arrivals_in(f"{chain.folder}/operator.jsonl") for ntc in each.notice_ids}
    return sorted(
        each["facts"]["task_id"]
        for each in notices
        if each["notice_id"] in sent and each["phase"] == "repeat" and each["facts"]["condition"] == "silence_timeout"
    )


def test_of_two_sources_of_a_kind_the_one_that_cannot_be_read_explains_its_own_tasks(chain: Chain) -> None:
    two_sources(chain, instance="there")
    assert repeated(chain) == ["t1"]
    assert {cause for reason, cause, _ in chain.holds() if reason == "inhibited"} == {
        each["payload"]["episode"] for each in chain.events() if each["payload"].get("condition") == "source_unreadable"
    }


def test_where_it_is_not_known_which_installation_cannot_be_read_only_all_of_a_kind_explain(chain: Chain) -> None:
    two_sources(chain, instance="")
    assert repeated(chain) == ["t1", "t2"]
    chain.shows(unreadable="no such file", complete=False, instance="")
    chain.scan(chain.source, StandInSource(reading(complete=False, unreadable="gone", instance="")))
    chain.clock.forward(20_000)
    run_enqueue(chain.store, policy(), chain.profile, clock=chain.clock)
    chain.dispatch()
    chain.send()
    chain.clock.forward(20_000)
    run_enqueue(chain.store, policy(), chain.profile, clock=chain.clock)
    chain.dispatch()
    assert repeated(chain) == ["t1", "t2"], "all of them cannot be read"


# -- what status and explain say


@pytest.mark.parametrize("say", ["status", "explain"])
def test_it_is_said_why_a_notice_waits_since_when_and_until_when(chain: Chain, say: str) -> None:
    asked: dict[str, Callable[[], Any]] = {
        "status": lambda: run_status(chain.store, clock=chain.clock, profile=chain.profile),
        "explain": lambda: run_explain(chain.store, "t1", profile=chain.profile, clock=chain.clock),
    }
    chain.notify(routes=[{"match": {}, "receivers": ["operator"]}], group_wait_seconds=60)
    fire(chain)
    (company,) = asked[say]().waiting
    now = "2026-03-01T08:11:40.000Z"
    assert (company.state, company.since, company.until) == ("company", now, "2026-03-01T08:12:40.000Z")
    silence = chain.silence(3600)
    (unseen,) = asked[say]().waiting
    assert (unseen.state, unseen.cause, unseen.since) == ("held", silence, None), "no run has seen it"
    chain.dispatch()
    chain.clock.forward(60)
    (held,) = asked[say]().waiting
    assert (held.state, held.reason, held.cause) == ("held", "silenced", silence)
    assert (held.since, held.until) == (now, "2026-03-01T09:11:40.000Z")
    end_silence(chain.store, silence, actor="pat", comment="", clock=chain.clock)
    (ready,) = asked[say]().waiting
    assert (ready.state, ready.sentence) == ("next_run", "goes out with the next run")
    chain.tick()
    assert asked[say]().waiting == ()
    story = " ".join(each.sentence for each in run_explain(chain.store, silence).steps)
    assert "ops wished silence about task_id=* from" in story
    assert f"kept back: the silence {silence} matches it, until 2026-03-01T09:11:40.000Z" in story
    assert "pat" in story.rpartition("kept back")[2], "who ended it"


def test_what_is_kept_back_is_not_stuck_and_it_is_said_when_it_goes_out(chain: Chain) -> None:
    chain.notify(routes=[{"match": {}, "receivers": ["operator"]}])
    fire(chain)
    silence = chain.silence(4 * 3600)
    chain.dispatch()
    chain.clock.forward(3600)
    status = run_status(chain.store, clock=chain.clock, profile=chain.profile)
    assert (status.notices["queued"], status.notices["held"], status.oldest_pending_seconds) == (0, 1, None)
    report = run_explain(chain.store, "t1", profile=chain.profile, clock=chain.clock)
    ((at, said),) = [(each.at, each.sentence) for each in report.next]
    assert said.startswith("the firing notice to operator goes out as soon as nothing keeps it back; kept back: the si")
    assert (silence in said, at) == (True, "2026-03-01T12:11:40.000Z")
    end_silence(chain.store, silence, actor="pat", comment="", clock=chain.clock)
    status = run_status(chain.store, clock=chain.clock, profile=chain.profile)
    assert (status.notices["queued"], status.notices["held"], status.oldest_pending_seconds) == (1, 0, 3600)


def test_what_is_kept_back_survives_a_rebuild(tmp_path: Path) -> None:
    clock = HandClock()
    store = FilesStore(str(tmp_path / "state"), actor="test", now=clock.now, monotonic=clock.monotonic)
    chain = Chain(store=store, clock=clock, folder=str(tmp_path / "state"))
    chain.notify()
    chain.shows(task())
    chain.tick()
    fire(chain)
    chain.silence(3600)
    chain.dispatch()
    store.rebuild()
    assert chain.tick() == DispatchReport(held=2)
    assert all("hold" in body for body in chain.bodies(Folder.QUEUE))
    chain.clock.forward(3600)
    assert chain.tick().dispatched == 2
    assert {body["phase"] for body in (each["body"] for each in chain.records("notice"))} == {Phase.FIRING.value}


def test_of_two_runs_at_once_one_says_why() -> None:
    chain = Chain(store=MemoryStore())
    chain.notify(routes=[{"match": {}, "receivers": ["operator"]}])
    chain.shows(task())
    chain.tick()
    fire(chain)
    chain.silence(3600)
    both = Interrupted(chain.store, chain.dispatch)
    report = run_dispatch(both, chain.profile, clock=chain.clock)  # type: ignore[arg-type]
    assert report == DispatchReport(refused=1)
    assert len(chain.holds()) == 1
    assert chain.dispatch() == DispatchReport(held=1)
