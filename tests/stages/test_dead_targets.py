"""A target that could not be reached is left alone for a while; one try at a time finds out that it is back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.core.target_memory import memory_id
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.host import Host
from reporting_governance.stages.status import run_status
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel

DOWN = Answer(result=SendResult.NOT_SENT, evidence={"error": "connection refused"})
ASKS_FOR_WAIT = Answer(result=SendResult.TRY_LATER, retry_after_seconds=200, evidence={"status": "429"})


def through(world: World, channel: Channel, **others: Channel) -> BridgeReport:
    senders = {"operator/main": channel, **{f"operator/{name}": each for name, each in others.items()}}
    return run_bridge(world.store, senders, profile(), clock=world.clock, host=HERE, parallel=4)


def put_down(world: World, answer: Answer = DOWN) -> None:
    """Let one item find its target down."""
    world.item(world.notice(100))
    through(world, Channel(lambda: answer))


def test_items_of_a_dead_target_wait_without_an_attempt_and_say_so(world: World) -> None:
    put_down(world)
    for number in range(3):
        world.item(world.notice(number))
    channel = Channel(lambda: STORED)
    report = through(world, channel)
    assert channel.got == []
    waiting = [each for each in world.receipts() if each.get("reason") == "target_down"]
    assert len(waiting) == 3
    assert all("attempt_id" not in each and each["outcome"] == "deferred" for each in waiting)
    assert report.sent == 0


def test_others_go_on(world: World) -> None:
    put_down(world)
    item = world.item(world.notice(1), target="operator/other")
    other = Channel(lambda: STORED)
    through(world, Channel(lambda: STORED), other=other)
    assert [each.spool_id for each in other.got] == [item]


def test_one_try_at_a_time_and_all_the_others_after_it(world: World) -> None:
    put_down(world)
    for number in range(6):
        world.item(world.notice(number))
    through(world, Channel(lambda: STORED))
    world.clock.pass_by(60)
    in_flight: list[int] = []
    most: list[int] = []

    def answer() -> Answer:
        in_flight.append(1)
        most.append(len(in_flight))
        in_flight.pop()
        return STORED

    channel = Channel(answer)
    through(world, channel)
    assert len(channel.got) == 7
    memory = world.store.past(memory_id("operator/main"))
    assert memory is not None
    assert memory.body["down"] is None


def test_a_try_that_fails_holds_the_others_back_again(world: World) -> None:
    put_down(world)
    for number in range(6):
        world.item(world.notice(number))
    through(world, Channel(lambda: STORED))
    world.clock.pass_by(60)
    channel = Channel(lambda: DOWN)
    through(world, channel)
    assert len(channel.got) == 1
    # They have said why they wait; nothing more is recorded of them until somebody is tried.
    before = len(world.receipts())
    through(world, channel)
    assert len(channel.got) == 1
    assert len(world.receipts()) == before
    said = [each["spool_id"] for each in world.receipts() if each.get("reason") == "target_down"]
    assert len(said) == len(set(said)) >= 6


def test_only_one_of_two_bridges_tries(world: World) -> None:
    put_down(world)
    for number in range(4):
        world.item(world.notice(number))
    through(world, Channel(lambda: STORED))
    world.clock.pass_by(60)
    twin, tried = world.twin(), Channel(lambda: STORED)

    def meanwhile() -> Answer:
        run_bridge(
            twin.store, {"operator/main": tried}, profile(), clock=world.clock, host=Host(name="b", boot_id="c", pid=1)
        )
        return DOWN

    channel = Channel(meanwhile)
    through(world, channel)
    assert (len(channel.got), len(tried.got)) == (1, 0)


def test_what_the_receiver_asked_for_is_kept_for_all_its_items(world: World) -> None:
    """prometheus/alertmanager 2111 for everybody behind it: Retry-After is about the target."""
    put_down(world, ASKS_FOR_WAIT)
    world.item(world.notice(1))
    channel = Channel(lambda: STORED)
    for _ in range(4):
        through(world, channel)
        world.clock.pass_by(49)
    assert channel.got == []
    world.clock.pass_by(40)
    through(world, channel)
    assert len(channel.got) == 2


def test_a_young_item_tries_sooner_than_an_old_one(world: World) -> None:
    """Down for an hour: what is new need not wait for as long as what is old."""
    put_down(world)
    for _ in range(8):
        world.clock.pass_by(5000)
        through(world, Channel(lambda: DOWN))
    world.item(world.notice(1))
    channel = Channel(lambda: STORED)
    through(world, channel)
    assert channel.got == []
    world.clock.pass_by(45)
    through(world, channel)
    assert len(channel.got) == 1


def test_a_try_of_a_dead_process_blocks_nobody_for_long(world: World) -> None:
    put_down(world)
    world.item(world.notice(1))
    through(world, Channel(lambda: DOWN))
    world.clock.pass_by(60)

    def dies() -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        through(world, Channel(dies))
    world.clock.pass_by(60)  # past its deadline
    channel = Channel(lambda: STORED)
    through(world, channel)
    world.clock.pass_by(120)
    through(world, channel)
    assert len(channel.got) == 2


@pytest.mark.parametrize("answer", [lambda: STORED, lambda: Answer(result=SendResult.REFUSED)])
def test_any_answer_shows_that_it_is_back(world: World, answer: Callable[[], Answer], tmp_path: Path) -> None:
    put_down(world)
    world.clock.pass_by(60)
    through(world, Channel(answer))
    memory = world.store.past(memory_id("operator/main"))
    assert memory is not None
    assert memory.body["down"] is None
    assert (memory.body["refused"] is not None) == (answer().result is SendResult.REFUSED)


def test_a_target_that_is_well_costs_nothing(world: World) -> None:
    for number in range(3):
        world.item(world.notice(number))
    through(world, Channel(lambda: STORED))
    assert world.store.past(memory_id("operator/main")) is None


def test_status_shows_what_is_wrong_with_a_target(world: World) -> None:
    put_down(world)
    (shown,) = run_status(world.store, clock=world.clock, profile=profile()).targets
    assert (shown.target, shown.trouble, shown.since) == ("operator/main", "down", "2026-03-01T04:05:06.000Z")
    assert shown.why == "error connection refused"
    assert shown.until is not None
    world.clock.pass_by(60)
    through(world, Channel(lambda: Answer(result=SendResult.REFUSED, evidence={"status": "401"})))
    (shown,) = run_status(world.store, clock=world.clock, profile=profile()).targets
    assert (shown.trouble, shown.until, shown.why) == ("refused", None, "status 401")
    world.item(world.notice(7))
    through(world, Channel(lambda: STORED))
    assert run_status(world.store, clock=world.clock, profile=profile()).targets == ()
