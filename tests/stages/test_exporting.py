"""A bundle of a real state: all that was asked for is in it, byte for byte, and what is not is accounted for."""

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.verifier.merkle import extend, root
from reporting_governance.verifier.note import is_signed_by, parse_head, parse_note, parse_vkey
from tests.stages.export_world import DIGESTS, LONG, exported, left_in, open_state, opened, worked_state
from tests.storage.building import later
from tests.storage.retention import DAYS, days_of_work, pruning, root_by_hand


@pytest.fixture
def state(tmp_path: Path) -> str:
    folder = str(tmp_path / "state")
    worked_state(folder)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> str:
    (tmp_path / "out").mkdir()
    return str(tmp_path / "out")


def log_of(state: str) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(Path(state, "journal/log").iterdir()))


def test_the_whole_log_is_there_byte_for_byte(state: str, out: str) -> None:
    before = log_of(state)
    report = exported(state, out)
    bundle = opened(report.file.path)
    assert b"".join(data for path, data in sorted(bundle.files.items()) if path.startswith("data/log/")) == before
    said = bundle.manifest
    assert (said["format"], said["v"]) == ("reporting-governance/audit-bundle", 1)
    assert (said["size"], said["selected"], said["withheld"], said["void"]) == (13, 13, 0, 0)
    assert said["root"] == root(extend(0, (), bundle.leaves())[1]).hex()
    assert said["counts"] == {"kinds": {"event-envelope": 12}, "types": {"log.open": 1, "record.added": 12}}
    assert bundle.name == f"{said['log_id'][:8]}-{1:012d}-{13:012d}"
    assert report.file.path.endswith(f"/{bundle.name}.zip")
    assert sha256(Path(report.file.path).read_bytes()).hexdigest() == report.file.sha256


def test_the_log_says_afterwards_that_it_was_exported(state: str, out: str) -> None:
    report = exported(state, out)
    *_, last = open_state(state).replay()
    assert last.document["type"] == "audit.exported"
    assert last.document["meta"] == {
        "bundle": f"{report.name}.zip",
        "sha256": report.file.sha256,
        "size": 13,
        "root": report.root,
        "filter": {"agents": [], "notices": [], "tasks": [], "types": [], "since": None, "until": None},
    }


FILTERS: list[tuple[dict[str, Any], set[int]]] = [
    ({"tasks": ["tsk_0"]}, {1, 2, 4, 6, 8, 10}),
    ({"agents": ["tester"]}, {1, 13}),
    ({"types": ["receipt"]}, {1}),
    ({"types": ["event-envelope"], "tasks": ["tsk_1"]}, {1, 3, 5, 7, 9, 11, 12, 13}),
    ({"since": "2026-03-01T04:05:14.789Z", "until": "2026-03-01T04:05:16.000Z"}, {1, 10, 11}),
]


@pytest.mark.parametrize(("chosen", "shown"), FILTERS, ids=str)
def test_a_filter_withholds_leaves_and_drops_nothing(
    state: str, out: str, chosen: dict[str, Any], shown: set[int]
) -> None:
    whole = opened(exported(state, f"{out}/whole.zip", recorded=False).file.path)
    bundle = opened(exported(state, out, chosen=chosen, recorded=False).file.path)
    assert set(bundle.lines()) == shown
    assert bundle.leaves() == whole.leaves()
    assert bundle.manifest["root"] == whole.manifest["root"]
    assert (bundle.manifest["selected"], bundle.manifest["withheld"]) == (len(shown), 13 - len(shown))
    assert bundle.manifest["files"]["data/withheld.leaves"]["lines"] == 13 - len(shown)
    named = {each.removeprefix("data/blobs/") for each in bundle.files if each.startswith("data/blobs/")}
    referred = {part[:64].decode() for raw in bundle.lines().values() for part in raw.split(b'"$blob":"')[1:]}
    assert named == referred


def test_void_lines_are_shown_in_a_whole_export_and_withheld_by_a_filter(state: str, out: str) -> None:
    with open(f"{state}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b'{"half a line\nand another\n')
    open_state(state).commit([Group(additions=(Addition(type=LineType.LOG_HEARTBEAT),))], now=later(20))
    whole = opened(exported(state, f"{out}/whole.zip", recorded=False).file.path)
    assert (whole.lines()[14], whole.lines()[15]) == (b'{"half a line', b"and another")
    assert (whole.manifest["void"], whole.manifest["size"]) == (2, 17)
    assert whole.coverage["torn"]["found"] == [{"from": 14, "to": 15, "bytes": 26, "declared_by": 16}]
    chosen = opened(exported(state, out, chosen={"agents": ["coder"]}, recorded=False).file.path)
    assert {14, 15} <= set(chosen.withheld())
    assert (chosen.manifest["void"], chosen.manifest["root"]) == (0, whole.manifest["root"])


def test_lines_that_nobody_was_told_of_are_left_out_and_counted(state: str, out: str) -> None:
    with open(f"{state}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b'{"half a line')
    report = exported(state, out, recorded=False)
    assert (report.size, report.left_out) == (13, 1)
    assert opened(report.file.path).manifest["size"] == 13


def test_retired_lines_are_withheld_by_their_kept_leaves(tmp_path: Path, out: str) -> None:
    state = str(tmp_path / "pruned")
    days_of_work(state)
    pruning(state, lambda _said: None)
    report = exported(state, out, recorded=False)
    bundle = opened(report.file.path)
    assert bundle.manifest["from"] > 1
    assert set(bundle.withheld()) == set(range(1, bundle.manifest["from"]))
    assert root(extend(0, (), bundle.leaves())[1]).hex() == bundle.manifest["root"] == root_by_hand(state)
    (retired,) = bundle.manifest["retired"]
    assert (retired["from"], retired["to"]) == (1, bundle.manifest["from"] - 1)
    assert [each["kind"] for each in bundle.redactions if each["kind"] == "retired"] == ["retired"]
    assert DAYS == 8


def test_an_older_end_gives_what_was_there_then(state: str, out: str) -> None:
    bundle = opened(exported(state, out, last=7, recorded=False).file.path)
    assert (bundle.manifest["size"], max(bundle.lines())) == (7, 7)
    assert bundle.name.endswith("-000000000007")
    assert bundle.files["data/log/000000000001.jsonl"] == b"".join(log_of(state).splitlines(keepends=True)[:7])


def test_an_end_among_retired_lines_is_refused(tmp_path: Path, out: str) -> None:
    state = str(tmp_path / "pruned")
    days_of_work(state)
    pruning(state, lambda _said: None)
    with pytest.raises(UsageError, match="line 5 is retired"):
        exported(state, out, last=5, recorded=False)
    assert left_in(out) == []


@pytest.mark.parametrize(("last", "words"), [(12, "ends with line 13"), (14, "has 13 lines")])
def test_the_log_cannot_end_in_the_middle_of_what_was_recorded_together(
    state: str, out: str, last: int, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        exported(state, out, last=last, recorded=False)
    assert left_in(out) == []


def test_settings_in_force_are_there_as_readable_copies(state: str, out: str) -> None:
    bundle = opened(exported(state, out).file.path)
    copies = {each for each in bundle.files if each.startswith("data/context/")}
    assert copies == {
        f"data/context/descriptor-{'c' * 12}.json",
        f"data/context/effective-local-host-{'d' * 12}.json",
        f"data/context/pack-no-silence-{'b' * 12}.json",
        f"data/context/profile-{'a' * 12}.json",
    }
    profile = bundle.files[f"data/context/profile-{'a' * 12}.json"]
    assert profile == b'{"kind":"DeploymentProfileArtifact","spec":{"quiet":"\\u00fc"}}\n'
    assert [each["power"] for each in bundle.coverage["cannot_record"]["found"]] == ["observation.children"]
    assert set(DIGESTS) == {"profile", "pack:No Silence.yaml", "descriptor", "effective:local-host"}


def blobs_of(state: str) -> list[Path]:
    """Return the blobs with somebody's words."""
    return sorted(each for each in Path(state, "blobs").iterdir() if LONG.encode() in each.read_bytes())


def test_a_text_that_is_missing_ends_the_export(state: str, out: str) -> None:
    gone = blobs_of(state)[0]
    gone.unlink()
    with pytest.raises(StorageError, match=gone.name):
        exported(state, out)
    assert left_in(out) == []


def test_a_text_that_was_changed_ends_the_export(state: str, out: str) -> None:
    changed = blobs_of(state)[0]
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    with pytest.raises(StorageError, match="was changed"):
        exported(state, out)
    assert left_in(out) == []


def test_an_erased_text_is_missing_and_said_to_be(state: str, out: str) -> None:
    gone = blobs_of(state)[0].name
    open_state(state).erase_blob(gone, reason="asked for", now=later(30))
    bundle = opened(exported(state, out).file.path)
    assert f"data/blobs/{gone}" not in bundle.files
    assert bundle.redactions == [{"kind": "erased", "seq": 14, "blob": gone, "reason": "asked for"}]
    assert b"erased" in bundle.files["data/report.html"]
    with pytest.raises(StorageError, match="no line up to 13 says it was erased"):
        exported(state, f"{out}/older.zip", last=13)


def test_an_erased_text_that_is_still_there_is_not_given_away(state: str, out: str) -> None:
    kept = blobs_of(state)[0]
    text = kept.read_bytes()
    open_state(state).erase_blob(kept.name, reason="asked for", now=later(30))
    kept.write_bytes(text)
    with pytest.raises(StorageError, match="is erased, and it is there"):
        exported(state, out)
    assert left_in(out) == []


def test_withheld_texts_are_named_and_settings_stay(state: str, out: str) -> None:
    words = {each.name for each in blobs_of(state)}
    bundle = opened(exported(state, out, withhold_blobs=True).file.path)
    assert {each["blob"] for each in bundle.redactions if each["kind"] == "withheld_blob"} == words
    assert bundle.manifest["redaction"] == "withhold-blobs"
    assert not any(LONG.encode() in data for data in bundle.files.values())
    assert sum(each.startswith("data/blobs/") for each in bundle.files) == 1
    assert bundle.coverage["cannot_record"]["count"] == 1


def test_damage_in_the_middle_ends_the_export_with_its_place(state: str, out: str) -> None:
    path = Path(state, "journal/log/000000000001.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    filler = [b"x\n"] * 1001
    path.write_bytes(b"".join([*lines[:5], lines[5].replace(b"coder", b"codfr"), *lines[6:], *filler]))
    with pytest.raises(StorageError, match=r"000000000001\.jsonl: damaged: line 7 "):
        exported(state, out, recorded=False)
    assert left_in(out) == []


def test_a_missing_segment_ends_the_export(tmp_path: Path, out: str) -> None:
    state = str(tmp_path / "days")
    days_of_work(state)
    middle = sorted(Path(state, "journal/log").iterdir())[3]
    middle.unlink()
    with pytest.raises(StorageError, match="are missing before it"):
        exported(state, out, recorded=False)
    assert left_in(out) == []


def test_the_log_of_another_host_and_bare_segments(state: str, out: str, tmp_path: Path) -> None:
    whole = exported(state, f"{out}/a.zip", recorded=False, reproducible=True)
    beside = exported(f"{state}/journal", f"{out}/b.zip", recorded=False, reproducible=True)
    assert Path(beside.file.path).read_bytes() == Path(whole.file.path).read_bytes()
    bare = shutil.copytree(f"{state}/journal/log", tmp_path / "bare")
    with pytest.raises(StorageError, match="it is not there"):
        exported(str(bare), f"{out}/c.zip", recorded=False)
    bundle = opened(exported(str(bare), f"{out}/c.zip", recorded=False, withhold_blobs=True).file.path)
    assert bundle.manifest["root"] == whole.root
    assert bundle.coverage["cannot_record"]["found"][0]["reason"] == "not_shown"
    assert left_in(out) == ["a.zip", "b.zip", "c.zip"]


def test_an_empty_folder_and_an_empty_log_are_no_log(tmp_path: Path, out: str) -> None:
    with pytest.raises(StorageError, match="no log is there"):
        exported(str(tmp_path), out, recorded=False)
    Path(tmp_path, "000000000001.jsonl").touch()
    with pytest.raises(StorageError, match="holds no line"):
        exported(str(tmp_path), out, recorded=False)


def test_the_head_of_the_end_and_the_bundle_are_signed(state: str, out: str) -> None:
    report = exported(state, out, signed=True)
    bundle = opened(report.file.path)
    (vkey,) = bundle.manifest["keys"]
    key = parse_vkey(vkey)
    assert key.name == report.log_id
    note = parse_note(bundle.files[f"data/checkpoints/{report.size:012d}.note"])
    assert is_signed_by(note, key)
    head = parse_head(note.text)
    assert (head.origin, head.size, head.root.hex()) == (report.log_id, report.size, report.root)
    whole = parse_note(bundle.files["bundle.note"])
    assert is_signed_by(whole, key)
    digest = sha256(bundle.files["tagmanifest-sha256.txt"]).hexdigest()
    assert whole.text == f"reporting-governance audit bundle\n{report.log_id}\n{report.size}\n{digest}\n"
    assert bundle.coverage["unsigned_tail"]["found"] == []
    assert report.signed_to == report.size == 14


def test_an_older_end_is_signed_later_with_the_same_bytes(state: str, out: str) -> None:
    exported(state, f"{out}/now.zip", signed=True)
    older = opened(exported(state, out, signed=True, last=7).file.path)
    note = older.files["data/checkpoints/000000000007.note"]
    again = opened(exported(state, f"{out}/again.zip", signed=True, last=7).file.path)
    assert again.files["data/checkpoints/000000000007.note"] == note
    assert [each for each in older.files if each.startswith("data/checkpoints/")] == [
        "data/checkpoints/000000000007.note"
    ]


def test_a_head_of_other_lines_ends_the_export(state: str, out: str) -> None:
    report = exported(state, f"{out}/signed.zip", signed=True, recorded=False)
    path = Path(state, f"journal/checkpoints/{report.size:012d}.note")
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    for damage in (
        whole.replace(f"\n{report.size}\n".encode(), b"\n9\n"),
        whole.replace(lines[2], b"A" * 43 + b"="),
        whole[:20],
        b"",
    ):
        path.write_bytes(damage)
        with pytest.raises(StorageError, match=f"{report.size:012d}.note"):
            exported(state, out, recorded=False)
    assert left_in(out) == ["signed.zip"]


def test_a_bundle_that_is_there_is_never_replaced(state: str, out: str) -> None:
    first = exported(state, out, last=13, recorded=False)
    before = Path(first.file.path).read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        exported(state, out, last=13, recorded=False)
    with pytest.raises(UsageError, match="is there already"):
        exported(state, first.file.path, last=13, recorded=False)
    assert Path(first.file.path).read_bytes() == before
    assert left_in(out) == [os.path.basename(first.file.path)]


def test_what_cannot_be_recorded_is_not_done(state: str, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store_type = type(open_state(state))

    def refuse(self: Any, groups: Any, *, now: Any) -> Any:
        raise StorageError(path="journal", reason="no space left")

    monkeypatch.setattr(store_type, "commit", refuse)
    with pytest.raises(StorageError, match="no space left"):
        exported(state, out)
    assert left_in(out) == []


def test_custody_says_who_and_a_reproducible_bundle_does_not(state: str, out: str) -> None:
    bundle = opened(exported(state, f"{out}/a.zip", recorded=False, date="2026-03-01", organization="We\nUs").file.path)
    assert json.loads(bundle.files["data/custody.jsonl"])["actor"] == "uid:0"
    assert bundle.files["bag-info.txt"].startswith(b"Source-Organization: We Us\nBagging-Date: 2026-03-01\n")
    plain = opened(exported(state, f"{out}/b.zip", recorded=False, reproducible=True, date="2026-03-01").file.path)
    assert "data/custody.jsonl" not in plain.files
    assert plain.files["bag-info.txt"].startswith(b"Bagging-Date: 1980-01-01\n")
    assert {name for name in bundle.files if name.startswith("data/")} - {"data/custody.jsonl"} == {
        name for name in plain.files if name.startswith("data/")
    }
    same = [name for name in plain.files if name.startswith("data/")]
    assert [name for name in same if plain.files[name] != bundle.files[name]] == []
