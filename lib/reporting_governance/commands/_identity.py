"""Who runs this process, by the operating system alone: no flag and no variable can say otherwise."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_governance.contracts.roles_file import RolesFile
    from reporting_governance.core.role_gates import Person

_UNSET = 0xFFFFFFFF  #: the kernel's word for "nobody logged in": cron, systemd, containers


def actor_uid() -> int:
    """Return the kernel's login uid when it is set and has an account (sudo keeps it), else the effective uid."""
    login = login_uid()
    return login if login is not None and _account(login) is not None else os.geteuid()


def login_uid() -> int | None:
    """Return the kernel's login uid; None where it is not set or there is none."""
    try:
        with open("/proc/self/loginuid", "rb") as file:
            login = int(file.read(16))
    except (OSError, ValueError):
        return None
    return None if login == _UNSET else login


def account_name(uid: int) -> str:
    """Return the account's name, or `uid:N` for a uid without one."""
    return _account(uid) or f"uid:{uid}"


def person_of(uid: int, roles: RolesFile | None) -> Person:
    """Return a user with the names that a roles file has for him and for the groups of his account.

    The groups of this process say nothing: whoever started it may have joined or left some.
    """
    from reporting_governance.core.role_gates import Person

    named = set() if roles is None else {*roles.users, *roles.senders}
    gids = groups_of(uid)
    return Person(
        uid=uid,
        account=_account(uid),
        users=frozenset(name for name in named if uid_of(name) == uid),
        groups=frozenset(name for name in (() if roles is None else roles.groups) if gid_of(name) in gids),
    )


def groups_of(uid: int) -> frozenset[int]:
    """Return the gids of an account's groups, its own first group too; none for a uid without an account."""
    try:
        entry = pwd.getpwuid(uid)
        return frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    except (KeyError, OSError):
        return frozenset()


def group_names(uid: int) -> list[str]:
    """Return the groups of an account, by name where they have one."""
    import grp

    names = []
    for gid in sorted(groups_of(uid)):
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            names.append(str(gid))
    return names


def uid_of(name: str) -> int | None:
    """Return the uid that a name, or a number in digits, stands for; None for an account that there is not."""
    if is_id(name):
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):  # ValueError: no name at all, such as one with a zero byte
        return None


def gid_of(name: str) -> int | None:
    """Return the gid that a group's name, or a number in digits, stands for; None for a group that there is not."""
    if is_id(name):
        return int(name)
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        return None


def is_id(name: str) -> bool:
    """Tell whether a text is a uid or gid: digits, without leading zeros."""
    return name.isascii() and name.isdigit() and (name == "0" or not name.startswith("0")) and len(name) <= 10


def _account(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return None
