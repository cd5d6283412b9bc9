"""Replaying from a line: the same lines as replaying all, and little read of what stands before them."""

import os
import shutil

import pytest

from reporting_governance.contracts.journal_line import RecordLine
from reporting_governance.storage.files import journal_io, seeking
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.seeking import place_before
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.groups import LARGEST_COMMIT
from reporting_governance.storage.interface import Addition, Group
from tests.storage.building import NOW, birth, later
from tests.storage.oracle import check

LINES = 2000
STARTS = (2, 202, 1000, 1499, 1500, 2000, 2001)


def open_store(root: str) -> FilesStore:
    return FilesStore(root, actor="uid:0", now=lambda: later(100), monotonic=lambda: 100.0)


def fill(root: str, first: int = 0, *, size: int = LARGEST_COMMIT, lines: int = LINES) -> FilesStore:
    """Add lines; each commit is one group of `size` lines."""
    store = open_store(root)
    for start in range(first, first + lines, size):
        additions = tuple(birth(number).additions[0] for number in range(start, start + size))
        store.commit([Group(additions=additions)], now=NOW)
    return store


def log_of(root: str) -> str:
    return Layout(root).segment(1)


@pytest.mark.parametrize("size", [20, LARGEST_COMMIT])
def test_it_begins_near_with_a_group_and_yields_the_same(root: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeking, "_NEAR", 4096)
    store = fill(root, size=size)
    lines = {line.seq: line for line in store.replay()}
    for start in STARTS:
        assert list(store.replay(start)) == [line for seq, line in lines.items() if seq >= start]
        place = place_before(log_of(root), 1, None, start)
        if start > LARGEST_COMMIT + 50:
            assert place is not None
            assert start - 2 * LARGEST_COMMIT - 20 <= place.seq + 1 <= start
            assert lines[place.seq + 1].document["g"][0] == 1


def test_little_is_read_and_less_is_parsed(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = fill(root)
    parsed = []
    whole = journal_io.raw_lines
    monkeypatch.setattr(
        journal_io,
        "raw_lines",
        lambda *given: (parsed.append(1) or raw for raw in whole(*given)),  # type: ignore[func-returns-value]
    )
    assert next(store.replay(LINES)).seq == LINES
    assert len(parsed) < 4 * LARGEST_COMMIT


def test_whole_lines_of_a_void_stretch_are_never_yielded(root: str) -> None:
    """A hole, whole groups behind it, the line that declares both void, and thousands of lines after it."""
    fill(root)
    start = os.stat(log_of(root)).st_size
    shutil.copytree(root, f"{root}-before")
    fill(root, LINES, size=20, lines=4 * LARGEST_COMMIT)
    shutil.copy(log_of(root), log_of(f"{root}-before"))
    root = f"{root}-before"
    with open(log_of(root), "r+b") as log:  # what a machine leaves that lost its power: none of it was acknowledged
        log.seek(start + 100)
        log.write(bytes(300))
    store = fill(root, 2 * LINES, lines=LARGEST_COMMIT)
    check(root)
    everything = list(store.replay())
    assert any(line.document["type"] == "log.torn" for line in everything)
    for wanted in range(LINES - 100, LINES + 5 * LARGEST_COMMIT, 150):
        assert list(store.replay(wanted)) == [line for line in everything if line.seq >= wanted]


def test_a_text_that_names_the_line_of_a_void_stretch_changes_nothing(root: str) -> None:
    store = fill(root)
    store.commit(
        [Group((Addition(record=RecordLine(kind="x", id="x", body={"t": 'a "log.torn" in words'})),))], now=NOW
    )
    assert place_before(log_of(root), 1, None, LINES) is not None
