"""One look at an installation for whoever watches what is turned on and off there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from reporting_governance.adapters.openclaw.footprint import marks_of
from reporting_governance.adapters.openclaw.paths import Places, find_places
from reporting_governance.adapters.openclaw.survey import UNKNOWN_HOST, Survey, survey
from reporting_governance.adapters.tasks.openclaw.places import id_of_place
from reporting_governance.contracts.plugin_sight import PluginSight, SeenPlugin

_PRETENDS = "OPENCLAW_COMPATIBILITY_HOST_VERSION"  #: of whoever runs us: it would make plugins seem to come and go
TASK = "self:plugins"
_MOST_PATHS = 2_000  #: that are looked at in every tick


class Sighted(NamedTuple):
    """What was seen, and what is to be looked at before it is worth another look."""

    sight: PluginSight
    paths: Mapping[str, list[int] | None]  #: see `footprint.marks_of`
    is_steady: bool  #: the configuration was not written while it was read


def places_of(parameters: Mapping[str, Any], environment: Mapping[str, str], *, state_folder: str) -> Places:
    """Return where the installation has its files that the parameters of the `openclaw` source name.

    Args:
        state_folder: ours; a relative `state` or `package` is taken from it.
    """
    settings = {key: each for key, each in environment.items() if key != _PRETENDS}
    written = parameters.get("state")
    if written:
        settings |= {"OPENCLAW_STATE_DIR": os.path.abspath(os.path.join(state_folder, os.path.expanduser(written)))}
        settings |= dict.fromkeys(("OPENCLAW_CONFIG_PATH", "OPENCLAW_WORKSPACE_DIR", "OPENCLAW_PROFILE"), "")
    package = parameters.get("package")
    if package:
        package = os.path.abspath(os.path.join(state_folder, os.path.expanduser(package)))
    return find_places(settings, package=package)


def look(
    parameters: Mapping[str, Any], environment: Mapping[str, str], *, state_folder: str, package: str | None = None
) -> Sighted:
    """Look at the plugins of an installation.

    Args:
        package: where OpenClaw's own package was when it was found last: crontab's PATH may not lead there.
    """
    places = places_of(parameters, environment, state_folder=state_folder)
    if places.package is None and package is not None and os.path.isdir(package):
        places = places_of({**parameters, "package": package}, environment, state_folder=state_folder)
    before = marks_of((places.config,))
    digest = digest_of(places.config)
    found = survey(places, environment, uid=_owner_of(places.state))
    paths = marks_of(list(dict.fromkeys(_deciding(places, found)))[:_MOST_PATHS])
    task_id = f"{TASK}{places.state}" if parameters.get("state") else TASK
    sight = sight_of(places, found, digest, task_id=task_id)
    return Sighted(sight, paths, paths[places.config] == before[places.config])


def sight_of(places: Places, found: Survey, digest: str | None, *, task_id: str) -> PluginSight:
    """Return what a survey says, as it is held against what was recorded.

    Args:
        digest: see `digest_of`.
        task_id: under which name the installation is spoken of.
    """
    written_at, owner = _written(places.config)
    problem = found.config_problem
    if not problem and not os.path.isdir(places.state):
        problem = f"{places.state}: there is no such folder any more"
    return PluginSight(
        instance=id_of_place(places.state),
        task_id=task_id,
        config=places.config,
        config_sha256=digest,
        written_at=written_at,
        owner=owner,
        package=places.package,
        is_whole=found.is_whole and not found.notes and found.host != UNKNOWN_HOST,
        plugins={
            each.plugin.id: SeenPlugin(
                enabled=each.enablement.enabled,
                origin=each.plugin.origin,
                version=each.plugin.version,
                why=each.enablement.why.value,
            )
            for each in found.plugins
            if each.enablement is not None
        },
        refused={each.plugin_id: each.detail for each in reversed(found.refusals) if each.plugin_id},
        problem=problem,
    )


def _deciding(places: Places, found: Survey) -> Iterator[str]:
    """Yield the paths whose change may change what is on; of OpenClaw's own plugins, their package stands for all."""
    from reporting_governance.contracts.plugin import Origin

    yield places.config
    npm = os.path.join(places.state, "npm")
    yield from (places.loose, npm, os.path.join(npm, "package.json"), os.path.join(npm, "projects"))
    if places.package is not None:
        yield os.path.join(places.package, "package.json")
        yield os.path.join(places.package, "dist", "extensions")
    yield from found.roots
    for listed in found.plugins:
        plugin = listed.plugin
        if plugin.origin is not Origin.BUNDLED:
            yield from (plugin.root, plugin.source, plugin.manifest_path, plugin.package_path)
    yield from (each.path for each in found.refusals)


def digest_of(path: str) -> str | None:
    """Return the digest of a configuration; None when there is none, or it cannot be read."""
    from hashlib import sha256

    from reporting_governance.adapters.openclaw.config import CONFIG_BYTES

    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
            return sha256(file.read(CONFIG_BYTES + 1)).hexdigest()
    except OSError:
        return None


def _written(path: str) -> tuple[datetime | None, str | None]:
    import pwd

    try:
        facts = os.stat(path)
    except OSError:
        return None, None
    try:
        owner = pwd.getpwuid(facts.st_uid).pw_name
    except KeyError:
        owner = f"uid:{facts.st_uid}"
    return datetime.fromtimestamp(facts.st_mtime_ns // 1_000_000 / 1000, UTC), owner


def _owner_of(folder: str) -> int:
    try:
        return os.stat(folder).st_uid
    except OSError:
        return os.geteuid()
