"""The registry of task sources: what a profile asks for is opened, and what cannot be opened says why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.adapters.tasks import registry
from reporting_governance.contracts.deployment_profile import SourceSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Here:
    """A source of a stranger that is there."""

    name = "here"
    there = True

    def __init__(self, parameters: Any, *, state_folder: str) -> None:
        self.parameters = parameters
        self.state_folder = state_folder

    def is_present(self) -> bool:
        return self.there

    def read(self, **_: Any) -> SourceReading:
        return SourceReading(source=self.name, instance="x", tasks=(), complete=True)


class NotHere(Here):
    """One that is not."""

    there = False


@pytest.fixture(autouse=True)
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {name: f"{__name__}:{kind}" for name, kind in (("here", "Here"), ("nothere", "NotHere"))}
    monkeypatch.setattr(registry, "SOURCES", {**registry.SOURCES, **places})
    modules = {__name__: __import__("sys").modules[__name__]}
    real = registry.import_module
    monkeypatch.setattr(registry, "import_module", lambda name: modules.get(name) or real(name))


def opened(*settings: SourceSettings) -> list[str]:
    return [each.name for each in registry.open_sources(settings, state_folder="/state")]


def test_a_source_that_is_only_asked_for_when_present_is_left_out_when_it_is_not() -> None:
    assert opened(SourceSettings(source="here", when_present=True)) == ["here"]
    assert opened(SourceSettings(source="nothere", when_present=True)) == []
    assert opened(SourceSettings(source="nothere")) == ["here"]


def test_parameters_and_the_state_folder_reach_the_source() -> None:
    (source,) = registry.open_sources([SourceSettings(source="here", parameters={"a": 1})], state_folder="/state")
    assert isinstance(source, Here)
    assert (source.parameters, source.state_folder) == ({"a": 1}, "/state")


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        (SourceSettings(source="nobody", when_present=True), "GOV601"),
        (SourceSettings(source="openclaw", parameters={"hacked": True}), "GOV602"),
    ],
)
def test_a_source_that_cannot_be_opened_is_one_that_cannot_be_read(settings: SourceSettings, rule: str) -> None:
    (source,) = registry.open_sources([settings], state_folder="/state")
    reading = source.read(now=NOW, baseline_at=None, known=frozenset())
    assert reading.unreadable
    assert (reading.complete, [each.rule for each in reading.findings]) == (False, [rule])
