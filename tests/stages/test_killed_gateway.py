"""A gateway that was killed, with the database that the real program left: what is told of it, and what waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.storage.memory import MemoryStore
from tests.adapters.openclaw.states import Machine, State
from tests.oracle.checker import arrivals_in
from tests.stages.chain_world import Chain
from tests.stages.watch_world import HandClock

COMMANDS = "sleep 40"  #: the title of three background commands


class Watched:
    """The source, on a machine whose processes a test lets live or die."""

    name = "openclaw"

    def __init__(self, state: State) -> None:
        self.state = state
        self.machine = Machine(state.gateway())

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        return self.state.read(now=now, machine=self.machine, baseline_at=baseline_at, known=known)


class Killed:
    """A chain that saw a gateway run, and then die."""

    def __init__(self, folder: Path) -> None:
        self.source = Watched(State(folder / "running", "running"))
        clock = HandClock(self.source.state.renewed_at + timedelta(seconds=5))
        (folder / "ours").mkdir()
        self.chain = Chain(store=MemoryStore(), clock=clock, folder=str(folder / "ours"))
        self.chain.notify(routes=[{"match": {}, "receivers": ["operator"]}])
        self.chain.source = self.source  # type: ignore[assignment]
        self.chain.tick()
        self.source.machine = Machine({})
        clock.forward(130)

    def deaths(self, phase: str = "firing") -> list[str]:
        """Return the titles of the tasks whose owner was told to be dead, in order."""
        notices = self.notices()
        arrived = [each for item in arrivals_in(f"{self.chain.folder}/operator.jsonl") for each in item.notice_ids]
        facts = [notices[each]["facts"] for each in arrived if notices[each]["phase"] == phase]
        return sorted(each["title"] for each in facts if each["condition"] == "owner_dead")

    def notices(self) -> Mapping[str, Mapping[str, Any]]:
        return {each["body"]["notice_id"]: each["body"] for each in self.chain.records("notice")}


@pytest.fixture
def killed(tmp_path: Path) -> Killed:
    return Killed(tmp_path)


def test_background_commands_wait_while_their_gateway_is_told_to_be_dead(killed: Killed) -> None:
    killed.chain.tick()
    assert killed.deaths() == sorted({"hangs", "command-hangs", "works-long", "stuck", "HANG forever"})
    holds = killed.chain.holds()
    assert [reason for reason, _, _ in holds] == ["inhibited"] * 3
    (cause,) = {cause for _, cause, _ in holds}
    told = {each["episode_id"]: each["facts"]["title"] for each in killed.notices().values()}
    assert told[cause] in killed.deaths()
    before = killed.chain.lines()
    killed.chain.clock.forward(60)
    killed.chain.tick()
    assert killed.chain.lines() == before


def test_they_are_told_when_a_new_gateway_does_not_know_them(killed: Killed, tmp_path: Path) -> None:
    """The other tasks are settled by it.  Of these rows nobody ever says more."""
    killed.chain.tick()
    again = State(tmp_path / "restarted", "restarted")
    killed.source.state, killed.source.machine = again, Machine(again.gateway())
    killed.chain.clock.time = max(killed.chain.clock.now(), again.renewed_at + timedelta(seconds=5))
    again.change(f"UPDATE state_leases SET heartbeat_at = {int(killed.chain.clock.now().timestamp() * 1000) - 5000}")
    killed.chain.tick()
    assert killed.deaths().count(COMMANDS) == 3
    assert COMMANDS not in killed.deaths("resolved")


def test_who_is_not_told_of_the_gateway_is_told_of_them(tmp_path: Path) -> None:
    killed = Killed(tmp_path)
    routes = [
        {"match": {"title": COMMANDS}, "receivers": ["boss"]},
        {"match": {}, "receivers": ["operator"]},
    ]
    killed.chain.notify(routes=routes)
    killed.chain.tick()
    assert killed.chain.holds() == []
    assert killed.chain.told("boss") == [("owner_dead", "firing")] * 3
