"""`plugins enable` killed at any step of it all: from the gate to the last line.

Always: OpenClaw's configuration is the old one or the new one, byte for byte; the journal's chain holds; a line says
that it was done only when it was; and a change that no line explains is told of by the next run as somebody's.
"""

import json
import os
import shutil
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from reporting_governance.__main__ import main
from tests.acceptance.verbs import REPORTGOV, Verbs, profile
from tests.openclaw.plugins.captured import FILE, make_package
from tests.openclaw.plugins.making import Home, plugin, write
from tests.storage.killing import Report, run_killed
from tests.storage.oracle import check

OLD = "// mine\n{plugins: {allow: ['mem'], deny: ['weather'], entries: {mem: {enabled: true}}}}\n"
SOURCE = "  - source: openclaw\n"


class World:
    """A watched OpenClaw and a state, in one folder that is copied for each death."""

    def __init__(self, folder: Path) -> None:
        captured = json.loads(FILE.read_text())
        self.package = make_package(folder / "package", captured["openclaw"], captured["own"])
        self.root, self.template = str(folder / "here"), str(folder / "template")
        home = Home(Path(self.root, "home"))
        plugin(home.loose / "weather")
        plugin(home.loose / "mem")
        write(home.config, OLD).chmod(0o600)
        wanted = f"{SOURCE}    parameters: {{package: {self.package}}}\n"
        self.profile = str(profile(folder, (SOURCE, wanted)))
        self.verbs = Verbs(Path(self.root, "state"), options=("--profile", self.profile))
        self.verbs.ok("run")
        os.rename(self.root, self.template)

    def fresh(self) -> None:
        """Put everything back; at the same place, since what was seen of an OpenClaw is kept by its place."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.template, self.root)

    def switch(self, root: str, report: Report) -> None:
        """Turn it on, in this process."""
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        os.environ.clear()
        os.environ.update(self.verbs.variables())
        words = ("enable", "weather", "--yes", "--no-cli", "--openclaw-package", str(self.package))
        report(main(self.verbs.command("plugins", *words)[len(REPORTGOV) :]))

    def config(self) -> str:
        """Return the configuration."""
        return Path(self.root, "home", ".openclaw", "openclaw.json").read_text()

    def said(self, kind: str) -> list[str]:
        """Return which plugins lines of a kind are about, but for first sights; the journal is checked."""
        lines = [each for each in check(str(self.verbs.state)) if each["type"] == kind]
        return [each["pluginId"] for each in lines if "first time" not in each.get("reason", "")]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(("first", "stride"), [(5, 23), pytest.param(1, 1, marks=pytest.mark.long)])
def test_killed_anywhere(world: World, first: int, stride: int) -> None:
    world.fresh()
    assert run_killed(world.root, world.switch, None).reports == [0]
    new = world.config()
    assert "weather: {" in new
    ends = Counter[tuple[bool, bool]]()
    for event in count(first, stride):
        world.fresh()
        outcome = run_killed(world.root, world.switch, event)
        if not outcome.killed:
            break
        is_new, has_line = world.config() == new, world.said("plugin.enable") == ["weather"]
        assert is_new or world.config() == OLD, f"event {event}"
        assert is_new or not has_line, f"event {event}: a line says what was not done"
        ends[is_new, has_line] += 1
        if is_new and not has_line:
            world.verbs.ok("run")
            assert world.said("plugin.discovered") == ["weather"], f"event {event}: nothing tells of the change"
        again = run_killed(world.root, world.switch, None)
        assert (again.reports, world.config()) == ([0], new), f"event {event}"
        assert world.said("plugin.enable") == ["weather"] * (has_line or not is_new), f"event {event}"
    if stride == 1:
        assert set(ends) == {(False, False), (True, False), (True, True)}, ends
    assert sum(ends.values()) > 40 // stride
