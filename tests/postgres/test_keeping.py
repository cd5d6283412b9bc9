"""Retention in a database: whole segments go, roots and views stay; erased is erased."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import StorageError
from reporting_governance.storage.interface import expand
from reporting_governance.storage.postgres.exporting import PostgresLog
from reporting_governance.storage.postgres.keeping import Keeper
from reporting_governance.storage.postgres.store import PostgresStore
from reporting_governance.storage.retirement import said_retired
from reporting_governance.verifier.merkle import extend
from reporting_governance.verifier.merkle import root as tree_root
from tests.postgres.home import server, template
from tests.postgres.reading import views_of
from tests.storage.building import SPOOL, attempt, birth, event_id, item_id, later, observed, settle
from tests.storage.retention import DAILY, DAY, DAYS, LONG

pytestmark = pytest.mark.postgres

BEFORE = later((DAYS - 3) * DAY)
NOW = later(DAYS * DAY)


@pytest.fixture
def url() -> Iterator[str]:
    name = server().new_database(template=template())
    yield server().url(name)
    for store in _OPENED:
        store.close()
    _OPENED.clear()
    server().drop_database(name)


_OPENED: list[PostgresStore] = []


def opened(url: str, folder: Path, day: float = DAYS) -> PostgresStore:
    store = PostgresStore(
        url, local=str(folder), actor="uid:0", limits=DAILY, now=lambda: later(day * DAY), monotonic=lambda: day * DAY
    )
    _OPENED.append(store)
    return store


def days_of_work(url: str, folder: Path, *, open_since: int | None = None) -> PostgresStore:
    for day in range(DAYS):
        store, now = opened(url, folder, day), later(day * DAY)
        number = day + 1
        groups = [birth(number), observed(number, f"{LONG}{day}")]
        if day == open_since:
            groups.append(birth(900))
        store.commit(groups, now=now)
        store.commit([attempt(store.listing(SPOOL).names[item_id(number)])], now=now)
        listed = store.listing(SPOOL).names[item_id(number)], store.listing(Folder.EVENTS).names[event_id(number)]
        store.commit([settle(listed[0], into_past=day % 2 == 0), settle(listed[1])], now=now)
        store.close()
    return opened(url, folder)


def views(url: str) -> Any:
    import psycopg

    with psycopg.connect(url) as connection:
        return views_of(connection)


def test_what_is_retired_is_gone_and_every_root_stays(url: str, tmp_path: Path) -> None:
    store = days_of_work(url, tmp_path)
    leaves = [bytes.fromhex(line.leaf) for line in store.replay()]
    before, texts = views(url), sum("$blob" in str(line.document) for line in store.replay())
    plan = store.keeper().plan(BEFORE)
    assert store.keeper().plan(BEFORE) == plan, "a look changes nothing"
    retired, seq, blobs = store.keeper().retire(BEFORE, reason="old", approver="uid:0", now=NOW)
    assert retired == plan
    assert len(plan.stretches) == 4
    assert blobs == len(plan.blobs) == 4 < texts
    last = plan.stretches[-1].to_seq
    assert next(iter(store.replay(last + 1))).seq == last + 1
    with pytest.raises(StopIteration):
        next(line for line in store.replay() if line.seq <= last)
    [said] = store.retirements()
    assert (said.seq, said.from_seq, said.to_seq, said.root) == (seq, 1, last, plan.root)
    assert plan.root == tree_root(extend(0, (), leaves[:last])[1]).hex()
    kept = [bytes.fromhex(line.leaf) for line in store.replay()]
    size, frontier = extend(0, (), [*leaves[:last], *kept])
    assert (store.tree_head().size, store.tree_head().frontier) == (size, frontier)
    log = PostgresLog(store.session, str(tmp_path))
    assert list(log.retired_leaves(last + 1)) == leaves[:last]
    assert log.segments()[0].first == last + 1
    assert views(url) == before
    sizes = [(each.first, each.size) for each in log.segments()]
    store.rebuild()
    assert [(each.first, each.size) for each in PostgresLog(store.session, "").segments()] == sizes
    assert views(url) == before, "the views behind what is retired come from the snapshot"
    assert store.tree_head().root == tree_root(frontier)
    assert store.keeper().finish() == ([], 0)


def test_what_only_a_host_says_is_retired_stays(url: str, tmp_path: Path) -> None:
    """Every host may add lines, and so say what it likes; what goes is what the owner has made ready to go."""
    store = days_of_work(url, tmp_path)
    plan, _, _ = store.keeper().retire(later((DAYS - 5) * DAY), reason="old", approver="uid:0", now=NOW)
    last = plan.stretches[-1].to_seq
    there = [line.seq for line in store.replay(last + 1)]
    forged = plan._replace(stretches=(plan.stretches[-1]._replace(from_seq=last + 1, to_seq=there[-1]),))
    log_id = store.ready().log_id
    assert log_id is not None
    standing: dict[str, Any] = {"context": None, "keys": []}
    group = said_retired(bytes.fromhex(log_id), forged, standing, reason="old", approver="uid:0")
    store.commit([group], now=NOW)
    assert store.keeper().finish() == ([], 0)
    assert [line.seq for line in store.replay(last + 1)][: len(there)] == there


def test_what_is_open_keeps_its_segment_and_all_behind_it(url: str, tmp_path: Path) -> None:
    store = days_of_work(url, tmp_path, open_since=2)
    plan, _, _ = store.keeper().retire(BEFORE, reason="old", approver="uid:0", now=NOW)
    assert [each.id for each in plan.held][:1] == [item_id(900)]
    assert len(plan.stretches) == 2
    assert plan.held[0].since_seq > plan.stretches[-1].to_seq


def test_a_second_time_goes_on_where_the_first_ended(url: str, tmp_path: Path) -> None:
    store = days_of_work(url, tmp_path)
    leaves = [bytes.fromhex(line.leaf) for line in store.replay()]
    first, _, _ = store.keeper().retire(later((DAYS - 5) * DAY), reason="old", approver="uid:0", now=NOW)
    second, _, _ = store.keeper().retire(BEFORE, reason="old", approver="uid:0", now=NOW)
    assert second.stretches[0].from_seq == first.stretches[-1].to_seq + 1
    last = second.stretches[-1].to_seq
    assert list(PostgresLog(store.session, str(tmp_path)).retired_leaves(last + 1)) == leaves[:last]
    seen = views(url)
    store.rebuild()
    assert views(url) == seen


@pytest.mark.parametrize("step", ["_secure", "finish"])
def test_killed_on_the_way(url: str, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = days_of_work(url, tmp_path)
    with monkeypatch.context() as patch:
        original = getattr(Keeper, step)

        def dies(self: Keeper, *arguments: Any) -> Any:
            if step == "_secure":
                original(self, *arguments)
            raise KeyboardInterrupt

        patch.setattr(Keeper, step, dies)
        with pytest.raises(KeyboardInterrupt):
            store.keeper().retire(BEFORE, reason="old", approver="uid:0", now=NOW)
    again = opened(url, tmp_path)
    again.ready()
    went, blobs = again.keeper().finish()
    assert (len(went), blobs) == ((0, 0) if step == "_secure" else (4, 4))
    again.keeper().retire(BEFORE, reason="old", approver="uid:0", now=NOW)
    lines = [line.document["type"] for line in again.replay()]
    assert lines.count("log.segment_retired") == 1
    seen = views(url)
    again.rebuild()
    assert views(url) == seen


def test_lines_that_went_without_a_word_are_damage(url: str, tmp_path: Path) -> None:
    import psycopg

    store = days_of_work(url, tmp_path)
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM reporting_governance.journal WHERE seq < 6")
    with pytest.raises(StorageError, match="no line says they are retired"):
        next(iter(store.replay()))
    with pytest.raises(StorageError, match="no snapshot stands in"):
        store.rebuild()


def test_the_same_words_are_found_wherever_they_lie(url: str, tmp_path: Path) -> None:
    store = opened(url, tmp_path)
    store.commit([observed(1, LONG), observed(2, LONG), observed(3, f"{LONG} and more")], now=NOW)
    view = store.read(store.listing(Folder.EVENTS).names[event_id(1)])
    assert view is not None
    reference = view.body["event"]["payload"]["message"]
    eraser = store.keeper().eraser()
    text = eraser.body(reference["$blob"])
    assert text == LONG.encode()
    assert len(eraser.same_text([text])) == 2
    assert len(eraser.holding_text([text])) == 1
    assert eraser.drop_unnamed([text], {}) == 0, "nobody knows yet whether a line will name them"
    store.erase_blob(reference["$blob"], reason="asked", now=NOW)
    assert expand(store, view.body["event"])["payload"]["message"] is None
    assert eraser.body(reference["$blob"]) is None
    assert len(eraser.same_text([text])) == 1


def test_of_signed_heads_the_last_of_a_day_stays(url: str, tmp_path: Path) -> None:
    store = days_of_work(url, tmp_path)
    for size in (2, 3, 4, 12):
        store.keep_log_checkpoint(size, b"note %d\n" % size)
    going = store.keeper().log_checkpoints_to_thin(NOW)
    days = {line.seq: line.document["ts"][:10] for line in store.replay()}
    assert going == [size for size, later_one in ((2, 3), (3, 4), (4, 12)) if days[size] == days[later_one]]
    store.keeper().drop_log_checkpoints(going)
    assert store.log_checkpoints() == [size for size in (2, 3, 4, 12) if size not in going]
