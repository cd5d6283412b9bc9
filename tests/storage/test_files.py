"""The files back end alone: what it trusts and when, who may write, what is kept beside the log."""

import json
import os
import shutil
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder, LineType, RecordLine, ViewKey
from reporting_governance.errors import Busy, NotOurState, StorageError
from reporting_governance.storage.files import layout, mounts, rebuild, snapshots
from reporting_governance.storage.files.frontiers import frontier
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Addition, Group
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.merkle import extend
from reporting_governance.verifier.merkle import root as tree_root
from tests.storage.building import DUE, NOW, SPOOL, attempt, birth, item_id, later, observed, settle
from tests.storage.oracle import check, views_on_disk

OTHER_BOOT = "11111111-2222-3333-4444-555555555555"


def open_store(root: str, **options: Any) -> FilesStore:
    options = {"now": lambda: later(100), "monotonic": lambda: 100.0, **options}
    return FilesStore(root, actor="uid:0", **options)


@pytest.fixture
def filled(root: str) -> FilesStore:
    """Return a store with items 1 to 5; item 5 is over."""
    store = open_store(root)
    store.commit([birth(number) for number in range(1, 6)], now=NOW)
    store.ready()
    store.commit([settle(store.listing(SPOOL).names[item_id(5)], into_past=True)], now=NOW)
    store.ready()
    return store


def files(root: str, folder: Folder = SPOOL) -> list[str]:
    return sorted(f"{root}/{folder.value}/{name}" for name in os.listdir(f"{root}/{folder.value}"))


# -- what is trusted


def test_a_lost_view_is_missed_before_anything_is_concluded(root: str, filled: FilesStore) -> None:
    os.unlink(files(root)[0])
    store = open_store(root)
    store.ready()
    assert len(store.listing(SPOOL).names) == 4
    check(root)


def test_an_emptied_view_is_made_again_when_it_is_read(root: str, filled: FilesStore) -> None:
    name = filled.listing(SPOOL).names[item_id(1)]
    Path(files(root)[0]).write_bytes(b"")
    view = filled.read(name)
    assert view is not None
    assert view.body["item"]["spool_id"] == item_id(1)
    check(root)


def test_an_emptied_view_is_made_again_when_it_is_consumed(root: str, filled: FilesStore) -> None:
    name = filled.listing(SPOOL).names[item_id(1)]
    Path(files(root)[0]).write_bytes(b"")
    assert isinstance(filled.commit([attempt(name)], now=NOW)[0], Added)
    check(root)


def test_an_emptied_view_of_what_is_over_is_made_again(root: str, filled: FilesStore) -> None:
    Path(files(root, Folder.PAST)[0]).write_bytes(b"")
    assert filled.past(item_id(5)) is not None
    os.unlink(files(root, Folder.PAST)[0])
    assert filled.past_names("spl") == [item_id(5)]


def test_after_another_boot_no_view_is_trusted(root: str, filled: FilesStore) -> None:
    """What was written and not synced may come back as a file of nothing, with the right name."""
    before = views_on_disk(root)
    for path in files(root):
        Path(path).write_bytes(b"")
    store = open_store(root, boot=OTHER_BOOT)
    store.ready()
    assert views_on_disk(root) == before


def test_every_view_lost_and_every_view_made_again(root: str, filled: FilesStore) -> None:
    before = views_on_disk(root)
    for folder in Folder:
        for path in files(root, folder):
            os.unlink(path)
    open_store(root).rebuild()
    assert views_on_disk(root) == before


def test_an_older_version_that_comes_back_is_removed(root: str, filled: FilesStore) -> None:
    name = filled.listing(SPOOL).names[item_id(1)]
    old = Path(files(root)[0]).read_bytes()
    filled.commit([attempt(name)], now=NOW)
    Path(f"{root}/{name}").write_bytes(old)
    assert filled.listing(SPOOL).names[item_id(1)].seq > name.seq
    check(root)


def test_a_strangers_file_in_a_work_folder_is_put_away_not_lost(root: str, filled: FilesStore) -> None:
    Path(f"{root}/{SPOOL.value}/notes.txt").write_text("mine")
    assert len(filled.listing(SPOOL).names) == 4
    assert Path(f"{root}/corrupt/{SPOOL.value}-notes.txt").read_text() == "mine"


@pytest.mark.parametrize("damage", [b"", b"x" * 256, None])
def test_applied_is_a_cache(root: str, filled: FilesStore, damage: bytes | None) -> None:
    if damage is None:
        os.unlink(f"{root}/journal/applied")
    else:
        Path(f"{root}/journal/applied").write_bytes(damage)
    os.unlink(files(root)[0])
    store = open_store(root)
    assert store.ready().seq == filled.head().seq
    assert len(store.listing(SPOOL).names) == 4
    assert isinstance(store.commit([birth(9)], now=NOW)[0], Added)
    check(root)


def test_ready_takes_no_lock_and_writes_nothing_when_all_is_well(root: str, filled: FilesStore) -> None:
    import fcntl

    with open(f"{root}/journal/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store = open_store(root, limits=Limits(lock_wait_seconds=0))
        store.ready()
        assert len(store.listing(SPOOL).names) == 4
        with pytest.raises(Busy):
            store.commit([birth(9)], now=NOW)


def test_a_view_that_cannot_be_written_is_no_refusal(
    root: str, filled: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, name: object, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("reporting_governance.storage.files.views.Views.put", full)
        [answer] = filled.commit([birth(9)], now=NOW)
        assert isinstance(answer, Added)
        with pytest.raises(StorageError):
            filled.ready()
    filled.ready()
    assert item_id(9) in filled.listing(SPOOL).names
    check(root)


def test_a_listing_during_a_commit_is_taken_again(
    root: str, filled: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a folder while names change may miss one that was there all the time; the number can still be right."""
    from reporting_governance.storage.files.views import Views

    whole = Views.raw_names
    calls: list[int] = []

    def torn(self: Views, folder: Folder) -> list[str]:
        calls.append(1)
        if len(calls) > 1:
            return whole(self, folder)
        before = whole(self, folder)
        names = open_store(root).listing(SPOOL).names
        open_store(root).commit([settle(names[item_id(1)]), birth(9)], now=NOW)
        after = whole(self, folder)
        missed = next(name for name in before if item_id(2) in name)
        return [*(set(before) - {missed}), *(set(after) - set(before))]

    monkeypatch.setattr(Views, "raw_names", torn)
    assert set(filled.listing(SPOOL).names) == {item_id(number) for number in (2, 3, 4, 9)}


# -- first use


def test_nothing_is_made_by_looking(root: str) -> None:
    store = open_store(root)
    assert store.ready().log_id is None
    assert dict(store.listing(SPOOL).names) == {}
    assert store.past_names("") == []
    assert not os.path.exists(root)


def test_folders_have_the_modes_they_need_whatever_the_umask(root: str) -> None:
    before = os.umask(0o077)
    try:
        store = open_store(root)
        store.initialise(NOW)
        store.commit([birth(1)], now=NOW)
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE(os.stat(f"{root}/{name}").st_mode) for name in os.listdir(root)}
    assert stat.S_IMODE(os.stat(root).st_mode) == 0o711
    assert modes.pop("inbox") == 0o1733
    assert set(modes.values()) == {0o700}
    assert set(modes) >= {folder.value for folder in Folder} | {"journal", "heartbeats", "blobs", "outbox", "corrupt"}
    for folder, _, names in os.walk(root):
        assert all(stat.S_IMODE(os.stat(f"{folder}/{name}").st_mode) == 0o600 for name in names)


def test_the_first_line_tells_a_random_log_id_and_what_is_in_force(tmp_path: Path) -> None:
    ids = set()
    for name in ("a", "b"):
        store = open_store(f"{tmp_path}/{name}", context={"profile": "abc"})
        ids.add(store.initialise(NOW).log_id)
        first = next(store.replay()).document
        assert first["type"] == "log.open"
        assert first["meta"]["context"] == {"profile": "abc"}
        assert first["meta"]["log_id"] == store.head().log_id
    assert len(ids) == 2


def test_a_change_of_what_is_in_force_is_a_line_before_the_next(root: str) -> None:
    open_store(root, context={"profile": "a"}).commit([birth(1)], now=NOW)
    for _ in range(2):
        other = open_store(root, context={"profile": "b"})
        other.commit([birth(2)], now=NOW)
    documents = check(root)
    changed = [document for document in documents if document["type"] == "config.changed"]
    assert [document["meta"] for document in changed] == [{"context": {"profile": "b"}}]
    assert changed[0]["seq"] == 3


def test_several_first_uses_at_once(root: str) -> None:
    children = []
    for number in range(6):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                open_store(root).commit([birth(number)], now=NOW)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 6
    documents = check(root)
    assert [document["type"] for document in documents].count("log.open") == 1
    assert len(open_store(root).listing(SPOOL).names) == 6


# -- segments and what is kept beside them

SMALL = Limits(segment_bytes=2000)


def rotated(root: str, *, rounds: int = 12) -> FilesStore:
    store = open_store(root, limits=SMALL)
    for number in range(rounds):
        store.commit([birth(number)], now=later(number))
        if number % 3 == 2:
            store.ready()
            store.commit([settle(store.listing(SPOOL).names[item_id(number)])], now=later(number))
    return store


def test_a_full_segment_is_followed_by_one_that_carries_the_tree(root: str) -> None:
    store = rotated(root)
    documents = check(root)
    opened = [document for document in documents if document["type"] == "log.segment_open"]
    assert len(opened) >= 3
    assert len(Layout(root).segments()) == len(opened) + 1
    leaves = [bytes.fromhex(line.leaf) for line in store.replay()]
    for document in opened:
        _, hashes = extend(0, (), leaves[: document["seq"] - 1])
        assert document["meta"]["frontier"] == [each.hex() for each in hashes]
    assert tree_root(frontier(Layout(root), len(leaves))[1]) == _plain_root(leaves)


def _plain_root(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962 defines it, top down."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + _plain_root(leaves[:split]) + _plain_root(leaves[split:])).digest()


def test_a_segment_is_closed_after_a_day(root: str) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    store.commit([birth(2)], now=later(24 * 3600 - 1))
    assert len(Layout(root).segments()) == 1
    store.commit([birth(3)], now=later(24 * 3600))
    assert len(Layout(root).segments()) == 2
    store.commit([birth(4)], now=NOW)  # the clock went back
    assert len(Layout(root).segments()) == 2
    check(root)


def test_leaves_and_snapshot_of_closed_segments_are_made_once(root: str) -> None:
    store = rotated(root)
    segments = Layout(root).segments()
    assert store.maintain(NOW) == [segments[-2]]
    assert store.maintain(NOW) == []
    leaves = b"".join(bytes.fromhex(line.leaf) for line in store.replay())
    kept = b"".join(Path(f"{root}/journal/leaves/{first:012d}.leaves").read_bytes() for first in segments[:-1])
    assert kept == leaves[: len(kept)]
    assert len(kept) == 32 * (segments[-1] - 1)
    named = [document for document in check(root) if document["type"] == "log.snapshot"]
    snapshot = Path(f"{root}/journal/snapshots/{segments[-2]:012d}.jsonl").read_bytes()
    assert [document["meta"] for document in named] == [
        {"segment": segments[-2], "seq": segments[-1] - 1, "sha256": sha256(snapshot).hexdigest()}
    ]


def test_a_rebuild_begins_at_the_snapshot(root: str) -> None:
    store = rotated(root)
    store.maintain(NOW)
    before = views_on_disk(root)
    for first in Layout(root).segments()[:-1]:
        os.unlink(Layout(root).segment(first))
    for path in files(root):
        os.unlink(path)
    store.rebuild()
    assert views_on_disk(root) == before


@pytest.mark.parametrize("harm", ["damaged", "another", "missing"])
def test_a_snapshot_that_is_not_the_one_named_is_not_believed(root: str, harm: str) -> None:
    store = rotated(root)
    [segment] = store.maintain(NOW)
    before = views_on_disk(root)
    path = Path(f"{root}/journal/snapshots/{segment:012d}.jsonl")
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        lines = content.replace(b'"attempts":[]', b'"attempts":[7]').splitlines(keepends=True)
        assert lines != content.splitlines(keepends=True)
        if harm == "another":
            lines[-1] = sha256(b"".join(lines[:-1])).hexdigest().encode() + b"\n"
        path.write_bytes(b"".join(lines))
    store.rebuild()
    assert views_on_disk(root) == before


@pytest.mark.parametrize("harm", [None, "damaged"])
def test_a_snapshot_that_no_line_names_is_believed_only_while_the_lines_before_it_are_there(
    root: str, harm: str | None
) -> None:
    """Nothing in the log would tell a damaged one, so without the older segments nothing is concluded from it."""
    store = rotated(root)
    before = views_on_disk(root)
    segment = Layout(root).segments()[-2]
    end = os.stat(Layout(root).segment(segment)).st_size
    content = snapshots.snapshot_content(segment, rebuild.state_at(Layout(root), (segment, end)))
    path = Path(snapshots.snapshot_path(Layout(root), segment))
    if harm is not None:
        damaged = content.replace(b'"attempts":[]', b'"attempts":[7]')
        assert damaged != content
        content = damaged
    path.write_bytes(content)
    log = b"".join(each.read_bytes() for each in Path(f"{root}/journal/log").iterdir())
    assert b"log.snapshot" not in log
    store.rebuild()
    assert views_on_disk(root) == before
    for first in Layout(root).segments()[:-1]:
        os.unlink(Layout(root).segment(first))
    with pytest.raises(StorageError, match="segments are missing"):
        store.rebuild()
    assert views_on_disk(root) == before


def test_missing_segments_without_a_snapshot_are_never_half_rebuilt(root: str) -> None:
    store = rotated(root)
    before = views_on_disk(root)
    os.unlink(Layout(root).segment(1))
    with pytest.raises(StorageError, match="segments are missing"):
        store.rebuild()
    assert views_on_disk(root) == before


def test_what_is_over_is_forgotten_after_its_time(root: str) -> None:
    limits = Limits(segment_seconds=10, past_seconds=25)
    store = open_store(root, limits=limits)
    for number in range(6):
        store.commit([birth(number)], now=later(number * 10))
        store.ready()
        store.commit([settle(store.listing(SPOOL).names[item_id(number)], into_past=True)], now=later(number * 10))
    kept = store.past_names("")
    assert item_id(0) not in kept
    assert {item_id(3), item_id(4), item_id(5)} <= set(kept), "kept for at least its time"
    check(root)
    store.rebuild()
    assert store.past_names("") == kept


def test_replay_crosses_segments_from_any_line(root: str) -> None:
    store = rotated(root)
    everything = [line.seq for line in store.replay()]
    for start in everything:
        assert [line.seq for line in store.replay(start)] == everything[start - 1 :]


def test_absence_is_judged_across_segments(root: str) -> None:
    rotated(root)
    for seen in range(1, 12):
        store = open_store(root, limits=SMALL)
        answers = store.commit([birth(number, absent_at=seen) for number in range(3)], now=NOW)
        for number, answer in enumerate(answers):
            named = [d["seq"] for d in check(root) if "record" in d and item_id(number) in str(d["record"]["views"])]
            since = [seq for seq in named if seq > seen and not (isinstance(answer, Added) and seq in answer.seqs)]
            assert isinstance(answer, Added) == (not since)
            if isinstance(answer, Added):
                store.commit([settle(store.listing(SPOOL).names[item_id(number)])], now=NOW)


def test_absences_of_many_commits_read_no_line_twice(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(root)
    seen = store.initialise(NOW).seq
    from reporting_governance.storage.files import recent

    read: list[int] = []
    monkeypatch.setattr(recent.Recent, "_note_line", lambda self, seq, raw: read.append(seq))
    for number in range(10):
        assert isinstance(store.commit([birth(number, absent_at=seen)], now=NOW)[0], Added)
    assert read == []


# -- clocks


def test_a_step_of_the_clock_is_a_line_before_the_next(root: str) -> None:
    monotonic = [100.0]
    store = open_store(root, clock_step_seconds=120, monotonic=lambda: monotonic[0])
    store.commit([birth(1)], now=NOW)
    monotonic[0] += 3600
    store.commit([birth(2)], now=later(3600))
    assert store.clock_step(later(3600)) is None
    assert store.clock_step(later(7200)) == later(7200)
    store.commit([birth(3)], now=later(7200))
    store.commit([birth(4)], now=later(7000))
    steps = [document["meta"] for document in check(root) if document["type"] == "log.clock_step"]
    assert steps == [{"by_ms": 3_600_000}, {"by_ms": -200_000}]
    assert store.clock_step(later(7000)) == later(7000)
    store.rebuild()
    assert store.clock_step(later(7000)) == later(7000)


def test_a_boots_clock_below_zero_is_a_clock_like_others(root: str) -> None:
    """Where a boot's clock begins is nobody's promise; a clock that is moved back in a test stands below zero."""
    monotonic = [-100.0]
    store = open_store(root, clock_step_seconds=120, monotonic=lambda: monotonic[0])
    assert isinstance(store.commit([birth(1)], now=NOW)[0], Added)
    monotonic[0] = 500.0
    assert store.clock_step(later(600)) is None, "both went on by as much"
    assert isinstance(store.commit([birth(2)], now=later(600))[0], Added)
    assert [document["type"] for document in check(root)].count("log.clock_step") == 0


def test_another_boot_is_no_step_of_the_clock(root: str) -> None:
    open_store(root, clock_step_seconds=120).commit([birth(1)], now=NOW)
    store = open_store(root, clock_step_seconds=120, boot=OTHER_BOOT, monotonic=lambda: 5.0, now=lambda: later(99_000))
    store.commit([birth(2)], now=later(99_000))
    assert [document["type"] for document in check(root)].count("log.clock_step") == 0


def test_silence_is_a_line_too(root: str) -> None:
    store = open_store(root)
    assert not store.heartbeat_line(NOW)
    store.commit([birth(1)], now=NOW)
    assert not store.heartbeat_line(later(3599))
    assert store.heartbeat_line(later(3600))
    assert not store.heartbeat_line(later(3601))
    assert check(root)[-1]["type"] == "log.heartbeat"


def test_heartbeats_are_not_known_after_another_boot(root: str) -> None:
    open_store(root).heartbeat("t", NOW)
    store = open_store(root, boot=OTHER_BOOT)
    assert store.heartbeats(["t"]) == {"t": None}
    store.heartbeat("t", later(9))
    store.heartbeat("t", later(3))
    assert store.heartbeats(["t"]) == {"t": later(3)}, "which time is the truer one, the caller knows"


# -- whose state, and where

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")


@ROOT_ONLY
def test_nobody_but_its_owner_writes_a_state_root_included(root: str, filled: FilesStore) -> None:
    os.chown(root, 65534, 65534)
    before = sorted((path, os.stat(path).st_mtime_ns) for path in files(root))
    for write in (
        lambda: open_store(root).commit([birth(9)], now=NOW),
        lambda: open_store(root).put_blob(b"x"),
        lambda: open_store(root).heartbeat("t", NOW),
        lambda: open_store(root).initialise(NOW),
        open_store(root).rebuild,
        lambda: open_store(root).maintain(NOW),
    ):
        with pytest.raises(NotOurState):
            write()
    assert sorted((path, os.stat(path).st_mtime_ns) for path in files(root)) == before


@ROOT_ONLY
def test_another_reader_is_told_to_wait_and_heals_nothing(root: str, filled: FilesStore) -> None:
    os.chown(root, 65534, 65534)
    assert len(open_store(root).listing(SPOOL).names) == 4
    os.unlink(files(root)[0])
    with pytest.raises(Busy):
        open_store(root).listing(SPOOL)
    with open(f"{root}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b"torn")
    with pytest.raises(Busy):
        open_store(root).ready()
    assert len(files(root)) == 3


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:50 / /srv/shared\\040data rw - nfs4 server:/export rw
41 22 0:51 / /srv/sshfs rw - fuse.sshfs host: rw
42 40 0:52 / /srv/shared\\040data/local rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/state", None),
        ("/srv/shared data/state", "nfs4"),
        ("/srv/shared data", "nfs4"),
        ("/srv/shared database", None),
        ("/srv/shared data/local/state", None),
        ("/srv/sshfs/a/b", "fuse.sshfs"),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(tmp_path: Path, path: str, kind: str | None) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    assert mounts.network_mount(path, table=str(table)) == kind
    assert mounts.network_mount(path, table=str(tmp_path / "none")) is None


def test_a_network_file_system_is_refused(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "network_mount", lambda path: "nfs4")
    with pytest.raises(StorageError, match="PostgreSQL"):
        open_store(root).commit([birth(1)], now=NOW)


def test_a_lock_is_waited_for_only_so_long(root: str, filled: FilesStore) -> None:
    import fcntl

    with open(f"{root}/journal/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            open_store(root, limits=Limits(lock_wait_seconds=0)).commit([birth(9)], now=NOW)
    filled.commit([birth(9)], now=NOW)


def test_a_refused_groups_blobs_are_not_kept(root: str, filled: FilesStore) -> None:
    filled.commit([observed(1, "long " * 100), observed(1, "long " * 100)], now=NOW)
    assert len(os.listdir(f"{root}/blobs")) == 1


def test_a_blob_is_named_by_the_hash_of_its_file_and_hides_its_text(root: str, filled: FilesStore) -> None:
    one, two = filled.put_blob(b"yes"), filled.put_blob(b"yes")
    assert one != two
    data = Path(f"{root}/blobs/{one['$blob']}").read_bytes()
    assert sha256(data).hexdigest() == one["$blob"]
    assert data[32:] == b"yes"
    Path(f"{root}/blobs/{two['$blob']}").write_bytes(data)
    assert filled.get_blob(two) is None, "a blob that is not what its name says is none"
    assert filled.get_blob({"$blob": "../journal/applied", "size": 1}) is None


def test_a_body_that_cannot_be_split_is_refused(root: str, filled: FilesStore) -> None:
    body = {f"key{number}": number for number in range(20_000)}
    with pytest.raises(StorageError, match="cannot be split"):
        filled.commit([birth(9, body=body)], now=NOW)


def test_the_ids_of_a_thousand_notices_stay_in_the_line(root: str, filled: FilesStore) -> None:
    body = {"notice_ids": [f"ntc_{number:032x}" for number in range(1_000)], "text": "long " * 20_000}
    body["thread_keys"] = [f"thr_{number:032x}_{number:012x}" for number in range(1_000)]
    filled.commit([birth(9, body=body)], now=NOW)
    (line,) = [each.document for each in filled.replay() if each.document.get("record", {}).get("id") == item_id(9)]
    assert line["record"]["body"]["notice_ids"] == body["notice_ids"], "views are made from them"
    assert "$blob" in line["record"]["body"]["text"]


def test_every_kind_of_line_keeps_its_keys_sorted(root: str, filled: FilesStore) -> None:
    record = RecordLine(
        kind="k",
        id="i",
        body={"z": 1, "a": 2},
        parents=("p",),
        views=(ViewKey(SPOOL, "x_1", DUE),),
        about=("é", "\ud800"),
    )
    whole = Addition(
        type=LineType.POLICY_BLOCKED, record=record, meta={"m": 1}, action="a", reason="r", plugin_id="p", job_id="j"
    )
    filled.commit([Group(additions=(whole, Addition(type=LineType.AUDIT_VERIFIED)))], now=NOW)
    assert check(root)[-2]["record"]["about"] == ["é", "\ufffd"]


def test_the_hot_path_imports_nothing_heavy(root: str, filled: FilesStore) -> None:
    code = (
        "import sys\n"
        "from reporting_governance.storage.files.store import FilesStore\n"
        "from reporting_governance.contracts.journal_line import Folder\n"
        f"store = FilesStore({root!r}, actor='uid:0'); store.ready(); assert store.listing(Folder.SPOOL).due('9')\n"
        "print(*sorted(sys.modules))\n"
    )
    library = str(Path(__file__).parents[2] / "lib")
    answer = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {library!r})\n{code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(answer.stdout.split())
    heavy = {
        "pathlib",
        "logging",
        "subprocess",
        "uuid",
        "filelock",
        "sqlite3",
        "yaml",
        "jsonschema",
        "socket",
        "random",
    }
    assert not loaded & heavy


def test_no_descriptor_is_left_open(root: str, filled: FilesStore) -> None:
    before = set(os.listdir("/proc/self/fd"))
    filled.commit([birth(9)], now=NOW)
    filled.listing(SPOOL)
    filled.rebuild()
    list(filled.replay())
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_copied_state_works_elsewhere(tmp_path: Path, root: str, filled: FilesStore) -> None:
    shutil.copytree(root, f"{tmp_path}/copy")
    store = open_store(f"{tmp_path}/copy")
    assert store.ready() == filled.ready()
    assert json.dumps(sorted(store.listing(SPOOL).names)) == json.dumps(sorted(filled.listing(SPOOL).names))
