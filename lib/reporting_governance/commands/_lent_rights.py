"""Options that write a file or start a program, of verbs that know no state and so no roles.

A user to whom `sudo` has lent another one's rights for our verbs has them for what the verbs are meant for.  Without a
state nothing says which of that he may, so with these options he has none of it.
"""

from __future__ import annotations

import os

from reporting_governance.errors import ExitCode, GovernanceError


class LentRights(GovernanceError):
    """Something would be written or started with the rights of another user than the one who logged in."""

    exit_code = ExitCode.NO
    message = "{option} would act with the rights of {lender}, and you are {actor}"
    hint = "Run it as yourself, without sudo; or let standard output go where you want it."


def refuse_lent_rights(option: str) -> None:
    """Let only somebody go on who runs as the user that he is.  Raises: LentRights."""
    from reporting_governance.commands._identity import account_name, actor_uid

    if actor_uid() != os.geteuid():
        raise LentRights(option=option, lender=account_name(os.geteuid()), actor=account_name(actor_uid()))
