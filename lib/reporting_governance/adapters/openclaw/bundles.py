"""Plugins made for other programs, which OpenClaw takes too: for Codex, Cursor, Claude Code, and any agent."""

from __future__ import annotations

import os
import re
from typing import Any, Final

from reporting_governance.adapters.openclaw.files import Unread, exists, read_inside
from reporting_governance.adapters.openclaw.manifest import MANIFEST, Fault
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed, read_strict, trimmed
from reporting_governance.contracts.plugin import Form, PluginManifest, RefusalReason

DEFAULT_ENTRIES: Final = ("index.ts", "index.js", "index.mjs", "index.cjs")
AGENT_SCHEMA: Final = "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"
_BYTES: Final = 262_144
#: in the order in which they are looked for
_PLACES: Final = {
    Form.CODEX: ".codex-plugin/plugin.json",
    Form.CURSOR: ".cursor-plugin/plugin.json",
    Form.CLAUDE: ".claude-plugin/plugin.json",
}
_AGENT: Final = "plugin.json"
#: A folder with one of these is one of Claude Code's even without a manifest.
_CLAUDE_PARTS: Final = (
    "skills",
    "commands",
    "agents",
    "hooks/hooks.json",
    ".mcp.json",
    ".lsp.json",
    "settings.json",
)
_NO_ID: Final = re.compile(r"[^a-z0-9]+")


def form_of(folder: str, root: str) -> Form | None:
    """Return what kind of bundle a folder without entries of OpenClaw's is, None when it is none.

    Args:
        folder: as it was come upon, maybe over a link.
        root: its real path.
    """
    for form, place in _PLACES.items():
        if exists(os.path.join(folder, place)):
            return form
    if exists(os.path.join(folder, MANIFEST)):
        return None
    if exists(os.path.join(folder, _AGENT)):
        document = _read(root, _AGENT, strict=True, single_name=False)
        if isinstance(document, dict) and document.get("$schema") == AGENT_SCHEMA:
            return Form.AGENT
    if any(exists(os.path.join(folder, each)) for each in DEFAULT_ENTRIES):
        return None
    return Form.CLAUDE if any(exists(os.path.join(folder, each)) for each in _CLAUDE_PARTS) else None


def read_bundle(folder: str, root: str, form: Form, *, single_name: bool) -> tuple[PluginManifest | Fault, str]:
    """Return what a bundle's manifest says, and the manifest's path.

    Args:
        folder: as it was come upon: a bundle without a name is called by it.
        root: its real path.
        single_name: whether a manifest with a second (hard) name is refused.
    """
    place = _PLACES.get(form, _AGENT)
    path = os.path.join(folder, place)
    document = _read(root, place, strict=form is Form.AGENT, single_name=single_name)
    if document is Unread.MISSING and form is Form.CLAUDE:
        document = {}
    if document is Unread.MISSING:
        return Fault(RefusalReason.NO_MANIFEST, path, f"it has no {place}"), path
    if isinstance(document, Unread):
        return Fault(RefusalReason.UNSAFE_MANIFEST, path, f"{place} is no plain file, or too large"), path
    if isinstance(document, NotReadable):
        return Fault(RefusalReason.BROKEN_MANIFEST, path, f"{place}: {document}"), path
    if not isinstance(document, dict):
        return Fault(RefusalReason.BROKEN_MANIFEST, path, f"{place} holds no object"), path
    name = trimmed(document.get("name"))
    if form is Form.AGENT and name is None:
        return Fault(RefusalReason.NO_ID, path, f"{place} has no name"), path
    return PluginManifest(id=_id_of(name, folder), name=name, version=trimmed(document.get("version"))), path


def _read(root: str, place: str, *, strict: bool, single_name: bool) -> Any:
    data = read_inside(root, place, max_bytes=_BYTES, single_name=single_name)
    if isinstance(data, Unread):
        return data
    try:
        return read_strict(data) if strict else read_relaxed(data)
    except NotReadable as fault:
        return fault


def _id_of(name: str | None, folder: str) -> str:
    base = trimmed(name) or trimmed(os.path.basename(folder)) or ""
    return _NO_ID.sub("-", base.lower()).strip("-") or "bundle-plugin"
