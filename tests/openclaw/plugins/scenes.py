"""A small home under many configurations: what is on, what is off, and which configurations OpenClaw does not take."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from .making import Home, plugin, write


class Scene(NamedTuple):
    """One configuration: as text, as a document, or None for no file.  `<home>` and `<package>` stand for folders."""

    name: str
    config: Any
    variables: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    path: str = ".openclaw/openclaw.json"


def entries(**switches: bool) -> dict[str, Any]:
    """Return a configuration whose entries turn plugins on and off; `_` stands for a hyphen."""
    return {"plugins": {"entries": {name.replace("_", "-"): {"enabled": on} for name, on in switches.items()}}}


def agents(**keys: Any) -> dict[str, Any]:
    """Return a configuration with agents."""
    return {"agents": keys}


SCENES = (
    Scene("no file", None),
    Scene("nothing", {}),
    Scene("allow one", {"plugins": {"allow": ["alpha"]}}),
    Scene("allow by case", {"plugins": {"allow": [" ALPHA ", "Work", "capitalid", ""]}}),
    Scene("allow none", {"plugins": {"allow": []}}),
    Scene("allow own", {"plugins": {"allow": ["telegram", "vault"]}}),
    Scene("deny", {"plugins": {"deny": ["alpha", "Telegram", "memory-core", "openai"]}}),
    Scene("deny and allow", {"plugins": {"deny": ["alpha"], "allow": ["alpha", "named"]}}),
    Scene("entries", entries(alpha=False, work=True, a2a=True, openai=False, telegram=True)),
    Scene(
        "entries and allow",
        {"plugins": {"allow": ["a2a"], "entries": {"alpha": {"enabled": True}, "work": {"enabled": True}}}},
    ),
    Scene("entry by case", {"plugins": {"entries": {"CapitalId": {"enabled": False}, "ALPHA": {"enabled": False}}}}),
    Scene("entry without a word", {"plugins": {"entries": {"work": {}, "a2a": {"config": {}}}}}),
    Scene(
        "two entries for one",
        {
            "plugins": {
                "entries": {
                    "alpha": {"enabled": False},
                    "ALPHA": {},
                    "openai": {"enabled": False},
                    "OpenAI": {"enabled": True},
                }
            }
        },
    ),
    Scene("all off", {"plugins": {"enabled": False, "entries": {"alpha": {"enabled": True}}}}),
    Scene("no memory", {"plugins": {"slots": {"memory": "none"}}}),
    Scene("blank memory", {"plugins": {"slots": {"memory": "  "}}}),
    Scene("other memory", {"plugins": {"slots": {"memory": "mem"}}}),
    Scene("memory by case", {"plugins": {"slots": {"memory": "MEM"}}}),
    Scene("memory and allow", {"plugins": {"allow": ["alpha"], "slots": {"memory": "mem"}}}),
    Scene("memory of a workspace", {"plugins": {"slots": {"memory": "work"}}}),
    Scene("context", {"plugins": {"slots": {"contextEngine": "ctx"}}}),
    Scene("context and deny", {"plugins": {"slots": {"contextEngine": "ctx"}, "deny": ["ctx"]}}),
    Scene("channel on", {"channels": {"telegram": {"enabled": True}, "a2a": {"enabled": True}}}),
    Scene("channel off", {"channels": {"telegram": {"enabled": False}, "pigeon": {"enabled": False}}}),
    Scene("channel and allow", {"channels": {"telegram": {"enabled": True}}, "plugins": {"allow": ["alpha"]}}),
    Scene(
        "channel and entry",
        {
            "channels": {"telegram": {"enabled": True}},
            "plugins": {"allow": ["alpha"], "entries": {"telegram": {"enabled": True}}},
        },
    ),
    Scene("channel set up", {"channels": {"telegram": {"botToken": "1:x"}}}),
    Scene(
        "old ids", {"plugins": {"entries": {"google-gemini-cli": {"enabled": False}}, "deny": ["minimax-portal-auth"]}}
    ),
    Scene(
        "comments",
        "// mine\n{plugins: {allow: ['alpha', 'named',], /* two */ load: {paths: ['<home>/named/named']}}}\n",
    ),
    Scene("marked", "\ufeff" + '{"plugins": {"allow": ["alpha"]}}'),
    Scene("home path", {"plugins": {"load": {"paths": ["~/named/named"]}}}),
    Scene("variable", {"plugins": {"load": {"paths": ["${PLUGIN_HOME}/named"]}}}, {"PLUGIN_HOME": "<home>/named"}),
    Scene("escaped variable", {"plugins": {"load": {"paths": ["<home>/$${PLUGIN_HOME}", "<home>/$HOME"]}}}),
    Scene("folder of plugins", {"plugins": {"load": {"paths": ["<home>/named", " ", "<home>/named/named"]}}}),
    Scene("an own plugin named", {"plugins": {"load": {"paths": ["<package>/dist/extensions/vault"]}}}),
    Scene("all own named", {"plugins": {"load": {"paths": ["<package>/dist/extensions"]}}}),
    Scene("the loose folder named", {"plugins": {"load": {"paths": ["<home>/.openclaw/extensions"]}}}),
    Scene("other workspace", agents(defaults={"workspace": "~/elsewhere"})),
    Scene("one agent", agents(entries={"ops": {"workspace": "<home>/elsewhere"}})),
    Scene("one plain agent", agents(entries={"ops": {}})),
    Scene("two agents", agents(ownership="explicit", entries={"ops": {}, "dev": {}})),
    Scene(
        "two agents and a system",
        agents(ownership="explicit", entries={"ops": {}, "dev": {}}, defaults={"systemAgent": {"agentId": "ops"}}),
    ),
    Scene(
        "two agents, system, workspace",
        agents(
            ownership="explicit",
            entries={"ops": {}, "dev": {}},
            defaults={"workspace": "<home>/many", "systemAgent": {"agentId": "dev"}},
        ),
    ),
    Scene("providers", {"models": {"providers": {"ollama": {"baseUrl": "http://127.0.0.1:9", "models": []}}}}),
    Scene(
        "configuration elsewhere",
        {"plugins": {"deny": ["alpha"]}},
        {"OPENCLAW_CONFIG_PATH": "<home>/mine.json5"},
        "mine.json5",
    ),
    Scene("workspace by variable", {}, {"OPENCLAW_WORKSPACE_DIR": "<home>/elsewhere"}),
    Scene("no state variable", {"plugins": {"deny": ["alpha"]}}, {"OPENCLAW_STATE_DIR": ""}),
    Scene("no own plugins", {}, {"OPENCLAW_DISABLE_BUNDLED_PLUGINS": "1"}),
    # Configurations that OpenClaw does not take.
    Scene("unknown key", {"plugins": {"allowed": []}}),
    Scene("word for a switch", {"plugins": {"entries": {"alpha": {"enabled": "yes"}}}}),
    Scene("null for a switch", {"plugins": {"entries": {"alpha": {"enabled": None}}}}),
    Scene("unknown entry key", {"plugins": {"entries": {"alpha": {"env": {}}}}}),
    Scene("unknown slot", {"plugins": {"slots": {"voice": "alpha"}}}),
    Scene("path as text", {"plugins": {"load": {"paths": "<home>/named"}}}),
    Scene("number in a list", {"plugins": {"deny": [7]}}),
    Scene("entries as a list", {"plugins": {"entries": []}}),
    Scene("entry as a word", {"plugins": {"entries": {"alpha": True}}}),
    Scene("plugins as a list", {"plugins": []}),
    Scene("null plugins", {"plugins": None}),
    Scene("null allow", {"plugins": {"allow": None}}),
    Scene("broken", '{"plugins": {'),
    Scene("a list", "[]"),
    Scene("variable not set", {"plugins": {"load": {"paths": ["${NOBODY_SET_THIS}/x"]}}}),
)


def make_small(folder: Path) -> Home:
    """Make the home that all scenes share."""
    home = Home(folder)
    plugin(home.loose / "alpha")
    plugin(home.loose / "mem", kind="memory")
    plugin(home.loose / "capital", "CapitalId")
    plugin(home.loose / "carrier", channels=["pigeon"])
    plugin(home.workspace / "work")
    plugin(home.workspace / "ctx", kind="context-engine")
    plugin(home.named / "named")
    for workspace in ("elsewhere", "many/dev", ".openclaw/workspace-ops"):
        plugin(folder / workspace / ".openclaw" / "extensions" / f"in-{workspace.replace('/', '-').lstrip('.')}")
    return home


def set_up(scene: Scene, home: Home, package: Path) -> dict[str, str]:
    """Write a scene's configuration; return its variables."""

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("<home>", str(home.folder)).replace("<package>", str(package))
        if isinstance(value, list):
            return [filled(each) for each in value]
        return {key: filled(each) for key, each in value.items()} if isinstance(value, dict) else value

    for path in {each.path for each in SCENES}:
        (home.folder / path).unlink(missing_ok=True)
    if scene.config is not None:
        write(home.folder / scene.path, filled(scene.config)).chmod(0o600)
    variables: dict[str, str] = filled(scene.variables)
    return variables
