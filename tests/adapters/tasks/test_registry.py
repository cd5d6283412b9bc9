"""The registry of task sources: built in, of strangers, absent, and such as cannot be opened."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.adapters.tasks.registry import (
    ENTRY_POINTS,
    QUICK_LOOKS,
    SOURCES,
    UnknownSource,
    is_present,
    open_source,
    source_class,
)

ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class StrangersSource:
    """What another package may bring."""

    name = "strangers"

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self.parameters = parameters
        self.state_folder = state_folder

    def read(self, **_: Any) -> SourceReading:
        return SourceReading(source=self.name, instance="x", tasks=(), complete=True)


@pytest.mark.parametrize("name", SOURCES)
def test_every_name_leads_to_a_source_of_that_name(name: str) -> None:
    kind = source_class(name)
    assert kind.name == name
    assert kind.parameters_schema["type"] == "object"
    assert callable(kind.read)


def test_a_stranger_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("strangers", f"{__name__}:StrangersSource", ENTRY_POINTS)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])

    def points(*, group: str, name: str) -> list[EntryPoint]:
        return [point] if (group, name) == (ENTRY_POINTS, "strangers") else []

    monkeypatch.setattr("importlib.metadata.entry_points", points)
    source = open_source("strangers", {"a": 1}, state_folder="/state")
    assert isinstance(source, StrangersSource)
    assert (source.parameters, source.state_folder) == ({"a": 1}, "/state")
    assert is_present("strangers", {}, state_folder="/state"), "one that cannot tell is there"
    with pytest.raises(UnknownSource):
        source_class("nobody")


@pytest.mark.parametrize(
    ("name", "parameters", "rule"), [("nobody", {}, "GOV601"), ("openclaw", {"hacked": True}, "GOV602")]
)
def test_one_that_cannot_be_opened_is_unreadable_and_says_why(name: str, parameters: Any, rule: str) -> None:
    source = open_source(name, parameters, state_folder="/state")
    reading = source.read(now=NOW, baseline_at=None, known=frozenset())
    assert (reading.source, reading.complete, list(reading.tasks)) == (name, False, [])
    assert [each.rule for each in reading.findings] == [rule]
    assert reading.unreadable
    assert is_present(name, parameters, state_folder="/state"), "so that somebody is told"


@pytest.mark.parametrize("made", [None, "state", "tasks", "agents"])
@pytest.mark.parametrize("relative", [True, False])
def test_the_quick_look_for_openclaw_says_what_the_source_says(
    tmp_path: Path, made: str | None, relative: bool
) -> None:
    folder = tmp_path / "claw"
    folder.mkdir()
    if made:
        (folder / made).mkdir()
    parameters = {"state": "claw" if relative else str(folder)}
    source: Any = open_source("openclaw", parameters, state_folder=str(tmp_path))
    assert is_present("openclaw", parameters, state_folder=str(tmp_path)) is source.is_present() is (made is not None)


@pytest.mark.parametrize("made", [True, False])
def test_the_quick_look_for_claude_code_says_what_the_source_says(tmp_path: Path, made: bool) -> None:
    (tmp_path / "config" / ("projects" if made else "sessions")).mkdir(parents=True)
    for parameters in ({"config": "config"}, {"config": str(tmp_path / "config"), "waiting": "any"}):
        source: Any = open_source("claude-code", parameters, state_folder=str(tmp_path))
        assert is_present("claude-code", parameters, state_folder=str(tmp_path)) is source.is_present() is made


@pytest.mark.parametrize(
    ("name", "parameter", "package"), [("openclaw", "state", "openclaw"), ("claude-code", "config", "claude_code")]
)
def test_the_quick_look_imports_nothing_but_itself(tmp_path: Path, name: str, parameter: str, package: str) -> None:
    program = (
        "import sys\n"
        "from reporting_governance.adapters.tasks.registry import is_present\n"
        f"print(is_present({name!r}, {{{parameter!r}: {str(tmp_path)!r}}}, state_folder='/'))\n"
        "print(*[each for each in sys.modules if each.startswith('reporting_governance.')])\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
    )
    answer, modules = out.stdout.splitlines()
    assert answer == "False"
    assert sorted(QUICK_LOOKS) == ["claude-code", "openclaw"]
    frozen = {"reporting_governance.contracts", "reporting_governance.contracts.frozen"}  # how light classes are made
    assert set(modules.split()) - frozen == {
        "reporting_governance.errors",
        "reporting_governance.adapters",
        "reporting_governance.adapters.tasks",
        "reporting_governance.adapters.tasks.registry",
        f"reporting_governance.adapters.tasks.{package}",
        f"reporting_governance.adapters.tasks.{package}.places",
    }
