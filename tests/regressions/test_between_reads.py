"""What another process does between two reads of a stage must not leave anybody waiting for ever."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.retrying import run_retry
from reporting_governance.storage.interface import Addition, Group, Store
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, STEPS, World, play, profile_of
from tests.oracle.checker import Derived, tellings
from tests.oracle.memory_world import Interrupted, MemoryWorld

Make = Callable[..., MemoryWorld]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def world(**notification: object) -> MemoryWorld:
        return MemoryWorld(str(tmp_path), profile_of(pager=None, **notification))

    return world


def during(world: World, act: Callable[[], object], stage: Callable[[World], object], **where: object) -> None:
    """Run a stage while somebody else acts in the middle of it."""

    def wrap(store: Store) -> Store:
        return Interrupted(store, act, **where)  # type: ignore[arg-type, return-value]

    world.wrap = wrap
    stage(world)
    world.wrap = lambda store: store


def phases(derived: Derived, task: str = "task-a") -> list[list[str]]:
    return [[phase for phase, _ in each] for key, each in tellings(derived).items() if key[0] == task]


def ack_everything(world: World) -> None:
    for episode in [name.id for name in world.files().listing(Folder.EPISODES).names.values()]:
        if episode.startswith("epi_"):
            run_ack(world.files(), episode, actor="pat", comment="", clock=world.clock)


def test_an_event_that_could_not_be_decided_waits_with_its_end(make: Make) -> None:
    """The decision about a silence is refused, for its task just checked in; its end must not be decided before it."""
    world = make()
    world.profile = replace(world.profile, watchdog=replace(world.profile.watchdog, silence_seconds=1800))
    world.report("start")
    world.enqueue()
    world.at(OVERDUE + 5000).scan()
    world.at(OVERDUE + 5010).report("checkpoint", message="here")
    world.scan()
    other = replace(world)
    during(world, lambda: other.report("pause", message="again"), World.enqueue)
    world.settle()
    assert phases(world.check()) == [["firing"], ["firing"]]
    assert not any(world.arrived().values()), "it was over before anybody was told"


def test_a_thread_that_changes_after_it_was_listed_still_learns_of_the_send(make: Make) -> None:
    world = make()
    play(world, 0, STEPS["bridge"])
    during(world.at(OVERDUE), lambda: _touch_threads(world), World.bridge, after_listing=Folder.EPISODES)
    play(world, STEPS["repeat"])
    world.settle()
    assert phases(world.check()) == [["firing", "repeat", "resolved"]] * 2


def test_a_thread_that_changes_after_it_was_listed_still_learns_that_its_receiver_is_gone(make: Make) -> None:
    world = make()
    play(world, 0, STEPS["dispatch"])
    world.profile = _without_pager()
    during(world.at(OVERDUE), lambda: _touch_threads(world), World.dispatch, after_listing=Folder.EPISODES)
    play(world, STEPS["dispatch"])
    world.settle()
    world.check()


def _without_pager() -> ProfileSpec:
    operator = {"targets": {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}}
    return profile_of(receivers={"operator": operator}, routes=[{"match": {}, "receivers": ["operator"]}])


def _touch_threads(world: World) -> None:
    """Give every thread a newer version that says the same: an ack and its withdrawal."""
    store = world.files()
    names = [name for key, name in store.listing(Folder.EPISODES).names.items() if key.startswith("thr_")]
    act = Act(act_id="act_0", what=ActKind.UNACK, subject="all", actor="pat", acted_at=world.clock.now())
    for number, name in enumerate(names):
        mine = replace(act, act_id=f"act_{number}")
        record = RecordLine(
            kind="act",
            id=mine.act_id,
            body=mine.dump(),
            consumes=(name,),
            views=(ViewKey(name.folder, name.id, name.due),),
        )
        store.commit([Group(additions=(Addition(record=record),))], now=world.clock.now())


@pytest.mark.parametrize("by", ["item", "notice"])
def test_retrying_an_old_item_does_not_silence_its_thread(make: Make, by: str) -> None:
    """The first notice was blocked, its repeat was told; a person sends the first again: the thread goes on."""
    world = make()
    play(world, 0, STEPS["bridge"])
    whole = world.profile
    world.profile = _without_pager()
    world.at(OVERDUE).bridge()
    world.profile = whole
    play(world, STEPS["repeat"], STEPS["report end"])
    blocked = world.files().past_names("spl_")
    assert len(blocked) == 2
    for item in blocked:
        view = world.files().past(item)
        assert view is not None
        subject = item if by == "item" else view.body["item"]["notice_ids"][0]
        run_retry(world.files(), subject, actor="pat", comment="", lifetime_seconds=1000, clock=world.clock)
    world.bridge()
    play(world, STEPS["report end"])
    world.settle()
    assert phases(world.check()) == [["firing", "repeat", "resolved"]] * 2
    assert REPEATED < OVER


def test_acking_one_of_two_grouped_notices_leaves_the_other_to_be_told(make: Make) -> None:
    """One message carries the notices of two episodes; a person takes over one of them before it is sent."""
    world = make(group_by=[])
    play(world, 0, STEPS["bridge"])
    world.at(OVERDUE)
    first = next(key for key in world.files().listing(Folder.EPISODES).names if key.startswith("epi_"))
    run_ack(world.files(), first, actor="pat", comment="", clock=world.clock)
    world.bridge()
    play(world, STEPS["repeat"])
    world.settle()
    assert any("firing" in each for each in phases(world.check()))
    assert len(world.arrived()["operator/outbox"]) >= 1


def test_acking_everything_in_one_grouped_item_withdraws_it_once(make: Make) -> None:
    world = make(group_by=[], routes=[{"match": {}, "receivers": ["operator"]}])
    play(world, 0, STEPS["bridge"])
    world.at(OVERDUE)
    item = next(iter(world.files().listing(Folder.SPOOL).names))
    run_ack(world.files(), item, actor="pat", comment="", clock=world.clock)
    world.bridge()
    assert not world.arrived()["operator/outbox"]
    play(world, STEPS["repeat"])
    world.settle()
    world.check()


def test_ack_of_a_sent_grouped_item_proves_it_once(make: Make) -> None:
    world = make(group_by=[], routes=[{"match": {}, "receivers": ["operator"]}])
    play(world, 0, STEPS["repeat"])
    ack_everything(world)
    play(world, STEPS["repeat"])
    world.settle()
    assert phases(world.check()) == [["firing", "resolved"]]
