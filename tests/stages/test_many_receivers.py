"""One event that the routes tell more receivers about than one commit holds: nobody is lost, and nobody told twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.notification_settings import Route
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.stages import deciding
from reporting_governance.stages.enqueue import EnqueueReport, run_enqueue
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.groups import LARGEST_COMMIT
from reporting_governance.storage.interface import Answer, Group, Store
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import policy
from tests.oracle.checker import arrivals_in
from tests.oracle.memory_world import Interrupted
from tests.stages.chain_world import Chain, task
from tests.stages.test_escalation import rule
from tests.stages.test_one_bad_record import many_people

LADDER = [{"after_seconds": 60_000, "receivers": ["p000"]}]


class Killed(BaseException):
    """What ends a process in the middle."""


class Dying:
    """A store that dies just before its n-th commit."""

    def __init__(self, store: Store, at: int) -> None:
        self._store = store
        self._left = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        self._left -= 1
        if self._left == 0:
            raise Killed
        return self._store.commit(groups, now=now)


class Counting:
    """A store that counts what it is asked for: calls, and the names in the listings it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def counted(*given: Any, **named: Any) -> Any:
            self.asked[name] += 1
            answer = found(*given, **named)
            if name == "listing":
                self.asked["names"] += len(answer.names)
            return answer

        return counted


def announced(folder: Path, number: int, store: Store | None = None, *, ladder: bool = True, targets: int = 1) -> Chain:
    """Return a chain in which an event is undecided that routes of 100 receivers each will tell about."""
    chain = Chain(store=MemoryStore() if store is None else store, folder=str(folder))
    people = many_people(number)
    for name, each in people.items():
        for place in range(1, targets):
            each["targets"][f"also{place}"] = {"sender": "file", "parameters": {"path": f"{name}.{place}.jsonl"}}
    names = list(people)
    routes: list[dict[str, Any]] = [
        {"match": {}, "receivers": names[start : start + 100], "continue": True} for start in range(0, number, 100)
    ]
    routes[-1] = {"match": {}, "receivers": routes[-1]["receivers"]}
    chain.notify(receivers=people, routes=routes, escalation=LADDER if ladder else [])
    chain.shows(task())
    chain.tick()
    chain.clock.forward(700)
    chain.scan(chain.source)
    return chain


def enqueue(chain: Chain, store: Store | None = None) -> EnqueueReport:
    return run_enqueue(store or chain.store, policy(), chain.profile, clock=chain.clock)


def told(chain: Chain) -> Counter[str]:
    return Counter(each["body"]["receiver"] for each in chain.records("notice"))


def arrived(chain: Chain, number: int) -> Counter[tuple[str, ...]]:
    """Return how many receivers got notices of these phases, in this order."""
    phases = {each["body"]["notice_id"]: each["body"]["phase"] for each in chain.records("notice")}
    return Counter(
        tuple(
            phases[notice] for arrival in arrivals_in(f"{chain.folder}/{name}.jsonl") for notice in arrival.notice_ids
        )
        for name in many_people(number)
    )


def each_once(number: int) -> Counter[str]:
    return Counter(many_people(number).keys())


@pytest.mark.parametrize("number", [LARGEST_COMMIT - 2, LARGEST_COMMIT - 1, LARGEST_COMMIT, 450])
def test_all_are_told_once(tmp_path: Path, number: int) -> None:
    chain = announced(tmp_path, number)
    report = enqueue(chain)
    assert (report.decided, report.notices, report.refused) == (1, number, 0)
    assert told(chain) == each_once(number)
    assert len(chain.records("decision-record-artifact")) == 1
    assert [bool(each["body"].get("ladder")) for each in chain.records("notice")] == [True] + [False] * (number - 1)


def test_all_are_told_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "COMMIT", 20)
    chain = announced(tmp_path, 45)
    for _ in range(2):
        chain.tick()
        chain.shows(task(seen=760))
        chain.clock.forward(60)
    chain.tick()
    assert arrived(chain, 45) == {("firing", "resolved"): 45}
    assert not chain.store.listing(Folder.QUEUE).names


@pytest.mark.parametrize("targets", [1, 2])
def test_twice_the_receivers_are_at_most_twice_the_work(tmp_path: Path, targets: int) -> None:
    counts = []
    for number in (100, 200):
        store = Counting(MemoryStore())
        chain = announced(tmp_path / str(number), number, store, targets=targets)
        store.asked.clear()
        chain.tick()
        chain.shows(task(seen=760))
        chain.clock.forward(60)
        chain.tick()
        assert arrived(chain, number) == {("firing", "resolved"): number}
        counts.append(store.asked)
    fewer, more = counts
    assert {name: (fewer[name], more[name]) for name in more if more[name] > 2.1 * fewer[name] + 20} == {}


@pytest.mark.parametrize("back_end", ["memory", "files"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_crash_between_the_parts_loses_nobody(tmp_path: Path, at: int, back_end: str) -> None:
    files = FilesStore(str(tmp_path / "state"), actor="uid:0") if back_end == "files" else None
    chain = announced(tmp_path, 450, files)
    with pytest.raises(Killed):
        enqueue(chain, Dying(chain.store, at))
    assert sum(told(chain).values()) == LARGEST_COMMIT * (at - 1)
    assert chain.store.listing(Folder.EVENTS).names
    chain.dispatch()
    chain.send()  # what is queued goes out, whatever became of the rest
    chain.clock.forward(60)
    assert enqueue(chain).decided == 1
    assert told(chain) == each_once(450)
    assert sum(bool(each["body"].get("ladder")) for each in chain.records("notice")) == 1


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_of_two_at_once_each_receiver_is_told_by_one(tmp_path: Path, commit: int) -> None:
    chain = announced(tmp_path, 450)
    enqueue(chain, Interrupted(chain.store, lambda: enqueue(chain), commit=commit))
    enqueue(chain)
    assert told(chain) == each_once(450)
    assert len(chain.records("decision-record-artifact")) == 1


def test_who_was_told_of_one_event_is_not_told_again_with_the_rest(tmp_path: Path) -> None:
    """A thread about one event ends with its telling; it must not as long as others are still to be told of it."""
    chain = announced(tmp_path, 450, ladder=False)
    enqueue(chain)
    judged = replace(policy(), packs=[compile_pack(rule("task_status_changed"))])
    chain.report("start", "t9")
    enqueue(chain)
    before = len(chain.records("notice"))
    chain.report("pause", "t9")
    with pytest.raises(Killed):
        run_enqueue(Dying(chain.store, 2), judged, chain.profile, clock=chain.clock)
    chain.dispatch()
    chain.send()
    chain.clock.forward(60)
    run_enqueue(chain.store, replace(judged, refused="a fault"), chain.profile, clock=chain.clock)
    run_enqueue(chain.store, judged, chain.profile, clock=chain.clock)
    assert Counter(each["body"]["receiver"] for each in chain.records("notice")[before:]) == each_once(450)
    chain.tick()
    assert enqueue(chain).closed == 250, "what ended while the decision was not whole has been closed since"


def test_what_somebody_else_has_decided_meanwhile_is_told_no_further(tmp_path: Path) -> None:
    """A profile that names fewer came into force between the parts."""
    chain = announced(tmp_path, 450)
    settings = chain.profile.notification
    fewer = replace(chain.profile, notification=replace(settings, routes=(Route(receivers=("p000",)),)))
    enqueue(
        chain, Interrupted(chain.store, lambda: run_enqueue(chain.store, policy(), fewer, clock=chain.clock), commit=2)
    )
    assert sum(told(chain).values()) == LARGEST_COMMIT
    assert not chain.store.listing(Folder.EVENTS).names
