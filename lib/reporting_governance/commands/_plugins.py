"""What `plugins list` and `plugins check` show."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.adapters.openclaw.paths import Places, find_places
from reporting_governance.adapters.openclaw.survey import Listed, Survey, survey
from reporting_governance.commands._tables import table
from reporting_governance.commands._text import as_typed, one_line
from reporting_governance.commands._wiring import Reply
from reporting_governance.contracts.plugin import Origin, Refusal, RuleVerdict
from reporting_governance.core.plugin_check import Checked, Fitness, check_all, check_one
from reporting_governance.errors import ExitCode


class Looked(NamedTuple):
    """An installation, and what was found in it."""

    places: Places
    survey: Survey


def look(*, home: str | None, package: str | None, host: str | None) -> Looked:
    """Look at the installation that the options and OpenClaw's own variables name.

    Plugins must belong to the user whose OpenClaw it is: the owner of its state folder, as far as there is one.
    """
    places = places_named(os.environ, home=home, package=package, host=host)
    return Looked(places, survey(places, os.environ, uid=owner_of(places)))


def places_named(environment: Mapping[str, str], *, home: str | None, package: str | None, host: str | None) -> Places:
    """Return where the installation is that options and OpenClaw's own variables name."""
    return find_places(environment, home=home, package=package, host=None if host is None else host.strip())


def owner_of(places: Places) -> int:
    """Return the uid of the user whose OpenClaw it is."""
    try:
        return os.stat(places.state).st_uid
    except OSError:
        return os.geteuid()


def listing(found: Looked, *, own: bool) -> Reply:
    """Return the plugins that are taken, and what is not."""
    shown = [each for each in found.survey.plugins if own or each.plugin.origin is not Origin.BUNDLED]
    hidden = len(found.survey.plugins) - len(shown)
    parts = [about(found)]
    if shown:
        parts.append(table(("id", "version", "from", "on", "why", "fits"), map(_row, shown)))
    if hidden:
        on = sum(1 for each in found.survey.plugins if each.plugin.origin is Origin.BUNDLED and _is_on(each))
        parts.append(f"And {hidden} plugins of OpenClaw's own package, {on} of them on (--own shows them).")
    if found.survey.refusals:
        rows = [(each.plugin_id, each.level.value, each.path, each.detail) for each in found.survey.refusals]
        parts.append("Not taken, or worth a word:\n\n" + table(("id", "level", "path", "why"), rows))
    if not shown and not hidden and not found.survey.refusals:
        parts.append("No plugins were found.")
    return Reply(document_of("list", found, ()), "\n\n".join(parts), _code(found))


def check(found: Looked, ids: Sequence[str]) -> Reply:
    """Return whether plugins fit: those that were named, or all."""
    taken = [(each.plugin.id, each.verdicts) for each in found.survey.plugins]
    refusals = found.survey.refusals
    named = dict.fromkeys(map(as_typed, ids))
    answers = [check_one(each, taken, refusals) for each in named] if ids else check_all(taken, refusals)
    wrong = [each for each in answers if each.fitness is not Fitness.FIT]
    parts = [about(found)]
    shown = answers if ids else wrong
    if shown:
        parts.append(table(("id", "answer", "why"), [answer_row(each) for each in shown]))
    parts.append(f"{len(answers) - len(wrong)} of {len(answers)} fit.")
    return Reply(document_of("check", found, answers), "\n\n".join(parts), ExitCode.NO if wrong else _code(found))


def _code(found: Looked) -> ExitCode:
    return ExitCode.DONE if found.survey.is_whole else ExitCode.PARTIAL


def about(found: Looked) -> str:
    """Return which installation was looked at, and what could not be seen."""
    places = found.places
    lines = [
        f"OpenClaw:      {found.survey.host}, {places.package or 'its package was not found'}",
        f"Configuration: {places.config}",
    ]
    if found.survey.config_problem:
        lines.append(f"OpenClaw does not take it, so nothing says what is on: {found.survey.config_problem}")
    lines += [f"{note[0].upper()}{note[1:]}." for note in found.survey.notes]
    return "\n".join(map(one_line, lines))


def _is_on(each: Listed) -> bool:
    return each.enablement is not None and each.enablement.enabled


def _row(each: Listed) -> tuple[object, ...]:
    on, why = ("?", "") if each.enablement is None else (_yes(each.enablement.enabled), each.enablement.why.value)
    failing = ", ".join(verdict.rule for verdict in each.verdicts if not verdict.met)
    return (
        each.plugin.id,
        each.plugin.version,
        each.plugin.origin.value,
        on,
        why,
        f"no: {failing}" if failing else "yes",
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def answer_row(each: Checked) -> tuple[object, ...]:
    """Return an answer as a row of a table."""
    return (each.plugin_id, each.fitness.value.replace("_", " "), "; ".join(each.reasons))


def document_of(what: str, found: Looked, answers: Sequence[Checked]) -> dict[str, Any]:
    """Return what was found as a reply has it."""
    places = found.places
    return {
        "what": what,
        "host_version": found.survey.host,
        "state": places.state,
        "configuration": places.config,
        "package": places.package,
        "configuration_problem": found.survey.config_problem or None,
        "notes": list(found.survey.notes),
        "plugins": [_listed(each) for each in found.survey.plugins],
        "told": [_told(each) for each in found.survey.refusals],
        "answers": answers_of(answers),
        "health": None,
        "switch": None,
    }


def answers_of(answers: Sequence[Checked]) -> list[dict[str, Any]]:
    """Return answers as a reply has them."""
    return [{"id": each.plugin_id, "answer": each.fitness.value, "reasons": list(each.reasons)} for each in answers]


def _listed(each: Listed) -> dict[str, Any]:
    plugin, enablement = each.plugin, each.enablement
    return {
        "id": plugin.id,
        "name": plugin.name,
        "version": plugin.version,
        "origin": plugin.origin.value,
        "form": plugin.form.value,
        "source": plugin.source,
        "enabled": None if enablement is None else enablement.enabled,
        "why": None if enablement is None else enablement.why.value,
        "fits": all(verdict.met for verdict in each.verdicts),
        "rules": _rules(each.verdicts),
    }


def _told(each: Refusal) -> dict[str, Any]:
    return {
        "id": each.plugin_id or None,
        "reason": each.reason.value,
        "level": each.level.value,
        "path": each.path,
        "detail": each.detail,
        "origin": None if each.origin is None else each.origin.value,
        "rules": _rules(each.verdicts),
    }


def _rules(verdicts: Sequence[RuleVerdict]) -> list[dict[str, Any]]:
    return [{"rule": each.rule.value, "wanted": each.wanted, "met": each.met, "why": each.why} for each in verdicts]
