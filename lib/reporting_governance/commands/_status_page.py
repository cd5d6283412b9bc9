"""The status page as a file: `status --html FILE` and `run --html FILE`."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.core.status_page import Surroundings

_OURS_ALONE = 0o600  #: names of tasks and people stand in it


class PageUnwritten(GovernanceError):
    """The status page could not be written; nothing else is wrong."""

    message = "{path}: the status page could not be written: {reason}"
    hint = "The user who runs this must be able to write in that folder; a folder in place of the file is not replaced."


def write_status_page(
    context: CommandContext, path: str, status: Mapping[str, Any], *, rewritten: bool = False
) -> None:
    """Write the page.  Raises: PageUnwritten.

    Args:
        status: the document that `status --format json` prints.
        rewritten: by every run, so that a browser may look again.
    """
    from reporting_governance.core.status_page import render_status

    replace_page(path, render_status(status, _around(context, rewritten)))


def write_page_of_run(context: CommandContext, path: str) -> None:
    """Write the page after a run.  Never fails: what the run did stands, and stderr says what is wrong."""
    from reporting_governance.commands._handler import say
    from reporting_governance.commands.status import look

    try:
        try:
            write_status_page(context, path, look(context).document, rewritten=True)
        except PageUnwritten:
            raise
        except GovernanceError as fault:
            _write_trouble(context, path, fault)
    except GovernanceError as fault:
        say(f"{fault}  {fault.advice()}")


def _write_trouble(context: CommandContext, path: str, fault: GovernanceError) -> None:
    """Write in place of the page why there is none: an old one would say that all is well."""
    from reporting_governance.contracts.times import format_time
    from reporting_governance.core.status_page import render_trouble

    at = format_time(context.clock.now())
    replace_page(path, render_trouble(at, [str(fault), fault.advice()], _around(context, rewritten=True)))


def _around(context: CommandContext, rewritten: bool) -> Surroundings:
    from reporting_governance.core.status_page import Surroundings

    settings = context.settings
    watch = settings.self_watch
    receivers = settings.artifact["spec"]["notification"]["receivers"]
    return Surroundings(
        host=os.uname().nodename,
        tick_seconds=settings.timing.tick_seconds,
        targets=tuple(
            (f"{name}/{target}", str(found["sender"]))
            for name, receiver in sorted(receivers.items())
            for target, found in sorted(receiver["targets"].items())
        ),
        heartbeat=bool(watch.get("heartbeat_url")),
        canary_seconds=watch.get("canary_seconds"),
        metrics=bool(watch.get("metrics_path")),
        last_exit_code=context.last_run().exit_code,
        rewritten=rewritten,
    )


def replace_page(path: str, text: str) -> None:
    """Replace a file, so that whoever opens it reads the old page or the new.  Raises: PageUnwritten.

    A file that is there keeps its mode; a new one is for its owner alone.  A link is replaced and not followed.
    """
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.new")
    try:
        mode = _mode_of(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # of a process of the same number that was killed
        try:
            with open(os.open(temporary, flags, _OURS_ALONE), "w", encoding="utf-8") as file:
                file.write(text)
                os.fchmod(file.fileno(), mode)
            os.rename(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as fault:
        raise PageUnwritten(path=path, reason=fault.strerror or str(fault)) from None


def _mode_of(path: str) -> int:
    """Return the mode of the file that is there; of none, or of what is no file, that of a new one."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return _OURS_ALONE
    return stat.S_IMODE(found.st_mode) & 0o666 if stat.S_ISREG(found.st_mode) else _OURS_ALONE
