"""SIGKILL at every system call on the state, and every kind of error at every call that can have it."""

import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crash.journal.tracing import STRACE, Report, run_traced
from tests.storage.scenarios import (
    after_the_kill,
    caring,
    first_use,
    rebuilding,
    rotating,
    telling,
    with_a_closed_segment,
    with_a_torn_tail,
    with_lost_views,
    worked_on,
    working,
)

pytestmark = pytest.mark.long

SCENARIOS = {
    "first-use": (None, first_use),
    "commit": (worked_on, working),
    "rotation": (with_a_closed_segment, rotating),
    "rebuild": (with_lost_views, rebuilding),
    "healing": (with_a_torn_tail, working),
    "care": (with_a_closed_segment, caring),
    "blobs": (worked_on, telling),
}
KILLED_AT = (
    "write",
    "pwrite64",
    "fdatasync",
    "fsync",
    "openat",
    "rename",
    "unlink",
    "mkdir",
    "chmod",
    "close",
    "pread64",
    "flock",
)
FAILING = ("write", "pwrite64", "fdatasync", "fsync", "openat", "rename")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR")
TOO_MANY = 400


@pytest.fixture(autouse=True)
def _needs_strace() -> None:
    if STRACE is None:
        warnings.warn("strace is not installed: NO system call was killed or failed", stacklevel=1)
        pytest.skip("strace is not installed; apt-get install strace")


@pytest.mark.parametrize("call", KILLED_AT)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_every_call(tmp_path: Path, name: str, call: str) -> None:
    _matrix(tmp_path, *SCENARIOS[name], call, "signal=SIGKILL")


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", FAILING)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_fails_once(tmp_path: Path, name: str, call: str, error: str) -> None:
    _matrix(tmp_path, *SCENARIOS[name], call, f"error={error}")


def _matrix(
    tmp_path: Path,
    prepare: Callable[[str], None] | None,
    scenario: Callable[[str, Report], Any],
    call: str,
    fault: str,
) -> None:
    template = str(tmp_path / "template")
    if prepare is not None:
        prepare(template)
    for when in range(1, TOO_MANY):
        root = f"{tmp_path}/{when}"
        if os.path.isdir(template):
            shutil.copytree(template, root)
        traced = run_traced(root, scenario, call, fault, when, f"{tmp_path}/strace.log")
        after_the_kill(root, traced.reports, scenario, also_reboot=when % 7 == 0)
        shutil.rmtree(root, ignore_errors=True)
        if not traced.injected:
            return
    raise AssertionError("the scenario never got to its end")
