"""What `doctor` looks at of roles: whether the file that gives them counts, and whether it names people there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporting_governance.commands._health_check import Check, Rule, Verdict

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext

_ADVICE = "`reportgov roles check` shows it line by line."


def roles(context: CommandContext) -> Iterator[Check]:
    """Look at roles.yaml; that there is none is nothing to speak of, but where hosts share a state."""
    found = context.roles.found
    if context.database is not None:
        seen = f"{found.path} counts for who works on this host; each host has a file of its own"
        if not found.is_there:
            seen = f"there is no {found.path}: on this host its owner may do everything, and everybody else only look"
        yield Check(Rule.ROLES, Verdict.OK, f"{seen}.  What a host may do at all the database's role says (GOV919)")
    if not found.is_there:
        return
    if found.fault is not None or found.roles is None:
        advice = f"Until it is mended nobody but the owner is more than viewer.  {_ADVICE}"
        yield Check(Rule.ROLES, Verdict.BAD, f"{found.path} does not count: {found.fault}", advice)
        return
    from reporting_governance.commands._identity import gid_of, uid_of

    people = dict.fromkeys((*found.roles.users, *found.roles.senders))
    strangers = [name for name in people if uid_of(name) is None]
    strangers += [f"group {name}" for name in found.roles.groups if gid_of(name) is None]
    if strangers:
        seen = f"{found.path} names {', '.join(map(repr, strangers))}, whom this machine does not know"
        yield Check(Rule.ROLES, Verdict.WARNING, seen, f"Correct the name, or remove it.  {_ADVICE}")
    else:
        seen = f"{len(found.roles.users)} users, {len(found.roles.groups)} groups, {len(found.roles.senders)} senders"
        yield Check(Rule.ROLES, Verdict.OK, seen)
