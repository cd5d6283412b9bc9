"""How a verb is started must not matter: closed or broken pipes, no terminal, any character set, any umask."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Verbs, tree

SHELL = ("/bin/sh", "-c")


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def in_shell(verbs: Verbs, redirect: str, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run a verb with the redirections of a shell."""
    command = [*SHELL, f'exec "$@" {redirect}', "sh", *verbs.command(*arguments)]
    return subprocess.run(command, env=verbs.variables(), timeout=120, check=False, capture_output=True, **options)


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_but_what_is_seen(verbs: Verbs, redirect: str) -> None:
    verbs.overdue()
    done = in_shell(verbs, redirect, "run")
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(verbs.outbox()) == 1
    for file in (verbs.state / "journal/log").iterdir():
        assert file.read_bytes().startswith(b"{"), "nothing meant for a terminal got into the journal"
    assert verbs.ok("run").out == ""


def test_a_reader_that_is_gone_stops_the_words_and_not_the_work(verbs: Verbs) -> None:
    verbs.overdue()
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        ended = verbs.call("run", stdout=gone)
    assert (ended.code, ended.err) == (128 + 13, "")
    assert len(verbs.outbox()) == 1
    assert verbs.ok("run").out == ""
    assert len(verbs.outbox()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_under_the_report_is_said_and_the_work_is_done(verbs: Verbs) -> None:
    verbs.overdue()
    with open("/dev/full", "wb") as full:
        ended = verbs.call("run", stdout=full)
    assert ended.code == 3
    assert ended.err == "reportgov: standard output: the report could not be written: No space left on device\n"
    assert verbs.ok("run").out == ""
    assert len(verbs.outbox()) == 1


def test_without_a_terminal_or_a_home(verbs: Verbs) -> None:
    verbs.overdue()
    bare = {"PATH": "/usr/bin:/bin", "PYTHONPATH": verbs.variables()["PYTHONPATH"]}
    done = subprocess.run(
        verbs.command("run"), env=bare, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(verbs.outbox()) == 1


PLAIN = {"LC_ALL": "C", "LANG": "C"}
ASCII = {**PLAIN, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("variables", [PLAIN, ASCII], ids=["C", "C without UTF-8"])
def test_any_character_set_records_the_same_words(tmp_path: Path, variables: dict[str, str]) -> None:
    verbs = Verbs(tmp_path / "state", environment=variables)
    start = ("report", "start", "größe-📦", "--agent", "naïve", "--title", "Größe 📦", "--every", "1m")
    ended = verbs.call(*start, "--at", "2026-01-01T00:00:00Z")
    assert (ended.code, ended.err) == (0, "")
    assert verbs.call("report", "heartbeat", "größe-📦").code == 0
    (event,) = verbs.records("event-envelope")
    assert (event["task_id"], event["agent_id"], event["payload"]["title"]) == ("größe-📦", "naïve", "Größe 📦")
    ended = verbs.call("run")
    assert (ended.code, ended.err) == (0, "")
    assert "gr" in ended.out
    assert verbs.outbox()[0]["facts"]["task_id"] == "größe-📦"
    assert verbs.call("status", "--format", "json").document()["episodes"][0]["task_id"] == "größe-📦"


def test_the_umask_changes_no_mode(tmp_path: Path) -> None:
    found = []
    for umask in (0o000, 0o022, 0o077):
        verbs = Verbs(tmp_path / f"state-{umask:03o}")
        for words in (
            ("init",),
            ("report", "start", "a", "--agent", "x", "--every", "1m", "--at", "2026-01-01T00:00:00Z"),
            ("report", "heartbeat", "a"),
            ("run",),
        ):
            done = subprocess.run(
                verbs.command(*words), env=verbs.variables(), umask=umask, capture_output=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr
        assert len(verbs.outbox()) == 1
        top = {str(path.relative_to(verbs.state)): mode for path, (mode, *_) in _files(verbs.state)}
        found.append(top)
    assert found[0] == found[1] == found[2]
    open_to_others = {path for path, mode in found[0].items() if mode & 0o077}
    assert open_to_others == {".", "inbox"}


def _files(state: Path) -> list[tuple[Path, tuple[int, int, int, bytes]]]:
    """Return what lies under a state; names that hold an id or a time are left out, so that states compare."""
    found = [(state, (state.stat().st_mode, 0, 0, b""))]
    for name, status in tree(state).items():
        folder, _, file = name.rpartition("/")
        is_named_by_id = file[:4] in {"2026", "9999", "epi_", "thr_", "evt_"} or folder in {"heartbeats", "blobs"}
        found.append((state / folder if is_named_by_id else state / name, status))
    return found
