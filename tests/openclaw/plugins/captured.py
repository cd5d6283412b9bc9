"""OpenClaw's answers in a file, small: the first in full, of every other what differs from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .making import ENTRY, write
from .oracle import Answer, Refused, Row
from .traps import TRAPS

FILE = Path(__file__).parents[2] / "data" / "openclaw" / "plugins.json"

#: What of OpenClaw's own manifests and packages decides about them.
MANIFEST_KEYS = (
    "id",
    "name",
    "version",
    "kind",
    "channels",
    "requiresPlugins",
    "enabledByDefault",
    "enabledByDefaultOnPlatforms",
)
OPENCLAW_KEYS = ("extensions", "runtimeExtensions", "setupEntry", "runtimeSetupEntry", "install", "compat")


def own_plugins(package: Path) -> dict[str, Any]:
    """Return what decides about OpenClaw's own plugins: folder -> manifest and package.json, cut down."""
    found: dict[str, Any] = {}
    for folder in sorted((package / "dist" / "extensions").iterdir()):
        parts: dict[str, Any] = {}
        if (folder / "openclaw.plugin.json").exists():
            document = json.loads((folder / "openclaw.plugin.json").read_text())
            parts["manifest"] = {key: document[key] for key in MANIFEST_KEYS if key in document}
        if (folder / "package.json").exists():
            document = json.loads((folder / "package.json").read_text())
            openclaw = document.get("openclaw", {})
            kept = {key: openclaw[key] for key in OPENCLAW_KEYS if key in openclaw}
            kept |= (
                {"install": {key: value for key, value in kept["install"].items() if key == "minHostVersion"}}
                if "install" in kept
                else {}
            )
            parts["package"] = {"name": document["name"], "version": document["version"], "openclaw": kept}
        parts["files"] = sorted(
            path.name for path in folder.iterdir() if path.name.startswith(("index.", "setup-entry."))
        )
        found[folder.name] = parts
    return found


def make_package(folder: Path, version: str, own: Mapping[str, Any]) -> Path:
    """Make a package that has OpenClaw's own plugins as far as anything decides about them."""
    write(folder / "package.json", {"name": "openclaw", "version": version})
    for name, parts in own.items():
        place = folder / "dist" / "extensions" / name
        if "manifest" in parts:
            write(place / "openclaw.plugin.json", {**parts["manifest"], "configSchema": {}})
        if "package" in parts:
            write(place / "package.json", parts["package"])
        for each in parts["files"]:
            write(place / each, ENTRY)
    return folder


def packed(answers: Mapping[str, Answer | None]) -> dict[str, Any]:
    """Return answers as they are kept; None stands for a configuration that OpenClaw did not take."""
    base = next(each for each in answers.values() if each is not None)
    return {
        "base": {"plugins": {key: list(row) for key, row in base.plugins.items()}, "told": _listed(base.refused)},
        "answers": {name: None if each is None else _change(base, each) for name, each in answers.items()},
    }


def unpacked(document: Mapping[str, Any], *, as_root: bool) -> dict[str, Answer | None]:
    """Return answers as they were; without what only root can make, for anybody else."""
    base = document["base"]
    plugins = {key: Row(*row) for key, row in base["plugins"].items()}
    told = {Refused(*each) for each in base["told"]}
    found: dict[str, Answer | None] = {}
    for name, change in document["answers"].items():
        if change is None:
            found[name] = None
            continue
        rows = {key: row for key, row in plugins.items() if key not in change["gone"]}
        rows |= {key: Row(*row) for key, row in change["plugins"].items()}
        refused = told - {Refused(*each) for each in change["less"]} | {Refused(*each) for each in change["more"]}
        found[name] = Answer(rows, refused) if as_root else _of_anybody(rows, refused)
    return found


def _change(base: Answer, other: Answer) -> dict[str, Any]:
    changed = {key: list(row) for key, row in other.plugins.items() if base.plugins.get(key) != row}
    return {
        "gone": sorted(set(base.plugins) - set(other.plugins)),
        "plugins": changed,
        "less": _listed(base.refused - other.refused),
        "more": _listed(other.refused - base.refused),
    }


def _listed(told: Iterable[Refused]) -> list[list[str]]:
    return sorted(list(each) for each in told)


def _of_anybody(rows: dict[str, Row], refused: set[Refused]) -> Answer:
    places = tuple(f"/{each.name}" for each in TRAPS if each.needs_root)

    def stays(source: str) -> bool:
        return not any(source.endswith(place) or f"{place}/" in source for place in places)

    return Answer(
        {key: row for key, row in rows.items() if stays(row.source)}, {each for each in refused if stays(each.source)}
    )
