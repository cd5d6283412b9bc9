"""A segment is opened, and what follows from that cannot be written: nothing is built on a half of it."""

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from reporting_governance.errors import StorageError
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.limits import Limits
from tests.storage.building import NOW, birth, item_id, later, settle
from tests.storage.oracle import check, read_log, record_ids
from tests.storage.scenarios import open_store

FORGETFUL = Limits(segment_seconds=10, past_seconds=25)
FULL = 40  #: seconds after which the next commit opens a segment, and `past/` forgets items 1 and 2


@pytest.fixture
def aged(root: str) -> FilesStore:
    """Return a store whose next segment forgets items 1 and 2, and keeps item 3."""
    store = open_store(root, limits=FORGETFUL)
    store.commit([birth(number) for number in (1, 2, 3)], now=NOW)
    for numbers, at in (((1, 2), 0), ((3,), 10)):
        names = store.listing(birth(1).additions[0].record.views[0].folder).names  # type: ignore[union-attr]
        store.commit([settle(names[item_id(number)], into_past=True) for number in numbers], now=later(at))
        store.ready()
    return store


def fails(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, concerns: Callable[[str], bool], *, times: int
) -> list[str]:
    """Let a call about a path that concerns us fail so many times; return the paths at which it did."""
    real = getattr(place, name)
    failed: list[str] = []

    def call(path: str, *given: Any, **more: Any) -> Any:
        if len(failed) < times and concerns(path):
            failed.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return real(path, *given, **more)

    monkeypatch.setattr(place, name, call)
    return failed


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("what", ["applied", "past"])
def test_a_fault_while_a_segment_opens_leaves_nothing_half_done(
    root: str, aged: FilesStore, monkeypatch: pytest.MonkeyPatch, what: str, times: int
) -> None:
    before = len(os.listdir(f"{root}/journal/log"))
    if what == "applied":
        failed = fails(monkeypatch, journal_io, "overwrite", lambda path: path.endswith("/applied"), times=times)
    else:
        failed = fails(monkeypatch, os, "unlink", lambda path: "/past/" in path, times=times)
    store = open_store(root, limits=FORGETFUL)
    if times > 1:
        with pytest.raises(StorageError):
            store.commit([birth(6)], now=later(FULL))
        assert item_id(6) not in record_ids(read_log(root))
    store.commit([birth(6)], now=later(FULL))
    assert len(failed) == times
    store.commit([birth(7)], now=later(FULL + 1))
    assert len(os.listdir(f"{root}/journal/log")) == before + 1, "a second was long enough for another segment"
    assert store.past_names("") == [item_id(3)]
    check(root)
