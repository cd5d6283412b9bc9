"""`store` on folders; on databases it is tried in tests/postgres."""

from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue("nightly")
    verbs.ok("run")
    return verbs


def test_what_a_folder_holds(verbs: Verbs) -> None:
    shown = verbs.ok("store", "status", "--format", "json").document()
    lines = len(verbs.journal())
    assert (shown["place"], shown["version"], shown["role"]) == (str(verbs.state), None, None)
    assert (shown["log"]["lines"], shown["log"]["signed"]) == (lines, lines)
    assert shown["bytes"] == sum(each.stat().st_size for each in (verbs.state / "journal/log").iterdir())
    assert shown["views"]["tasks"] == 1
    text = verbs.ok("store", "status").out
    assert f"{lines} of {lines} lines" in text
    assert "Role" not in text


def test_a_folder_is_copied_and_goes_on_there(verbs: Verbs, tmp_path: Path) -> None:
    made = verbs.ok("store", "copy", "--to", tmp_path / "copy", "--format", "json").document()
    other = Verbs(tmp_path / "copy")
    assert made["same"]["lines"] == made["lines"] == len(verbs.journal())
    assert other.journal() == verbs.journal()
    other.ok("report", "checkpoint", "nightly", "more")
    assert other.journal()[: made["lines"]] == verbs.journal()
    refused = verbs.call("store", "copy", "--to", tmp_path / "copy")
    assert refused.code == 1
    assert "newer" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("copy",), "--to"),
        (("copy", "--to", "{state}"), "the same place"),
        (("copy", "--to", "mysql://db/gov"), "--to: takes a folder"),
        (("copy", "--to", "postgresql://a:hunter2@db/gov"), "--to: holds a password"),
        (("migrate",), "for a database"),
        (("grants", "--execute"), "for a database"),
        (("status", "--execute"), "no --execute"),
        (("migrate", "--from", "x"), "no --from"),
        (("status", "--local", "x"), "--local"),
    ],
)
def test_a_call_that_is_wrong_is_told_why(words: tuple[str, ...], said: str, verbs: Verbs) -> None:
    ended = verbs.call("store", *(each.replace("{state}", str(verbs.state)) for each in words))
    assert (ended.code, ended.out) == (2, ""), ended
    assert said in ended.err
    assert "hunter2" not in ended.err


def test_nothing_to_copy_is_said(tmp_path: Path) -> None:
    ended = Verbs(tmp_path / "state").call("store", "copy", "--to", tmp_path / "b")
    assert ended.code in (1, 3)
    assert "no log" in ended.err or "nothing to copy" in ended.err


def test_a_run_keeps_a_copy_waiting(verbs: Verbs, tmp_path: Path) -> None:
    import fcntl
    import os

    fd = os.open(verbs.state / "run.lock", os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        ended = verbs.call("store", "copy", "--to", tmp_path / "b")
    finally:
        os.close(fd)
    assert ended.code == 75
    assert not (tmp_path / "b/journal/log").exists()
