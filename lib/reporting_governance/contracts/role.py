"""Who may do what: the roles, the actions that need one, and which role each needs.

This is the one table.  The gates judge by it (core/role_gates.py), a profile may move parts of it, and docs/roles.md
and every `--help` are made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from reporting_governance.contracts.problem import Problem
from reporting_governance.contracts.record import OrderedEnum
from reporting_governance.contracts.suggest import did_you_mean


class Role(OrderedEnum):
    """What somebody may do; each includes the ones before it.  `sender` is no rank: it stands beside them."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    OWNER = "owner"


class Action(StrEnum):
    """What a role is needed for."""

    READ = "read"
    REPORT_FOR_OTHERS = "report.others"
    ACK = "ack"
    REVIEW = "review"
    RETRY = "retry"
    SILENCE = "silence"
    SCAN = "scan"
    ENQUEUE = "enqueue"
    DISPATCH = "dispatch"
    BRIDGE = "bridge"
    RUN = "run"
    STATE_INIT = "state.init"
    STATE_REBUILD = "state.rebuild"
    JOB_ENQUEUE = "job.enqueue"
    JOB_CANCEL = "job.cancel"
    JOB_COMMAND = "job.command"
    OUTSIDE = "outside"
    ORCHESTRATION_RUN = "orchestration.run"
    PLUGIN_INSTALL = "plugin.install"
    PLUGIN_UNINSTALL = "plugin.uninstall"
    PLUGIN_ENABLE = "plugin.enable"
    PLUGIN_DISABLE = "plugin.disable"
    PLUGIN_FORCE = "plugin.force"
    KEY_ROTATE = "key.rotate"
    PRUNE = "prune"
    ERASE = "erase"
    STORE = "store"


#: action -> the least role that may do it, where a profile says nothing
REQUIRED: Final[Mapping[Action, Role]] = {
    Action.READ: Role.VIEWER,
    Action.REPORT_FOR_OTHERS: Role.OPERATOR,
    Action.ACK: Role.OPERATOR,
    Action.REVIEW: Role.OPERATOR,
    Action.RETRY: Role.OPERATOR,
    Action.SILENCE: Role.OPERATOR,
    Action.SCAN: Role.OPERATOR,
    Action.ENQUEUE: Role.OPERATOR,
    Action.DISPATCH: Role.OPERATOR,
    Action.BRIDGE: Role.OPERATOR,
    Action.RUN: Role.OPERATOR,
    Action.STATE_INIT: Role.OPERATOR,
    Action.STATE_REBUILD: Role.OPERATOR,
    Action.JOB_ENQUEUE: Role.OPERATOR,
    Action.JOB_CANCEL: Role.OPERATOR,
    Action.JOB_COMMAND: Role.ADMIN,
    Action.OUTSIDE: Role.ADMIN,
    Action.ORCHESTRATION_RUN: Role.ADMIN,
    Action.PLUGIN_INSTALL: Role.ADMIN,
    Action.PLUGIN_UNINSTALL: Role.ADMIN,
    Action.PLUGIN_ENABLE: Role.ADMIN,
    Action.PLUGIN_DISABLE: Role.ADMIN,
    Action.PLUGIN_FORCE: Role.OWNER,
    Action.KEY_ROTATE: Role.OWNER,
    Action.PRUNE: Role.OWNER,
    Action.ERASE: Role.OWNER,
    Action.STORE: Role.OWNER,
}

#: action -> what is done, for people
MEANING: Final[Mapping[Action, str]] = {
    Action.READ: "look at what is recorded",
    Action.REPORT_FOR_OTHERS: "check in for a task that somebody else started",
    Action.ACK: "say that a person has taken over, or has not after all",
    Action.REVIEW: "approve or reject what a person is asked",
    Action.RETRY: "send a blocked item again",
    Action.SILENCE: "keep notices back for a while, or end that",
    Action.SCAN: "look at the watched tasks and record what is found",
    Action.ENQUEUE: "decide on new events and queue notices",
    Action.DISPATCH: "make queued notices ready to send",
    Action.BRIDGE: "send what is due",
    Action.RUN: "do all of that in order",
    Action.STATE_INIT: "run `init` on a folder that holds something",
    Action.STATE_REBUILD: "make the views again from the journal",
    Action.JOB_ENQUEUE: "ask for a job that is a verb of ours, where the verb itself is allowed",
    Action.JOB_CANCEL: "end a job",
    Action.JOB_COMMAND: "ask for a job that is a program of one's own",
    Action.OUTSIDE: "name a file, a program, a key or another profile, or let others read, as the owner",
    Action.ORCHESTRATION_RUN: "run jobs",
    Action.PLUGIN_INSTALL: "install a plugin (a gate only: there is no command of ours)",
    Action.PLUGIN_UNINSTALL: "remove a plugin (a gate only: there is no command of ours)",
    Action.PLUGIN_ENABLE: "turn a plugin on",
    Action.PLUGIN_DISABLE: "turn a plugin off",
    Action.PLUGIN_FORCE: "turn on a plugin that does not fit the host",
    Action.KEY_ROTATE: "let another key sign the journal",
    Action.PRUNE: "retire the oldest part of the journal",
    Action.ERASE: "erase a text for good",
    Action.STORE: "make the tables of a database, its roles, or a copy of the log",
}

#: what is judged first also where the user cannot write the state; what he names outside of it is his affair then
HIGH_RISK: Final = tuple(
    action for action, role in REQUIRED.items() if role >= Role.ADMIN and action is not Action.OUTSIDE
)
#: what a profile may say something about; what is the owner's stays the owner's
MOVABLE: Final = tuple(action for action, role in REQUIRED.items() if role is not Role.OWNER)


def least_role(action: Action) -> Role:
    """Return the lowest role that a profile may name for an action; what needs a role at all needs an operator."""
    return Role.VIEWER if REQUIRED[action] is Role.VIEWER else Role.OPERATOR


def table_problems(roles: Mapping[str, Role]) -> Iterator[Problem]:
    """Yield what is wrong with a profile's section `roles`: actions nobody knows, and roles that are too low.

    Args:
        roles: action -> least role; pointers of the problems start at the section.
    """
    fixed = [each.value for each in REQUIRED if each not in MOVABLE]
    for name, role in roles.items():
        if name in fixed:
            yield Problem(f"/{name}", f"{name} is the owner's, whatever a profile says", at_key=True)
        elif name not in MOVABLE:
            message = f"{name} is none of {', '.join(MOVABLE)}"
            yield Problem(f"/{name}", message, did_you_mean(name, MOVABLE), at_key=True)
        elif role < (least := least_role(Action(name))):
            yield Problem(f"/{name}", f"{name} needs {least} at least", did_you_mean(role, [least]) or f"write {least}")
