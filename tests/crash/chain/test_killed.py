"""Killed at every step of every stage, then run again: nothing lost, nothing told twice without saying so."""

from pathlib import Path

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from tests.crash.chain.kills import kills
from tests.crash.chain.processes import told_all
from tests.crash.chain.world import REPEATED, SCRIPT, STEPS, World, play, profile_of

#: Steps of a stage between two kills in the short form; odd, so that the kinds of steps take turns.
STRIDE = 61


def profile_at(step: int) -> ProfileSpec:
    """Return a profile with a real program as pager for the stages that send."""
    return profile_of() if SCRIPT[step][0].startswith("bridge") else profile_of(pager=None)


def every_kill(folder: Path, step: int, *, first: int, stride: int) -> int:
    """Kill one step of the script again and again, and finish the script each time; return where that ended."""
    _, seconds, act = SCRIPT[step]
    profile, event = profile_at(step), 0
    for killed in kills(
        folder,
        lambda root: play(World(root, profile), 0, step),
        lambda root, wrap: act(World(root, profile, wrap=wrap).at(seconds)),
        first=first,
        stride=stride,
    ):
        event = killed.event
        world = World(killed.root, profile).at(seconds)
        if (event // stride) % 2 == 0:
            play(world, step)
        else:
            act(world)
            if STEPS["decide start"] < step < STEPS["repeat"]:
                world.settle()
                world.check()
            play(world.at(max(world.clock.seconds, seconds)), step)
        world.at(max(world.clock.seconds, REPEATED)).settle()
        told_all(world.check(acknowledged=killed.acknowledged))
    return event


@pytest.mark.parametrize("step", range(len(SCRIPT)), ids=[name for name, _, _ in SCRIPT])
def test_killed_now_and_then(tmp_path: Path, step: int) -> None:
    assert every_kill(tmp_path, step, first=2 + step % STRIDE, stride=STRIDE) > STRIDE, "the stage took no steps"


@pytest.mark.long
@pytest.mark.parametrize("step", range(len(SCRIPT)), ids=[name for name, _, _ in SCRIPT])
def test_killed_at_every_step(tmp_path: Path, step: int) -> None:
    assert every_kill(tmp_path, step, first=1, stride=1) > 10, "the stage took no steps"
