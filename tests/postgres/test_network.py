"""The network fails at every message of a run: nothing is sent twice without a mark, nothing is lost, and it is told.

The senders are real: an outbox, and a program that keeps a log of its own; what they got is held against the records.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.postgres import connection as patience
from tests.acceptance.verbs import Verbs
from tests.crash.chain.processes import Told, told_all
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, SCRIPT, STEPS, World, play, profile_of
from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.home import server
from tests.postgres.proxy import Fault, Plan, Proxy

pytestmark = pytest.mark.postgres

#: name -> the step of the script before it, when it is, and what is done
ACTS: dict[str, tuple[int, float, Callable[[World], object]]] = {
    "a run that has to tell": (STEPS["scan"], OVERDUE, World.tick),
    "a run that has to repeat": (STEPS["repeat"], REPEATED, World.tick),
    "a run that has to tell the end": (STEPS["scan end"], OVER, World.tick),
    "its sends alone": (STEPS["bridge"], OVERDUE, World.bridge),
}
FAULTS = (Fault.CUT, Fault.LOST_ANSWER, Fault.TORN)  #: take turns


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits seconds for a network of which the test knows that it stays away."""
    monkeypatch.setattr(patience, "_AGAIN_SECONDS", (0.0, 0.01, 0.02))


class Runs:
    """One run of all stages, on copies of one state, through a network that fails at one message."""

    def __init__(self, databases: PostgresBackEnd, folder: Path, name: str) -> None:
        self.databases = databases
        self.folder = folder
        self.before, self.seconds, self.act = ACTS[name]
        self.profile = profile_of()
        self.template = str(folder / "template")
        play(World(self.template, self.profile), 0, self.before)

    def each(self, turn: int, *, outage: bool, first: int, stride: int) -> Iterator[tuple[int, World, list[str], bool]]:
        """Yield what each fault left: its message, the world, what was acknowledged, and whether the run went well.

        The last one met no fault.
        """
        for at in itertools.count(first, stride):
            turn += 1
            root = str(self.folder / f"{at}")
            self.databases.copy(self.template, root)
            world = World(root, self.profile).at(self.seconds)
            with Proxy(server().socket_path) as network:
                told, went_well = self._run(
                    world, network, Plan(fault=FAULTS[turn % len(FAULTS)], at=at, outage=outage)
                )
                met = network.fired
            yield at, world, told, went_well
            self.databases.remove(root)
            if not met:
                return

    def _run(self, world: World, network: Proxy, plan: Plan) -> tuple[list[str], bool]:
        told: list[str] = []
        network.arm(plan)
        self.databases.through = network
        world.wrap = lambda store: Told(store, told.extend)  # type: ignore[assignment,return-value]
        fault: StorageError | None = None
        try:
            self.act(world)
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
        return told, fault is None


def finish(runs: Runs, world: World, told: list[str]) -> None:
    """Let the next runs carry on, to the end of the whole story, and look at everything."""
    world.settle()
    for _, seconds, act in SCRIPT[runs.before + 1 :]:
        world.at(max(seconds, world.clock.seconds))
        act(world)
    world.at(max(world.clock.seconds, OVER)).settle()
    told_all(world.check(acknowledged=[told]))


def every_fault(databases: PostgresBackEnd, folder: Path, name: str, *, outage: bool, stride: int, first: int) -> int:
    """Let the network fail at message after message; return how many there are, about."""
    runs, reached, well = Runs(databases, folder, name), 0, 0
    for at, world, told, went_well in runs.each(first, outage=outage, first=first, stride=stride):
        finish(runs, world, told)
        reached, well = at, well + went_well
    if not outage:
        assert well > 1, "a network that fails for a moment need not end a run"
    return reached


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("outage", [False, True], ids=["for a moment", "until the run has ended"])
def test_the_network_fails_now_and_then(databases: PostgresBackEnd, tmp_path: Path, name: str, outage: bool) -> None:
    assert every_fault(databases, tmp_path, name, outage=outage, stride=59, first=7 + 3 * outage) > 59


@pytest.mark.long
@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("outage", [False, True], ids=["for a moment", "until the run has ended"])
def test_the_network_fails_at_many_messages(
    databases: PostgresBackEnd, tmp_path: Path, name: str, outage: bool
) -> None:
    stride = 1 if name == "its sends alone" else 7
    assert every_fault(databases, tmp_path, name, outage=outage, stride=stride, first=1) > 59


@pytest.mark.parametrize(
    "at", [1, 70, 190, *(pytest.param(each, marks=pytest.mark.long) for each in range(25, 400, 30))]
)
def test_a_run_from_crontab_ends_with_75_and_says_why(databases: PostgresBackEnd, tmp_path: Path, at: int) -> None:
    """The next run does what this one could not; the operator hears of it once."""
    verbs = Verbs(tmp_path / "host", environment={"REPORTGOV_TEST": "a process of its own"})
    verbs.ok("init")
    verbs.overdue("nightly")
    with Proxy(server().socket_path) as network:
        network.arm(Plan(fault=FAULTS[at % len(FAULTS)], at=at, outage=True))
        databases.through = network
        ended = verbs.call("run")
        databases.through = None
        assert network.fired, "the run took fewer messages"
    assert (ended.code, ended.out) == (75, ""), ended
    assert databases.database(str(verbs.state)) in ended.err
    assert verbs.call("run").code == 0
    assert len(verbs.outbox()) == 1
    assert [each["outcome"] for each in verbs.records("receipt")] == ["acked"]
