"""Killed while a silence begins and ends, while a notice is kept back, and while a step of an escalation is taken."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reporting_governance.contracts.silence import Silence
from reporting_governance.stages.silencing import add_silence
from tests.crash.chain.kills import kills
from tests.crash.chain.world import OVERDUE, REPEATED, START, STEPS, World, play, profile_of

STRIDE = 11  #: steps of the killed stage between two kills; these stages are short
STEP_SECONDS = 900
PROFILE = profile_of(pager=None, escalation=[{"after_seconds": STEP_SECONDS, "receivers": ["operator"]}])
SILENT_SECONDS = 300


def silence(world: World) -> None:
    """Wish for silence; said again, it is the same wish."""
    begins = START + timedelta(seconds=OVERDUE)
    wish = Silence(
        silence_id="sil_0123456789abcdef",
        matcher={"task_id": "*"},
        starts_at=begins,
        ends_at=begins + timedelta(seconds=SILENT_SECONDS),
        created_by="ops",
        comment="planned move",
    )
    add_silence(world.store(), wish, clock=world.clock)


def queued(world: World) -> None:
    play(world, 0, STEPS["dispatch"])


def silenced(world: World) -> None:
    queued(world)
    silence(world)


def held(world: World) -> None:
    silenced(world)
    world.dispatch()


def told(world: World) -> None:
    play(world, 0, STEPS["bridge"] + 1)


#: name -> what is done before, when, and what is killed
KILLED: dict[str, tuple[Callable[[World], None], float, Callable[[World], object]]] = {
    "a silence is added": (queued, OVERDUE, silence),
    "notices are kept back": (silenced, OVERDUE + 1, World.dispatch),
    "a silence ends and lets go": (held, OVERDUE + SILENT_SECONDS, World.dispatch),
    "a step of the escalation": (told, OVERDUE + STEP_SECONDS + 1, World.enqueue),
}


@pytest.mark.parametrize("name", KILLED)
def test_killed_and_run_again_nothing_is_lost_or_doubled(tmp_path: Path, name: str) -> None:
    before, seconds, act = KILLED[name]
    for killed in kills(
        tmp_path,
        lambda root: before(World(root, PROFILE)),
        lambda root, wrap: act(World(root, PROFILE, wrap=wrap).at(seconds)),
        first=STRIDE // 2,
        stride=STRIDE,
    ):
        world = World(killed.root, PROFILE).at(seconds)
        act(world)
        world.at(REPEATED).settle()
        world.at(REPEATED + 2 * STEP_SECONDS).settle()
        derived = world.check(acknowledged=killed.acknowledged)
        phases = [each.body["phase"] for each in derived.notices.values()]
        assert phases.count("firing") == 4, "two episodes, two receivers"
        assert phases.count("escalation") == 2, "the step is taken once for each episode"
