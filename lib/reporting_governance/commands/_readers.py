"""`init --readers`: a group of the machine that may read a state, and nothing else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from reporting_governance.errors import ExitCode, GovernanceError, StorageError, UsageError

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext


class NotInGroup(GovernanceError):
    """The owner of the state cannot give files to the group."""

    exit_code = ExitCode.NO
    message = "{owner} is not in group {group}, and can give it nothing to read"
    hint = "Root can: `usermod -a -G {group} {owner}`; then log in again, so that the process has the group too."


def let_read(context: CommandContext, group: str) -> None:
    """Let a group read all of a state, now and later.

    Args:
        group: name or gid.

    Raises: UsageError, NotInGroup, StorageError, Busy, NotOurState.
    """
    from reporting_governance.commands._identity import account_name, gid_of
    from reporting_governance.storage.files import readers
    from reporting_governance.storage.files.layout import Layout, require_owner
    from reporting_governance.storage.files.lock import held

    _refuse_database(context)
    gid = gid_of(group)
    if gid is None:
        raise UsageError(reason=f"--readers: there is no group {group}")
    require_owner(context.state)
    if os.geteuid() != 0 and gid not in (os.getegid(), *os.getgroups()):
        raise NotInGroup(owner=account_name(os.geteuid()), group=group)
    try:
        with held(Layout(context.state).lock, wait_seconds=10):  # nobody makes a view with the old mode meanwhile
            readers.open_to(context.state, gid)
    except OSError as fault:
        raise StorageError(path=fault.filename or context.state, reason=fault.strerror or str(fault)) from fault


def let_nobody_read(context: CommandContext) -> None:
    """Let nobody but the owner read again.  Raises: UsageError, StorageError, Busy, NotOurState."""
    from reporting_governance.storage.files import readers
    from reporting_governance.storage.files.layout import Layout, require_owner
    from reporting_governance.storage.files.lock import held

    _refuse_database(context)
    require_owner(context.state)
    try:
        with held(Layout(context.state).lock, wait_seconds=10):
            readers.close(context.state)
    except OSError as fault:
        raise StorageError(path=fault.filename or context.state, reason=fault.strerror or str(fault)) from fault


def group_of(context: CommandContext) -> str | None:
    """Return the group that may read, None when there is none."""
    from reporting_governance.storage.files.readers import readers

    gid = None if context.database is not None else readers(context.state)
    return None if gid is None else group_name(gid)


def group_name(gid: int) -> str:
    """Return a group's name, or its gid as a text."""
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def closed_ways(state: str) -> list[str]:
    """Return the folders on the way to a state through which its readers cannot pass."""
    from reporting_governance.storage.files.readers import readers

    gid, found, place = readers(state), [], os.path.dirname(os.path.realpath(state))
    while place != "/":
        about = os.stat(place)
        passes = about.st_mode & (stat.S_IXGRP if about.st_gid == gid else stat.S_IXOTH)
        if not passes:
            found.append(place)
        place = os.path.dirname(place)
    return found[::-1]


def _refuse_database(context: CommandContext) -> None:
    if context.database is not None:
        reason = "--readers is about a state folder; who may read a database is said there, by GRANT"
        raise UsageError(reason=reason)
