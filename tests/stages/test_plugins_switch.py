"""Turning plugins on and off while others write the same file, and what of it is recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.openclaw.config_change import Changer
from reporting_governance.adapters.openclaw.installation import ConfigNotUnderstood, LocalInstallation
from reporting_governance.adapters.openclaw.interface import Plan
from reporting_governance.adapters.openclaw.paths import find_places
from reporting_governance.contracts.config_edit import ConfigChanged, Switch
from reporting_governance.core.plugin_changes import SwitchPlan
from reporting_governance.errors import StorageError
from reporting_governance.stages.plugins_switch import (
    ChangedUnrecorded,
    MoreThanAgreed,
    Outcome,
    PluginsNotSeen,
    SwitchRefused,
    SwitchReport,
    SwitchRequest,
    switch_plugins,
)
from reporting_governance.storage.interface import Answer, Group
from reporting_governance.storage.memory import MemoryStore
from tests.openclaw.plugins.making import Home, plugin, write


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class World:
    """An OpenClaw with two plugins for one slot and a plain one, and a journal."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "bot")
        self.package = folder / "package"
        write(self.package / "package.json", {"name": "openclaw", "version": "2026.9.6"})
        plugin(self.package / "dist" / "extensions" / "memory-core", kind="memory")
        plugin(self.home.loose / "alpha")
        plugin(self.home.loose / "mem", kind="memory")
        self.configure({})
        self.store = MemoryStore()
        self.after: Callable[[], None] = lambda: None  #: what happens as soon as the file is changed

    def configure(self, plugins: Mapping[str, Any]) -> None:
        """Write the configuration, as another writer would."""
        write(self.home.config, {"plugins": plugins}).chmod(0o600)

    def switch(
        self, *ids: str, on: bool = True, agreed: bool = False, ask: Callable[[SwitchPlan], bool] | None = None
    ) -> SwitchReport:
        """Ask for it."""
        environment = self.home.environment()
        places = find_places(environment, package=str(self.package))
        changer = Changer(places=places, environment=environment, program=None)

        def change(switches: Sequence[Switch], plan: Plan) -> ConfigChanged:
            done = changer(switches, plan)
            self.after()
            return done

        installation = LocalInstallation(places, environment, uid=os.getuid(), changer=change, has_program=False)
        request = SwitchRequest(ids=ids, on=on, agreed=agreed)
        return switch_plugins(self.store, installation, request, clock=StillClock(), ask=ask)

    def lines(self) -> list[tuple[str, str, Any]]:
        """Return type, plugin and meta of each line about a plugin."""
        documents = [line.document for line in self.store.replay()]
        return [(each["type"], each["pluginId"], each["meta"]) for each in documents if "pluginId" in each]

    def plugins(self) -> Any:
        """Return what the file says."""
        return json.loads(self.home.config.read_text())["plugins"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def meanwhile(world: World, **plugins: Any) -> Callable[[SwitchPlan], bool]:
    """Return a person who says yes when another writer has just written this."""

    def ask(plan: SwitchPlan) -> bool:
        assert plan.asks
        world.configure(plugins)
        return True

    return ask


class TestAnotherWriter:
    def test_who_makes_it_take_more_than_was_agreed_to_stops_it(self, world: World) -> None:
        there = {"allow": ["mem-core"]}
        with pytest.raises(MoreThanAgreed, match=r"plugins\.allow gains mem; nothing was changed"):
            world.switch("mem", ask=meanwhile(world, **there))
        assert world.plugins() == there
        assert world.lines() == []

    def test_who_makes_it_impossible_stops_it(self, world: World) -> None:
        with pytest.raises(SwitchRefused, match=r"mem: it would stay off: plugins\.enabled is false"):
            world.switch("mem", ask=meanwhile(world, enabled=False))
        assert world.plugins() == {"enabled": False}

    def test_who_breaks_the_file_stops_it(self, world: World) -> None:
        with pytest.raises(ConfigNotUnderstood, match="the key allowed"):
            world.switch("mem", ask=meanwhile(world, allowed=[]))
        assert world.plugins() == {"allowed": []}

    def test_who_wrote_something_else_loses_nothing(self, world: World) -> None:
        world.switch("mem", ask=meanwhile(world, entries={"alpha": {"enabled": False}}))
        on = {"alpha": {"enabled": False}, "mem": {"enabled": True}}
        assert world.plugins() == {"entries": on, "slots": {"memory": "mem"}}
        assert sorted(each[:2] for each in world.lines()) == [
            ("plugin.disable", "memory-core"),
            ("plugin.enable", "mem"),
        ]

    def test_who_did_the_same_leaves_nothing_to_do(self, world: World) -> None:
        done = {"entries": {"mem": {"enabled": True}}, "slots": {"memory": "mem"}}
        assert world.switch("mem", ask=meanwhile(world, **done)).outcome is Outcome.UNCHANGED
        assert world.plugins() == done
        assert world.lines() == []

    def test_who_turns_it_back_at_once_is_seen(self, world: World) -> None:
        world.after = lambda: world.configure({"entries": {"alpha": {"enabled": False}}})
        report = world.switch("alpha")
        assert (report.outcome, report.unproven) == (Outcome.CHANGED, ("alpha",))
        ((kind, name, meta),) = world.lines()
        assert (kind, name, meta["after"], meta["seen"]) == ("plugin.enable", "alpha", True, False)

    def test_who_breaks_it_at_once_is_seen_too(self, world: World) -> None:
        world.after = lambda: world.configure({"allowed": []})
        assert world.switch("alpha").unproven == ("alpha",)
        assert world.lines()[0][2]["seen"] is None


class TestTheQuestion:
    def test_a_no_changes_nothing(self, world: World) -> None:
        before = world.home.config.read_bytes()
        assert world.switch("mem", ask=lambda _: False).outcome is Outcome.DECLINED
        assert world.switch("mem").outcome is Outcome.NOT_AGREED
        assert world.home.config.read_bytes() == before
        assert world.lines() == []

    def test_nobody_is_asked_about_what_was_named(self, world: World) -> None:
        def ask(plan: SwitchPlan) -> bool:
            raise AssertionError(plan)

        assert world.switch("alpha", ask=ask).outcome is Outcome.CHANGED
        assert world.switch("alpha", on=False, ask=ask).outcome is Outcome.CHANGED
        assert world.switch("mem", agreed=True, ask=ask).outcome is Outcome.CHANGED


def test_names_that_mean_one_plugin_are_one(world: World) -> None:
    report = world.switch("ALPHA", "alpha", " Alpha ")
    assert report.plan is not None
    assert [each.plugin_id for each in report.plan.switched] == ["alpha"]
    assert len(world.lines()) == 1


def test_what_cannot_be_seen_as_a_whole_is_not_changed(world: World) -> None:
    (world.home.state / "state").mkdir()
    write(world.home.state / "state" / "openclaw.sqlite", "no database")
    with pytest.raises(PluginsNotSeen):
        world.switch("alpha", on=False)
    assert world.plugins() == {}


class FullDisk(MemoryStore):
    """A journal that takes no line."""

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        raise StorageError(path="journal", reason="No space left on device")


def test_a_change_that_could_not_be_recorded_is_no_secret(world: World) -> None:
    world.store = FullDisk()
    with pytest.raises(ChangedUnrecorded, match=r"openclaw\.json was changed, and .*No space left"):
        world.switch("alpha")
    assert world.plugins() == {"entries": {"alpha": {"enabled": True}}}
