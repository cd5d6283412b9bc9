"""Who calls, whose state it is, and whether the caller's role is enough: the one gate of all verbs.

For the owner of a state it costs two looks at the file system and imports nothing: a tick must not pay for roles.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from reporting_governance.commands._place import Database
    from reporting_governance.commands._roles import RolesInForce
    from reporting_governance.commands._wiring import CommandContext


class ActingUser:
    """What a call knows of its user."""

    state: str
    database: Database | None
    is_reading: bool = False  #: whether the verb said that it only looks; it is let in where readers are

    @cached_property
    def actor(self) -> str:
        """Who runs this, by the operating system."""
        from reporting_governance.commands._identity import account_name

        return account_name(self.actor_uid)

    @cached_property
    def actor_uid(self) -> int:
        """Who runs this: the kernel's login uid when it is set and has an account, else the effective uid."""
        from reporting_governance.commands._identity import actor_uid

        return actor_uid()

    @cached_property
    def state_owner(self) -> int | None:
        """The uid that owns the state folder; None where there is none yet."""
        try:
            return os.stat(self.state).st_uid
        except OSError:  # whoever needs it says what is wrong with it
            return None

    @property
    def is_set_up(self) -> bool:
        """Whether there is a state yet, and not only its folder."""
        return self.database is not None or os.path.isdir(os.path.join(self.state, "journal", "log"))

    @property
    def is_owner(self) -> bool:
        """Whether the state is of whoever runs this, or will be: then every role is his."""
        return self.owner_to_be == self.actor_uid == os.geteuid()

    @property
    def owner_to_be(self) -> int:
        """The uid that owns the state, or will: where there is none yet, that of this process."""
        return os.geteuid() if self.state_owner is None else self.state_owner

    @cached_property
    def only_looks(self) -> bool:
        """Whether nothing at all is changed here, not even made good: for another user's process, and for a viewer."""
        if self.owner_to_be != os.geteuid():
            return True
        if self.is_owner:
            return False
        from reporting_governance.contracts.role import Role

        return self.roles.standing(self.actor_uid).role < Role.OPERATOR

    @cached_property
    def roles(self) -> RolesInForce:
        """Who may do what here."""
        from reporting_governance.commands._roles import roles_of

        return roles_of(cast("CommandContext", self))

    def require_own_state(self) -> None:
        """Let only a process of the state's owner write, as the gate saw whose it is.

        The name may lead to another state by now; whether this one is ours too the store sees for itself.
        Raises: NotOurState.
        """
        if self.owner_to_be != os.geteuid():
            from reporting_governance.storage.files.layout import not_ours

            raise not_ours(self.state, self.owner_to_be)

    def require(self, action: str) -> None:
        """Let only somebody go on whose role is enough.  A verb calls it before it reads or changes anything.

        Args:
            action: as in `contracts.role.Action`; a text, so that those who own the state need not import the table.

        Raises: PolicyBlockedError, when the refusal has been recorded; nothing else was done then.
        """
        vars(self)["is_reading"] = action == "read"
        owner = self.owner_to_be
        if self.is_owner:
            self._tell_of_roles_file(owner)
            return
        from reporting_governance.commands._role_gate import require_role
        from reporting_governance.contracts.role import Action

        require_role(cast("CommandContext", self), Action(action), owner)

    def _tell_of_roles_file(self, owner: int) -> None:
        """Tell the owner that his roles file does not count, as far as a look at its name shows it."""
        try:
            os.lstat(os.path.join(self.state, "roles.yaml"))
        except OSError:
            return
        from reporting_governance.commands._handler import say
        from reporting_governance.storage.files.roles import glance, roles_path

        fault = glance(self.state, state_owner=owner)
        if fault is not None:
            advice = "Nobody but you has more than role viewer; `reportgov roles check` says more."
            say(f"{roles_path(self.state)} does not count: {fault}.  {advice}")
