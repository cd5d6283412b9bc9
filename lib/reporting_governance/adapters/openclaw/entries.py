"""The files that a plugin's package.json says are loaded, and why one of them is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from reporting_governance.adapters.openclaw.files import exists, is_inside, is_plain_inside
from reporting_governance.adapters.openclaw.names import ending
from reporting_governance.adapters.openclaw.texts import trimmed
from reporting_governance.contracts.plugin import Origin, RefusalReason

_TYPESCRIPT: Final = (".ts", ".tsx", ".mts", ".cts")
_BUILT: Final = {".mts": (".mjs", ".js", ".cjs"), ".cts": (".cjs", ".js", ".mjs")}
_BUILT_OTHER: Final = (".js", ".mjs", ".cjs")

Tell = Callable[[RefusalReason, str], None]


class Place(NamedTuple):
    """Where entries are looked for, and by which rules."""

    folder: str  #: as it was come upon, maybe over a link
    root: str  #: its real path
    origin: Origin
    built_only: bool  #: TypeScript itself does not do: the install promised what is built


class Declared(NamedTuple):
    """What package.json says about entries; `problem` when it says it wrongly."""

    entries: tuple[str, ...] = ()
    problem: RefusalReason | None = None
    detail: str = ""


def declared_entries(openclaw: object) -> Declared:
    """Return the entries that the key `openclaw` of a package.json names."""
    if openclaw is None:
        return Declared()
    if not isinstance(openclaw, dict):
        return Declared(problem=RefusalReason.BAD_PACKAGE, detail="openclaw in package.json is no object")
    written = openclaw.get("extensions")
    if written is None:
        return Declared()
    names, problem = _names(written, "extensions")
    if problem:
        return Declared(problem=RefusalReason.BAD_PACKAGE, detail=problem)
    if not names:
        return Declared(problem=RefusalReason.NO_ENTRIES, detail="openclaw.extensions in package.json is empty")
    return Declared(names)


def entry_sources(place: Place, openclaw: dict[str, Any], entries: tuple[str, ...], tell: Tell) -> list[str]:
    """Return the real path of the file behind each entry; of one that cannot be taken it is told why."""
    written = openclaw.get("runtimeExtensions")
    runtime, problem = _names(written, "runtimeExtensions") if isinstance(written, list) else ((), "")
    if not problem and runtime and len(runtime) != len(entries):
        problem = f"openclaw.runtimeExtensions names {len(runtime)} files and openclaw.extensions {len(entries)}"
    if problem:
        tell(RefusalReason.BAD_PACKAGE, problem)
        return []
    found = []
    for position, entry in enumerate(entries):
        source = _source(place, entry, runtime[position] if runtime else None, "entry", tell)
        if source is not None:
            found.append(source)
    return found


def check_setup(place: Place, openclaw: dict[str, Any], tell: Tell) -> None:
    """Tell what is wrong with the entry for setting up; it keeps no plugin from being taken."""
    entry = trimmed(openclaw.get("setupEntry"))
    if entry is not None:
        _source(place, entry, trimmed(openclaw.get("runtimeSetupEntry")), "setup entry", tell)


def _names(written: object, key: str) -> tuple[tuple[str, ...], str]:
    if not isinstance(written, list):
        return (), f"openclaw.{key} in package.json is no list"
    names = [trimmed(each) for each in written]
    if None in names:
        return (), f"openclaw.{key}[{names.index(None)}] in package.json is no text, or blank"
    return tuple(each for each in names if each is not None), ""


def _source(place: Place, entry: str, runtime: str | None, what: str, tell: Tell) -> str | None:
    path = _path(place, entry)
    taken = None
    if exists(path):
        taken = _taken(place, path, entry, tell)
        if taken is None:
            return None
    elif not _stays_inside(place, path):
        tell(RefusalReason.UNSAFE_ENTRY, f"{entry} leads out of the plugin's folder")
        return None
    if runtime is not None:
        return _runtime(place, runtime, what, tell)
    relative = os.path.relpath(path, place.folder)
    if place.origin in (Origin.CONFIG, Origin.GLOBAL):
        for each in _built_names(relative):
            built = _path(place, each)
            if exists(built):
                return _taken(place, built, each, tell)
        if place.built_only and _is_typescript(relative):
            tell(RefusalReason.NOT_BUILT, f"{relative} is TypeScript, and nothing built from it is there")
            return None
    if taken is None and place.origin is Origin.BUNDLED:
        taken = _own_built(place, path, entry, tell)
    if taken is None:
        tell(RefusalReason.ENTRY_MISSING, f"the {what} {relative} is not there")
    return taken


def _runtime(place: Place, runtime: str, what: str, tell: Tell) -> str | None:
    path = _path(place, runtime)
    taken = None
    if exists(path):
        taken = _taken(place, path, runtime, tell)
    elif not _stays_inside(place, path):
        tell(RefusalReason.UNSAFE_ENTRY, f"{runtime} leads out of the plugin's folder")
    if taken is None:
        tell(RefusalReason.ENTRY_MISSING, f"the runtime {what} {runtime} is not there")
    return taken


def _own_built(place: Place, path: str, entry: str, tell: Tell) -> str | None:
    """Return what stands for an entry of OpenClaw's own package that names its source."""
    stem, ending = os.path.splitext(path)
    built = f"{stem}.js"
    return _taken(place, built, entry, tell) if ending not in ("", ".js") and exists(built) else None


def _taken(place: Place, path: str, entry: str, tell: Tell) -> str | None:
    """Return the real path of a file that is there, when it is one that may be taken."""
    real = os.path.normpath(os.path.join(place.root, os.path.relpath(path, place.folder)))
    if is_inside(place.folder, path) and is_plain_inside(
        place.root, real, single_name=place.origin is not Origin.BUNDLED
    ):
        return real
    tell(
        RefusalReason.UNSAFE_ENTRY, f"{entry} is no plain file in the plugin's folder, or a link, or has a second name"
    )
    return None


def _stays_inside(place: Place, path: str) -> bool:
    """Tell whether something that is not there would be in the plugin's folder."""
    return is_inside(place.folder, path) and is_inside(place.root, os.path.realpath(path))


def _path(place: Place, entry: str) -> str:
    return os.path.normpath(os.path.join(place.folder, entry))


def _is_typescript(name: str) -> bool:
    return ending(os.path.basename(name)).lower() in _TYPESCRIPT


def _built_names(relative: str) -> list[str]:
    """Return where what is built from a TypeScript file may lie, in the order in which it is looked for."""
    if not _is_typescript(relative):
        return []
    stem = relative[: -len(ending(os.path.basename(relative)))]
    below = f"dist/{stem.removeprefix('src/')}"
    stems = [below, *([f"dist/{stem}"] if stem.startswith("src/") else []), stem]
    endings = _BUILT.get(ending(os.path.basename(relative)).lower(), _BUILT_OTHER)
    return [each + ending for each in stems for ending in endings]
