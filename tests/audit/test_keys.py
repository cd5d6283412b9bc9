"""Keys: the first, the next, the lost one, and what somebody else's is worth."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.verifier.note import Signature, format_note, log_key_text, parse_vkey, vkey_of
from tests.audit.world import World, asked, key_file, key_meta, open_log, rewritten, root_of, signed_head
from tests.storage.building import later


def rotated(world: World, *, handed_over: bool = True, change: dict[str, Any] | None = None) -> tuple[str, KeyFile]:
    """Let another key take the place of the log's, and sign the head with it; return its vkey."""
    old = key_file(world.state)
    new = KeyFile(f"{world.state}/keys/new.key")
    new.make()
    before = parse_vkey(world.vkey)
    key = vkey_of(before.name, new.public_key())
    meta = {**key_meta(key, new, before, old if handed_over else None), **(change or {})}
    line = Addition(type=LineType.LOG_KEY, meta=meta, reason=None if handed_over else "the disk died")
    open_log(world.state).commit([Group(additions=(line,))], now=later(100))
    lines = world.lines()
    Path(world.head(len(lines))).write_bytes(signed_head(key, new, len(lines), root_of(lines)))
    return key.text(), new


def test_no_key_is_first_use(world: World) -> None:
    answer = asked(world.state, anchors=(world.late_mail,))
    assert (answer.code, answer.codes, answer.verdict("authenticity")) == (3, {"key-first-use"}, "limited")
    assert answer.document["key"] == {"vkey": world.vkey, "pinned": False}
    assert "first use" in answer.document["verdicts"]["authenticity"]["sentence"]


def test_the_key_given_is_pinned(world: World, tmp_path: Path) -> None:
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, answer.codes, answer.verdict("authenticity")) == (0, set(), "proven")
    (tmp_path / "log.vkey").write_text(f"{world.vkey}\n")
    assert asked(world.state, keys=[str(tmp_path / "log.vkey")], anchors=(world.late_mail,)).code == 0


def test_trust_goes_on_to_the_key_that_was_handed_over_to(world: World) -> None:
    new, _ = rotated(world)
    for pinned, notes in ((world.vkey, {"tail-unanchored"}), (new, {"tail-unanchored", "key-earlier"})):
        answer = asked(world.state, keys=[pinned], anchors=(world.late_mail,))
        assert (answer.code, answer.codes, answer.notes) == (0, set(), notes)
        assert answer.document["key"] == {"vkey": new, "pinned": True}


def test_a_key_that_came_in_without_the_old_one(world: World) -> None:
    new, _ = rotated(world, handed_over=False)
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, answer.codes) == (1, {"key-not-handed-over", "tail-unsigned"})
    answer = asked(world.state, keys=[new], anchors=(world.late_mail,))
    assert (answer.code, answer.codes) == (0, set())


def test_a_key_that_was_replaced_signs_no_more(world: World) -> None:
    """Whoever stole the old key, the reason for a new one, cannot go on with it."""
    rotated(world)
    lines = world.lines()
    old = key_file(world.state)
    os.unlink(world.head(len(lines)))
    Path(world.head(len(lines))).write_bytes(signed_head(parse_vkey(world.vkey), old, len(lines), root_of(lines)))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, "key-replaced" in answer.codes) == (1, True)


@pytest.mark.parametrize("change", [{"note": "x"}, {"vkey": "x"}, {"previous": None}, {"vkey": None}, {"note": 7}])
def test_a_line_that_brings_in_a_key_falsely(world: World, change: dict[str, Any]) -> None:
    rotated(world, change=change)
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, "key-line-false" in answer.codes) == (1, True)


def test_a_key_that_has_not_signed_for_itself(world: World) -> None:
    """The old key alone could name any key: one that somebody else has, who never agreed."""
    old, before = key_file(world.state), parse_vkey(world.vkey)
    key = vkey_of(before.name, bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    text = log_key_text(key.name, key.text(), before.text())
    note = format_note(text, [Signature(before.name, before.key_id, old.sign(text.encode()))]).decode()
    rotated(world, change={"vkey": key.text(), "note": note})
    answer = asked(world.state, keys=[world.vkey], anchors=(world.late_mail,))
    assert (answer.code, "key-line-false" in answer.codes) == (1, True)


def test_a_key_of_another_log(world: World) -> None:
    key = vkey_of("f" * 32, key_file(world.state).public_key())
    answer = asked(world.state, keys=[key.text()], anchors=(world.late_mail,))
    assert (answer.code, "key-unfit" in answer.codes) == (1, True)


@pytest.mark.parametrize("what", ["signature", "unsigned", "name", "root", "size", "origin", "other-key"])
def test_a_head_that_is_not_right(world: World, what: str) -> None:
    path = Path(world.head(world.late))
    key, signer = parse_vkey(world.vkey), key_file(world.state)
    lines = world.lines()
    data = path.read_bytes()
    codes = {
        "signature": "head-forged",
        "unsigned": "head-unreadable",
        "name": "head-unreadable",
        "root": "head-mismatch",
    }
    codes |= {"size": "tail-cut", "origin": "head-of-other-log", "other-key": "head-of-other-key"}
    if what == "signature":
        path.write_bytes(data.replace(f"\n{world.late}\n".encode(), b"\n23\n"))
        os.rename(path, world.head(23))
    elif what == "unsigned":
        path.write_bytes(data.partition(b"\n\n")[0] + b"\n\n")
    elif what == "name":
        os.rename(path, world.head(23))
    elif what == "root":
        path.write_bytes(signed_head(key, signer, world.late, bytes(32)))
    elif what == "size":
        Path(world.head(99)).write_bytes(signed_head(key, signer, 99, bytes(32)))
    elif what == "origin":
        other = vkey_of("f" * 32, signer.public_key())
        path.write_bytes(signed_head(other, signer, world.late, root_of(lines)))
    else:
        other_signer = KeyFile(f"{world.state}/keys/other.key")
        other_signer.make()
        other = vkey_of(key.name, other_signer.public_key())
        path.write_bytes(signed_head(other, other_signer, world.late, root_of(lines)))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    assert (answer.code, codes[what] in answer.codes) == (1, True), answer.codes


def test_a_log_without_heads_is_held_together_and_no_more(world: World) -> None:
    for path in world.heads().values():
        os.unlink(path)
    assert asked(world.state, require="integrity").code == 0
    answer = asked(world.state, require="authenticity", keys=[world.vkey])
    assert (answer.code, answer.verdict("authenticity"), answer.verdict("completeness")) == (1, "failed", "limited")


def test_lines_after_the_newest_head_are_limited(world: World) -> None:
    os.unlink(world.head(world.late))
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    assert (answer.code, answer.codes) == (3, {"tail-unsigned"})
    said = next(each for each in answer.document["findings"] if each["code"] == "tail-unsigned")
    assert f"{world.late - world.early} are not signed yet" in said["message"]


def test_a_key_line_of_the_log_tells_which_log_it_is_for(world: World) -> None:
    line = next(json.loads(raw) for raw in world.lines() if b'"log.key"' in raw)
    assert parse_vkey(line["meta"]["vkey"]).name == json.loads(world.lines()[0])["meta"]["log_id"]


def test_a_line_that_retires_others_says_nothing_of_keys_behind_them(world: World) -> None:
    """It could else speak for a line that is there, and a key that came in by that line would be none."""
    own = json.loads(next(raw for raw in world.lines() if b'"type":"log.key"' in raw))
    said = {"from": 1, "to": 5, "root": "0" * 64, "reason": "old", "keys": [{"seq": own["seq"], "vkey": "none"}]}
    beyond = {**said, "keys": [{"seq": world.late, "vkey": "none"}]}
    for meta in (said, beyond):
        retire = lambda line, meta=meta: line.update(type="log.segment_retired", meta=meta)  # noqa: E731
        rewritten(world, world.late, retire, key_file(world.state))
        answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
        assert (answer.code, answer.codes) == (0, set())


def test_a_key_that_nobody_vouches_for_proves_no_end(world: World) -> None:
    """Whoever cuts the end off signs what is left, and calls the key the log's own."""
    answer = asked(world.state)
    assert (answer.verdict("authenticity"), answer.verdict("completeness")) == ("limited", "limited")
    assert asked(world.state, keys=[world.vkey]).verdict("completeness") == "proven"
    assert asked(world.state, anchors=(world.early_mail,)).verdict("completeness") == "proven"
    assert asked(world.state, require="integrity").code == 0
