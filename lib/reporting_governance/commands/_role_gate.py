"""What happens when somebody who does not own the state asks for something: judged, refused, recorded.

The owner of a state never gets here.  What may be done is looked up where the caller cannot reach: in the roles file
and in the profile that the state has of its own.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._defaults import own_profile
from reporting_governance.commands._handler import say
from reporting_governance.commands._identity import account_name
from reporting_governance.contracts.role import HIGH_RISK, Action, Role
from reporting_governance.core.role_gates import Verdict
from reporting_governance.errors import GovernanceError, PolicyBlockedError
from reporting_governance.storage.files.layout import not_ours

if TYPE_CHECKING:
    from reporting_governance.commands._roles import RolesInForce
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.job_records import Refusal


#: of another user: looking is no attempt at anything, what he names outside of the state he reaches by his own rights,
#: and the others are left in the inbox themselves
_LEFT_ALONE = (Action.READ, Action.OUTSIDE, Action.ACK, Action.REVIEW, Action.RETRY, Action.SILENCE)


def require_inside(context: CommandContext, options: Mapping[str, Any]) -> None:
    """Let only somebody use options that lead outside of the state who may act with the rights of its owner.

    Args:
        options: the options of a verb, `profile` among them, as they were given.

    Raises: PolicyBlockedError.
    """
    from reporting_governance.core.role_uses import OUTSIDE_OPTIONS

    given = {name for name in OUTSIDE_OPTIONS if options.get(name)}
    profile = options.get("profile") or os.environ.get("REPORTGOV_PROFILE")
    if profile and not (context.verb == "init" and is_shipped(profile)):
        given.add("profile")
    else:
        given.discard("profile")
    if given or (context.database is not None and os.environ.get("REPORTGOV_LOCAL")):
        context.require(Action.OUTSIDE)


def is_shipped(profile: str) -> bool:
    """Tell whether a profile is named that comes with the program, and no file: a first one is made from such a one."""
    return os.sep not in profile and not profile.endswith((".yaml", ".yml", ".json"))


def require_role(context: CommandContext, action: Action, state_owner: int) -> None:
    """Let somebody go on whose role is enough.

    Another user than the owner cannot write the state whatever his role is.  He is told that by whatever writes first;
    only what is of high risk is judged before, since it may change more than the state.

    Raises: PolicyBlockedError, after the refusal was recorded or a note of it left in the inbox.
    """
    is_another = os.geteuid() != state_owner
    is_lent = context.actor_uid != os.geteuid()
    if is_another and is_lent and (action is Action.OUTSIDE or action not in _LEFT_ALONE):
        # With the rights of a third user, which neither a role in this state nor owning it gives to anybody.
        raise not_ours(context.state, state_owner)
    if action is Action.STATE_INIT and not (is_another or context.is_set_up or _holds_something(context.state)):
        return  # the owner's folder, and nothing in it: whoever sets it up does so for him
    if is_another and action not in HIGH_RISK:
        if action not in _LEFT_ALONE:
            _leave_note(context, action)
        return
    roles = context.roles
    if is_another and roles.found.is_closed:
        _leave_note(context, action)
        return  # his role is not known to him; what writes first says whose state it is
    verdict = roles.judge(action, context.actor_uid)
    if verdict.is_allowed:
        return
    raise recorded_refusal(context, verdict, is_another=is_another)


def _holds_something(folder: str) -> bool:
    """Tell whether a folder is there and not empty: a state in it would change what is the owner's for other ends."""
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in entries)
    except OSError:
        return False


def recorded_refusal(context: CommandContext, verdict: Verdict, *, is_another: bool = False) -> PolicyBlockedError:
    """Record that the caller may not do something, and return the error that says so; a dry run records nothing."""
    error = blocked_error(context.roles, verdict, context.actor_uid, is_another=is_another)
    if not context.dry_run and (is_another or context.is_set_up):
        _record(context, verdict, error, is_another=is_another)
    return error


def job_refusal(context: CommandContext, kind: str, arguments: tuple[str, ...]) -> Refusal | None:
    """Return why the one who runs jobs may not run this one, None when he may."""
    from reporting_governance.core.role_uses import job_actions
    from reporting_governance.stages.job_records import Refusal

    roles = context.roles
    for action in job_actions(kind, arguments):
        verdict = roles.judge(action, context.actor_uid)
        if not verdict.is_allowed:
            error = blocked_error(roles, verdict, context.actor_uid, is_another=False)
            return Refusal(required=verdict.required.value, actual=verdict.standing.role.value, reason=str(error))
    return None


def blocked_error(roles: RolesInForce, verdict: Verdict, uid: int, *, is_another: bool) -> PolicyBlockedError:
    """Return the error that says what is missing, and who can do what about it.

    Args:
        is_another: this process does not run as the state's owner, so that no role alone would help.
    """
    standing = verdict.standing
    fault = roles.found.fault
    because = standing.because if fault is None else f"{roles.found.path} does not count: {fault}"
    return PolicyBlockedError(
        action=verdict.action.value,
        required=verdict.required.value,
        actual=standing.role.value,
        account=account_name(uid),
        because=because,
        remedy=_remedy(roles, verdict.required, uid, because=standing.because, is_another=is_another),
    )


def _remedy(roles: RolesInForce, required: Role, uid: int, *, because: str, is_another: bool) -> str:
    owner = account_name(roles.state_owner)
    writers = owner if owner == "root" else f"{owner} or root"
    place = shlex.quote(roles.found.path)
    if roles.found.fault is not None:
        advice = f"`reportgov roles check` shows what {writers} can mend"
    elif roles.found.roles is None:
        advice = f"{writers} can make {place} (mode 0644) with the line `users: {{{key_of(uid)}: {required}}}`"
    else:
        section, _, name = because.partition(": ")
        key = quoted(name) if section == "users" else key_of(uid)
        what = f"change `{key}: {roles.found.roles.users[name]}` to" if section == "users" else "put"
        advice = f"{writers} can {what} `{key}: {required}` under `users:` in {place}"
    if is_another:
        advice += f"; and it has to run as {owner}, who owns the state ({roles.state} belongs to {owner})"
    return f"{advice}."


def key_of(uid: int) -> str:
    """Return how a roles file names a user."""
    name = account_name(uid)
    return quoted(str(uid) if name == f"uid:{uid}" else name)


def quoted(name: str) -> str:
    """Return a key as YAML reads it as a text."""
    return (
        f'"{name}"' if not name[:1].isalpha() or name.lower() in ("yes", "no", "on", "off", "true", "false") else name
    )


def _record(context: CommandContext, verdict: Verdict, error: PolicyBlockedError, *, is_another: bool) -> None:
    """Record a refusal, or leave a note of it where this process may not write."""
    if is_another:
        _leave_note(context, verdict.action)
        return
    from reporting_governance.contracts.journal_line import LineType
    from reporting_governance.storage.interface import Addition, Group

    line = Addition(
        type=LineType.POLICY_BLOCKED,
        action=verdict.action.value,
        reason=str(error),
        meta={
            "actor": error.details["account"],
            "uid": context.actor_uid,
            "by": context.verb,
            "required": verdict.required.value,
            "actual": verdict.standing.role.value,
        },
    )
    try:
        # By the state's own profile: the one that this call names would be recorded as the one in force.
        own = replace(context, profile_reference=own_profile(context.state), dry_run=False)
        own.store.ready()
        own.store.commit([Group(additions=(line,))], now=own.clock.now())
    except GovernanceError as fault:
        say(f"the refusal could not be recorded: {fault}")


def _leave_note(context: CommandContext, action: Action) -> None:
    """Leave word of an attempt in the inbox; whoever reads it there looks up whether it was one beyond his role."""
    from reporting_governance.commands._elsewhere import hand_in

    if not context.dry_run:
        with suppress(GovernanceError):  # he may not even reach the inbox
            hand_in(context.state, {"blocked": action.value})
