"""The one place where an exception becomes a line on stderr and an exit code.

Python ends a program with a traceback and 1, which here means "the answer is no"; so nothing may get past `guard`.
"""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import click

from reporting_governance.errors import ExitCode, GovernanceError

#: for the end of every --help
EXIT_CODES = """\b
Exit codes:
  0    done, also when there was nothing to do
  1    finished, and the answer is no
  2    the call itself is wrong
  3    could not finish, or only proven in part
  70   a bug of ours; a log file is named
  75   try again later
  128+ ended by signal n - 128"""


class Terminated(BaseException):
    """A signal asked this process to end; raised where the main thread stands, so that `finally` blocks run.

    No `Exception`, so that code which survives errors does not survive this.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def guard(call: Callable[[], object], *, verb: str = "") -> int:
    """Run `call` and return the exit code of the process; never raises, never prints a traceback.

    Args:
        call: does the work; None or an integer is its exit code, anything else is a bug.
        verb: named in the log file of a bug.
    """
    _prepare_streams()
    _catch_signals()
    try:
        code = _answer(call)
    except BaseException as error:
        from reporting_governance.commands._bug_log import tell_bug

        code = tell_bug(error, verb=verb)
    return _flush(code)


def say(text: str) -> None:
    """Write one line to stderr; characters that could break the line or drive a terminal are escaped."""
    if sys.stderr is None:
        return
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    try:
        sys.stderr.write(f"reportgov: {safe}\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody can be told; the exit code still says it


def _answer(call: Callable[[], object]) -> int:
    try:
        result = call()
    except GovernanceError as error:
        advice = error.advice()
        say(f"{error}  {advice}" if advice else str(error))
        return int(error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        return 128 + signal.SIGINT
    except Terminated as error:
        return 128 + error.number
    except OSError as error:
        if not _is_about_stdout(error):
            raise
        return _lose_stdout(error)
    if result is None:
        return int(ExitCode.DONE)
    if not isinstance(result, int):
        raise TypeError(f"a command must return None or an exit code, got {type(result).__name__}")
    return int(result)


def _prepare_streams() -> None:
    # Started with 1 or 2 closed, the next file we open would get that number, and what is meant for the terminal,
    # ours or a child's, would be written into it: perhaps the journal.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # A name that cannot be shown in the terminal's character set is shown escaped, it is no reason to fail.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _catch_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # ignored, as under nohup, stays ignored
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    signal.signal(number, signal.SIG_DFL)  # a second one does not wait for the tidying up of the first
    raise Terminated(number)


def _flush(code: int) -> int:
    """Flush stdout now, while a failure can still change the exit code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        lost = _lose_stdout(error)
        return code or lost
    return code


def _lose_stdout(error: OSError) -> int:
    # What is still buffered must not be tried again, and complained about, when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return 128 + signal.SIGPIPE
    say(f"standard output: the report could not be written: {error.strerror}")
    return int(ExitCode.PARTIAL)


def _is_about_stdout(error: OSError) -> bool:
    """Whether writing the report failed; any other failed write, and a sender's broken pipe, is a bug here."""
    if isinstance(error, BrokenPipeError) and _reader_is_gone():
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_code is click.echo.__code__


def _reader_is_gone() -> bool:
    """Whether stdout is a pipe that nobody reads, as after `| head`."""
    import select

    poll = select.poll()
    poll.register(1, select.POLLOUT)
    return any(flags & select.POLLERR for _, flags in poll.poll(0))
