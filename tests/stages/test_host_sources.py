"""Hosts that share a log: each tells of the tasks that it sees, and none ends what another one sees."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from reporting_governance.commands._last_scan import away, last_scan_at, note_scan
from reporting_governance.stages.host_sources import SourceOnHost
from reporting_governance.stages.scan import run_scan
from tests.stages.test_scan import foreign
from tests.stages.watch_world import StandInSource, World, reading, said

FIRED = ("f1", "silence_timeout", "firing")


class Hosts:
    """Hosts with one log, whose installations lie at the same paths."""

    def __init__(self, world: World, **sources: StandInSource | None) -> None:
        self.world = world
        self.sources = sources

    def scan(self, minutes: int) -> list[tuple[str, str, str, str]]:
        """Let every host scan each minute; return who said what."""
        found = []
        for _ in range(minutes):
            self.world.clock.forward(60)
            for host, source in self.sources.items():
                mine = [] if source is None else [SourceOnHost(source, host)]
                world = self.world
                report = run_scan(world.store, world.profile, mine, clock=world.clock, boot_id=host, host=host)
                found += [(host, *each) for each in said(report)]
        return found


def test_each_host_tells_of_its_own() -> None:
    hosts = Hosts(World(), a=StandInSource(reading(foreign())), b=StandInSource(reading()), c=None)
    assert hosts.scan(90) == [("a", *FIRED)]
    hosts.sources["b"] = StandInSource(reading(foreign()))  # another task, that has the same id there
    told = hosts.scan(90)
    assert told == [("b", *FIRED)]
    hosts.sources["a"] = StandInSource(reading())
    assert hosts.scan(2) == [("a", "f1", "silence_timeout", "resolved")]


def test_a_source_that_one_host_cannot_read_is_told_by_that_one() -> None:
    unreadable = StandInSource(reading(complete=False, unreadable="the disk is away"))
    hosts = Hosts(World(), a=unreadable, b=StandInSource(reading()), c=None)
    assert hosts.scan(20) == [("a", "self:source/json", "source_unreadable", "firing")]
    hosts.sources["a"] = StandInSource(reading())
    assert hosts.scan(20) == [("a", "self:source/json", "source_unreadable", "resolved")]


@pytest.mark.parametrize("sees_it_still", [True, False])
def test_what_was_open_before_hosts_shared_the_log_ends(sees_it_still: bool) -> None:
    """A log that was copied from files: nobody knows whose it was; who sees it tells of it anew."""
    world = World()
    source = StandInSource(reading(foreign()))
    for _ in range(60):
        world.clock.forward(60)
        world.scan(source)
    hosts = Hosts(world, a=source if sees_it_still else StandInSource(reading()), b=None)
    told = hosts.scan(33)
    assert told.count(("a", "f1", "silence_timeout", "resolved")) == 1
    assert told.count(("a", *FIRED)) == len(told) - 1 == int(sees_it_still)


# -- a host that was away


@dataclass
class OneOfTwo:
    """A host that knows when it scanned last, as the command does, beside one that never stops."""

    world: World
    state: Path
    boot: str = "first"

    def scan(self, minutes: int, *, looks: bool = True) -> list[tuple[str, str, str]]:
        """Let time pass, in which this host looks or does not; return what it said."""
        world = self.world
        found: list[tuple[str, str, str]] = []
        sources = [SourceOnHost(StandInSource(reading(foreign())), "a")]
        for _ in range(minutes):
            world.clock.forward(60)
            run_scan(world.store, world.profile, (), clock=world.clock, last_scan_at=world.clock.now(), host="b")
            if not looks:
                continue
            now = world.clock.now()
            gap = away(str(self.state), now=now, tick_seconds=60, boot_id=self.boot, keeps=True)
            last = last_scan_at(str(self.state))
            report = run_scan(
                world.store,
                world.profile,
                sources,
                clock=world.clock,
                last_scan_at=last and max(last, now),  # the other host has just looked
                host="a",
                away=gap,
            )
            note_scan(str(self.state), now)
            found += said(report)
        return found


@pytest.fixture
def host(tmp_path: Path) -> OneOfTwo:
    (tmp_path / "journal").mkdir()
    host = OneOfTwo(World(), tmp_path)
    host.world.settings(silence_seconds=1800, tick_seconds=60, grace_seconds=300)
    assert host.scan(10) == []
    return host


def test_what_only_a_host_that_was_away_can_see_waits_for_one_grace(host: OneOfTwo) -> None:
    """Others watched meanwhile; but not what it alone sees, and that was away with it."""
    host.scan(60, looks=False)
    assert host.scan(5) == []
    assert host.scan(2) == [FIRED]


def test_it_waits_once(host: OneOfTwo) -> None:
    host.scan(60, looks=False)
    assert host.scan(3) == []
    host.scan(60, looks=False)
    assert host.scan(1) == [FIRED], "it was late before this host went away again"


def test_a_host_that_was_started_anew_accuses_nobody_at_once(host: OneOfTwo) -> None:
    assert host.scan(19) == []
    host.boot = "second"
    assert host.scan(5) == []
    assert host.scan(10) == [FIRED]
