"""Hosts that share a log: each tells of the tasks that it sees, and none ends what another one sees."""

import pytest

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
