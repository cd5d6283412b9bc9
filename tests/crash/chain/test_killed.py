"""Killed at every step of every stage, then run again: nothing lost, nothing told twice without saying so."""

import os
import shutil
from pathlib import Path

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from tests.crash.chain.processes import Told, told_all
from tests.crash.chain.world import REPEATED, SCRIPT, STEPS, World, play, profile_of
from tests.storage.killing import Report, run_killed

#: Steps of a stage between two kills in the short form; odd, so that the kinds of steps take turns.
STRIDE = 31


def kill_and_run_again(template: str, root: str, step: int, event: int, *, straight_on: bool) -> bool:
    """Kill one step at one event and finish the script; return whether the step was still running by then."""
    if os.path.isdir(template):
        shutil.copytree(template, root)
    _, seconds, act = SCRIPT[step]
    profile = profile_at(step)

    def scenario(here: str, report: Report) -> None:
        act(World(here, profile, wrap=lambda store: Told(store, report)).at(seconds))

    outcome = run_killed(root, scenario, event)
    world = World(root, profile).at(seconds)
    if straight_on:
        play(world, step)
    else:
        act(world)
        if STEPS["decide start"] < step < STEPS["repeat"]:
            world.settle()
            world.check()
        play(world.at(max(world.clock.seconds, seconds)), step)
    world.at(max(world.clock.seconds, REPEATED)).settle()
    told_all(world.check(acknowledged=[[identity for report in outcome.reports for identity in report]]))
    shutil.rmtree(root)
    return outcome.killed


def profile_at(step: int) -> ProfileSpec:
    """Return a profile with a real program as pager for the stages that send."""
    return profile_of() if SCRIPT[step][0].startswith("bridge") else profile_of(pager=None)


def template_of(folder: Path, step: int) -> str:
    """Return a state in which everything before a step is done."""
    root = str(folder / "template")
    play(World(root, profile_at(step)), 0, step)
    return root


def every_kill(folder: Path, step: int, *, first: int, stride: int) -> int:
    template = template_of(folder, step)
    event = first
    while kill_and_run_again(template, str(folder / f"{event}"), step, event, straight_on=(event // stride) % 2 == 0):
        event += stride
    return event


@pytest.mark.parametrize("step", range(len(SCRIPT)), ids=[name for name, _, _ in SCRIPT])
def test_killed_now_and_then(tmp_path: Path, step: int) -> None:
    assert every_kill(tmp_path, step, first=2 + step % STRIDE, stride=STRIDE) > STRIDE, "the stage took no steps"


@pytest.mark.long
@pytest.mark.parametrize("step", range(len(SCRIPT)), ids=[name for name, _, _ in SCRIPT])
def test_killed_at_every_step(tmp_path: Path, step: int) -> None:
    assert every_kill(tmp_path, step, first=1, stride=1) > 10, "the stage took no steps"
