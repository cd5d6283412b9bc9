"""What differs from the base line, and which of it our own lines explain."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.plugin import Origin
from reporting_governance.contracts.plugin_sight import PluginSight, SeenPlugin
from reporting_governance.core.plugin_drift import OwnChange, Turn, base_of, compare, drift_words, kept_base

BEFORE, AFTER, LATER = "a" * 64, "b" * 64, "c" * 64


def seen(on: bool, origin: Origin = Origin.GLOBAL, why: str = "because") -> SeenPlugin:
    return SeenPlugin(enabled=on, origin=origin, version="1.0.0", why=why)


def sight(plugins: dict[str, SeenPlugin], *, sha: str | None = BEFORE, whole: bool = True, **more: Any) -> PluginSight:
    return PluginSight(
        instance="path-1",
        task_id="self:plugins",
        config="/home/bot/.openclaw/openclaw.json",
        config_sha256=sha,
        written_at=datetime(2026, 11, 22, tzinfo=UTC),
        owner="bot",
        package="/opt/openclaw",
        is_whole=whole,
        plugins=plugins,
        **{"refused": {}, **more},
    )


def turned(base: dict[str, SeenPlugin], now: PluginSight, *own: OwnChange, whole: bool = True) -> dict[str, Turn]:
    found = compare(base_of(base), now, own, base_is_whole=whole)
    return {each.plugin_id: each.turn for each in found.turned}


def own(name: str, on: bool) -> OwnChange:
    return OwnChange(plugin_id=name, enabled=on)


def test_what_became_of_each() -> None:
    base = {"stays": seen(True), "off": seen(True), "on": seen(False), "gone": seen(True), "left": seen(False)}
    now = sight({"stays": seen(True), "off": seen(False), "on": seen(True), "new": seen(True), "quiet": seen(False)})
    assert turned(base, now) == {"off": Turn.OFF, "on": Turn.ON, "gone": Turn.GONE, "new": Turn.CAME}
    found = compare(base_of(base), now, (), base_is_whole=True)
    assert (found.first_seen, found.is_moved) == (("new", "quiet"), True)


def test_a_new_plugin_of_openclaw_itself_is_an_update_and_no_news() -> None:
    assert turned({}, sight({"own": seen(True, Origin.BUNDLED)})) == {}


def test_our_own_change_is_no_drift() -> None:
    now = sight({"a": seen(False), "b": seen(True)}, sha=AFTER)
    base = {"a": seen(True), "b": seen(True)}
    assert turned(base, now, own("a", False)) == {}
    assert turned(base, now) == {"a": Turn.OFF}, "killed before its line was written, it is anybody's"
    assert turned(base, now, own("a", False), own("a", True)) == {"a": Turn.OFF}, "undone by another"


def test_what_our_change_did_to_others_is_ours_and_nothing_else_is() -> None:
    base = {"memory-core": seen(True), "mine": seen(False), "other": seen(True)}
    now = sight({"memory-core": seen(False), "mine": seen(True), "other": seen(False)}, sha=AFTER)
    assert turned(base, now, own("mine", True), own("memory-core", False)) == {"other": Turn.OFF}


@pytest.mark.parametrize("name", ["gone", "other"])
def test_what_is_out_of_sight_is_not_called_gone(name: str) -> None:
    base = {"gone": seen(True, Origin.BUNDLED), "other": seen(True, Origin.BUNDLED)}
    now = sight({"other": seen(False, Origin.GLOBAL)}, whole=False)
    assert name not in turned(base, now)
    assert kept_base(base_of(base), now)["gone"] == {"on": True, "from": "bundled"}


def test_what_comes_into_sight_later_is_no_news() -> None:
    now = sight({"a": seen(True)})
    assert turned({}, now, whole=False) == {}
    assert turned({}, now) == {"a": Turn.CAME}


def test_the_words_name_the_file_its_time_and_whose_it_is() -> None:
    base = {f"p{number:02}": seen(True) for number in range(20)} | {"x": seen(False)}
    now = sight({name: seen(name == "x", why="w") for name in base}, sha=AFTER)
    found = compare(base_of(base), now, (), base_is_whole=True)
    text = drift_words(found.turned, now, config_changed=True)
    assert text.startswith("from off to on: x (w); from on to off: p00, p01, ")
    assert "p11 and 8 more (w); /home/bot/.openclaw/openclaw.json was written 2026-11-22T00:00:00.000Z" in text
    assert text.endswith("and belongs to bot")
    assert "is as it was" in drift_words(found.turned, now, config_changed=False)


PLUGINS = st.dictionaries(
    st.sampled_from("abcdef"), st.builds(seen, st.booleans(), st.sampled_from([Origin.GLOBAL, Origin.BUNDLED]))
)


@given(base=PLUGINS, now=PLUGINS, whole=st.booleans())
def test_what_was_told_is_not_told_again(base: dict[str, SeenPlugin], now: dict[str, SeenPlugin], whole: bool) -> None:
    look = sight(now, whole=whole)
    after = kept_base(base_of(base), look)
    found = compare(after, look, (), base_is_whole=True)
    assert (found.turned, found.first_seen, found.is_moved) == ((), (), False)
