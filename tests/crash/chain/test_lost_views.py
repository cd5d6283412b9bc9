"""Views emptied, removed, left over from another boot, between any two stages: made again, and nobody told twice."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from tests.crash.chain.processes import told_all
from tests.crash.chain.world import SCRIPT, World, play, profile_of

OTHER_BOOT = "11111111-2222-3333-4444-555555555555"


def _files(world: World) -> list[str]:
    found = []
    for folder in Folder:
        place = f"{world.root}/{folder.value}"
        if os.path.isdir(place):
            found += [f"{place}/{name}" for name in os.listdir(place)]
    return found


def emptied(world: World) -> None:
    for path in _files(world):
        os.truncate(path, 0)


def removed(world: World) -> None:
    for path in _files(world):
        os.unlink(path)


def half_removed(world: World) -> None:
    for path in sorted(_files(world))[::2]:
        os.unlink(path)


def another_boot(world: World) -> None:
    """A power cut: what was not synced is empty, and the machine has another boot's id."""
    emptied(world)
    world.boot = None if world.boot else OTHER_BOOT


def only_the_boot(world: World) -> None:
    world.boot = None if world.boot else OTHER_BOOT


def bookkeeping_removed(world: World) -> None:
    if os.path.exists(f"{world.root}/journal/applied"):
        os.unlink(f"{world.root}/journal/applied")


HARMS = (emptied, removed, half_removed, another_boot, only_the_boot, bookkeeping_removed)


@pytest.mark.parametrize("harm", HARMS)
def test_between_all_stages(tmp_path: Path, harm: Callable[[World], None]) -> None:
    world = World(str(tmp_path / "state"), profile_of(pager=None))
    for step in range(len(SCRIPT)):
        play(world, step, step + 1)
        harm(world)
    world.settle()
    harm(world)
    world.files().rebuild()  # an empty file that nobody reads is nobody's harm; here all are compared
    told_all(world.check())
    for arrivals in world.arrived().values():
        assert len(arrivals) == 6
        assert not any(each.marked for each in arrivals)


def test_what_is_over_is_not_begun_again_after_a_power_cut(tmp_path: Path) -> None:
    """Nobody lists `past/`: what is missing there is missed by nothing but the other boot."""
    world = play(World(str(tmp_path / "state"), profile_of(pager=None)))
    world.settle()
    before = len(world.check().events)
    removed(world)
    only_the_boot(world)
    world.report("checkpoint", message="late, but here")
    assert world.files().listing(Folder.TASKS).names == {}
    world.settle()
    derived = world.check()
    assert len(derived.events) == before + 2
    told_all(derived)
