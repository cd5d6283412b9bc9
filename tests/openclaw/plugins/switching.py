"""Plugins turned on and off: configurations, what the real OpenClaw leaves of each, and what we leave."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from reporting_governance.adapters.openclaw.cli import Program as OwnProgram
from reporting_governance.adapters.openclaw.config_change import Changer
from reporting_governance.adapters.openclaw.installation import LocalInstallation
from reporting_governance.adapters.openclaw.paths import find_places
from reporting_governance.adapters.openclaw.texts import read_relaxed
from reporting_governance.core.plugin_enablement import config_id
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.plugins_switch import Outcome, SwitchRequest, switch_plugins
from reporting_governance.storage.memory import MemoryStore
from tests.openclaw.install import Program

from . import oracle
from .making import SCHEMA, Home, floored, plugin, write

#: What the real program writes beside what it was asked for; the table in docs/plugins.md says why we do not.
OWN_KEYS = ("meta",)
FIRST_ENTRIES = ("anthropic", "codex")  #: into a configuration that it makes itself

SERVED = "we do more"  #: OpenClaw refuses: a person agrees to what stands in the way being changed too
WHOLE = "a batch is whole"  #: OpenClaw leaves done what came before the one it refuses
STAYS_OFF = "it would stay off"  #: OpenClaw writes the entry all the same
CAPITALS = "capitals"  #: OpenClaw lists such a plugin, and then does not find it
LINK = "a link"  #: OpenClaw puts a plain file in its place
ELSEWHERE = "another file"  #: OpenClaw changes the file that is included


class Case(NamedTuple):
    """A configuration, and what is done to it."""

    name: str
    config: Any  #: None: no file; a text as it is; anything else as JSON
    verb: str
    ids: tuple[str, ...]
    meant: str | None = None  #: why ours is to come to something else
    needs_key: bool = False  #: a plugin that wants settings is there too


class Left(NamedTuple):
    """What is left of one case."""

    code: int
    document: Any  #: afterwards; None: the file is byte for byte what it was, or is still not there


def _on(**slots: str) -> dict[str, Any]:
    return {"plugins": {"slots": slots}}


def _plugins(**keys: Any) -> dict[str, Any]:
    return {"plugins": keys}


def _entries(**entries: Any) -> dict[str, Any]:
    return {"plugins": {"entries": entries}}


JSON5 = "{\n  // why it is so\n  plugins: {\n    entries: { 'beta': { enabled: true, }, }, // beta\n  },\n}\n"
ON, OFF = {"enabled": True}, {"enabled": False}
ALPHA = ("alpha",)

CASES = (
    Case("on", {}, "enable", ALPHA),
    Case("off", {}, "disable", ALPHA),
    Case("on again", _entries(alpha=ON), "enable", ALPHA),
    Case("off again", _entries(alpha=OFF), "disable", ALPHA),
    Case("on after off", _entries(alpha=OFF), "enable", ALPHA),
    Case("off after on", _entries(alpha=ON, beta=ON), "disable", ALPHA),
    Case("settings stay", _entries(alpha={"config": {}, "enabled": False}), "enable", ALPHA),
    Case("other keys stay", {"logging": {"level": "info"}, **_entries(beta=OFF)}, "enable", ALPHA),
    Case("no file", None, "enable", ALPHA),
    Case("no file, off", None, "disable", ALPHA),
    Case("unknown", _entries(beta=ON), "enable", ("nobody",)),
    Case("unknown, off", {}, "disable", ("nobody",)),
    Case("unknown with an entry", _entries(nobody=ON), "disable", ("nobody",)),
    Case("a path", {}, "enable", ("../alpha",)),
    Case("spelt in capitals", {}, "enable", ("ALPHA",)),
    Case("named in capitals", {}, "enable", ("CapitalId",), CAPITALS),
    Case("denied", _plugins(deny=["alpha"]), "enable", ALPHA, SERVED),
    Case("denied in capitals", _plugins(deny=["beta", " ALPHA "]), "enable", ALPHA, SERVED),
    Case("denied, off", _plugins(deny=["alpha"]), "disable", ALPHA),
    Case("others denied", _plugins(deny=["beta"]), "enable", ALPHA),
    Case("others allowed", _plugins(allow=["beta"]), "enable", ALPHA, SERVED),
    Case("others allowed, off", _plugins(allow=["beta"]), "disable", ALPHA),
    Case("allowed", _plugins(allow=["alpha", "beta"]), "enable", ALPHA),
    Case("allowed in capitals", _plugins(allow=["ALPHA"]), "enable", ALPHA),
    Case("allowed, off", _plugins(allow=["alpha"]), "disable", ALPHA),
    Case("nobody allowed", _plugins(allow=[]), "enable", ALPHA),
    Case("allowed by a variable", _plugins(allow=["${NOBODY_SET_THIS}", "alpha"]), "enable", ALPHA),
    Case("all off", _plugins(enabled=False), "enable", ALPHA),
    Case("all off, off", _plugins(enabled=False), "disable", ALPHA),
    Case("memory", {}, "enable", ("mem",)),
    Case("memory of another", _on(memory="mem"), "enable", ("other-mem",)),
    Case("memory, off", {"plugins": {"slots": {"memory": "mem"}, "entries": {"mem": ON}}}, "disable", ("mem",)),
    Case("no memory", _on(memory="none"), "enable", ("mem",)),
    Case("memory again", {"plugins": {"slots": {"memory": "mem"}, "entries": {"mem": ON}}}, "enable", ("mem",)),
    Case("the first memory", _on(memory="mem"), "enable", ("memory-core",)),
    Case("the first memory, off", {}, "disable", ("memory-core",)),
    Case("context engine", {}, "enable", ("ctx",)),
    Case("context engine, off", _on(contextEngine="ctx"), "disable", ("ctx",)),
    Case("of a workspace", {}, "enable", ("work",)),
    Case("of a workspace, off", _entries(work=ON), "disable", ("work",)),
    Case("own", {}, "enable", ("a2a",)),
    Case("own, off", {}, "disable", ("openai",)),
    Case("own channel", {}, "enable", ("telegram",)),
    Case("own channel off", {"channels": {"telegram": OFF}}, "enable", ("telegram",), STAYS_OFF),
    Case("own channel on", {"channels": {"telegram": ON}}, "disable", ("telegram",)),
    Case("by a path", _plugins(load={"paths": ["<home>/named"]}), "disable", ("named",)),
    Case("two", {}, "enable", ("alpha", "beta")),
    Case("two, off", _entries(alpha=ON), "disable", ("beta", "alpha")),
    Case("two and nobody", {}, "enable", ("alpha", "nobody", "beta"), WHOLE),
    Case("nobody and two", {}, "enable", ("nobody", "alpha")),
    Case("entry in capitals", _entries(Alpha={"enabled": False, "config": {}}), "enable", ALPHA),
    Case("two entries", _entries(alpha=ON, ALPHA=OFF), "enable", ALPHA),
    Case("remarks", JSON5, "enable", ALPHA),
    Case("remarks, off", JSON5, "disable", ("beta",)),
    Case("twice", '{"plugins":{"entries":{"alpha":{"enabled":true}}},"plugins":{"entries":{}}}', "disable", ALPHA),
    Case("mark at its front", '\ufeff{"plugins":{}}', "enable", ALPHA),
    Case("lines of another system", JSON5.replace("\n", "\r\n"), "enable", ALPHA),
    Case("others in another file", {"logging": {"$include": "./logging.json5"}}, "enable", ALPHA),
    Case("plugins in another file", {"plugins": {"$include": "./plugins.json5"}}, "enable", ALPHA, ELSEWHERE),
    Case("all in another file", {"$include": "./plugins.json5"}, "enable", ALPHA),
    Case("a link", {"plugins": {}}, "enable", ALPHA, LINK),
    Case("unknown key", _plugins(allowed=[]), "enable", ALPHA),
    Case("unknown key, off", _plugins(allowed=[]), "disable", ALPHA),
    Case("null", {"plugins": None}, "enable", ALPHA),
    Case("broken", "{plugins: {", "enable", ALPHA),
    Case("too new for this host", {}, "enable", ("later",)),
    Case("settings that are missing", _entries(needy=OFF), "enable", ("needy",), needs_key=True),
    Case("settings that are there", _entries(needy={"config": {"key": "x"}}), "enable", ("needy",), needs_key=True),
)


def make_home(folder: Path, case: Case) -> Home:
    """Make a home for one case."""
    folder.mkdir()
    home = Home(folder)
    for name in ("alpha", "beta"):
        plugin(home.loose / name)
    plugin(home.loose / "mem", kind="memory")
    plugin(home.loose / "other-mem", kind="memory")
    plugin(home.loose / "capital", "CapitalId")
    plugin(home.workspace / "work")
    plugin(home.loose / "ctx", kind="context-engine")
    plugin(home.named / "named")
    floored(home.loose / "later", floor=">=2031.1.1")
    if case.needs_key:
        schema = {**SCHEMA, "required": ["key"], "properties": {"key": {"type": "string"}}}
        plugin(home.loose / "needy", configSchema=schema)
    write(home.state / "logging.json5", "{level: 'info',}")
    write(home.state / "plugins.json5", "{entries: {beta: {enabled: true}}}")
    if case.config is not None:
        text = case.config if isinstance(case.config, str) else json.dumps(case.config)
        path = home.folder / "target.json" if case.meant == LINK else home.config
        write(path, text.replace("<home>", str(folder))).chmod(0o600)
        if case.meant == LINK:
            home.config.symlink_to(path)
    return home


def real_left(program: Program, home: Home, case: Case) -> Left:
    """Let the real program do it."""
    before = _bytes(home)
    code, _, _ = oracle.run(program, home, "plugins", case.verb, *case.ids)
    after = _bytes(home)
    return Left(code, None if after is None or after == before else _short(read_relaxed(after), home))


def our_left(home: Home, package: Path, case: Case, *, by: OwnProgram | None = None, **more: str) -> Left:
    """Do it ourselves; whatever needs a person's word is agreed to."""
    before = _bytes(home)
    environment = {**home.environment(), **more}
    places = find_places(environment, package=str(package))
    changer = Changer(places=places, environment=environment, program=by)
    installation = LocalInstallation(places, environment, uid=os.getuid(), changer=changer, has_program=by is not None)
    request = SwitchRequest(ids=case.ids, on=case.verb == "enable", agreed=True)
    try:
        done = switch_plugins(MemoryStore(), installation, request, clock=_Clock(), ask=None).outcome
        code = 0 if done in (Outcome.CHANGED, Outcome.UNCHANGED) else 1
    except GovernanceError:
        code = 1
    after = _bytes(home)
    return Left(code, None if after is None or after == before else _short(read_relaxed(after), home))


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def plain(document: Any, *, is_new: bool) -> Any:
    """Return a document without what the real program adds and folds whenever it writes."""
    if not isinstance(document, dict):
        return document
    document = {key: value for key, value in document.items() if key not in OWN_KEYS}
    plugins = document.get("plugins")
    if not isinstance(plugins, dict):
        return document
    plugins = dict(plugins)
    for name in ("allow", "deny"):
        if isinstance(plugins.get(name), list):
            plugins[name] = list(dict.fromkeys(filter(None, map(config_id, plugins[name]))))
    entries: dict[str, Any] = {}
    for key, entry in plugins.get("entries", {}).items() if isinstance(plugins.get("entries"), dict) else ():
        if not (is_new and key in FIRST_ENTRIES):
            entries[config_id(key)] = {**entries.get(config_id(key), {}), **entry}
    if entries:
        plugins["entries"] = entries
    if plugins.get("slots") == {}:
        del plugins["slots"]
    return {**document, "plugins": plugins}


def differs(case: Case, ours: Left, real: Left, before: Any) -> list[str]:
    """Return in which points two differ."""
    found = []
    if (ours.code == 0) != (real.code == 0):
        found.append(f"we end with {ours.code}, OpenClaw with {real.code}")
    is_new = case.config is None
    mine, other = (plain(before if each.document is None else each.document, is_new=is_new) for each in (ours, real))
    if mine != other:
        found.append(f"we leave {mine}, OpenClaw leaves {other}")
    return found


def document_of(case: Case, home: Home) -> Any:
    """Return what the configuration of a case says before anything is done; None when nobody can read it."""
    data = _bytes(home)
    try:
        return None if data is None else _short(read_relaxed(data), home)
    except ValueError:
        return None


def _bytes(home: Home) -> bytes | None:
    return home.config.read_bytes() if home.config.exists() else None


def _short(document: Any, home: Home) -> Any:
    return json.loads(json.dumps(document).replace(str(home.folder), "<home>"))
