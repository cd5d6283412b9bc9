"""`past/` is counted from what the log does to it, never from what is there: else a loss before a crash is hidden."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.files import applied
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Group
from reporting_governance.storage.limits import Limits
from tests.storage.building import NOW, SPOOL, birth, item_id, later, reborn, settle
from tests.storage.oracle import check
from tests.storage.scenarios import open_store

Leave = Callable[[str, str, list[Group]], None]


@pytest.fixture
def filled(root: str) -> FilesStore:
    """Return a store with items 1 to 5; items 3, 4 and 5 are over."""
    store = open_store(root)
    store.commit([birth(number) for number in range(1, 6)], now=NOW)
    _into_past(store, 3, 4, 5)
    return store


def _into_past(store: FilesStore, *numbers: int) -> None:
    store.ready()
    names = store.listing(SPOOL).names
    store.commit([settle(names[item_id(number)], into_past=True) for number in numbers], now=NOW)


def lose(root: str, number: int) -> None:
    os.unlink(f"{root}/past/{item_id(number)}.json")


def killed_after_the_log(root: str, scratch: str, groups: list[Group]) -> None:
    """Leave a commit of which the log has all and the views have nothing."""
    shutil.copytree(root, scratch)
    open_store(scratch).commit(groups, now=NOW)
    shutil.copytree(f"{scratch}/journal/log", f"{root}/journal/log", dirs_exist_ok=True)


def killed_after_the_views(root: str, scratch: str, groups: list[Group]) -> None:
    """Leave a commit of which log and views have all, and only `applied` knows nothing."""
    shutil.copy(f"{root}/journal/applied", scratch)
    open_store(root).commit(groups, now=NOW)
    shutil.copy(scratch, f"{root}/journal/applied")


def must_not_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("rebuilt")

    monkeypatch.setattr("reporting_governance.storage.files.rebuild.state_at", fail)


def counted(root: str) -> int:
    known = applied.load(f"{root}/journal/applied")
    assert known is not None
    return known.views_in(Folder.PAST)


EVERY_KIND = {
    "none": lambda store: [birth(9)],
    "new": lambda store: [settle(store.listing(SPOOL).names[item_id(1)], into_past=True)],
    "replaced": lambda store: [settle(store.past(item_id(3)).name, into_past=True)],
    "taken-out": lambda store: [reborn(store.past(item_id(3)).name)],
}
kinds = pytest.mark.parametrize("groups_of", EVERY_KIND.values(), ids=EVERY_KIND)
leaves = pytest.mark.parametrize("leave", [killed_after_the_log, killed_after_the_views])


@leaves
@kinds
def test_a_file_lost_before_a_crash_is_made_again(
    root: str, tmp_path: Path, filled: FilesStore, groups_of: Callable[[FilesStore], list[Group]], leave: Leave
) -> None:
    leave(root, str(tmp_path / "scratch"), groups_of(filled))
    lose(root, 5)
    store = open_store(root)
    store.ready()
    assert item_id(5) in store.past_names("")
    assert counted(root) == len(os.listdir(f"{root}/past"))
    check(root)


@leaves
@kinds
def test_a_crash_alone_needs_no_rebuild(
    root: str,
    tmp_path: Path,
    filled: FilesStore,
    groups_of: Callable[[FilesStore], list[Group]],
    leave: Leave,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave(root, str(tmp_path / "scratch"), groups_of(filled))
    must_not_rebuild(monkeypatch)
    open_store(root).ready()
    assert counted(root) == len(os.listdir(f"{root}/past"))
    check(root)


@leaves
def test_what_came_over_another_unasked_is_counted_once(
    root: str, tmp_path: Path, filled: FilesStore, leave: Leave
) -> None:
    """After the crash nobody can tell whether it replaced one."""
    filled.commit([birth(5)], now=NOW)
    filled.ready()
    again = settle(filled.listing(SPOOL).names[item_id(5)], into_past=True)
    leave(root, str(tmp_path / "scratch"), [again])
    open_store(root).ready()
    assert counted(root) == 3
    assert len(open_store(root, heals=False).past_names("")) == 3
    check(root)


# -- forgetting

FORGETFUL = Limits(segment_seconds=10, past_seconds=25)


@pytest.fixture
def aged(root: str) -> FilesStore:
    """Return a store whose next segment forgets items 1 and 2, and keeps item 3."""
    store = open_store(root, limits=FORGETFUL)
    store.commit([birth(number) for number in (1, 2, 3)], now=NOW)
    _into_past(store, 1, 2)
    store.commit([birth(4)], now=later(10))
    store.ready()
    store.commit([settle(store.listing(SPOOL).names[item_id(3)], into_past=True)], now=later(10))
    return store


def forgetting(root: str) -> None:
    open_store(root, limits=FORGETFUL).commit([birth(6)], now=later(40))


def test_a_file_lost_before_others_are_forgotten_is_made_again(root: str, aged: FilesStore) -> None:
    lose(root, 3)
    forgetting(root)
    assert open_store(root, limits=FORGETFUL).past_names("") == [item_id(3)]
    check(root)


def test_forgetting_that_was_cut_short_is_finished_and_counted(root: str, tmp_path: Path, aged: FilesStore) -> None:
    whole = str(tmp_path / "whole")
    shutil.copytree(root, whole)
    forgetting(whole)
    newest = max(os.listdir(f"{whole}/journal/log"))
    opening = Path(f"{whole}/journal/log/{newest}").read_bytes().split(b"\n")[0] + b"\n"
    assert b"past_before" in opening
    Path(f"{root}/journal/log/{newest}").write_bytes(opening)
    lose(root, 1)
    open_store(root, limits=FORGETFUL).ready()
    assert os.listdir(f"{root}/past") == [f"{item_id(3)}.json"]
    assert counted(root) == 1
    check(root)
