"""`plugins list` and `plugins check` as processes: what they say, in which form, and how they end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Ended, Verbs
from tests.openclaw.plugins.captured import FILE, make_package
from tests.openclaw.plugins.making import Home, floored, package, plugin, write


class Scene:
    """A home of OpenClaw with a package beside it, and the verb over them."""

    def __init__(self, folder: Path) -> None:
        captured = json.loads(FILE.read_text())
        self.package = make_package(folder / "package", captured["openclaw"], captured["own"])
        self.home = Home(folder / "bot")
        self.verbs = Verbs(folder / "state")

    def call(self, *words: str, packaged: bool = True) -> Ended:
        """Run the verb."""
        own = ("--openclaw-package", str(self.package)) if packaged else ()
        return self.verbs.call("plugins", *words, "--openclaw-home", str(self.home.folder), *own)

    def document(self, *words: str, code: int = 0, packaged: bool = True) -> Any:
        """Run the verb and return its reply, held to its schema."""
        ended = self.call(*words, "--format", "json", packaged=packaged)
        assert ended.code == code, ended
        return ended.document()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_list_says_what_is_on_and_why(scene: Scene) -> None:
    plugin(scene.home.loose / "weather", pack=package("weather"))
    floored(scene.home.loose / "later", floor=">=2027.1.1")
    plugin(scene.home.workspace / "helper")
    write(scene.home.config, "// mine\n{plugins: {deny: ['telegram'],}}")
    ended = scene.call("list")
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["weather", "1.2.3", "global", "yes", "plugins"] in [line[:5] for line in lines]
    assert ["helper", "workspace", "no"] in [line[:3] for line in lines]
    assert "And 63 plugins of OpenClaw's own package, 40 of them on (--own shows them)." in ended.out
    assert "install.minHostVersion >=2027.1.1: this host is 2026.9.6" in ended.out
    assert "telegram" not in ended.out
    assert "it stands in plugins.deny" in scene.call("list", "--own").out
    document = scene.document("list")
    assert len(document["plugins"]) == 65
    (told,) = document["told"]
    assert (told["id"], told["reason"], told["rules"][0]["met"]) == ("later", "host_too_old", False)


def test_a_check_names_every_rule_that_fails(scene: Scene) -> None:
    plugin(scene.home.loose / "weather")
    floored(scene.home.loose / "later", floor=">=2027.1.1", api=">=2026.1")
    plugin(scene.home.loose / "foreign", platformContract="other", platformMinVersion="9999.1.1")
    plugin(scene.home.loose / "open").chmod(0o777)
    document = scene.document("check", "weather", "later", "foreign", "open", "nobody", "TELEGRAM", code=1)
    answers = {each["id"]: (each["answer"], len(each["reasons"])) for each in document["answers"]}
    assert answers == {
        "weather": ("fit", 0),
        "later": ("unfit", 1),
        "foreign": ("unfit", 2),
        "open": ("refused", 1),
        "nobody": ("not_found", 1),
        "telegram": ("fit", 0),
    }
    ended = scene.call("check")
    assert ended.code == 1
    assert ended.out.endswith("64 of 67 fit.\n")
    assert scene.call("check", "weather").code == 0
    assert scene.call("check", "weather", "weather").out.endswith("1 of 1 fit.\n")
    assert scene.call("check", "later", "--host-version", "2027.1.1").code == 0
    assert scene.call("check", "later", "--host-version", "2027.1.1-beta.1").code == 1


def test_a_plugin_in_whose_place_another_is_says_nothing_against_it(scene: Scene) -> None:
    plugin(scene.home.loose / "telegram")
    plugin(scene.home.loose / "wishing", requiresPlugins=["nobody"])
    assert {each["reason"] for each in scene.document("list")["told"]} == {"overridden", "wants_another"}
    assert scene.call("check").code == 0


def test_a_configuration_that_openclaw_does_not_take_leaves_it_open_what_is_on(scene: Scene) -> None:
    plugin(scene.home.loose / "weather")
    write(scene.home.config, {"plugins": {"allowed": []}})
    ended = scene.call("list")
    assert ended.code == 3
    assert "plugins has the key allowed, which OpenClaw does not know" in ended.out
    document = scene.document("list", code=3)
    assert {each["enabled"] for each in document["plugins"]} == {None}
    assert scene.call("check", "weather").code == 3
    assert scene.call("check", "nobody").code == 1


def test_without_the_package_it_says_what_it_cannot_know(scene: Scene) -> None:
    plugin(scene.home.loose / "weather")
    document = scene.document("list", code=3, packaged=False)
    assert document["package"] is None
    assert document["notes"] == ["OpenClaw's own package was not found, so its own plugins are missing here"]
    assert [each["id"] for each in document["plugins"]] == ["weather"]


def write_records(home: Home, records: dict[str, Any], *, discovery: str = "allowlist") -> Path:
    """Write install records as OpenClaw does; return the database."""
    database = home.state / "state" / "openclaw.sqlite"
    database.parent.mkdir()
    rows = [
        ("plugins.installedIndex", json.dumps({"index": {"installRecords": records}}), 1),
        ("plugins.bundledDiscovery", json.dumps(discovery), 1),
    ]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE config_machine_state "
            "(state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT"
        )
        connection.executemany("INSERT INTO config_machine_state VALUES (?, ?, ?)", rows)
    return database


def test_a_copy_of_a_package_must_be_built_and_somebodys_own_folder_need_not(scene: Scene) -> None:
    source = package("x", extensions=["./index.ts"])
    copied, linked, loose = (
        plugin(folder, pack=source, entry="index.ts")
        for folder in (scene.home.loose / "copied", scene.home.outside / "linked", scene.home.loose / "loose")
    )
    write_records(
        scene.home,
        {
            "copied": {"source": "path", "sourcePath": "/gone/copied", "installPath": str(copied)},
            "linked": {"source": "path", "sourcePath": str(linked), "installPath": str(linked)},
        },
    )
    document = scene.document("list")
    taken = {each["id"]: each["source"] for each in document["plugins"] if each["origin"] == "global"}
    assert taken == {"linked": f"{linked}/index.ts", "loose": f"{loose}/index.ts"}
    assert [(each["id"], each["reason"]) for each in document["told"]] == [("copied", "not_built")]


def test_packages_of_npm_that_nobody_wrote_down(scene: Scene) -> None:
    npm = scene.home.state / "npm"
    wanted = {"fetched": "1.2.3", "../../../outside/climbing": "1.2.3", "no-plugin": "1.0.0", "gone": "1.0.0"}
    write(npm / "projects" / "one" / "package.json", {"dependencies": wanted})
    fetched = plugin(npm / "projects" / "one" / "node_modules" / "fetched", "fetched-id", pack=package("fetched"))
    write(npm / "projects" / "one" / "node_modules" / "no-plugin" / "package.json", {"name": "no-plugin"})
    plugin(scene.home.state / "npm" / "outside" / "climbing", pack=package("climbing"))
    plugin(npm / "projects" / "two" / "node_modules" / "removed", pack=package("removed"))
    write(npm / "projects" / "two" / "package.json", {"dependencies": {"removed": "1.0.0"}})
    write(npm / "projects" / "two" / ".openclaw-retained-npm-installs" / "removed.json", {})
    taken = {each["id"]: each["source"] for each in scene.document("list")["plugins"] if each["origin"] == "global"}
    assert taken == {"fetched-id": f"{fetched}/index.js"}


def test_an_old_setting_lets_openclaws_own_providers_by(scene: Scene) -> None:
    write(scene.home.config, {"plugins": {"allow": ["nobody"]}})
    own = scene.package / "dist" / "extensions"
    plugin(own / "talker", enabledByDefault=True, contracts={"speechProviders": ["talker"]})
    plugin(own / "worker", enabledByDefault=True)
    assert [each["id"] for each in scene.document("list")["plugins"] if each["enabled"]] == ["memory-core"]
    write_records(scene.home, {}, discovery="compat")
    on = {each["id"] for each in scene.document("list")["plugins"] if each["enabled"]}
    assert on == {"memory-core", "talker"}


def test_installs_that_are_written_down(scene: Scene) -> None:
    installed = plugin(scene.home.folder / "elsewhere" / "vault", pack=package("vault"))
    records = {"vault": {"source": "npm", "installPath": str(installed)}, "gone": {"installPath": "/nowhere"}}
    database = write_records(scene.home, records)
    document = scene.document("list")
    (vault,) = [each for each in document["plugins"] if each["id"] == "vault"]
    assert (vault["origin"], vault["source"]) == ("global", f"{installed}/index.js")
    assert document["told"] == []
    before = database.read_bytes()
    write(scene.home.config, {"plugins": {"allow": ["vault"]}})
    on = [each["id"] for each in scene.document("list")["plugins"] if each["enabled"]]
    assert sorted(on) == ["memory-core", "vault"]
    assert database.read_bytes() == before
    database.write_bytes(b"no database")
    ended = scene.call("list")
    assert ended.code == 3
    assert "What is installed is not known" in ended.out


def test_what_a_stranger_wrote_moves_no_cursor(scene: Scene) -> None:
    plugin(scene.home.loose / "odd", "odd\u001b[2J", name="na\nme")
    ended = scene.call("list")
    assert "\u001b" not in ended.out
    assert "odd [2J" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "weather"), "list takes no ids"),
        (("check", "--own"), "--own belongs to list"),
        (("check", "--host-version", " "), "--host-version is empty"),
        (("check", "--host-version", "2026.9"), "2026.9 is no version of OpenClaw"),
        (("find",), "is not one of 'list', 'check'"),
        (("list", "--openclaw-home", "/nowhere"), "does not exist"),
    ],
)
def test_what_is_no_question(scene: Scene, words: tuple[str, ...], said: str) -> None:
    ended = scene.verbs.call("plugins", *words)
    assert ended.code == 2
    assert said in ended.err


def test_nothing_is_written_anywhere(scene: Scene) -> None:
    plugin(scene.home.loose / "weather")
    before = sorted(scene.home.folder.rglob("*"))
    scene.call("list")
    assert sorted(scene.home.folder.rglob("*")) == before
    assert not scene.verbs.state.exists()
