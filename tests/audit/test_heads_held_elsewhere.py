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
    mark = mark_of(world, world.late)
    short = mark[: mark.index("root ") + len("root ") + 19]
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


def test_a_false_mark_in_words_quoted_in_a_mail_is_told_with_its_place(world: World, tmp_path: Path) -> None:
    """Nobody signs a mark.  So the reviewer is sent to the very line, to see whose words they are."""
    name = parse_vkey(world.vkey).name
    false = head_mark(name, world.early, "0" * 64)
    beyond = head_mark(name, 10**9, "0" * 64)
    mail = f"Subject: late\r\n\r\nagent: {{}}\r\n\r\n{mark_of(world, world.late)}\r\n"
    for quoted, code in ((false, "log-rewritten"), (beyond, "tail-cut")):
        answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, mail.format(quoted)),))
        assert (answer.code, answer.codes) == (1, {code})
        [found] = [each for each in answer.document["findings"] if each["code"] == code]
        assert found["line"] == 3
        assert "a mark is not signed" in found["message"]


def test_a_mark_that_agrees_does_not_outweigh_one_that_does_not(world: World, tmp_path: Path) -> None:
    """A log that was written anew goes on, and its next notices agree with it: the older one must still count."""
    before = mark_of(world, world.early)
    rewrite(world)
    path = given(tmp_path, f"{before}\n\n{mark_of(world, world.late)}\n")
    answer = asked(world.state, keys=[world.vkey], anchors=(path,))
    assert (answer.code, "log-rewritten" in answer.codes, answer.document["anchored_to"]) == (1, True, 0)


def test_a_note_names_the_whole_log(world: World, tmp_path: Path) -> None:
    """Eight digits are enough in a mark, which has no room; a note that has no more is of another log."""
    note = Path(world.head(world.early)).read_text()
    name = parse_vkey(world.vkey).name
    path = given(tmp_path, note.replace(f"{name}\n", f"{name[:8]}\n", 1))
    answer = asked(world.state, keys=[world.vkey], anchors=(path,))
    assert (answer.code, answer.codes, answer.notes) == (3, {"anchor-unusable"}, {"anchor-other-log"})


def test_a_text_that_could_be_a_head_at_every_line_takes_no_time(world: World, tmp_path: Path) -> None:
    """Thirty thousand lines of an agent's, and each was tried with all that follow: minutes."""
    from time import process_time

    text = "1\n" * 30_000 + "\n— x AAAAAAAA\n" + Path(world.head(world.late)).read_text()
    begin = process_time()
    answer = asked(world.state, keys=[world.vkey], anchors=(given(tmp_path, text),), both=False)
    assert (answer.code, answer.document["anchored_to"]) == (0, world.late)
    assert process_time() - begin < 10


def test_many_findings_of_one_code_hide_no_other(world: World, tmp_path: Path) -> None:
    """Fifty marks of other logs in a mail, and the page said nothing of the lines that nobody anchored."""
    from reporting_governance.verifier.showing import page_of

    others = "".join(f"Journal: {number:08x}, 5 lines, root {'0' * 20}\n" for number in range(90))
    path = given(tmp_path, others + mark_of(world, world.early))
    page = page_of(asked(world.state, keys=[world.vkey], anchors=(path,)).document)
    assert "tail-unanchored" in page
    assert page.count("anchor-other-log") <= 20
