"""The plugins that we find, held against what OpenClaw 2026.9.6 said of the same homes."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.openclaw import looking
from reporting_governance.adapters.openclaw.paths import find_places, user_path
from reporting_governance.adapters.openclaw.survey import survey
from reporting_governance.contracts.plugin import RefusalReason
from tests.openclaw.plugins.asking import our_hosts, our_scenes, trapped_home
from tests.openclaw.plugins.captured import FILE, make_package, unpacked
from tests.openclaw.plugins.comparing import differences, our_survey, pairs
from tests.openclaw.plugins.making import Home, plugin, write
from tests.openclaw.plugins.oracle import HOSTS
from tests.openclaw.plugins.scenes import SCENES
from tests.openclaw.plugins.traps import TRAPS

LEAST_TRAPS = 200
LEAST_HOSTS = 13
LEAST_PAIRS = 6_000


@pytest.fixture(scope="module")
def captured() -> Any:
    return json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def package(captured: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(tmp_path_factory.mktemp("package"), captured["openclaw"], captured["own"])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


class TestCaptured:
    def test_every_trap_on_every_host_and_every_configuration(
        self, captured: Any, package: Path, tmp_path: Path
    ) -> None:
        as_root = os.getuid() == 0
        hosts, scenes = (unpacked(captured[each], as_root=as_root) for each in ("hosts", "scenes"))
        assert set(hosts) == set(HOSTS)
        assert set(scenes) == {each.name for each in SCENES}
        assert len(TRAPS) >= LEAST_TRAPS
        assert len(hosts) >= LEAST_HOSTS
        found, compared = [], 0
        ours = [
            *(
                ("host " + name, answer, hosts[name])
                for name, answer in our_hosts(trapped_home(tmp_path / "t"), package)
            ),
            *((name, answer, scenes[name]) for name, answer in our_scenes(tmp_path / "s", package)),
        ]
        for name, answer, real in ours:
            if answer is None or real is None:
                compared += 1
                if answer is not real:
                    found.append(
                        f"{name}: we take the configuration: {answer is not None}, OpenClaw: {real is not None}"
                    )
                continue
            compared += pairs(answer, real)
            found += [f"{name}: {each}" for each in differences(answer, real)]
        assert not found, "\n".join(found[:40])
        assert compared >= LEAST_PAIRS


class TestCare:
    def test_a_pipe_is_never_opened(self, home: Home, package: Path) -> None:
        """Whoever opens it to read lets a waiting writer go, or waits for one for ever."""
        for name in ("openclaw.plugin.json", "package.json", "index.js"):
            folder = plugin(home.loose / f"pipe-{name.partition('.')[0]}")
            (folder / name).unlink(missing_ok=True)
            os.mkfifo(folder / name)
        os.mkfifo(home.config)
        opened = threading.Event()

        def wait_for_a_reader(path: Path) -> None:
            with path.open("wb"):
                opened.set()

        for path in (home.config, home.loose / "pipe-openclaw" / "openclaw.plugin.json"):
            threading.Thread(target=wait_for_a_reader, args=(path,), daemon=True).start()
        found = our_survey(home, package)
        assert not opened.wait(0.2)
        assert found.config_problem.endswith("it is no plain file")
        assert {each.reason for each in found.refusals if "pipe-openclaw" in each.path} == {
            RefusalReason.UNSAFE_MANIFEST
        }

    def test_nothing_is_read_through_a_link(self, home: Home, package: Path) -> None:
        secret = write(home.outside / "secret.json", {"id": "stolen-id", "configSchema": {}, "name": "stolen"})
        folder = plugin(home.loose / "plain")
        (folder / "openclaw.plugin.json").unlink()
        (folder / "openclaw.plugin.json").symlink_to(secret)
        found = our_survey(home, package)
        assert "stolen" not in json.dumps([repr(each) for each in (*found.plugins, *found.refusals)])

    def test_a_folder_of_endless_names_is_none(
        self, home: Home, package: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(looking, "MOST_NAMES", 3)
        for position in range(4):
            plugin(home.loose / f"p{position}")
        found = our_survey(home, package)
        assert (RefusalReason.ROOT_UNREADABLE, str(home.loose)) in [(each.reason, each.path) for each in found.refusals]

    def test_what_is_nested_beyond_reading_is_refused(self, home: Home, package: Path) -> None:
        folder = plugin(home.loose / "deep")
        depth = 100_000
        write(
            folder / "openclaw.plugin.json", '{"id": "deep", "configSchema": {"a": ' + "[" * depth + "]" * depth + "}}"
        )
        write(folder / "package.json", "[" * depth + "]" * depth)
        found = our_survey(home, package)
        assert [each.reason for each in found.refusals if "deep" in each.path] == [RefusalReason.BROKEN_MANIFEST]

    @pytest.mark.parametrize("where", ["top", "plugins", "entries", "channels"])
    def test_a_configuration_in_pieces_is_not_guessed_at(self, home: Home, package: Path, where: str) -> None:
        piece = {"$include": "./other.json5"}
        document = {
            "top": piece,
            "plugins": {"plugins": piece},
            "entries": {"plugins": {"entries": piece}},
            "channels": {"channels": piece},
        }[where]
        write(home.config, document)
        found = our_survey(home, package)
        assert "$include, which is not followed here" in found.config_problem
        assert all(each.enablement is None for each in found.plugins)

    def test_looking_changes_nothing(self, home: Home, package: Path) -> None:
        write(home.config, {"plugins": {"allow": ["plain"]}})
        plugin(home.loose / "plain").chmod(0o777)

        def state() -> Iterator[tuple[str, int, int, bytes]]:
            for path in sorted(home.folder.rglob("*")):
                facts = path.lstat()
                yield str(path), facts.st_mode, facts.st_mtime_ns, path.read_bytes() if path.is_file() else b""

        before = list(state())
        our_survey(home, package)
        assert list(state()) == before


class TestPlaces:
    def test_the_variables_that_openclaw_knows(self, tmp_path: Path) -> None:
        places = find_places({"HOME": str(tmp_path), "PATH": ""})
        assert (places.state, places.config) == (f"{tmp_path}/.openclaw", f"{tmp_path}/.openclaw/openclaw.json")
        assert (places.package, places.bundled, places.host) == (None, None, None)
        places = find_places({"HOME": str(tmp_path), "OPENCLAW_HOME": "~/other", "PATH": ""})
        assert places.state == f"{tmp_path}/other/.openclaw"
        places = find_places(
            {"HOME": str(tmp_path), "OPENCLAW_HOME": "undefined", "OPENCLAW_STATE_DIR": "~/s", "PATH": ""}
        )
        assert (places.state, places.workspace) == (f"{tmp_path}/s", f"{tmp_path}/s/workspace")
        places = find_places({"HOME": str(tmp_path), "OPENCLAW_PROFILE": "dev", "PATH": ""})
        assert places.workspace == f"{tmp_path}/.openclaw-dev/workspace"

    def test_a_named_home_goes_before_every_variable(self, tmp_path: Path) -> None:
        variables = {"HOME": "/nowhere", "OPENCLAW_STATE_DIR": "/elsewhere", "OPENCLAW_CONFIG_PATH": "/x", "PATH": ""}
        places = find_places(variables, home=str(tmp_path))
        assert (places.state, places.config) == (f"{tmp_path}/.openclaw", f"{tmp_path}/.openclaw/openclaw.json")

    def test_folders_of_old_versions_count_while_there_are_no_new_ones(self, tmp_path: Path) -> None:
        (tmp_path / ".clawdbot").mkdir()
        write(tmp_path / ".clawdbot" / "clawdbot.json", {})
        variables = {"HOME": str(tmp_path), "PATH": ""}
        assert find_places(variables).config == f"{tmp_path}/.clawdbot/clawdbot.json"
        (tmp_path / ".openclaw").mkdir()
        assert find_places(variables).config == f"{tmp_path}/.openclaw/openclaw.json"

    def test_the_package_is_found_behind_the_program(self, package: Path, tmp_path: Path) -> None:
        program = write(package / "openclaw.mjs", "")
        program.chmod(0o755)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "openclaw").symlink_to(program)
        variables = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}
        places = find_places(variables)
        assert (places.package, places.host) == (str(package), "2026.9.6")
        assert find_places({**variables, "OPENCLAW_COMPATIBILITY_HOST_VERSION": " 2026.8.1 "}).host == "2026.8.1"
        assert find_places({**variables, "OPENCLAW_COMPATIBILITY_HOST_VERSION": "null"}).host == "2026.9.6"
        assert find_places(variables, host="2026.7.1").host == "2026.7.1"

    def test_a_path_of_the_configuration(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert user_path(" ~/a/../b ", "/home/x") == "/home/x/b"
        assert user_path("~", "/home/x") == "/home/x"
        assert user_path("~other/b", "/home/x") == f"{tmp_path}/~other/b"
        assert user_path("c", "/home/x") == f"{tmp_path}/c"

    def test_without_a_package_the_list_says_what_is_missing(self, home: Home) -> None:
        plugin(home.loose / "plain")
        variables = {**home.environment(), "PATH": ""}
        found = survey(find_places(variables), variables, uid=os.getuid())
        assert [each.plugin.id for each in found.plugins] == ["plain"]
        assert found.host == "unknown"
        assert found.notes == ("OpenClaw's own package was not found, so its own plugins are missing here",)
