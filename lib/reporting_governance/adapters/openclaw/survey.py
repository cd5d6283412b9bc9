"""All plugins of an installation as OpenClaw would list them: why each is on or off, and why others are not taken."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from reporting_governance.adapters.openclaw.config import read_config
from reporting_governance.adapters.openclaw.discovery import Roots, discover
from reporting_governance.adapters.openclaw.installs import read_installs
from reporting_governance.adapters.openclaw.paths import Places
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Candidate, Refusal, RuleVerdict
from reporting_governance.core.plugin_changes import Configured
from reporting_governance.core.plugin_choice import choose
from reporting_governance.core.plugin_compatibility import rule_verdicts
from reporting_governance.core.plugin_enablement import Enablement, decide

UNKNOWN_HOST = "unknown"  #: what OpenClaw calls a version that nothing says


@frozen(kw_only=True)
class Listed:
    """One plugin that is taken."""

    plugin: Candidate
    enablement: Enablement | None  #: None when the configuration cannot be understood
    verdicts: tuple[RuleVerdict, ...]


@frozen(kw_only=True)
class Survey:
    """What an installation has."""

    host: str
    plugins: tuple[Listed, ...]
    refusals: tuple[Refusal, ...]
    config_problem: str
    is_whole: bool  #: nothing that decides was out of sight
    notes: tuple[str, ...]  #: what could not be looked at
    roots: tuple[str, ...] = ()  #: what was looked into, beside OpenClaw's own package and its folder of plugins
    configured: Configured  #: says nothing when there is a problem


def survey(places: Places, environment: Mapping[str, str], *, uid: int) -> Survey:
    """Look at an installation and change nothing in it.

    Args:
        environment: for variables that the configuration names.
        uid: whose OpenClaw it is.
    """
    config = read_config(places, environment)
    host = places.host or UNKNOWN_HOST
    workspace = None if config.workspace is None else os.path.join(config.workspace, ".openclaw", "extensions")
    installs = read_installs(places.state, places.home)
    roots = Roots(
        named=config.configured.policy.load_paths,
        workspace=workspace,
        bundled=places.bundled,
        tracked=installs.tracked,
        loose=places.loose,
    )
    policy = replace(config.configured.policy, lets_providers_by=installs.lets_providers_by)
    found = discover(roots, host, uid=uid)
    choice = choose(found.candidates, host)
    plugins = tuple(
        Listed(
            plugin=each,
            enablement=None if config.problem else decide(each, policy, platform=sys.platform),
            verdicts=rule_verdicts(each.manifest, each.package, each.origin, host),
        )
        for each in choice.taken
    )
    notes = [installs.problem] if installs.problem else []
    if places.bundled is None:
        notes.append("OpenClaw's own package was not found, so its own plugins are missing here")
    if config.workspace is None and not config.problem:
        notes.append(
            "of several agents none is marked as the one whose workspace counts, so no workspace was looked at"
        )
    return Survey(
        host=host,
        plugins=plugins,
        refusals=(*found.refusals, *choice.refusals),
        config_problem=config.problem,
        is_whole=not config.problem and not installs.problem and places.bundled is not None,
        notes=tuple(notes),
        roots=(*roots.named, *([workspace] if workspace else []), *(each.path for each in installs.tracked)),
        configured=replace(config.configured, policy=policy),
    )
