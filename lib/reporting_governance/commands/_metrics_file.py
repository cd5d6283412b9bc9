"""The metrics file: written whole beside its place, then renamed into it."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from reporting_governance.errors import GovernanceError
from reporting_governance.file_modes import create

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED = os.path.join("journal", "metrics.json")
_READABLE = 0o644  #: the collector runs as another user


class MetricsUnwritten(GovernanceError):
    """The metrics could not be written; nothing else is wrong."""

    message = "{path}: the metrics could not be written: {reason}"
    hint = "The user who runs `run` must be able to write in that folder; docs/operating.md shows one that works."


def metrics_place(state: str, path: str) -> str:
    """Return the absolute path of the metrics file."""
    return os.path.join(state, path)


def write_metrics(path: str, text: str) -> None:
    """Replace the metrics file, so that a collector reads the old text or the new.  Raises: MetricsUnwritten.

    A link in its place is replaced and not followed.  Nothing is synced: the next run writes it anew.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.new")  # not .prom: nobody collects it
    try:
        descriptor = _made(temporary)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                os.fchmod(file.fileno(), _READABLE)
            os.rename(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as fault:
        raise MetricsUnwritten(path=path, reason=fault.strerror or str(fault)) from None


def _made(path: str) -> int:
    """Open a file that is new: whoever may write in the folder could have put a link, or a file of theirs, there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, _READABLE)
    except FileExistsError:
        left = os.lstat(path)
        if not stat.S_ISREG(left.st_mode) or left.st_uid != os.geteuid():
            raise
        os.unlink(path)  # of a run that was killed
        return os.open(path, flags, _READABLE)


def remembered(state: str) -> Mapping[str, list[str]]:
    """Return what the last count left; nothing when there is none, or none that can be read."""
    try:
        with open(os.path.join(state, _REMEMBERED), "rb") as file:
            document = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def remember(state: str, counted: Mapping[str, list[str]]) -> None:
    """Keep a count for the next run.  Best effort: it only saves reading."""
    path = os.path.join(state, _REMEMBERED)
    with suppress(OSError):
        with open(create(f"{path}.new", os.O_WRONLY | os.O_TRUNC), "w") as file:
            json.dump(counted, file)
        os.rename(f"{path}.new", path)
