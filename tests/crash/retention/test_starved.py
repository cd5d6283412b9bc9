"""prune and erase when the disk does not take what is written, or a system call fails or kills: see also
tests/storage/test_retiring.py and test_erasing.py, where each is killed at every event of its own.

Always: the chain holds, the root over all lines ever is what it was, nothing open is lost, what was acknowledged is
there, and the next call finishes the work.
"""

import errno
import os
import resource
import shutil
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.errors import StorageError
from reporting_governance.storage.files.layout import Layout
from tests.crash.journal.tracing import STRACE, run_traced
from tests.storage.building import event_id
from tests.storage.killing import Report, run_killed
from tests.storage.oracle import check, views_on_disk
from tests.storage.retention import check_pruned, days_of_work, digests_in, leaves_by_hand, pruning
from tests.storage.test_erasing import digest_of, erase, erasing, told

Look = Callable[[str, list[Any]], None]
CALLS = ("write", "pwrite64", "fdatasync", "fsync", "openat", "rename", "unlink")
ERRORS = ("ENOSPC", "EIO", "EDQUOT")
TOO_MANY = 400


def look_at_pruned(template: str) -> Look:
    """Return the look at what a prune of a template left, which is then finished."""
    leaves, views = leaves_by_hand(template), views_on_disk(template)

    def look(where: str, reports: list[Any]) -> None:
        kept = check_pruned(where, leaves, views)
        assert all(seq == 0 or any(each["seq"] == seq for each in kept) for [seq] in reports)
        pruning(where, lambda said: None)
        kept = check_pruned(where, leaves, views)
        assert len([each for each in kept if each["type"] == "log.segment_retired"]) == 1
        assert {name for name in os.listdir(f"{where}/blobs") if len(name) == 64} == set(digests_in(kept))

    return look


def look_at_erased(template: str) -> Look:
    """Return the look at what an erasure left, which is then finished."""
    other, views = digest_of(template, 3), views_on_disk(template)

    def look(where: str, reports: list[Any]) -> None:
        seqs = {each["seq"] for each in check_healed(where)}
        assert all(seq in seqs for reported in reports for seq in reported)
        erase(where, event_id(1))
        said = [each["meta"]["blob"] for each in check(where) if each["type"] == "record.erased"]
        assert {name for name in os.listdir(f"{where}/blobs") if len(name) == 64} == {other}
        assert len(said) == len(set(said)) == 2
        assert views_on_disk(where) == views

    return look


def check_healed(where: str) -> list[dict[str, Any]]:
    from tests.storage.scenarios import open_store

    open_store(where).ready()
    return check(where)


SCENARIOS: dict[str, tuple[Callable[[str], None], Callable[[str, Report], None], Callable[[str], Look]]] = {
    "prune": (days_of_work, pruning, look_at_pruned),
    "erase": (told, erasing, look_at_erased),
}


def cramped(scenario: Callable[[str, Report], None], limit: int) -> Callable[[str, Report], None]:
    """Return the scenario in a process whose files cannot grow beyond a size; that it ends with an error is fine."""

    def run(where: str, report: Report) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        ends_or_has_no_room(scenario, where, report, errno.EFBIG)

    return run


def ends_or_has_no_room(scenario: Callable[[str, Report], None], where: str, report: Report, other: int) -> None:
    """Run a scenario to its end, or to the error that there is no room."""
    try:
        scenario(where, report)
    except StorageError as error:
        if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, other):
            raise


@pytest.mark.parametrize("step", [149, pytest.param(7, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", SCENARIOS)
def test_short_writes(tmp_path: Path, name: str, step: int) -> None:
    prepare, scenario, look_for = SCENARIOS[name]
    template = str(tmp_path / "template")
    prepare(template)
    look = look_for(template)
    layout = Layout(template)
    newest = os.stat(layout.segment(layout.segments()[-1])).st_size
    for limit in [*range(0, 700, step), *range(newest - 10, newest + 1500, step)]:
        where = str(tmp_path / str(limit))
        shutil.copytree(template, where)
        outcome = run_killed(where, cramped(scenario, limit), None)
        look(where, outcome.reports)
        shutil.rmtree(where)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here: NO disk was really full")
    yield str(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.long
@pytest.mark.parametrize("free", range(0, 40_000, 4096))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_disk_that_is_really_full(tmp_path: Path, small_disk: str, name: str, free: int) -> None:
    prepare, scenario, look_for = SCENARIOS[name]
    where = f"{small_disk}/state"
    prepare(where)
    look = look_for(where)
    room = os.statvfs(small_disk)
    with open(f"{small_disk}/ballast", "wb") as ballast:
        ballast.write(bytes(max(0, room.f_bavail * room.f_bsize - free)))
    reports: list[Any] = []
    ends_or_has_no_room(scenario, where, reports.append, errno.ENOSPC)
    os.unlink(f"{small_disk}/ballast")
    look(where, reports)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["signal=SIGKILL", *(f"error={each}" for each in ERRORS)])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_kills_or_fails_once(tmp_path: Path, name: str, call: str, fault: str) -> None:
    if STRACE is None:
        warnings.warn("strace is not installed: NO system call was killed or failed", stacklevel=1)
        pytest.skip("strace is not installed; apt-get install strace")
    prepare, scenario, look_for = SCENARIOS[name]
    template = str(tmp_path / "template")
    prepare(template)
    look = look_for(template)
    for when in range(1, TOO_MANY):
        where = f"{tmp_path}/{when}"
        shutil.copytree(template, where)
        traced = run_traced(where, scenario, call, fault, when, f"{tmp_path}/strace.log")
        look(where, traced.reports)
        shutil.rmtree(where)
        if not traced.injected:
            return
    raise AssertionError("the scenario never got to its end")
