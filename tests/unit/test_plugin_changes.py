"""What it takes to turn plugins on or off: the edits do what was meant when they are read back, and nothing else."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.adapters.openclaw.config import read_document
from reporting_governance.adapters.openclaw.paths import find_places
from reporting_governance.contracts.config_edit import ConfigEdit, EditKind
from reporting_governance.contracts.plugin import Candidate, Form, Origin, PluginManifest, PluginPackage
from reporting_governance.core.plugin_changes import Configured, SwitchPlan, Touches, plan_switch
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_enablement import PluginPolicy, Why, config_id, decide

PLATFORM = "linux"
PLACES = find_places({"HOME": "/nowhere", "PATH": ""})
VARIABLES = {"NAME": "alpha"}


def candidate(plugin_id: str, origin: Origin = Origin.GLOBAL, **manifest: Any) -> Candidate:
    """Return a plugin that says this about itself."""
    root = f"/{origin}/{plugin_id}"
    return Candidate(
        id=plugin_id,
        manifest=PluginManifest(id=plugin_id, **manifest),
        package=PluginPackage(),
        origin=origin,
        form=Form.OPENCLAW,
        source=f"{root}/index.js",
        root=root,
        manifest_path=f"{root}/openclaw.plugin.json",
        package_path=f"{root}/package.json",
    )


ALPHA = candidate("alpha")
CAPITAL = candidate("CapitalId")
MEM = candidate("mem", kinds=("memory",))
OTHER_MEM = candidate("other-mem", kinds=("memory",))
BOTH = candidate("both", kinds=("memory", "context-engine"))
CONTEXT = candidate("ctx", Origin.WORKSPACE, kinds=("context-engine",))
WORK = candidate("work", Origin.WORKSPACE)
CARRIER = candidate("carrier", channels=("pigeon",))
TELEGRAM = candidate("telegram", Origin.BUNDLED, channels=("telegram",))
GOOGLE = candidate("google", Origin.BUNDLED, is_provider=True, enabled_by_default=True)
CORE = candidate("memory-core", Origin.BUNDLED, kinds=("memory",))
WISHING = candidate("wishing", requires=("Alpha",))
TAKEN = (ALPHA, CAPITAL, MEM, OTHER_MEM, BOTH, CONTEXT, WORK, CARRIER, TELEGRAM, GOOGLE, CORE, WISHING)


def configured(document: Mapping[str, Any], *, by: bool = False) -> Configured:
    """Return what a document says, as the real reader understands it."""
    reading = read_document(document, PLACES, VARIABLES)
    assert reading.problem == ""
    return replace(reading.configured, policy=replace(reading.configured.policy, lets_providers_by=by))


def plan(document: Mapping[str, Any], *named: Candidate, on: bool, by: bool = False) -> SwitchPlan:
    """Return the plan for plugins."""
    return plan_switch(named, on=on, taken=TAKEN, configured=configured(document, by=by), platform=PLATFORM)


def edited(document: Mapping[str, Any], edits: Iterable[ConfigEdit]) -> dict[str, Any]:
    """Do what edits promise, in the plainest way."""
    whole: dict[str, Any] = json.loads(json.dumps(document))
    for edit in edits:
        *way, last = edit.path
        holder = whole
        for key in way:
            holder = holder.setdefault(key, {})
        if edit.kind is EditKind.SET:
            holder[last] = edit.value
        elif edit.kind is EditKind.DROP:
            holder.pop(last, None)
        elif edit.kind is EditKind.JOIN:
            holder.setdefault(last, [])
            holder[last] += [] if edit.value in holder[last] else [edit.value]
        else:
            holder[last] = [each for each in holder.get(last, []) if each != edit.value]
    return whole


def after(document: Mapping[str, Any], found: SwitchPlan) -> dict[str, Any]:
    """Return the document after a plan."""
    return edited(document, [each.edit for each in found.changes])


def state(policy: PluginPolicy) -> dict[str, bool]:
    """Return what is on."""
    return {each.id: decide(each, policy, platform=PLATFORM).enabled for each in TAKEN}


NAMES = [each.id for each in TAKEN]
SPELT = st.sampled_from([*NAMES, *map(str.upper, NAMES), " alpha ", "nobody", "google-gemini-cli", "${NAME}", ""])
ENTRIES = st.dictionaries(
    SPELT, st.sampled_from([{"enabled": True}, {"enabled": False}, {}, {"config": {}}]), max_size=6
)
PLUGINS = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "allow": st.lists(SPELT, max_size=4),
        "deny": st.lists(SPELT, max_size=4),
        "entries": ENTRIES,
        "slots": st.fixed_dictionaries(
            {},
            optional={
                "memory": st.sampled_from(["mem", "other-mem", "memory-core", "none", " ", "MEM", "both"]),
                "contextEngine": st.sampled_from(["ctx", "both", "none", "legacy", ""]),
            },
        ),
    },
)
CHANNELS = st.dictionaries(
    st.sampled_from(["telegram", "pigeon"]), st.fixed_dictionaries({}, optional={"enabled": st.booleans()})
)
DOCUMENTS = st.fixed_dictionaries(
    {"gateway": st.just({"port": 1})}, optional={"plugins": PLUGINS, "channels": CHANNELS}
)
BATCHES = st.lists(st.sampled_from(TAKEN), min_size=1, max_size=3, unique=True)


class TestEveryPlan:
    @given(DOCUMENTS, BATCHES, st.booleans(), st.booleans())
    def test_does_what_was_meant_or_says_why_not(
        self, document: dict[str, Any], named: list[Candidate], on: bool, by: bool
    ) -> None:
        found = plan(document, *named, on=on, by=by)
        result = configured(after(document, found), by=by).policy
        if found.problems:
            assert {each.plugin_id for each in found.problems} <= {each.id for each in named}
            return
        now = state(result)
        assert {now[each.id] for each in named} == {on}
        if on:
            for each in named:
                assert not (each.manifest.kinds and "memory" in each.manifest.kinds) or result.memory_slot == each.id
        assert plan(after(document, found), *named, on=on, by=by).changes == (), "done twice it changes nothing more"

    @given(DOCUMENTS, BATCHES, st.booleans(), st.booleans())
    def test_tells_of_each_plugin_that_moves_and_of_no_other(
        self, document: dict[str, Any], named: list[Candidate], on: bool, by: bool
    ) -> None:
        found = plan(document, *named, on=on, by=by)
        result = configured(after(document, found), by=by).policy
        was, now = state(configured(document, by=by).policy), state(result)
        assert {each.plugin_id: each.after.enabled for each in found.switched if each.moves} == {
            name: now[name] for name in NAMES if now[name] is not was[name]
        }
        assert found.policy == result, "what was judged is what is read back"

    @given(DOCUMENTS, BATCHES, st.booleans())
    def test_touches_nothing_that_it_does_not_say(
        self, document: dict[str, Any], named: list[Candidate], on: bool
    ) -> None:
        found = plan(document, *named, on=on)
        result = after(document, found)
        said = {each.edit.path for each in found.changes}
        ids = {policy_id(each.id) for each in named}
        for path in said:
            assert path[:2] in {("plugins", "allow"), ("plugins", "deny")} or (
                (path[1] == "entries" and config_id(path[2]) in ids) or path[1] == "slots"
            )
        for path, old in leaves(document).items():
            if old != "{}" and not any(path[: len(each)] == each for each in said):
                assert leaves(result)[path] == old
        assert on or {each.touches for each in found.changes} <= {Touches.ENTRY}

    @given(DOCUMENTS, BATCHES)
    def test_off_is_always_possible(self, document: dict[str, Any], named: list[Candidate]) -> None:
        assert plan(document, *named, on=False).problems == ()

    @given(DOCUMENTS, BATCHES)
    def test_on_and_off_again_leaves_a_switch_that_says_off(
        self, document: dict[str, Any], named: list[Candidate]
    ) -> None:
        first = plan(document, *named, on=True)
        if first.problems:
            return
        middle = after(document, first)
        last = after(middle, plan(middle, *named, on=False))
        here = configured(last).policy
        assert [here.entries[policy_id(each.id)] for each in named] == [False] * len(named)
        changed = {key for key, value in leaves(last).items() if leaves(middle).get(key) != value}
        assert {key[1] for key in changed} <= {"entries"}, "what enabling gave to the lists and slots stays"


def leaves(document: Any, way: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return path -> value of everything that is no object, and of empty objects."""
    if isinstance(document, dict) and document:
        return {k: v for key, each in document.items() for k, v in leaves(each, (*way, key)).items()}
    return {way: json.dumps(document)}


def said(found: SwitchPlan) -> list[str]:
    """Return what a plan says it changes."""
    return [each.says for each in found.changes]


class TestOneChange:
    def test_a_plain_one_touches_the_plugins_own_entry(self) -> None:
        found = plan({}, ALPHA, on=True)
        assert [(each.edit.kind, each.edit.path, each.edit.value) for each in found.changes] == [
            (EditKind.SET, ("plugins", "entries", "alpha", "enabled"), True)
        ]
        assert found.asks == ()
        assert [(each.plugin_id, each.moves) for each in found.switched] == [("alpha", False)]
        assert [each.enabled for each in found.switches] == [True]

    def test_the_entry_is_called_as_the_file_calls_it(self) -> None:
        found = plan({"plugins": {"entries": {"ALPHA": {"enabled": False}, "Alpha ": {}}}}, ALPHA, on=True)
        assert found.changes[0].edit.path == ("plugins", "entries", "Alpha ", "enabled")
        assert plan({}, CAPITAL, on=True).changes[0].edit.path == ("plugins", "entries", "capitalid", "enabled")
        old = {"plugins": {"entries": {"google-gemini-cli": {"enabled": False}}}}
        assert plan(old, GOOGLE, on=True).changes[0].edit.path[2] == "google-gemini-cli"

    def test_an_exclusive_list_gains_it_and_that_is_asked(self) -> None:
        found = plan({"plugins": {"allow": ["mem"]}}, ALPHA, on=True)
        assert [each.touches for each in found.asks] == [Touches.ALLOW]
        assert said(found) == ["plugins.allow gains alpha", "plugins.entries.alpha.enabled becomes true"]
        assert [(each.plugin_id, each.before.why) for each in found.switched] == [("alpha", Why.NOT_ALLOWED)]

    def test_every_spelling_is_taken_from_the_denied(self) -> None:
        document = {"plugins": {"deny": ["Alpha", "mem", "${NAME}", "Alpha"]}}
        found = plan(document, ALPHA, on=True)
        assert after(document, found)["plugins"]["deny"] == ["mem"]
        assert [each.edit.value for each in found.asks] == ["Alpha", "${NAME}"]

    def test_a_slot_goes_over_and_who_had_it_goes_off(self) -> None:
        found = plan({}, MEM, on=True)
        assert [each.says for each in found.asks] == [
            "the memory slot (plugins.slots.memory) goes from memory-core to mem"
        ]
        assert [(each.plugin_id, each.after.enabled, each.because) for each in found.switched] == [
            ("mem", True, ()),
            ("memory-core", False, ("mem",)),
        ]
        document = after({}, found)
        back = plan(document, CORE, on=True)
        assert "memory" not in after(document, back)["plugins"]["slots"], "who has it by default is not named"
        assert configured(after(document, back)).policy.memory_slot == "memory-core"

    def test_a_plugin_of_two_kinds_fills_two_slots(self) -> None:
        document = after({}, plan({}, BOTH, on=True))
        assert document["plugins"]["slots"] == {"memory": "both", "contextEngine": "both"}

    def test_two_for_one_slot_are_refused(self) -> None:
        found = plan({}, MEM, ALPHA, BOTH, on=True)
        assert [each.plugin_id for each in found.problems] == ["mem", "both"]
        assert plan({}, MEM, BOTH, on=False).problems == ()

    @pytest.mark.parametrize(
        ("document", "named", "words"),
        [
            ({"plugins": {"enabled": False}}, ALPHA, "plugins.enabled is false; turning that on would turn on others"),
            ({"channels": {"pigeon": {"enabled": False}}}, CARRIER, "set channels.pigeon.enabled to true yourself"),
            ({"channels": {"telegram": {"enabled": False}}}, TELEGRAM, "set channels.telegram.enabled to true"),
        ],
    )
    def test_what_stands_in_the_way_of_more_than_one_plugin_is_left_to_people(
        self, document: dict[str, Any], named: Candidate, words: str
    ) -> None:
        (problem,) = plan(document, named, on=True).problems
        assert problem.plugin_id == named.id
        assert words in problem.says

    def test_what_is_so_already_changes_nothing(self) -> None:
        off = {"plugins": {"entries": {"Alpha": {"enabled": False}}}}
        found = plan(off, ALPHA, MEM, on=False)
        assert found.unchanged == ("alpha",)
        assert [each.plugin_id for each in found.changes] == ["mem"]
        on = {"plugins": {"entries": {"mem": {"enabled": True}}, "slots": {"memory": "mem"}}}
        assert plan(on, MEM, on=True).unchanged == ("mem",)

    def test_what_a_person_may_want_to_know(self) -> None:
        assert plan({}, ALPHA, on=False).notes == ("wishing, which is on, requires alpha",)
        filled = {"plugins": {"slots": {"memory": "mem"}}}
        assert plan(filled, MEM, on=False).notes == (
            "nobody fills the memory slot then: plugins.slots.memory still means mem",
        )
        assert plan(filled, OTHER_MEM, on=True).notes == ()
