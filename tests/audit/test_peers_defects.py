"""What other people's audit logs accept: each defect that was met or reported, tried on ours.

Measured on the releases of 2026 or read in the threads that are named.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.merkle import extend, root
from reporting_governance.verifier.note import parse_vkey, vkey_of
from reporting_governance.verifier.subtrees import SubtreeStack
from tests.audit.forging import forged
from tests.audit.test_attack_table import cut, empty, tell
from tests.audit.world import Bundle, World, asked, encoded, event, exported, key_meta, open_log, rewritten, sign
from tests.storage.building import NOW, later


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every single value in a document."""
    if isinstance(value, dict):
        for key in value:
            yield from places_in(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from places_in(each, (*path, number))
    else:
        yield path


def other(value: Any) -> Any:
    return value + "x" if isinstance(value, str) else 1 if value in (None, []) else value + 1


def test_every_field_of_a_line_is_covered(world: World) -> None:
    """agent-governance-toolkit 5.0.0: environment, sandbox id, policy_decision, approver_did may be edited freely."""
    seq = 11
    name, place = world.place(seq)
    segments = world.segments()
    raw = segments[name][place]
    paths = list(places_in(json.loads(raw)))
    assert len(paths) > 20
    for path in paths:
        document = json.loads(raw)
        node = document
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = other(node[path[-1]])
        segments[name][place] = encoded(document)
        world.write(segments)
        answer = asked(world.state, require="integrity", both=False)
        assert answer.code == 1, path


def test_what_a_verifier_holds_is_not_enough_to_forge(world: World, honest: Bundle, tmp_path: Path) -> None:
    """agent-governance-toolkit 5.0.0: whoever can check its shared key can write the whole log anew with it."""
    heads = {path: Path(path).read_bytes() for path in world.heads().values()}
    another = KeyFile(f"{world.state}/keys/another.key")
    another.make()
    rewritten(world, 4, tell, another)
    for path, data in heads.items():
        Path(path).write_bytes(data)  # all that a stranger can do about them
    answer = asked(world.state, require="authenticity", keys=[world.vkey])
    assert (answer.code, answer.codes & {"head-mismatch"}) == (1, {"head-mismatch"})
    path = forged(honest, world).packed(tmp_path / "forged.zip")
    assert "head-mismatch" in asked(path, require="authenticity", keys=[world.vkey]).codes


def test_a_segment_lost_between_two_is_seen(world: World, honest: Bundle, tmp_path: Path) -> None:
    """agent-governance-toolkit 5.0.0: rotation begins a new chain, 28 of 40 records overwritten, "verified"."""
    os.unlink(f"{world.log}/{sorted(world.segments())[1]}")
    assert "segment-missing" in asked(world.state, require="integrity").codes
    lines = {name: data for name, data in honest.files.items() if name != f"data/log/{list_of_segments(honest)[1]}"}
    path = Bundle(honest.top, lines).relisted().packed(tmp_path / "lost.zip")
    assert asked(path, require="integrity").code == 1


def list_of_segments(bundle: Bundle) -> list[str]:
    return sorted(name.rpartition("/")[2] for name in bundle.files if name.startswith("data/log/"))


def test_two_honest_writers_make_one_chain(tmp_path: Path) -> None:
    """agent-governance-toolkit 5.0.0, agent-audit-trail 1.0, sipyourdrink-ltd/bernstein#1602: two writers break it."""
    state = str(tmp_path / "state")
    writers = [open_log(state) for _ in range(3)]
    for number in range(9):
        writers[number % 3].commit([event(number)], now=later(number))
    assert asked(state, require="integrity").code == 0


@pytest.mark.parametrize("count", range(1, 71))
def test_the_tree_grown_leaf_by_leaf_is_the_tree_built_at_once(count: int) -> None:
    """agent-governance-toolkit 5.0.0: the incremental root differs from its own rebuild at 23 of the sizes 1 to 33."""
    leaves = [bytes([number]) * 32 for number in range(count)]
    wanted = root(extend(0, (), leaves)[1])
    for cut_at in {0, 1, count // 3, count // 2, count - 1, count}:
        whole, rest = SubtreeStack(), SubtreeStack(cut_at)
        for leaf in leaves[:cut_at]:
            whole.push(leaf)
        for leaf in leaves[cut_at:]:
            rest.push(leaf)
        for subtree in rest.taken():
            whole.push_subtree(subtree)
        assert (whole.size, whole.root()) == (count, wanted)


@pytest.mark.parametrize("what", ["signatures", "heads"])
def test_signatures_that_are_simply_gone(world: World, what: str) -> None:
    """aat-mcp 0.1, aat-verify 0.1: a log rewritten without its signatures is true, with pinned keys too;
    systemd#15425: an unsealed journal passes the check of its seals.
    """
    rewritten(world, 3, tell, KeyFile(f"{world.state}/keys/log.key"))
    for path in world.heads().values():
        if what == "heads":
            os.unlink(path)
        else:
            Path(path).write_bytes(Path(path).read_bytes().partition(b"\n\n")[0] + b"\n")
    answer = asked(world.state, require="authenticity", keys=[world.vkey])
    assert (answer.code, bool(answer.codes & {"head-missing", "head-unreadable"})) == (1, True)


@pytest.mark.parametrize("attack", [empty, cut])
def test_an_empty_log_and_a_cut_one_are_not_fine(world: World, attack: Any) -> None:
    """aat-mcp 0.1 and aat-verify 0.1 say true to both; systemd#28886, etcd and many others do."""
    attack(world)
    assert asked(world.state, require="authenticity", keys=[world.vkey]).code == 1


def test_a_log_without_a_folder_of_lines_is_empty_too(world: World) -> None:
    shutil.rmtree(world.log)
    os.mkdir(world.log)
    answer = asked(world.state, require="integrity")
    assert (answer.code, "log-empty" in answer.codes) == (1, True)


def test_nothing_stops_after_a_thousand_lines(tmp_path: Path) -> None:
    """agent-audit-trail 1.0: the check ends at row 1,000; row 1,200, forged, passes.  With one process and four."""
    state = str(tmp_path / "state")
    store = open_log(state, limits=Limits(segment_bytes=200_000))
    for first in range(0, 1400, 200):
        store.commit([event(number) for number in range(first, first + 200)], now=NOW)
    log = Path(state, "journal/log")
    path = max(each for each in log.iterdir() if int(each.name[:12]) <= 1200)
    data = path.read_bytes().split(b"\n")
    place = 1200 - int(path.name[:12])
    data[place] = data[place].replace(b'"coder"', b'"other"')
    path.write_bytes(b"\n".join(data))
    for workers in (1, 4):
        answer = asked(state, require="integrity", workers=workers)
        edited = [each["seq"] for each in answer.document["findings"] if each["code"] == "line-edited"]
        assert (answer.code, edited) == (1, [1200])


@pytest.mark.parametrize("pinned", [True, False])
def test_a_key_that_comes_with_the_evidence_proves_nothing(
    world: World, honest: Bundle, tmp_path: Path, pinned: bool
) -> None:
    """actionproof 0.0.3, SynapseKit/SynapseKit#811, bernstein#5064: the key is taken from the receipt."""
    another = KeyFile(f"{world.state}/keys/another.key")
    another.make()
    key = vkey_of(parse_vkey(world.vkey).name, another.public_key())

    def change(document: dict[str, Any]) -> None:
        tell(document)
        if document["type"] == "log.key":
            document["meta"] = key_meta(key, another, None, None)

    rewritten(world, 2, change, another)
    bundle = forged(honest, world).packed(tmp_path / "forged.zip")
    for path in (world.state, bundle):
        answer = asked(path, require="authenticity", keys=[world.vkey] if pinned else [])
        assert answer.code == (1 if pinned else 3), answer
        assert answer.verdict("authenticity") == ("failed" if pinned else "limited")


def test_age_takes_nothing_away(untouched: World, honest_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """agent-toolprint 0.1 refuses what is older than a day: no use to a review.  No clock is read at all."""
    import time

    def no_clock(*_: object) -> float:
        raise AssertionError("a clock was read")

    for name in ("time", "time_ns"):
        monkeypatch.setattr(time, name, no_clock)
    for path in (untouched.state, honest_path):
        assert asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,)).code == 0


def test_a_line_that_another_program_wrote_otherwise_is_no_alarm(world: World) -> None:
    """Temple-Stuart/temple-stuart-accounting#499: 12,687 false alarms from writing JSON anew; here bytes are hashed."""
    segments = world.segments()
    name, place = world.place(world.late)
    document = json.loads(segments[name][place])
    segments[name][place] = json.dumps(document, sort_keys=True).encode()
    world.write(segments)
    os.unlink(world.head(world.late))
    answer = asked(world.state, require="integrity")
    assert (answer.code, answer.notes) == (0, {"line-not-canonical"})


def test_erasing_sets_off_no_alarm(tmp_path: Path) -> None:
    """tale-project/tale#1843, 2witstudios/PageSpace#541: erasure edits what was hashed and breaks its own chain."""
    from reporting_governance.contracts.journal_line import LineType
    from reporting_governance.storage.interface import Addition, Group

    state = str(tmp_path / "state")
    store = open_log(state)
    store.commit([event(1, message="somebody's own words " * 30)], now=NOW)
    sign(store, state)
    blobs = Path(state, "blobs")
    [digest] = [each.name for each in blobs.iterdir() if b"somebody's own words" in each.read_bytes()]
    store.commit([Group(additions=(Addition(type=LineType.RECORD_ERASED, meta={"blob": digest}),))], now=NOW)
    assert digest not in os.listdir(f"{state}/blobs")
    vkey = asked(state, require="integrity").document["key"]["vkey"]
    for path in (state, exported(state, tmp_path / "erased.zip", signed=True)):
        answer = asked(path, require="integrity", keys=[vkey])
        assert (answer.code, answer.verdict("redaction"), "blob-erased" in answer.notes) == (0, "proven", True)


def test_an_edit_is_seen_wherever_processes_divide_the_work(world: World) -> None:
    """The same findings, in the same order, however many look."""
    world.change(15, lambda lines, place: lines.__setitem__(place, lines[place].replace(b'"coder"', b'"other"')))
    answers = [asked(world.state, keys=[world.vkey], workers=count).document for count in (1, 2, 3, 8)]
    assert all(each == answers[0] for each in answers)
    assert answers[0]["exit_code"] == 1
