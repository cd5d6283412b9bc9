"""`reportgov init`."""

import os

import click

from reporting_governance.commands._defaults import DEFAULT_PROFILE
from reporting_governance.commands._keys import fingerprint
from reporting_governance.commands._readers import closed_ways, group_of, let_nobody_read, let_read
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import GovernanceError, UsageError
from reporting_governance.file_modes import create
from reporting_governance.resources import read_resource
from reporting_governance.stages.checkpointing import LogKey


@governed_command(
    "init",
    takes="nothing",
    adds="the state folder with its journal and the key that signs it, and profile.yaml in it, to be edited",
    twice="may run twice: the second call changes no journal, key or profile.yaml that is there, only who may read",
    examples=(
        "reportgov init",
        "reportgov init --profile standard-team-mode --state /var/lib/reportgov",
        "reportgov init --readers adm",
    ),
    needs="state.init",
)
@click.option(
    "--readers",
    "group",
    metavar="GROUP",
    help="Let a group read all of it, now and later, but for keys; by name or gid.",
)
@click.option("--no-readers", "closes", is_flag=True, help="Let nobody but the owner read it again.")
def main(context: CommandContext, *, group: str | None, closes: bool) -> Reply:
    """Make a state folder and a first profile.  Not needed: the first check-in makes the folder too.

    Others may only put something into its inbox.  With --readers the processes of a group's members may read it, and
    change nothing: `status`, `explain` and whatever else needs no more than role viewer works for them.
    """
    if group is not None and closes:
        raise UsageError(reason="--readers and --no-readers exclude each other")
    head = context.backend.initialise(context.clock.now())
    path = os.path.join(context.state, "profile.yaml")
    written = _write_profile(path, context.profile_reference)
    key, problem = _key(context)
    if group is not None:
        let_read(context, group)
    elif closes:
        let_nobody_read(context)
    readers = group_of(context)
    document = {
        "state": context.place.name,
        "log_id": head.log_id,
        "profile": path,
        "profile_written": written,
        "verifier_key": None if key is None else key.key.text(),
        "fingerprint": None if key is None else fingerprint(key),
        "readers": readers,
    }
    lines = [
        f"State:   {context.place.name} (log {head.log_id})",
        f"Profile: {path}" + ("" if written else " (was there, left as it is)"),
        *_said_of_the_key(key, problem),
        *([] if readers is None else _said_of_readers(context, readers)),
        *_next_steps(context),
    ]
    return Reply(document, "\n".join(lines))


def _key(context: CommandContext) -> tuple[LogKey | None, str]:
    """Return the key that signs the journal, made when there is none; and what stands in the way."""
    from reporting_governance.commands._heads import sign_head
    from reporting_governance.commands._known_key import known_key

    problem = ""
    try:
        if known_key(context) is None:
            sign_head(context)
    except GovernanceError as fault:
        problem = str(fault)
    return known_key(context), problem


def _said_of_the_key(key: LogKey | None, problem: str) -> list[str]:
    if key is None:
        return [f"Key:     none: {problem}"]
    return [
        f"Key:     {key.key.text()}",
        f"         Fingerprint {fingerprint(key)}",
        "         Give both to whoever is to review the journal, by a way of your own.",
    ]


def _said_of_readers(context: CommandContext, group: str) -> list[str]:
    lines = [f"Readers: group {group}; not the keys"]
    if ways := closed_ways(context.state):
        lines.append(f"         They cannot pass through {', '.join(ways)}: `chmod g+x` or `o+x` lets them.")
    return lines


def _next_steps(context: CommandContext) -> tuple[str, str]:
    from reporting_governance.commands.schedule import first_crontab_line
    from reporting_governance.core.schedule_text import NoSchedule

    first = "Next:    edit the receivers in the profile, then put this line into the crontab (crontab -e):"
    try:
        return first, f"         {first_crontab_line(context)}"
    except NoSchedule as fault:
        return f"Next:    edit the receivers in the profile; no crontab can start `run` as it says: {fault}", (
            "         `reportgov schedule print --cron --every 5m` prints a line for the crontab."
        )


def _write_profile(path: str, reference: str) -> bool:
    """Copy a shipped profile, unless the folder has one."""
    if os.path.abspath(reference) == path or os.path.exists(path):
        return False
    if os.sep in reference or reference.endswith((".yaml", ".yml", ".json")):
        with open(reference, "rb") as file:
            data = file.read()
    else:
        data = read_resource("profiles", f"{reference or DEFAULT_PROFILE}.yaml")
    try:
        descriptor = create(path, os.O_WRONLY | os.O_EXCL | os.O_NOFOLLOW)
    except FileExistsError:
        return False
    with open(descriptor, "wb") as file:
        file.write(data)
    return True
