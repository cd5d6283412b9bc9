"""What a job can be: a closed table.  A kind that is not in it is not run, whoever wrote it into a record."""

from collections.abc import Sequence
from typing import Final

NOOP: Final = "noop"  #: does nothing, in the runner's own process: shows that jobs are run here
COMMAND: Final = "command"  #: a program and its arguments, without a shell

#: Our own verbs that end by themselves, ask nobody anything and are of use when nobody waits for them.
OWN_VERBS: Final = (
    "run",
    "scan",
    "enqueue",
    "dispatch",
    "bridge",
    "export-audit",
    "verify-audit",
    "verify-descriptor",
    "verify-profile",
    "verify-policy",
    "prune",
    "doctor",
)
KINDS: Final = (NOOP, COMMAND, *OWN_VERBS)

#: Exit codes of our own verbs after which another attempt would say the same: the answer is no, or the call is wrong.
_FINAL_OF_OWN: Final = frozenset((1, 2))


def problem_with(kind: str, arguments: Sequence[str]) -> str | None:
    """Return why no job can be of this kind with these arguments, None when it can."""
    if kind not in KINDS:
        return f"{kind!r} is no kind of job; there are {', '.join(KINDS)}"
    if kind == NOOP and arguments:
        return "noop takes no arguments"
    if kind == COMMAND and not (arguments and arguments[0]):
        return "command needs the program and its arguments, behind --"
    return None


def is_final(kind: str, exit_status: int) -> bool:
    """Tell whether an attempt that failed with this exit status need not be repeated.

    Source: the table of exit codes of `errors.ExitCode`.  Of another program nobody knows what its status means.
    """
    return kind in OWN_VERBS and exit_status in _FINAL_OF_OWN
