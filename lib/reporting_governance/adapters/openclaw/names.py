"""What names say: which folders are overlooked, which files are code, what a plugin without manifest is called."""

from __future__ import annotations

import os
from typing import Final

from reporting_governance.adapters.openclaw.manifest import Package
from reporting_governance.adapters.openclaw.texts import trimmed
from reporting_governance.contracts.plugin import PluginPackage

_CODE: Final = (".ts", ".js", ".mts", ".cts", ".mjs", ".cjs")
_IGNORED: Final = frozenset(
    (".git", ".hg", ".svn", ".turbo", ".yarn", ".yarn-cache", "build", "coverage", "dist", "node_modules")
)


def is_ignored(name: str) -> bool:
    """Tell whether a folder of this name is overlooked: a store of tools, something built, or put aside."""
    plain = (trimmed(name) or "").lower()
    return not plain or plain in _IGNORED or plain.endswith(".bak") or ".backup-" in plain or ".disabled" in plain


def is_code(path: str) -> bool:
    """Tell whether a loose file can be a plugin: code, and neither types nor tests."""
    name = os.path.basename(path)
    if ending(name) not in _CODE or name.endswith((".d.ts", ".d.cts", ".d.mts")):
        return False
    return ".test." not in name.lower()


def ending(name: str) -> str:
    """Return what follows the last dot of a file's name, with the dot; a dot at the front ends nothing."""
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def stem(path: str) -> str:
    """Return a file's name without folders and without its ending."""
    name = os.path.basename(path)
    return name.removesuffix(ending(name))


def folder_hint(package: Package, folder: str) -> str:
    """Return the id that a folder without a readable manifest most likely meant."""
    return _stated(package, ("plugin", "channel")) or _package_hint(package.facts) or os.path.basename(folder)


def entry_hint(package: Package, folder: str) -> str:
    """Return the same for an entry, for which the name of a channel does not count."""
    return _stated(package, ("plugin",)) or _package_hint(package.facts) or os.path.basename(folder)


def _stated(package: Package, keys: tuple[str, ...]) -> str | None:
    openclaw = package.openclaw if isinstance(package.openclaw, dict) else {}
    for key in keys:
        part = openclaw.get(key)
        if isinstance(part, dict) and (name := trimmed(part.get("id"))):
            return name
    return None


def _package_hint(package: PluginPackage) -> str | None:
    if package.name is None:
        return None
    name = package.name.rsplit("/", 1)[-1] or package.name
    for suffix in ("-provider", "-plugin"):
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return trimmed(name)
