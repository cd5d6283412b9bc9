"""Plugins made on the spot, in a home like OpenClaw's: the tools of the traps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ENTRY = "export default {};\n"
SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}


class Home:
    """A home of OpenClaw below a folder: where its plugins and its configuration are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".openclaw"
        self.loose = self.state / "extensions"
        self.workspace = self.state / "workspace" / ".openclaw" / "extensions"
        self.named = folder / "named"  #: what `plugins.load.paths` names
        self.outside = folder / "outside"  #: where nothing is looked for
        for each in (self.loose, self.workspace, self.named, self.outside):
            each.mkdir(parents=True)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.state / "openclaw.json"

    def environment(self) -> dict[str, str]:
        """Return the variables by which OpenClaw finds this home."""
        return {"HOME": str(self.folder), "OPENCLAW_HOME": str(self.folder), "OPENCLAW_STATE_DIR": str(self.state)}


def write(path: Path, content: Any) -> Path:
    """Write a file: text and bytes as they are, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(0o644)
    return path


def manifest(plugin_id: Any, **more: Any) -> dict[str, Any]:
    """Return the least that a manifest needs, and more."""
    return {"id": plugin_id, "configSchema": SCHEMA, **more}


def package(name: str, *, extensions: Any = ("./index.js",), **openclaw: Any) -> dict[str, Any]:
    """Return a package.json; `extensions=None` leaves them out."""
    keys = openclaw if extensions is None else {"extensions": extensions, **openclaw}
    return {"name": name, "version": "1.2.3", "openclaw": keys}


def plugin(
    folder: Path, plugin_id: Any = None, *, pack: Any = None, entry: str | None = "index.js", **more: Any
) -> Path:
    """Make a plugin whose id is that of its folder unless another is given; no entry for None."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    write(folder / "openclaw.plugin.json", manifest(folder.name if plugin_id is None else plugin_id, **more))
    if pack is not None:
        write(folder / "package.json", pack)
    if entry is not None:
        write(folder / entry, ENTRY)
    return folder


def floored(folder: Path, *, floor: Any = None, api: Any = None) -> Path:
    """Make a plugin that names the hosts it wants."""
    install = {} if floor is None else {"install": {"minHostVersion": floor}}
    compat = {} if api is None else {"compat": {"pluginApi": api}}
    return plugin(folder, pack=package(folder.name, **install, **compat))


def pipe(path: Path) -> None:
    """Make a named pipe: whoever opens it to read waits for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path, 0o644)
