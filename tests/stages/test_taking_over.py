"""Many are acknowledged where their messages arrived: what that costs, and that all of them are taken over."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.core.threads import rules_of
from reporting_governance.stages import thread_steps as stage
from reporting_governance.stages.enqueue import EnqueueReport, run_enqueue
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.storage.interface import Answer, Group, Listing, Store, View
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import policy
from tests.stages.chain_world import RECEIVERS, Chain, fire, task

DOWN = {"targets": {"program": {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", "exit 75"]}}}}
ROUTES = [{"match": {}, "receivers": ["operator", "boss", "chief"]}]


class Counting:
    """A store that counts what is read of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = self.names = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, name: ViewName) -> View | None:
        self.reads += 1
        return self._store.read(name)

    def listing(self, folder: Folder) -> Listing:
        listing = self._store.listing(folder)
        self.names += len(listing.names)
        return listing

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        return self._store.commit(groups, now=now)


def acknowledged(folder: Path, number: int, *, by: tuple[str, ...] = ("operator",), after: float = 0) -> Chain:
    """Return a chain in which people have acknowledged so many episodes by their messages; items to `chief` wait."""
    folder.mkdir(exist_ok=True)
    chain = Chain(store=MemoryStore(), folder=str(folder))
    chain.notify(receivers={**RECEIVERS, "chief": DOWN}, routes=ROUTES, group_by=[])
    chain.shows(*(task(f"task-{each:03}") for each in range(number)))
    chain.tick()
    fire(chain)
    chain.tick()
    spooled = {each["id"]: each["body"]["target"].partition("/")[0] for each in chain.records("spool-item")}
    chain.clock.forward(after)
    rules = rules_of(chain.profile.notification)
    for attempt in chain.records("attempt"):
        if spooled[attempt["body"]["spool_id"]] in by:
            said = {"attempt_id": attempt["id"], "proof": "person", "id": "button"}
            run_late_receipt(chain.store, said, settled_by="maria", rules=rules, clock=chain.clock)
    chain.clock.forward(1)
    return chain


def enqueue(chain: Chain, store: Store) -> EnqueueReport:
    return run_enqueue(store, policy(), chain.profile, clock=chain.clock)


def taken_over(chain: Chain) -> set[str]:
    """Return the tasks whose threads all stand under an act of a person."""
    bodies = [body for body in chain.bodies(Folder.EPISODES) if "acked" in body]
    open_ones = {body["facts"]["task_id"] for body in bodies if not (body["acked"] or {}).get("act_id")}
    return {body["facts"]["task_id"] for body in bodies} - open_ones


@pytest.mark.parametrize("by", [("operator",), ("operator", "boss")], ids=["one", "two"])
def test_what_is_read_grows_with_what_is_acknowledged(tmp_path: Path, by: tuple[str, ...]) -> None:
    cost = {}
    for number in (60, 240):
        chain = acknowledged(tmp_path / str(number), number, by=by)
        store = Counting(chain.store)
        assert enqueue(chain, store).acknowledged == number
        assert len(taken_over(chain)) == number
        cost[number] = store.reads, store.names
    for few, many in zip(cost[60], cost[240], strict=True):
        assert many <= 4 * few + 100, cost


def test_who_is_reminded_by_the_same_run_is_taken_over_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reminders are due first, and change threads that a person's act is about."""
    monkeypatch.setattr(stage, "BATCH", 7)
    chain = acknowledged(tmp_path, 12, after=9000)
    report = enqueue(chain, chain.store)
    assert report.repeats == 12
    assert report.acknowledged == 12
    assert len(taken_over(chain)) == 12
