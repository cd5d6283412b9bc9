"""What `plugins enable` and `plugins disable` ask, show and end with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from reporting_governance.adapters.openclaw.installation import LocalInstallation
from reporting_governance.commands._plugin_watch import switching
from reporting_governance.commands._plugins import answer_row, answers_of, owner_of, places_named
from reporting_governance.commands._tables import table
from reporting_governance.commands._text import as_typed, one_line
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.contracts.config_edit import Way
from reporting_governance.core.plugin_changes import Switched, SwitchPlan
from reporting_governance.errors import ExitCode
from reporting_governance.stages.plugins_switch import Outcome, SwitchReport, SwitchRequest, switch_plugins

_WAIT_SECONDS = 300  #: for others of ours, each of which may be waiting for OpenClaw's own program
_CODES = {
    Outcome.CHANGED: ExitCode.DONE,
    Outcome.UNCHANGED: ExitCode.DONE,
    Outcome.PLANNED: ExitCode.DONE,
    Outcome.REFUSED: ExitCode.NO,
    Outcome.DECLINED: ExitCode.NO,
    Outcome.NOT_AGREED: ExitCode.NO,
}
_LAST_WORDS = {
    Outcome.REFUSED: "Nothing was changed.",
    Outcome.DECLINED: "Nothing was changed.",
    Outcome.NOT_AGREED: "Nothing was changed: --yes agrees to what else changes.",
}
_WAYS = {
    Way.CLI: "OpenClaw's own program came to the same on a copy",
    Way.FILE: "edited as text, without OpenClaw's own program",
}


def switch(
    context: CommandContext,
    ids: Sequence[str],
    *,
    on: bool,
    home: str | None,
    package: str | None,
    force: bool,
    yes: bool,
    cli: bool,
) -> Reply:
    """Turn plugins on or off, when a role, the plugins and a person allow it."""
    context.require("plugin.enable" if on else "plugin.disable")
    if force:
        context.require("plugin.force")
    installation = _installation(home, package, cli=cli)
    request = SwitchRequest(ids=tuple(map(as_typed, ids)), on=on, force=force, agreed=yes)
    report = switch_plugins(
        context.store,
        installation,
        request,
        clock=context.clock,
        ask=_ask if _is_somebody_there() else None,
        alone=switching(context, wait_seconds=_WAIT_SECONDS),
        dry_run=context.dry_run,
    )
    code = ExitCode.PARTIAL if report.unproven else _CODES[report.outcome]
    return Reply(_document(installation, request, report), "\n\n".join(_parts(request, report)), code)


def _installation(home: str | None, package: str | None, *, cli: bool) -> LocalInstallation:
    """Return the installation; its version is that of its package, whatever a variable says.

    Args:
        cli: whether OpenClaw's own program is asked first, where it is there.
    """
    from reporting_governance.adapters.openclaw.config_change import Changer, find_program
    from reporting_governance.adapters.openclaw.paths import only_home

    environment = {key: each for key, each in os.environ.items() if key != "OPENCLAW_COMPATIBILITY_HOST_VERSION"}
    environment |= {} if home is None else only_home(home)
    places = places_named(environment, home=None, package=package, host=None)
    program = find_program(environment) if cli else None
    changer = Changer(places=places, environment=environment, program=program)
    return LocalInstallation(
        places, environment, uid=owner_of(places), changer=changer, has_program=program is not None
    )


def _is_somebody_there() -> bool:
    return all(each is not None and each.isatty() for each in (sys.stdin, sys.stderr))


def _ask(plan: SwitchPlan) -> bool:
    for line in _else(plan):
        click.echo(one_line(line), err=True)
    try:
        return click.confirm("Go on?", default=False, err=True)
    except click.Abort:  # the end of the input, or Ctrl-C: no yes
        click.echo(err=True)
        return False


def _else(plan: SwitchPlan) -> Iterator[str]:
    """Yield what changes beside the entries of the plugins that were named."""
    yield "Beside the plugins that you named, this changes:"
    for change in plan.asks:
        yield f"  {change.says}"
    for each in plan.switched:
        if not each.is_named:
            yield f"  {each.plugin_id} goes {_word(each)}: {each.after.why.value}"
    for note in plan.notes:
        yield f"  {note}"


def _parts(request: SwitchRequest, report: SwitchReport) -> Iterator[str]:
    plan = report.plan
    if report.refused:
        yield table(("id", "answer", "why"), map(answer_row, report.refused))
    if report.forced:
        rows = [(each.plugin_id, "; ".join(each.reasons)) for each in report.forced]
        yield "Does not fit, and --force was said:\n\n" + table(("id", "why"), rows)
    if plan is not None and not report.refused:
        state = "on" if request.on else "off"
        if plan.unchanged:
            tail = "" if plan.changes else "; nothing was changed"
            yield one_line(f"{state.capitalize()} already: {', '.join(plan.unchanged)}{tail}.")
        if report.outcome is Outcome.NOT_AGREED:
            yield "\n".join(map(one_line, _else(plan)))
        elif report.outcome in (Outcome.PLANNED, Outcome.CHANGED) and plan.changes:
            yield table(("id", "now" if report.changed else "then", "why", "changes"), map(_row, plan.switched))
            yield from map(one_line, plan.notes)
        if report.outcome is Outcome.PLANNED and plan.asks and not request.agreed:
            yield "It has to be agreed to, at a terminal or with --yes: more changes than the entries of the plugins."
    if report.changed is not None:
        yield "\n".join(map(one_line, _about_change(report)))
    if last := _LAST_WORDS.get(report.outcome):
        yield last


def _row(each: Switched) -> tuple[object, ...]:
    with_whom = "" if each.is_named else f"with {', '.join(each.because)}"
    changes = "; ".join(change.says for change in each.changes) or with_whom
    return (each.plugin_id, _word(each), each.after.why.value, changes)


def _word(each: Switched) -> str:
    return "on" if each.after.enabled else "off"


def _about_change(report: SwitchReport) -> Iterator[str]:
    assert report.changed is not None
    yield f"Changed: {report.changed.path} ({_WAYS[report.changed.way]})."
    if report.changed.backup:
        yield f"As it was: {report.changed.backup}"
    yield "A gateway that is running may have to be started again to take it up."
    if report.unproven:
        yield (
            f"Looked at again, this is not so: {', '.join(report.unproven)}.  Another writer may have been there; "
            "`reportgov plugins list` shows what is on."
        )


def _document(installation: LocalInstallation, request: SwitchRequest, report: SwitchReport) -> Mapping[str, Any]:
    places, plan, changed = installation.places, report.plan, report.changed
    return {
        "what": "enable" if request.on else "disable",
        "host_version": report.host,
        "state": places.state,
        "configuration": places.config,
        "package": places.package,
        "configuration_problem": None,
        "notes": [] if plan is None else list(plan.notes),
        "plugins": [],
        "told": [],
        "answers": answers_of(report.refused),
        "health": None,
        "switch": {
            "outcome": report.outcome.value,
            "plugins": [] if plan is None or report.refused else [_switched(each, report) for each in plan.switched],
            "unchanged": [] if plan is None else list(plan.unchanged),
            "asks": [] if plan is None else [each.says for each in plan.asks],
            "forced": answers_of(report.forced),
            "way": None if changed is None else changed.way.value,
            "before_sha256": None if changed is None else changed.before_sha256,
            "after_sha256": None if changed is None else changed.after_sha256,
            "backup": None if changed is None else changed.backup,
        },
    }


def _switched(each: Switched, report: SwitchReport) -> dict[str, Any]:
    return {
        "id": each.plugin_id,
        "named": each.is_named,
        "before": each.before.enabled,
        "after": each.after.enabled,
        "was": each.before.why.value,
        "why": each.after.why.value,
        "changes": [change.says for change in each.changes],
        "proven": None if report.changed is None else each.plugin_id not in report.unproven,
    }
