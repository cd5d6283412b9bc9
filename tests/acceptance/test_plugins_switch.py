"""`plugins enable` and `plugins disable` as processes: what is changed, asked, refused, recorded, and how they end."""

import hashlib
import json
import os
import pty
import select
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_plugins_verb import Scene
from tests.acceptance.verbs import Ended, Verbs
from tests.openclaw.plugins.making import floored, plugin, write

REMARKED = """// mine, keep it
{
  gateway: {port: 18789,}, // the usual one
  plugins: {
    deny: ['Weather', "other"],  // 2025: too chatty
    entries: {weather: {config: {city: 'Bonn'}}},
  },
}
"""


class Switching(Scene):
    """A home with plugins of every kind, and the verb over it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        plugin(self.home.loose / "weather", config={"type": "object"})
        plugin(self.home.loose / "mem", kind="memory")
        plugin(self.home.loose / "hoard", kind="memory")
        plugin(self.home.loose / "foreign", platformContract="other")
        floored(self.home.loose / "later", floor=">=2027.1.1")
        self.configure(REMARKED)

    def configure(self, content: Any) -> None:
        """Write the configuration."""
        write(self.home.config, content).chmod(0o600)

    def call(self, *words: str, packaged: bool = True) -> Ended:
        """Run the verb without OpenClaw's own program, wherever this machine has it."""
        own = ("--no-cli",) if words[0] in ("enable", "disable") else ()
        return super().call(*words, *own, packaged=packaged)

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines about plugins."""
        return [line for line in self.verbs.journal() if line["type"].startswith("plugin.")]

    def on(self) -> dict[str, bool]:
        """Return what is on, of the plugins that are not OpenClaw's own, and who fills the memory slot."""
        plugins = self.document("list")["plugins"]
        return {each["id"]: each["enabled"] for each in plugins if each["origin"] != "bundled"}

    def unchanged(self) -> bool:
        """Tell whether the configuration is as it was made, and no copy of it was kept."""
        beside = [each for each in os.listdir(self.home.state) if each.startswith("openclaw.json.")]
        return self.home.config.read_text() == REMARKED and beside == []


@pytest.fixture
def scene(tmp_path: Path) -> Switching:
    return Switching(tmp_path)


def test_a_plugin_goes_on_and_off_and_each_line_says_how(scene: Switching) -> None:
    before = scene.home.config.read_bytes()
    document = scene.document("enable", "WEATHER", "--yes")
    after = scene.home.config.read_text()
    assert after == REMARKED.replace("'Weather', ", "").replace(
        "{config: {city: 'Bonn'}}", "{config: {city: 'Bonn'}, enabled: true}"
    ), "no other byte is touched"
    assert scene.home.config.stat().st_mode & 0o777 == 0o600
    assert Path(document["switch"]["backup"]).read_bytes() == before
    assert scene.on()["weather"] is True
    (line,) = scene.lines()
    assert (line["type"], line["pluginId"], line["action"]) == ("plugin.enable", "weather", "plugin.enable")
    meta = line["meta"]
    assert (meta["before"], meta["after"], meta["seen"], meta["way"], meta["forced"]) == (
        False,
        True,
        True,
        "file",
        False,
    )
    assert meta["config"] == str(scene.home.config)
    assert meta["before_sha256"] == hashlib.sha256(before).hexdigest()
    assert meta["after_sha256"] == hashlib.sha256(after.encode()).hexdigest()
    assert meta["changes"] == ["plugins.deny loses Weather", "plugins.entries.weather.enabled becomes true"]
    assert scene.call("disable", "weather").code == 0
    assert scene.home.config.read_text() == after.replace("enabled: true", "enabled: false")
    assert [each["type"] for each in scene.lines()] == ["plugin.enable", "plugin.disable"]
    story = scene.verbs.ok("explain", "weather").out
    assert "turned it on: its entry says enabled: true; plugins.deny loses Weather" in story
    assert "turned it off: its entry says enabled: false" in story


def test_what_is_so_already_is_said_and_leaves_no_line(scene: Switching) -> None:
    scene.call("disable", "weather")
    files, lines = sorted(os.listdir(scene.home.state)), scene.lines()
    ended = scene.call("disable", "weather")
    assert (ended.code, ended.out) == (0, "Off already: weather; nothing was changed.\n")
    assert (sorted(os.listdir(scene.home.state)), scene.lines()) == (files, lines)


def test_what_else_changes_needs_a_yes(scene: Switching) -> None:
    ended = scene.call("enable", "mem")
    assert ended.code == 1
    assert "the memory slot (plugins.slots.memory) goes from memory-core to mem" in ended.out
    assert "memory-core goes off: OpenClaw's own manifest leaves it off" in ended.out
    assert "--yes agrees" in ended.out
    assert scene.unchanged()
    assert scene.lines() == []
    document = scene.document("enable", "mem", "--yes")
    moved = {each["id"]: (each["named"], each["after"], each["proven"]) for each in document["switch"]["plugins"]}
    assert moved == {"mem": (True, True, True), "memory-core": (False, False, True)}
    lines = {line["pluginId"]: (line["type"], line["meta"]["named"]) for line in scene.lines()}
    assert lines == {"mem": ("plugin.enable", True), "memory-core": ("plugin.disable", False)}
    assert "with mem: OpenClaw's own manifest leaves it off" in scene.verbs.ok("explain", "memory-core").out
    ended = scene.call("enable", "hoard")
    assert "goes from mem to hoard" in ended.out


def test_an_exclusive_list_gains_what_is_turned_on(scene: Switching) -> None:
    scene.configure({"plugins": {"allow": ["mem"]}})
    assert "plugins.allow gains weather" in scene.call("enable", "weather").out
    assert scene.call("enable", "weather", "--yes").code == 0
    plugins = json.loads(scene.home.config.read_text())["plugins"]
    assert plugins == {"allow": ["mem", "weather"], "entries": {"weather": {"enabled": True}}}


def test_a_batch_is_all_or_nothing_and_every_reason_is_named(scene: Switching) -> None:
    plugin(scene.home.loose / "twin")
    plugin(scene.home.loose / "other", "TWIN")
    document = scene.document("enable", "weather", "nobody", "later", "foreign", "twin", "--yes", code=1)
    answers = {each["id"]: each["answer"] for each in document["answers"]}
    assert answers == {"nobody": "not_found", "later": "unfit", "foreign": "unfit", "twin": "refused"}
    assert document["switch"]["outcome"] == "refused"
    assert scene.unchanged()
    failed = [(line["type"], line["pluginId"], line["meta"]["forced"]) for line in scene.lines()]
    assert failed == [("plugin.compatibility_failed", each, False) for each in ("later", "foreign")]
    ended = scene.call("enable", "mem", "hoard", "--yes")
    assert ended.code == 1
    assert "only one plugin fills the memory slot: name one of mem, hoard" in ended.out
    assert scene.unchanged()


def test_force_passes_our_rules_and_is_recorded_and_never_openclaws_own(scene: Switching) -> None:
    assert scene.call("enable", "foreign", "later", "--force").code == 1
    ended = scene.call("enable", "foreign", "--force")
    assert ended.code == 0
    assert "platformContract other" in ended.out
    forced = [(line["type"], line["meta"]["forced"]) for line in scene.lines() if line["pluginId"] == "foreign"]
    assert forced == [("plugin.compatibility_failed", True), ("plugin.enable", True)]
    assert scene.call("disable", "foreign").code == 0, "what does not fit can always be turned off"


def test_a_dry_run_says_all_and_changes_nothing(scene: Switching) -> None:
    document = scene.document("enable", "mem", "weather", "--dry-run")
    assert document["switch"]["outcome"] == "planned"
    assert [each["id"] for each in document["switch"]["plugins"]] == ["memory-core", "mem", "weather"]
    assert len(document["switch"]["asks"]) == 2
    assert scene.call("enable", "nobody", "--dry-run").code == 1
    assert scene.unchanged()
    assert not scene.verbs.state.exists()


@pytest.mark.parametrize(
    ("configuration", "words", "code", "said"),
    [
        ({"plugins": {"enabled": False}}, ("enable", "weather"), 1, "plugins.enabled is false; turning that on"),
        ({"plugins": {"allowed": []}}, ("enable", "weather"), 3, "plugins has the key allowed"),
        ({"plugins": {"entries": {"$include": "x.json"}}}, ("disable", "weather"), 3, "which is not followed here"),
        ("{plugins: ", ("disable", "weather"), 3, "openclaw.json"),
        ({"channels": {"telegram": {"enabled": False}}}, ("enable", "telegram"), 1, "channels.telegram.enabled"),
    ],
)
def test_what_stands_in_the_way(
    scene: Switching, configuration: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    scene.configure(configuration)
    before = scene.home.config.read_bytes()
    ended = scene.call(*words, "--yes")
    assert ended.code == code, ended
    assert said in ended.out + ended.err
    assert scene.home.config.read_bytes() == before
    assert scene.lines() == []


def test_settings_that_a_plugin_requires(scene: Switching) -> None:
    schema = {"type": "object", "required": ["key", "port"], "properties": {"key": {}, "port": {"default": 1}}}
    plugin(scene.home.loose / "needy", configSchema=schema)
    ended = scene.call("enable", "needy")
    assert ended.code == 1
    assert "plugins.entries.needy.config.key is not set" in ended.out
    assert "port" not in ended.out
    assert scene.unchanged()
    scene.configure({"plugins": {"entries": {"Needy": {"config": {"key": "k"}}}}})
    assert scene.call("enable", "needy").code == 0


def test_without_the_package_nothing_is_changed(scene: Switching) -> None:
    ended = scene.call("disable", "weather", packaged=False)
    assert ended.code == 3
    assert "OpenClaw's own package was not found" in ended.err
    assert scene.unchanged()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("enable",), "enable takes the id of at least one plugin"),
        (("disable", " "), "an id is empty"),
        (("disable", "weather", "--force"), "--force belongs to enable"),
        (("enable", "weather", "--host-version", "2027.1.1"), "--host-version belongs to list"),
        (("list", "--yes"), "--yes belongs to enable and disable"),
        (("check", "--dry-run"), "--dry-run belongs to enable and disable"),
        (("enable", "weather", "--own"), "--own belongs to list"),
    ],
)
def test_what_is_no_question(scene: Switching, words: tuple[str, ...], said: str) -> None:
    ended = scene.verbs.call("plugins", *words)
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_at_a_terminal_a_person_is_asked(scene: Switching, typed: str, code: int) -> None:
    words = ("enable", "mem", "--no-cli", "--openclaw-home", scene.home.folder, "--openclaw-package", scene.package)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        scene.verbs.command("plugins", *words),
        env=scene.verbs.variables(),
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
    )
    os.close(follower)
    with process, open(leader, "r+b", buffering=0) as terminal:
        shown = b""
        while b"[y/N]" not in shown:
            assert select.select([terminal], [], [], 60)[0], shown
            shown += os.read(leader, 4096)
        assert b"goes from memory-core to mem" in shown
        assert b"memory-core goes off" in shown
        os.write(leader, typed.encode())
        assert process.wait(60) == code
    assert scene.unchanged() is (code == 1)
    assert bool(scene.lines()) is (code == 0)


def test_nothing_is_asked_without_a_terminal(scene: Switching) -> None:
    ended = scene.verbs.call(
        "plugins",
        "enable",
        "mem",
        "--no-cli",
        "--openclaw-home",
        scene.home.folder,
        "--openclaw-package",
        scene.package,
        given="y\n",
    )
    assert ended.code == 1
    assert scene.unchanged()


def test_four_at_once_all_survive_and_every_line_is_right(scene: Switching) -> None:
    names = ["one", "two", "three", "four"]
    for name in names:
        plugin(scene.home.loose / name)
    places = ("--openclaw-home", scene.home.folder, "--openclaw-package", scene.package)
    running = [scene.verbs.start("plugins", "disable", name, "--no-cli", *places) for name in names]
    assert [process.wait(60) for process in running] == [0] * 4, [each.communicate() for each in running]
    for process in running:
        process.communicate()
    for name in names:
        assert f"{name}: {{" in scene.home.config.read_text()
    steps = {(each["meta"]["before_sha256"], each["meta"]["after_sha256"]): each["pluginId"] for each in scene.lines()}
    assert sorted(steps.values()) == sorted(names)
    here = hashlib.sha256(REMARKED.encode()).hexdigest()
    for _ in names:  # each began with what another one left
        (here,) = [after for before, after in steps if before == here]
    assert here == hashlib.sha256(scene.home.config.read_bytes()).hexdigest()


def test_no_variable_makes_a_plugin_fit(scene: Switching) -> None:
    words = ("later", "--openclaw-home", scene.home.folder, "--openclaw-package", scene.package)
    verbs = Verbs(scene.verbs.state, {"OPENCLAW_COMPATIBILITY_HOST_VERSION": "2027.1.1"})
    assert verbs.call("plugins", "check", *words).code == 0
    ended = verbs.call("plugins", "enable", *words, "--no-cli")
    assert (ended.code, "this host is 2026.9.6" in ended.out) == (1, True)
    assert scene.unchanged()
