"""What a bundle says about itself, one lie at a time; whoever tells it has made all lists fit again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.verifier.note import Signature, format_note, parse_vkey, vkey_of
from tests.audit.forging import forged
from tests.audit.world import Bundle, World, asked, encoded, exported, key_file, rewritten


def changed(bundle: Bundle, name: str, change: Callable[[Any], Any]) -> Bundle:
    """Return the bundle with a changed JSON document."""
    document = json.loads(bundle.files[name])
    document = change(document) or document
    return Bundle(bundle.top, {**bundle.files, name: encoded(document) + b"\n"})


def answered(bundle: Bundle, world: World, tmp_path: Path) -> tuple[int, set[str]]:
    path = bundle.relisted().packed(tmp_path / "lie.zip")
    answer = asked(path, keys=[world.vkey], anchors=(world.late_mail,))
    return answer.code, answer.codes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 25), ("root", "0" * 64), ("from", 2), ("to", 23), ("first_ts", "2026-01-01T00:00:00.000Z"),
        ("last_ts", None), ("selected", 1), ("withheld", 1), ("void", 0), ("retired", [{"from": 1}]), ("counts", {}),
        ("files", {}), ("blobs", {"files": 0, "bytes": 0}), ("keys", []), ("more", 1), ("log_id", "f" * 32),
        ("filter", {"agents": ["x"]}), ("filter", {"unknown": []}), ("redaction", "withhold-blobs"),
    ],
)  # fmt: skip
def test_a_manifest_that_says_something_else(
    honest: Bundle, untouched: World, tmp_path: Path, field: str, value: Any
) -> None:
    lie = changed(honest, "data/manifest.json", lambda document: document.update({field: value}))
    code, codes = answered(lie, untouched, tmp_path)
    expected = "line-not-selected" if value == {"agents": ["x"]} else "manifest-mismatch"
    if field == "redaction":  # nothing was withheld: the policy alone changes nothing but itself
        assert code in (0, 1)
        return
    assert (code, expected in codes) == (1, True), codes


def test_a_manifest_of_another_form_is_not_understood(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    lie = changed(honest, "data/manifest.json", lambda document: document.update(v=2))
    assert answered(lie, untouched, tmp_path) == (3, {"format-unknown"})


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]\n", b"{" * 5000, b'{"format":"x"}\n', b"\xff\n"])
def test_a_manifest_that_is_none(honest: Bundle, untouched: World, tmp_path: Path, data: bytes) -> None:
    bundle = honest.relisted()
    path = Bundle(bundle.top, {**bundle.files, "data/manifest.json": data}).packed(tmp_path / "lie.zip")
    assert asked(path, keys=[untouched.vkey]).code in (1, 3)


@pytest.mark.parametrize("section", ["cannot_record", "silences", "torn", "unclean_stops", "unsigned_tail", "loss"])
def test_a_gap_that_is_hidden(honest: Bundle, untouched: World, tmp_path: Path, section: str) -> None:
    """antropos17/Aegis#370: a partial reading must not be reported as a whole one."""

    def hide(document: Any) -> None:
        document[section] = {"looked_at": document[section]["looked_at"], "count": 0, "found": []}
        document[section]["count"] += section in ("unsigned_tail", "loss", "silences")

    code, codes = answered(changed(honest, "data/coverage.json", hide), untouched, tmp_path)
    assert (code, codes) == (1, {"coverage-mismatch"})


@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data + b'{"kind":"erased","seq":1}\n'])
def test_redactions_that_are_not_those_of_the_lines(
    untouched: World, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """AgentsKit-io/agentskit#794: what was taken out is said, never more and never less."""
    honest = Bundle.of(exported(untouched.state, tmp_path / "withheld.zip", withhold_blobs=True))
    assert answered(honest, untouched, tmp_path) == (0, set())
    lie = Bundle(honest.top, {**honest.files, "data/redactions.jsonl": change(honest.files["data/redactions.jsonl"])})
    code, codes = answered(lie, untouched, tmp_path)
    assert (code, "redactions-mismatch" in codes) == (1, True)


def test_texts_that_are_gone_changed_or_too_many(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    blobs = sorted(name for name in honest.files if name.startswith("data/blobs/"))
    data = honest.files[blobs[0]]
    gone = {name: each for name, each in honest.files.items() if name != blobs[0]}
    code, codes = answered(Bundle(honest.top, gone), untouched, tmp_path)
    assert (code, "blob-missing" in codes) == (1, True)
    for other in (data + b"x", bytes(len(data))):
        code, codes = answered(Bundle(honest.top, {**honest.files, blobs[0]: other}), untouched, tmp_path)
        assert (code, "blob-changed" in codes) == (1, True)


def test_settings_that_were_not_in_force(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    name = next(name for name in honest.files if name.startswith("data/context/profile"))
    for files in (
        {**honest.files, name: b"{}\n"},
        {**honest.files, "data/context/profile-ffffffffffff.json": b"{}\n"},
        {each: data for each, data in honest.files.items() if each != name},
    ):
        code, codes = answered(Bundle(honest.top, files), untouched, tmp_path)
        assert (code, "context-mismatch" in codes) == (1, True)


def test_chosen_lines(untouched: World, tmp_path: Path) -> None:
    """newrelic-experimental/preflight#429, epam/statgpt-admin-frontend#272: a filter drops nothing in silence."""
    path = exported(untouched.state, tmp_path / "chosen.zip", chosen={"tasks": ["tsk_1"]})
    honest = Bundle.of(path)
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, answer.document["lines"]) == (0, untouched.late)
    assert "by their hash alone" in answer.document["verdicts"]["completeness"]["sentence"]
    leaves = honest.files["data/withheld.leaves"].splitlines(keepends=True)
    assert leaves
    for change in (
        leaves[1:],
        leaves[:-1],
        [*leaves, leaves[-1]],
        [leaves[1], leaves[0], *leaves[2:]],
        [leaves[0].upper(), *leaves[1:]],
        [leaves[0].replace(b" ", b"  "), *leaves[1:]],
        [leaves[0][:-2] + bytes([leaves[0][-2] ^ 1]) + b"\n", *leaves[1:]],
        [b"0" + leaves[0], *leaves[1:]],
        [b"1 " + b"0" * 64 + b"\n", *leaves],
    ):
        lie = Bundle(honest.top, {**honest.files, "data/withheld.leaves": b"".join(change)})
        assert answered(lie, untouched, tmp_path)[0] == 1, change


def test_a_line_that_is_shown_and_was_not_chosen(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    lie = changed(honest, "data/manifest.json", lambda document: document["filter"].update(tasks=["tsk_1"]))
    code, codes = answered(lie, untouched, tmp_path)
    assert (code, "line-not-selected" in codes) == (1, True)


def test_a_line_withheld_where_nothing_is_filtered(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """Its hash is there and everything fits; that it is not shown is not what the bundle says it does."""
    from reporting_governance.verifier.merkle import leaf_hash

    name = f"data/log/{untouched.place(untouched.late)[0]}"
    lines = honest.files[name].splitlines(keepends=True)
    leaf = f"{untouched.late} {leaf_hash(lines[-1][:-1]).hex()}\n".encode()
    files = {**honest.files, name: b"".join(lines[:-1]), "data/withheld.leaves": leaf}
    code, codes = answered(Bundle(honest.top, files), untouched, tmp_path)
    assert (code, "segment-missing" in codes) == (1, True)


def test_the_signature_over_the_whole(signed_path: str, untouched: World, tmp_path: Path) -> None:
    bundle = Bundle.of(signed_path)
    answer = asked(signed_path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, answer.codes) == (0, set())
    other = Bundle(bundle.top, {**bundle.relisted().files, "bundle.note": bundle.files["bundle.note"]})
    forged = Bundle(other.top, {**other.files, "data/report.html": b"<p>all is well</p>\n"}).relisted()
    files = {**forged.files, "bundle.note": bundle.files["bundle.note"]}
    code = asked(
        Bundle(bundle.top, files).packed(tmp_path / "x.zip"), keys=[untouched.vkey], anchors=(untouched.late_mail,)
    )
    assert (code.code, code.codes) == (1, {"bundle-note-false"})


def test_what_comes_from_the_bundle_is_shown_escaped(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    from reporting_governance.verifier.showing import page_of

    hostile = "\x1b[2J\u202e\u2066<script>\n"
    lie = changed(honest, "data/manifest.json", lambda document: document.update(more=hostile, last_ts=hostile))
    answer = asked(lie.relisted().packed(tmp_path / "a\u202eb.zip"), keys=[untouched.vkey])
    for text in (page_of(answer.document), json.dumps(answer.document, ensure_ascii=False)):
        assert not {each for each in text if not each.isprintable()} - {"\n"}
    assert "\\u202e" in json.dumps(answer.document, ensure_ascii=False)


def test_a_signature_over_the_whole_by_somebody_else(
    signed_path: str, untouched: World, world: World, tmp_path: Path
) -> None:
    bundle = Bundle.of(signed_path)
    text = bundle.files["bundle.note"].decode().partition("\n\n")[0] + "\n"
    another = KeyFile(f"{world.state}/keys/another.key")
    another.make()
    key = vkey_of(parse_vkey(world.vkey).name, another.public_key())
    note = format_note(text, [Signature(key.name, key.key_id, another.sign(text.encode()))])
    path = Bundle(bundle.top, {**bundle.files, "bundle.note": note}).packed(tmp_path / "other.zip")
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, answer.codes) == (1, {"bundle-note-false"})


def test_a_line_that_names_another_size_than_its_text_has(honest: Bundle, world: World, tmp_path: Path) -> None:
    seq = next(seq for seq, raw in enumerate(world.lines(), 1) if b'"$blob"' in raw and b"evt_" in raw)

    def change(document: dict[str, Any]) -> None:
        if document["seq"] == seq:
            document["record"]["body"]["payload"]["message"]["size"] += 1

    rewritten(world, seq, change, key_file(world.state))
    answer = asked(forged(honest, world).packed(tmp_path / "size.zip"), require="authenticity", keys=[world.vkey])
    assert (answer.code, answer.codes) == (1, {"blob-changed", "anchor-missing"})


def test_a_bundle_under_another_name(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """The name of the folder says which lines of which log it holds, and so does the bag's label."""
    assert answered(honest._replace(top=f"{honest.top[:-1]}9"), untouched, tmp_path) == (1, {"manifest-mismatch"})
    name = parse_vkey(untouched.vkey).name.encode()
    info = honest.files["bag-info.txt"].replace(name, b"f" * 32)
    lie = Bundle(honest.top, {**honest.files, "bag-info.txt": info})
    assert answered(lie, untouched, tmp_path) == (1, {"manifest-mismatch"})


@pytest.mark.parametrize("is_signed", [False, True])
def test_what_nothing_is_compared_with_is_told(
    honest_path: str, signed_path: str, untouched: World, tmp_path: Path, is_signed: bool
) -> None:
    """A report that says something else than the lines passes: whoever reads it is told whose words it is."""
    path = signed_path if is_signed else honest_path
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    [told] = [each for each in answer.document["findings"] if each["code"] == "report-not-compared"]
    assert ("nobody signed them" in told["message"]) is not is_signed
    bundle = Bundle.of(path)
    lie = Bundle(bundle.top, {**bundle.files, "data/report.html": b"<p>all is well</p>\n"}).relisted()
    without = {name: data for name, data in lie.files.items() if name != "bundle.note"}
    answer = asked(lie._replace(files=without).packed(tmp_path / "lie.zip"), keys=[untouched.vkey])
    [told] = [each for each in answer.document["findings"] if each["code"] == "report-not-compared"]
    assert "nobody signed them" in told["message"]


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_reviewer_makes_the_report_again(honest_path: str, signed_path: str, tmp_path: Path, is_signed: bool) -> None:
    """From the lines of the bundle, with a program that does not come out of it."""
    bundle = Bundle.of(signed_path if is_signed else honest_path)
    again = Bundle.of(exported(bundle.unpacked(tmp_path), tmp_path / "again.zip"))
    assert again.files["data/report.html"] == bundle.files["data/report.html"]
    assert again.files["data/coverage.json"] == bundle.files["data/coverage.json"]


def test_what_a_filter_leaves_out_rests_on_its_makers_word(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """A withheld line has a place and no type: it may be one that the filter selects, or tell of a loss."""
    path = exported(untouched.state, tmp_path / "chosen.zip", chosen={"tasks": ["tsk_1"]})
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, answer.codes, answer.verdict("coverage")) == (0, {"withheld-on-trust"}, "limited")
    answer = asked(honest.packed(tmp_path / "x.zip"), keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (answer.code, answer.codes, answer.verdict("coverage")) == (0, set(), "proven")


def test_a_filter_does_not_withhold_the_line_that_opens_the_log(untouched: World, tmp_path: Path) -> None:
    """With it the settings would go, and what is in force from the beginning; nobody would miss them."""
    from reporting_governance.verifier.merkle import leaf_hash

    chosen = Bundle.of(exported(untouched.state, tmp_path / "chosen.zip", chosen={"tasks": ["tsk_1"]}))
    name = "data/log/000000000001.jsonl"
    first, _, rest = chosen.files[name].partition(b"\n")
    leaves = f"1 {leaf_hash(first).hex()}\n".encode() + chosen.files["data/withheld.leaves"]
    lie = chosen._replace(files={**chosen.files, name: rest, "data/withheld.leaves": leaves})
    code, codes = answered(lie, untouched, tmp_path)
    assert (code, "start-missing" in codes) == (1, True)
