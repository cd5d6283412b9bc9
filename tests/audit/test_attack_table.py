"""Every attack of the table in docs/what-it-proves.md, in each of its four columns, against the log and a bundle of it.

"Not seen" is tested too: where nothing can see an attack, the verifier must not seem to.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.verifier.note import parse_vkey, vkey_of
from tests.audit.forging import forged
from tests.audit.world import Answer, Bundle, World, asked, encoded, key_file, key_meta, rewritten

UNSEEN = ""


class Attack(NamedTuple):
    """What is done, and the code that each column answers with; UNSEEN where the attack passes."""

    carry_out: Callable[[World], None]
    chain: str
    signed: str
    outside: str
    holds_early: bool = False  #: the head held outside is the older one


def tell(document: dict[str, Any]) -> None:
    """Make another story of a line."""
    if document["type"] == "record.added":
        document["record"]["body"]["agent_id"] = "somebody-else"


def edit(world: World) -> None:
    def change(lines: list[bytes], place: int) -> None:
        document = json.loads(lines[place])
        tell(document)
        lines[place] = encoded(document)

    world.change(8, change)


def delete(world: World) -> None:
    def change(lines: list[bytes], place: int) -> None:
        del lines[place]

    world.change(9, change)


def reorder(world: World) -> None:
    def change(lines: list[bytes], place: int) -> None:
        lines[place], lines[place + 1] = lines[place + 1], lines[place]

    world.change(14, change)


def cut(world: World, lines: int | None = None) -> None:
    """Cut to a number of lines: to the end of a group, so that it does not look like a crash."""
    size = len(world.lines()) - 2 if lines is None else lines
    kept = {name: raws[: max(0, size - int(name[:12]) + 1)] for name, raws in world.segments().items()}
    world.write({name: raws for name, raws in kept.items() if raws})


def empty(world: World) -> None:
    world.write({"000000000001.jsonl": []})


def cut_to_early(world: World) -> None:
    cut(world, world.early)
    os.unlink(world.head(world.late))


def rewrite(world: World) -> None:
    rewritten(world, 3, tell, key_file(world.state))


def rewrite_tail(world: World) -> None:
    rewritten(world, world.early + 1, tell, key_file(world.state))


def rewrite_with_another_key(world: World) -> None:
    other = KeyFile(f"{world.state}/keys/other.key")
    other.make()
    key = vkey_of(parse_vkey(world.vkey).name, other.public_key())

    def change(document: dict[str, Any]) -> None:
        tell(document)
        if document["type"] == "log.key":
            document["meta"] = key_meta(key, other, None, None)

    rewritten(world, 2, change, other)


ATTACKS = {
    "edited": Attack(edit, "line-edited", "line-edited", "line-edited"),
    "deleted-in-the-middle": Attack(delete, "line-missing", "line-missing", "line-missing"),
    "reordered": Attack(reorder, "line-out-of-order", "line-out-of-order", "line-out-of-order"),
    "tail-cut": Attack(cut, UNSEEN, "tail-cut", "tail-cut"),
    "emptied": Attack(empty, "log-empty", "log-empty", "log-empty"),
    "cut-to-an-older-head": Attack(cut_to_early, UNSEEN, UNSEEN, "tail-cut"),
    "rewritten-with-the-key": Attack(rewrite, UNSEEN, UNSEEN, "log-rewritten"),
    "tail-rewritten-with-the-key": Attack(rewrite_tail, UNSEEN, UNSEEN, UNSEEN, holds_early=True),
    "rewritten-with-another-key": Attack(rewrite_with_another_key, UNSEEN, "head-of-other-key", "log-rewritten"),
}


def unseen_by_plain_lines(world: World) -> None:
    """The column for comparison: lines that are read and nothing more."""
    for raw in world.lines():
        try:
            assert isinstance(json.loads(raw), dict)
        except ValueError:
            assert raw.startswith(b'{"actor":"uid:0","g":[1,2],"pre')  # what a crash left in every log of these tests


def columns(path: str, without_heads: str, world: World, mail: str) -> dict[str, Answer]:
    """Ask as each column can."""
    return {
        "chain": asked(without_heads, require="integrity"),
        "signed": asked(path, require="authenticity", keys=[world.vkey]),
        "outside": asked(path, keys=[world.vkey], anchors=(mail,)),
    }


def check(name: str, answers: dict[str, Answer]) -> None:
    for column, answer in answers.items():
        code = getattr(ATTACKS[name], column)
        if code == UNSEEN:
            assert (answer.code, answer.codes - {"anchor-missing", "head-missing"}) == (0, set()), (column, answer)
        else:
            assert answer.code == 1, (column, answer)
            assert code in answer.codes, (column, answer.codes)


@pytest.mark.parametrize("name", ATTACKS)
def test_on_the_log(world: World, tmp_path: Path, name: str) -> None:
    attack = ATTACKS[name]
    attack.carry_out(world)
    unseen_by_plain_lines(world)
    bare = world.copied(tmp_path / "bare")
    for path in bare.heads().values():
        os.unlink(path)
    mail = world.early_mail if attack.holds_early else world.late_mail
    answers = columns(world.state, bare.state, world, mail)
    check(name, answers)
    if attack.holds_early:
        assert "tail-unanchored" in answers["outside"].notes
        assert answers["outside"].document["anchored_to"] == world.early


@pytest.mark.parametrize("name", ATTACKS)
def test_on_a_bundle_of_it(world: World, honest: Bundle, tmp_path: Path, name: str) -> None:
    attack = ATTACKS[name]
    attack.carry_out(world)
    path = forged(honest, world).packed(tmp_path / "forged.zip")
    for head in world.heads().values():
        os.unlink(head)
    bare = forged(honest, world).packed(tmp_path / "bare.zip")
    check(name, columns(path, bare, world, world.early_mail if attack.holds_early else world.late_mail))


def test_an_honest_log_passes_in_every_column(world: World, honest: Bundle, tmp_path: Path) -> None:
    bare = world.copied(tmp_path / "bare")
    for path in bare.heads().values():
        os.unlink(path)
    for mail in (world.early_mail, world.late_mail):
        of_log = columns(world.state, bare.state, world, mail)
        path = forged(honest, world).packed(tmp_path / "same.zip")
        of_bundle = columns(path, forged(honest, bare).packed(tmp_path / "bare.zip"), world, mail)
        for answers in (of_log, of_bundle):
            assert {column: answer.code for column, answer in answers.items()} == dict.fromkeys(answers, 0), answers


def test_what_the_forger_makes_of_an_honest_log_is_the_honest_bundle(world: World, honest: Bundle) -> None:
    assert forged(honest, world) == honest
