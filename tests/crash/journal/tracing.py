"""Faults that only the kernel's side of a call can make: strace kills, or fails, the n-th call of one kind."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reporting_governance.errors import StorageError

STRACE = shutil.which("strace")

Report = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Traced:
    """What became of a child: its reports, whether the fault was injected, and how it ended."""

    reports: list[Any]
    injected: bool
    killed: bool


def run_traced(
    root: str, scenario: Callable[[str, Report], None], call: str, fault: str, when: int, log: str
) -> Traced:
    """Run the scenario in a child whose `when`-th call of one kind meets the fault.

    Args:
        fault: as strace writes it: `signal=SIGKILL` or `error=EIO`.
        log: where strace may write.

    A `StorageError` is an answer like any other; every other error of the child fails the test.
    """
    assert STRACE is not None
    go_reading, go_writing = os.pipe()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(root, scenario, go_reading, writing)
    os.close(writing)
    os.close(go_reading)
    tracer = subprocess.Popen(
        [STRACE, "-qq", "-p", str(child), "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}"],
        stderr=subprocess.DEVNULL,
    )
    _wait_until_traced(child)
    os.write(go_writing, b"go")
    os.close(go_writing)
    with os.fdopen(reading, "rb") as pipe:
        reports = [json.loads(line) for line in pipe if line.endswith(b"\n")]
    _, status = os.waitpid(child, 0)
    tracer.wait(30)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0, f"{call} {fault} {when}: {reports}"
    with open(log, encoding="utf-8", errors="replace") as said:
        injected = killed or "(INJECTED)" in said.read()
    return Traced(reports, injected, killed)


def _wait_until_traced(child: int) -> None:
    while True:
        with open(f"/proc/{child}/status", encoding="ascii") as status:
            tracer = next(line for line in status if line.startswith("TracerPid:"))
        if int(tracer.split()[1]) != 0:
            return


def _live(root: str, scenario: Callable[[str, Report], None], go: int, writing: int) -> None:
    def say(said: Any) -> None:
        os.writev(writing, [json.dumps(said).encode("ascii") + b"\n"])  # not `write`, which may be made to fail

    code = 1
    try:
        os.read(go, 2)
        scenario(root, say)
        code = 0
    except StorageError:
        code = 0
    except BaseException as error:
        say(f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)
