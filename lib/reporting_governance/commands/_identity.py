"""Who runs this process, by the operating system alone: no flag and no variable can say otherwise."""

import os
import pwd

_UNSET = 0xFFFFFFFF  #: the kernel's word for "nobody logged in": cron, systemd, containers


def actor_uid() -> int:
    """Return the kernel's login uid when it is set and has an account (sudo keeps it), else the effective uid."""
    try:
        with open("/proc/self/loginuid", "rb") as file:
            login = int(file.read(16))
    except (OSError, ValueError):
        return os.geteuid()
    return login if login != _UNSET and _account(login) is not None else os.geteuid()


def account_name(uid: int) -> str:
    """Return the account's name, or `uid:N` for a uid without one."""
    return _account(uid) or f"uid:{uid}"


def _account(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
