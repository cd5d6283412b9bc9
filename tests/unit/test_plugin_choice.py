"""Which plugin is taken, whether it is on, and whether it and the host go together: what no captured answer shows."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.plugin import (
    Candidate,
    Form,
    Origin,
    PluginManifest,
    PluginPackage,
    RefusalReason,
    Rule,
)
from reporting_governance.core.plugin_choice import Wish, choose, policy_id, unmet_wishes
from reporting_governance.core.plugin_compatibility import rule_verdicts
from reporting_governance.core.plugin_enablement import PluginPolicy, Why, config_id, decide, slot_owner

HOST = "2026.9.6"


def candidate(plugin_id: str, origin: Origin = Origin.GLOBAL, *, place: str = "", **more: Any) -> Candidate:
    """Return a plugin at a place of its own."""
    root = f"/{origin}/{place or plugin_id}"
    facts = {
        "manifest": PluginManifest(id=plugin_id),
        "package": PluginPackage(),
        "form": Form.OPENCLAW,
        "source": f"{root}/index.js",
        "root": root,
        "manifest_path": f"{root}/openclaw.plugin.json",
        "package_path": f"{root}/package.json",
    }
    return Candidate(id=plugin_id, origin=origin, **{**facts, **more})


#: the same id in every place, by the order in which they go before each other
RANKED = [
    candidate("x", Origin.CONFIG),
    candidate("x", place="tracked", tracked=True),
    candidate("x", Origin.BUNDLED),
    candidate("x", Origin.WORKSPACE),
    candidate("x", place="loose"),
]


class TestOfTheSameId:
    @pytest.mark.parametrize("first", range(len(RANKED)))
    @pytest.mark.parametrize("second", range(len(RANKED)))
    def test_rank_decides_whatever_was_found_first(self, first: int, second: int) -> None:
        if first == second:
            return
        choice = choose([RANKED[first], RANKED[second]], HOST)
        assert choice.taken == (RANKED[min(first, second)],)
        told = [each.path for each in choice.refusals if each.reason is RefusalReason.OVERRIDDEN]
        quiet = {first, second} == {1, 2}  # an install in the place of OpenClaw's own is what somebody wanted
        assert told == ([] if quiet else [RANKED[max(first, second)].source])

    def test_of_all_five_the_one_that_is_named_is_left(self) -> None:
        for order in permutations(RANKED):
            assert choose(order, HOST).taken == (RANKED[0],)

    def test_an_own_plugin_that_the_configuration_names_goes_before_an_install(self) -> None:
        own = candidate("x", Origin.BUNDLED, named=True)
        assert choose([RANKED[1], own], HOST).taken == (own,)

    def test_among_equals_the_first_one_stays(self) -> None:
        one, two = candidate("x", place="a"), candidate("x", place="b")
        assert choose([one, two], HOST).taken == (one,)
        assert choose([two, one], HOST).taken == (two,)

    def test_the_same_package_twice_is_not_worth_a_word(self) -> None:
        package = PluginPackage(name="p", version="1.0.0")
        one, two = (candidate("x", place=each, package=package) for each in "ab")
        assert choose([one, two], HOST).refusals == ()
        other = replace(two, package=PluginPackage(name="p", version="1.0.1"))
        assert [each.reason for each in choose([one, other], HOST).refusals] == [RefusalReason.OVERRIDDEN]

    def test_one_folder_found_twice_counts_as_found_by_the_nearer_root(self) -> None:
        one = candidate("x", root="/same", source="/same/a.js")
        two = candidate("x", Origin.WORKSPACE, root="/same", source="/same/b.js")
        assert choose([one, two], HOST).taken == (two,)
        assert choose([two, one], HOST).taken == (two,)
        assert choose([one, two], HOST).refusals == ()

    def test_case_alone_parts_nobody_and_none_is_taken(self) -> None:
        plugins = [candidate("Mine"), candidate("mine"), candidate("MINE", Origin.BUNDLED), candidate("other")]
        choice = choose(plugins, HOST)
        assert [each.id for each in choice.taken] == ["other"]
        assert {each.plugin_id for each in choice.refusals} == {"Mine", "mine", "MINE"}
        assert {each.reason for each in choice.refusals} == {RefusalReason.IDS_COLLIDE}

    @given(st.lists(st.sampled_from(["a", "A", "b", "c"]), max_size=6))
    def test_no_two_that_are_taken_have_one_id(self, ids: list[str]) -> None:
        found = [candidate(each, place=str(position)) for position, each in enumerate(ids)]
        taken = [policy_id(each.id) for each in choose(found, HOST).taken]
        assert len(set(taken)) == len(taken)


class TestHosts:
    def test_a_bare_floor_counts_for_a_recorded_install_only(self) -> None:
        package = PluginPackage(host_floor="2026.7.1", has_host_floor=True)
        assert choose([candidate("x", package=package, tracked=True)], HOST).refusals == ()
        (told,) = choose([candidate("x", package=package)], HOST).refusals
        assert told.reason is RefusalReason.BAD_FLOOR

    def test_openclaws_own_are_not_asked(self) -> None:
        package = PluginPackage(host_floor=">=2030.1.1", has_host_floor=True, api_range="<1", has_api_range=True)
        own = candidate("x", Origin.BUNDLED, package=package)
        assert choose([own], HOST).taken == (own,)
        assert rule_verdicts(own.manifest, package, own.origin, HOST) == ()

    def test_every_failing_rule_is_named(self) -> None:
        package = PluginPackage(
            host_floor=">=2030.1.1",
            has_host_floor=True,
            api_range="<2026",
            has_api_range=True,
            platform_contract="other",
            platform_min_version="2026.9.6-1",
        )
        (told,) = choose([candidate("x", package=package)], HOST).refusals
        assert told.reason is RefusalReason.HOST_TOO_OLD
        assert {each.rule for each in told.verdicts if not each.met} == set(Rule)

    @pytest.mark.parametrize(
        ("contract", "floor", "failing"),
        [
            ("openclaw.plugin-api", "2026.9.6", []),
            ("openclaw.plugin-api", "2026.9.6-1", [Rule.PLATFORM_FLOOR]),
            ("openclaw.plugin-api", "9999.1.1", [Rule.PLATFORM_FLOOR]),
            ("openclaw.plugin-api", ">=2026.1.1", [Rule.PLATFORM_FLOOR]),
            ("openclaw.plugin-api", 7, [Rule.PLATFORM_FLOOR]),
            ("Openclaw.plugin-api", None, [Rule.PLATFORM_CONTRACT]),
            ({}, "soon", [Rule.PLATFORM_CONTRACT, Rule.PLATFORM_FLOOR]),
        ],
    )
    def test_our_own_two_rules(self, contract: object, floor: object, failing: list[Rule]) -> None:
        for manifest, package in (
            (PluginManifest(id="x", platform_contract=contract, platform_min_version=floor), PluginPackage()),
            (None, PluginPackage(platform_contract=contract, platform_min_version=floor)),
        ):
            for origin in (Origin.GLOBAL, Origin.BUNDLED):
                verdicts = rule_verdicts(manifest, package, origin, HOST)
                assert [each.rule for each in verdicts if not each.met] == failing

    def test_a_prerelease_of_the_platform_is_older_than_it(self) -> None:
        package = PluginPackage(platform_min_version="2026.7.1")
        assert not rule_verdicts(None, package, Origin.GLOBAL, "2026.7.1-beta.5")[0].met
        assert not rule_verdicts(None, package, Origin.GLOBAL, "unknown")[0].met
        assert rule_verdicts(None, package, Origin.GLOBAL, "2026.7.1-1")[0].met


class TestEnablement:
    def why(self, plugin: Candidate, *, platform: str = "linux", **policy: Any) -> Why:
        said = PluginPolicy(**{"entries": {}, "channels": {}, **policy})
        found = decide(plugin, said, platform=platform)
        off = {Why.ALL_OFF, Why.DENIED, Why.ENTRY_OFF, Why.CHANNEL_OFF, Why.WORKSPACE, Why.NOT_ALLOWED, Why.OWN_OFF}
        assert found.enabled is (found.why not in off)
        return found.why

    def test_the_default_of_each_place(self) -> None:
        assert self.why(candidate("x")) is Why.BY_DEFAULT
        assert self.why(candidate("x", Origin.CONFIG)) is Why.BY_DEFAULT
        assert self.why(candidate("x", Origin.WORKSPACE)) is Why.WORKSPACE
        assert self.why(candidate("x", Origin.BUNDLED)) is Why.OWN_OFF

    def test_an_own_plugin_may_be_on_for_one_platform(self) -> None:
        plugin = candidate("x", Origin.BUNDLED, manifest=PluginManifest(id="x", enabled_by_default_on=("darwin",)))
        assert self.why(plugin) is Why.OWN_OFF
        assert self.why(plugin, platform="darwin") is Why.OWN_DEFAULT

    def test_what_goes_before_what(self) -> None:
        plugin = candidate("x", Origin.BUNDLED, manifest=PluginManifest(id="x", channels=("telegram",)))
        everything: dict[str, Any] = {
            "enabled": False,
            "deny": ("x",),
            "entries": {"x": False},
            "channels": {"telegram": False},
            "allow": ("other",),
        }
        order = [Why.ALL_OFF, Why.DENIED, Why.ENTRY_OFF, Why.CHANNEL_OFF, Why.NOT_ALLOWED, Why.OWN_OFF]
        for expected, key in zip(order, [*everything, None], strict=True):
            assert self.why(plugin, **everything) is expected
            everything.pop(key or "", None)

    def test_a_slot_opens_the_list_of_the_allowed(self) -> None:
        assert self.why(candidate("m", Origin.BUNDLED), allow=("x",), memory_slot="m") is Why.MEMORY_SLOT
        assert self.why(candidate("m", Origin.WORKSPACE), memory_slot="m") is Why.WORKSPACE
        assert self.why(candidate("c", Origin.WORKSPACE), context_slot="c") is Why.CONTEXT_SLOT
        assert self.why(candidate("c"), context_slot="c", deny=("c",)) is Why.DENIED

    def test_a_channel_by_any_of_its_names(self) -> None:
        plugin = candidate("x", Origin.BUNDLED, manifest=PluginManifest(id="x", channels=("Lark", "irc")))
        assert self.why(plugin, channels={"feishu": True, "irc": False}) is Why.CHANNEL_ON
        assert self.why(plugin, channels={"feishu": False, "irc": False}) is Why.CHANNEL_OFF
        assert self.why(plugin, channels={"feishu": False}) is Why.OWN_OFF
        assert self.why(candidate("teams"), channels={"msteams": False}) is Why.CHANNEL_OFF
        assert self.why(candidate("x"), channels={"x": False}) is Why.BY_DEFAULT

    def test_names_in_a_configuration(self) -> None:
        assert config_id(" Google-Gemini-CLI ") == "google"
        assert [slot_owner(each, "d") for each in (None, "", " ", "None", " x ", 7)] == ["d", "d", "d", None, "x", "d"]


class TestWishes:
    def test_each_is_told_once(self) -> None:
        wishes = [
            Wish(plugin_id=plugin_id, origin=Origin.GLOBAL, path="/p", wanted=("There", "gone", "GONE"))
            for plugin_id in ("a", "A", "b")
        ]
        assert [each.plugin_id for each in unmet_wishes(wishes, ["there"])] == ["a", "b"]
