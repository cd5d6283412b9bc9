"""`plugins enable` and `plugins disable` as an operator calls them, with the real OpenClaw on the PATH."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Verbs
from tests.openclaw.install import Program

from .plugins import oracle
from .plugins.making import Home, plugin, write

pytestmark = pytest.mark.openclaw

MINE = "// mine\n{\n  plugins: {\n    deny: ['Weather'], // 2025\n    entries: {mem: {enabled: false}},\n  },\n}\n"


def on_path(program: Program, folder: Path) -> Path:
    """Put the program on a PATH, without a network."""
    words = f"unshare -rn {program.node} {program.openclaw}"
    path = write(folder / "bin" / "openclaw", f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)
    return path


def test_the_program_is_asked_and_then_agrees(program: Program, tmp_path: Path) -> None:
    home = Home(tmp_path / "bot")
    plugin(home.loose / "weather")
    plugin(home.loose / "mem", kind="memory")
    plugin(home.loose / "capital", "CapitalId")
    write(home.config, MINE).chmod(0o600)
    on_path(program, tmp_path)
    verbs = Verbs(tmp_path / "state", environment={**home.environment(), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"})

    def call(*words: str, code: int = 0) -> Any:
        package = ("--openclaw-package", str(oracle.package_of(program)))
        ended = verbs.call("plugins", *words, *package, "--format", "json")
        assert ended.code == code, ended
        return ended.document()["switch"] if code == 0 else ended

    done = call("enable", "weather", "mem", "--yes")
    assert done["way"] == "cli"
    after = home.config.read_text()
    assert after.startswith("// mine\n")
    assert "// 2025" in after
    assert "meta" not in after
    real = {each["id"]: each["enabled"] for each in oracle.ask(program, home)["plugins"]}
    moved = {each["id"]: each["after"] for each in done["plugins"]}
    assert moved == {"weather": True, "mem": True, "memory-core": False}
    assert {name: real[name] for name in moved} == moved
    refused = call("disable", "CapitalId", code=1)
    assert "Plugin not found" in refused.err
    assert "--no-cli edits the file without it" in refused.err
    assert home.config.read_text() == after
    assert call("disable", "CapitalId", "weather", "--no-cli")["way"] == "file"
    real = {each["id"]: each["enabled"] for each in oracle.ask(program, home)["plugins"]}
    assert (real["CapitalId"], real["weather"], real["mem"]) == (False, False, True)
    ways = [(line["pluginId"], line["meta"]["way"]) for line in verbs.journal() if line["type"].startswith("plugin.")]
    assert sorted(ways) == [
        ("CapitalId", "file"),
        ("mem", "cli"),
        ("memory-core", "cli"),
        ("weather", "cli"),
        ("weather", "file"),
    ]


def test_three_of_ours_and_its_own_at_once(program: Program, tmp_path: Path) -> None:
    """Each of ours asks the program first, so the last of them waits for long."""
    home = Home(tmp_path / "bot")
    for name in ("one", "two", "three", "four"):
        plugin(home.loose / name)
    write(home.config, {"plugins": {}}).chmod(0o600)
    openclaw = on_path(program, tmp_path)
    environment = {**home.environment(), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    verbs = Verbs(tmp_path / "state", environment=environment)
    package = ("--openclaw-package", oracle.package_of(program))
    ours = [verbs.start("plugins", "disable", name, *package) for name in ("one", "two", "three")]
    theirs = subprocess.Popen([openclaw, "plugins", "disable", "four"], env={**environment, "NO_COLOR": "1", "CI": "1"})
    for process in ours:
        _, errors = process.communicate(timeout=500)
        assert (process.returncode, errors) == (0, b"")
    assert theirs.wait(100) == 0
    entries = json.loads(home.config.read_text())["plugins"]["entries"]
    assert entries == {key: {"enabled": False} for key in ("one", "two", "three", "four")}
    lines = [line["pluginId"] for line in verbs.journal() if line["type"] == "plugin.disable"]
    assert sorted(lines) == ["one", "three", "two"]
