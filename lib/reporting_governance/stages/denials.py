"""What people were refused for who they are: counted by user, way and action, so that nobody can flood the journal.

A refusal is `policy.blocked` when a role was missing for an action of the table, whichever way it was tried.  It is
`role.denied` when somebody who is no `sender` handed in what only senders may: that mapping stands beside the roles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.role import REQUIRED, Action, Role
from reporting_governance.errors import ExitCode, GovernanceError, PolicyBlockedError
from reporting_governance.storage.interface import Addition

RECEIPT: Final = "receipt"  #: the action of a line about what only senders may hand in
_NAMED: Final = 5  #: files that a line names

#: what an act in the inbox is, as the table of roles calls it
ACTION_OF: Final = {
    ActKind.ACK: Action.ACK,
    ActKind.UNACK: Action.ACK,
    ActKind.RETRY: Action.RETRY,
    ActKind.APPROVE: Action.REVIEW,
    ActKind.REJECT: Action.REVIEW,
    ActKind.SILENCE_END: Action.SILENCE,
}


class Rights(Protocol):
    """Who may do what in one state; users by their uid."""

    def blocked(self, action: Action, uid: int) -> PolicyBlockedError | None:
        """Return why a user may not do something, None when he may."""
        ...

    def is_sender(self, uid: int) -> bool:
        """Tell whether a user may hand in receipts."""
        ...

    def name(self, uid: int) -> str:
        """Return what a user is called."""
        ...


class NotASender(GovernanceError):
    """A receipt, or a mail, of somebody who is not mapped as a sender."""

    exit_code = ExitCode.NO
    message = "{account} may not hand in {what}: no `senders` entry of roles.yaml names them"
    hint = "The state's owner adds {account} to `senders` in roles.yaml; roles count for nothing here."


class Nobody:
    """What holds where nobody said who may do what: nobody may do more than look."""

    def blocked(self, action: Action, uid: int) -> PolicyBlockedError | None:
        """Refuse whatever needs a role."""
        if REQUIRED[action] is Role.VIEWER:
            return None
        return PolicyBlockedError(
            action=action.value,
            required=REQUIRED[action].value,
            actual=Role.VIEWER.value,
            account=self.name(uid),
            because="no roles are known",
            remedy="",
        )

    def is_sender(self, uid: int) -> bool:
        """Let nobody hand in receipts."""
        return False

    def name(self, uid: int) -> str:
        """Return the uid as a text."""
        return f"uid:{uid}"


@dataclass(slots=True)
class _Counted:
    reason: str
    meta: dict[str, str | int]
    count: int = 0
    files: list[str] = field(default_factory=list)


class Denials:
    """What one command refused, by user, way and action."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._counted: dict[tuple[int, str, LineType, str], _Counted] = {}

    def of(self, action: Action, uid: int) -> PolicyBlockedError | None:
        """Return why a user may not do something, None when he may."""
        return self._rights.blocked(action, uid)

    def unless_sender(self, uid: int, what: str) -> NotASender | None:
        """Return why a user may not hand in what only senders may, None when he may."""
        return None if self._rights.is_sender(uid) else NotASender(account=self._rights.name(uid), what=what)

    def add(self, fault: PolicyBlockedError | NotASender, uid: int, *, file: str = "", by: str = "inbox") -> None:
        """Count one refusal.

        Args:
            by: the way it was tried: a file in the inbox, a note that somebody was blocked, or a verb.
        """
        meta: dict[str, str | int] = {"actor": fault.details["account"], "uid": uid, "by": by}
        if isinstance(fault, NotASender):
            key = (uid, by, LineType.ROLE_DENIED, RECEIPT)
        else:
            key = (uid, by, LineType.POLICY_BLOCKED, fault.details["action"])
            meta |= {"required": fault.details["required"], "actual": fault.details["actual"]}
        counted = self._counted.setdefault(key, _Counted(str(fault), meta))
        counted.count += 1
        if file and len(counted.files) < _NAMED:
            counted.files.append(file)

    def lines(self) -> Sequence[Addition]:
        """Return one line for each user, way and action."""
        return [
            Addition(
                type=kind,
                action=action,
                reason=each.reason,
                meta={**each.meta, "count": each.count, **({"files": each.files} if each.files else {})},
            )
            for (_, _, kind, action), each in self._counted.items()
        ]
