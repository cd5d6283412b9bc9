"""Segments are retired whole, oldest first, by a line that says so: nothing open is lost, and no root changes."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.times import parse_time
from reporting_governance.errors import Busy, StorageError
from reporting_governance.storage.files import maintenance, rebuild
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.snapshots import is_whole, snapshot_path
from reporting_governance.storage.interface import Addition, Group
from tests.storage.building import SPOOL, attempt, birth, item_id, later, observed, settle
from tests.storage.killing import killed_everywhere
from tests.storage.oracle import views_on_disk
from tests.storage.retention import (
    DAY,
    DAYS,
    check_pruned,
    days_of_work,
    digests_in,
    documents,
    leaves_by_hand,
    open_daily,
    pruning,
    root_by_hand,
)

OTHER_BOOT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> str:
    where = str(tmp_path_factory.mktemp("worked") / "state")
    days_of_work(where)
    return where


@pytest.fixture
def state(worked: str, tmp_path: Path) -> str:
    shutil.copytree(worked, tmp_path / "state")
    return str(tmp_path / "state")


def retire(where: str, *, older_than: int, reason: str = "old") -> Any:
    """Retire what is older than so many days, on the last day."""
    before = later((DAYS - older_than) * DAY)
    return open_daily(where).keeper().retire(before, reason=reason, approver="uid:0", now=later(DAYS * DAY))


def test_old_segments_go_and_everything_else_stays(state: str) -> None:
    leaves, views, firsts = leaves_by_hand(state), views_on_disk(state), Layout(state).segments()
    before = root_by_hand(state)
    plan, seq, blobs = retire(state, older_than=3)
    assert [each.from_seq for each in plan.stretches] == firsts[:4]
    assert Layout(state).segments()[0] == firsts[4]
    kept = check_pruned(state, leaves, views)
    [said] = [each for each in kept if each["seq"] == seq]
    assert said["type"] == "log.segment_retired"
    assert said["meta"]["reason"] == "old"
    assert said["meta"]["from"] == 1
    assert said["meta"]["to"] == firsts[4] - 1
    assert said["meta"]["approver"] == "uid:0"
    assert said["meta"]["root"] == root_by_hand(state, firsts[4] - 1), "of lines from the first on it is the log's own"
    assert root_by_hand(state, len(leaves)) == before
    assert blobs == 4
    assert len(os.listdir(f"{state}/blobs")) == len(set(digests_in(kept)))


def test_only_what_is_old_enough_goes(state: str) -> None:
    assert retire(state, older_than=DAYS + 1)[1] == 0
    assert Layout(state).segments()[0] == 1
    assert not any(each["type"] == "log.segment_retired" for each in documents(state))


def test_the_two_newest_snapshots_and_what_is_behind_them_stay(state: str) -> None:
    firsts = Layout(state).segments()
    plan, *_ = retire(state, older_than=0)
    snapshots = sorted(int(name[:12]) for name in os.listdir(Layout(state).snapshots) if name.endswith(".jsonl"))
    assert plan.stretches[-1].from_seq == snapshots[0] == firsts[-3]
    assert plan.kept_old == 1
    assert plan.reason_kept


def test_a_second_time_goes_on_where_the_first_ended(state: str) -> None:
    leaves, views = leaves_by_hand(state), views_on_disk(state)
    retire(state, older_than=5)
    middle = Layout(state).segments()[0]
    retire(state, older_than=3, reason="older")
    kept = check_pruned(state, leaves, views)
    first, second = [each for each in kept if each["type"] == "log.segment_retired"]
    assert second["meta"]["from"] == middle == first["meta"]["to"] + 1
    told = open_daily(state).retirements()
    assert [(each.from_seq, each.to_seq, each.reason) for each in told] == [
        (1, middle - 1, "old"),
        (middle, kept[0]["seq"] - 1, "older"),
    ]


def test_nothing_is_left_to_do_the_next_time(state: str) -> None:
    retire(state, older_than=3)
    size = len(documents(state))
    assert retire(state, older_than=3)[1] == 0
    assert len(documents(state)) == size


@pytest.mark.parametrize("since", [0, 2, 4])
def test_a_segment_with_a_line_of_something_open_stays(tmp_path: Path, since: int) -> None:
    where = str(tmp_path / "state")
    days_of_work(where, open_since=since)
    leaves, views, firsts = leaves_by_hand(where), views_on_disk(where), Layout(where).segments()
    plan, *_ = retire(where, older_than=3)
    assert [each.from_seq for each in plan.stretches] == firsts[: min(since, 4)]
    assert [each.id for each in plan.held] == ([item_id(900)] if since < 4 else [])
    assert plan.kept_old == max(0, 4 - since)
    check_pruned(where, leaves, views)


def test_what_was_closed_and_is_born_again_keeps_no_line_of_its_earlier_life(tmp_path: Path) -> None:
    where = str(tmp_path / "state")
    days_of_work(where)
    store = open_daily(where)
    store.commit([birth(1)], now=later(DAYS * DAY))
    plan, *_ = retire(where, older_than=3)
    assert len(plan.stretches) == 4
    assert plan.held == ()


def test_what_is_open_and_was_changed_lately_keeps_the_line_it_began_with(tmp_path: Path) -> None:
    where = str(tmp_path / "state")
    days_of_work(where, open_since=1)
    store = open_daily(where)
    store.commit([attempt(store.listing(SPOOL).names[item_id(900)])], now=later(DAYS * DAY))
    plan, *_ = retire(where, older_than=3)
    assert len(plan.stretches) == 1
    assert [each.since_seq for each in plan.held] == [
        each["seq"] for each in documents(where) if each.get("record", {}).get("id") == item_id(900)
    ][:1]


def test_what_is_kept_in_past_keeps_its_line(tmp_path: Path) -> None:
    """What is over is forgotten when a segment opens: until then a check-in would open it again."""
    where = str(tmp_path / "state")
    days_of_work(where, days=4)
    store = open_daily(where, 4)
    plan = store.keeper().plan(later(4 * DAY))
    names = [name for name in views_on_disk(where) if name.startswith("past/")]
    assert names
    oldest = min(int(name[-12:]) for name in names)
    assert plan.stretches
    assert all(each.to_seq < oldest for each in plan.stretches)


def test_a_blob_that_a_kept_line_or_view_names_too_stays(tmp_path: Path) -> None:
    where = str(tmp_path / "state")
    days_of_work(where, days=1)
    store = open_daily(where, 0)
    [first] = [each for each in documents(where) if each.get("record", {}).get("kind") == "event-envelope"]
    reference = first["record"]["body"]["payload"]["message"]
    store.commit([birth(800, body={"copied": reference})], now=later(0))
    store.commit([settle(store.listing(SPOOL).names[item_id(800)])], now=later(0))
    for day in range(1, DAYS):
        store = open_daily(where, day)
        store.commit([birth(800 + day, body={"copied": reference} if day == DAYS - 1 else {})], now=later(day * DAY))
        store.commit([settle(store.listing(SPOOL).names[item_id(800 + day)])], now=later(day * DAY))
        store.maintain(later(day * DAY))
    retire(where, older_than=3)
    assert Layout(where).segments()[0] > 1
    assert open_daily(where).get_blob(reference) is not None


def test_that_a_text_was_erased_is_told_again_where_something_kept_names_it(tmp_path: Path) -> None:
    where = str(tmp_path / "state")
    days_of_work(where, days=1)
    store = open_daily(where, 0)
    [first] = [each for each in documents(where) if each.get("record", {}).get("kind") == "event-envelope"]
    reference = first["record"]["body"]["payload"]["message"]
    store.erase_blob(reference["$blob"], reason="asked", now=later(0))
    for day in range(1, DAYS):
        store = open_daily(where, day)
        store.commit([birth(800 + day, body={"copied": reference} if day == DAYS - 1 else {})], now=later(day * DAY))
        store.commit([settle(store.listing(SPOOL).names[item_id(800 + day)])], now=later(day * DAY))
        store.maintain(later(day * DAY))
    leaves, views = leaves_by_hand(where), views_on_disk(where)
    retire(where, older_than=3)
    kept = check_pruned(where, leaves, views)
    assert kept[0]["seq"] > 1
    assert [each["meta"]["blob"] for each in kept if each["type"] == "record.erased"] == [reference["$blob"]]


def test_a_blob_that_only_a_view_names_stays(tmp_path: Path) -> None:
    """What is remembered of a target holds what its first line said, and only its newest line is kept for it."""
    where, identity, words = str(tmp_path / "state"), f"tld_{1:032x}", None
    for day in range(DAYS):
        store, now = open_daily(where, day), later(day * DAY)
        before = store.past(identity)
        body = {"said": store.put_blob(b"words")} if before is None else {"day": day}
        words = words or body["said"]
        record = RecordLine(
            kind="receipt",
            id=f"rcp_{day}",
            body=body,
            consumes=() if before is None else (before.name,),
            views=(ViewKey(Folder.PAST, identity, ""),),
        )
        store.commit([Group(additions=(Addition(record=record),))], now=now)
        store.maintain(now)
    plan, *_ = retire(where, older_than=3)
    assert len(plan.stretches) == 4
    kept = open_daily(where).past(identity)
    assert kept is not None
    assert words in [each.get("said") for each in kept.body["receipts"]]
    assert open_daily(where).get_blob(words) == b"words"


def test_a_damaged_snapshot_is_not_kept_in_the_place_of_a_good_one(state: str) -> None:
    """Once older segments are gone, two good ones are all there is."""
    layout = Layout(state)
    names = sorted(name for name in os.listdir(layout.snapshots) if name.endswith(".jsonl"))
    path = Path(layout.snapshots, names[-1])
    path.write_bytes(path.read_bytes()[:-9])
    now = later(DAYS * DAY)
    store = open_daily(state)
    store.commit([birth(700)], now=now)
    store.maintain(now)
    assert names[0] in os.listdir(layout.snapshots)
    assert sum(is_whole(f"{layout.snapshots}/{name}") for name in os.listdir(layout.snapshots) if "json" in name) == 2


def test_of_old_log_checkpoints_the_last_of_each_day_stays(state: str) -> None:
    store = open_daily(state)
    lines = {each["seq"]: each["ts"] for each in documents(state)}
    for seq in lines:
        store.keep_log_checkpoint(seq, b"note of %d" % seq)
    border = later((DAYS - 2) * DAY)
    thin = store.keeper().log_checkpoints_to_thin(border)
    store.keeper().drop_log_checkpoints(thin)
    last = {time[:10]: seq for seq, time in lines.items()}
    old = {seq for seq, time in lines.items() if parse_time(time) < border}
    assert set(store.log_checkpoints()) == {seq for seq in lines if seq not in old} | (set(last.values()) & old)
    assert thin
    assert store.keeper().log_checkpoints_to_thin(border) == []


@pytest.mark.parametrize("harm", ["gone", "damaged", "another"])
def test_without_two_good_snapshots_nothing_goes(state: str, harm: str) -> None:
    layout = Layout(state)
    newest = max(int(name[:12]) for name in os.listdir(layout.snapshots) if name.endswith(".jsonl"))
    path = Path(snapshot_path(layout, newest))
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "damaged":
        path.write_bytes(content[:-70] + b"x" + content[-69:])
    else:
        path.write_bytes(Path(snapshot_path(layout, layout.segments()[-3])).read_bytes())
    plan, seq, _ = retire(state, older_than=3)
    assert (plan.stretches, seq, plan.kept_old) == ((), 0, 4)
    assert "snapshot" in plan.reason_kept
    assert layout.segments()[0] == 1


def test_damage_in_what_would_go_is_told_and_nothing_goes(state: str) -> None:
    layout = Layout(state)
    first = layout.segments()[1]
    with open(layout.segment(first), "r+b") as file:
        file.seek(200)
        file.write(b"X")
    with pytest.raises(StorageError, match="does not chain"):
        retire(state, older_than=3)
    assert layout.segments()[0] == 1
    assert not any(b"log.segment_retired" in Path(layout.segment(each)).read_bytes() for each in layout.segments())


def test_kept_leaf_hashes_that_are_not_those_of_the_lines_are_told(state: str) -> None:
    """They are made while the lines are there; afterwards nothing could show that they are wrong."""
    layout = Layout(state)
    path = Path(layout.leaves) / f"{layout.segments()[1]:012d}.leaves"
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(StorageError, match="leaf hashes"):
        retire(state, older_than=3)
    assert layout.segments()[0] == 1


def test_lines_that_are_gone_without_a_word_are_damage(state: str) -> None:
    layout = Layout(state)
    os.unlink(layout.segment(1))
    store = open_daily(state)
    with pytest.raises(StorageError, match="no line says they are retired"):
        list(store.replay())
    shutil.rmtree(layout.snapshots)
    os.mkdir(layout.snapshots)
    with pytest.raises(StorageError, match="segments are missing"):
        store.rebuild()


def test_a_pruned_log_without_its_snapshots_is_never_half_rebuilt(state: str) -> None:
    views = views_on_disk(state)
    retire(state, older_than=3)
    layout = Layout(state)
    for name in os.listdir(layout.snapshots):
        os.unlink(f"{layout.snapshots}/{name}")
    with pytest.raises(StorageError, match="segments are missing"):
        open_daily(state).rebuild()
    assert views_on_disk(state) == views


def test_segments_missing_in_the_middle_are_damage(state: str) -> None:
    layout = Layout(state)
    os.unlink(layout.segment(layout.segments()[3]))
    with pytest.raises(StorageError, match="lines are missing"):
        list(open_daily(state).replay())


def test_a_pruned_log_goes_on_as_any_other(state: str) -> None:
    """New segments, snapshots, rebuilds after another boot, and what is retired later."""
    leaves = leaves_by_hand(state)
    retire(state, older_than=3)
    for day in range(DAYS, DAYS + 6):
        store, now = open_daily(state, day, boot=OTHER_BOOT if day % 2 else None), later(day * DAY)
        store.commit([birth(day + 1), observed(day + 1, "words " * 100)], now=now)
        store.maintain(now)
        if day == DAYS + 3:
            open_daily(state, day).keeper().retire(later((day - 3) * DAY), reason="again", approver="uid:0", now=now)
    views = views_on_disk(state)
    check_pruned(state, leaves, views)
    assert item_id(DAYS + 1) in open_daily(state).listing(SPOOL).names


def test_what_was_in_force_is_still_known(tmp_path: Path) -> None:
    from reporting_governance.storage.files.in_force import InForce, last_in_force

    where = str(tmp_path / "state")
    context = InForce(where, {"profile": "a" * 64}, lambda: b'{"profile":"it"}')
    open_daily(where, 0, context=context).initialise(later(0))
    days_of_work(where)
    assert last_in_force(where) == b'{"profile":"it"}'
    plan, *_ = retire(where, older_than=3)
    assert plan.stretches
    assert last_in_force(where) == b'{"profile":"it"}'
    later_context = InForce(where, {"profile": "b" * 64}, lambda: b'{"profile":"other"}')
    open_daily(where, context=later_context).commit([birth(700)], now=later(DAYS * DAY))
    assert last_in_force(where) == b'{"profile":"other"}'


def test_one_at_a_time(state: str) -> None:
    with maintenance.alone_at(Layout(state)), pytest.raises(Busy):
        retire(state, older_than=3)


def test_a_plan_changes_nothing(state: str) -> None:
    def all_bytes() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in Path(state).rglob("*") if path.is_file()}

    before = all_bytes()
    plan = open_daily(state, heals=False).keeper().plan(later((DAYS - 3) * DAY))
    assert len(plan.stretches) == 4
    assert len(plan.blobs) == 4
    assert all_bytes() == before


def test_an_older_copy_of_applied_is_no_loss(state: str) -> None:
    """What it speaks of is retired, not lost: nobody is told that lines are gone."""
    applied = Path(f"{state}/journal/applied")
    old = applied.read_bytes()
    store = open_daily(state)
    store.commit([birth(600)], now=later(DAYS * DAY + 1))
    for day in range(DAYS + 1, DAYS + 5):
        open_daily(state, day).commit([birth(600 + day)], now=later(day * DAY))
        open_daily(state, day).maintain(later(day * DAY))
    end = DAYS + 5
    open_daily(state, end).keeper().retire(later((end - 1) * DAY), reason="r", approver="a", now=later(end * DAY))
    assert Layout(state).segments()[0] > 1
    applied.write_bytes(old)
    open_daily(state, end).ready()
    assert not any(each["type"] == "log.loss" for each in documents(state))


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
def test_killed(worked: str, tmp_path: Path, stride: int) -> None:
    """Whatever is left, the next ones cope with it, and the next prune finishes it."""
    leaves, views = leaves_by_hand(worked), views_on_disk(worked)
    seen = 0
    for number, where, outcome in killed_everywhere(worked, str(tmp_path / "killed"), pruning, stride=stride):
        seen = number
        also = f"{where}-reboot"
        shutil.copytree(where, also)
        open_daily(also, boot=OTHER_BOOT).ready()
        check_pruned(also, leaves, views)
        shutil.rmtree(also)
        kept = check_pruned(where, leaves, views)
        for [seq] in outcome.reports:
            assert seq == 0 or any(each["seq"] == seq for each in kept), "acknowledged, and not there"
        pruning(where, lambda said: None)
        kept = check_pruned(where, leaves, views)
        assert len([each for each in kept if each["type"] == "log.segment_retired"]) == 1
        assert set(os.listdir(f"{where}/blobs")) == set(digests_in(kept)), "blobs of retired lines are left"
        assert not os.path.exists(f"{where}/journal/retiring")
    assert seen > 40


def test_rebuild_reads_nothing_of_what_is_gone(state: str) -> None:
    retire(state, older_than=3)
    layout = Layout(state)
    end = layout.segments()[-1]
    found = rebuild.state_at(layout, (end, os.stat(layout.segment(end)).st_size))
    assert set(found.contents) == set(views_on_disk(state))
    assert Folder.PAST.value in {name.partition("/")[0] for name in found.contents}
