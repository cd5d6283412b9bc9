"""Who is what, and whether that is enough: pure, so that a command, the inbox and a runner of jobs judge alike.

Who somebody is comes from the operating system.  The owner of the state folder has every role, and is a sender,
whatever any file says.  An entry for the user counts before entries for groups, also downwards; of several for the
user the lowest counts, of several groups the highest.  Whom nothing names is a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.role import MOVABLE, REQUIRED, Action, Role
from reporting_governance.contracts.roles_file import FILE_NAME, MAX_BYTES, RolesFile

NOBODY_NAMED: Final = RolesFile()
_WRITABLE_BY_OTHERS: Final = 0o022


@frozen(kw_only=True)
class Person:
    """A user, as the machine's accounts know him.  Names are those that a roles file uses for him, and his own."""

    uid: int
    account: str | None = None  #: None: a uid without an account
    users: frozenset[str] = frozenset()  #: names and the uid as a text
    groups: frozenset[str] = frozenset()  #: of the account, never of the process: names and gids as texts


@frozen(kw_only=True)
class Standing:
    """What somebody is, and by what."""

    role: Role
    because: str  #: the entry, or what takes its place
    is_sender: bool


@frozen(kw_only=True)
class Verdict:
    """Whether somebody may do something."""

    action: Action
    required: Role
    standing: Standing

    @property
    def is_allowed(self) -> bool:
        """Whether the role is enough."""
        return self.standing.role >= self.required


@frozen(kw_only=True)
class FileFacts:
    """What the file system says of an opened file."""

    is_regular: bool
    uid: int
    mode: int  #: permission bits; of a file with an access list those of the group are its mask
    links: int
    size: int  #: bytes
    folder_mode: int = 0o700  #: permission bits of the state folder


def why_not_counted(facts: FileFacts, *, state_owner: int) -> str | None:
    """Return why a roles file does not count, None when it may be read.

    A file that somebody else could have written, or made the name for, would let him choose his own role.
    """
    if not facts.is_regular:
        return "it is no regular file"
    if facts.uid not in (state_owner, 0):
        return f"it belongs to uid {facts.uid}, neither to the owner of the state (uid {state_owner}) nor to root"
    if facts.mode & _WRITABLE_BY_OTHERS:
        return f"its group or others may write it (mode {facts.mode:04o})"
    if facts.folder_mode & _WRITABLE_BY_OTHERS:
        return f"the group or others may put another file in its place (mode {facts.folder_mode:04o} of the folder)"
    if facts.links != 1:
        return f"it has {facts.links} names, and whoever made another one could put this one here"
    if facts.size > MAX_BYTES:
        return f"it is larger than {MAX_BYTES} bytes"
    return None


def standing_of(person: Person, *, state_owner: int, roles: RolesFile | None) -> Standing:
    """Return what somebody is.

    Args:
        state_owner: the uid that owns the state folder; where there is none yet, whose processes would make it.
        roles: what the roles file says; None: there is none, or it does not count.
    """
    if person.uid == state_owner:
        return Standing(role=Role.OWNER, because="owner of the state folder", is_sender=True)
    known = NOBODY_NAMED if roles is None else roles
    is_sender = any(each in person.users for each in known.senders)
    mine = sorted((role.rank, name) for name, role in known.users.items() if name in person.users)
    if mine:
        name = mine[0][1]
        return Standing(role=known.users[name], because=f"users: {name}", is_sender=is_sender)
    shared = sorted((-role.rank, name) for name, role in known.groups.items() if name in person.groups)
    if shared:
        name = shared[0][1]
        return Standing(role=known.groups[name], because=f"groups: {name}", is_sender=is_sender)
    because = f"no entry in {FILE_NAME}" if roles is not None else f"no {FILE_NAME} that counts"
    return Standing(role=Role.VIEWER, because=because, is_sender=is_sender)


def required_role(action: Action, table: Mapping[str, Role] | None = None) -> Role:
    """Return the least role for an action.

    Args:
        table: the section `roles` of the profile; what it leaves out, and what it cannot change, is as in `REQUIRED`.
    """
    if table is None or action not in MOVABLE:
        return REQUIRED[action]
    return table.get(action, REQUIRED[action])


def judge(action: Action, standing: Standing, table: Mapping[str, Role] | None = None) -> Verdict:
    """Return whether somebody may do something; `table` as for `required_role`."""
    return Verdict(action=action, required=required_role(action, table), standing=standing)
