"""Four at once, of the whole run and of every single stage, also with some of them killed: as if one had run."""

import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import yaml

from reporting_governance.commands._wiring import CommandContext
from reporting_governance.commands.run import run_once
from reporting_governance.stages.shares import LONGEST_SECONDS
from reporting_governance.storage.files.store import FilesStore
from tests.crash.chain.processes import Told, together, told_all
from tests.crash.chain.world import (
    OVER,
    OVERDUE,
    REPEATED,
    SCRIPT,
    HandClock,
    World,
    policy,
    profile_document,
    profile_of,
)
from tests.oracle.checker import Derived
from tests.storage.back_ends import current
from tests.storage.killing import Report

ROUNDS = 15


@dataclass(frozen=True, kw_only=True)
class At(CommandContext):
    """What a command works with, at a time of the test's choice; all else is as the command makes it."""

    seconds: float
    report: Report

    @cached_property
    def clock(self) -> HandClock:  # type: ignore[override]
        return HandClock(self.seconds)

    @cached_property
    def store(self) -> FilesStore:
        store = current().open(self.state, now=self.clock.now, monotonic=self.clock.monotonic)
        return Told(store, self.report)  # type: ignore[return-value]


def nobody_was_in_doubt(world: World, derived: Derived) -> None:
    """Without a kill there is one send an item, and no doubt about any."""
    assert not any(derived.is_in_doubt(item) for item in derived.items.values())
    for arrivals in world.arrived().values():
        ids = [each.spool_id for each in arrivals]
        assert len(ids) == len(set(ids))
    assert all(len(item.attempts) == 1 for item in derived.items.values())


def four_runs(folder: Path, number: int, *, killing: bool) -> None:
    """Four real `run`s at each time at which something happens."""
    chance = random.Random(number)  # the same in every run of this test
    pager = {} if number % 3 == 0 else {"pager": None}
    profile = folder / "profile.yaml"
    profile.write_text(yaml.safe_dump(profile_document(**pager)))
    world = World(str(folder / "state"), profile_of(**pager))
    current().prepare(world.root)
    said: list[list[str]] = []
    for seconds, act in ((0, World.start), (OVERDUE, None), (REPEATED, None), (OVER, World.end)):
        world.at(max(seconds, world.clock.seconds))
        if act is not None:
            act(world)
        for _ in range(1 + killing):
            now = world.clock.seconds

            def run(report: Report, now: float = now) -> None:
                run_once(At("run", world.root, str(profile), seconds=now, report=report), 50)

            said += together(run, killing=chance if killing else None)
            world.clock.seconds += 1
        if killing:
            world.tick()  # the killed one may have held the lock, so that the others left everything to it
    world.settle()
    derived = world.check(acknowledged=said)
    told_all(derived)
    if not killing:
        nobody_was_in_doubt(world, derived)


def four_of_each_stage(folder: Path, number: int, *, killing: bool) -> None:
    chance = random.Random(1000 + number)
    profile = profile_of() if number % 3 == 0 else profile_of(pager=None)
    policy()
    said: list[list[str]] = []
    world = World(str(folder / "state"), profile)
    current().prepare(world.root)
    for _, seconds, act in SCRIPT:
        world.at(max(seconds, world.clock.seconds))

        def stage(report: Report, act: object = act) -> None:
            act(World(world.root, profile, HandClock(world.clock.seconds), wrap=lambda store: Told(store, report)))

        said += together(stage, killing=chance if killing else None)
        if killing:
            world.clock.seconds += LONGEST_SECONDS + 1  # where hosts share work: what the dead took is free again
            act(world)
    world.settle()
    derived = world.check(acknowledged=said)
    told_all(derived)
    if not killing:
        nobody_was_in_doubt(world, derived)


@pytest.mark.parametrize("killing", [False, True], ids=["all end", "some are killed"])
@pytest.mark.parametrize("play", [four_runs, four_of_each_stage])
def test_one_round(tmp_path: Path, play: object, killing: bool) -> None:
    play(tmp_path, 3, killing=killing)


@pytest.mark.long
@pytest.mark.parametrize("killing", [False, True], ids=["all end", "some are killed"])
@pytest.mark.parametrize("play", [four_runs, four_of_each_stage])
@pytest.mark.parametrize("number", range(ROUNDS))
def test_many_rounds(tmp_path: Path, play: object, number: int, killing: bool) -> None:
    play(tmp_path, number, killing=killing)
