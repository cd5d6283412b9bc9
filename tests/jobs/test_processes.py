"""Which process is which: an id alone comes back, and corpses do not work."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from reporting_governance.adapters.jobs.processes import is_there, kill_workers, start_ticks, this_place
from tests.storage.building import NOW

HERE = this_place("box", "boot")
LEASE = HERE.lease(NOW)


def test_we_are_there() -> None:
    assert HERE.pid == os.getpid()
    assert None not in HERE
    assert is_there(LEASE)


def test_another_process_with_our_id_is_not_us() -> None:
    assert LEASE.start_ticks is not None
    assert not is_there(replace(LEASE, start_ticks=LEASE.start_ticks - 1))


def test_without_a_start_the_id_has_to_do() -> None:
    assert is_there(replace(LEASE, start_ticks=None))
    assert is_there(replace(LEASE, start_ticks=None, pid=1))
    assert not is_there(replace(LEASE, start_ticks=None, pid=2**22 + 1))


def test_a_corpse_is_not_there() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert os.path.exists(f"/proc/{child}")
        assert start_ticks(child) is None
    finally:
        os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("mark", "dies"), [("REPORTGOV_JOB_ATTEMPT=job_1/1", True), ("REPORTGOV_JOB_ATTEMPT=job_1/11", False)]
)
def test_only_processes_with_a_mark_die(mark: str, dies: bool) -> None:
    name, _, value = mark.partition("=")
    program = [sys.executable, "-c", "print(1, flush=True); input()"]
    with subprocess.Popen(program, env={name: value}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert kill_workers({b"REPORTGOV_JOB_ATTEMPT=job_1/1"}) == dies
        if not dies:
            assert process.poll() is None
            process.kill()
