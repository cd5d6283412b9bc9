"""One attempt as a process: a list of words, no shell, a process group of its own that ends with it."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from reporting_governance.adapters.jobs.logs import Log
from reporting_governance.core.jobs import Ended

_GRACE_SECONDS: Final = 5.0  #: from the polite signal to the one that nobody survives
_CHUNK: Final = 1 << 16
_LONGEST_ERROR: Final = 200


class ProcessAttempt:
    """A command under way."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: str | None,
        log: Log,
        log_name: str,
        deadline_seconds: int,
        inherited: int,
    ) -> None:
        """Start it.

        Args:
            inherited: a descriptor that all its processes keep open: the lock that tells of them.

        Raises: OSError.
        """
        self._log = log
        self._log_name = log_name
        self._deadline_seconds = deadline_seconds
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            pass_fds=(inherited,),
        )
        self._ends_at = time.monotonic() + deadline_seconds
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)

    def wait(self, seconds: float) -> Ended | None:
        """Wait for the end of the command, and log what it prints meanwhile."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            if now >= self._ends_at:
                return self.stop(f"took longer than {self._deadline_seconds} s")
            self._listen(min(0.05, until - now))
            if self._has_ended():
                return self._close(None)
        return None

    def stop(self, why: str) -> Ended:
        """Ask the whole group to end, and kill what has not after a while."""
        self._signal(signal.SIGTERM)
        ends_at = time.monotonic() + _GRACE_SECONDS
        while not self._has_ended() and time.monotonic() < ends_at:
            self._listen(0.05)
        return self._close(why)

    def _listen(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
        for _ in self._selector.select(seconds):
            self._read()

    def _read(self) -> bool:
        """Log what has come; tell whether there may be more."""
        try:
            data = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(self._pipe)
        self._log.add(data)
        return bool(data)

    def _has_ended(self) -> bool:
        """Tell whether the command has ended, and leave it as it is: until it is waited for, its group keeps its id."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _close(self, why: str | None) -> Ended:
        self._signal(signal.SIGKILL)  # what it left running too
        self._process.wait()
        while self._selector.get_map() and self._read():
            pass
        self._selector.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        status = self._process.returncode
        error = why or _said(status)
        self._log.say(f"-- {error or 'exit status 0'}")
        self._log.close()
        result = {"log": self._log_name} | ({"exit_status": status} if status >= 0 else {"signal": -status})
        return Ended(exit_status=status if why is None and status >= 0 else None, error=error, result=result)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _said(status: int) -> str | None:
    if status == 0:
        return None
    return f"exit status {status}" if status > 0 else f"ended by signal {-status}"


def not_started(log: Log, log_name: str, fault: OSError) -> Ended:
    """Return how an attempt ends whose program cannot be started."""
    error = f"cannot be started: {fault.strerror or fault}"[:_LONGEST_ERROR]
    log.say(f"-- {error}")
    log.close()
    return Ended(error=error, result={"log": log_name})
