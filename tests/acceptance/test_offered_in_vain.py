"""Evidence that proves nothing is not taken in silence: the agent hears why, and what to do, while it can still act."""

import json
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs


@pytest.fixture
def desk(tmp_path: Path) -> Verbs:
    """A state folder beside a file of the work, and a file that lies elsewhere."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/out.txt").write_text("14 passed")
    (tmp_path / "work/elsewhere").symlink_to("/etc/hostname")
    (tmp_path / "outside.txt").write_text("14 passed")
    desk = Verbs(tmp_path / "work/state")
    desk.ok("report", "start", "build", "--agent", "coder")
    return desk


def said(desk: Verbs, *words: object) -> list[str]:
    """Return the lines that `report` answers in its table form."""
    return desk.ok("report", "evidence", "build", *words, cwd=desk.state.parent).out.splitlines()


def test_what_is_looked_at_is_taken_in_silence(desk: Verbs) -> None:
    assert said(desk, "--file", "out.txt") == []
    assert said(desk, "--command", "pytest", "--exit-status", 0) == []


@pytest.mark.parametrize(
    ("words", "why", "advice"),
    [
        (("only words",), "names nothing that could be looked at", "name its file, or its command and exit status"),
        (("--file", "gone.txt"), "gone.txt: No such file or directory", "offer it again"),
        (("--file", "elsewhere"), "a part of its path is a link", "name the file itself"),
        (("--file", "."), "not a regular file", "name the file itself"),
    ],
)
def test_what_proves_nothing_is_said_with_the_reason(
    desk: Verbs, words: tuple[str, ...], why: str, advice: str
) -> None:
    (line,) = said(desk, *words)
    assert line.startswith("build: evidence 1 counts for nothing: ")
    assert why in line
    assert advice in line


def test_a_file_that_is_another_one_than_the_digest_says(desk: Verbs) -> None:
    item = {
        "class": "file_change",
        "summary": "out",
        "claims": ["progress"],
        "refs": [{"kind": "file", "ref": "out.txt", "sha256": "0" * 64}],
    }
    good = item | {"refs": [{"kind": "file", "ref": "out.txt"}]}
    line = json.dumps({"verb": "evidence", "task": "build", "evidence": [good, item]})
    ended = desk.ok("report", "-", given=line, cwd=desk.state.parent)
    (said_of_it,) = ended.out.splitlines()
    assert "evidence 2 counts for nothing: out.txt: it is another file than its sha256 says" in said_of_it


def test_a_file_away_from_the_artifact_roots_is_refused_with_what_to_set_and_once(desk: Verbs) -> None:
    outside = desk.state.parent.parent / "outside.txt"
    item, hint = said(desk, "--file", outside, "--file", "/etc/hostname")
    assert f"{outside}: outside the folders in which evidence may lie" in item
    assert str(desk.state.parent) in hint
    assert "REPORTGOV_STATE" in hint
    assert "artifact_roots" in hint


def test_programs_read_the_same(desk: Verbs) -> None:
    words = ("report", "evidence", "build", "--file", "gone.txt", "--format", "json")
    (result,) = desk.ok(*words, cwd=desk.state.parent).document()["results"]
    assert result["qualities"] == ["none"]
    (item,) = result["counts_for_nothing"]
    assert item["evidence"] == 1
    assert "No such file" in item["why"]
    assert "offer it again" in item["advice"]
