"""Shares of due work: on a store of one's own all of it is one portion; with others it is taken in portions."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.shares import give_back, portions
from reporting_governance.storage.memory import MemoryStore
from tests.stages.bridge_world import HERE, HandClock, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel


class SharedStore(MemoryStore):
    """A store in which another host has taken some items; it keeps what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.of_others: set[str] = set()
        self.asked: list[tuple[int, int, int]] = []  #: names, limit, seconds

    def share(self, names: Sequence[ViewName], *, limit: int, now: datetime, seconds: int) -> list[ViewName]:
        self.asked.append((len(names), limit, seconds))
        return [each for each in names if each.id not in self.of_others][:limit]


def names(count: int) -> list[ViewName]:
    return [ViewName(Folder.SPOOL, f"spl_{number}", "20260301T040506.000Z", number) for number in range(count)]


def test_a_store_of_ones_own_is_one_portion(world: World) -> None:
    given = names(500)
    assert list(portions(world.store, given, clock=world.clock, first=1, most=2)) == [given]
    assert list(portions(world.store, [], clock=world.clock, first=1, most=2)) == []


def test_portions_grow_while_they_are_quick_and_what_others_have_is_left_out() -> None:
    store, clock, given = SharedStore(), HandClock(), names(40)
    store.of_others = {given[0].id, given[5].id}
    found = []
    for mine in portions(store, given, clock=clock, first=2, most=8, seconds=12.5):
        found.append(len(mine))
        clock.pass_by(2 if len(found) == 3 else 0)
    assert found == [2, 4, 8, 2, 4, 8, 8, 2]
    assert {seconds for _, _, seconds in store.asked} == {12}
    give_back(store, given[:3], clock)
    assert store.asked[-1] == (3, 3, 0)


def test_the_bridge_leaves_to_others_what_they_have_and_gives_back_what_it_does_not_get_to() -> None:
    store = SharedStore()
    world = World(store)
    items = [world.item(world.notice(number)) for number in range(6)]
    store.of_others = {items[1]}
    channel = Channel(lambda: STORED)
    senders = {"operator/main": channel}
    report = run_bridge(store, senders, profile(), clock=world.clock, host=HERE, limit=3, parallel=2)
    assert [each.spool_id for each in channel.got] == [items[0], items[2], items[3]]
    assert (report.sent, report.left) == (3, 3)
    assert store.asked == [(6, 4, 30), (1, 1, 0)]


@pytest.mark.parametrize(("seconds", "kept"), [(0.2, 1), (15.9, 15), (86_400, 30)])
def test_nothing_is_kept_from_others_for_long(seconds: float, kept: int) -> None:
    store = SharedStore()
    list(portions(store, names(1), clock=HandClock(), first=1, most=1, seconds=seconds))
    assert [each[2] for each in store.asked] == [kept]


def test_what_a_run_has_no_time_for_it_does_not_take_from_others() -> None:
    store = SharedStore()
    world = World(store)
    for number in range(20):
        world.item(world.notice(number))
    channel = Channel(lambda: STORED, after=lambda: world.clock.pass_by(5))
    senders = {"operator/main": channel}
    run_bridge(store, senders, profile(), clock=world.clock, host=HERE, max_seconds=18, parallel=1)
    assert len(channel.got) == 2, "a third send could end after the run"
    taken = [limit for _, limit, seconds in store.asked if seconds]
    assert sum(taken) < 10, "with so little done the rest is left where it was"
