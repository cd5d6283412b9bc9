"""Killed, or out of room, at any step of a signed head or of a rotation: what bears a name is whole and true."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.commands import _heads, _keys, _known_key
from reporting_governance.commands._wiring import CommandContext
from reporting_governance.verifier.note import parse_note
from tests.acceptance.test_signed_heads import checked_heads, documents, log_lines
from tests.acceptance.verbs import Verbs
from tests.storage.building import NOW, birth
from tests.storage.killing import Report, killed_everywhere, run_killed


def context_of(root: str) -> CommandContext:
    return CommandContext("keys", root, "minimal-solo-mode")


def grow(root: str, number: int) -> None:
    context_of(root).backend.commit([birth(number)], now=NOW)


def sign(root: str, report: Report) -> None:
    made = _heads.sign_head(context_of(root))
    report(None if made is None else made.head.size)


def rotate(root: str, report: Report) -> None:
    context = context_of(root)
    report(_keys.rotate(context, _heads.signer_of(context), None, lost_because=None).entered.key.text())


def first_head(root: str) -> None:
    grow(root, 1)


def next_head(root: str) -> None:
    grow(root, 1)
    sign(root, lambda said: None)
    grow(root, 2)


def is_whole(root: str) -> None:
    """Every head that bears its name is signed and true, and every key line by whom it must be."""
    folder = Path(root, "journal/checkpoints")
    heads = checked_heads(Verbs(Path(root)))
    assert len(heads) == len(list(folder.glob("*.note")))
    for path in folder.glob("*.note"):
        assert parse_note(path.read_bytes())


def settled(root: str) -> None:
    """Whoever comes next signs all that is there, with the key that the log knows."""
    grow(root, 99)
    made = _heads.sign_head(context_of(root))
    assert made is not None
    heads = checked_heads(Verbs(Path(root)))
    assert max(heads) == len(log_lines(Verbs(Path(root)))) == made.head.size
    assert KeyFile(f"{root}/keys/log.key").public_key() == heads[made.head.size].public


@pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
@pytest.mark.parametrize(
    ("prepare", "scenario", "at_least"),
    [
        pytest.param(first_head, sign, 20, id="first-head"),
        pytest.param(next_head, sign, 10, id="next-head"),
        pytest.param(next_head, rotate, 30, id="rotation"),
    ],
)
def test_killed(
    tmp_path: Path,
    prepare: Callable[[str], None],
    scenario: Callable[[str, Report], None],
    at_least: int,
    stride: int,
) -> None:
    template = str(tmp_path / "template")
    prepare(template)
    steps = 0
    for number, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), scenario, stride=stride):
        steps = number
        is_whole(root)
        lines = [each for each in documents(Verbs(Path(root))) if each["type"] == "log.key"]
        if outcome.reports and scenario is sign:
            assert outcome.reports[0] in checked_heads(Verbs(Path(root)))
        settled(root)
        rotate(root, lambda said: None)
        is_whole(root)
        again = [each for each in documents(Verbs(Path(root))) if each["type"] == "log.key"]
        assert len(again) - len(lines) in (1, 2), "a killed rotation is finished or begun anew, never left between"
        assert os.listdir(f"{root}/keys") == ["log.key"]
    assert steps > at_least, f"only {steps} steps were seen"


@pytest.mark.parametrize("room", range(0, 220, 11))
def test_a_note_that_does_not_fit_is_not_there(tmp_path: Path, room: int) -> None:
    """A real short write, at byte after byte: the limit on the size of files cuts it, and then refuses."""
    root = str(tmp_path / "state")
    next_head(root)
    wanted = len(log_lines(Verbs(Path(root))))

    def cramped(root: str, report: Report) -> None:
        context = context_of(root)
        assert _known_key.known_key(context) is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            _heads.sign_head(context)
        except Exception as fault:
            report(type(fault).__name__)

    outcome = run_killed(root, cramped, None)
    names = sorted(name for name in os.listdir(f"{root}/journal/checkpoints") if name.startswith("0"))
    heads = checked_heads(Verbs(Path(root)))
    if outcome.reports:
        assert outcome.reports == ["StorageError"]
        assert wanted not in heads
    assert names == [f"{size:012d}.note" for size in sorted(heads)]
    settled(root)
