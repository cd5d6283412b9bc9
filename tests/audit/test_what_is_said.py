"""What the verifier says must be true of what it did: no proof is claimed that was not looked for."""

import json
from pathlib import Path

import pytest

from reporting_governance.verifier.note import head_mark, parse_vkey
from reporting_governance.verifier.showing import page_of
from reporting_governance.verifier.verifying import WishRefused
from tests.audit.world import Bundle, World, asked, mark_of

OF_BUNDLES = ("redaction", "coverage", "context")


def test_what_was_not_compared_is_not_called_proven(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    """Where a line is damaged the lists of the bundle are held against nothing: a lie in them must not be praised."""
    name = next(each for each in honest.files if each.startswith("data/log/"))
    lines = honest.files[name].split(b"\n")
    lines[2] = lines[2].replace(b"uid:0", b"uid:1", 1)
    coverage = json.loads(honest.files["data/coverage.json"])
    coverage["torn"] = {**coverage["torn"], "count": 0, "found": []}
    lies = {name: b"\n".join(lines), "data/coverage.json": json.dumps(coverage).encode()}
    bundle = honest._replace(files={**honest.files, **lies})
    answer = asked(bundle.relisted().packed(tmp_path / "forged.zip"), keys=[untouched.vkey])
    assert answer.code == 1
    said = {each: answer.document["verdicts"][each]["verdict"] for each in OF_BUNDLES}
    assert said == dict.fromkeys(OF_BUNDLES, "not_checked")


def beyond(world: World, sizes: list[int], folder: Path) -> str:
    """Return a text that holds marks of this log as it was later on."""
    path = folder / "later.txt"
    path.write_text("".join(head_mark(parse_vkey(world.vkey).name, size, "ab" * 32) + "\n" for size in sizes))
    return str(path)


def test_heads_newer_than_the_bundle(honest_path: str, untouched: World, tmp_path: Path) -> None:
    """A mailbox goes on: what fits counts all the same, and all that is newer is one finding."""
    size = untouched.late
    later = Path(beyond(untouched, [size + 3, size + 9, size + 40], tmp_path))
    later.write_text(mark_of(untouched, untouched.early) + "\n" + later.read_text())
    answer = asked(honest_path, keys=[untouched.vkey], anchors=(str(later),))
    assert (answer.code, answer.codes) == (1, {"tail-cut"})
    assert answer.document["counts"]["tail-cut"] == 1
    [cut] = [each for each in answer.document["findings"] if each["code"] == "tail-cut"]
    assert f"{size + 40} lines" in cut["message"]
    assert "3 heads" in cut["message"]
    assert answer.document["anchored_to"] == untouched.early
    said = {each: answer.document["verdicts"][each]["verdict"] for each in OF_BUNDLES}
    assert said == dict.fromkeys(OF_BUNDLES, "proven"), "nothing is damaged, so all of it can be compared"


def test_a_lie_beside_a_cut_end_is_found_too(honest: Bundle, untouched: World, tmp_path: Path) -> None:
    coverage = honest.files["data/coverage.json"].replace(b'"count":1', b'"count":0', 1)
    assert coverage != honest.files["data/coverage.json"]
    bundle = honest._replace(files={**honest.files, "data/coverage.json": coverage}).relisted()
    path = bundle.packed(tmp_path / "forged.zip")
    answer = asked(path, keys=[untouched.vkey], anchors=(beyond(untouched, [untouched.late + 1], tmp_path),))
    assert {"tail-cut", "coverage-mismatch"} <= answer.codes


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{folder}/nothing.vkey", "no file of this name"),
        ("{folder}", "is a folder"),
        ("{vkey} x", "not a verifier key"),
        ("{shorter}", "not a verifier key"),
        ("{folder}/bytes", "holds no text"),
        ("{folder}/text", "holds no verifier key"),
        ("", "not a verifier key"),
    ],
)
def test_a_key_that_is_none_is_told_in_words(untouched: World, tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "bytes").write_bytes(b"\xa8" * 200)
    (tmp_path / "text").write_text("Dear reviewer,\nhere is the key.\n")
    text = given.format(folder=tmp_path, vkey=untouched.vkey, shorter=untouched.vkey[:-1])
    with pytest.raises(WishRefused, match=said) as refused:
        asked(untouched.state, keys=[text])
    assert "--key" in str(refused.value)


def test_one_is_no_plural(world: World) -> None:
    """Of one line, one head, one text."""
    segments = world.segments()
    name = max(segments)
    last = segments[name].pop()
    world.write(segments)
    Path(world.head(world.late)).unlink()
    mail = Path(world.early_mail).parent / "one.txt"
    mail.write_text(mark_of(world, world.late - 2))
    page = page_of(asked(world.state, keys=[world.vkey], anchors=(str(mail),)).document)
    assert "1 line came after" in page
    assert "the last line rests on" in page
    assert last
    for wrong in ("1 lines", "1 heads", "1 texts", " 1 are ", " 1 rest ", "1 entries"):
        assert wrong not in page.replace("11 ", "x ").replace("21 ", "x "), page


def test_a_place_is_named_once(untouched: World, tmp_path: Path) -> None:
    text = tmp_path / "foreign.txt"
    text.write_text("Journal: deadbeef, 12 lines, root 0123456789abcdef0123\n")
    page = page_of(asked(untouched.state, keys=[untouched.vkey], since=(str(text),)).document)
    assert page.count(str(text)) == 1, page
