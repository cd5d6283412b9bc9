"""A target gets at most so many messages in any stretch, whoever sends, and what is over says when and why it waits."""

import random
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.story import tell
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.host import Host
from tests.stages.bridge_world import HERE, START, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel

LIMIT = {"messages": 3, "per_seconds": 60}


def through(world: World, channel: Channel, host: Host = HERE, limit: dict[str, int] = LIMIT) -> BridgeReport:
    settings = profile(rate_limit=limit)
    return run_bridge(world.store, {"operator/main": channel}, settings, clock=world.clock, host=host, parallel=2)


def within(limit: dict[str, int], sent: Sequence[datetime]) -> bool:
    """Tell whether no stretch, wherever it begins, holds more than the limit."""
    stretch = timedelta(seconds=limit["per_seconds"])
    return all(sum(first <= each < first + stretch for each in sent) <= limit["messages"] for first in sent)


def test_what_is_over_waits_without_an_attempt_and_says_so(world: World) -> None:
    items = [world.item(world.notice(number)) for number in range(5)]
    channel = Channel(lambda: STORED)
    report = through(world, channel)
    assert len(channel.got) == len(world.attempts()) == 3
    over = [each for each in world.receipts() if each["outcome"] == "deferred"]
    assert [(each["reason"], each["retry_at"], "attempt_id" in each) for each in over] == [
        ("rate_limited", "2026-03-01T04:06:06.000Z", False)
    ] * 2
    assert {each["spool_id"] for each in over} < set(items)
    assert report.dump()["deferred"] == 2
    assert sorted(world.states()) == ["acked"] * 3 + ["dispatched"] * 2
    told = [tell(line.seq, line.document).sentence for line in world.store.replay() if "record" in line.document]
    assert any("rate_limited" in each and "2026-03-01T04:06:06.000Z" in each for each in told)


def test_it_goes_when_the_oldest_has_left_the_stretch(world: World) -> None:
    for number in range(8):
        world.item(world.notice(number))
    channel = Channel(lambda: STORED)
    through(world, channel)
    world.clock.pass_by(59)
    assert through(world, channel).sent == 0
    world.clock.pass_by(1)
    through(world, channel)
    assert len(channel.got) == 6
    world.clock.pass_by(60)
    through(world, channel)
    assert len(channel.got) == 8
    # Each that was over was put off once, to the time at which its own turn came.
    due = [each["retry_at"] for each in world.receipts() if each["outcome"] == "deferred"]
    assert sorted(due) == ["2026-03-01T04:06:06.000Z"] * 3 + ["2026-03-01T04:07:06.000Z"] * 2


def test_the_outbox_keeps_the_limit_too(world: World, tmp_path: Path) -> None:
    from reporting_governance.adapters.senders.registry import Senders

    for number in range(7):
        world.item(world.notice(number))
    settings = profile(rate_limit={"messages": 4, "per_seconds": 300})
    senders = Senders(settings.notification.receivers, state_folder=str(tmp_path))
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    assert len((tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()) == 4


def test_each_target_has_a_limit_of_its_own(world: World) -> None:
    main, other = Channel(lambda: STORED), Channel(lambda: STORED)
    for number in range(4):
        world.item(world.notice(number))
        world.item(world.notice(number + 10), target="operator/other")
    senders = {"operator/main": main, "operator/other": other}
    run_bridge(world.store, senders, profile(rate_limit=LIMIT), clock=world.clock, host=HERE)
    assert (len(main.got), len(other.got)) == (3, 3)


def test_a_send_that_nobody_answered_for_counts(world: World) -> None:
    """A process that dies between the attempt and its answer has perhaps sent: it counts until it surely has not."""
    for number in range(4):
        world.item(world.notice(number))
    dead = Host(name="beta", boot_id="boot-9", pid=7)

    def dies() -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        through(world, Channel(dies), host=dead)
    lost = len(world.attempts())
    assert lost > 0
    channel = Channel(lambda: STORED)
    through(world, channel)
    assert len(channel.got) == 3 - lost


def test_two_bridges_at_once_keep_it_together(world: World) -> None:
    """Whatever the interleaving, over two minutes: the memory that an attempt builds on is consumed by one only."""
    limit = {"messages": 5, "per_seconds": 60}
    sent: list[datetime] = []

    def stored() -> Answer:
        sent.append(world.clock.now())
        return STORED

    for number in range(30):
        world.item(world.notice(number))
    bridges = [world.twin() for _ in range(4)]
    for _ in range(26):
        hosts = [Host(name="alpha", boot_id="boot-1", pid=place) for place in range(len(bridges))]
        threads = [
            threading.Thread(target=through, args=(each, Channel(stored), host, limit))
            for each, host in zip(bridges, hosts, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.clock.pass_by(5)
    assert within(limit, sent)
    assert len(sent) >= 10
    times: dict[str, int] = {}
    for attempt in world.attempts():
        times[attempt["spool_id"]] = times.get(attempt["spool_id"], 0) + 1
    assert set(times.values()) == {1}


@pytest.mark.parametrize("seed", range(3))
def test_no_stretch_holds_more(world: World, seed: int) -> None:
    dice = random.Random(seed)
    limit = {"messages": dice.randint(1, 4), "per_seconds": dice.choice([1, 7, 90])}
    sent: list[datetime] = []

    def answer() -> Answer:
        sent.append(world.clock.now())
        world.clock.pass_by(dice.choice([0, 0, 1, 3]))
        return dice.choice([STORED, STORED, Answer(result=SendResult.TRY_LATER), Answer(result=SendResult.IN_DOUBT)])

    number = 0
    for _ in range(60):
        for _ in range(dice.randint(0, 3)):
            world.item(world.notice(number))
            number += 1
        through(world, Channel(answer), limit=limit)
        world.clock.pass_by(dice.randint(0, 40))
    assert within(limit, sent), limit
    assert len(sent) > 10


def test_every_put_off_is_due_within_its_life(world: World) -> None:
    for number in range(6):
        world.item(world.notice(number), lifetime_seconds=90)
    channel = Channel(lambda: STORED)
    through(world, channel, limit={"messages": 1, "per_seconds": 60})
    over = [parse_time(each["retry_at"]) for each in world.receipts() if each["outcome"] == "deferred"]
    assert max(over) == START + timedelta(seconds=90)
    world.clock.pass_by(91)
    through(world, channel, limit={"messages": 1, "per_seconds": 60})
    assert sum(each.get("reason") == "lifetime" for each in world.receipts()) == 5
