"""Where an installation of OpenClaw has its files, by the rules by which it finds them itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Final

from reporting_governance.adapters.openclaw.files import exists, real_path
from reporting_governance.adapters.openclaw.objects import object_in
from reporting_governance.adapters.openclaw.texts import trimmed
from reporting_governance.contracts.frozen import frozen

PROGRAM: Final = "openclaw"
CONFIG: Final = "openclaw.json"
_OLD_CONFIG: Final = "clawdbot.json"
_OLD_STATE: Final = ".clawdbot"
_PACKAGE: Final = "package.json"
_PACKAGE_BYTES: Final = 1_048_576
_MOST_STEPS: Final = 12  #: folders up from the program to its package
_NAMED_NOTHING: Final = ("undefined", "null")


@frozen(kw_only=True)
class Places:
    """One installation.  Absolute paths."""

    home: str
    state: str
    config: str
    loose: str  #: its folder of plugins
    workspace: str  #: the workspace of an agent that names none
    package: str | None  #: the program's own package; None when it was not found
    bundled: str | None  #: the plugins in that package
    host: str | None  #: its version; None when nothing says it


def find_places(
    environment: Mapping[str, str], *, home: str | None = None, package: str | None = None, host: str | None = None
) -> Places:
    """Return where an installation has its files.

    Args:
        environment: the variables that OpenClaw would see.
        home: the folder that stands for `~`, before every variable.
        package: the folder of OpenClaw's package, instead of the one behind `openclaw` on the PATH.
        host: the version to answer for, before what the variables and the package say.
    """
    settings = {**environment, **({} if home is None else only_home(home))}
    house = _home(settings)
    state = _state(settings, house)
    root = _package_root(package, settings)
    disabled = (trimmed(settings.get("OPENCLAW_DISABLE_BUNDLED_PLUGINS")) or "").lower() in ("1", "true")
    bundled = None if root is None or disabled else os.path.join(root, "dist", "extensions")
    return Places(
        home=house,
        state=state,
        config=_config(settings, house, state),
        loose=os.path.join(state, "extensions"),
        workspace=_workspace(settings, house, state),
        package=root,
        bundled=bundled if bundled is not None and exists(bundled) else None,
        host=host or _stated(settings.get("OPENCLAW_COMPATIBILITY_HOST_VERSION")) or _version(root),
    )


def user_path(written: str, home: str) -> str:
    """Return the absolute path that a path in the configuration means; `~` is the home."""
    plain = trimmed(written) or ""
    if plain == "~" or plain.startswith(("~/", "~\\")):
        plain = home + plain[1:]
    return os.path.normpath(os.path.abspath(plain))


def only_home(home: str) -> dict[str, str]:
    """Return variables that let nothing but a home speak."""
    return {
        "OPENCLAW_HOME": os.path.abspath(home),
        "OPENCLAW_STATE_DIR": "",
        "OPENCLAW_CONFIG_PATH": "",
        "OPENCLAW_WORKSPACE_DIR": "",
        "OPENCLAW_PROFILE": "",
    }


def _home(settings: Mapping[str, str]) -> str:
    user = settings.get("HOME") or os.path.expanduser("~")
    written = _stated(settings.get("OPENCLAW_HOME"))
    return user_path(written, user) if written else os.path.abspath(user)


def _state(settings: Mapping[str, str], home: str) -> str:
    written = trimmed(settings.get("OPENCLAW_STATE_DIR"))
    if written:
        return user_path(written, home)
    state, old = os.path.join(home, ".openclaw"), os.path.join(home, _OLD_STATE)
    return old if exists(old) and not exists(state) else state


def _config(settings: Mapping[str, str], home: str, state: str) -> str:
    written = trimmed(settings.get("OPENCLAW_CONFIG_PATH"))
    if written:
        return user_path(written, home)
    config, old = os.path.join(state, CONFIG), os.path.join(state, _OLD_CONFIG)
    return old if exists(old) and not exists(config) else config


def _workspace(settings: Mapping[str, str], home: str, state: str) -> str:
    written = trimmed(settings.get("OPENCLAW_WORKSPACE_DIR"))
    if written:
        return os.path.abspath(written)
    if trimmed(settings.get("OPENCLAW_STATE_DIR")):
        return os.path.join(state, "workspace")
    profile = trimmed(settings.get("OPENCLAW_PROFILE"))
    if profile and profile.lower() != "default":
        return os.path.join(home, f".openclaw-{profile}", "workspace")
    return os.path.join(home, ".openclaw", "workspace")


def _package_root(package: str | None, settings: Mapping[str, str]) -> str | None:
    """Return the folder of OpenClaw's package: the one named, else the one that the program on the PATH lies in."""
    if package is not None:
        return os.path.abspath(package)
    program = shutil.which(PROGRAM, path=settings.get("PATH"))
    where = None if program is None else real_path(program)
    for _ in range(_MOST_STEPS):
        if where is None or where == os.path.dirname(where):
            return None
        where = os.path.dirname(where)
        if _field(where, "name") == PROGRAM:
            return where
    return None


def _version(root: str | None) -> str | None:
    return None if root is None else _field(root, "version")


def _field(root: str, name: str) -> str | None:
    """Return a text of the package.json in a folder."""
    return trimmed(object_in(root, _PACKAGE, max_bytes=_PACKAGE_BYTES).get(name))


def _stated(value: str | None) -> str | None:
    plain = trimmed(value)
    return None if plain is None or plain.lower() in _NAMED_NOTHING else plain
