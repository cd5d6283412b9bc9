"""`reportgov plugins`."""

from __future__ import annotations

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

LIST, CHECK = "list", "check"


class BadPlugins(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov plugins --help` shows what belongs to which."


@governed_command(
    "plugins",
    takes="OpenClaw's folders and its configuration; nothing of the state folder",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=(
        "reportgov plugins list",
        "reportgov plugins list --own --format json",
        "reportgov plugins check",
        "reportgov plugins check telegram",
        "reportgov plugins check --host-version 2027.1.1",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice([LIST, CHECK]))
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
    help="Answer as this version of OpenClaw would.  Default: that of the package.",
)
def main(
    context: CommandContext,  # noqa: ARG001 - a verb takes the context
    *,
    what: str,
    ids: tuple[str, ...],
    own: bool,
    openclaw_home: str | None,
    openclaw_package: str | None,
    host_version: str | None,
) -> Reply:
    """Find OpenClaw's plugins as OpenClaw finds them, without starting it, and say whether they fit.

    \b
    list     Every plugin that OpenClaw takes: where it comes from, whether it is on and why, and whether it fits this
             version; then what looks like a plugin and is not taken, with the reason.
    check    Whether plugins fit, by every rule that they write down; without an ID all of them.  Ends with 1 when one
             does not fit, is refused, or is not there.

    Ends with 3 when something that decides could not be seen: OpenClaw's package was not found, its configuration is
    one that it does not take itself, or its database cannot be read.
    """
    if what == LIST and ids:
        raise BadPlugins(problem="list takes no ids: check does")
    if what == CHECK and own:
        raise BadPlugins(problem="--own belongs to list")
    if host_version is not None and not host_version.strip():
        raise BadPlugins(problem="--host-version is empty")
    from reporting_governance.commands import _plugins

    found = _plugins.look(home=openclaw_home, package=openclaw_package, host=host_version)
    return _plugins.check(found, ids) if what == CHECK else _plugins.listing(found, own=own)
