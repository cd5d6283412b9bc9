"""Which plugins another writer turned on or off: what was recorded last against what is seen now.

The base line is what the newest mark says.  Lines of our own `plugins enable` and `plugins disable` move it; whatever
they do not explain was somebody else, also our own verb when it was killed between its write and its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Origin
from reporting_governance.contracts.plugin_sight import PluginSight, SeenPlugin
from reporting_governance.contracts.times import format_time

_NAMED = 12  #: plugins that a text names of each kind; the lines of the journal name all


class Turn(StrEnum):
    """What became of a plugin."""

    ON = "on"
    OFF = "off"
    GONE = "gone"  #: it was on, and OpenClaw does not take it any more
    CAME = "came"  #: new, not OpenClaw's own, and on


@frozen(kw_only=True)
class Turned:
    """One plugin that is not as it was recorded."""

    plugin_id: str
    turn: Turn
    why: str

    @property
    def was_on(self) -> bool:
        """What was recorded."""
        return self.turn in (Turn.OFF, Turn.GONE)


@frozen(kw_only=True)
class OwnChange:
    """What one line of ours says that we changed."""

    plugin_id: str
    enabled: bool


@frozen(kw_only=True)
class Compared:
    """What differs from the base line."""

    turned: tuple[Turned, ...]  #: by another writer, by id
    first_seen: tuple[str, ...]  #: ids that were never recorded
    is_moved: bool  #: the base line has to be written anew


def base_of(plugins: Mapping[str, SeenPlugin]) -> dict[str, Any]:
    """Return a base line as plain JSON data, by id."""
    return {name: {"on": each.enabled, "from": each.origin.value} for name, each in sorted(plugins.items())}


def kept_base(old: Mapping[str, Any], sight: PluginSight) -> dict[str, Any]:
    """Return the base line after a look: what was seen; of one that was out of sight, what was known of it."""
    now = base_of(sight.plugins)
    return now if sight.is_whole else dict(sorted({**old, **now}.items()))


def compare(
    base: Mapping[str, Any],
    sight: PluginSight,
    own: Iterable[OwnChange],
    *,
    base_is_whole: bool,
) -> Compared:
    """Hold what is seen against the base line.

    Args:
        base: as `base_of` makes it.
        own: our changes since it was recorded, oldest first; what went on or off with another plugin is one too.
        base_is_whole: nothing was out of sight when it was recorded.
    """
    known = {name: bool(each["on"]) for name, each in base.items()} | {each.plugin_id: each.enabled for each in own}
    turned, first = [], []
    for name, each in sorted(sight.plugins.items()):
        if name not in base:
            first.append(name)
            is_news = each.enabled and each.origin is not Origin.BUNDLED and base_is_whole and sight.is_whole
            if is_news and name not in known:
                turned.append(Turned(plugin_id=name, turn=Turn.CAME, why=each.why))
        elif each.enabled is not known[name] and _is_comparable(base[name], each, sight):
            turn = Turn.ON if each.enabled else Turn.OFF
            turned.append(Turned(plugin_id=name, turn=turn, why=each.why))
    if sight.is_whole:
        turned += [
            Turned(plugin_id=name, turn=Turn.GONE, why=sight.refused.get(name, "no root has it any more"))
            for name in sorted(base)
            if name not in sight.plugins and known[name]
        ]
    return Compared(
        turned=tuple(turned), first_seen=tuple(first), is_moved=kept_base(base, sight) != dict(base) or bool(turned)
    )


def _is_comparable(old: Mapping[str, Any], now: SeenPlugin, sight: PluginSight) -> bool:
    """Tell whether it is the same plugin: out of sight of the one that goes first, another with its id is seen."""
    return sight.is_whole or old["from"] == now.origin.value


def drift_words(turned: Iterable[Turned], sight: PluginSight, *, config_changed: bool) -> str:
    """Return which plugins were changed, from what to what, why, in which file, when, and whose file it is."""
    said = list(turned)
    parts = [_kind_words(turn, [each for each in said if each.turn is turn]) for turn in Turn]
    where = f"{sight.config} is as it was: what changed are files of plugins, or of OpenClaw itself"
    if config_changed and sight.written_at is not None:
        where = f"{sight.config} was written {format_time(sight.written_at)} and belongs to {sight.owner}"
    elif config_changed:
        where = f"{sight.config} is not there any more"
    return "; ".join([*filter(None, parts), where])


_FROM_TO = {
    Turn.ON: "from off to on",
    Turn.OFF: "from on to off",
    Turn.GONE: "from on to not taken",
    Turn.CAME: "new, and on",
}


def _kind_words(turn: Turn, turned: list[Turned]) -> str:
    if not turned:
        return ""
    names = ", ".join(each.plugin_id for each in turned[:_NAMED])
    more = f" and {len(turned) - _NAMED} more" if len(turned) > _NAMED else ""
    reasons = dict.fromkeys(each.why for each in turned)
    why = next(iter(reasons)) if len(reasons) == 1 else "for several reasons"
    return f"{_FROM_TO[turn]}: {names}{more} ({why})"
