"""Whose role is what in one state: the roles file read and checked, the profile's table, and verdicts on users."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from reporting_governance.commands._defaults import own_profile
from reporting_governance.commands._identity import person_of
from reporting_governance.contracts.finding import has_errors
from reporting_governance.contracts.role import REQUIRED, Action, Role
from reporting_governance.contracts.roles_file import RolesFile
from reporting_governance.core.role_gates import judge, standing_of

if TYPE_CHECKING:
    from reporting_governance.commands._settings import Settings
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.core.role_gates import Standing, Verdict

ROLES = "roles"  #: kind of the file
_WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True)
class FoundRoles:
    """The roles file of a state, as far as it counts."""

    path: str
    roles: RolesFile | None = None  #: None: there is no file, or it does not count
    fault: str | None = None  #: why it does not count; None where there is none, or it does
    is_closed: bool = False  #: this process may not read it
    findings: Sequence[Finding] = ()  #: what is wrong with its text

    @property
    def is_there(self) -> bool:
        """Whether there is a file."""
        return self.roles is not None or self.fault is not None


def find_roles(state: str, *, state_owner: int) -> FoundRoles:
    """Return what a state's roles file says; a file with any fault says nothing at all."""
    from reporting_governance.storage.files.roles import read_roles

    text = read_roles(state, state_owner=state_owner)
    if text.data is None:
        return FoundRoles(text.path, fault=text.fault, is_closed=text.is_closed)
    from reporting_governance.commands._checking import Checker

    checker = Checker()
    document = checker.document(text.data, text.path, ROLES)
    if document is None:
        return FoundRoles(text.path, fault=_summary(checker.findings), findings=checker.findings)
    return FoundRoles(text.path, RolesFile.parse(document.value, source=text.path), findings=checker.findings)


def _summary(findings: Sequence[Finding]) -> str:
    """Return the first fault, for a sentence that names the file already."""
    first, *more = [each for each in findings if has_errors([each])]
    place = f"line {first.line}, column {first.column}: " if first.line else ""
    return f"{place}{first.message}" + (f" (and {len(more)} more)" if more else "")


@dataclass(frozen=True)
class RolesInForce:
    """Who may do what in one state; users by their uid."""

    state: str
    state_owner: int  #: of a state that is not there yet, who would own it
    table: Mapping[str, Role] = field(default_factory=dict)  #: what a profile moves

    @cached_property
    def found(self) -> FoundRoles:
        """The roles file; read when somebody is judged who does not own the state."""
        return find_roles(self.state, state_owner=self.state_owner)

    def standing(self, uid: int) -> Standing:
        """Return what a user is."""
        roles = None if uid == self.state_owner else self.found.roles
        return standing_of(person_of(uid, roles), state_owner=self.state_owner, roles=roles)

    def judge(self, action: Action, uid: int) -> Verdict:
        """Return whether a user may do something."""
        return judge(action, self.standing(uid), self.table)


def table_of(settings: Settings, *, is_trusted: bool) -> Mapping[str, Role]:
    """Return the least role of each action, by a profile.

    Args:
        is_trusted: whether nobody but the state's owner and root can have written the profile.  What another one says
            counts only where it asks for more than is asked for anyway; so does what a profile with faults left over.
    """
    written: Mapping[str, str] = settings.artifact["spec"].get("roles", {})
    table = {name: Role(role) for name, role in written.items()}
    if is_trusted and settings.refused is None:
        return table
    return {name: max(role, REQUIRED[Action(name)]) for name, role in table.items() if name in set(Action)}


def roles_of(context: CommandContext) -> RolesInForce:
    """Return who may do what in the state of a call.

    Of somebody else than the owner the profile that he names is not asked, but the one that the state has of its own.
    """
    owner = context.owner_to_be
    if owner != os.geteuid():  # of another user's state nothing is read but the roles
        return RolesInForce(context.state, owner)
    if context.is_owner:
        reference, settings = context.profile_reference, context.settings
    else:
        from reporting_governance.commands._settings import load_settings

        reference = own_profile(context.state)
        settings = load_settings(context.state, reference, keep=False)
    is_file = os.sep in reference or os.path.exists(reference)
    table = table_of(settings, is_trusted=not is_file or is_ours(reference, owner))
    return RolesInForce(context.state, owner, table)


def is_ours(path: str, state_owner: int) -> bool:
    """Tell whether nobody but the state's owner and root can have written a file; of a link, no."""
    import stat

    try:
        found = os.lstat(path)
    except OSError:
        return False
    is_closed = not found.st_mode & _WRITABLE_BY_OTHERS
    return stat.S_ISREG(found.st_mode) and found.st_uid in (state_owner, 0) and is_closed
