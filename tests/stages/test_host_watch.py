"""Hosts that share a database: a clock that is off, and messages that wait for hosts that are silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.host_watch import watch_hosts
from tests.crash.chain.world import profile_of
from tests.oracle.checker import Arrival, arrivals_in
from tests.oracle.memory_world import MemoryWorld
from tests.stages.test_canary import DAY, MINUTE, box

LIMIT = 2.0


class Sight(NamedTuple):
    seen_at: datetime
    skew_ms: int


def profiled(**only: Sequence[str]) -> ProfileSpec:
    """Return a profile; each receiver's hosts by name."""
    receivers: dict[str, Any] = {name: box(name) for name in ("operator", "deputy")}
    for name, hosts in only.items():
        receivers[name]["targets"]["box"]["hosts"] = list(hosts)
    routes = [{"match": {}, "receivers": ["operator"]}]
    return profile_of(pager=None, receivers=receivers, routes=routes, repeat_seconds=MINUTE)


@dataclass
class Hosts(MemoryWorld):
    """A world in which hosts note themselves."""

    skews: dict[str, int] = field(default_factory=lambda: {"alpha": 0})
    silent_since: dict[str, datetime] = field(default_factory=dict)
    every: int = MINUTE

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {f"{name}/box": arrivals_in(f"{self.root}/{name}.jsonl") for name in ("operator", "deputy")}

    def scan(self) -> None:
        super().scan()
        now = self.clock.now()
        watch_hosts(
            self.store(),
            {name: Sight(self.silent_since.get(name, now), skew) for name, skew in self.skews.items()},
            self.profile.notification,
            skew_limit_seconds=LIMIT,
            tick_seconds=self.every,
            clock=self.clock,
        )

    def wait(self, seconds: float, *, step: int = MINUTE) -> "Hosts":
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.seconds = min(until, self.clock.seconds + step)
            self.tick()
        return self

    def told(self, receiver: str = "operator") -> list[str]:
        """Return task, condition and phase of everything that a receiver was queued, in order."""
        return [
            f"{notice.body['facts']['task_id']} {notice.body['facts']['condition']} {notice.body['phase']}"
            for notice in self.check(at_rest=False).notices.values()
            if notice.body["receiver"] == receiver
        ]

    def text(self, place: int = -1) -> str:
        return str(list(self.check(at_rest=False).notices.values())[place].body["body"])


@pytest.fixture
def world(tmp_path: Path) -> Hosts:
    return Hosts(str(tmp_path), profiled())


def test_a_clock_that_is_off_is_told_once_and_that_it_is_over(world: Hosts) -> None:
    world.wait(3 * MINUTE)
    lines = world.memory.ready().seq
    world.skews["beta"] = 7_000
    world.wait(10 * MINUTE)
    assert world.told() == ["self:clock/beta clock_skew firing"]
    assert "the clock of beta is 7.0 s ahead of the database's" in world.text()
    assert world.memory.ready().seq > lines
    world.skews["beta"] = -1_900  # nearly off is not over: it would be told again and again
    world.wait(5 * MINUTE)
    assert len(world.told()) == 1
    world.skews["beta"] = -20
    world.wait(5 * MINUTE)
    assert world.told() == ["self:clock/beta clock_skew firing", "self:clock/beta clock_skew resolved"]
    assert not [key for key in world.memory.listing(Folder.WATCH).names if key.startswith("tsk_")]
    world.skews["beta"] = -2_500
    world.wait(5 * MINUTE)
    assert len(world.told()) == 3
    assert "2.5 s behind the database's" in world.text()
    world.check()


def test_a_host_that_is_gone_for_a_day_says_nothing_of_its_clock(world: Hosts) -> None:
    world.skews["beta"] = 7_000
    world.wait(3 * MINUTE)
    world.silent_since["beta"] = world.clock.now()
    world.wait(DAY - MINUTE, step=7200)
    assert len(world.told()) == 1
    world.wait(2 * 7200, step=7200)
    assert len(world.told()) == 2
    lines = world.memory.ready().seq
    world.wait(DAY, step=7200)
    assert world.memory.ready().seq == lines


@pytest.mark.parametrize("name", ["beta\nBcc: all", "beta\x1b[2J", "beta\u202e", "b" * 256])
def test_a_name_that_no_host_can_bear_is_put_into_no_message(world: Hosts, name: str) -> None:
    """Whoever may write to the database may write any name there."""
    world.skews |= {name: 7_000, "gamma": 8_000}
    world.wait(3 * MINUTE)
    assert world.told() == ["self:clock/gamma clock_skew firing"]


def test_messages_that_wait_for_hosts_that_are_silent(tmp_path: Path) -> None:
    """Told once, to somebody who can be reached: what waits, since when, for whom; and that one is back."""
    world = Hosts(str(tmp_path), profiled(operator=("inside", "spare")))
    world.skews["inside"] = 0
    world.silent_since["inside"] = world.clock.now()
    world.wait(20 * MINUTE)
    assert world.told("deputy") == [], "nothing waits"
    world.skews["alpha"] = 9_000  # which is told to the operator, whom nobody can reach
    world.wait(20 * MINUTE)
    assert world.told() == ["self:clock/alpha clock_skew firing"]
    assert world.told("deputy") == ["self:target/operator/box no_host firing"]
    text = world.text()
    assert "1 message waits for operator, the oldest since 2026-" in text
    assert "only inside, spare can send to operator/box, and none is at work: inside ran last, at 2026-" in text
    assert "Nothing is lost yet" in text
    del world.silent_since["inside"]
    world.wait(2 * MINUTE)
    assert world.told("deputy") == [f"self:target/operator/box no_host {each}" for each in ("firing", "resolved")]


@pytest.mark.parametrize("hosts", [(), ("alpha",)])
def test_a_target_that_was_given_to_others_is_no_trouble_any_more(hosts: Sequence[str], tmp_path: Path) -> None:
    world = Hosts(str(tmp_path), profiled(operator=("inside",)), skews={"alpha": 9_000})
    world.wait(5 * MINUTE)
    assert world.told("deputy") == ["self:target/operator/box no_host firing"]
    world.profile = profiled(operator=hosts) if hosts else profiled()
    world.wait(5 * MINUTE)
    assert len(world.told("deputy")) == 2


def test_a_host_that_ran_within_three_ticks_is_at_work(tmp_path: Path) -> None:
    world = Hosts(str(tmp_path), profiled(operator=("inside",)), skews={"alpha": 9_000, "inside": 0}, every=3600)
    world.silent_since["inside"] = world.clock.now()
    world.wait(170 * MINUTE, step=600)
    assert world.told("deputy") == []
    world.wait(30 * MINUTE, step=600)
    assert world.told("deputy") == ["self:target/operator/box no_host firing"]
