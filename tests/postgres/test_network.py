"""The network fails at every message of a run: nothing is sent twice without a mark, nothing is lost, and it is told.

The senders are real: an outbox, and a program that keeps a log of its own; what they got is held against the records.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.postgres import connection as patience
from tests.crash.chain.processes import Told, told_all
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, SCRIPT, STEPS, World, play, profile_of
from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.home import server
from tests.postgres.proxy import Fault, Plan, Proxy

pytestmark = pytest.mark.postgres

#: name -> the step of the script before it, and when it is: runs that find work for every stage
TICKS = {"firing": (STEPS["scan"], OVERDUE), "repeat": (STEPS["repeat"], REPEATED), "end": (STEPS["scan end"], OVER)}
FAULTS = (Fault.CUT, Fault.TORN, Fault.LOST_ANSWER)
STRIDE = 41  #: messages between two faults in the short form


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits seconds for a network of which the test knows that it stays away."""
    monkeypatch.setattr(patience, "_AGAIN_SECONDS", (0.0, 0.01, 0.02))


class Runs:
    """One run of all stages, on copies of one state, through a network that fails at one message."""

    def __init__(self, databases: PostgresBackEnd, folder: Path, tick: str) -> None:
        self.databases = databases
        self.folder = folder
        self.before, self.seconds = TICKS[tick]
        self.profile = profile_of()
        self.template = str(folder / "template")
        play(World(self.template, self.profile), 0, self.before)

    def each(self, fault: Fault, *, outage: bool, first: int, stride: int) -> Iterator[tuple[int, World, list[str]]]:
        """Yield what each fault left: its message, the world, and what was acknowledged; the last met no fault."""
        for at in itertools.count(first, stride):
            root = str(self.folder / f"{at}")
            self.databases.copy(self.template, root)
            world = World(root, self.profile).at(self.seconds)
            with Proxy(server().socket_path) as network:
                told = self._run(world, network, Plan(fault=fault, at=at, outage=outage))
                met = network.fired
            yield at, world, told
            self.databases.remove(root)
            if not met:
                return

    def _run(self, world: World, network: Proxy, plan: Plan) -> list[str]:
        told: list[str] = []
        network.arm(plan)
        self.databases.through = network
        world.wrap = lambda store: Told(store, told.extend)  # type: ignore[assignment,return-value]
        fault: StorageError | None = None
        try:
            world.tick()
        except StorageError as error:
            fault = error
        finally:
            self.databases.close(world.root)
            self.databases.through = None
            world.wrap = lambda store: store
        if plan.outage:
            assert (fault is not None) == network.fired, "a run whose database stays away ends with a word"
        if fault is not None:
            assert fault.exit_code is ExitCode.TRY_LATER, fault
            assert self.databases.database(world.root) in str(fault), "which database it is"
        return told


def finish(runs: Runs, world: World, told: list[str]) -> None:
    """Let the next runs carry on, to the end of the whole story, and look at everything."""
    world.settle()
    world.check(acknowledged=[told])
    for _, seconds, act in SCRIPT[runs.before + 4 :]:
        world.at(max(seconds, world.clock.seconds))
        act(world)
    world.at(max(world.clock.seconds, OVER)).settle()
    told_all(world.check(acknowledged=[told]))


def every_fault(databases: PostgresBackEnd, folder: Path, tick: str, fault: Fault, *, outage: bool, stride: int) -> int:
    runs, reached = Runs(databases, folder, tick), 0
    for at, world, told in runs.each(fault, outage=outage, first=1 + len(fault.value) % stride, stride=stride):
        reached = at
        finish(runs, world, told)
    return reached


@pytest.mark.parametrize("tick", TICKS)
@pytest.mark.parametrize("outage", [False, True], ids=["for a moment", "until the run has ended"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_now_and_then(databases: PostgresBackEnd, tmp_path: Path, tick: str, fault: Fault, outage: bool) -> None:
    assert every_fault(databases, tmp_path, tick, fault, outage=outage, stride=STRIDE) > STRIDE


@pytest.mark.long
@pytest.mark.parametrize("tick", TICKS)
@pytest.mark.parametrize("outage", [False, True], ids=["for a moment", "until the run has ended"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_at_every_message(
    databases: PostgresBackEnd, tmp_path: Path, tick: str, fault: Fault, outage: bool
) -> None:
    assert every_fault(databases, tmp_path, tick, fault, outage=outage, stride=1) > 60
