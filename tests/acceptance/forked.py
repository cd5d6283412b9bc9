"""A verb in a fork of this process: it has a process, an environment and streams of its own, and no start to pay for.

Starting Python and importing is most of what a verb costs.  What depends on that start is tested by real processes:
cold verbs, `bin/`, every example of `--help`, every page.  `REPORTGOV_TESTS=processes` makes all of them real, as
`nox -s long` does.
"""

import io
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

IS_OFF = os.environ.get("REPORTGOV_TESTS") == "processes"


def run_forked(arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> tuple[int, bytes, bytes]:
    """Run a verb; return its exit code (less than 0: the signal that ended it) and what it printed.

    Args:
        arguments: the command line after the program's name.
        seconds: after so long it is killed, and the test fails.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _live(arguments, environment, out.fileno(), err.fileno())
        watch = os.pidfd_open(child)
        try:
            ended, _, _ = select.select([watch], [], [], seconds)
            if not ended:
                os.kill(child, signal.SIGKILL)
        finally:
            os.close(watch)
        _, status = os.waitpid(child, 0)
        assert ended, f"{arguments} took longer than {seconds} s"
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read()


def _live(arguments: Sequence[str], environment: Mapping[str, str], out: int, err: int) -> NoReturn:
    def call() -> int:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv = ["reportgov", *arguments]
        from reporting_governance.__main__ import main

        return main(arguments)

    live(call, out, err)


def live(work: Callable[[], int | None], out: int, err: int, *, crashed: int = 1) -> NoReturn:
    """Be a child with streams of its own that does some work, and end with what that returns.

    Args:
        out, err: where its output goes.
        crashed: the exit code where the work ended with an exception.
    """
    code = crashed
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for own, given in ((0, nothing), (1, out), (2, err)):
            os.dup2(given, own)
        os.closerange(3, 1024)  # as a new program has none of our files, nor the locks that hang on them
        sys.stdin, sys.stdout = _stream(0, "r"), _stream(1, "w")
        sys.stderr = _stream(2, "w", errors="backslashreplace")
        code = work() or 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _stream(number: int, mode: str, errors: str = "strict") -> io.TextIOWrapper:
    binary = open(number, f"{mode}b", closefd=False)  # noqa: SIM115 - it lives as long as the process
    return io.TextIOWrapper(binary, encoding="utf-8", errors=errors)
