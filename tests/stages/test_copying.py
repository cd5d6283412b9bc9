"""A log copied from one state folder into another: the same bytes, and proof of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.errors import StorageError
from reporting_governance.stages.copy_account import account_of
from reporting_governance.stages.copying import (
    CopyReport,
    Grown,
    InFlight,
    NotACopy,
    NotTheSame,
    refuse_in_flight,
    run_copy,
)
from reporting_governance.storage.files import retiring
from reporting_governance.storage.files.backend import FilesBackend
from reporting_governance.storage.files.copying import FilesCopyTarget, copy_target
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group, Head
from reporting_governance.storage.limits import Limits
from tests.storage.building import DUE, NOW, birth, item_id, later, observed, settle
from tests.storage.oracle import views_on_disk
from tests.storage.retention import DAILY, DAY, DAYS, check_pruned, days_of_work, leaves_by_hand, open_daily, pruning

LONG = "what an agent said about it all " * 20


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> Any:
        return self.moment

    def monotonic(self) -> float:
        return 1.0


def backend(root: Path) -> FilesBackend:
    return FilesBackend(str(root), actor="uid:0", limits=Limits(segment_bytes=2048), now=lambda: NOW)


def life(root: Path, items: int = 16) -> FilesBackend:
    """Make a state with several segments, blobs, a torn tail that was healed, what is open and what is over."""
    store = backend(root)
    for number in range(items):
        body = {"spool_id": f"{number}", "attempts": [], "receipts": [], "text": "é"}
        store.commit([birth(number, body=body), observed(number, LONG)], now=later(number))
    for number, name in enumerate(list(store.listing(Folder.SPOOL).names.values())[: items // 2]):
        store.commit([settle(name, into_past=number % 2 == 0)], now=later(100 + number))
    newest = max((root / "journal/log").iterdir())
    with newest.open("ab") as file:
        file.write(b'{"torn')
    store = backend(root)
    store.commit([birth(items + 1, body={"attempts": [], "receipts": []})], now=later(200))
    store.keep_log_checkpoint(store.ready().seq, b"a note\n")
    return store


def copied(source: FilesBackend, to: Path, progress: list[int] | None = None) -> CopyReport:
    with copy_target(str(to)) as target:
        return run_copy(
            source,
            source.log_source(),
            target,
            opened=lambda: backend(to),
            clock=Clock(),
            progress=(progress if progress is not None else []).append,
        )


def files_under(root: Path, *places: str) -> dict[str, bytes]:
    found = {}
    for place in places:
        for file in sorted((root / place).rglob("*")):
            if file.is_file():
                found[str(file.relative_to(root))] = file.read_bytes()
    return found


UNTIL = "2026-03-01T05:00:00.000Z"
COPIED = ("journal/log", "blobs", *(folder.value for folder in Folder))


def test_the_same_bytes_of_every_line_blob_and_view(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    assert len(list((tmp_path / "a/journal/log").iterdir())) > 3
    progress: list[int] = []
    report = copied(source, tmp_path / "b", progress)

    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)
    assert sum(progress) == sum(each.stat().st_size for each in (tmp_path / "a/journal/log").iterdir())
    assert report.account == account_of(backend(tmp_path / "b"))
    assert report.lines == source.head().seq
    assert report.blobs == len(list((tmp_path / "a/blobs").iterdir())) > 0
    assert backend(tmp_path / "b").log_checkpoint(source.head().seq) == b"a note\n"


def test_the_copy_goes_on_as_the_source_would_have(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    copied(source, tmp_path / "b")
    for each in (source, backend(tmp_path / "b")):
        each.ready()
        each.commit([birth(1000)], now=later(300))
    assert account_of(source).leaf == account_of(backend(tmp_path / "b")).leaf


def test_a_second_copy_finds_all_there(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    copied(source, tmp_path / "b")
    before = files_under(tmp_path / "b", *COPIED)
    report = copied(source, tmp_path / "b")

    assert (report.lines, report.blobs, report.was_there) == (0, 0, source.head().seq)
    assert files_under(tmp_path / "b", *COPIED) == before


class Stopped(Exception):
    """Stands for a process that was killed."""


@contextmanager
def ends_after(pieces: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept = FilesCopyTarget.add_lines
    left = [pieces]

    def add_lines(self: FilesCopyTarget, segment: int, lines: Any) -> None:
        if left[0] == 0:
            kept(self, segment, lines[: len(lines) // 2])
            path = Path(f"{self._copying}/{segment:012d}.jsonl")
            path.write_bytes(path.read_bytes()[:-7])  # torn in the middle of a line
            raise Stopped
        left[0] -= 1
        kept(self, segment, lines)

    with monkeypatch.context() as patch:
        patch.setattr(FilesCopyTarget, "add_lines", add_lines)
        yield


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_copy_that_was_broken_off_goes_on_where_it_stood(
    pieces: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = life(tmp_path / "a")
    with ends_after(pieces, monkeypatch), pytest.raises(Stopped):
        copied(source, tmp_path / "b")
    assert not (tmp_path / "b/journal/log").exists()  # nobody takes it for a log
    report = copied(source, tmp_path / "b")

    assert report.was_there > 0 or pieces == 0
    assert report.was_there + report.lines == source.head().seq
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)


def test_killed_between_the_last_line_and_the_views(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    with copy_target(str(tmp_path / "b")) as target:
        run_copy(
            source, source.log_source(), target, opened=lambda: source, clock=Clock(), progress=lambda amount: None
        )  # nobody has opened it yet
    assert files_under(tmp_path / "b", Folder.SPOOL) == {}
    copied(source, tmp_path / "b")
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)


def test_another_log_is_left_alone(tmp_path: Path) -> None:
    source, other = life(tmp_path / "a"), life(tmp_path / "b", items=3)
    before = files_under(tmp_path / "b", *COPIED)
    with pytest.raises(NotACopy):
        copied(source, tmp_path / "b")
    with pytest.raises(NotACopy, match="newer"):
        copied(other, tmp_path / "a")
    assert files_under(tmp_path / "b", *COPIED) == before


def test_half_a_copy_of_another_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, other = life(tmp_path / "a"), life(tmp_path / "c")
    with ends_after(1, monkeypatch), pytest.raises(Stopped):
        copied(other, tmp_path / "b")
    with pytest.raises(NotACopy, match="another one"):
        copied(source, tmp_path / "b")


def test_nothing_to_copy(tmp_path: Path) -> None:
    (tmp_path / "a/journal/log").mkdir(parents=True)
    (tmp_path / "a/journal/log/000000000001.jsonl").touch()
    empty = Empty(str(tmp_path / "a"), actor="uid:0")
    with pytest.raises(NotACopy, match="no line"):
        copied(empty, tmp_path / "b")


class Empty(FilesBackend):
    """A state that no command has written yet."""

    def ready(self) -> Head:
        return Head(0, "", None)


def test_what_is_under_way_keeps_a_copy_back(tmp_path: Path) -> None:
    source = backend(tmp_path / "a")
    source.commit([birth(1)], now=NOW)
    (name,) = source.listing(Folder.SPOOL).names.values()
    begun = RecordLine(
        kind="attempt",
        id="att_1",
        body={"attempt_id": "att_1", "deadline_at": "2026-03-01T05:00:00.000Z"},
        consumes=(name,),
        views=(ViewKey(name.folder, name.id, DUE),),
    )
    source.commit([Group(additions=(Addition(record=begun),))], now=NOW)
    clock = Clock()
    with pytest.raises(InFlight, match="1 under way, at the latest until 2026-03-01T05:00:00"):
        refuse_in_flight(source, clock)
    with pytest.raises(InFlight):
        copied(source, tmp_path / "b")
    clock.moment += timedelta(hours=1)  # in doubt by now, and for whoever looks next
    refuse_in_flight(source, clock)


def test_a_job_that_runs_keeps_a_copy_back(tmp_path: Path) -> None:
    source = backend(tmp_path / "a")
    for state, lease in (("queued", None), ("running", {"until": UNTIL, "host": "here", "pid": 1})):
        identity = f"job_{state}"
        born = RecordLine(
            kind="job",
            id=f"rec_{state}",
            body={"job_id": identity, "state": state, "lease": lease, "attempts": 1, "changed_at": UNTIL},
            views=(ViewKey(Folder.JOBS, identity, DUE),),
        )
        source.commit([Group(additions=(Addition(record=born),))], now=NOW)
    with pytest.raises(InFlight, match=r"job_running$"):
        refuse_in_flight(source, Clock())


def test_a_source_that_is_written_meanwhile(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    other = backend(tmp_path / "a")
    before = other.ready().seq

    def progress(amount: int) -> None:
        if not other.has_added:
            other.commit([birth(5000)], now=later(400))

    with pytest.raises(Grown), copy_target(str(tmp_path / "b")) as target:
        run_copy(
            source,
            source.log_source(),
            target,
            opened=lambda: backend(tmp_path / "b"),
            clock=Clock(),
            progress=progress,
        )
    assert not (tmp_path / "b/journal/log").exists()
    report = copied(source, tmp_path / "b")
    assert (report.was_there, report.lines) == (before, report.account.lines - before)


def test_a_copy_that_says_something_else_is_found(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    copied(source, tmp_path / "b")
    view = min((tmp_path / "b" / Folder.EVENTS).iterdir())
    view.write_bytes(view.read_bytes().replace(b"short", b"shorn"))
    with pytest.raises(NotTheSame, match="open_digest"):
        copied(source, tmp_path / "b")


def test_a_damaged_source_is_not_copied(tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    first = min((tmp_path / "a/journal/log").iterdir())
    first.write_bytes(first.read_bytes().replace(b"evt_", b"eve_", 1))
    with pytest.raises(Exception, match="damaged"):
        copied(source, tmp_path / "b")
    assert not (tmp_path / "b/journal/log").exists()


def pruned(root: Path, *, open_since: int | None = 3) -> FilesStore:
    """Make a state whose oldest segments are retired; what is open since a day keeps the others."""
    days_of_work(str(root), open_since=open_since)
    pruning(str(root), lambda seqs: None)
    assert open_daily(str(root)).retirements()
    return open_daily(str(root))


def copied_daily(source: Path, to: Path) -> CopyReport:
    opened = FilesBackend(str(source), actor="uid:0", limits=DAILY, now=lambda: later(DAYS * DAY))
    with copy_target(str(to)) as target:
        return run_copy(
            opened,
            opened.log_source(),
            target,
            opened=lambda: open_daily(str(to)),
            clock=Clock(),
            progress=lambda amount: None,
        )


RETIRED = ("journal/leaves", "journal/snapshots")


def test_a_log_whose_oldest_lines_are_retired(tmp_path: Path) -> None:
    source = pruned(tmp_path / "a")
    first = min(int(each.stem) for each in (tmp_path / "a/journal/log").iterdir())
    report = copied_daily(tmp_path / "a", tmp_path / "b")
    assert (report.retired, report.lines) == (first - 1, source.ready().seq - first + 1)
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)
    beside = files_under(tmp_path / "b", *RETIRED)
    assert {name: data for name, data in files_under(tmp_path / "a", *RETIRED).items() if name in beside} == beside
    assert {int(name[-19:-7]) for name in beside if name.endswith("leaves")} >= {1}
    leaves = leaves_by_hand(str(tmp_path / "a"))
    check_pruned(str(tmp_path / "b"), leaves, views_on_disk(str(tmp_path / "a")))
    again = copied_daily(tmp_path / "a", tmp_path / "b")
    assert (again.lines, again.was_there) == (0, report.lines)


def test_the_copy_retires_what_the_source_would(tmp_path: Path) -> None:
    pruned(tmp_path / "a")
    copied_daily(tmp_path / "a", tmp_path / "b")
    plans = []
    for place in ("a", "b"):
        store = open_daily(str(tmp_path / place))
        held = store.listing(Folder.SPOOL).names[item_id(900)]
        store.commit([settle(held)], now=later(DAYS * DAY))
        plans.append(store.keeper().plan(later((DAYS - 3) * DAY)))
    assert plans[0] == plans[1]
    assert plans[0].stretches


def test_what_is_half_retired_is_copied_as_retired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line was added, and the one who was to remove the files was killed."""
    days_of_work(str(tmp_path / "a"), open_since=3)
    with monkeypatch.context() as patch:
        patch.setattr(retiring, "finish", lambda *arguments: ([], 0))
        pruning(str(tmp_path / "a"), lambda seqs: None)
    source = files_under(tmp_path / "a", *COPIED)
    report = copied_daily(tmp_path / "a", tmp_path / "b")
    assert report.retired > 0
    assert files_under(tmp_path / "a", *COPIED) == source
    open_daily(str(tmp_path / "a")).keeper().finish()
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)
    check_pruned(str(tmp_path / "b"), leaves_by_hand(str(tmp_path / "a")), views_on_disk(str(tmp_path / "a")))


def test_half_a_copy_from_before_lines_were_retired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days_of_work(str(tmp_path / "a"), open_since=3)
    with ends_after(1, monkeypatch), pytest.raises(Stopped):
        copied_daily(tmp_path / "a", tmp_path / "b")
    pruning(str(tmp_path / "a"), lambda seqs: None)
    with pytest.raises(NotACopy, match="begun before older lines were retired"):
        copied_daily(tmp_path / "a", tmp_path / "b")


def test_a_copy_of_a_retired_log_goes_on_where_it_stood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pruned(tmp_path / "a")
    with ends_after(1, monkeypatch), pytest.raises(Stopped):
        copied_daily(tmp_path / "a", tmp_path / "b")
    report = copied_daily(tmp_path / "a", tmp_path / "b")
    assert report.was_there > 0
    assert report.retired + report.was_there + report.lines == report.account.lines
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "b", *COPIED)


def test_lines_that_are_missing_without_a_word_are_damage(tmp_path: Path) -> None:
    days_of_work(str(tmp_path / "a"))
    min((tmp_path / "a/journal/log").iterdir()).unlink()
    with pytest.raises(StorageError, match="no line says they are retired"):
        copied_daily(tmp_path / "a", tmp_path / "b")
