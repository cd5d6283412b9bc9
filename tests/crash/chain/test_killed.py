"""Killed at every step of every stage, then run again: nothing lost, nothing told twice without saying so."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.storage.interface import Added, Answer, Group, Store
from tests.crash.chain.world import REPEATED, SCRIPT, STEPS, World, play, profile_of
from tests.oracle.checker import Derived, tellings
from tests.storage.killing import Report, run_killed

#: Steps of a stage between two kills in the short form; odd, so that the kinds of steps take turns.
STRIDE = 31


class Told:
    """A store that tells at once which records it acknowledged."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        answers = self._store.commit(groups, **given)
        added = [group for group, answer in zip(groups, answers, strict=True) if isinstance(answer, Added)]
        records = [addition.record for group in added for addition in group.additions]
        self._report([record.id for record in records if record is not None])
        return answers


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
    told_all(world.check(acknowledged=[identity for report in outcome.reports for identity in report]))
    shutil.rmtree(root)
    return outcome.killed


def told_all(derived: Derived) -> None:
    """Both receivers heard of both tasks, and of their end; a repeat may have come too late to be one."""
    told = tellings(derived)
    assert len(told) == 4, f"somebody was not told: {told}"
    for phases in told.values():
        assert [each for each in phases if each[0] != "repeat"] == [("firing", 1), ("resolved", 1)], told
        assert len(phases) <= 3, told


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
