"""What somebody took out of the work folders, or put in their place, within one boot: views can be thrown away."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import Busy, ExitCode, StorageError
from reporting_governance.storage.files.access import NeedsHealing
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.files.views import Views
from reporting_governance.storage.interface import Added
from tests.storage.building import NOW, SPOOL, attempt, birth, item_id, later, reborn, settle
from tests.storage.oracle import check, views_on_disk

OPEN = [folder for folder in Folder if folder is not Folder.PAST]
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")


def open_store(root: str, **options: Any) -> FilesStore:
    return FilesStore(root, actor="uid:0", now=lambda: later(100), monotonic=lambda: 100.0, **options)


@pytest.fixture
def filled(root: str) -> FilesStore:
    """Return a store with items 1 to 5; items 4 and 5 are over."""
    store = open_store(root)
    store.commit([birth(number) for number in range(1, 6)], now=NOW)
    store.ready()
    names = store.listing(SPOOL).names
    store.commit([settle(names[item_id(number)], into_past=True) for number in (4, 5)], now=NOW)
    store.ready()
    return store


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Folder]:
    """Return a list that fills with the folders that are listed."""
    folders: list[Folder] = []
    whole = Views.raw_names

    def listen(self: Views, folder: Folder) -> list[str]:
        folders.append(folder)
        return whole(self, folder)

    monkeypatch.setattr(Views, "raw_names", listen)
    return folders


def must_not_rebuild(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("rebuilt")

    monkeypatch.setattr("reporting_governance.storage.files.rebuild.state_at", fail)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- one file of `past/`


def test_what_is_over_is_found_although_its_file_was_lost(root: str, filled: FilesStore) -> None:
    os.unlink(f"{root}/past/{item_id(5)}.json")
    view = open_store(root).past(item_id(5))
    assert view is not None
    assert view.body["receipts"]
    check(root)


def test_not_known_is_said_only_when_nothing_was_lost(root: str, filled: FilesStore) -> None:
    os.unlink(f"{root}/past/{item_id(5)}.json")
    assert filled.past(item_id(9)) is None
    check(root)


def test_a_loss_after_the_folder_was_listed_is_noticed_too(root: str, filled: FilesStore) -> None:
    assert filled.past(item_id(9)) is None
    os.unlink(f"{root}/past/{item_id(5)}.json")
    assert filled.past(item_id(5)) is not None
    check(root)


def test_a_lost_file_is_not_made_good_by_whoever_may_not(root: str, filled: FilesStore) -> None:
    os.unlink(f"{root}/past/{item_id(5)}.json")
    with pytest.raises(NeedsHealing):
        open_store(root, heals=False).past(item_id(5))
    with pytest.raises(NeedsHealing):
        open_store(root, heals=False).past(item_id(9))
    assert not os.path.exists(f"{root}/past/{item_id(5)}.json")


def test_a_found_one_costs_no_listing_and_many_unknown_ones_cost_one(
    root: str, filled: FilesStore, listed: list[Folder]
) -> None:
    assert filled.past(item_id(5)) is not None
    assert listed == []
    for number in range(100, 200):
        assert filled.past(item_id(number)) is None
    assert listed == [Folder.PAST]


def test_what_others_put_into_the_past_and_take_out_again_is_seen(
    root: str, filled: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    must_not_rebuild(monkeypatch)
    assert filled.past(item_id(3)) is None
    other = open_store(root)
    other.commit([settle(other.listing(SPOOL).names[item_id(3)], into_past=True)], now=NOW)
    kept = filled.past(item_id(3))
    assert kept is not None
    other.commit([reborn(kept.name)], now=NOW)
    assert filled.past(item_id(3)) is None
    assert filled.past(item_id(4)) is not None


# -- a folder


@pytest.mark.parametrize("folder", list(Folder))
def test_a_removed_folder_is_made_again_with_all_that_was_in_it(root: str, filled: FilesStore, folder: Folder) -> None:
    before = views_on_disk(root)
    shutil.rmtree(f"{root}/{folder.value}")
    store = open_store(root)
    store.ready()
    if folder is Folder.PAST:
        assert store.past_names("") == [item_id(4), item_id(5)]
    else:
        assert len(store.listing(folder).names) == (3 if folder is SPOOL else 0)
    assert views_on_disk(root) == before
    assert stat.S_IMODE(os.stat(f"{root}/{folder.value}").st_mode) == 0o700
    check(root)


def test_what_is_over_is_found_although_the_whole_folder_is_gone(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/past")
    assert filled.past(item_id(5)) is not None
    check(root)


def test_all_folders_removed(root: str, filled: FilesStore) -> None:
    for folder in Folder:
        shutil.rmtree(f"{root}/{folder.value}")
    filled.rebuild()
    check(root)


def test_a_commit_into_a_removed_folder_is_added_and_applied(root: str, filled: FilesStore) -> None:
    name = filled.listing(SPOOL).names[item_id(1)]
    shutil.rmtree(f"{root}/{SPOOL.value}")
    answers = open_store(root).commit([birth(9), attempt(name)], now=NOW)
    assert [type(answer) for answer in answers] == [Added, Added]
    check(root)


def test_a_folder_removed_under_a_running_command_is_made_good_by_the_next(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/{SPOOL.value}")
    assert [type(answer) for answer in filled.commit([birth(9)], now=NOW)] == [Added]
    store = open_store(root)
    assert len(store.listing(SPOOL).names) == 4
    check(root)


def test_a_folder_removed_behind_a_commit_that_was_not_applied(root: str, filled: FilesStore) -> None:
    applied = Path(f"{root}/journal/applied").read_bytes()
    filled.commit([birth(9)], now=NOW)
    Path(f"{root}/journal/applied").write_bytes(applied)
    for folder in (SPOOL, Folder.PAST):
        shutil.rmtree(f"{root}/{folder.value}")
    store = open_store(root)
    store.ready()
    assert len(store.listing(SPOOL).names) == 4
    assert store.past_names("") == [item_id(4), item_id(5)]
    check(root)


def test_removed_folders_are_made_again_by_nobody_who_may_not(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/{SPOOL.value}")
    with pytest.raises(NeedsHealing):
        open_store(root, heals=False).listing(SPOOL)
    assert not os.path.exists(f"{root}/{SPOOL.value}")


@ROOT_ONLY
def test_another_reader_of_a_removed_folder_is_told_to_wait(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/{SPOOL.value}")
    os.chown(root, 65534, 65534)
    with pytest.raises(Busy):
        open_store(root).listing(SPOOL)
    assert not os.path.exists(f"{root}/{SPOOL.value}")


# -- something else in a folder's place


def linked(root: str, folder: Folder) -> Path:
    """Put a link in a folder's place, to a copy of it elsewhere; return the copy."""
    elsewhere = Path(f"{root}-elsewhere")
    shutil.copytree(f"{root}/{folder.value}", elsewhere)
    shutil.rmtree(f"{root}/{folder.value}")
    os.symlink(elsewhere, f"{root}/{folder.value}")
    return elsewhere


def assert_put_away(root: str, folder: Folder) -> None:
    assert stat.S_ISDIR(os.lstat(f"{root}/{folder.value}").st_mode)
    assert os.path.islink(f"{root}/corrupt/{folder.value}")
    check(root)


@pytest.mark.parametrize("folder", OPEN)
def test_a_link_in_a_folders_place_is_put_away_not_followed(root: str, filled: FilesStore, folder: Folder) -> None:
    elsewhere = linked(root, folder)
    before = tree(elsewhere)
    store = open_store(root)
    store.ready()
    assert len(store.listing(folder).names) == (3 if folder is SPOOL else 0)
    assert tree(elsewhere) == before
    assert_put_away(root, folder)


def test_nothing_is_written_through_a_link(root: str, filled: FilesStore) -> None:
    names = filled.listing(SPOOL).names
    elsewhere = linked(root, SPOOL)
    before = tree(elsewhere)
    answers = open_store(root).commit([birth(9), attempt(names[item_id(1)]), settle(names[item_id(2)])], now=NOW)
    assert [type(answer) for answer in answers] == [Added, Added, Added]
    assert tree(elsewhere) == before
    assert_put_away(root, SPOOL)


@pytest.mark.parametrize("ask", [lambda store: store.past(item_id(5)), lambda store: store.past_names("")])
def test_what_is_over_is_not_looked_up_through_a_link(
    root: str, filled: FilesStore, ask: Callable[[FilesStore], object]
) -> None:
    elsewhere = linked(root, Folder.PAST)
    for path in elsewhere.iterdir():
        path.write_bytes(path.read_bytes().replace(b'"blocked"', b'"invented"'))
    before = tree(elsewhere)
    assert "invented" in str(before)
    answer = ask(filled)
    assert answer
    assert "invented" not in str(answer)
    assert tree(elsewhere) == before
    assert_put_away(root, Folder.PAST)


def test_a_link_to_nowhere_is_put_away(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/{SPOOL.value}")
    os.symlink(f"{root}-nowhere", f"{root}/{SPOOL.value}")
    assert len(filled.listing(SPOOL).names) == 3
    assert_put_away(root, SPOOL)
    assert not os.path.exists(f"{root}-nowhere")


def test_files_in_a_folders_place_are_kept_each_of_them(root: str, filled: FilesStore) -> None:
    for text in ("first", "second", "third"):
        shutil.rmtree(f"{root}/{SPOOL.value}")
        Path(f"{root}/{SPOOL.value}").write_text(text)
        assert len(filled.listing(SPOOL).names) == 3
    kept = {path.name: path.read_text() for path in Path(f"{root}/corrupt").iterdir()}
    assert kept == {SPOOL.value: "first", f"{SPOOL.value}-2": "second", f"{SPOOL.value}-3": "third"}
    check(root)


def test_the_place_for_what_is_put_away_is_made_too(root: str, filled: FilesStore) -> None:
    shutil.rmtree(f"{root}/corrupt")
    linked(root, SPOOL)
    assert len(filled.listing(SPOOL).names) == 3
    assert_put_away(root, SPOOL)


@pytest.mark.parametrize("kind", ["link", "file"])
def test_nothing_is_put_away_through_a_link(root: str, filled: FilesStore, tmp_path: Path, kind: str) -> None:
    (tmp_path / "theirs").mkdir()
    shutil.rmtree(f"{root}/corrupt")
    if kind == "link":
        os.symlink(tmp_path / "theirs", f"{root}/corrupt")
    else:
        Path(f"{root}/corrupt").write_text("mine")
    linked(root, SPOOL)
    with pytest.raises(StorageError, match=r"corrupt: is not a folder.*move it away") as told:
        filled.listing(SPOOL)
    assert told.value.exit_code is ExitCode.PARTIAL
    assert list((tmp_path / "theirs").iterdir()) == []
    assert os.path.islink(f"{root}/{SPOOL.value}")
    os.unlink(f"{root}/corrupt")
    assert len(filled.listing(SPOOL).names) == 3
    assert_put_away(root, SPOOL)


def test_a_first_use_follows_no_link_either(root: str, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o755)
    os.mkdir(root)
    os.symlink(tmp_path / "theirs", f"{root}/{SPOOL.value}")
    Path(f"{root}/tasks").write_text("mine")
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    assert list((tmp_path / "theirs").iterdir()) == []
    assert stat.S_IMODE(os.stat(tmp_path / "theirs").st_mode) == 0o755
    assert Path(f"{root}/corrupt/tasks").read_text() == "mine"
    assert_put_away(root, SPOOL)


# -- something else in a file's place


def in_its_place(path: str, kind: str, target: Path) -> None:
    os.unlink(path)
    if kind == "link":
        os.symlink(target, path)
    elif kind == "folder":
        os.mkdir(path)
        Path(f"{path}/mine").write_text("mine")
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
@pytest.mark.parametrize("ask", ["read", "past", "rebuild", "commit"])
def test_what_is_no_plain_file_is_neither_read_nor_written_through(
    root: str, filled: FilesStore, tmp_path: Path, kind: str, ask: str
) -> None:
    target = tmp_path / "theirs"
    name = filled.listing(SPOOL).names[item_id(1)]
    path = f"{root}/past/{item_id(5)}.json" if ask == "past" else f"{root}/{name}"
    target.write_bytes(Path(path).read_bytes().replace(b'"text":"', b'"text":"theirs '))
    before = target.read_bytes()
    assert b"theirs" in before
    in_its_place(path, kind, target)
    if ask == "read":
        view = filled.read(name)
        assert view is not None
        assert "theirs" not in str(view.body)
    elif ask == "past":
        view = filled.past(item_id(5))
        assert view is not None
        assert "theirs" not in str(view.body)
    elif ask == "rebuild":
        filled.rebuild()
    else:
        assert isinstance(filled.commit([attempt(name)], now=NOW)[0], Added)
    assert target.read_bytes() == before
    assert len(os.listdir(f"{root}/corrupt")) == 1
    check(root)


# -- what a rebuild puts away, and what it writes over


@pytest.mark.parametrize("folder", list(Folder))
def test_strangers_files_of_one_name_are_kept_each_of_them(root: str, filled: FilesStore, folder: Folder) -> None:
    for text in ("first", "second", "third"):
        Path(f"{root}/{folder.value}/notes.txt").write_text(text)
        filled.rebuild()
    kept = {path.name: path.read_text() for path in Path(f"{root}/corrupt").iterdir()}
    name = f"{folder.value}-notes.txt"
    assert kept == {name: "first", f"{name}-2": "second", f"{name}-3": "third"}
    check(root)


def test_a_strangers_folder_and_file_of_one_name_are_both_kept(root: str, filled: FilesStore) -> None:
    Path(f"{root}/{SPOOL.value}/notes").write_text("mine")
    filled.rebuild()
    os.mkdir(f"{root}/{SPOOL.value}/notes")
    Path(f"{root}/{SPOOL.value}/notes/more").write_text("mine too")
    filled.rebuild()
    kept = tree(Path(f"{root}/corrupt"))
    assert kept == {f"{SPOOL.value}-notes": b"mine", f"{SPOOL.value}-notes-2/more": b"mine too"}
    check(root)


@pytest.mark.parametrize("folder", [SPOOL, Folder.PAST])
def test_a_rebuild_writes_over_no_file_that_has_another_name_too(
    root: str, tmp_path: Path, filled: FilesStore, folder: Folder
) -> None:
    """A backup of hard links has the same files under other names."""
    path = next(Path(f"{root}/{folder.value}").iterdir())
    path.write_bytes(b"as it was, and far longer than what a rebuild puts in its place " * 99)
    before = path.read_bytes()
    os.link(path, tmp_path / "backup")
    filled.rebuild()
    assert (tmp_path / "backup").read_bytes() == before
    assert os.stat(path).st_nlink == 1
    assert os.listdir(f"{root}/corrupt") == []
    check(root)
