"""`reportgov plugins`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

LIST, CHECK, DOCTOR, ENABLE, DISABLE = "list", "check", "doctor", "enable", "disable"


class BadPlugins(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov plugins --help` shows what belongs to which."


@governed_command(
    "plugins",
    takes="OpenClaw's folders and its configuration",
    adds="enable, disable: a line for each plugin that goes on or off, or does not fit; they change the configuration",
    twice="may run twice: what is on or off already stays so, and nothing is written",
    examples=(
        "reportgov plugins list",
        "reportgov plugins list --own --format json",
        "reportgov plugins check",
        "reportgov plugins check telegram",
        "reportgov plugins check --host-version 2027.1.1",
        "reportgov plugins doctor",
        "reportgov plugins enable weather",
        "reportgov plugins enable vault --yes",
        "reportgov plugins disable weather telegram --dry-run",
    ),
    dry=True,
)
@click.argument("what", metavar="WHAT", type=click.Choice([LIST, CHECK, DOCTOR, ENABLE, DISABLE]))
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--own", is_flag=True, help="Also show the plugins of OpenClaw's own package (list).")
@click.option(
    "--openclaw-home",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="The home that has .openclaw.  Default: as OpenClaw finds it, by its own variables.",
)
@click.option(
    "--openclaw-package",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="The folder of OpenClaw's package.  Default: the one behind `openclaw` on the PATH.",
)
@click.option(
    "--host-version",
    metavar="VERSION",
    help="Answer as this version of OpenClaw would (list, check, doctor).  Default: that of the package.",
)
@click.option("--yes", is_flag=True, help="Agree to whatever else changes, without being asked (enable, disable).")
@click.option(
    "--no-cli", is_flag=True, help="Edit the file without asking OpenClaw's own program first (enable, disable)."
)
@click.option(
    "--force", is_flag=True, help="Also where a rule is not met that OpenClaw itself does not ask; for owners (enable)."
)
def main(context: CommandContext, *, what: str, ids: tuple[str, ...], **options: Any) -> Reply:
    """Find OpenClaw's plugins as OpenClaw finds them, without starting it, say whether they fit, turn them on and off.

    \b
    list     Every plugin that OpenClaw takes: where it comes from, whether it is on and why, and whether it fits this
             version; then what looks like a plugin and is not taken, with the reason.
    check    Whether plugins fit, by every rule that they write down; without an ID all of them.  Ends with 1 when one
             does not fit, is refused, or is not there.
    doctor   What is wrong with the plugins of this host, and what to do about it: plugins that are refused, give way to
             another with their id, or are on and do not fit; what the configuration names and nobody has, or says both
             ways; who else may write it; what another writer changed.  Silent when all is well; ends with 1 else.
    enable   Turns plugins on, all that are named or none.  What else it takes (an entry in plugins.allow or out of
             plugins.deny, a slot that another plugin fills) is shown first, and has to be agreed to: at a terminal
             you are asked, elsewhere --yes says it.  Ends with 1 when nothing was changed for any such reason.
    disable  Turns plugins off.

    Ends with 3 when something that decides could not be seen: OpenClaw's package was not found, its configuration is
    one that it does not take itself, or its database cannot be read.
    """
    problem = _misfit(context, what, ids, options)
    if problem:
        raise BadPlugins(problem=problem)
    places: dict[str, Any] = {"home": options["openclaw_home"], "package": options["openclaw_package"]}
    if what in (ENABLE, DISABLE):
        from reporting_governance.commands._plugins_switch import switch

        flags: dict[str, Any] = {"force": options["force"], "yes": options["yes"], "cli": not options["no_cli"]}
        return switch(context, ids, on=what == ENABLE, **flags, **places)
    from reporting_governance.commands import _plugins

    found = _plugins.look(host=options["host_version"], **places)
    if what == DOCTOR:
        context.require("read")
        from reporting_governance.commands._plugins_doctor import examine

        return examine(context, found)
    return _plugins.check(found, ids) if what == CHECK else _plugins.listing(found, own=options["own"])


def _misfit(context: CommandContext, what: str, ids: tuple[str, ...], options: Mapping[str, Any]) -> str:
    """Return what does not go together; empty when all does."""
    from reporting_governance.core.plugin_versions import parse_host_version

    changes = what in (ENABLE, DISABLE)
    host = options["host_version"]
    if what in (LIST, DOCTOR) and ids:
        return f"{what} takes no ids: check does"
    if what != LIST and options["own"]:
        return "--own belongs to list"
    if changes and not ids:
        return f"{what} takes the id of at least one plugin"
    if changes and any(not each.strip() for each in ids):
        return "an id is empty"
    if changes and host is not None:
        return "--host-version belongs to list, check and doctor: what is turned on meets the OpenClaw that is there"
    if host is not None and not host.strip():
        return "--host-version is empty"
    if host is not None and parse_host_version(host) is None:
        return f"--host-version {host} is no version of OpenClaw, such as 2026.9.6"
    foreign = {"--yes": options["yes"], "--no-cli": options["no_cli"], "--dry-run": context.dry_run}
    if not changes and any(foreign.values()):
        return f"{next(name for name, given in foreign.items() if given)} belongs to enable and disable"
    return "--force belongs to enable" if what != ENABLE and options["force"] else ""
