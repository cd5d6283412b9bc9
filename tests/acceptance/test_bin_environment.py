"""How bin/ makes its environment: by two starts at once, after a kill or a change, and never over somebody's own."""

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reporting_governance import __version__

CRON = {"PATH": "/usr/bin:/bin"}
#: in a copy only: a script whose verb is an option that needs nothing but click
PROBE = "bin/--version"
SAYS = f"reportgov, version {__version__}\n"
COPIED = ("bin", "ci", "lib", "schemas", "capabilities", "profiles", "state/README.md")


def load(path: str) -> ModuleType:
    """Import a script that is in no package."""
    spec = importlib.util.spec_from_file_location(f"loaded_{Path(path).stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copy_checkout(checkout: str, target: Path) -> Path:
    """Copy what a fresh clone holds of the parts that bin/ needs."""
    skip = shutil.ignore_patterns("__pycache__", ".venv*")
    for name in COPIED:
        source = os.path.join(checkout, name)
        if os.path.isdir(source):
            shutil.copytree(source, target / name, ignore=skip)
        elif os.path.exists(source):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    shutil.copy2(target / "bin/status", target / PROBE)
    return target


def popen(path: Path, *arguments: str, env: Mapping[str, str] = CRON, **options: Any) -> "subprocess.Popen[str]":
    """Start a script as cron would."""
    return subprocess.Popen(
        [str(path), *arguments], cwd="/", env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def start(path: Path, *arguments: str, env: Mapping[str, str] = CRON) -> tuple[int, str, str]:
    """Run a script as cron would; return its exit code, stdout and stderr."""
    process = popen(path, *arguments, env=env)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


@pytest.fixture
def fresh(checkout: str, tmp_path: Path) -> Path:
    """Return a fresh checkout as it is shipped."""
    return copy_checkout(checkout, tmp_path / "fresh checkout")


@pytest.fixture
def small(checkout: str, fresh: Path) -> Callable[[str], None]:
    """Return a function that gives the fresh checkout a lock file with click alone: the same steps in less time."""
    lock = load(os.path.join(checkout, "ci", "lock.py"))
    blocks = lock.body_of((fresh / "ci/requirements.txt").read_bytes()).decode().split("\n")
    begin = next(index for index, line in enumerate(blocks) if line.startswith("click=="))
    end = next(index for index in range(begin + 1, len(blocks)) if not blocks[index].startswith("    "))
    text = "\n".join(blocks[begin:end]) + "\n"

    def write(remark: str) -> None:
        body = f"# {remark}\n{text}".encode()
        (fresh / "ci/requirements.txt").write_bytes(lock.first_line(body) + body)

    write("first")
    return write


def test_two_starts_at_once_on_a_fresh_checkout(fresh: Path) -> None:
    both = [popen(fresh / PROBE) for _ in range(2)]
    ends = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert [out for out, _ in ends] == [SAYS, SAYS]
    assert sum(err.count("setting up") for _, err in ends) == 1
    assert start(fresh / PROBE)[2] == "", "the next start has nothing to do"


def test_a_moved_checkout_runs_its_own_code(fresh: Path, small: Callable[[str], None]) -> None:
    assert start(fresh / PROBE)[0] == 0
    moved = fresh.with_name("moved")
    fresh.rename(moved)
    init = moved / "lib/reporting_governance/__init__.py"
    init.write_text(init.read_text().replace("__version__ = ", "__version__ = 'moved' # "))
    assert start(moved / PROBE) == (0, "reportgov, version moved\n", "")


@pytest.mark.long
def test_killed_while_building_and_started_again(fresh: Path, small: Callable[[str], None]) -> None:
    first = popen(fresh / PROBE, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (fresh / ".venv/bin/python").exists():
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert (fresh / ".venv/built-from").read_text() == ""
    code, out, err = start(fresh / PROBE)
    assert (code, out, err.count("setting up")) == (0, SAYS, 1)


@pytest.mark.long
def test_the_builder_alone_is_killed_and_its_last_step_goes_on(fresh: Path, small: Callable[[str], None]) -> None:
    """The step that outlives its builder holds the lock, so nobody builds under its feet."""
    first = popen(fresh / PROBE)
    deadline = time.monotonic() + 60
    while not (fresh / ".venv/bin/python").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (builder,) = children(first.pid)
    (step,) = children(builder)
    os.kill(builder, signal.SIGKILL)
    first.communicate(timeout=30)
    assert first.returncode == 128 + signal.SIGKILL
    with open(fresh / ".venv.lock", encoding="utf-8") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert Path(f"/proc/{step}").exists(), "the step ended too early for this test to mean anything"
    code, out, err = start(fresh / PROBE)
    assert (code, out, err.count("setting up")) == (0, SAYS, 1), err


def children(pid: int) -> list[int]:
    """Return the children of a process that is not yet reaped."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def test_a_changed_lock_file_builds_anew_whatever_its_time(fresh: Path, small: Callable[[str], None]) -> None:
    assert start(fresh / PROBE)[0] == 0
    (fresh / ".venv/left over").touch()
    small("second")
    os.utime(fresh / "ci/requirements.txt", (0, 0))  # as rsync -a or tar would leave it
    code, _, err = start(fresh / PROBE)
    assert (code, err.count("setting up")) == (0, 1)
    assert not (fresh / ".venv/left over").exists()


@pytest.mark.long
def test_a_python_that_has_gone_builds_anew(fresh: Path, small: Callable[[str], None]) -> None:
    assert start(fresh / PROBE)[0] == 0
    (fresh / ".venv/bin/python").unlink()
    (fresh / ".venv/bin/python").symlink_to("/nonexistent/python3")
    code, _, err = start(fresh / PROBE)
    assert (code, err.count("setting up")) == (0, 1)


def test_an_environment_that_somebody_made_is_left_alone(fresh: Path) -> None:
    (fresh / ".venv").mkdir()
    (fresh / ".venv/theirs").write_text("keep me")
    code, out, err = start(fresh / PROBE)
    assert (code, out) == (3, "")
    assert "was not made by bin/" in err
    assert (fresh / ".venv/theirs").read_text() == "keep me"


@pytest.mark.parametrize("digest", [f" --hash=sha256:{'0' * 64}", ""])
def test_a_package_with_another_digest_or_none_is_refused(
    fresh: Path, small: Callable[[str], None], digest: str
) -> None:
    lock = fresh / "ci/requirements.txt"
    head, *rest = lock.read_text().splitlines()
    rest = [line for line in rest if "--hash" not in line]
    rest[1] = rest[1].rstrip(" \\") + digest
    lock.write_text("\n".join([head, *rest]) + "\n")
    code, out, err = start(fresh / PROBE)
    assert (code, out) == (3, "")
    assert "hash" in err.lower()
    assert (fresh / ".venv/built-from").read_text() == ""


def test_an_old_python_first_in_the_path_is_passed_over(fresh: Path, small: Callable[[str], None]) -> None:
    old = fresh / "old"
    old.mkdir()
    (old / "python3").write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1 ;; esac\nexit 99\n')
    (old / "python3").chmod(0o755)
    assert start(fresh / PROBE, env={"PATH": f"{old}:/usr/bin:/bin"})[0] == 0


def test_a_checkout_that_is_not_whole_is_no_answer_of_no(fresh: Path) -> None:
    (fresh / "ci/requirements.txt").unlink()
    code, out, err = start(fresh / PROBE)
    assert (code, out) == (3, "")
    assert "ci/requirements.txt: No such file" in err
    assert "Traceback" not in err


def test_a_named_python_that_will_not_do_is_said(fresh: Path) -> None:
    code, out, err = start(fresh / PROBE, env={**CRON, "REPORTGOV_PYTHON": "/bin/false"})
    assert (code, out) == (3, "")
    assert "REPORTGOV_PYTHON=/bin/false is not a Python 3.11" in err


def test_a_python_without_ensurepip_names_the_package_to_install(fresh: Path) -> None:
    bare = fresh / "bare"
    bare.write_text(f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    bare.chmod(0o755)
    code, _, err = start(fresh / PROBE, env={**CRON, "REPORTGOV_PYTHON": str(bare)})
    assert code == 3
    assert "apt install python3-venv" in err
    assert not (fresh / ".venv").exists()
