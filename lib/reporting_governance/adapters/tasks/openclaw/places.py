"""Where an installation of OpenClaw keeps its records."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

DATABASE: Final = os.path.join("state", "openclaw.sqlite")
#: Before 2026.6.1: a table of tasks of the same name, and nothing else.
OLD_DATABASE: Final = os.path.join("tasks", "runs.sqlite")
_OLD_SESSIONS: Final = os.path.join("agents", "main", "sessions", "sessions.json")
_IDENTITY: Final = os.path.join("identity", "device.json")
_IDENTITY_BYTES: Final = 65_536
_AGENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def default_state_folder(environment: Mapping[str, str] | None = None) -> str:
    """Return OpenClaw's state folder as OpenClaw itself would find it."""
    settings = os.environ if environment is None else environment
    if settings.get("OPENCLAW_STATE_DIR"):
        return settings["OPENCLAW_STATE_DIR"]
    return os.path.join(settings.get("OPENCLAW_HOME") or os.path.expanduser("~"), ".openclaw")


def is_present(parameters: Mapping[str, Any], *, state_folder: str) -> bool:
    """Tell whether there is an installation to read; every tick asks, so nothing else of the source is imported.

    Args:
        parameters: as the profile writes them; wrong ones count as present, so that somebody is told.
        state_folder: ours; a relative `state` is taken from it.
    """
    wanted = parameters.get("state")
    if set(parameters) - {"state", "plugins", "package"} or not isinstance(wanted, str | None):
        return True
    folder = os.path.expanduser(wanted) if wanted else default_state_folder()
    return has_run(os.path.abspath(os.path.join(state_folder, folder)))


def has_run(folder: str) -> bool:
    """Tell whether OpenClaw has ever run with this state folder."""
    return any(os.path.isdir(os.path.join(folder, name)) for name in ("state", "tasks", "agents"))


def find_database(folder: str) -> str | None:
    """Return the path of the database of tasks, None when there is none of a kind that is known."""
    for name in (DATABASE, OLD_DATABASE):
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            return path
    return None


def why_no_database(folder: str) -> str:
    """Return why there is nothing to read, for a person."""
    if not os.path.isdir(folder):
        return "there is no such folder"
    if os.path.lexists(os.path.join(folder, _OLD_SESSIONS)):
        return "this OpenClaw is older than its ledger of tasks; nothing can be said about them"
    return f"it holds neither {DATABASE} nor {OLD_DATABASE}"


def agent_database(folder: str, agent: str, recorded: str | None) -> str | None:
    """Return the path of an agent's own database; None when the name or the recorded path leads out of the folder."""
    if _AGENT.fullmatch(agent) is None:
        return None
    name = recorded or os.path.join("agents", agent, "agent", "openclaw-agent.sqlite")
    path = os.path.normpath(os.path.join(folder, name))
    inside = os.path.realpath(folder)
    return path if os.path.realpath(path).startswith(inside + os.sep) else None


def old_install_id(folder: str) -> str | None:
    """Return the installation's id from the file in which versions before 2026.8 kept it."""
    import json
    import stat

    path = os.path.join(folder, _IDENTITY)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            document = json.loads(file.read(_IDENTITY_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    found = document.get("deviceId") if isinstance(document, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 200 and found.isprintable() else None


def id_of_place(folder: str) -> str:
    """Return an id made of the folder's real path, for an installation that has none of its own."""
    from hashlib import sha256

    return "path-" + sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:32]
