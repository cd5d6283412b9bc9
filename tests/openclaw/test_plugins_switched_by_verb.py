"""`plugins enable` and `plugins disable` as an operator calls them, with the real OpenClaw on the PATH."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Verbs
from tests.openclaw.install import Program

from .plugins import oracle
from .plugins.making import Home, plugin, write

pytestmark = pytest.mark.openclaw

MINE = "// mine\n{\n  plugins: {\n    deny: ['Weather'], // 2025\n    entries: {mem: {enabled: false}},\n  },\n}\n"


def test_the_program_is_asked_and_then_agrees(program: Program, tmp_path: Path) -> None:
    home = Home(tmp_path / "bot")
    plugin(home.loose / "weather")
    plugin(home.loose / "mem", kind="memory")
    plugin(home.loose / "capital", "CapitalId")
    write(home.config, MINE).chmod(0o600)
    here = write(tmp_path / "bin" / "openclaw", f'#!/bin/sh\nexec unshare -rn {program.node} {program.openclaw} "$@"\n')
    here.chmod(0o755)
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
