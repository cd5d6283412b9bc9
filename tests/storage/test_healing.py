"""A torn tail, whatever tore it: declared void by one line, never cut off, and nothing acknowledged is lost."""

import errno
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.errors import StorageError
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Group
from reporting_governance.storage.limits import Limits
from tests.storage.building import NOW, SPOOL, birth, item_id, later, observed
from tests.storage.oracle import check, read_log, record_ids

OTHER_BOOT = "11111111-2222-3333-4444-555555555555"


def open_store(root: str, **options: Any) -> FilesStore:
    return FilesStore(root, actor="uid:0", now=lambda: later(100), monotonic=lambda: 100.0, **options)


def log_path(root: str) -> str:
    return f"{root}/journal/log/{max(os.listdir(f'{root}/journal/log'))}"


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def size(path: str) -> int:
    return os.stat(path).st_size


@pytest.fixture
def unsynced(tmp_path: Path, root: str) -> tuple[str, int, int]:
    """Return a state behind whose last acknowledged byte one more commit of two groups stands, unapplied."""
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    before = f"{tmp_path}/before"
    shutil.copytree(root, before)
    start = size(log_path(root))
    store.commit([birth(2), Group(additions=(*birth(3).additions, *birth(4).additions))], now=NOW)
    shutil.copy(log_path(root), log_path(before))
    return before, start, size(log_path(root))


def damaged(template: str, scratch: str, change: Callable[[Any], None]) -> str:
    shutil.copytree(template, scratch)
    with open(log_path(scratch), "r+b") as log:
        change(log)
    return scratch


def offsets(root: str, start: int, end: int, step: int) -> list[int]:
    """Return where to cut: here and there, and at each line's end, just before and just behind its LF."""
    data = read(log_path(root))
    ends = {place + near for place in range(start, end) if data[place] == 10 for near in (-1, 0, 1, 2)}
    return sorted({each for each in (*range(start, end + 1, step), *ends) if start <= each <= end})


def heals(root: str, boot: str | None = None) -> list[str]:
    store = open_store(root, boot=boot)
    before = read(log_path(root))
    store.ready()
    assert read(log_path(root)).startswith(before), "the log was cut"
    ids = record_ids(check(root))
    assert ids[:1] == [item_id(1)]
    assert ids in (
        [item_id(1)],
        [item_id(1), item_id(2)],
        [item_id(1), item_id(2), item_id(3), item_id(4)],
    ), "half a group counts"
    seen = store.ready().seq
    assert isinstance(store.commit([birth(8, absent_at=seen)], now=NOW)[0], Added)
    check(root)
    return ids


def cut_at(offset: int) -> Callable[[Any], None]:
    return lambda log: log.truncate(offset)


def nul_from(offset: int, end: int) -> Callable[[Any], None]:
    def change(log: Any) -> None:
        log.seek(offset)
        log.write(bytes(end - offset))

    return change


@pytest.mark.parametrize("boot", [pytest.param(None, id="same-boot"), pytest.param(OTHER_BOOT, id="other-boot")])
@pytest.mark.parametrize("kind", ["cut", "nul"])
def test_every_cut_and_nul_fill_of_an_unsynced_tail(
    tmp_path: Path, unsynced: tuple[str, int, int], kind: str, boot: str | None
) -> None:
    template, start, end = unsynced
    found = set()
    for offset in offsets(template, start, end, 17 if boot is None else 61):
        change = cut_at(offset) if kind == "cut" else nul_from(offset, end)
        root = damaged(template, f"{tmp_path}/{offset}", change)
        found.add(len(heals(root, boot)))
        shutil.rmtree(root)
    assert found == {1, 2} or found == {1, 2, 4}, "the tail was never torn where it matters"


def test_a_hole_before_whole_lines_voids_them_too(tmp_path: Path, unsynced: tuple[str, int, int]) -> None:
    """Blocks reach the disk in any order: lines behind a hole must not count, or the chain would have a gap."""
    template, start, _ = unsynced
    root = damaged(template, f"{tmp_path}/hole", nul_from(start, start + 10))
    assert heals(root) == [item_id(1)]
    torn = [document for document in read_log(root) if document["type"] == "log.torn"]
    assert torn[0]["meta"]["lines"] == 3


def test_a_tail_cut_right_behind_a_new_segments_name(tmp_path: Path, root: str) -> None:
    """The new file's name reaches the disk before its first line does, in any length."""
    store = open_store(root, limits=Limits(segment_seconds=1))
    store.commit([birth(1)], now=NOW)
    before = f"{tmp_path}/before"
    shutil.copytree(root, before)
    store.commit([birth(2)], now=later(5))
    newest = log_path(root)
    whole = read(newest)
    assert newest != log_path(before)
    for length in range(0, len(whole) + 1, 31):
        for fill in (b"", bytes(len(whole) - length)):
            attempt = f"{tmp_path}/attempt"
            shutil.copytree(before, attempt)
            with open(f"{attempt}/journal/log/{os.path.basename(newest)}", "wb") as log:
                log.write(whole[:length] + fill)
            heals(attempt)
            assert len([each for each in read_log(attempt) if each["type"] == "log.segment_open"]) == 1
            shutil.rmtree(attempt)


def test_a_short_write_at_every_byte(tmp_path: Path, root: str) -> None:
    """The disk is full in the middle of a line; nothing is acknowledged, and the next commit heals."""
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    start = size(log_path(root))
    groups = [birth(2), Group(additions=(*birth(3).additions, *birth(4).additions))]
    probe = f"{tmp_path}/probe"
    shutil.copytree(root, probe)
    open_store(probe).commit(groups, now=NOW)
    end = size(log_path(probe))
    for limit in offsets(probe, start, end - 1, 23):
        attempt = f"{tmp_path}/{limit}"
        shutil.copytree(root, attempt)
        assert write_is_cut(attempt, groups, limit)
        assert size(log_path(attempt)) == limit, "the write was not cut"
        heals(attempt)
        shutil.rmtree(attempt)


def write_is_cut(root: str, groups: list[Group], limit: int) -> bool:
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.getpid = lambda: parent  # a line names its writer; the child's number may have fewer digits
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            open_store(root).commit(groups, now=NOW)
        except StorageError as error:
            code = 0 if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EFBIG else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_failed_sync_acknowledges_nothing(root: str, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    calls = []

    def failing(fd: int) -> None:
        calls.append(fd)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(journal_io, "_fdatasync", failing)
        with pytest.raises(StorageError):
            store.commit([birth(2)], now=NOW)
        assert len(calls) == 1
        with pytest.raises(StorageError):
            store.ready()  # what could not be synced is not answered for either
    store.ready()
    check(root)


def test_what_is_read_behind_applied_is_synced_first(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    applied = read(f"{root}/journal/applied")
    store.commit([birth(2)], now=NOW)
    with open(f"{root}/journal/applied", "wb") as file:
        file.write(applied)
    steps = listened(monkeypatch)
    store.ready()
    # A cache that survived a failed sync shows what the disk never got: sync, forget, and only then read.
    assert steps == ["fdatasync 000000000001.jsonl", "fadvise 000000000001.jsonl", "pwrite applied", "release lock"]


def listened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills with the journal's steps."""
    steps: list[str] = []
    whole = journal_io.step

    def listen(name: str, path: str) -> None:
        steps.append(f"{name} {os.path.basename(path)}")
        whole(name, path)

    monkeypatch.setattr(journal_io, "step", listen)
    return steps


def test_the_order_of_a_commit(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut may not reorder: the log is on the disk before anything follows from it."""
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    steps = listened(monkeypatch)
    store.commit([birth(2)], now=NOW)
    assert steps == [
        "write 000000000001.jsonl",
        "fdatasync 000000000001.jsonl",
        "view view.tmp",
        "pwrite applied",
        "release lock",
    ]


def test_the_order_of_a_rotation(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old segment and the new one's name are on the disk before the first line of the new one is written."""
    store = open_store(root, limits=Limits(segment_seconds=1))
    store.commit([birth(1)], now=NOW)
    steps = listened(monkeypatch)
    store.commit([birth(2)], now=later(1))
    assert steps == [
        "fdatasync 000000000001.jsonl",
        "create 000000000003.jsonl",
        "fsync log",
        "write 000000000003.jsonl",
        "fdatasync 000000000003.jsonl",
        "pwrite applied",
        "write 000000000003.jsonl",
        "fdatasync 000000000003.jsonl",
        "view view.tmp",
        "pwrite applied",
        "release lock",
    ]


def test_a_blob_is_on_the_disk_before_the_line_that_names_it(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    steps = listened(monkeypatch)
    store.commit([observed(1, "long " * 100)], now=NOW)
    assert [step.split(" ")[0] for step in steps[:3]] == ["write", "fdatasync", "fsync"]
    assert steps[2:4] == ["fsync blobs", "write 000000000001.jsonl"]


def test_a_short_write_is_finished(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal may cut a write; what is left is written, and the lines stand whole."""
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    whole = os.write
    monkeypatch.setattr(journal_io.os, "write", lambda fd, data: whole(fd, data[:100] if len(data) > 300 else data))
    store.commit([birth(2), birth(3)], now=NOW)
    monkeypatch.undo()
    assert record_ids(check(root)) == [item_id(1), item_id(2), item_id(3)]


def test_a_torn_declaration_is_itself_torn(tmp_path: Path, unsynced: tuple[str, int, int]) -> None:
    template, _, end = unsynced
    root = damaged(template, f"{tmp_path}/once", cut_at(end - 5))
    shutil.copytree(root, f"{tmp_path}/healed")
    open_store(f"{tmp_path}/healed").ready()
    healed = read(log_path(f"{tmp_path}/healed"))
    for length in range(end - 5, len(healed), 37):
        attempt = f"{tmp_path}/attempt"
        shutil.copytree(root, attempt)
        with open(log_path(attempt), "wb") as log:
            log.write(healed[:length])
        heals(attempt)
        shutil.rmtree(attempt)


def test_a_log_shorter_than_what_was_applied_is_told(root: str) -> None:
    store = open_store(root)
    store.commit([birth(1), birth(2)], now=NOW)
    lost = size(log_path(root))
    first = read(log_path(root)).split(b"\n")
    with open(log_path(root), "r+b") as log:
        log.truncate(len(first[0]) + len(first[1]) + 2)
    again = open_store(root)
    again.ready()
    assert list(again.listing(SPOOL).names) == [item_id(1)]
    documents = check(root)
    loss = documents[-1]
    assert loss["type"] == "log.loss"
    assert loss["meta"]["applied_seq"] == 3
    assert loss["meta"]["applied_bytes"] == lost
    assert loss["meta"]["found_seq"] == 2


def test_acknowledged_bytes_that_are_gone_are_told_though_the_size_is_right(root: str) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    start = size(log_path(root))
    store.commit([birth(2)], now=NOW)
    with open(log_path(root), "r+b") as log:
        log.seek(start)
        log.write(bytes(size(log_path(root)) - start))
    again = open_store(root)
    again.ready()
    assert list(again.listing(SPOOL).names) == [item_id(1)]
    assert [document["type"] for document in check(root)][-2:] == ["log.torn", "log.loss"]


def test_a_log_that_is_gone_is_told(root: str) -> None:
    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    shutil.rmtree(f"{root}/journal/log")
    again = open_store(root)
    again.ready()
    assert dict(again.listing(SPOOL).names) == {}
    assert [document["type"] for document in check(root)] == ["log.open", "log.loss"]


def test_damage_among_acknowledged_lines_is_no_torn_tail(root: str) -> None:
    store = open_store(root)
    for number in range(8):
        store.commit([birth(number * 200 + each) for each in range(200)], now=NOW)
    with open(log_path(root), "r+b") as log:
        log.seek(700)
        log.write(b"#")
    os.unlink(f"{root}/journal/applied")
    before = read(log_path(root))
    with pytest.raises(StorageError, match="damaged"):
        open_store(root).ready()
    assert read(log_path(root)) == before


def test_a_line_of_a_later_version_is_not_understood_and_not_damage(root: str) -> None:
    from hashlib import sha256

    store = open_store(root)
    store.commit([birth(1)], now=NOW)
    last = read(log_path(root)).split(b"\n")[-2]
    prev = sha256(b"\x00" + last).hexdigest()
    with open(log_path(root), "ab") as log:
        log.write(b'{"g":[1,1],"prev":"%s","seq":3,"v":2}\n' % prev.encode())
    before = read(log_path(root))
    with pytest.raises(StorageError, match="newer program"):
        store.commit([birth(2)], now=NOW)
    assert read(log_path(root)) == before
