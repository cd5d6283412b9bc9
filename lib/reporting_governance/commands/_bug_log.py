"""What remains of a bug: one line for the operator and a log file for whoever mends it."""

import os
import stat
import sys
import tempfile
import traceback
from datetime import UTC, datetime

from reporting_governance import __version__
from reporting_governance.commands._handler import say
from reporting_governance.errors import ExitCode

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def tell_bug(error: BaseException, *, verb: str) -> int:
    """Write the traceback to a log file of mode 0600, name it in one line on stderr, return `ExitCode.BUG`.

    The traceback holds no values of variables.  The same bug writes the same file, so that a bug in a crontab does
    not fill the disk: only the file's time moves.
    """
    what = _where(error)
    try:
        path = _write(error, verb)
    except Exception as failure:  # whatever it is, the first bug matters more
        say(f"bug: {what}; no log could be written ({type(failure).__name__}: {failure})")
    else:
        say(f"bug: {what}; please report it with the log {path}")
    return int(ExitCode.BUG)


def _where(error: BaseException) -> str:
    """Name the error and the last line of ours on the way to it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_PACKAGE)] or frames
    return f"{type(error).__name__} at {os.path.basename(ours[-1].filename)}:{ours[-1].lineno}"


def _write(error: BaseException, verb: str) -> str:
    import hashlib

    steps = [(frame.filename, frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    # Of the way to the bug only: a message may hold an id or an address that differs each time.
    digest = hashlib.sha256(repr((__version__, type(error).__name__, steps)).encode()).hexdigest()[:12]
    path = os.path.join(tempfile.gettempdir(), f"reportgov-bug-{os.geteuid()}-{digest}.log")
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if _is_our_log(path):
            os.utime(path, follow_symlinks=False)
            return path
        # Somebody else has taken the name in a folder that all may write.
        descriptor, path = tempfile.mkstemp(prefix="reportgov-bug-", suffix=".log")
    try:
        _fill(descriptor, error, verb)
    except OSError:
        os.unlink(path)  # half a log, which the next same bug would take for a whole one
        raise
    return path


def _fill(descriptor: int, error: BaseException, verb: str) -> None:
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')}\n")
        file.write(f"reporting-governance {__version__}, Python {sys.version}, {sys.platform}\n")
        file.write(f"verb {verb or 'none'}, process {os.getpid()}, user {os.geteuid()}\n\n")
        file.write(_harmless("".join(traceback.format_exception(error))))


def _harmless(text: str) -> str:
    """Return a traceback without secrets: the words of an exception may quote anything."""
    from reporting_governance.core.scrub import scrub

    secrets = sys.modules.get("reporting_governance.adapters.senders.secrets")
    known = secrets.Secrets.hide_all(text) if secrets is not None else text
    return str(scrub(known)[0])


def _is_our_log(path: str) -> bool:
    status = os.stat(path, follow_symlinks=False)
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_size > 0
