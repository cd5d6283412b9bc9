"""The bridge is killed before, during and after a send by a real program: the outcome is in doubt, and said so."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.stages.retrying import run_retry
from reporting_governance.stages.status import run_status
from reporting_governance.storage.interface import Answer, Group, Store
from tests.crash.chain.processes import told_all
from tests.crash.chain.world import OVERDUE, STEPS, World, play, profile_of
from tests.oracle.checker import Derived
from tests.storage.killing import run_killed

SLOW_PAGER = ("/bin/sh", os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_pager.sh"))
SENDS = 2  #: one for each task
HELD = {"in_doubt": "hold", "fallback": ["operator"]}


class Dies:
    """A store whose process ends just before it records what its sends proved, when all of them have arrived."""

    def __init__(self, store: Store, world: World) -> None:
        self._store = store
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        records = [addition.record for group in groups for addition in group.additions]
        if any(record is not None and record.kind == "receipt" for record in records):
            wait_for(lambda: all(len(each) in (0, SENDS) for each in self._world.arrived().values()))
            os.kill(os.getpid(), signal.SIGKILL)
        return self._store.commit(groups, **given)


def before_the_send(world: World) -> None:
    """Killed when the attempt is recorded and the sender's process is about to be started."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    world.bridge()


def during_the_send(world: World) -> None:
    """Killed while the program runs, which has told us that it began and waits for our end."""
    from threading import Thread

    def watch() -> None:
        wait_for(lambda: sum(name.startswith("began.") for name in os.listdir(world.root)) == SENDS)
        os.kill(os.getpid(), signal.SIGKILL)

    Thread(target=watch, daemon=True).start()
    world.bridge()


def after_the_send(world: World) -> None:
    """Killed when the program has answered and its answer is about to be recorded."""
    world.wrap = lambda store: Dies(store, world)  # type: ignore[assignment,return-value]
    world.bridge()


MOMENTS = (before_the_send, during_the_send, after_the_send)


def killed_bridge(root: str, moment: Callable[[World], None], **notification: Any) -> World:
    """Return the world after a bridge that was killed at that moment; what it had started has ended."""
    slow = {"pager": SLOW_PAGER} if moment is during_the_send else {}
    only_pager = {"routes": [{"match": {}, "receivers": ["pager"]}]}
    profile = profile_of(**slow, **only_pager, **notification)
    world = play(World(root, profile), 0, STEPS["bridge"])
    outcome = run_killed(root, lambda here, report: moment(World(here, profile).at(OVERDUE)), None)
    assert outcome.killed, "nothing was there to be killed"
    if moment is during_the_send:
        open(f"{root}/go-on", "w").close()
        wait_for(lambda: len(world.arrived()["pager/program"]) == SENDS)
    return world.at(OVERDUE)


def wait_for(there: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not there():
        assert time.monotonic() < ends_at, "it never came"
        time.sleep(0.02)


def doubts(derived: Derived) -> int:
    return sum(derived.is_in_doubt(item) for item in derived.items.values())


@pytest.mark.parametrize("moment", MOMENTS)
def test_sent_again_with_a_mark(tmp_path: Path, moment: Callable[[World], None]) -> None:
    world = killed_bridge(str(tmp_path / "state"), moment)
    before = len(world.arrived()["pager/program"])
    assert before == (0 if moment is before_the_send else 2)
    world.settle()
    derived = world.check()
    assert doubts(derived) == 2
    again = world.arrived()["pager/program"][before:]
    assert len(again) == 2
    assert all(each.marked for each in again)
    play(world, STEPS["repeat"])
    world.settle()
    assert all(told[-1][0] == "resolved" for told in told_by(world))


@pytest.mark.parametrize("moment", MOMENTS)
def test_held_until_a_person_says_so(tmp_path: Path, moment: Callable[[World], None]) -> None:
    """Held: no second send, ever, by itself; `status` says so; a person may send it again, marked."""
    world = killed_bridge(str(tmp_path / "state"), moment, **HELD)
    before = len(world.arrived()["pager/program"])
    for _ in range(30):
        world.tick()
        world.clock.seconds += 60
    derived = world.check()
    assert doubts(derived) == 2
    assert len(world.arrived()["pager/program"]) == before
    stuck = run_status(world.store(), clock=world.clock).stuck
    assert [(each.state, each.reason) for each in stuck] == [("pending_external_send", "in_doubt")] * 2
    for each in stuck:
        run_retry(world.store(), each.id, actor="pat", comment="", lifetime_seconds=9999, clock=world.clock)
    world.bridge()
    again = world.arrived()["pager/program"][before:]
    assert len(again) == 2
    assert all(each.marked for each in again)
    world.check()


@pytest.mark.parametrize("moment", [after_the_send])
def test_an_outbox_is_looked_at_instead(tmp_path: Path, moment: Callable[[World], None]) -> None:
    """A sender that can look is never in doubt for long: found, it is acked; not there, it is sent, once."""
    root = str(tmp_path / "state")
    profile = profile_of(pager=None)
    world = play(World(root, profile), 0, STEPS["bridge"]).at(OVERDUE)
    assert run_killed(root, lambda here, report: moment(World(here, profile).at(OVERDUE)), None).killed
    world.settle()
    derived = world.check()
    assert doubts(derived) == 0
    for arrivals in world.arrived().values():
        assert len(arrivals) == 2
        assert not any(each.marked for each in arrivals)
    play(world, STEPS["repeat"])
    world.settle()
    told_all(world.check())


def told_by(world: World) -> list[list[tuple[str, int]]]:
    from tests.oracle.checker import tellings

    return list(tellings(world.check()).values())
