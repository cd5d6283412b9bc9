"""A bridge that was stopped between its attempt and its send, and one whose threads change before its receipt."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.acts import run_ack
from reporting_governance.storage.interface import Answer, Group, Store
from tests.crash.chain.world import OVERDUE, STEPS, HandClock, World, play, profile_of


class Meanwhile:
    """A store in which others act once, just before or just after records of a kind are committed."""

    def __init__(self, store: Store, kind: str, *, before: bool, act: Callable[[], object]) -> None:
        self._store = store
        self._kind = kind
        self._before = before
        self._act = [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _let(self, groups: Sequence[Group]) -> None:
        kinds = {addition.record.kind for group in groups for addition in group.additions if addition.record}
        while self._kind in kinds and self._act:
            self._act.pop()()

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        if self._before:
            self._let(groups)
        answers = self._store.commit(groups, **given)
        if not self._before:
            self._let(groups)
        return answers


@pytest.mark.parametrize("own_clock", ["goes on", "stood still"])
def test_a_stalled_bridge_sends_nothing_that_another_took_over(tmp_path: Path, own_clock: str) -> None:
    """Stopped after its attempts are recorded, until they are over; another bridge then settles and sends.

    Either half of the fence is enough here: the time (the clock goes on), or the view's name (the clock stood still,
    as that of a machine that was put to sleep).  (An outbox needs neither: its lock is held from attempt to receipt.)
    """
    profile = profile_of(routes=[{"match": {}, "receivers": ["pager"]}])
    world = play(World(str(tmp_path / "state"), profile), 0, STEPS["bridge"]).at(OVERDUE)
    clock = world.clock if own_clock == "goes on" else HandClock(OVERDUE + 60)
    other = replace(world, clock=clock)

    def take_over() -> None:
        clock.seconds = OVERDUE + 60
        other.settle()

    world.wrap = lambda store: Meanwhile(store, "attempt", before=False, act=take_over)  # type: ignore[assignment,return-value]
    world.bridge()
    world.wrap = lambda store: store
    world.clock.seconds = max(world.clock.seconds, clock.seconds)
    world.settle()
    derived = world.check()
    came = [each.spool_id for each in world.arrived()["pager/program"]]
    assert len(set(came)) == len(came) == 2, "somebody was told twice"
    assert all(derived.state_of(notice) == "acked" for notice in derived.notices)


@pytest.mark.parametrize("receiver", ["operator", "pager"])
def test_a_stalled_bridge_does_not_begin_too_late(tmp_path: Path, receiver: str) -> None:
    """Nobody has taken the item over yet, but somebody may while the send runs: it begins anew, with a new attempt."""
    profile = profile_of(routes=[{"match": {}, "receivers": [receiver]}])
    world = play(World(str(tmp_path / "state"), profile), 0, STEPS["bridge"]).at(OVERDUE)

    def stall() -> None:
        world.clock.seconds += 16

    world.wrap = lambda store: Meanwhile(store, "attempt", before=False, act=stall)  # type: ignore[assignment,return-value]
    world.bridge()
    world.wrap = lambda store: store
    assert not any(world.arrived().values())
    world.settle()
    derived = world.check()
    assert all(derived.state_of(notice) == "acked" for notice in derived.notices)
    for item in derived.items.values():
        assert [receipt.get("reason") for receipt in item.receipts] == ["not_started", None]


@pytest.mark.parametrize("receiver", ["operator", "pager"])
def test_a_receipt_whose_threads_just_changed_is_made_again(tmp_path: Path, receiver: str) -> None:
    """A person takes over while the message is on its way: its receipt is refused once, and still recorded."""
    profile = profile_of(routes=[{"match": {}, "receivers": [receiver]}])
    world = play(World(str(tmp_path / "state"), profile), 0, STEPS["bridge"]).at(OVERDUE)

    def ack() -> None:
        for episode in [key for key in world.files().listing(Folder.EPISODES).names if key.startswith("epi_")]:
            run_ack(world.files(), episode, actor="pat", comment="", clock=world.clock)

    world.wrap = lambda store: Meanwhile(store, "receipt", before=True, act=ack)  # type: ignore[assignment,return-value]
    world.bridge()
    world.wrap = lambda store: store
    derived = world.check()
    assert len(derived.notices) == 2
    assert all(derived.state_of(notice) == "acked" for notice in derived.notices)
    play(world, STEPS["repeat"])
    world.settle()
    world.check()
