"""Which plugins OpenClaw has written down as installed, and those of npm that count as installed without a record."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reporting_governance.adapters.openclaw.discovery import Tracked
from reporting_governance.adapters.openclaw.files import exists, facts_of, real_path
from reporting_governance.adapters.openclaw.manifest import MANIFEST, PACKAGE, PACKAGE_BYTES
from reporting_governance.adapters.openclaw.objects import object_in
from reporting_governance.adapters.openclaw.paths import user_path
from reporting_governance.adapters.openclaw.texts import NotReadable, read_strict, trimmed
from reporting_governance.contracts.frozen import frozen

DATABASE: Final = os.path.join("state", "openclaw.sqlite")
RECORD_BYTES: Final = 8_388_608
MOST_PROJECTS: Final = 2_000  #: of npm; who has more gets the first
_TABLE: Final = "config_machine_state"
_INDEX: Final = "plugins.installedIndex"
_DISCOVERY: Final = "plugins.bundledDiscovery"
_RECORDS: Final = "CASE WHEN json_valid(value_json) THEN json_extract(value_json, '$.index.installRecords') END"
_RETAINED: Final = ".openclaw-retained-npm-installs"  #: packages that were removed and only lie there


@frozen(kw_only=True)
class Installs:
    """What is written down about installs."""

    tracked: tuple[Tracked, ...] = ()
    lets_providers_by: bool = False  #: an old setting: OpenClaw's own providers pass `plugins.allow`
    problem: str = ""  #: why it could not be read


def read_installs(state: str, home: str) -> Installs:
    """Return the recorded installs of a state folder whose files are there."""
    records: dict[str, Any] = {}
    compat, problem = False, ""
    path = os.path.join(state, DATABASE)
    if os.path.lexists(path):
        from reporting_governance.adapters.tasks.openclaw.database import DatabaseUnreadable, read_database

        try:
            records, compat = read_database(path, _state_of)
        except (DatabaseUnreadable, NotReadable) as fault:
            problem = f"what is installed is not known: {fault}"
    paths = dict(_recorded(records, home))
    for owner, found in _of_npm(os.path.join(state, "npm")):
        if owner not in records:
            paths.setdefault(real_path(found) or found, Tracked(found, True))
    return Installs(tracked=tuple(paths.values()), lets_providers_by=compat, problem=problem)


def _state_of(reader: Any) -> tuple[dict[str, Any], bool]:
    """Return the install records and whether the old setting is on.  Raises: NotReadable."""
    if not reader.has(_TABLE):
        return {}, False
    wanted = {"value_json": f"substr({_RECORDS}, 1, {RECORD_BYTES})"}
    rest, needs = "WHERE state_key = ?", ("state_key",)
    records: Any = {}
    for row in reader.select(_TABLE, wanted, rest, (_INDEX,), needs=needs):
        records = read_strict((row["value_json"] or "{}").encode())
    setting = {"value_json": "substr(value_json, 1, 100)"}
    modes = [row["value_json"] for row in reader.select(_TABLE, setting, rest, (_DISCOVERY,), needs=needs)]
    return records if isinstance(records, dict) else {}, modes == ['"compat"']


def _recorded(records: Mapping[str, Any], home: str) -> Iterator[tuple[str, Tracked]]:
    """Yield the real path and the install of each record whose files are there."""
    for record in records.values():
        if not isinstance(record, dict):
            continue
        install, source = (trimmed(record.get(each)) for each in ("installPath", "sourcePath"))
        where = install or source
        path = None if where is None else user_path(where, home)
        if path is None or not _is_file_or_folder(path):
            continue
        # What is linked and not copied is somebody's own folder: there the source itself may be loaded.
        linked = record.get("source") == "path" and install is not None and source is not None
        same = linked and real_path(user_path(source or "", home)) == real_path(path)
        yield real_path(path) or path, Tracked(path, not same)


def _of_npm(root: str) -> Iterator[tuple[str, str]]:
    """Yield id and folder of each plugin that npm put where OpenClaw lets it work."""
    projects = os.path.join(root, "projects")
    try:
        names = sorted(os.listdir(projects))[:MOST_PROJECTS]
    except OSError:
        names = []
    for project in (root, *(os.path.join(projects, name) for name in names)):
        real = real_path(project)
        if real is None or exists(os.path.join(project, _RETAINED)):
            continue
        wanted = object_in(real, PACKAGE, max_bytes=PACKAGE_BYTES).get("dependencies")
        for name in wanted if isinstance(wanted, dict) else ():
            folder = os.path.normpath(os.path.join(project, "node_modules", name))
            if folder.startswith(os.path.join(project, "node_modules", "")) and (owner := _owner(folder, name)):
                yield owner, folder


def _owner(folder: str, name: str) -> str | None:
    """Return the id of a plugin in a package of npm, None for any other package."""
    root = real_path(folder)
    if root is None:
        return None
    package = object_in(root, PACKAGE, max_bytes=PACKAGE_BYTES)
    openclaw = package.get("openclaw")
    entries = openclaw.get("extensions") if isinstance(openclaw, dict) else None
    if not isinstance(entries, list) or not any(isinstance(each, str) for each in entries):
        return None
    manifest = object_in(root, MANIFEST, max_bytes=PACKAGE_BYTES)
    return trimmed(manifest.get("id")) or trimmed(package.get("name")) or name


def _is_file_or_folder(path: str) -> bool:
    facts = facts_of(path)
    return facts is not None and (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode))
