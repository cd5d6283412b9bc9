"""Which verbs ask for which action: the table behind docs/roles.md, the line in every `--help`, and the gates.

A verb that is not in it cannot be started, so that a new one is judged before it is shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from reporting_governance.contracts.role import REQUIRED, Action
from reporting_governance.core.job_kinds import COMMAND, NOOP


class Use(NamedTuple):
    """One way to call a verb, and what it asks for."""

    how: str  #: the words behind the verb that make the difference; empty: whatever they are
    action: Action | None  #: None: no role is needed
    remark: str = ""


_NO_STATE: Final = "it changes nothing that is kept"

#: verb -> ways to call it
USES: Final[Mapping[str, Sequence[Use]]] = {
    "report": (
        Use("for a task that one started", None, "whoever started a task checks in for it"),
        Use("for a task of somebody else", Action.REPORT_FOR_OTHERS),
    ),
    "scan": (Use("", Action.SCAN),),
    "enqueue": (Use("", Action.ENQUEUE),),
    "dispatch": (Use("", Action.DISPATCH),),
    "bridge": (Use("", Action.BRIDGE),),
    "run": (Use("", Action.RUN),),
    "gate": (
        Use("", None, "it records what agents do, and says who"),
        Use("install --write", Action.OUTSIDE),
    ),
    "status": (Use("", Action.READ),),
    "explain": (Use("", Action.READ),),
    "ack": (Use("", Action.ACK),),
    "review": (Use("list", Action.READ), Use("approve, reject", Action.REVIEW)),
    "retry": (Use("", Action.RETRY),),
    "silence": (Use("list", Action.READ), Use("add, expire", Action.SILENCE)),
    "routes": (Use("", Action.READ),),
    "policy": (
        Use("test", None, _NO_STATE),
        Use("explain, facts", Action.READ),
        Use("test FILE, facts FILE", Action.OUTSIDE),
    ),
    "verify-descriptor": (Use("", None, _NO_STATE),),
    "verify-profile": (Use("", None, _NO_STATE),),
    "verify-policy": (Use("", None, _NO_STATE),),
    "export-audit": (Use("", Action.OUTSIDE),),
    "verify-audit": (Use("", None, _NO_STATE),),
    "rule": (Use("", None, _NO_STATE),),
    "plugins": (
        Use("list, check", None, _NO_STATE),
        Use("doctor", Action.READ),
        Use("enable", Action.PLUGIN_ENABLE),
        Use("disable", Action.PLUGIN_DISABLE),
        Use("--force", Action.PLUGIN_FORCE),
    ),
    "doctor": (Use("", Action.READ), Use("--rebuild", Action.STATE_REBUILD)),
    "prune": (Use("", Action.PRUNE),),
    "erase": (Use("", Action.ERASE),),
    "init": (
        Use("where there is nothing yet", None, "whoever makes a state makes it for whom the process runs as"),
        Use("where there is a state, or anything else", Action.STATE_INIT),
    ),
    "keys": (Use("show", Action.READ), Use("rotate", Action.KEY_ROTATE)),
    "jobs": (
        Use("status, list", Action.READ),
        Use("enqueue", Action.JOB_ENQUEUE, "and what the verb itself asks for; with words of its own also `outside`"),
        Use("enqueue command", Action.JOB_COMMAND),
        Use("run", Action.ORCHESTRATION_RUN),
        Use("cancel", Action.JOB_CANCEL),
    ),
    "store": (Use("status", Action.READ), Use("migrate, grants, copy", Action.STORE)),
    "schedule": (Use("", None, _NO_STATE),),
    "completions": (Use("", None, _NO_STATE),),
    "whoami": (Use("", None, _NO_STATE),),
    "roles": (Use("check", Action.READ),),
}

#: Options that lead outside of the state: a file is written or read, a program started, a key or another profile taken,
#: others let in to read, all with the rights of the state's owner.  Others need `Action.OUTSIDE` for them.
OUTSIDE_OPTIONS: Final = frozenset(
    """
    profile local html output junit write_verifier write settings program signer signer_key new_key new_signer
    new_signer_key ssh_key group closes journal claude_code_transcript openclaw_home openclaw_package openclaw_cli
    """.split()
)


def actions_of(verb: str) -> frozenset[Action]:
    """Return everything that a verb may ask for.  Raises: LookupError for a verb that is not in the table."""
    return frozenset(use.action for use in USES[verb] if use.action is not None) | {Action.OUTSIDE}


def job_actions(kind: str, arguments: Sequence[str]) -> tuple[Action, ...]:
    """Return what somebody must be allowed who asks for a job, or runs it.

    A job runs as the owner of the state, so it asks for what the same call would; arguments of a verb of ours may lead
    outside of the state, and are not looked into.
    """
    if kind == COMMAND:
        return (Action.JOB_COMMAND,)
    if kind == NOOP:
        return (Action.JOB_ENQUEUE,)
    asked = tuple(use.action for use in USES.get(kind, ()) if use.action is not None and not use.how)
    return (Action.JOB_ENQUEUE, *asked, *((Action.OUTSIDE,) if arguments else ()))


def role_line(verb: str) -> str:
    """Return which role a verb needs, for its help: by default, since a profile may move it.

    Raises: LookupError for a verb that is not in the table.
    """
    ways: dict[str, list[str]] = {}
    for use in USES[verb]:
        ways.setdefault("none" if use.action is None else REQUIRED[use.action].value, []).append(use.how)
    return ", ".join(f"{role} ({', '.join(how)})" if any(how) else role for role, how in ways.items())
