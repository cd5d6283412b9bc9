"""Faults of single lines and single lists, each with the word that it goes by."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.verifier import stretches
from reporting_governance.verifier.chaining import SegmentJudge
from reporting_governance.verifier.merkle import leaf_hash
from tests.audit.world import Bundle, World, asked, encoded, exported, key_file, rewritten


def codes_of(world: World) -> set[str]:
    answer = asked(world.state, require="integrity")
    assert answer.code == 1
    return answer.codes


def test_a_line_put_in_or_repeated(world: World) -> None:
    world.change(15, lambda lines, place: lines.insert(place, lines[place]))
    assert "line-twice" in codes_of(world)


def test_a_line_without_its_newline_in_the_middle(world: World) -> None:
    def join(lines: list[bytes], place: int) -> None:
        lines[place] += b" " + lines.pop(place + 1)

    world.change(15, join)
    assert "line-unreadable" in codes_of(world)


def test_a_line_longer_than_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "LONGEST_LINE", 3000)
    monkeypatch.setattr(stretches, "_READ_AT_ONCE", 500)
    assert asked(world.state, require="integrity", both=False).code == 0
    world.change(15, lambda lines, place: lines.insert(place, b"x" * 4000))
    assert "line-too-long" in asked(world.state, require="integrity", both=False).codes


@pytest.mark.parametrize("size", [1, 7, 100, 1 << 20])
def test_where_a_read_ends_means_nothing(untouched: World, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    wanted = asked(untouched.state, require="integrity").document
    monkeypatch.setattr(stretches, "_READ_AT_ONCE", size)
    assert asked(untouched.state, require="integrity", both=False).document == wanted


def _of(at: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(fields) if document["seq"] == at else None


@pytest.mark.parametrize(
    ("first", "change", "code"),
    [
        (11, _of(11, g=[1, 1]), "group-broken"),
        (11, _of(12, g=[2, 3]), "group-broken"),
        (11, _of(12, g=[1, 2]), "group-broken"),
        (24, _of(24, g=[1, 2]), "group-broken"),
        (24, _of(24, g=[0, 0]), "group-broken"),
        (24, _of(24, g=[2, 1]), "group-broken"),
        (1, _of(1, type="log.heartbeat"), "start-missing"),
        (1, _of(1, meta={}), "start-missing"),
        (24, _of(24, type="log.open", meta={"log_id": "0" * 32}), "log-restarted"),
        (13, _of(13, meta={"frontier": ["0" * 64]}), "frontier-mismatch"),
        (13, _of(13, meta={"frontier": 7}), "frontier-mismatch"),
        (13, _of(13, meta=None), "frontier-mismatch"),
        (24, _of(24, seq=25), "line-edited"),
        (24, _of(24, seq="24"), "line-unreadable"),
        (24, _of(24, type="log.segment_retired", meta={"from": 1, "to": 99}), "retired-mismatch"),
    ],
)
def test_a_line_that_says_what_cannot_be(
    world: World, first: int, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    """Whoever has the key can write it so; the lines contradict each other all the same."""
    rewritten(world, first, change, key_file(world.state))
    answer = asked(world.state, keys=[world.vkey], require="authenticity")
    # at the very end an open group is what a crash leaves, but for the head that was signed over it
    assert (answer.code, code in answer.codes) == (1, True), answer.codes


@pytest.mark.parametrize(
    "fields",
    [
        {"ts": 7}, {"ts": "yesterday"}, {"type": None}, {"record": []}, {"record": {"kind": 1}}, {"type": {}},
        {"type": "log.torn", "meta": 7}, {"ts": "2026-99-99T99:99:99.999Z"}, {"meta": [1]},
        {"type": "log.key", "meta": 3},
        {"record": {"kind": "receipt", "id": "x", "about": [], "body": {"attempt_id": {}}}},
        {"record": {"kind": "attempt", "id": "x", "about": [1], "body": {}}}, {"reason": {"$blob": 1}},
        {"reason": {"$blob": "../../etc/passwd", "size": 1}}, {"reason": {"$blob": "0" * 64, "size": "1"}},
        {"type": "record.erased", "meta": {"blob": ["x"]}}, {"type": "log.loss", "meta": {"seq": 1, "x": "\u202e"}},
        {"type": "config.changed", "meta": {"context": {"in_force": {"$blob": "0" * 64, "size": 1}, "profile": 3}}},
    ],
)  # fmt: skip
def test_no_line_whatever_it_holds_makes_it_fall_over(world: World, fields: dict[str, Any]) -> None:
    rewritten(world, world.late, _of(world.late, **fields), key_file(world.state))
    assert asked(world.state, keys=[world.vkey], anchors=(world.early_mail,)).code in (0, 1, 3)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 5000, b"\xff\xfe", b"7", b"", b'{"seq":1e999}'])
def test_no_bytes_make_it_fall_over(world: World, raw: bytes) -> None:
    world.change(15, lambda lines, place: lines.__setitem__(place, raw))
    assert "line-unreadable" in codes_of(world)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("bag-info.txt", lambda data: data.replace(b"Payload-Oxum: ", b"Payload-Oxum: 1"), "bag-malformed"),
        ("bag-info.txt", lambda data: data + b"More: x\n", "bag-malformed"),
        ("bagit.txt", lambda data: data.replace(b"1.0", b"0.97"), "bag-malformed"),
        ("manifest-sha256.txt", lambda data: data + b"x\n", "bag-malformed"),
        ("manifest-sha256.txt", lambda data: data.upper(), "bag-malformed"),
        ("manifest-sha256.txt", lambda data: b"".join(sorted(data.splitlines(True))), "bag-malformed"),
        ("manifest-sha256.txt", lambda data: b"".join(data.splitlines(True)[1:]), "file-foreign"),
        ("tagmanifest-sha256.txt", lambda data: data.replace(b"bagit", b"bagot"), "file-changed"),
        ("tagmanifest-sha256.txt", lambda data: b"", "file-changed"),
        ("data/README.txt", lambda data: data + b"x", "file-changed"),
        ("data/report.html", lambda data: data.replace(b"e", b"3"), "file-changed"),
        ("data/verify.py", lambda data: b"print('all is well')\n", "file-changed"),
    ],
)  # fmt: skip
def test_a_list_of_the_bag(
    honest: Bundle, untouched: World, tmp_path: Path, name: str, change: Callable[[bytes], bytes], code: str
) -> None:
    path = Bundle(honest.top, {**honest.files, name: change(honest.files[name])}).packed(tmp_path / "bag.zip")
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, code in answer.codes) == (1, True), answer.codes


@pytest.mark.parametrize("name", ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_a_list_that_is_gone(honest: Bundle, untouched: World, tmp_path: Path, name: str) -> None:
    files = {each: data for each, data in honest.files.items() if each != name}
    answer = asked(Bundle(honest.top, files).packed(tmp_path / "bag.zip"), keys=[untouched.vkey])
    assert (answer.code, "file-missing" in answer.codes) == (1, True)


def test_withheld_lines_in_another_form(untouched: World, tmp_path: Path) -> None:
    honest = Bundle.of(exported(untouched.state, tmp_path / "chosen.zip", chosen={"tasks": ["tsk_1"]}))
    leaves = honest.files["data/withheld.leaves"]
    for change in (leaves[:-1], leaves.replace(b" ", b"\t"), b"x\n", leaves.splitlines(True)[0] * 2):
        files = {**honest.files, "data/withheld.leaves": change}
        path = Bundle(honest.top, files).relisted().packed(tmp_path / "leaves.zip")
        answer = asked(path, require="integrity")
        assert (answer.code, "withheld-malformed" in answer.codes) == (1, True), change


def test_a_leaf_hash_that_is_not_the_lines(untouched: World, tmp_path: Path) -> None:
    """A withheld line stands between two that are shown: the second names it."""
    honest = Bundle.of(exported(untouched.state, tmp_path / "chosen.zip", chosen={"tasks": ["tsk_1"]}))
    lines = honest.files["data/withheld.leaves"].splitlines()
    seq = lines[0].partition(b" ")[0]
    lines[0] = seq + b" " + leaf_hash(b"another").hex().encode()
    files = {**honest.files, "data/withheld.leaves": b"\n".join(lines) + b"\n"}
    answer = asked(Bundle(honest.top, files).relisted().packed(tmp_path / "leaf.zip"), require="integrity")
    assert (answer.code, bool(answer.codes & {"line-edited", "frontier-mismatch"})) == (1, True)


def test_an_edit_of_a_bundle_alone_that_no_list_tells(honest: Bundle, tmp_path: Path) -> None:
    """BagIt without a signature: an edit with lists that fit again is a valid bag.  The lines tell it."""
    name = next(name for name in honest.files if name.startswith("data/log/"))
    lines = honest.files[name].splitlines(keepends=True)
    document = json.loads(lines[1])
    document["actor"] = "nobody"
    files = {**honest.files, name: b"".join([lines[0], encoded(document) + b"\n", *lines[2:]])}
    answer = asked(Bundle(honest.top, files).relisted().packed(tmp_path / "edit.zip"), require="integrity")
    assert (answer.code, "line-edited" in answer.codes) == (1, True)


@pytest.mark.parametrize(("group", "codes"), [([1, 2], set()), ([1, 3], {"group-broken"}), ([2, 3], set())])
def test_a_group_whose_end_is_withheld_must_have_room(tmp_path: Path, group: list[int], codes: set[str]) -> None:
    """One line is shown between a withheld one and another, behind which there is nothing."""
    shown = {"prev": "0" * 64, "seq": 2, "v": 1, "g": group, "ts": "2026-03-01T00:00:00.000Z", "type": "log.heartbeat"}
    line = encoded(shown)
    (tmp_path / "log").write_bytes(line + b"\n")
    (tmp_path / "leaves").write_text(f"1 {'0' * 64}\n3 {'1' * 64}\n")
    where = [
        stretches.FileRange(str(tmp_path / name), 0, (tmp_path / name).stat().st_size, name)
        for name in ("log", "leaves")
    ]
    task = stretches.SegmentTask(1, None, where[0], stretches.Leaves(where[1], 1, True), (), {})
    found = SegmentJudge(task).result()
    assert (found["last_seq"], set(found["counts"])) == (3, codes)
