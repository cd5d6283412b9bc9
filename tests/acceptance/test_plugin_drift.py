"""Plugins that another writer turns on or off: told once, with what is known, and never about our own change."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.storage.files.lock import held
from tests.acceptance.test_verbs_cold import PROGRAM
from tests.acceptance.verbs import Verbs, profile
from tests.openclaw.plugins.captured import FILE, make_package
from tests.openclaw.plugins.making import Home, floored, plugin, write

SOURCE = "  - source: openclaw\n"


class Host:
    """A host with OpenClaw, and verbs of ours that watch it."""

    def __init__(self, folder: Path, *, parameters: str = "") -> None:
        captured = json.loads(FILE.read_text())
        package = make_package(folder / "package", captured["openclaw"], captured["own"])
        self.home = Home(folder / "home")
        wanted = f"{SOURCE}    parameters: {{package: {package}{parameters}}}\n"
        self.verbs = Verbs(folder / "state", options=("--profile", str(profile(folder, (SOURCE, wanted)))))

    def configure(self, plugins: Any, *, at: float | None = None) -> None:
        """Write OpenClaw's configuration, as anybody may who can write it."""
        write(self.home.config, {"plugins": plugins})
        if at is not None:
            os.utime(self.home.config, (at, at))

    def lines(self, kind: str = "plugin.discovered") -> list[dict[str, Any]]:
        """Return the journal's lines of one kind."""
        return [line for line in self.verbs.journal() if line["type"] == kind]

    def told(self) -> list[dict[str, Any]]:
        """Return what was said to the operator about plugins."""
        return [each for each in self.verbs.outbox() if each["facts"]["task_id"] == "self:plugins"]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return a host that has been looked at once."""
    host = Host(tmp_path)
    plugin(host.home.loose / "weather")
    host.configure({"entries": {"weather": {"enabled": True}}})
    assert host.verbs.ok("run").out == ""
    return host


def test_at_first_sight_each_plugin_is_one_line_and_never_again(host: Host) -> None:
    lines = host.lines()
    assert len(lines) == 64
    assert len({line["pluginId"] for line in lines}) == 64
    (weather,) = [line for line in lines if line["pluginId"] == "weather"]
    assert weather["reason"] == "seen for the first time"
    assert (weather["meta"]["before"], weather["meta"]["after"], weather["meta"]["from"]) == (None, True, "global")
    before = len(host.verbs.journal())
    assert host.verbs.ok("run").out == ""
    assert host.verbs.ok("scan").out == ""
    assert len(host.verbs.journal()) == before
    assert host.told() == []
    plugin(host.home.workspace / "helper")  # off until the configuration names it, so it is worth a line and no notice
    host.verbs.ok("run")
    assert [line["pluginId"] for line in host.lines()[64:]] == ["helper"]
    assert host.told() == []


def test_what_another_writer_turned_off_is_told_once(host: Host) -> None:
    host.configure({"entries": {"weather": {"enabled": False}}}, at=1_790_000_000)
    said = host.verbs.ok("run").out
    assert "plugin_drift" in said
    for _ in range(2):
        assert host.verbs.ok("run").out == ""
    (notice,) = host.told()
    assert "from on to off: weather (its entry says enabled: false)" in notice["body"]
    assert f"{host.home.config} was written 2026-09-21T" in notice["body"]
    assert f"belongs to {host.home.config.owner()}" in notice["body"]
    (line,) = host.lines()[64:]
    assert (line["pluginId"], line["reason"]) == ("weather", "changed by another writer")
    assert (line["meta"]["before"], line["meta"]["after"]) == (True, False)


def test_it_is_over_when_a_person_acknowledges_it(host: Host) -> None:
    host.configure({"entries": {"weather": {"enabled": False}}})
    host.verbs.ok("run")
    (episode,) = host.verbs.ok("status", "--format", "json").document()["episodes"]
    assert (episode["task_id"], episode["condition"]) == ("self:plugins", "plugin_drift")
    host.verbs.ok("ack", "self:plugins")
    host.verbs.ok("run")
    assert host.verbs.ok("status", "--format", "json").document()["episodes"] == []
    assert len(host.told()) == 1


def test_a_second_change_is_told_too_and_one_put_back_is_over(host: Host) -> None:
    host.configure({"entries": {"weather": {"enabled": False}}})
    host.verbs.ok("run")
    host.configure({"deny": ["telegram"], "entries": {"weather": {"enabled": False}}})
    host.verbs.ok("run")
    assert len(host.told()) == 1, "telegram was off before: its denial changes nothing"
    host.configure({"entries": {"weather": {"enabled": True}}})
    host.verbs.ok("run")
    first, second = host.told()
    assert "from off to on: weather" in second["body"]
    assert "not acknowledged" in second["body"]
    assert "not acknowledged" not in first["body"]


def test_an_exclusive_list_names_what_it_turned_off(host: Host) -> None:
    """openclaw 58009, openclaw 121750: one name in `plugins.allow` turns off all others, and nothing says so."""
    host.configure({"allow": ["weather"], "entries": {"weather": {"enabled": True}}})
    host.verbs.ok("run")
    (notice,) = host.told()
    assert "from on to off: " in notice["body"]
    assert "and 27 more (plugins.allow names others only)" in notice["body"]
    assert len(host.lines()) == 64 + 39  # 40 were on; what fills the memory slot stays on
    assert "weather" not in notice["body"].split("(")[0]


def test_a_plugin_that_is_not_taken_any_more_and_a_new_one_are_told(host: Host) -> None:
    (host.home.loose / "weather").chmod(0o777)
    host.verbs.ok("run")
    (notice,) = host.told()
    assert "from on to not taken: weather (everybody may write it" in notice["body"]
    assert "openclaw.json is as it was" in notice["body"]
    plugin(host.home.loose / "stranger")
    host.verbs.ok("run")
    assert "new, and on: stranger" in host.told()[1]["body"]


def test_a_configuration_that_cannot_be_read_any_more_is_told_once(host: Host) -> None:
    write(host.home.config, '{"plugins": {"entries": ')
    host.verbs.call("run")
    for _ in range(2):
        host.verbs.call("run")
    (notice,) = host.told()
    assert "cannot be watched" in notice["body"]
    assert str(host.home.config) in notice["body"]
    host.configure({"entries": {"weather": {"enabled": True}}})
    host.verbs.ok("run")
    firing, resolved = host.told()
    assert (firing["phase"], resolved["phase"]) == ("firing", "resolved")


def test_a_profile_can_turn_it_off(tmp_path: Path) -> None:
    host = Host(tmp_path, parameters=", plugins: false")
    host.configure({})
    host.verbs.ok("run")
    assert (host.lines(), (host.verbs.state / "plugins-seen.json").exists()) == ([], False)


def test_without_openclaw_nothing_is_said_or_kept(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    assert verbs.ok("run").out == ""
    assert [line["type"] for line in verbs.journal() if line["type"].startswith("plugin")] == []
    assert not (verbs.state / "plugins-seen.json").exists()


def test_a_dry_run_says_it_and_records_nothing(host: Host) -> None:
    host.configure({"entries": {"weather": {"enabled": False}}})
    before = len(host.verbs.journal())
    kept = (host.verbs.state / "plugins-seen.json").read_bytes()
    assert "plugin_drift" in host.verbs.ok("scan", "--dry-run").out
    assert len(host.verbs.journal()) == before
    assert (host.verbs.state / "plugins-seen.json").read_bytes() == kept
    assert "plugin_drift" in host.verbs.ok("scan").out


def test_a_tick_in_which_nothing_was_touched_imports_nothing_for_it(host: Host, tmp_path: Path) -> None:
    host.verbs.ok("run")  # the first one made the folder in which the settings are kept
    words = [sys.executable, "-P", "-c", PROGRAM, str(tmp_path / "found"), "run", "--state", str(host.verbs.state)]
    done = subprocess.run(
        [*words, *host.verbs.options], env=host.verbs.variables(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    found = set(json.loads((tmp_path / "found").read_text())["modules"])
    ours = {each.removeprefix("reporting_governance.") for each in found}
    assert "adapters.openclaw.footprint" in ours, "or nothing was looked at"
    assert (
        ours & {"adapters.openclaw.sight", "adapters.openclaw.config", "stages.plugin_watch", "stages.scan_work"}
        == set()
    )
    assert found & {"json5", "shutil", "sqlite3", "subprocess", "pathlib", "yaml"} == set()


def test_a_change_of_ours_that_is_under_way_is_not_told_as_anothers(host: Host) -> None:
    with held(str(host.verbs.state / "plugins.lock"), wait_seconds=0):  # between its write and its line
        host.configure({"entries": {"weather": {"enabled": False}}})
        assert host.verbs.ok("run").out == ""
    assert "plugin_drift" in host.verbs.ok("run").out, "there was no line: it was killed, or another's"
    assert len(host.told()) == 1


def test_nobody_watches_while_a_change_of_ours_is_under_way(host: Host) -> None:
    with held(str(host.verbs.state / "plugins.lock"), wait_seconds=0):
        places = ("--openclaw-home", host.home.folder, "--openclaw-package", host.home.folder.parent / "package")
        started = host.verbs.start("plugins", "disable", "weather", *places)
        time.sleep(1.5)
        assert started.poll() is None
        assert "true" in host.home.config.read_text()
    started.communicate(timeout=60)
    assert started.returncode == 0
    assert host.verbs.ok("run").out == ""
    assert host.told() == []


def test_a_variable_of_whoever_runs_it_makes_no_plugin_come_or_go(host: Host) -> None:
    floored(host.home.loose / "narrow", floor=">=2026.9.1")
    host.verbs.ok("run")
    before = len(host.told())
    other = replace(
        host.verbs, environment={"OPENCLAW_COMPATIBILITY_HOST_VERSION": "2026.1.1", "PATH": "/usr/bin:/bin"}
    )
    assert other.ok("run").out == ""
    assert host.verbs.ok("run").out == ""
    assert len(host.told()) == before
