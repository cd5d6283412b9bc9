"""Many at once: one message for each receiver, and nobody and nothing is forgotten.  Counts only, no timing."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.delivery_state import delivery_state, histories
from reporting_governance.storage.memory import MemoryStore
from tests.oracle.checker import Arrival, arrivals_in
from tests.stages.chain_world import Chain, fire, task

PEOPLE = ("operator", "boss", "night-shift")


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    made = Chain(store=MemoryStore(), folder=str(tmp_path))
    receivers = {
        name: {"targets": {"outbox": {"sender": "file", "parameters": {"path": f"{name}.jsonl"}}}} for name in PEOPLE
    }
    made.notify(
        group_by=[], repeat_seconds=86_400, receivers=receivers, routes=[{"match": {}, "receivers": list(PEOPLE)}]
    )
    return made


def arrived(chain: Chain, receiver: str) -> list[Arrival]:
    return arrivals_in(f"{chain.folder}/{receiver}.jsonl")


def notices_of(chain: Chain, receiver: str, phase: str) -> set[str]:
    bodies = (each["body"] for each in chain.records("notice"))
    return {body["notice_id"] for body in bodies if (body["receiver"], body["phase"]) == (receiver, phase)}


def states(chain: Chain) -> set[str]:
    lines = (line.document["record"] for line in chain.store.replay() if "record" in line.document)
    records: Iterable[tuple[str, dict]] = [(each["kind"], each["body"]) for each in lines]
    return {delivery_state(each).value for each in histories(records).values()}


@pytest.mark.parametrize("number_of_tasks", [150, pytest.param(1_000, marks=pytest.mark.long)])
def test_many_episodes_are_one_message_for_each_of_three_receivers(chain: Chain, number_of_tasks: int) -> None:
    """openclaw/openclaw#92401: noise.  Here more at once than one commit holds, and then the end of all."""
    chain.shows(*(task(f"task-{number:04}") for number in range(number_of_tasks)))
    chain.tick()
    fire(chain)
    report = chain.dispatch()
    assert (report.dispatched, report.items) == (number_of_tasks * len(PEOPLE), len(PEOPLE))
    chain.send()
    for person in PEOPLE:
        (message,) = arrived(chain, person)
        assert set(message.notice_ids) == notices_of(chain, person, "firing")
        assert len(message.notice_ids) == number_of_tasks
        (text,) = [each["body"] for each in told_texts(chain, person)]
        assert all(f"task-{number:04}" in text for number in range(number_of_tasks))
        assert all(text.count(f"Notice: {each}") == 1 for each in message.notice_ids)
    assert states(chain) == {"acked"}
    before = chain.lines()
    chain.tick()
    assert chain.lines() == before, "nothing is left to do"
    chain.shows(*(task(f"task-{number:04}", seen=700) for number in range(number_of_tasks)))
    for _ in range(3):
        chain.clock.forward(60)
        chain.tick()
    for person in PEOPLE:
        _, end = arrived(chain, person)
        assert set(end.notice_ids) == notices_of(chain, person, "resolved")
        assert len(end.notice_ids) == number_of_tasks
    assert states(chain) == {"acked"}
    assert chain.store.listing(Folder.QUEUE).names == {}
    assert [key for key in chain.store.listing(Folder.EPISODES).names if key.startswith("thr_")] == []


def told_texts(chain: Chain, receiver: str) -> list[dict]:
    """Return what stands in an outbox."""
    import json

    return [json.loads(line) for line in Path(f"{chain.folder}/{receiver}.jsonl").read_text().splitlines()]


def test_what_is_kept_back_is_no_company_and_delays_nobody(chain: Chain) -> None:
    chain.shows(*(task(f"task-{number}") for number in range(4)))
    chain.tick()
    silence = chain.silence(3600, task_id="task-0")
    fire(chain)
    report = chain.dispatch()
    assert (report.held, report.dispatched, report.items) == (3, 9, 3)
    chain.send()
    assert silence in {each[1] for each in chain.holds()}
    chain.clock.forward(3600)
    chain.tick()
    for person in PEOPLE:
        assert [len(each.notice_ids) for each in arrived(chain, person)] == [3, 1]
