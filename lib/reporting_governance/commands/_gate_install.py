"""Puts the gate into a host's settings: shown first, written on request, never over somebody else's change."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from difflib import unified_diff
from typing import ClassVar

from reporting_governance.adapters.hosts.claude_code.settings_text import MOST_BYTES, hooks_disabled, merged
from reporting_governance.commands._place import Place
from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import ExitCode, GovernanceError, UsageError
from reporting_governance.resources import checkout_root

_MORE_SECONDS = 5  #: that a host waits longer than the gate takes


class NotInstalled(GovernanceError):
    """A settings file that is not changed."""

    exit_code: ClassVar[ExitCode] = ExitCode.NO
    message: ClassVar[str] = "{path}: {reason}"
    hint: ClassVar[str] = "Nothing was written."


@frozen(kw_only=True)
class Installed:
    """What installing did, or would do."""

    path: str
    before: str
    after: str
    written: bool = False
    backup: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything differs."""
        return self.before != self.after

    @property
    def switched_off(self) -> str:
        """A line that says that the host runs no hook at all; empty where it does."""
        if not hooks_disabled(self.after):
            return ""
        return f"disableAllHooks is true in {self.path}: Claude Code runs no hook there, and so no gate."

    def diff(self) -> str:
        """Return the change as a unified diff; empty when there is none."""
        lines = unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"{self.path} (as it is)",
            f"{self.path} (with the gate)",
        )
        return "".join(each if each.endswith("\n") else f"{each}\n" for each in lines).rstrip("\n")


def command_line(place: Place, profile: str | None) -> str:
    """Return the command line that a host is to run, with every path absolute and quoted for a shell."""
    root = checkout_root()
    if root is not None:
        words = [os.path.join(root, "bin", "gate")]
    else:
        words = [os.path.join(os.path.dirname(sys.executable), "reportgov"), "gate"]
    words += ["--host", "claude-code", *place.options]
    return shlex.join([*words, "--profile", profile] if profile else words)


def install(path: str, *, command: str, deadline_ms: int, tools: bool, write: bool) -> Installed:
    """Merge our hooks into a settings file.

    Args:
        path: of the settings; it need not be there.
        command: as `command_line` returns it.
        deadline_ms: of the profile's gate; the host waits a little longer.

    Raises: NotInstalled, SettingsRefused; then the file is as it was.
    """
    path = os.path.abspath(os.path.expanduser(path))
    before = _read(path)
    seconds = -(-deadline_ms // 1000) + _MORE_SECONDS
    after = merged(before or b"", path=path, command=command, timeout_seconds=seconds, tools=tools)
    plain = (before or b"").decode("utf-8-sig", "replace")
    result = Installed(path=path, before=plain, after=after)
    if not write or not result.changes:
        return result
    return Installed(path=path, before=plain, after=after, written=True, backup=_write(path, before, after))


def _read(path: str) -> bytes | None:
    """Return what a settings file holds; None when there is none."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as fault:
        reason = "it is a symbolic link; name the file itself" if os.path.islink(path) else fault.strerror
        raise NotInstalled(path=path, reason=reason) from None
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        os.close(number)
        raise NotInstalled(path=path, reason="it is no plain file")
    with open(number, "rb") as file:
        if status.st_uid != os.geteuid():
            raise NotInstalled(path=path, reason=f"it belongs to uid {status.st_uid}; run this as that user")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise NotInstalled(path=path, reason=f"it is larger than {MOST_BYTES:,} bytes")
    return data


def _write(path: str, before: bytes | None, after: str) -> str | None:
    """Replace the file at once, keep its mode, leave a copy of what was there; return the copy's path."""
    temporary = f"{path}.{os.getpid()}.tmp"
    backup = None
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        mode = 0o600
        if before is not None:
            mode = stat.S_IMODE(os.stat(path, follow_symlinks=False).st_mode)
            backup = _copy(path, before, mode)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(
                (b"\xef\xbb\xbf" if (before or b"").startswith(b"\xef\xbb\xbf") else b"") + after.encode("utf-8")
            )
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        if _read(path) != before:
            raise NotInstalled(path=path, reason="somebody else changed it just now; look at it and start again")
        os.rename(temporary, path)
    except OSError as fault:
        raise NotInstalled(path=fault.filename or path, reason=fault.strerror or str(fault)) from None
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    return backup


def _copy(path: str, data: bytes, mode: int) -> str:
    """Write a copy beside the file, under the first name that is free."""
    for number in range(1, 1000):
        name = f"{path}.before-gate-{number}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, 0o600)
        except FileExistsError:
            continue
        with open(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, mode)
        return name
    raise NotInstalled(path=path, reason="a thousand copies of it lie beside it already; remove some")


def settings_path(given: str | None) -> str:
    """Return which settings file is meant: that of the project in the current folder, unless one is named."""
    if given == "":
        raise UsageError(reason="--settings is empty")
    return given or os.path.join(os.getcwd(), ".claude", "settings.json")
