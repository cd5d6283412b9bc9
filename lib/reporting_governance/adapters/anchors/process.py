"""Programs that anchors start: no shell, no terminal, a deadline for the whole process group."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from reporting_governance.adapters.feeding import fed

_LONGEST_OUTPUT = 64 * 1024  #: of each stream; what comes after it is read and forgotten
_LONGEST_WORDS = 200


class Ended(NamedTuple):
    """How a program ended.  `code` is None when its time was over; then it and its children are dead."""

    code: int | None
    output: bytes
    said: str  #: the last line of what it wrote to standard error

    @property
    def problem(self) -> str:
        """What went wrong, in words; empty when it ended with 0."""
        if self.code == 0:
            return ""
        if self.code is None:
            return "it took too long, and was stopped"
        how = f"it was killed by signal {-self.code}" if self.code < 0 else f"it ended with {self.code}"
        return f"{how}: {self.said}" if self.said else how


def run(argv: Sequence[str], given: bytes, *, ends_at: float, env: Mapping[str, str], cwd: str) -> Ended:
    """Run a program to its end.

    Args:
        given: what it reads on standard input.
        ends_at: its deadline, by `time.monotonic`.

    Raises: OSError when it cannot be started.
    """
    running = subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        cwd=cwd,
        start_new_session=True,  # no terminal, so that nothing can ask a person; and one group to stop
    )
    assert running.stdin is not None
    assert running.stdout is not None
    assert running.stderr is not None
    with running.stdin, running.stdout, running.stderr:
        try:
            output, errors = _converse(running, memoryview(given), ends_at)
            is_over = _has_ended(running)
        finally:
            # Whatever it started belongs to its time too, and must not outlive it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    return Ended(running.returncode if is_over else None, output, _last_line(errors))


def _converse(running: "subprocess.Popen[bytes]", rest: memoryview, ends_at: float) -> tuple[bytes, bytes]:
    stdin, stdout, stderr = running.stdin, running.stdout, running.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    kept: dict[object, bytes] = {stdout: b"", stderr: b""}
    with selectors.DefaultSelector() as selector:
        pipes = (
            (stdin, selectors.EVENT_WRITE),
            (stdout, selectors.EVENT_READ),
            (stderr, selectors.EVENT_READ),
        )
        for pipe, interest in pipes:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, interest)
        while (left := ends_at - time.monotonic()) > 0:
            has_ended = _has_ended(running)
            listens = any(key.fileobj is not stdin for key in selector.get_map().values())
            if has_ended and not listens:
                break
            if not selector.get_map():
                time.sleep(0.002)
                continue
            heard = False
            for key, _ in selector.select(min(0.01, left)):
                if key.fileobj is stdin:
                    rest = fed(selector, stdin, rest)
                    continue
                heard = True
                if data := os.read(key.fd, 65536):
                    before = kept[key.fileobj]
                    kept[key.fileobj] = before + data[: _LONGEST_OUTPUT - len(before)]
                else:
                    selector.unregister(key.fileobj)
            if has_ended and not heard:
                break  # a child of its own may keep its pipes open for ever
    return kept[stdout], kept[stderr]


def _has_ended(running: "subprocess.Popen[bytes]") -> bool:
    """Tell whether it has ended, without letting go of its id: until then nobody else can have it."""
    return os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _last_line(data: bytes) -> str:
    """Return what a program said last, as one short printable line."""
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    words = "".join(each if each.isprintable() else " " for each in lines[-1]) if lines else ""
    return words.strip()[:_LONGEST_WORDS]
