"""Test notices: they go the whole way, are no trouble when they arrive; else somebody else is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.silence import Silence
from reporting_governance.core.routing import RouteMatch
from reporting_governance.core.self_notices import instead_of
from reporting_governance.stages.metrics import count_open_work
from reporting_governance.stages.self_watch import is_anything_to_do, run_self_watch
from reporting_governance.stages.silencing import add_silence
from reporting_governance.stages.status import run_status
from tests.crash.chain.world import profile_of
from tests.oracle.checker import Arrival, arrivals_in
from tests.oracle.memory_world import MemoryWorld

DAY, LIMIT, MINUTE = 86_400, 900, 60
NAMES = ("operator", "deputy")
DOWN = ("/bin/sh", "-c", "exit 75")


def box(name: str) -> dict[str, Any]:
    return {"targets": {"box": {"sender": "file", "parameters": {"path": f"{name}.jsonl"}}}}


def program(argv: Sequence[str]) -> dict[str, Any]:
    parameters = {"argv": list(argv), "best_proof": "stored", "timeout_seconds": 5}
    return {"targets": {"box": {"sender": "command", "parameters": parameters}}}


def profiled(**notification: Any) -> ProfileSpec:
    given = {
        "receivers": {name: box(name) for name in NAMES},
        "routes": [{"match": {}, "receivers": ["operator"]}],
        "repeat_seconds": 7 * DAY,
    }
    return profile_of(pager=None, **{**given, **notification})


@dataclass
class Watched(MemoryWorld):
    """A world that sends test notices."""

    seconds: int | None = DAY
    was_away: bool = False

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {f"{name}/box": arrivals_in(f"{self.root}/{name}.jsonl") for name in NAMES}

    def scan(self) -> None:
        super().scan()
        receivers = tuple(self.profile.notification.receivers)
        if is_anything_to_do(self.store(), receivers, self.seconds, self.clock.now()):
            run_self_watch(
                self.store(),
                receivers,
                canary_seconds=self.seconds,
                limit_seconds=LIMIT,
                was_away=self.was_away,
                clock=self.clock,
            )

    def wait(self, seconds: float, *, step: int = MINUTE) -> "Watched":
        """Let time pass, with ticks."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            self.clock.seconds = min(until, self.clock.seconds + step)
            self.tick()
        return self

    def told(self, receiver: str) -> list[str]:
        """Return condition and phase of everything that a receiver was queued, in order."""
        return [
            f"{notice.body['facts']['condition']} {notice.body['phase']}"
            for notice in self.check(at_rest=False).notices.values()
            if notice.body["receiver"] == receiver
        ]


@pytest.fixture
def world(tmp_path: Path) -> Watched:
    return Watched(str(tmp_path), profiled())


def test_one_that_arrives_is_no_trouble_and_is_not_told_to_be_over(world: Watched) -> None:
    world.wait(3 * MINUTE)
    assert world.told("operator") == ["canary_notice firing"]
    assert world.told("deputy") == []
    assert len(arrivals_in(f"{world.root}/operator.jsonl")) == 1
    status = run_status(world.memory, clock=world.clock)
    assert (status.episodes, status.stuck, status.undecided_events) == ((), (), 0)
    assert not [key for key in world.memory.listing(Folder.WATCH).names if key.startswith("tsk_")]
    assert sum(count_open_work(world.memory, {}).work.episodes.values()) == 0
    world.check()


def test_it_is_no_trouble_on_its_way_either(world: Watched) -> None:
    world.clock.seconds = MINUTE
    world.scan()
    world.enqueue()
    assert run_status(world.memory, clock=world.clock).episodes == ()
    assert sum(count_open_work(world.memory, {}).work.episodes.values()) == 0


def test_one_leaves_each_day_and_nothing_is_written_in_between(world: Watched) -> None:
    world.wait(5 * MINUTE)
    lines = world.memory.ready().seq
    world.wait(DAY - 10 * MINUTE, step=1800)
    assert world.memory.ready().seq == lines
    world.wait(20 * MINUTE)
    assert world.told("operator") == ["canary_notice firing"] * 2


def test_after_a_pause_there_is_one_and_no_storm(world: Watched) -> None:
    world.wait(5 * MINUTE)
    world.clock.seconds += 30 * DAY
    world.was_away = True
    world.tick()
    world.was_away = False
    world.wait(30 * MINUTE)
    assert world.told("operator") == ["canary_notice firing"] * 2
    assert world.told("deputy") == []


def test_one_that_does_not_arrive_is_told_to_who_stands_in(tmp_path: Path) -> None:
    receivers = {"operator": program(DOWN), "deputy": box("deputy")}
    world = Watched(str(tmp_path), profiled(receivers=receivers, fallback=["deputy"]))
    world.wait(LIMIT)
    assert world.told("deputy") == []
    world.wait(2 * MINUTE)
    assert world.told("deputy") == ["canary firing"]
    assert "did not arrive" in Path(world.root, "deputy.jsonl").read_text()
    (episode,) = run_status(world.memory, clock=world.clock).episodes
    assert (episode.task_id, episode.condition) == ("self:canary/operator", "canary")
    world.wait(2 * DAY, step=1800)
    assert world.told("deputy") == ["canary firing"], "lost again and again is one episode"
    world.profile = profiled(fallback=["deputy"])
    world.wait(DAY + 30 * MINUTE, step=600)
    assert world.told("deputy") == ["canary firing", "canary resolved"]
    assert run_status(world.memory, clock=world.clock).episodes == ()


def test_one_that_was_refused_is_told_once_and_not_twice_over(tmp_path: Path) -> None:
    """The stand-in of a blocked notice is told at once, and that it was lost is told too: one of both is enough."""
    receivers = {"operator": program(("/bin/false",)), "deputy": box("deputy")}
    world = Watched(str(tmp_path), profiled(receivers=receivers, fallback=["deputy"]))
    world.wait(LIMIT + 5 * MINUTE)
    assert world.told("deputy") == ["canary firing"]


def test_what_is_held_back_on_purpose_is_not_lost(world: Watched) -> None:
    run_silence_on_canaries(world)
    world.wait(LIMIT + 10 * MINUTE)
    assert world.told("deputy") == []
    assert all("canary firing" not in each for each in world.told("operator"))


def run_silence_on_canaries(world: Watched) -> None:
    """Say that nobody wants test notices for a day."""
    now = world.clock.now()
    silence = Silence(
        silence_id="sil_0123456789abcdef",
        matcher={"condition": "canary_notice"},
        starts_at=now,
        ends_at=now + timedelta(days=1),
        created_by="maria",
        comment="quiet",
    )
    add_silence(world.memory, silence, clock=world.clock)


def test_nobody_is_called_lost_by_the_first_run_after_a_pause(world: Watched) -> None:
    world.clock.seconds = MINUTE
    world.scan()
    world.enqueue()  # and the host goes off
    world.clock.seconds += 2 * LIMIT
    world.was_away = True
    world.tick()
    world.was_away = False
    world.wait(5 * MINUTE)
    assert world.told("deputy") == []


def test_turned_off_it_ends_what_is_open(tmp_path: Path) -> None:
    world = Watched(str(tmp_path), profiled(receivers={"operator": program(DOWN), "deputy": box("deputy")}))
    world.wait(LIMIT + 3 * MINUTE)
    world.seconds = None
    world.wait(3 * MINUTE)
    assert run_status(world.memory, clock=world.clock).episodes == ()
    assert world.told("deputy") == ["canary firing", "canary resolved"]
    assert not is_anything_to_do(world.memory, NAMES, None, world.clock.now())


@pytest.mark.parametrize(
    ("routed", "fallback", "receivers", "told"),
    [
        (["a", "b"], [], ["a", "b"], ["b"]),
        (["a"], ["a", "c"], ["a", "b", "c"], ["c"]),
        (["a"], [], ["a", "b"], ["b"]),
        (["a"], [], ["a"], ["a"]),
        (["b"], [], ["a", "b"], ["b"]),
        ([], [], ["a", "b"], ["b"]),
    ],
)
def test_who_is_told_instead(routed: list[str], fallback: list[str], receivers: list[str], told: list[str]) -> None:
    matches = tuple(RouteMatch(each, 3) for each in routed)
    assert [each.receiver for each in instead_of("a", matches, fallback, receivers)] == told
