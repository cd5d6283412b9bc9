"""`reportgov gate`.  A plain call, as hooks make it, never gets here: `__main__` answers it at once."""

from __future__ import annotations

import click

from reporting_governance.adapters.hosts.registry import HOSTS
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError


class BadCall(UsageError):
    """The options do not belong together."""

    message = "{problem}"
    hint = "`reportgov gate --help` shows what belongs together."


@governed_command(
    "gate",
    takes="one report, claim or tool call of an agent on standard input, as its host tells of it",
    adds="with a claim, or an objection: an event, its evidence, a decision and notices; else nothing",
    twice="may run twice: the same attempt of a session is judged and recorded once",
    examples=(
        "reportgov gate --host claude-code < hook.json",
        "reportgov gate < attempt.json",
        "reportgov gate install --host claude-code --print",
        "reportgov gate install --host claude-code --write --settings project/.claude/settings.json",
        "reportgov gate install --host openclaw --print",
    ),
)
@click.argument("what", metavar="[install]", type=click.Choice(["install"]), required=False)
@click.option(
    "--host", type=click.Choice(list(HOSTS)), help="Whose words stand on standard input.  Default: generic, our own."
)
@click.option("--print", "show", is_flag=True, help="Show what would change in the host's settings (install).")
@click.option("--write", is_flag=True, help="Change the host's settings (install).")
@click.option("--settings", metavar="FILE", help="The host's settings.  Default: .claude/settings.json here (install).")
@click.option("--tools", is_flag=True, help="Judge the use of tools too (install --host claude-code).")
@click.option("--program", metavar="FILE", help="OpenClaw's program.  Default: openclaw (install --host openclaw).")
def main(
    context: CommandContext,
    *,
    what: str | None,
    host: str | None,
    show: bool,
    write: bool,
    settings: str | None,
    tools: bool,
    program: str | None,
) -> Reply:
    """Judge what an agent is about to report, and answer its host: pass, rewrite or hold back.

    Standard output is the host's answer and nothing else; findings go to stderr.  The answer comes within
    gate.deadline_ms of the profile, whatever happens; where nothing can be decided it is what gate.on_error says.  The
    variable REPORTGOV_TASK names a task of ours that the agent works on.

    `gate install` puts the gate into the settings of a host.
    """
    if what is None:
        if show or write or settings is not None or tools or program is not None:
            raise BadCall(problem="--print, --write, --settings, --tools and --program belong to install")
        from reporting_governance.commands._gate_run import run_call

        raise click.exceptions.Exit(run_call(host or "generic", context.place, context.profile_reference))
    if host not in ("claude-code", "openclaw"):
        raise BadCall(problem="install needs --host claude-code or --host openclaw, whose settings are known here")
    if show == write:
        raise BadCall(problem="install needs one of --print and --write")
    if host == "openclaw":
        if settings is not None or tools:
            raise BadCall(problem="--settings and --tools belong to --host claude-code")
        reply = _install_plugin(context, program or "openclaw", write=write)
    elif program is not None:
        raise BadCall(problem="--program belongs to --host openclaw")
    else:
        reply = _install(context, settings, tools=tools, write=write)
    if write:
        from reporting_governance.commands import _kept_settings

        _kept_settings.write(context.state, context.settings, make=True)  # or the first turn of an agent compiles them
    return reply


def _install(context: CommandContext, settings: str | None, *, tools: bool, write: bool) -> Reply:
    from reporting_governance.commands._gate_holding import note_on
    from reporting_governance.commands._gate_install import command_line, install, settings_path

    deadline: int = context.settings.artifact["spec"]["gate"]["deadline_ms"]
    named = click.get_current_context().params.get("profile")
    result = install(
        settings_path(settings),
        command=command_line(context.place, _absolute(named)),
        deadline_ms=deadline,
        tools=tools,
        write=write,
    )
    note = result.switched_off or note_on(context.settings, "claude-code-hooks")
    document = {
        "what": "install",
        "host": "claude-code",
        "holds_back": not note,
        "settings": result.path,
        "changes": result.changes,
        "written": result.written,
        "backup": result.backup,
        "text": result.after,
    }
    if not result.changes:
        text = f"{result.path}: the gate is there already"
    elif result.written:
        kept = f"; what was there is kept in {result.backup}" if result.backup else ""
        text = f"{result.path}: written{kept}"
    else:
        text = result.diff()
    return Reply(document, f"{text}\n\n{note}" if note else text)


def _install_plugin(context: CommandContext, program: str, *, write: bool) -> Reply:
    from reporting_governance.commands._gate_holding import note_on
    from reporting_governance.commands._gate_install_openclaw import install_plugin, plugin_config

    named = click.get_current_context().params.get("profile")
    config = plugin_config(context.place, _absolute(named), context.settings.artifact["spec"]["gate"])
    plan, written = install_plugin(program, config, write=write)
    note = note_on(context.settings, "openclaw-plugin")
    document = {
        "what": "install",
        "host": "openclaw",
        "holds_back": not note,
        "settings": plan.settings,
        "changes": bool(plan.steps),
        "written": written,
        "backup": None,
        "text": plan.text(),
    }
    text = plan.text(written=written)
    return Reply(document, f"{text}\n\n{note}" if note else text)


def _absolute(profile: str | None) -> str | None:
    """Return a profile as a hook can name it from anywhere."""
    import os

    if profile and (os.sep in profile or profile.endswith((".yaml", ".yml", ".json"))):
        return os.path.abspath(profile)
    return profile
