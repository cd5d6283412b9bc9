"""`reportgov roles`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import ExitCode

if TYPE_CHECKING:
    from reporting_governance.commands._roles import FoundRoles
    from reporting_governance.contracts.roles_file import RolesFile

_SHARED = (
    "\nIt says who may do what on {host}; every other host of this database has a file of its own.  What a host may do "
    "at all the database's role says: `reportgov store status`."
)


@governed_command(
    "roles",
    takes="roles.yaml of the state folder, and the accounts of this machine",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=("reportgov roles check", "reportgov roles check --format json"),
    needs="read",
)
@click.argument("what", metavar="check", type=click.Choice(["check"]))
def main(context: CommandContext, *, what: str) -> Reply:
    """Check roles.yaml: whether it counts, what is wrong with it, who gets what, and which names nobody has.

    The file lies in the state folder; only the owner of the state or root may write it (mode 0644 or 0640):

    \b
      users:
        alice: admin
        "1004": operator      # a uid, in quotes
      groups:
        oncall: operator      # of several groups the highest role counts
      senders: [pager]        # may hand in receipts, whatever their role

    Roles are viewer, operator, admin and owner; each includes the ones before it.  What is said of a user counts
    before what is said of groups, also downwards.  Whom nothing names is a viewer; the owner of the state is owner.

    Beside a database it lies in the folder that --local names, and counts on that host alone.

    Ends with 1 when the file does not count, or names somebody whom this machine does not know.
    """
    from reporting_governance.contracts.role import Action
    from reporting_governance.core.role_gates import required_role

    found, table = context.roles.found, context.roles.table
    entries = [] if found.roles is None else list(_entries(context, found.roles))
    only_on = None if context.database is None else context.local_host.name
    document = {
        "what": what,
        "file": found.path,
        "is_there": found.is_there,
        "only_on": only_on,
        "fault": found.fault,
        "findings": [each.dump() for each in found.findings],
        "entries": entries,
        "actions": {action.value: required_role(action, table).value for action in Action},
    }
    is_right = found.fault is None and all(each["id"] is not None for each in entries)
    return Reply(document, _describe(found, entries, only_on), ExitCode.DONE if is_right else ExitCode.NO)


def _entries(context: CommandContext, roles: RolesFile) -> Iterator[dict[str, Any]]:
    """Yield every entry with the account or group that it means, and a remark where it is not what it seems."""
    from reporting_governance.commands._identity import gid_of, uid_of

    for name, role in roles.users.items():
        uid = uid_of(name)
        yield _entry("users", name, role.value, uid, _remark(context, name, uid, has_role=True))
    for name, role in roles.groups.items():
        gid = gid_of(name)
        yield _entry("groups", name, role.value, gid, "" if gid is not None else "no such group on this machine")
    for name in roles.senders:
        uid = uid_of(name)
        yield _entry("senders", name, "sender", uid, _remark(context, name, uid, has_role=False))


def _entry(section: str, name: str, gets: str, number: int | None, remark: str) -> dict[str, Any]:
    return {"section": section, "name": name, "gets": gets, "id": number, "remark": remark}


def _remark(context: CommandContext, name: str, uid: int | None, *, has_role: bool) -> str:
    from reporting_governance.commands._identity import account_name

    if uid is None:
        return "no such user on this machine"
    if uid == context.state_owner:
        return "owns the state, and has every role whatever stands here"
    if has_role:
        because = context.roles.standing(uid).because
        if because != f"users: {name}":
            return f"does not count beside `{because.removeprefix('users: ')}`: of two for one user the lower does"
    account = account_name(uid)
    if account == f"uid:{uid}":
        return "no account has this id yet"
    return "" if account == name else f"is {account}"


def _describe(found: FoundRoles, entries: list[dict[str, Any]], only_on: str | None) -> str:
    from reporting_governance.commands._tables import findings, table

    shared = _SHARED.format(host=only_on) if only_on else ""
    if not found.is_there:
        return f"{found.path} is not there: the owner of the state is owner, everybody else viewer.{shared}"
    if found.fault is not None:
        said = f"{found.path} does not count: {found.fault}."
        parts = [f"{said}\nUntil that is mended nobody but the owner of the state is more than viewer."]
    else:
        parts = [f"{found.path} counts.{shared}"]
    if found.findings:
        parts.append(findings(found.findings))
    if entries:
        rows = [(each["section"], each["name"], each["gets"], each["id"], each["remark"]) for each in entries]
        parts.append(table(("section", "name", "gets", "id", "remark"), rows))
    return "\n\n".join(parts)
