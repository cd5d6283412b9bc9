"""What `plugins doctor` looks at and shows."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.adapters.openclaw import footprint
from reporting_governance.adapters.openclaw.config_facts import Beside, beside, file_facts
from reporting_governance.adapters.openclaw.paths import PROGRAM
from reporting_governance.adapters.openclaw.sight import TASK, digest_of, places_of, sight_of
from reporting_governance.adapters.openclaw.survey import survey
from reporting_governance.commands._health_check import Check, Rule, Verdict
from reporting_governance.commands._plugin_watch import watched_installations
from reporting_governance.commands._plugins import Looked, about, document_of, owner_of
from reporting_governance.commands._tables import table
from reporting_governance.commands._text import one_line
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.core.plugin_health import (
    Fault,
    Trouble,
    faults_of_file,
    faults_of_plugins,
    faults_of_policy,
)
from reporting_governance.errors import ExitCode, GovernanceError

_UNSEEN = "`reportgov plugins list` shows what can be seen; --openclaw-package says where OpenClaw's package is."


def examine(context: CommandContext, found: Looked) -> Reply:
    """Say what is wrong with the plugins of this host, and what to do; silent when nothing is."""
    faults = list(_faults(context, found)) if _is_there(found) else []
    left = beside(found.places.config)
    program = shutil.which(PROGRAM)
    document = document_of("doctor", found, ())
    document["health"] = {
        "faults": [
            {"trouble": each.trouble.value, "about": each.about, "seen": each.seen, "remedy": each.remedy}
            for each in faults
        ],
        "program": program,
        "backups": list(left.backups),
        "left_behind": list(left.left_behind),
    }
    return Reply(document, _text(found, faults, program, left), ExitCode.NO if faults else ExitCode.DONE)


def plugins(context: CommandContext) -> Iterator[Check]:
    """Yield for `doctor` whether there is anything that `plugins doctor` would name."""
    if not os.path.isdir(context.state):
        return
    for parameters in watched_installations(context.settings.sources):
        found = _watched(context, parameters)
        if not _is_there(found):
            continue
        faults = list(_faults(context, found))
        seen = f"{found.survey.host}, {len(found.survey.plugins)} plugins, {found.places.config}"
        if not faults:
            yield Check(Rule.PLUGINS, Verdict.OK, seen)
            continue
        counted = Counter(each.trouble.value.replace("_", " ") for each in faults)
        seen += f": {', '.join(f'{name} {number}' for name, number in counted.items())}"
        yield Check(Rule.PLUGINS, Verdict.WARNING, seen, "`reportgov plugins doctor` names each, and what to do.")


def _watched(context: CommandContext, parameters: Mapping[str, Any]) -> Looked:
    """Look at an installation that is watched; where its package is may only be known from the last look."""
    places = places_of(parameters, os.environ, state_folder=context.state)
    if places.package is None:
        entry = footprint.load(context.state).get(str(parameters.get("state") or ""))
        package = entry.get("package") if isinstance(entry, dict) else None
        if isinstance(package, str) and os.path.isdir(package):
            places = places_of({**parameters, "package": package}, os.environ, state_folder=context.state)
    return Looked(places, survey(places, os.environ, uid=owner_of(places)))


def _is_there(found: Looked) -> bool:
    return os.path.isdir(found.places.state) or found.places.package is not None


def _faults(context: CommandContext, found: Looked) -> Iterator[Fault]:
    yield from _faults_of_host(found)
    try:
        yield from _drift(context, found)
    except GovernanceError as fault:
        seen = f"whether another writer changed plugins is not known: {fault}"
        yield Fault(trouble=Trouble.NOT_SEEN, about=context.state, seen=seen, remedy=fault.advice() or str(fault))


def _faults_of_host(found: Looked) -> Iterator[Fault]:
    places, seen = found.places, found.survey
    if seen.config_problem:
        remedy = "Mend it; `openclaw config validate` says the same.  Until then OpenClaw's own commands end with 1."
        yield Fault(trouble=Trouble.CONFIGURATION, about=places.config, seen=seen.config_problem, remedy=remedy)
    yield from faults_of_file(file_facts(places.config), owner_of(places))
    for note in seen.notes:
        yield Fault(trouble=Trouble.NOT_SEEN, about=places.state, seen=note, remedy=_UNSEEN)
    taken = [(each.plugin.id, each.enablement, each.verdicts) for each in seen.plugins]
    yield from faults_of_plugins(taken, seen.refusals)
    if not seen.config_problem:
        yield from faults_of_policy(
            seen.configured.policy,
            [plugin_id for plugin_id, _, _ in taken],
            [each.plugin_id for each in seen.refusals if each.plugin_id],
            is_whole=seen.is_whole,
        )


def _drift(context: CommandContext, found: Looked) -> Iterator[Fault]:
    """Yield what was changed and is not told yet, and what was told and nobody acknowledged."""
    if not os.path.isdir(context.state):
        return
    from reporting_governance.core.plugin_drift import drift_words
    from reporting_governance.stages.plugin_watch import find_drift, open_drift

    places = found.places
    sight = sight_of(places, found.survey, digest_of(places.config), task_id=TASK)
    context.store.ready()
    drift = find_drift(context.store, sight)
    known = _known_sha256(context, sight.instance)
    if drift.compared.turned:
        changed = (known or drift.cursor["config_sha256"]) != sight.config_sha256
        seen = drift_words(drift.compared.turned, sight, config_changed=changed)
        yield Fault(
            trouble=Trouble.DRIFT, about=places.config, seen=seen, remedy="Let `reportgov run` tell the receivers."
        )
    task_id = drift.cursor.get("task_id", TASK)
    since = open_drift(context.store, task_id)
    if since is not None:
        names = ", ".join(drift.cursor.get("told") or ())
        remedy = f"Put it back (`reportgov plugins enable` or `disable`), or `reportgov ack {task_id}`."
        seen = f"told {since} and not acknowledged: {names}"
        yield Fault(trouble=Trouble.DRIFT, about=places.config, seen=seen, remedy=remedy)


def _known_sha256(context: CommandContext, instance: str) -> str | None:
    entries = [each for each in footprint.load(context.state).values() if isinstance(each, dict)]
    return next((each.get("config_sha256") for each in entries if each.get("instance") == instance), None)


def _text(found: Looked, faults: list[Fault], program: str | None, left: Beside) -> str:
    if not faults:
        return ""
    rows = [(each.trouble.value.replace("_", " "), each.about, one_line(each.seen), each.remedy) for each in faults]
    lines = [
        about(found),
        one_line(
            f"Program:       {program or 'not on the PATH: enable and disable edit the configuration themselves'}"
        ),
    ]
    if left.backups:
        lines.append(one_line(f"Backups:       {len(left.backups)}, the newest {left.backups[0]}"))
    return "\n".join(lines) + "\n\n" + table(("trouble", "about", "seen", "what to do"), rows)
