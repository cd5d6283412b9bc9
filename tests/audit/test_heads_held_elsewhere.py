"""What somebody else kept: the note of the last review, mails, chats, logs of other machines."""

import base64
from pathlib import Path

import pytest

from reporting_governance.verifier.note import head_mark, parse_vkey
from tests.audit.test_attack_table import cut, rewrite
from tests.audit.world import World, asked, mark_of, root_of


def given(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "given.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_any_text_that_holds_a_mark_is_an_anchor(world: World, tmp_path: Path) -> None:
    mark = mark_of(world, world.late)
    texts = {
        "quoted": f"> On Monday ops wrote:\n> {mark}\n",
        "broken": mark.replace(", root ", ",\n> root "),
        "syslog": f"<38>1 2026-03-01T04:05:06Z host reportgov - - - {mark}\n" * 50,
        "json": '{"text":"late\\n' + mark + '"}',
        "note": Path(world.head(world.late)).read_bytes(),
        "binary": b"\xff\xfe\0" + mark.encode() + b"\0",
    }
    for name, text in texts.items():
        answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, text),))
        assert (answer.code, answer.document["anchored_to"]) == (0, world.late), name


def test_anchored_to_m_of_n(world: World) -> None:
    answer = asked(world.state, keys=[world.vkey], anchors=(world.early_mail,))
    assert answer.code == 0
    assert f"anchored to {world.early} of {world.late} lines" in answer.document["verdicts"]["anchored"]["sentence"]
    assert answer.notes == {"tail-unanchored"}
    both = asked(world.state, keys=[world.vkey], anchors=(world.early_mail, world.late_mail))
    assert (both.document["anchored_to"], both.notes) == (world.late, set())


def test_the_note_of_the_last_review_must_be_extended(world: World, untouched: World) -> None:
    answer = asked(world.state, keys=[world.vkey], since=(untouched.head(world.early),))
    assert (answer.code, answer.document["anchored_to"]) == (0, world.early)
    rewrite(world)
    answer = asked(world.state, keys=[world.vkey], since=(untouched.head(world.early),))
    assert (answer.code, "log-rewritten" in answer.codes) == (1, True)


def test_the_note_of_another_log_is_no_note_of_this(world: World, tmp_path: Path) -> None:
    """A log written anew under another name must not pass for one that nobody has seen before."""
    note = Path(world.head(world.early)).read_text().replace(parse_vkey(world.vkey).name, "f" * 32)
    answer = asked(world.state, keys=[world.vkey], since=(given(tmp_path, note),))
    assert (answer.code, "head-of-other-log" in answer.codes) == (1, True)
    answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, note),))
    assert (answer.code, answer.codes, answer.notes) == (3, {"anchor-unusable"}, {"anchor-other-log"})


def test_the_hash_is_compared_and_not_the_number_alone(world: World, tmp_path: Path) -> None:
    """alphaonedev/ai-memory-mcp#1873."""
    name, root = parse_vkey(world.vkey).name, root_of(world.lines()[: world.early]).hex()
    wrong = head_mark(name, world.early, "0" + root[1:] if root[0] != "0" else "1" + root[1:])
    answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, wrong),))
    assert (answer.code, answer.codes) == (1, {"log-rewritten"})


def test_a_shorter_hash_than_can_prove_is_none(world: World, tmp_path: Path) -> None:
    short = mark_of(world, world.late)[:-4]
    answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, short),))
    assert (answer.code, answer.codes) == (3, {"anchor-unusable"})


@pytest.mark.parametrize("content", ["", "no head here\n", base64.b64encode(bytes(range(256))).decode()])
def test_a_text_without_a_head_is_told(world: World, tmp_path: Path, content: str) -> None:
    answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, content),))
    assert (answer.code, answer.codes) == (3, {"anchor-unusable"})


def test_a_head_of_more_lines_than_there_are_is_a_cut(world: World) -> None:
    cut(world)
    for path in world.heads().values():
        Path(path).unlink()
    answer = asked(world.state, anchors=(world.late_mail,))
    assert (answer.code, "tail-cut" in answer.codes) == (1, True)
