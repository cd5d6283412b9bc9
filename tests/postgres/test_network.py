"""The network fails at every message of a run: nothing is sent twice without a mark, nothing is lost, and it is told.

In each direction, and in each way: cut, also in the middle of a message or behind what is done; stalled, for ever or
until nobody waits any more; vanished, so that the server still waits for the host.  The senders are real: an outbox,
and a program that keeps a log of its own; what they got is held against the records.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.postgres import connection as patience
from reporting_governance.storage.postgres.connection import Session
from tests.acceptance.verbs import Verbs
from tests.crash.chain.processes import Told, told_all
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, SCRIPT, STEPS, World, play, profile_of
from tests.oracle.checker import check
from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.home import own_server, server
from tests.postgres.proxy import Fault, Plan, Proxy, Side
from tests.postgres.servers import OWNER

pytestmark = pytest.mark.postgres

#: name -> the step of the script before it, when it is, and what is done
ACTS: dict[str, tuple[int, float, Callable[[World], object]]] = {
    "a run that has to tell": (STEPS["scan"], OVERDUE, World.tick),
    "a run that has to repeat": (STEPS["repeat"], REPEATED, World.tick),
    "a run that has to tell the end": (STEPS["scan end"], OVER, World.tick),
    "its sends alone": (STEPS["bridge"], OVERDUE, World.bridge),
}
WHOLE = ("a run that has to tell", "its sends alone")  #: at each message; in the others at every fifth
#: what goes wrong at a message, by who said it; several take turns
WAYS: dict[str, dict[Side, tuple[Fault, ...]]] = {
    "cut": {Side.CLIENT: (Fault.CUT, Fault.LOST_ANSWER, Fault.TORN), Side.SERVER: (Fault.CUT, Fault.TORN)},
    "stalled": dict.fromkeys(Side, (Fault.SWALLOWED, Fault.STALL)),
    "vanished": dict.fromkeys(Side, (Fault.VANISHED,)),
}
FAULTS = (Fault.CUT, Fault.LOST_ANSWER, Fault.TORN)
SILENCE, IDLE = 0.5, 0.4  #: seconds for which a host in trouble waits for a sign, and the server for a host
SHORT = 1.0  #: seconds after which a server ends what its host does not
#: announce what comes, and say nothing about it: ParseComplete, BindComplete, RowDescription and so on
ANNOUNCING = b"123tTnSK"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits seconds for a network of which the test knows that it stays away."""
    monkeypatch.setattr(patience, "_AGAIN_SECONDS", (0.0, 0.01, 0.02))
    monkeypatch.setattr(patience.Timeouts.__new__, "__defaults__", (30.0, 20.0, 10.0, 60.0))
    monkeypatch.setattr(patience.Timeouts, "short", SHORT)


class Runs:
    """One run of all stages, again and again from one state, through a network that fails at one message."""

    def __init__(self, databases: PostgresBackEnd, folder: Path, name: str) -> None:
        self.databases = databases
        self.folder = folder
        self.before, self.seconds, self.act = ACTS[name]
        self.profile = profile_of()
        self.kept = str(folder / "kept")
        play(World(self.kept, self.profile), 0, self.before)
        databases.keep(self.kept)
        self.went_well = 0  #: runs that met a fault, and ended as if there were none
        self.ends: set[tuple[Any, ...]] = set()  #: what faults left, each of them carried on to the end once

    def meets(self, plan: Plan) -> bool:
        """Do the run with a fault, look at what it left, and carry on; tell whether the fault was met."""
        root = str(self.folder / "now")
        self.databases.turn_back(self.kept, root)
        world = World(root, self.profile).at(self.seconds)
        try:
            with Proxy(server().socket_path, uncounted=ANNOUNCING) as network:
                told = self._run(world, network, plan)
                if plan.fault is Fault.STALL and network.fired:
                    assert network.passed.wait(5)
                self._look(world, told)
                return network.fired
        except AssertionError as error:
            error.add_note(f"{plan} of a run that left {len(self.ends)} states before")
            raise
        finally:
            self.databases.close(root)
            shutil.rmtree(root)

    def _run(self, world: World, network: Proxy, plan: Plan) -> list[str]:
        """Do the run; return the ids of the records that it was told are added."""
        told: list[str] = []
        network.arm(plan)
        self.databases.through = network
        world.wrap = lambda store: Told(store, told.extend)  # type: ignore[assignment,return-value]
        fault: StorageError | None = None
        try:
            with _impatient_with(IDLE, SILENCE):
                self.act(world)
        except StorageError as error:
            fault = error
        finally:
            self.databases.close(world.root)
            self.databases.through = None
            world.wrap = lambda store: store
        if plan.outage and plan.fault is not Fault.STALL:
            assert fault is not None or not network.fired, "a run whose database stays away ends with a word"
        if fault is not None:
            assert fault.exit_code is ExitCode.TRY_LATER, fault
            assert self.databases.database(world.root) in str(fault), "which database it is"
        self.went_well += network.fired and fault is None
        return told

    def _look(self, world: World, told: Sequence[str]) -> None:
        """Hold everything against the records; a state that no fault left before is carried on to its end."""
        lines, arrived = self.databases.lines(world.root), world.arrived()
        check(lines, arrived, at_rest=False, acknowledged=[told])
        state = (
            _state(lines),
            *(tuple(sorted((each.spool_id, each.marked) for each in arrived[to])) for to in arrived),
        )
        if state not in self.ends:
            self.ends.add(state)
            self._finish(world, told)

    def _finish(self, world: World, told: Sequence[str]) -> None:
        """Let the next runs carry on, to the end of the whole story, and look at everything."""
        world.settle()
        for _, seconds, act in SCRIPT[self.before + 1 :]:
            world.at(max(seconds, world.clock.seconds))
            act(world)
        world.at(max(world.clock.seconds, OVER)).settle()
        told_all(world.check(acknowledged=[told]))


@contextmanager
def _impatient_with(idle: float, silence: float) -> Iterator[None]:
    before = patience.Timeouts.__new__.__defaults__
    assert before is not None
    patience.Timeouts.__new__.__defaults__ = (*before[:2], idle, silence)  # type: ignore[misc]
    try:
        yield
    finally:
        patience.Timeouts.__new__.__defaults__ = before  # type: ignore[misc]


def _state(lines: Sequence[Any]) -> tuple[Any, ...]:
    """Return what the lines say, without what is another in each run: salts, hashes, process ids."""
    records = (each["record"] for each in lines if "record" in each)
    found = [(each["kind"], each["id"], str(each["views"]), each["body"].get("outcome", "")) for each in records]
    return tuple(sorted(found))


def every_fault(runs: Runs, way: str, side: Side, *, stride: int, first: int) -> int:
    """Let the network fail at message after message, for a moment or until the run has ended, in turn.

    Returns how many messages there are.
    """
    faults = WAYS[way][side]
    # a server before version 17 is helped by keepalives alone, which are no part of a socket of this machine
    noticed_after = 0.0 if server().binaries.version() >= 17 else SHORT
    for turn, at in enumerate(itertools.count(first, stride)):
        fault = faults[turn % len(faults)]
        # of what a stalled network brings late nobody can tell whether the run goes on before
        outage = bool(turn // len(faults) % 2) and fault is not Fault.STALL
        seconds = 3 * SILENCE if fault is Fault.STALL else noticed_after
        plan = Plan(fault=fault, at=at, side=side, seconds=seconds, outage=outage)
        if not runs.meets(plan):
            return at
    raise AssertionError("it never ends")


def _each(function: Callable[..., None]) -> Callable[..., None]:
    for name, values in (("name", ACTS), ("way", WAYS), ("side", Side)):
        function = pytest.mark.parametrize(name, list(values))(function)
    return function


@_each
def test_the_network_fails_now_and_then(
    databases: PostgresBackEnd, tmp_path: Path, name: str, way: str, side: Side
) -> None:
    first = 5 + 13 * list(WAYS).index(way)
    assert every_fault(Runs(databases, tmp_path, name), way, side, stride=97, first=first) > 59


@pytest.mark.long
@_each
def test_the_network_fails_at_every_message(
    databases: PostgresBackEnd, tmp_path: Path, name: str, way: str, side: Side
) -> None:
    runs = Runs(databases, tmp_path, name)
    assert every_fault(runs, way, side, stride=1 if name in WHOLE else 5, first=1) > 59
    assert runs.went_well > 1, "a network that fails for a moment need not end a run"
    assert len(runs.ends) > 3


def test_a_server_looks_whether_a_host_far_away_is_there() -> None:
    with own_server(tcp=True) as mine:
        session = Session(f"postgresql://{OWNER}@127.0.0.1:{mine.tcp_port}/postgres", application="tests")
        asked = "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_count')"
        assert session.rows(asked) == [("10", "3")]
        session.close()


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
