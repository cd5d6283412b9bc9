"""What variables say to a call whose user `sudo` lent another one's rights for: as good as nothing.

The programs that a profile names are looked for on PATH, and they, and libraries, listen to variables: whoever may set
these decides what is started with the rights of the state's owner.  `sudo` itself drops most of them, where it is not
told otherwise; this does not rest on it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reporting_governance.commands._acting_user import ActingUser

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEPT: Final = frozenset(("LANG", "LANGUAGE", "TERM", "NO_COLOR", "COLUMNS", "LINES"))
_KEPT_BEGINNINGS: Final = ("LC_", "REPORTGOV_")  #: ours are judged one by one


def calm_environment(user: ActingUser) -> None:
    """Take away the variables of a caller with lent rights, unless he may name programs and files anyway.

    Whether he may is said by his role alone: what a profile makes of `outside` is not known yet.
    """
    uid, own = user.actor_uid, os.geteuid()
    if uid == own:
        return
    if user.owner_to_be == own:
        from reporting_governance.commands._roles import RolesInForce
        from reporting_governance.contracts.role import REQUIRED, Action

        if RolesInForce(user.state, own).standing(uid).role >= REQUIRED[Action.OUTSIDE]:
            return
    _replace(os.environ, calm(os.environ, own))


def calm(environment: Mapping[str, str], uid: int) -> dict[str, str]:
    """Return what is left of an environment, with a user's own home, name and the system's PATH in it."""
    import pwd

    kept = {name: each for name, each in environment.items() if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)}
    kept["PATH"] = _PATH
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return {**kept, "HOME": "/nonexistent"}
    return {**kept, "HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name}


def _replace(environment: MutableMapping[str, str], by: Mapping[str, str]) -> None:
    for name in [each for each in environment if each not in by]:
        del environment[name]
    environment.update(by)
