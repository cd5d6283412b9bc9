"""Another program that prints what it knows: bounded in time and size, and ended with all it started."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from reporting_governance.contracts.finding import shown as as_shown
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    import subprocess

_ERROR_BYTES: Final = 4096
_LONGEST_ERROR: Final = 200
_LINGER_SECONDS: Final = 5.0


class ProgramFailed(GovernanceError):
    """A program gave no list of tasks."""

    message = "{command}: {reason}"
    hint = "Run it by hand as the same user, with the same environment that cron gives."


def run_bounded(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    limit_seconds: float,
    max_bytes: int,
    shown: str,
    folder: str | None = None,
    hide: Callable[[str], str] = str,
) -> bytes:
    """Run a program without a shell and return what it printed.

    It stands in a process group of its own, which is killed whole when the program has ended, took too long or printed
    too much.  What it says on standard error is only used to say why it failed.

    Args:
        shown: what the program is called in an error.
        folder: where it runs; None: where we do.
        hide: takes secrets out of what it said, before that is cut: the first half of one is found by nobody.

    Raises: ProgramFailed, also for an exit code that is not 0.
    """
    import subprocess

    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as fault:
        raise ProgramFailed(command=shown, reason=fault.strerror or str(fault)) from fault
    with process:
        try:
            output, errors, problem = _collect(process, limit_seconds, max_bytes)
            if problem is None:
                _wait(process.pid)
        finally:
            _kill_group(process.pid)
    if problem is not None:
        raise ProgramFailed(command=shown, reason=problem)
    if process.returncode != 0:
        said = _one_line(hide(errors.decode("utf-8", "replace")))
        raise ProgramFailed(command=shown, reason=f"it ended with {process.returncode}" + (f": {said}" if said else ""))
    return output


def _one_line(errors: str) -> str:
    return as_shown(" ".join(errors.split()), longest=_LONGEST_ERROR)[1:-1]


def _collect(process: subprocess.Popen[bytes], limit_seconds: float, max_bytes: int) -> tuple[bytes, bytes, str | None]:
    """Return standard output, the beginning of standard error, and why collecting was given up."""
    import selectors
    import time

    ends_at = time.monotonic() + limit_seconds
    parts: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream, name in ((process.stdout, "out"), (process.stderr, "err")):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            left = ends_at - time.monotonic()
            if left <= 0:
                return bytes(parts["out"]), bytes(parts["err"]), f"it took longer than {limit_seconds:g} seconds"
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.data == "out" or len(parts["err"]) < _ERROR_BYTES:
                    parts[key.data] += chunk
            if len(parts["out"]) > max_bytes:
                return bytes(parts["out"]), bytes(parts["err"]), f"it printed more than {max_bytes:,} bytes"
    return bytes(parts["out"]), bytes(parts["err"]), None


def _wait(pid: int) -> None:
    """Wait a little for a process that has closed its output; one that lingers is killed with its group."""
    import time

    ends_at = time.monotonic() + _LINGER_SECONDS
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < ends_at:
        time.sleep(0.02)


def _kill_group(pid: int) -> None:
    """Kill what is left of the group.  Its leader has not been waited for, so the id is still its own."""
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
