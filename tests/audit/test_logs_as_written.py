"""The logs that the product itself leaves: whole, healed, torn and not yet healed, pruned, with texts erased."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.storage.limits import Limits
from tests.audit.world import World, asked, event, exported, key_file, open_log, rewritten, sign
from tests.storage.building import NOW, later
from tests.storage.test_healing import cut_at, log_path, nul_from, size

INTEGRITY = "integrity"


@pytest.fixture
def unsynced(tmp_path: Path) -> tuple[str, int, int]:
    """Return a state behind whose last acknowledged byte one more commit of a group of two stands."""
    root = str(tmp_path / "template")
    store = open_log(root, limits=Limits())
    store.commit([event(1)], now=NOW)
    start = size(log_path(root))
    pair = [each.additions[0] for each in (event(2), event(3))]
    store.commit([event(4), Group(additions=tuple(pair))], now=later(1))
    return root, start, size(log_path(root))


def damaged(template: str, folder: str, change: Callable[[Any], None]) -> str:
    shutil.copytree(template, folder)
    with open(log_path(folder), "r+b") as log:
        change(log)
    os.unlink(f"{folder}/journal/applied")  # or the next process would tell of a loss, since all had been synced
    return folder


@pytest.mark.parametrize("kind", ["cut", "nul"])
def test_a_torn_tail_is_limited_until_it_is_made_good_and_fine_then(
    tmp_path: Path, unsynced: tuple[str, int, int], kind: str
) -> None:
    """etcd-io/etcd 14098: a torn tail is no tampering.  Cut or filled with zeros here and there, and at every edge."""
    template, start, end = unsynced
    data = Path(log_path(template)).read_bytes()
    edges = {place + near for place in range(start, end) if data[place] == 10 for near in (0, 1)}
    torn = 0
    for offset in sorted({*range(start, end, 97), *edges} - {end}):
        change = cut_at(offset) if kind == "cut" else nul_from(offset, end)
        root = damaged(template, f"{tmp_path}/{offset}", change)
        answer = asked(root, require=INTEGRITY, both=False)
        assert answer.codes <= {"tail-torn", "anchor-missing", "head-missing"}, (offset, answer)
        assert answer.code == (3 if "tail-torn" in answer.codes else 0)
        torn += answer.code == 3
        store = open_log(root, limits=Limits())
        store.ready()
        store.commit([event(9)], now=later(9))
        healed = asked(root, require=INTEGRITY, both=False)
        assert (healed.code, healed.codes) == (0, {"anchor-missing", "head-missing"}), (offset, healed)
        shutil.rmtree(root)
    assert torn > 5


def test_a_torn_tail_is_no_excuse_below_a_signed_head(world: World) -> None:
    """Whoever has signed it has seen it whole: what looks torn there was made so."""
    name, place = world.place(world.late)
    segments = world.segments()
    segments[name][place] = b"\0" * len(segments[name][place])
    world.write(segments)
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert answer.code == 1
    assert "line-unreadable" in answer.codes


def test_what_looks_torn_and_was_made_by_hand_is_told_apart(unsynced: tuple[str, int, int]) -> None:
    """A commit is one moment of one writer: unreadable bytes with lines of two commits behind them are no torn tail."""
    root, _, _ = unsynced
    open_log(root, limits=Limits()).commit([event(7)], now=later(60))
    path = Path(log_path(root))
    lines = path.read_bytes().split(b"\n")
    lines[2] = b"\0" * len(lines[2])
    path.write_bytes(b"\n".join(lines))
    answer = asked(root, require=INTEGRITY)
    assert (answer.code, answer.codes & {"line-unreadable", "tail-torn"}) == (1, {"line-unreadable"})


def test_an_edit_just_before_void_bytes_is_seen_by_the_chain(world: World) -> None:
    """Void bytes may hold no link to the line before them; the line that declares them void does."""
    torn = next(seq for seq, raw in enumerate(world.lines(), 1) if b'"type":"log.torn"' in raw)

    def change(lines: list[bytes], place: int) -> None:
        lines[place - 2] = lines[place - 2].replace(b'"coder"', b'"other"')

    world.change(torn, change)
    for path in world.heads().values():
        os.unlink(path)
    answer = asked(world.state, require=INTEGRITY)
    assert "line-edited" in answer.codes
    assert torn - 2 in {each["seq"] for each in answer.document["findings"]}


def test_void_bytes_that_were_changed_are_seen(world: World) -> None:
    torn = next(seq for seq, raw in enumerate(world.lines(), 1) if b'"type":"log.torn"' in raw)

    def change(lines: list[bytes], place: int) -> None:
        lines[place - 1] += b"x"

    world.change(torn, change)
    assert "line-unreadable" in asked(world.state, require=INTEGRITY).codes


def test_every_void_line_is_covered(tmp_path: Path) -> None:
    """Only the last of them is named by the next line; the declaration's own digest covers the others."""
    root = str(tmp_path / "state")
    open_log(root).commit([event(1)], now=NOW)
    with open(log_path(root), "ab") as log:
        log.write(b"one\ntwo\nthr")
    open_log(root).commit([event(2)], now=later(2))
    assert asked(root, require=INTEGRITY).code == 0
    path = Path(log_path(root))
    for found in (b"\none\n", b"\ntwo\n", b"\nthr\n"):
        data = path.read_bytes()
        path.write_bytes(data.replace(found, found.upper()))
        answer = asked(root, require=INTEGRITY)
        assert (answer.code, answer.codes & {"line-unreadable", "tail-torn"}) == (1, {"line-unreadable"}), found
        path.write_bytes(data)


def test_the_last_line_of_a_closed_segment_is_named_by_the_next(world: World) -> None:
    seq = int(sorted(world.segments())[1][:12]) - 1
    world.change(seq, lambda lines, place: lines.__setitem__(place, lines[place].replace(b'"coder"', b'"other"')))
    answer = asked(world.state, require=INTEGRITY)
    assert ("line-edited", seq) in {(each["code"], each["seq"]) for each in answer.document["findings"]}


def test_a_line_that_declares_void_what_is_not_there_is_seen(world: World) -> None:
    store = open_log(world.state)
    meta = {"from_seq": 3, "lines": 2, "bytes": 10, "sha256": "0" * 64}
    store.commit([Group(additions=(Addition(type=LineType.LOG_TORN, meta=meta),))], now=later(99))
    answer = asked(world.state, require=INTEGRITY)
    assert (answer.code, "torn-mismatch" in answer.codes) == (1, True)


def test_a_folder_of_segments_is_enough(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.log, tmp_path / "segments")
    answer = asked(str(tmp_path / "segments"), require=INTEGRITY)
    assert (answer.code, answer.document["kind"]) == (0, "segments")
    assert answer.document["lines"] == world.late


def test_a_text_that_was_erased_by_a_line_is_fine_and_one_that_is_gone_is_not(world: World, tmp_path: Path) -> None:
    blobs = Path(world.state, "blobs")
    digests = [each.name for each in blobs.iterdir() if each.name.encode() in b"".join(world.lines()[6:])]
    gone, changed, erased = sorted(digests)[:3]
    meta = {"blob": erased}
    open_log(world.state).commit(
        [Group(additions=(Addition(type=LineType.RECORD_ERASED, meta=meta, reason="asked for"),))], now=later(99)
    )
    (blobs / erased).unlink(missing_ok=True)
    fine = asked(world.state, require=INTEGRITY)
    assert (fine.code, fine.notes) == (0, {"blob-erased"})
    assert asked(exported(world.state, tmp_path / "erased.zip"), require=INTEGRITY).code == 0
    (blobs / gone).unlink()
    with open(blobs / changed, "ab") as blob:
        blob.write(b"x")
    answer = asked(world.state, require=INTEGRITY)
    assert answer.code == 1
    assert {"blob-missing", "blob-changed"} <= answer.codes
    assert answer.verdict("integrity") == "proven"


def test_segments_that_were_retired_by_a_line(tmp_path: Path) -> None:
    """Their leaf hashes stay, so heads that were signed before still fit; the keys are carried on in the line."""
    state = str(tmp_path / "state")
    store = open_log(state)
    for number in range(12):
        note = Addition(type=LineType.POLICY_BLOCKED, action="send", reason="r" * 500, meta={"n": number})
        store.commit([Group(additions=(note,))], now=later(number))
        if number == 2:
            early = sign(store, state)
        store.maintain(later(number))
    later_on = NOW + timedelta(days=40)
    plan, _, _ = store.keeper().retire(later_on, reason="the plan", approver="ops", now=later_on)
    assert plan.stretches, plan
    late = sign(store, state)
    assert plan.stretches[-1].to_seq >= early
    answer = asked(state, require="authenticity")
    assert answer.codes == {"key-first-use", "anchor-missing"}, answer
    assert (answer.document["signed_to"], "segment-retired" in answer.notes) == (late, True)
    bundle = exported(state, tmp_path / "retired.zip", signed=True)
    assert asked(bundle, require="authenticity").codes == {"key-first-use", "anchor-missing"}
    leaves = min(Path(state, "journal/leaves").iterdir())
    kept = leaves.read_bytes()
    leaves.write_bytes(bytes([kept[0] ^ 1]) + kept[1:])
    assert "retired-mismatch" in asked(state, require=INTEGRITY).codes
    leaves.unlink()
    lost = asked(state, require=INTEGRITY)
    assert (lost.code, "leaves-missing" in lost.codes) == (3, True)


def test_a_segment_that_is_gone_without_a_word(world: World) -> None:
    """That its leaf hashes lie beside the log is no excuse: they are a cache."""
    for name in sorted(world.segments())[:3:2]:
        os.unlink(f"{world.log}/{name}")
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, "segment-missing" in answer.codes) == (1, True)


def test_a_log_that_cannot_be_understood_is_not_called_tampered_with(world: World) -> None:
    """gebruder/wirken#115: a form that is not known and a damage are two things."""

    def change(document: dict[str, Any]) -> None:
        if document["seq"] == world.late:
            document["v"] = 2

    rewritten(world, world.late, change, key_file(world.state))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    assert (answer.code, answer.codes) == (3, {"version-unknown"})


def test_a_line_that_is_written_otherwise_and_chains_is_a_note(world: World) -> None:
    segments = world.segments()
    name, place = world.place(world.late)
    segments[name][place] = segments[name][place].replace(b'"g":', b'"g": ')
    world.write(segments)
    os.unlink(world.head(world.late))
    answer = asked(world.state, require=INTEGRITY)
    assert (answer.code, answer.notes) == (0, {"line-not-canonical"})


@pytest.mark.parametrize("name", ["link", "pipe", "foreign"])
def test_what_is_no_segment_among_the_segments(world: World, name: str) -> None:
    place = f"{world.log}/000000000099.jsonl"
    if name == "link":
        os.symlink("/etc/passwd", place)
    elif name == "pipe":
        os.mkfifo(place)
    else:
        Path(world.log, "notes.txt").write_text("mine")
    answer = asked(world.state, require=INTEGRITY)
    assert (answer.code, answer.codes & {"folder-foreign"}) == (1, {"folder-foreign"})


def test_a_log_that_grows_while_it_is_read_is_not_called_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heads are read before the lines: one that is signed meanwhile must not seem to run ahead of them."""
    from reporting_governance.verifier import journal

    def segments_later(*arguments: Any) -> Any:
        store = open_log(world.state)
        store.commit([event(99)], now=later(99))
        found = segments_of(*arguments)
        store.commit([event(100)], now=later(100))
        sign(store, world.state)
        return found

    segments_of = journal.segments_of
    monkeypatch.setattr(journal, "segments_of", segments_later)
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,), both=False)
    assert (answer.code, answer.codes) == (3, {"tail-unsigned"})


def test_a_text_is_held_against_its_name_and_its_line(world: World) -> None:
    seq = next(seq for seq, raw in enumerate(world.lines(), 1) if b'"$blob"' in raw and b"evt_" in raw)
    digest = world.lines()[seq - 1].partition(b'"$blob":"')[2][:64].decode()
    path = Path(world.state, "blobs", digest)
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])  # of the same size
    assert asked(world.state, require=INTEGRITY, keys=[world.vkey]).codes == {"blob-changed", "anchor-missing"}
    path.write_bytes(data)

    def change(document: dict[str, Any]) -> None:
        if document["seq"] == seq:
            document["record"]["body"]["payload"]["message"]["size"] += 1

    rewritten(world, seq, change, key_file(world.state))
    assert asked(world.state, require=INTEGRITY, keys=[world.vkey]).codes == {"blob-changed", "anchor-missing"}
