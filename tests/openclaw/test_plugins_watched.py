"""The real OpenClaw is the other writer: what its own program turns on or off is told, its mere rewriting is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, profile
from tests.openclaw.install import Program

from .plugins import oracle
from .plugins.making import Home, plugin, write

pytestmark = pytest.mark.openclaw

SOURCE = "  - source: openclaw\n"


def test_what_its_own_program_changes_is_told_once(program: Program, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    plugin(home.loose / "weather")
    plugin(home.loose / "hoard", kind="memory")
    write(home.config, "// mine\n{plugins: {entries: {hoard: {enabled: false}}}}\n").chmod(0o600)
    package = oracle.package_of(program)
    mine = profile(tmp_path, (SOURCE, f"{SOURCE}    parameters: {{package: {package}}}\n"))
    verbs = Verbs(tmp_path / "state", options=("--profile", str(mine)))

    def theirs(*words: str) -> None:
        command = ["unshare", "-rn", str(program.node), str(program.openclaw), "plugins", *words]
        environment = {**home.environment(), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "CI": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=oracle.SECONDS, check=False)
        assert done.returncode == 0, done.stderr[-500:]

    def told() -> list[str]:
        return [each["body"] for each in verbs.outbox() if each["facts"]["condition"] == "plugin_drift"]

    verbs.ok("run")
    theirs("disable", "weather")
    verbs.call("run")  # OpenClaw has run here now: its database is there, and may be one without tasks
    (first,) = told()
    assert "from on to off: weather (its entry says enabled: false)" in first
    theirs("disable", "weather")  # writes the whole file anew, and changes nothing
    verbs.call("run")
    assert len(told()) == 1
    theirs("enable", "hoard")  # takes the memory slot over
    verbs.call("run")
    _, second = told()
    assert "from off to on: hoard (it fills the memory slot); from on to off: memory-core" in second
    real = {each["id"]: each["enabled"] for each in oracle.ask(program, home)["plugins"]}
    assert (real["weather"], real["hoard"], real["memory-core"]) == (False, True, False)
    ours = {line["pluginId"]: line["meta"]["after"] for line in verbs.journal() if line["type"] == "plugin.discovered"}
    assert ours == real
