"""A log copied into a database and back: the same bytes of every line, and nothing half copied is taken for a log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.copying import CopyReport, Grown, NotACopy, account_of, run_copy
from reporting_governance.storage.files.backend import FilesBackend
from reporting_governance.storage.postgres.backend import PostgresBackend
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.copying import PostgresCopyTarget, copy_target
from tests.acceptance.verbs import Verbs
from tests.postgres.back_end import PostgresBackEnd
from tests.stages.test_copying import COPIED, Clock, Stopped, files_under, life
from tests.storage.back_ends import FILES, using
from tests.storage.building import birth, later

pytestmark = [pytest.mark.postgres]


class Place:
    """An empty database, and a host's folder beside it."""

    def __init__(self, databases: PostgresBackEnd, root: Path) -> None:
        databases.prepare(str(root))
        self.url, self.root = databases.url(str(root)), str(root)
        self.opened: list[PostgresBackend] = []

    def backend(self) -> PostgresBackend:
        self.opened.append(PostgresBackend(self.url, local=self.root, actor="uid:0"))
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


@pytest.mark.parametrize("pieces", [0, 2])
def test_a_copy_that_was_broken_off_goes_on_where_it_stood(
    pieces: int, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, left, kept = life(tmp_path / "a"), [pieces], PostgresCopyTarget.add_lines

    def add_lines(self: PostgresCopyTarget, segment: int, lines: Any) -> None:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        kept(self, segment, lines)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresCopyTarget, "add_lines", add_lines)
        with pytest.raises(Stopped):
            place.copied(source)
    copy = place.backend()
    assert copy.ready().seq == 0  # nobody takes it for a log
    report = place.copied(source)
    assert (report.was_there > 0) is (pieces > 0)
    assert report.was_there + report.lines == source.head().seq


def test_killed_while_it_becomes_a_log(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting_governance.storage.postgres import rebuilding

    def anew(connection: Any, where: str) -> Any:
        raise Stopped

    source = life(tmp_path / "a")
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "anew", anew)
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
