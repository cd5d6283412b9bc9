"""A hostile operator without the key, and one with it: what passed, what fell over, what never ended."""

import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.core.audit_bundle.documents import bag_info
from reporting_governance.verifier import contents, working
from reporting_governance.verifier.note import Signature, format_note, parse_vkey, vkey_of
from tests.audit.world import (
    Bundle,
    World,
    asked,
    encoded,
    exported,
    key_file,
    key_meta,
    rewritten,
    root_of,
    signed_head,
)


def answered(bundle: Bundle, world: World, folder: Path, **options: Any) -> tuple[int, set[str]]:
    """Pack a bundle whose lists have been made to fit, and ask."""
    options.setdefault("anchors", (world.late_mail,))
    answer = asked(bundle.relisted().packed(folder / "hostile.zip"), keys=[world.vkey], **options)
    return answer.code, answer.codes


def in_manifest(bundle: Bundle, change: Callable[[dict[str, Any]], None]) -> Bundle:
    manifest = json.loads(bundle.files["data/manifest.json"])
    change(manifest)
    return bundle._replace(files={**bundle.files, "data/manifest.json": encoded(manifest) + b"\n"})


@pytest.mark.parametrize("name", ["coverage.json", "redactions.jsonl", "report.html", "README.txt", "verify.py"])
def test_a_file_that_is_left_out_of_every_list(honest: Bundle, untouched: World, tmp_path: Path, name: str) -> None:
    """Without a statement of gaps there was nothing to disagree with, and all was proven."""
    gone = honest._replace(files={each: data for each, data in honest.files.items() if each != f"data/{name}"})
    gone = in_manifest(gone, lambda manifest: manifest["files"].pop(f"data/{name}", None))
    assert answered(gone, untouched, tmp_path) == (1, {"file-missing"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("withheld", False), ("from", True), ("from", 1.0), ("v", True), ("program", "x"), ("program", {"name": "x"}),
        ("size", 10**400), ("log_id", "x"), ("program", {"name": "x", "version": "1", "more": "1"}),
    ],
)  # fmt: skip
def test_a_manifest_whose_values_only_python_calls_equal(
    honest: Bundle, untouched: World, tmp_path: Path, field: str, value: Any
) -> None:
    lie = in_manifest(honest, lambda manifest: manifest.update({field: value}))
    assert answered(lie, untouched, tmp_path)[0] in (1, 3)


@pytest.mark.parametrize(
    "line",
    [b"Source-Organization: \x1b[2J\n", "Source-Organization: \u202egro\n".encode(), b"Source-Organization: \xff\n"],
)
def test_a_source_that_drives_the_terminal_of_whoever_looks_at_it(
    honest: Bundle, untouched: World, tmp_path: Path, line: bytes
) -> None:
    files = honest.relisted().files
    files = {**files, "bag-info.txt": line + files["bag-info.txt"]}
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    files["tagmanifest-sha256.txt"] = "".join(f"{sha256(files[each]).hexdigest()}  {each}\n" for each in tags).encode()
    answer = asked(Bundle(honest.top, files).packed(tmp_path / "x.zip"), keys=[untouched.vkey])
    assert (answer.code, "bag-malformed" in answer.codes) == (1, True)


def test_our_own_exporter_writes_no_such_source() -> None:
    assert bag_info("0" * 32, "1980-01-01", 1, 1, "A\x1b[2J \u202eB\nC").splitlines()[0] == (
        b"Source-Organization: A [2J B C"
    )


def test_a_count_of_five_thousand_digits(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    info = honest.files["bag-info.txt"].replace(b"Payload-Oxum: ", b"Payload-Oxum: " + b"9" * 5000)
    path = Bundle(honest.top, {**honest.files, "bag-info.txt": info}).packed(tmp_path / "x.zip")
    answer = asked(path, keys=[untouched.vkey])
    assert (answer.code, "bag-malformed" in answer.codes) == (1, True)


def short_bundle(honest: Bundle, settings: bytes) -> Bundle:
    """Return a bundle of one line that names these settings; nobody signed it."""
    first = honest.files["data/log/000000000001.jsonl"].split(b"\n")[0]
    document = json.loads(first)
    blob = bytes(32) + settings
    name = sha256(blob).hexdigest()
    document["meta"]["context"]["in_force"] = {"$blob": name, "size": len(settings)}
    dropped = ("data/log/", "data/blobs/", "data/checkpoints/")
    files = {each: data for each, data in honest.files.items() if not each.startswith(dropped)}
    lines = {"data/log/000000000001.jsonl": encoded(document) + b"\n", f"data/blobs/{name}": blob}
    return honest._replace(files={**files, **lines})


@pytest.mark.parametrize(
    "settings",
    [
        b'{"artifact":NaN}', b'{"artifact":1e999}', b"[" * 100_000, b'{"artifact":' + b"[" * 970 + b"]" * 970 + b"}",
        b'{"descriptor":{"capabilities":{"a":{"b":{"level":"none","limits":7}}}}}',
        b'{"descriptor":{"capabilities":{"a":{"b":{"level":"partial","notes":true}}}}}',
        b'{"descriptor":{"capabilities":{"a":{"b":{"level":[],"limits":[[]]}}}}}',
        b'{"artifact":"\\ud800"}', b'{"parts":"ab","packs":"cd"}', b'{"effective":7,"descriptor":[]}',
    ],
)  # fmt: skip
def test_settings_that_cannot_be_written(honest: Bundle, untouched: World, tmp_path: Path, settings: bytes) -> None:
    """Who has no key can still make a file on which the verifier must not fall over."""
    code, codes = answered(short_bundle(honest, settings), untouched, tmp_path, anchors=())
    assert (code, "context-mismatch" in codes) == (1, True)


def test_settings_without_end(
    honest: Bundle, untouched: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One blob can be named by many lines, each time under another name: what is made of it is bounded."""
    assert asked(honest.packed(tmp_path / "x.zip"), keys=[untouched.vkey], both=False).code == 3
    monkeypatch.setattr(contents, "_MOST_SETTINGS_MADE", 10)
    answer = asked(str(tmp_path / "x.zip"), keys=[untouched.vkey], both=False)
    assert (answer.code, "context-mismatch" in answer.codes) == (1, True)


def last_line(world: World, change: Callable[[dict[str, Any]], None]) -> tuple[int, set[str]]:
    """Change the last line as whoever has the key can."""
    rewritten(world, world.late, change, key_file(world.state))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    return answer.code, answer.codes


def test_brackets_in_a_text_are_not_depth(world: World) -> None:
    text = '[{"\\[' * 500
    code, codes = last_line(world, lambda document: document.update(reason=text))
    assert (code, codes) == (0, set())


@pytest.mark.parametrize(
    ("value", "code", "found"),
    [(float("nan"), 1, "line-unreadable"), (float("inf"), 1, "line-unreadable"), (True, 3, "version-unknown"),
     (1.0, 3, "version-unknown")],
)  # fmt: skip
def test_numbers_that_are_none(world: World, value: Any, code: int, found: str) -> None:
    assert last_line(world, lambda document: document.update(v=value)) == (code, {found})


def resigned(world: World, change: Callable[[bytes], bytes]) -> tuple[int, set[str]]:
    """Write the last line's bytes anew, and sign."""
    world.change(world.late, lambda lines, place: lines.__setitem__(place, change(lines[place])))
    signer = key_file(world.state)
    key = vkey_of(parse_vkey(world.vkey).name, signer.public_key())
    Path(world.head(world.late)).write_bytes(signed_head(key, signer, world.late, root_of(world.lines())))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    return answer.code, answer.codes


@pytest.mark.parametrize("levels", [190, 300, 970, 975, 980, 100_000])
def test_how_deep_a_line_may_be_does_not_depend_on_the_python_that_reads_it(world: World, levels: int) -> None:
    """Between what could be read and what could be written there was a depth at which the verifier fell over."""
    added = b',"x":' + b"[" * levels + b"]" * levels + b"}"
    wanted = (0, set()) if levels < 200 else (1, {"line-unreadable"})
    assert resigned(world, lambda raw: raw[:-1] + added) == wanted


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b'{"actor":"root",' + raw[1:],
        lambda raw: raw.replace(b'"body":{', b'"body":{"agent_id":"somebody-else",'),
        lambda raw: raw[:-1] + b',"x":1e999}',
    ],
)
def test_a_line_in_which_two_readers_could_read_two_things(world: World, change: Callable[[bytes], bytes]) -> None:
    assert resigned(world, change) == (3, {"line-shape"})


def test_blanks_in_a_line_are_worth_a_note_and_no_more(world: World) -> None:
    assert resigned(world, lambda raw: b" " + raw + b"\r") == (0, set())


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "longer"])
def test_a_text_that_never_ends(world: World, kind: str) -> None:
    """A pipe in the place of a text kept the verifier waiting for ever."""
    folder = f"{world.state}/blobs"
    path = f"{folder}/{next(each for each in sorted(os.listdir(folder)) if len(each) == 64)}"
    content = Path(path).read_bytes()
    os.unlink(path)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        os.symlink("/dev/zero", path)
    elif kind == "folder":
        os.mkdir(path)
    else:
        Path(path).write_bytes(content + b"x")
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, answer.codes) == (1, {"blob-changed"})


def test_a_true_journal_beside_the_files_of_a_false_bundle(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """It was the journal that was checked, and the report of the bundle that would be read."""
    path = honest._replace(files={**honest.files, "data/report.html": b"lies"}).unpacked(tmp_path)
    shutil.copytree(f"{untouched.state}/journal", f"{path}/journal")
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.document["kind"], answer.code, "file-foreign" in answer.codes) == ("unpacked", 1, True)


def test_an_end_of_work_that_nobody_waits_for_is_an_end() -> None:
    """Three that work, one that fails: who still had something to say was waited for, and waited itself."""

    def work(place: int) -> bytes:
        if place == 0:
            raise OSError("it cannot be read")
        return bytes(1 << 20)

    with pytest.raises(OSError, match="cannot be read"):
        list(working.worked_off(9, work, 3))


def test_a_bundle_signed_by_a_key_that_was_replaced(world: World, tmp_path: Path) -> None:
    """The old key's thief can sign no head any more; nor can he sign a bundle with other words in its report."""
    from reporting_governance.adapters.signing.key_file import KeyFile

    name, old = parse_vkey(world.vkey).name, key_file(world.state)
    new = KeyFile(str(tmp_path / "new.key"))
    new.make()
    key, before = vkey_of(name, new.public_key()), vkey_of(name, old.public_key())
    meta = key_meta(key, new, before, old)
    rewritten(world, 24, lambda line: line.update(type="log.key", meta=meta) if line["seq"] == 24 else None, old)
    for size, path in world.heads().items():
        if size >= 24:
            Path(path).write_bytes(signed_head(key, new, size, root_of(world.lines()[:size])))
    plain = Bundle.of(exported(world.state, tmp_path / "plain.zip"))
    bundle = plain._replace(files={**plain.files, "data/report.html": b"<p>all is well</p>"}).relisted()
    tags = sha256(bundle.files["tagmanifest-sha256.txt"]).hexdigest()
    text = f"reporting-governance audit bundle\n{name}\n{len(world.lines())}\n{tags}\n"
    for signer, signing, codes in ((old, before, {"bundle-note-false"}), (new, key, set())):
        note = format_note(text, [Signature(name, signing.key_id, signer.sign(text.encode()))])
        path = bundle._replace(files={**bundle.files, "bundle.note": note}).packed(tmp_path / "signed.zip")
        answer = asked(path, keys=[world.vkey], anchors=(world.early_mail,))
        assert (answer.code, answer.codes) == (int(bool(codes)), codes), answer.document["findings"]


def test_keys_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting_governance.verifier import keys

    assert asked(world.state, keys=[world.vkey], anchors=(world.early_mail,), both=False).code == 0
    monkeypatch.setattr(keys, "MOST_KEYS", 0)
    assert "key-line-false" in asked(world.state, keys=[world.vkey], both=False).codes


def test_stretches_that_are_retired_again_and_again(tmp_path: Path) -> None:
    """The hashes are read once for all stretches that follow each other, and not once for each."""
    from reporting_governance.verifier.findings import Findings
    from reporting_governance.verifier.merkle import leaf_hash
    from reporting_governance.verifier.retired import RetiredStretches
    from reporting_governance.verifier.stretches import FileRange, Leaves, SegmentTask

    count = 2000
    leaves = [leaf_hash(str(seq).encode()) for seq in range(1, count + 1)]
    reads = []

    class Counted(Leaves):
        def read(self) -> Any:
            reads.append(1)
            return super().read()

    (tmp_path / "leaves").write_bytes(b"".join(leaves))
    where = Counted(FileRange(str(tmp_path / "leaves"), 0, 32 * count, "leaves"), 1, False)
    task = SegmentTask(1, None, None, where, (), {})
    honest, findings = RetiredStretches(), Findings()
    for begin in range(1, count, 10):
        top = root_of_leaves(leaves[begin - 1 : begin + 9])
        honest.add(count + begin, {"from": begin, "to": begin + 9, "root": top if begin != 501 else "0" * 64})
    honest.join()
    assert honest.hold(1, count)
    assert honest.hold(700, 900)
    assert not honest.hold(1, count + 1)
    assert not honest.hold(0, 5)
    honest.settle([task], findings)
    assert findings.counts == {"segment-retired": 200, "retired-mismatch": 1}
    assert [each.seq for each in findings.in_order() if each.code == "retired-mismatch"] == [count + 501]
    assert len(reads) == 1
    hostile, findings = RetiredStretches(), Findings()
    for place in range(200):
        hostile.add(count + place, {"from": 1 + place, "to": count - place, "root": "0" * 64})
    hostile.settle([task], findings)
    assert (findings.counts["retired-mismatch"], len(reads)) == (200, 1 + 16)


def root_of_leaves(leaves: list[bytes]) -> str:
    from reporting_governance.verifier.merkle import extend, root

    return root(extend(0, (), leaves)[1]).hex()


def test_of_a_record_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    """A secret removed from every line made a segment of 64 MiB take half a gigabyte."""
    from reporting_governance.verifier.chaining import SegmentJudge
    from reporting_governance.verifier.stretches import FileRange, SegmentTask

    body = {"payload": {"message": {"$blob": "a" * 64, "size": 3}}, "outcome": "acked", "attempt_id": "x"}
    line = {
        "g": [1, 1], "meta": {"scrubbed": 1}, "prev": "0" * 64, "seq": 1, "ts": "2026-03-01T00:00:00.000Z",
        "type": "record.added", "v": 1, "record": {"about": [], "body": body, "id": "evt_1", "kind": "receipt"},
    }  # fmt: skip
    (tmp_path / "log").write_bytes(encoded(line) + b"\n")
    where = FileRange(str(tmp_path / "log"), 0, (tmp_path / "log").stat().st_size, "log")
    found = SegmentJudge(SegmentTask(1, None, where, None, (), {})).result()
    kept, named = found["events"]
    assert (found["counts"], named) == ({}, ("b", 1, "a" * 64, 3, False))
    assert kept[2] == {
        "meta": {"scrubbed": 1}, "ts": line["ts"], "type": "record.added",
        "record": {"about": [], "body": {"outcome": "acked", "attempt_id": "x"}, "id": "evt_1", "kind": "receipt"},
    }  # fmt: skip
