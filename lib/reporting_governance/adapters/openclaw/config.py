"""OpenClaw's configuration: what it says about plugins, channels and the workspace.

The parts that are read are held to OpenClaw's own schema, since one wrong key makes it refuse the whole file: then
nothing can be said about what is on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reporting_governance.adapters.openclaw.paths import Places, user_path
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed, trimmed
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.plugin_changes import Configured
from reporting_governance.core.plugin_enablement import DEFAULT_MEMORY, PluginPolicy, config_id, slot_owner

CONFIG_BYTES: Final = 8_388_608
_KEYS: Final = ("enabled", "allow", "deny", "load", "slots", "entries")
_ENTRY_KEYS: Final = ("enabled", "hooks", "subagent", "llm", "config")
_SLOTS: Final = ("memory", "contextEngine")
_INCLUDE: Final = "$include"
_VARIABLE: Final = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)\}")
_MAIN: Final = "main"  #: the agent that is there when the configuration names none


@frozen(kw_only=True)
class Reading:
    """What the configuration says."""

    configured: Configured
    workspace: str | None  #: None: of several agents none is the one whose workspace counts
    problem: str = ""  #: why OpenClaw would not take it, or we cannot follow it; then the rest says nothing


class _Wrong(ValueError):
    """The configuration is not what OpenClaw takes; the message says where."""


def read_config(places: Places, environment: Mapping[str, str]) -> Reading:
    """Read the configuration; one that is not there says nothing, and that is no problem."""
    try:
        document = _document(places.config)
    except _Wrong as fault:
        return _not_understood(places, fault)
    return read_document({} if document is None else document, places, environment)


def read_document(document: Mapping[str, Any], places: Places, environment: Mapping[str, str]) -> Reading:
    """Return what a configuration says that is read already, as it is written."""
    try:
        if _INCLUDE in document:
            raise _Wrong(f"it has {_INCLUDE}, which is not followed here")
        written = document.get("plugins", {})
        plugins = _object(_filled(written, environment, "plugins"), "plugins", _KEYS)
        policy = _policy(plugins, _channels(document), places.home)
        configured = Configured(
            policy=policy,
            entry_keys=tuple(key for key, _ in _entries_of(plugins)),
            denied=tuple(zip(map(config_id, plugins.get("deny", ())), written.get("deny", ()), strict=True)),
            settings={config_id(key): each["config"] for key, each in _entries_of(plugins) if "config" in each},
        )
        return Reading(configured=configured, workspace=_workspace(document, places, environment))
    except _Wrong as fault:
        return _not_understood(places, fault)


def _not_understood(places: Places, fault: _Wrong) -> Reading:
    nothing = Configured(policy=PluginPolicy(entries={}, channels={}))
    return Reading(configured=nothing, workspace=None, problem=f"{places.config}: {fault}")


def _document(path: str) -> dict[str, Any] | None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise _Wrong("it is no plain file")
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Wrong("it is no plain file")
            data = file.read(CONFIG_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise _Wrong(fault.strerror or str(fault)) from fault
    if len(data) > CONFIG_BYTES:
        raise _Wrong(f"it is larger than {CONFIG_BYTES} bytes")
    try:
        document = read_relaxed(data)
    except NotReadable as fault:
        raise _Wrong(str(fault)) from fault
    if not isinstance(document, dict):
        raise _Wrong("it holds no object")
    return document


def _filled(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """Return a part of the document with `${NAME}` replaced by the variable."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match, environment), value)
    if isinstance(value, list):
        return [_filled(each, environment, f"{where}[{position}]") for position, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if _INCLUDE in value:
        raise _Wrong(f"{where} has {_INCLUDE}, which is not followed here")
    return {key: _filled(each, environment, f"{where}.{key}") for key, each in value.items()}


def _variable(match: re.Match[str], environment: Mapping[str, str]) -> str:
    if match[1]:
        return f"${{{match[2]}}}"
    return environment.get(match[2]) or match[0]  # one that is not set stays as it is written


def _policy(plugins: dict[str, Any], channels: Mapping[str, bool | None], home: str) -> PluginPolicy:
    load = _object(plugins.get("load", {}), "plugins.load", ("paths",))
    slots = _object(plugins.get("slots", {}), "plugins.slots", _SLOTS)
    for name in _SLOTS:
        if not isinstance(slots.get(name, ""), str):
            raise _Wrong(f"plugins.slots.{name} is no text")
    if not isinstance(plugins.get("enabled", True), bool):
        raise _Wrong("plugins.enabled is neither true nor false")
    paths = [each for each in map(trimmed, _texts(load.get("paths", []), "plugins.load.paths")) if each]
    return PluginPolicy(
        enabled=plugins.get("enabled", True),
        allow=_ids(plugins.get("allow", []), "plugins.allow"),
        deny=_ids(plugins.get("deny", []), "plugins.deny"),
        entries=_entries(plugins.get("entries", {})),
        memory_slot=slot_owner(slots.get("memory"), DEFAULT_MEMORY),
        context_slot=slot_owner(slots.get("contextEngine"), None),
        channels=channels,
        load_paths=tuple(user_path(each, home) for each in paths),
    )


def _entries(value: Any) -> dict[str, bool | None]:
    """Return id -> whether the entry turns it on; of two entries for one id the later one that says so counts."""
    found: dict[str, bool | None] = {}
    for key, entry in _object(value, "plugins.entries", None).items():
        where = f"plugins.entries.{key}"
        enabled = _object(entry, where, _ENTRY_KEYS).get("enabled")
        if not isinstance(enabled, bool | None) or (enabled is None and "enabled" in entry):
            raise _Wrong(f"{where}.enabled is neither true nor false")
        plugin_id = config_id(key)
        if plugin_id:
            found[plugin_id] = found.get(plugin_id) if enabled is None else enabled
    return found


def _entries_of(plugins: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    entries: Mapping[str, Mapping[str, Any]] = plugins.get("entries", {})
    return entries.items()


def _channels(document: Mapping[str, Any]) -> dict[str, bool | None]:
    value = document.get("channels")
    if not isinstance(value, dict):
        return {}
    if _INCLUDE in value:
        raise _Wrong(f"channels has {_INCLUDE}, which is not followed here")
    states = {key: each.get("enabled") if isinstance(each, dict) else None for key, each in value.items()}
    return {key: each if isinstance(each, bool) else None for key, each in states.items()}


def _workspace(document: Mapping[str, Any], places: Places, environment: Mapping[str, str]) -> str | None:
    """Return the workspace of the agent for whom OpenClaw works when nobody names one."""
    agents = document.get("agents")
    if not isinstance(agents, dict):
        return places.workspace
    agents = _filled(
        {key: agents.get(key) for key in ("ownership", "defaults", "entries", "list")}, environment, "agents"
    )
    defaults = agents["defaults"] if isinstance(agents["defaults"], dict) else {}
    roster = _roster(agents)
    owner = _owner(agents, defaults, roster)
    if owner is None:
        return None
    own = trimmed(roster.get(owner, {}).get("workspace"))
    common = trimmed(defaults.get("workspace"))
    if own:
        return user_path(own, places.home)
    if owner == _data_owner(agents, roster):
        return user_path(common, places.home) if common else places.workspace
    if common:
        return os.path.join(user_path(common, places.home), owner)
    return os.path.join(places.state, f"workspace-{owner}")


def _roster(agents: dict[str, Any]) -> dict[str, dict[str, Any]]:
    entries, listed = agents["entries"], agents["list"]
    if isinstance(entries, dict):
        return {str(key).strip().lower(): each for key, each in entries.items() if isinstance(each, dict)}
    if isinstance(listed, list):
        named = [each for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]
        return {each["id"].strip().lower(): each for each in named}
    return {}


def _owner(agents: dict[str, Any], defaults: dict[str, Any], roster: dict[str, dict[str, Any]]) -> str | None:
    system = defaults.get("systemAgent")
    named = trimmed(system.get("agentId")) if isinstance(system, dict) else None
    return named.lower() if named else _data_owner(agents, roster)


def _data_owner(agents: dict[str, Any], roster: dict[str, dict[str, Any]]) -> str | None:
    marked = [name for name, each in roster.items() if each.get("default") is True]
    if len(marked) == 1 and agents["ownership"] != "explicit":
        return marked[0]
    if not roster:
        return None if isinstance(agents["entries"], dict) or isinstance(agents["list"], list) else _MAIN
    return next(iter(roster)) if len(roster) == 1 else None


def _object(value: Any, where: str, keys: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} is no object")
    unknown = [] if keys is None else sorted(set(value) - set(keys))
    if unknown:
        raise _Wrong(f"{where} has the key {unknown[0]}, which OpenClaw does not know")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _Wrong(f"{where} is no list of texts")
    return value


def _ids(value: Any, where: str) -> tuple[str, ...]:
    return tuple(each for each in map(config_id, _texts(value, where)) if each)
