"""A log copied into a database and back: the same bytes of every line, and nothing half copied is taken for a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.retention import RetirementPlan, Stretch
from reporting_governance.errors import StorageError
from reporting_governance.stages.copy_account import account_of
from reporting_governance.stages.copying import CopyReport, Grown, NotACopy, run_copy
from reporting_governance.storage.files.backend import FilesBackend
from reporting_governance.storage.files.copying import copy_target as copy_target_of_files
from reporting_governance.storage.postgres import rebuilding
from reporting_governance.storage.postgres.backend import PostgresBackend
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.copying import PostgresCopyTarget, copy_target
from reporting_governance.storage.retirement import said_retired
from tests.acceptance.verbs import Verbs
from tests.postgres.back_end import PostgresBackEnd
from tests.stages.test_copying import COPIED, Clock, Stopped, files_under, life
from tests.storage.back_ends import FILES, using
from tests.storage.building import birth, item_id, later, settle
from tests.storage.oracle import views_on_disk
from tests.storage.retention import DAILY, DAY, DAYS, check_pruned, days_of_work, leaves_by_hand, open_daily, pruning

pytestmark = [pytest.mark.postgres]

END = later(DAYS * DAY)


class Place:
    """An empty database, and a host's folder beside it."""

    def __init__(self, databases: PostgresBackEnd, root: Path) -> None:
        databases.prepare(str(root))
        self.url, self.root = databases.url(str(root)), str(root)
        self.opened: list[PostgresBackend] = []

    def backend(self) -> PostgresBackend:
        self.opened.append(PostgresBackend(self.url, local=self.root, actor="uid:0", now=lambda: END))
        return self.opened[-1]

    def close(self) -> None:
        for each in self.opened:
            each.close()

    def copied(self, source: FilesBackend, progress: Any = lambda amount: None) -> CopyReport:
        session = Session(self.url, application="tests")
        try:
            with copy_target(session) as target:
                return run_copy(
                    source, source.log_source(), target, opened=self.backend, clock=Clock(), progress=progress
                )
        finally:
            session.close()


def to_files(source: PostgresBackend, root: Path) -> CopyReport:
    """Copy a database into a new folder."""
    with copy_target_of_files(str(root)) as target:
        return run_copy(
            source,
            source.log_source(),
            target,
            opened=lambda: open_daily(str(root)),
            clock=Clock(),
            progress=lambda amount: None,
        )


@pytest.fixture
def place(databases: PostgresBackEnd, tmp_path: Path) -> Iterator[Place]:
    made = Place(databases, tmp_path / "host")
    yield made
    made.close()


def test_there_and_back_through_the_verb(databases: PostgresBackEnd, place: Place, tmp_path: Path) -> None:
    source = life(tmp_path / "a")  # a torn tail that was healed, blobs, several segments
    with using(FILES):
        verbs = Verbs(tmp_path / "a")
        there = verbs.ok("store", "copy", "--to", place.url, "--format", "json").document()
        again = verbs.ok("store", "copy", "--to", place.url, "--format", "json").document()
        back = verbs.ok("store", "copy", "--from", place.url, "--to", tmp_path / "c", "--format", "json").document()
    assert there["same"] == again["same"] == back["same"] == account_of(source).dump()
    assert (there["lines"], again["lines"], again["was_there"]) == (source.head().seq, 0, source.head().seq)
    assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "c", *COPIED)
    assert len(files_under(tmp_path / "a", "journal/log")) > 3


def test_the_copy_goes_on(place: Place, tmp_path: Path) -> None:
    source = life(tmp_path / "a")
    place.copied(source)
    copy = place.backend()
    head = copy.ready()
    copy.commit([birth(1000)], now=later(300))
    assert [line.seq for line in copy.replay(head.seq + 1)] == [head.seq + 1]
    assert [line.seq for line in copy.replay()] == [*(line.seq for line in source.replay()), head.seq + 1]
    copy.rebuild()
    assert len(copy.listing(Folder.SPOOL).names) == len(source.listing(Folder.SPOOL).names) + 1


@contextmanager
def ends_after(pieces: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    left, kept = [pieces], PostgresCopyTarget.add_lines

    def add_lines(self: PostgresCopyTarget, segment: int, lines: Any) -> None:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        kept(self, segment, lines)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresCopyTarget, "add_lines", add_lines)
        yield


def stop(*arguments: Any) -> Any:
    raise Stopped


@pytest.mark.parametrize("pieces", [0, 2])
def test_a_copy_that_was_broken_off_goes_on_where_it_stood(
    pieces: int, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = life(tmp_path / "a")
    with ends_after(pieces, monkeypatch), pytest.raises(Stopped):
        place.copied(source)
    copy = place.backend()
    assert copy.ready().seq == 0  # nobody takes it for a log
    report = place.copied(source)
    assert (report.was_there > 0) is (pieces > 0)
    assert report.was_there + report.lines == source.head().seq


def test_killed_while_it_becomes_a_log(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = life(tmp_path / "a")
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "anew", stop)
        with pytest.raises(Stopped):
            place.copied(source)
    copy = place.backend()
    assert copy.ready().seq == 0
    assert place.copied(source).was_there == source.head().seq


def test_another_log_is_left_alone(place: Place, tmp_path: Path) -> None:
    copy = place.backend()
    copy.commit([birth(1)], now=later(0))
    before = account_of(copy)
    with pytest.raises(NotACopy):
        place.copied(life(tmp_path / "a"))
    assert account_of(copy) == before


def test_who_writes_meanwhile_is_told_of(place: Place, tmp_path: Path) -> None:
    """At the source, and in the database that the copy goes into."""
    source = life(tmp_path / "a")
    other = FilesBackend(str(tmp_path / "a"), actor="uid:0", now=lambda: later(0))

    def progress(amount: int) -> None:
        if not other.has_added:
            other.commit([birth(5000)], now=later(400))

    with pytest.raises(Grown):
        place.copied(source, progress)
    intruder = place.backend()

    def intrude(amount: int) -> None:
        if not intruder.has_added:
            intruder.commit([birth(1)], now=later(400))

    with pytest.raises(Exception, match="came to be there"):
        place.copied(source, intrude)


def test_a_job_that_runs_keeps_a_copy_back(databases: PostgresBackEnd, place: Place, tmp_path: Path) -> None:
    with using(FILES):
        verbs = Verbs(tmp_path / "a")
        verbs.ok("jobs", "enqueue", "command", "--", "/bin/sleep", "60")
        running = verbs.start("jobs", "run")
        try:
            while not any(line["type"] == "orchestration.job_started" for line in verbs.journal()):
                pass
            refused = verbs.call("store", "copy", "--to", place.url)
        finally:
            running.terminate()
            running.communicate()
    assert (refused.code, refused.out) == (75, ""), refused
    assert "under way" in refused.err


def pruned(root: Path) -> None:
    """Make a state whose oldest segments are retired; what is open since a day keeps the others."""
    days_of_work(str(root), open_since=3)
    pruning(str(root), lambda seqs: None)


def bundle_of(verbs: Verbs, to: int) -> tuple[bytes, Any]:
    """Return a bundle that is the same for the same log, and what a stranger finds in the log as it lies there."""
    path = verbs.state.parent / f"{verbs.state.name}.zip"
    verbs.ok("export-audit", "--reproducible", "--output", path, "--to", to)
    ended = verbs.call("verify-audit", "--require", "integrity", "--format", "json")
    assert ended.code == 0, ended
    found = ended.document()
    assert verbs.call("verify-audit", path, "--require", "integrity").code == 0
    return path.read_bytes(), {key: found[key] for key in ("log_id", "lines", "verdicts", "counts")}


def test_a_retired_log_there_and_back(place: Place, tmp_path: Path) -> None:
    """Heads, counts, what is open, bundles, verdicts, and what could be retired next."""
    pruned(tmp_path / "a")
    verbs, database, copy = Verbs(tmp_path / "a"), Verbs(Path(place.root)), Verbs(tmp_path / "c")
    with using(FILES):
        there = verbs.ok("store", "copy", "--to", place.url, "--format", "json").document()
        again = verbs.ok("store", "copy", "--to", place.url, "--format", "json").document()
        back = verbs.ok("store", "copy", "--from", place.url, "--to", tmp_path / "c", "--format", "json").document()
        assert there["same"] == again["same"] == back["same"]
        assert there["retired"] == again["retired"] == back["retired"] > 0
        assert there["lines"] == again["was_there"] == back["lines"] == there["same"]["lines"] - there["retired"]
        assert files_under(tmp_path / "a", *COPIED) == files_under(tmp_path / "c", *COPIED)
        check_pruned(str(tmp_path / "c"), leaves_by_hand(str(tmp_path / "a")), views_on_disk(str(tmp_path / "a")))
        wanted = bundle_of(verbs, there["same"]["lines"])
        assert bundle_of(copy, there["same"]["lines"]) == wanted
    assert bundle_of(database, there["same"]["lines"]) == wanted


def test_the_copy_of_a_retired_log_goes_on(place: Place, tmp_path: Path) -> None:
    """Rebuilt, written to, pruned twice: below the snapshot that came with it, and beyond."""
    pruned(tmp_path / "a")
    source = FilesBackend(str(tmp_path / "a"), actor="uid:0", limits=DAILY, now=lambda: END, monotonic=lambda: 1.0)
    place.copied(source)
    there = place.backend()
    assert there.retirements() == source.retirements()
    there.rebuild()
    assert account_of(there) == account_of(source)
    before = there.ready().seq
    for each in (source, there):
        each.commit([settle(each.listing(Folder.SPOOL).names[item_id(900)])], now=END)
    below = later((DAYS - 3) * DAY)
    plans = [each.keeper().plan(below) for each in (source, there)]
    assert plans[0] == plans[1]
    assert plans[0].stretches
    for each in (source, there):
        each.keeper().retire(below, reason="old", approver="uid:0", now=END)
        each.rebuild()
    ours, theirs = account_of(source), account_of(there)
    assert (ours.lines, ours.open_digest, ours.over) == (theirs.lines, theirs.open_digest, theirs.over)
    added = [line.document["type"] for line in there.replay(before + 1)]
    assert added[-1] == "log.segment_retired"
    assert "log.snapshot" not in added, "the one that came with it stands for these lines too"

    beyond, _, _ = there.keeper().retire(END, reason="old", approver="uid:0", now=END)
    assert beyond.stretches
    open_work = account_of(there).open_digest
    there.rebuild()
    assert account_of(there).open_digest == open_work == account_of(source).open_digest
    assert there.log_source().segments()[0].first == beyond.stretches[-1].to_seq + 1


def test_a_database_that_retired_all_but_its_newest_segment(
    place: Place, databases: PostgresBackEnd, tmp_path: Path
) -> None:
    """Files would have kept more: of two segments there, one that is left says nothing of what was before."""
    days_of_work(str(tmp_path / "a"))
    source = FilesBackend(str(tmp_path / "a"), actor="uid:0", limits=DAILY, now=lambda: END, monotonic=lambda: 1.0)
    place.copied(source)
    there = place.backend()
    for day in (100, 200):  # what is over is forgotten meanwhile
        there.commit([birth(day)], now=later(day * DAY))
        there.commit([settle(there.listing(Folder.SPOOL).names[item_id(day)])], now=later(day * DAY))
    there.keeper().retire(later(201 * DAY), reason="old", approver="uid:0", now=later(200 * DAY + 60))
    segments = there.log_source().segments()
    assert len(segments) == 1
    report = to_files(there, tmp_path / "c")
    assert report.retired == segments[0].first - 1
    copy = open_daily(str(tmp_path / "c"))
    copy.commit([birth(1000)], now=later(200 * DAY + 120))
    copy.rebuild()
    assert copy.retirements() == there.retirements()
    (tmp_path / "c/journal/applied").unlink()
    assert open_daily(str(tmp_path / "c")).ready().seq == report.account.lines + 1
    for leaves in (tmp_path / "c/journal/leaves").iterdir():
        leaves.unlink()
    (tmp_path / "c/journal/applied").unlink()
    with pytest.raises(StorageError, match="the segment before this one is missing"):
        open_daily(str(tmp_path / "c")).ready()


def test_what_only_a_host_says_is_retired_goes_over_whole(
    place: Place, databases: PostgresBackEnd, tmp_path: Path
) -> None:
    days_of_work(str(tmp_path / "a"))
    source = FilesBackend(str(tmp_path / "a"), actor="uid:0", limits=DAILY, now=lambda: END, monotonic=lambda: 1.0)
    place.copied(source)
    there = place.backend()
    last = there.log_source().segments()[2].first - 1
    plan = RetirementPlan((Stretch(1, last, 0, "", ""),), "", (), (), 0, "")
    log_id = bytes.fromhex(there.ready().log_id or "")
    nothing: dict[str, Any] = {"context": None, "keys": []}
    there.commit([said_retired(log_id, plan, nothing, reason="old", approver="uid:0")], now=END)
    report = to_files(there, tmp_path / "c")
    assert (report.retired, report.lines) == (0, there.ready().seq)
    copy = open_daily(str(tmp_path / "c"))
    assert [line.seq for line in copy.replay()] == list(range(1, report.lines + 1))


def test_a_copy_of_a_retired_log_goes_on_where_it_stood(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned(tmp_path / "a")
    source = FilesBackend(str(tmp_path / "a"), actor="uid:0", limits=DAILY, now=lambda: END, monotonic=lambda: 1.0)
    with ends_after(1, monkeypatch), pytest.raises(Stopped):
        place.copied(source)
    assert place.backend().ready().seq == 0
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "anew", stop)
        with pytest.raises(Stopped):
            place.copied(source)
    copy = place.backend()
    assert copy.ready().seq == 0
    assert copy.session.rows("SELECT count(*) FROM reporting_governance.retired_leaves") == [(0,)]
    report = place.copied(source)
    assert (report.was_there, report.lines) == (report.account.lines - report.retired, 0)


def test_half_a_copy_from_before_lines_were_retired(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of_work(str(tmp_path / "a"), open_since=3)
    source = FilesBackend(str(tmp_path / "a"), actor="uid:0", limits=DAILY, now=lambda: END, monotonic=lambda: 1.0)
    with ends_after(1, monkeypatch), pytest.raises(Stopped):
        place.copied(source)
    pruning(str(tmp_path / "a"), lambda seqs: None)
    with pytest.raises(NotACopy, match="begun before older lines were retired"):
        place.copied(source)
