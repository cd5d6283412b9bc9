"""The tree over the files of a log, and the signed heads beside it: never of lines that are not there."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from reporting_governance.errors import NotOurState, StorageError
from reporting_governance.storage.dry_run import DryRunStore
from reporting_governance.storage.files import frontiers, heads
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.merkle import extend, leaf_hash
from reporting_governance.verifier.merkle import root as tree_root
from tests.storage.building import birth, later


def physical_root(root: str) -> tuple[int, bytes]:
    """Return number and root of all physical lines, by reading every byte of the log."""
    whole = b"".join(
        (Path(root) / "journal/log" / name).read_bytes() for name in sorted(os.listdir(f"{root}/journal/log"))
    )
    size, frontier = extend(0, (), (leaf_hash(line) for line in whole.split(b"\n")[:-1]))
    return size, tree_root(frontier)


def head_of(store: FilesStore) -> tuple[int, bytes]:
    return store.tree_head()[:2]


def grown(root: str, count: int, *, first: int = 0, limits: Limits | None = None) -> FilesStore:
    store = FilesStore(root, actor="uid:0", limits=limits)
    for start in range(first, first + count, 50):
        store.commit([birth(number) for number in range(start, min(start + 50, first + count))], now=later(start))
    return store


def test_void_lines_are_leaves_too(root: str) -> None:
    store = grown(root, 5)
    with open(f"{root}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b'{"torn\nagain\nand no end')
    store = grown(root, 5, first=5)
    assert head_of(store) == physical_root(root)
    assert store.tree_head().size == store.ready().seq > 11


@pytest.mark.parametrize("segment_bytes", [4_000, 100_000])
def test_what_is_kept_is_read_no_more(root: str, segment_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(segment_bytes=segment_bytes)
    store = grown(root, 600, limits=limits)
    assert head_of(store) == physical_root(root)
    read: list[int] = []
    plain = frontiers.journal_io.raw_lines

    def counted(path: str, offset: int, end: int | None = None):
        for raw in plain(path, offset, end):
            read.append(len(raw))
            yield raw

    monkeypatch.setattr(frontiers.journal_io, "raw_lines", counted)
    again = grown(root, 7, first=600, limits=limits)
    read.clear()
    assert again.tree_head().size >= 608
    assert len(read) < 100
    monkeypatch.undo()
    assert head_of(again) == physical_root(root)


def test_leaf_hashes_of_closed_segments_give_the_same_tree(root: str) -> None:
    store = grown(root, 300, limits=Limits(segment_bytes=4_000))
    store.maintain(later(1000))
    wanted = physical_root(root)
    Path(root, "journal/checkpoints/frontier").unlink(missing_ok=True)
    assert head_of(store) == wanted
    where = Layout(root)
    leaves = [
        leaf_hash(line)
        for first in where.segments()
        for line in Path(where.segment(first)).read_bytes().split(b"\n")[:-1]
    ]
    for size in range(1, wanted[0] + 1, 17):
        assert frontiers.frontier(where, size, keep=False) == extend(0, (), leaves[:size])


@pytest.mark.parametrize("lost", [1, 300])
def test_what_is_kept_of_a_log_that_lost_its_end_is_not_believed(root: str, tmp_path: Path, lost: int) -> None:
    """A head over lines that are not there would make an honest log look like a forged one."""
    copy = str(tmp_path / "copy")
    grown(root, 600 - lost)
    shutil.copytree(f"{root}/journal", copy)
    store = grown(root, lost, first=600 - lost)
    assert head_of(store) == physical_root(root)
    assert os.path.exists(f"{root}/journal/checkpoints/frontier")
    kept = Path(root, "journal/checkpoints/frontier").read_bytes()
    shutil.rmtree(f"{root}/journal")
    shutil.copytree(copy, f"{root}/journal")
    Path(root, "journal/checkpoints/frontier").write_bytes(kept)
    again = grown(root, 700, first=5_000)
    assert head_of(again) == physical_root(root)


@pytest.mark.parametrize("damage", ["short", "flipped", "empty", "folder of an older program"])
def test_a_damaged_cache_counts_for_nothing(root: str, damage: str) -> None:
    store = grown(root, 300)
    wanted = head_of(store)
    cache = Path(root, "journal/checkpoints/frontier")
    data = cache.read_bytes()
    cache.write_bytes(
        {
            "short": data[:-1],
            "flipped": data[:10] + bytes([data[10] ^ 1]) + data[11:],
            "empty": b"",
            "folder of an older program": (300).to_bytes(8, "big") + bytes(64),
        }[damage]
    )
    assert head_of(FilesStore(root, actor="uid:0")) == wanted


def test_fewer_lines_than_asked_for_is_an_error(root: str) -> None:
    grown(root, 3)
    with pytest.raises(StorageError):
        frontiers.frontier(Layout(root), 99)


def test_a_dry_run_keeps_nothing(root: str) -> None:
    grown(root, 400)
    before = sorted(os.listdir(f"{root}/journal/checkpoints"))
    dry = DryRunStore(FilesStore(root, actor="uid:0", heals=False), actor="uid:0")
    dry.commit([birth(1_000)], now=later(1))
    dry.keep_log_checkpoint(402, b"note\n")
    assert dry.tree_head().size == 402
    assert dry.log_checkpoints() == [402]
    assert sorted(os.listdir(f"{root}/journal/checkpoints")) == before
    real = grown(root, 0)
    assert real.log_checkpoints() == []
    real.keep_log_checkpoint(401, b"real\n")
    assert dry.log_checkpoints() == [401, 402]
    assert dry.log_checkpoint(401) == b"real\n"


def test_what_is_no_head_is_not_listed(root: str) -> None:
    store = grown(root, 3)
    store.keep_log_checkpoint(3, b"three\n")
    for name in ("1.note", "000000000002.note.77.tmp", "anchors.json", "000000000002.txt", "٠٠٠٠٠٠٠٠٠٠٠٢.note"):
        Path(root, "journal/checkpoints", name).write_bytes(b"x")
    assert store.log_checkpoints() == [3]


def test_a_head_is_for_its_owner_s_eyes_and_nothing_is_left_beside_it(root: str) -> None:
    store = grown(root, 3)
    store.keep_log_checkpoint(3, b"three\n")
    path = Path(root, "journal/checkpoints/000000000003.note")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(path.parent)) == [path.name, "newest"]


def test_a_folder_that_was_removed_is_made_again(root: str) -> None:
    store = grown(root, 3)
    shutil.rmtree(f"{root}/journal/checkpoints")
    assert store.log_checkpoints() == []
    assert head_of(store) == physical_root(root)
    store.keep_log_checkpoint(3, b"three\n")
    assert store.log_checkpoint(3) == b"three\n"


def test_what_a_killed_process_left_is_removed_an_hour_later(root: str) -> None:
    store = grown(root, 3)
    folder = Path(root, "journal/checkpoints")
    for name, age in (("000000000002.note.77.tmp", 3_700), ("000000000002.note.78.tmp", 10)):
        (folder / name).write_bytes(b"half")
        moment = os.stat(folder).st_mtime - age
        os.utime(folder / name, (moment, moment))
    store.keep_log_checkpoint(3, b"three\n")
    assert sorted(os.listdir(folder)) == ["000000000002.note.78.tmp", "000000000003.note", "newest"]


def test_a_link_in_the_way_of_the_unfinished_file_is_not_followed(root: str, tmp_path: Path) -> None:
    store = grown(root, 3)
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    os.symlink(outside, f"{root}/journal/checkpoints/000000000003.note.{os.getpid()}.tmp")
    with pytest.raises(StorageError):
        store.keep_log_checkpoint(3, b"three\n")
    assert outside.read_bytes() == b"precious"


def test_only_the_owner_keeps_heads(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = grown(root, 3)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(root).st_uid + 1)
    with pytest.raises(NotOurState):
        store.keep_log_checkpoint(3, b"three\n")
    assert heads.sizes(Layout(root)) == []


@pytest.mark.parametrize("said", [None, "", "12", "000000000099.note", "000000000009.note", "../../etc/passwd", "é"])
def test_what_names_the_newest_head_is_a_cache(root: str, said: str | None) -> None:
    store = grown(root, 3)
    for size in (9, 12, 3):
        store.keep_log_checkpoint(size, b"note\n")
    assert store.newest_log_checkpoint() == 12
    path = Path(root, "journal/checkpoints/newest")
    if said is None:
        path.unlink()
    else:
        path.write_text(said, "utf-8")
    assert store.newest_log_checkpoint() == (9 if said == "000000000009.note" else 12)
    store.keep_log_checkpoint(13, b"note\n")
    assert store.newest_log_checkpoint() == 13
