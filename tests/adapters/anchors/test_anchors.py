"""Those who hold heads beside us: real files, real repositories, a real socket, real programs."""

import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reporting_governance.adapters.anchors.command import CommandAnchor
from reporting_governance.adapters.anchors.file import FileAnchor
from reporting_governance.adapters.anchors.git import BRANCHES, GitAnchor
from reporting_governance.adapters.anchors.syslog import SyslogAnchor
from reporting_governance.verifier.note import LogHead, Signature, find_marks, format_note, head_text, parse_heads

LOG = "ab" * 16
NO_STATE = "/nowhere/state"
IN_GIT = f"{BRANCHES}{LOG}"


def head(size: int) -> LogHead:
    return LogHead(LOG, size, bytes([size % 256]) * 32)


def note(size: int) -> bytes:
    return format_note(head_text(head(size)), (Signature(LOG, b"\x01\x02\x03\x04", b"s" * 64),))


@pytest.fixture
def state(tmp_path: Path) -> str:
    (tmp_path / "state").mkdir()
    return str(tmp_path / "state")


# --- file


def test_a_file_gets_one_note_after_another_and_is_made_for_its_owner_alone(tmp_path: Path, state: str) -> None:
    path = tmp_path / "heads.notes"
    old = os.umask(0)
    try:
        for size in (1, 7, 300):
            assert FileAnchor(str(path), state_folder=state).anchor(note(size), head(size)).is_held
    finally:
        os.umask(old)
    assert path.read_bytes() == note(1) + note(7) + note(300)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.text for each in parse_heads(path.read_bytes())] == [head_text(head(size)) for size in (1, 7, 300)]


def test_the_same_note_again_is_not_written_again(tmp_path: Path, state: str) -> None:
    path = tmp_path / "heads.notes"
    anchor = FileAnchor(str(path), state_folder=state)
    for size in (1, 2, 2):
        assert anchor.anchor(note(size), head(size)).is_held
    assert path.read_bytes() == note(1) + note(2)


def test_a_note_after_one_that_was_cut_can_be_read(tmp_path: Path, state: str) -> None:
    path = tmp_path / "heads.notes"
    path.write_bytes(note(1) + note(2)[:-30])
    assert FileAnchor(str(path), state_folder=state).anchor(note(3), head(3)).is_held
    assert [each.text for each in parse_heads(path.read_bytes())][-1] == head_text(head(3))


def test_a_link_is_not_followed(tmp_path: Path, state: str) -> None:
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "heads.notes").symlink_to(tmp_path / "elsewhere")
    anchor = FileAnchor(str(tmp_path / "heads.notes"), state_folder=state)
    assert anchor.anchor(note(1), head(1)).problem == "it is a link, and links are not followed"
    assert anchor.probe() == "it is a link, and links are not followed"
    (tmp_path / "new.notes").symlink_to(tmp_path / "not-there-yet")
    assert not FileAnchor(str(tmp_path / "new.notes"), state_folder=state).anchor(note(1), head(1)).is_held
    assert (tmp_path / "elsewhere").read_bytes() == b""
    assert not (tmp_path / "not-there-yet").exists()


def test_a_link_into_the_state_makes_no_anchor(tmp_path: Path, state: str) -> None:
    (tmp_path / "mount").symlink_to(state)
    anchor = FileAnchor(str(tmp_path / "mount" / "heads.notes"), state_folder=state)
    assert anchor.anchor(note(1), head(1)).problem == "it lies inside the state folder, so it is no anchor"
    assert anchor.probe() == "it lies inside the state folder, so it is no anchor"
    assert os.listdir(state) == []


def test_what_is_no_ordinary_file_takes_no_heads_and_holds_nobody_up(tmp_path: Path, state: str) -> None:
    os.mkfifo(tmp_path / "heads.notes")
    anchor = FileAnchor(str(tmp_path / "heads.notes"), state_folder=state)
    began = time.monotonic()
    assert anchor.anchor(note(1), head(1)).problem == "it is no ordinary file"
    assert time.monotonic() - began < 5


def test_a_disk_that_is_gone_is_said(tmp_path: Path, state: str) -> None:
    anchor = FileAnchor(str(tmp_path / "unmounted" / "heads.notes"), state_folder=state)
    assert anchor.anchor(note(1), head(1)).problem == "it cannot be written to: No such file or directory"
    assert anchor.probe() == "its folder is not there, or nothing can be made in it"


def test_half_a_note_is_none_and_the_next_one_stands_by_itself(tmp_path: Path, state: str) -> None:
    """As on a full disk: a limit on the size of files makes the kernel take a part of what is written."""
    path = tmp_path / "heads.notes"
    path.write_bytes(note(1))
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = len(note(1)) + 40
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        held = FileAnchor(str(path), state_folder=state).anchor(note(2), head(2)).problem
        os._exit(0 if held == "only a part of it could be written" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert FileAnchor(str(path), state_folder=state).anchor(note(3), head(3)).is_held
    texts = [each.text for each in parse_heads(path.read_bytes())]
    assert texts == [head_text(head(1)), head_text(head(3))]


def test_an_append_only_file_is_enough(tmp_path: Path, state: str) -> None:
    """The flags that open the file never ask for more than to append."""
    path = tmp_path / "heads.notes"
    path.touch(0o600)
    if subprocess.run(["chattr", "+a", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this file system or user cannot make files append-only")
    try:
        anchor = FileAnchor(str(path), state_folder=state)
        assert anchor.anchor(note(1), head(1)).is_held
        assert anchor.anchor(note(2), head(2)).is_held
    finally:
        subprocess.run(["chattr", "-a", str(path)], check=True)


# --- git


def git(where: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(where), *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A person's repository, in the middle of work."""
    where = tmp_path / "repository"
    where.mkdir()
    git(where, "init", "-q", "-b", "main")
    git(where, "config", "user.name", "Somebody")
    git(where, "config", "user.email", "somebody@example.org")
    (where / "kept.txt").write_text("kept\n")
    git(where, "add", "kept.txt")
    git(where, "commit", "-q", "-m", "first")
    (where / "kept.txt").write_text("changed\n")
    (where / "staged.txt").write_text("staged\n")
    git(where, "add", "staged.txt")
    return where


def test_notes_are_commits_on_a_branch_of_their_own(repository: Path) -> None:
    before = git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")
    index = (repository / ".git" / "index").read_bytes()
    for size in (1, 7, 300):
        assert GitAnchor(str(repository), state_folder=NO_STATE).anchor(note(size), head(size)).problem == ""
    assert (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")) == before
    assert (repository / ".git" / "index").read_bytes() == index

    messages = git(repository, "log", "--reverse", "--format=%B", IN_GIT)
    assert [each.text for each in parse_heads(messages.encode())] == [head_text(head(size)) for size in (1, 7, 300)]
    assert git(repository, "show", f"{IN_GIT}:{LOG}.note").encode() == note(300)
    assert "reporting-governance" in git(repository, "log", "-1", "--format=%an", IN_GIT)
    git(repository, "fsck", "--strict")


def test_the_same_note_again_makes_no_commit(repository: Path) -> None:
    for size in (1, 2, 2):
        assert GitAnchor(str(repository), state_folder=NO_STATE).anchor(note(size), head(size)).is_held
    assert git(repository, "rev-list", "--count", IN_GIT).strip() == "2"


def test_heads_are_pushed_to_a_bare_remote_and_a_lost_remote_is_said(repository: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(repository, "remote", "add", "away", str(remote))
    anchor = GitAnchor(str(repository), state_folder=NO_STATE, push="away")
    assert anchor.anchor(note(1), head(1)).problem == ""
    assert git(remote, "show", f"{IN_GIT}:{LOG}.note").encode() == note(1)
    assert git(remote, "for-each-ref", "--format=%(refname)").split() == [IN_GIT]

    remote.rename(tmp_path / "moved.git")
    problem = anchor.anchor(note(2), head(2)).problem
    assert problem.startswith("it is committed here and could not be pushed to away: it ended with 128")
    (tmp_path / "moved.git").rename(remote)
    assert anchor.anchor(note(3), head(3)).is_held
    sent = git(remote, "log", "--format=%B", IN_GIT).encode()
    assert [each.text for each in parse_heads(sent)] == [head_text(head(size)) for size in (3, 2, 1)]


def test_a_rewritten_remote_is_no_anchor_and_is_never_overwritten(repository: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(repository, "remote", "add", "away", str(remote))
    anchor = GitAnchor(str(repository), state_folder=NO_STATE, push="away")
    assert anchor.anchor(note(1), head(1)).is_held
    git(repository, "push", "-q", "-f", "away", f"main:{IN_GIT}")
    theirs = git(remote, "rev-parse", IN_GIT)
    assert "could not be pushed" in anchor.anchor(note(2), head(2)).problem
    assert git(remote, "rev-parse", IN_GIT) == theirs


def test_no_hook_runs_and_nothing_of_a_callers_git_is_taken(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pre-commit", "commit-msg", "post-commit", "pre-push", "reference-transaction"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\nexit 1\n")
        hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    assert GitAnchor(str(repository), state_folder=NO_STATE).anchor(note(1), head(1)).problem == ""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    assert git(repository, "show", f"{IN_GIT}:{LOG}.note").encode() == note(1)
    assert not (tmp_path / "hook-ran").exists()


def test_a_folder_inside_another_repository_is_no_repository(repository: Path) -> None:
    inner = repository / "heads"
    inner.mkdir()
    anchor = GitAnchor(str(inner), state_folder=NO_STATE)
    assert "not a git repository" in anchor.anchor(note(1), head(1)).problem
    assert "not a git repository" in anchor.probe()
    assert IN_GIT not in git(repository, "for-each-ref")
    assert GitAnchor(str(repository), state_folder=NO_STATE).probe() == ""
    assert GitAnchor(str(repository), state_folder=NO_STATE, push="nobody").probe() != ""


def test_a_remote_that_never_answers_is_given_up(repository: Path, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    deaf.chmod(0o755)
    git(repository, "remote", "add", "away", "host:/heads.git")
    git(repository, "config", "core.sshCommand", str(deaf))
    began = time.monotonic()
    problem = (
        GitAnchor(str(repository), state_folder=NO_STATE, push="away", limit_seconds=1.0)
        .anchor(note(1), head(1))
        .problem
    )
    assert time.monotonic() - began < 10
    assert problem == "it is committed here and could not be pushed to away: it took too long, and was stopped"
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_two_that_commit_at_once_lose_nothing(repository: Path) -> None:
    children = []
    for first in (100, 200, 300):
        child = os.fork()
        if child == 0:
            anchor = GitAnchor(str(repository), state_folder=NO_STATE, limit_seconds=60)
            held = [size for size in range(first, first + 4) if anchor.anchor(note(size), head(size)).is_held]
            os._exit(len(held))
        children.append(child)
    held = sum(os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children)
    assert held >= 4
    assert int(git(repository, "rev-list", "--count", IN_GIT)) == held


def test_a_link_from_the_repository_into_the_state_makes_no_anchor(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "heads").symlink_to(repository)
    anchor = GitAnchor(str(tmp_path / "heads"), state_folder=str(repository))
    assert anchor.anchor(note(1), head(1)).problem == "it lies inside the state folder, so it is no anchor"
    assert anchor.probe() == "it lies inside the state folder, so it is no anchor"
    assert IN_GIT not in git(repository, "for-each-ref")


# --- syslog


@contextmanager
def system_log(path: Path) -> Iterator[Callable[[], str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        log.settimeout(5)
        yield lambda: log.recv(65536).decode()


def test_the_systems_log_gets_the_mark_with_the_whole_root(tmp_path: Path) -> None:
    with system_log(tmp_path / "log") as received:
        anchor = SyslogAnchor(str(tmp_path / "log"))
        assert anchor.probe() == ""
        assert anchor.anchor(note(300), head(300)).is_held
        line = received()
    assert line.startswith("<13>")
    assert line.endswith(
        f" reporting-governance[{os.getpid()}]: Journal: abababab, 300 lines, root {head(300).root.hex()}"
    )
    assert [tuple(each) for each in find_marks(line)] == [("abababab", 300, head(300).root.hex())]


def test_no_log_and_a_log_that_takes_nothing_are_said(tmp_path: Path) -> None:
    nobody = "nobody listens: no system's log runs here"
    assert SyslogAnchor(str(tmp_path / "log")).anchor(note(1), head(1)).problem == nobody
    assert SyslogAnchor(str(tmp_path / "log")).probe() == nobody
    with system_log(tmp_path / "full"):
        anchor = SyslogAnchor(str(tmp_path / "full"), limit_seconds=0.05)
        answers = []
        while not answers or not answers[-1]:
            answers.append(anchor.anchor(note(1), head(1)).problem)
    assert len(answers) > 1
    assert answers[-1] == "the system's log took nothing within the time limit"


# --- command


def program(where: Path, text: str) -> str:
    where.write_text(f"#!/bin/sh\n{text}\n")
    where.chmod(0o755)
    return str(where)


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_program_gets_the_note_on_its_standard_input(tmp_path: Path, state: str) -> None:
    words = program(
        tmp_path / "witness", f'cat > "{tmp_path}/$1"; echo "$REPORTGOV_LOG_ID $REPORTGOV_LOG_SIZE" > "{tmp_path}/said"'
    )
    anchor = CommandAnchor([words, "a b; touch x"], state_folder=state)
    assert anchor.name == f"command {words}"
    assert anchor.anchor(note(7), head(7)).is_held
    assert (tmp_path / "a b; touch x").read_bytes() == note(7)
    assert (tmp_path / "said").read_text() == f"{LOG} 7\n"


def test_what_a_program_says_of_its_failure_is_told_in_one_line(tmp_path: Path, state: str) -> None:
    words = program(tmp_path / "witness", 'printf "first\\nno room \\033[31m\\n\\n" >&2; exit 3')
    assert (
        CommandAnchor([words], state_folder=state).anchor(note(1), head(1)).problem == "it ended with 3: no room  [31m"
    )
    words = program(tmp_path / "killed", "kill -9 $$")
    assert CommandAnchor([words], state_folder=state).anchor(note(1), head(1)).problem == "it was killed by signal 9"
    missing = CommandAnchor([str(tmp_path / "none")], state_folder=state)
    assert missing.anchor(note(1), head(1)).problem == missing.probe() == "the program is not there, or may not be run"


def test_a_program_that_hangs_ends_with_all_its_children(tmp_path: Path, state: str) -> None:
    words = program(tmp_path / "witness", f"sleep 60 & echo $! > {tmp_path}/child; sleep 60")
    began = time.monotonic()
    problem = CommandAnchor([words], state_folder=state, limit_seconds=0.5).anchor(note(1), head(1)).problem
    assert time.monotonic() - began < 5
    assert problem == "it took too long, and was stopped"
    assert is_gone(int((tmp_path / "child").read_text()))


def test_a_child_that_keeps_the_pipes_open_holds_nobody_up(tmp_path: Path, state: str) -> None:
    words = program(tmp_path / "witness", f"cat > {tmp_path}/note; sleep 60 & exit 0")
    began = time.monotonic()
    assert CommandAnchor([words], state_folder=state).anchor(note(1), head(1)).is_held
    assert time.monotonic() - began < 5


def test_a_program_that_reads_nothing_and_writes_without_end_is_no_harm(tmp_path: Path, state: str) -> None:
    words = program(tmp_path / "witness", "exec yes noise")
    anchor = CommandAnchor([words], state_folder=state, limit_seconds=0.3)
    assert anchor.anchor(note(1) * 20_000, head(1)).problem == "it took too long, and was stopped"
