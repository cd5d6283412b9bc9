"""Runs a program to its end or its limit, and keeps the beginning of its output and the end of its errors."""

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence

LONGEST_OUTPUT = 256 * 1024
LONGEST_ERRORS = 16 * 1024  #: tens of kilobytes of warnings may stand before the reason
#: After the program's end, for what it wrote last; a child of its own may keep the pipe open for ever.
DRAIN_SECONDS = 0.5


def run(
    command: Sequence[str],
    program: str,
    environment: Mapping[str, str],
    *,
    folder: str,
    seconds: float,
    own_group: bool = False,
) -> tuple[int | None, bytes, bytes]:
    """Return how a program ended (None: not within `seconds`), its output and its errors.

    Args:
        command: its whole command line; no shell.
        program: where it is.
        own_group: it gets a process group of its own, which is killed at the end; else whoever leads ours does that.

    Raises: OSError when it cannot be started.
    """
    running = subprocess.Popen(
        list(command),
        executable=program,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=own_group,
    )
    try:
        return _listened(running, time.monotonic() + seconds)
    finally:
        _end(running, own_group)


def _listened(running: "subprocess.Popen[bytes]", ends_at: float) -> tuple[int | None, bytes, bytes]:
    output, errors = bytearray(), bytearray()
    code: int | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((running.stdout, output), (running.stderr, errors)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, kept)
        while (now := time.monotonic()) < ends_at:
            if code is None and (code := _ended(running)) is not None:
                ends_at = min(ends_at, now + DRAIN_SECONDS)
            if not selector.get_map():
                if code is not None:
                    break
                time.sleep(0.01)
            for key, _ in selector.select(min(0.05, ends_at - now)):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.data is output:
                    output += data[: LONGEST_OUTPUT - len(output)]
                else:
                    errors[:] = (errors + data)[-LONGEST_ERRORS:]
    return code, bytes(output), bytes(errors)


def _ended(running: "subprocess.Popen[bytes]") -> int | None:
    """Return how the program ended, without reaping it: while it is not reaped, its group's number is its own."""
    end = os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is None:
        return None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def _end(running: "subprocess.Popen[bytes]", own_group: bool) -> None:
    import signal
    from contextlib import suppress

    if own_group:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
    elif _ended(running) is None:
        running.kill()
    running.wait()
    for pipe in (running.stdout, running.stderr):
        assert pipe is not None
        pipe.close()
