"""Our answers beside OpenClaw's: what counts as one pair, and which differences are meant."""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path

from reporting_governance.adapters.openclaw.paths import find_places
from reporting_governance.adapters.openclaw.survey import Survey, survey

from .making import Home
from .oracle import Answer, Refused, Row, Shortening


def our_survey(home: Home, package: Path, *, host: str | None = None, **more: str) -> Survey:
    """Look at a home as `plugins list` does."""
    environment = {**home.environment(), **more}
    with chdir(home.folder):
        return survey(find_places(environment, package=str(package), host=host), environment, uid=os.getuid())


def our_answer(found: Survey, home: Home, package: Path) -> Answer:
    """Return what is compared of what we found."""
    short = Shortening(home, package)
    plugins = {
        each.plugin.id: Row(
            each.plugin.origin.value,
            each.enablement is not None and each.enablement.enabled,
            short(each.plugin.source),
            each.plugin.version,
            each.plugin.name,
            each.plugin.form.value,
        )
        for each in found.plugins
    }
    refused = {
        Refused(each.reason.value, short(each.path), each.plugin_id, each.level.value) for each in found.refusals
    }
    return Answer(plugins, refused)


def differences(ours: Answer, real: Answer) -> list[str]:
    """Return every difference that is not meant."""
    found = []
    for plugin_id in sorted({*ours.plugins, *real.plugins}):
        mine, other = ours.plugins.get(plugin_id), real.plugins.get(plugin_id)
        if mine != other:
            found.append(f"{plugin_id}: we say {mine}, OpenClaw says {other}")
    found += [f"only OpenClaw tells of {each}" for each in sorted(real.refused - ours.refused)]
    found += [f"only we tell of {each}" for each in sorted(ours.refused - real.refused) if not _is_meant(each, real)]
    return found


def pairs(ours: Answer, real: Answer) -> int:
    """Return how many answers were held against each other."""
    return len({*ours.plugins, *real.plugins}) + len(ours.refused | real.refused)


def _is_meant(told: Refused, real: Answer) -> bool:
    """Tell whether we may tell of it alone: of several that give way in the same words OpenClaw tells of one."""
    return told.reason == "overridden" and any(
        each.reason == "overridden" and each.plugin_id == told.plugin_id for each in real.refused
    )
