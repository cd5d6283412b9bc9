"""`reportgov whoami`."""

from __future__ import annotations

import os

from reporting_governance.commands._identity import account_name, group_names, login_uid
from reporting_governance.commands._text import one_line
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command


@governed_command(
    "whoami",
    takes="the accounts of this machine, whose the state folder is, and its roles.yaml",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=("reportgov whoami", "reportgov whoami --format json"),
)
def main(context: CommandContext) -> Reply:
    """Say who you are here, which role you have, and what gave it to you.

    Who you are comes from the operating system: the user who logged in, which sudo keeps, or else the user that this
    process runs as.  No flag and no variable says otherwise.
    """
    uid, owner = context.actor_uid, context.state_owner
    standing, found = context.roles.standing(uid), context.roles.found
    by_login = login_uid() == uid
    groups = group_names(uid)
    document = {
        "uid": uid,
        "account": context.actor,
        "found_by": "login uid" if by_login else "effective uid",
        "effective_uid": os.geteuid(),
        "groups": groups,
        "role": standing.role.value,
        "because": standing.because,
        "sender": standing.is_sender,
        "state": context.state,
        "state_owner": None if owner is None else account_name(owner),
        "may_write": owner is None or owner == os.geteuid(),
        "roles_file": found.path,
        "roles_file_is_there": found.is_there,
        "roles_file_fault": found.fault,
    }
    how = "who logged in" if by_login else "whom this process runs as; nobody logged in, as under cron"
    lines = [
        f"You:        {context.actor} (uid {uid}), {how}",
        f"Runs as:    {account_name(os.geteuid())}",
        f"Groups:     {', '.join(groups) or 'none: no account'}",
        f"Role:       {standing.role} ({standing.because})",
        f"Sender:     {'yes' if standing.is_sender else 'no'}",
        f"State:      {context.state}, {_owner_words(owner)}",
        f"Roles file: {found.path}, {_file_words(found.fault, is_there=found.is_there)}",
    ]
    return Reply(document, "\n".join(map(one_line, lines)))


def _owner_words(owner: int | None) -> str:
    if owner is None:
        return "not there yet: whoever makes it owns it"
    if owner == os.geteuid():
        return f"of {account_name(owner)}"
    return f"of {account_name(owner)}, and only a process of that user writes it"


def _file_words(fault: str | None, *, is_there: bool) -> str:
    if not is_there:
        return "not there: the owner of the state is owner, everybody else viewer"
    return "counts" if fault is None else f"does not count: {fault}"
