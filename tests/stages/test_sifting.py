"""Old stories: found by the words in their lines, the same as by reading everything."""

from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import RecordLine
from reporting_governance.stages import sifting, tracing
from reporting_governance.stages.explain import UnknownId
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group, Store
from reporting_governance.storage.memory import MemoryStore
from tests.oracle.memory_world import MemoryWorld
from tests.stages.test_explain import Counting, explained, world
from tests.storage.building import NOW, birth, item_id

__all__ = ["world"]


@pytest.fixture
def sifted(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> MemoryWorld:
    """Two tasks and their ends; every story is looked for, however short the log."""
    world.at(4800).end()
    world.settle()
    monkeypatch.setattr(tracing, "WINDOWS", (1, 2))
    monkeypatch.setattr(sifting, "_LOOK_UP", 0)
    return world


def test_every_story_is_the_one_found_by_reading_all(sifted: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    identities = {
        each
        for line in sifted.memory.replay()
        if (record := line.document.get("record"))
        for each in (record["id"], *(view[1] for view in record["views"]), *record["about"])
    } | {"task-a", "task-b"}
    assert len(identities) > 40
    for near in (0, 3, 1000):
        monkeypatch.setattr(sifting, "_NEAR", near)
        found = {each: [step.seq for step in explained(sifted, each).steps] for each in identities}
        with monkeypatch.context() as patched:
            patched.setattr(tracing, "sift", lambda *_: None)
            whole = {each: [step.seq for step in explained(sifted, each).steps] for each in identities}
        assert found == whole


def test_of_a_long_log_only_the_lines_of_the_story_are_read(
    sifted: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(0, 4000, 200):
        additions = tuple(birth(number + each).additions[0] for each in range(200))
        sifted.memory.commit([Group(additions=additions)], now=NOW)
    monkeypatch.setattr(sifting, "_LOOK_UP", 3000)
    store = Counting(sifted.memory)
    report = explained(sifted, "task-a", store)
    assert report.steps
    assert store.read_lines < 200
    unknown = Counting(sifted.memory)
    with pytest.raises(UnknownId):
        explained(sifted, "epi_00000000000000000000000000000000", unknown)
    assert unknown.read_lines < 10


@pytest.mark.parametrize("back_end", ["memory", "files"])
def test_a_sieve_names_every_line_that_holds_a_word(tmp_path: Path, back_end: str) -> None:
    store: Store = MemoryStore() if back_end == "memory" else FilesStore(str(tmp_path / "state"), actor="uid:0")
    store.commit([birth(number) for number in range(1, 6)], now=NOW)
    store.commit([Group((Addition(record=RecordLine(kind="x", id="x", body={"t": 'an "é" \\ 😀'})),))], now=NOW)
    store.ready()
    lines = {line.document["record"]["id"]: line.seq for line in store.replay() if line.document.get("record")}
    assert store.holding([item_id(2), item_id(4)]) == [lines[item_id(2)], lines[item_id(4)]]
    assert store.holding(['"é" \\ 😀']) == [lines["x"]]
    assert store.holding(["no such word"]) == []
    if back_end == "files":
        assert store.holding([""]) == []
