"""The one tree of errors.  Each class says what happened, what to do, and how the process ends.

Expected outcomes (a blocked notice, a finding, an unreadable task file) are values, not errors.
An exception that is not a `GovernanceError` is a bug and ends the process with `ExitCode.BUG`.
"""

from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """How a command ends.  A code never changes its meaning with a flag."""

    DONE = 0  #: done, also when there was nothing to do
    NO = 1  #: finished, and the answer is no
    USAGE = 2  #: the call itself is wrong
    PARTIAL = 3  #: could not finish, or only proven in part
    BUG = 70  #: an error of ours (EX_SOFTWARE)
    TRY_LATER = 75  #: busy or away; the same call may work later (EX_TEMPFAIL)


class GovernanceError(Exception):
    """A promise that could not be kept.

    Subclasses set `message` (a format string over the keyword arguments), `hint` (what the operator can do)
    and `exit_code`.  The keyword arguments stay readable in `details`.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.PARTIAL
    message: ClassVar[str] = "{reason}"
    hint: ClassVar[str] = ""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message.format(**details))

    def advice(self) -> str:
        """Return the hint with its details filled in; empty when there is nothing useful to say."""
        return self.hint.format(**self.details)


class ContractError(GovernanceError):
    """A document does not have the shape or the meaning its kind promises."""

    exit_code = ExitCode.PARTIAL
    message = "{source}: not a valid {kind}: {problem}"
    hint = "The schema is schemas/reporting-governance/{kind}.schema.json."


class UsageError(GovernanceError):
    """The call itself is wrong: an unknown id, an impossible combination of options."""

    exit_code = ExitCode.USAGE
    message = "{reason}"


class Busy(GovernanceError):
    """Another process holds a lock that we waited for."""

    exit_code = ExitCode.TRY_LATER
    message = "{path}: another process has held this lock for {seconds} s"
    hint = "The next run tries again.  If it repeats, `reportgov doctor` names the process."


class StorageError(GovernanceError):
    """The state could not be read or written; nothing was acknowledged."""

    exit_code = ExitCode.PARTIAL
    message = "{path}: {reason}"
    hint = "Run `reportgov doctor`; it checks the disk, the permissions and the journal."


class NotExported(StorageError):
    """What was to leave the journal for somebody else did not; `advice` says what to do about it."""

    hint = "Nothing was exported.  {advice}"


class NotOurState(GovernanceError):
    """The state folder belongs to another user."""

    exit_code = ExitCode.NO
    message = "{path} belongs to {owner}; {actor} may not write it"
    hint = "Run the command as {owner}, for example from `crontab -u {owner}`."


class PolicyBlockedError(GovernanceError):
    """Somebody's role is not enough for what was to be done; nothing was changed.

    `details` hold code, action, required and actual (names of roles), account, because (what gave the role), remedy.
    """

    exit_code = ExitCode.NO
    code: ClassVar[str] = "POLICY_BLOCKED"
    message = "{code}: {action} needs role {required}; {account} is {actual} ({because})"
    hint = "{remedy}"

    def __init__(self, **details: Any) -> None:
        super().__init__(code=self.code, **details)
