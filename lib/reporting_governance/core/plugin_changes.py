"""What it takes to turn plugins on or off, and what else it does, judged as OpenClaw judges what is on.

OpenClaw's own `plugins enable` writes the plugin's entry, and the slot of what it is; where `plugins.allow` or
`plugins.deny` stands in the way it refuses.  Here these two are part of what is asked for, since a plugin that stays
off was not enabled; but each change beside the plugin's own entry has to be agreed to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum

from reporting_governance.contracts.config_edit import ConfigEdit, EditKind, Switch
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Candidate
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_enablement import (
    DEFAULT_MEMORY,
    Enablement,
    PluginPolicy,
    Why,
    config_id,
    decide,
)

#: kind of a plugin -> the slot that it fills
_SLOTS = {"memory": "memory", "context-engine": "contextEngine"}
_SLOT_WORDS = {"memory": "the memory slot", "contextEngine": "the slot of the context engine"}
_SLOT_REASONS = {Why.MEMORY_SLOT: "memory", Why.CONTEXT_SLOT: "contextEngine"}


class Touches(StrEnum):
    """What part of the configuration a change is made in."""

    ENTRY = "entry"  #: the plugin's own
    ALLOW = "allow"
    DENY = "deny"
    SLOT = "slot"


@frozen(kw_only=True)
class Configured:
    """What a configuration says about plugins, and in which spelling."""

    policy: PluginPolicy
    entry_keys: tuple[str, ...] = ()  #: of `plugins.entries`, as they are written
    denied: tuple[tuple[str, str], ...] = ()  #: of `plugins.deny`: the id that is meant, and what is written
    settings: Mapping[str, object] = field(default_factory=dict)  #: id -> `config` of its entry


@frozen(kw_only=True)
class Change:
    """One edit, and what it is for."""

    touches: Touches
    plugin_id: str  #: who is to be turned on or off
    edit: ConfigEdit
    says: str  #: for a person

    @property
    def needs_consent(self) -> bool:
        """Whether it is more than was asked for by naming the plugin."""
        return self.touches is not Touches.ENTRY


@frozen(kw_only=True)
class Switched:
    """A plugin that was named and is changed, or that goes on or off with one of those."""

    plugin_id: str
    before: Enablement
    after: Enablement
    is_named: bool
    changes: tuple[Change, ...] = ()  #: what is changed for it
    because: tuple[str, ...] = ()  #: of one that nobody named: those with which it goes

    @property
    def moves(self) -> bool:
        """Whether it is on afterwards and was not before, or the other way round."""
        return self.before.enabled is not self.after.enabled


@frozen(kw_only=True)
class Problem:
    """Why a plugin cannot be turned on or off."""

    plugin_id: str
    says: str


@frozen(kw_only=True)
class SwitchPlan:
    """What a batch comes to.  With a problem nothing of it is to be done."""

    on: bool  #: whether the plugins that were named are to be on
    changes: tuple[Change, ...]
    switched: tuple[Switched, ...]  #: in the order in which plugins are found
    unchanged: tuple[str, ...]  #: named, and so already
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]  #: what else a person may want to know; nothing is changed by it
    policy: PluginPolicy  #: as it is afterwards

    @property
    def asks(self) -> tuple[Change, ...]:
        """What has to be agreed to."""
        return tuple(each for each in self.changes if each.needs_consent)

    @property
    def switches(self) -> tuple[Switch, ...]:
        """What the changes are for, in the order of the names."""
        return tuple(
            Switch(plugin_id=each, enabled=self.on) for each in dict.fromkeys(c.plugin_id for c in self.changes)
        )


def plan_switch(
    named: Sequence[Candidate], *, on: bool, taken: Sequence[Candidate], configured: Configured, platform: str
) -> SwitchPlan:
    """Work out what turns plugins on or off.

    Args:
        named: which, each once.
        on: whether they are to be on afterwards.
        taken: every plugin that OpenClaw takes, those among them.
        platform: as Node.js names it.
    """
    policy, changes, unchanged = configured.policy, [], []
    problems = _rivals(named) if on else []
    for plugin in named:
        needed = _enabling(plugin, configured, policy) if on else _disabling(plugin, configured, policy)
        if needed:
            policy = _after(policy, plugin, needed)
            changes += needed
        elif decide(plugin, policy, platform=platform).enabled is on:
            unchanged.append(plugin.id)
    rivals = {each.plugin_id for each in problems}
    for plugin in named:
        verdict = decide(plugin, policy, platform=platform)
        if verdict.enabled is not on and plugin.id not in rivals:
            problems.append(Problem(plugin_id=plugin.id, says=_stays_off(plugin, verdict.why)))
    switched = _switched(taken, configured.policy, policy, changes, platform)
    return SwitchPlan(
        on=on,
        changes=tuple(changes),
        switched=switched,
        unchanged=tuple(unchanged),
        problems=tuple(problems),
        notes=tuple(_notes(switched, taken, policy, platform)),
        policy=policy,
    )


def _enabling(plugin: Candidate, configured: Configured, policy: PluginPolicy) -> list[Change]:
    plain = policy_id(plugin.id)
    found = []
    if plain in policy.deny:
        spellings = dict.fromkeys(text for meant, text in configured.denied if meant == plain)
        found += [
            _change(plugin, Touches.DENY, EditKind.LEAVE, ("deny",), written, f"plugins.deny loses {written}")
            for written in spellings
        ]
    if policy.allow and plain not in policy.allow:
        found.append(_change(plugin, Touches.ALLOW, EditKind.JOIN, ("allow",), plain, f"plugins.allow gains {plain}"))
    found += _entry(plugin, configured, policy, on=True)
    for slot in _slots_of(plugin):
        found += _slot(plugin, slot, _filled_by(policy, slot))
    return found


def _disabling(plugin: Candidate, configured: Configured, policy: PluginPolicy) -> list[Change]:
    return _entry(plugin, configured, policy, on=False)


def _entry(plugin: Candidate, configured: Configured, policy: PluginPolicy, *, on: bool) -> list[Change]:
    plain = policy_id(plugin.id)
    if policy.entries.get(plain) is on:
        return []
    # of several entries for one plugin the last one that says so counts
    key = next((each for each in reversed(configured.entry_keys) if config_id(each) == plain), plain)
    says = f"plugins.entries.{key}.enabled becomes {'true' if on else 'false'}"
    return [_change(plugin, Touches.ENTRY, EditKind.SET, ("entries", key, "enabled"), on, says)]


def _slot(plugin: Candidate, slot: str, now: str | None) -> list[Change]:
    """Return what gives a slot to a plugin; as OpenClaw does, the one that has it by default is not named."""
    if now == plugin.id:
        return []
    says = f"{_SLOT_WORDS[slot]} (plugins.slots.{slot}) goes from {now or 'nobody'} to {plugin.id}"
    if slot == "memory" and plugin.id == DEFAULT_MEMORY:
        return [_change(plugin, Touches.SLOT, EditKind.DROP, ("slots", slot), None, says)]
    return [_change(plugin, Touches.SLOT, EditKind.SET, ("slots", slot), plugin.id, says)]


def _change(
    plugin: Candidate, touches: Touches, kind: EditKind, path: tuple[str, ...], value: str | bool | None, says: str
) -> Change:
    edit = ConfigEdit(kind=kind, path=("plugins", *path), value=value)
    return Change(touches=touches, plugin_id=plugin.id, edit=edit, says=says)


def _slots_of(plugin: Candidate) -> list[str]:
    return [slot for kind, slot in _SLOTS.items() if kind in plugin.manifest.kinds]


def _filled_by(policy: PluginPolicy, slot: str) -> str | None:
    return policy.memory_slot if slot == "memory" else policy.context_slot


def _after(policy: PluginPolicy, plugin: Candidate, changes: Iterable[Change]) -> PluginPolicy:
    """Return the policy after changes for one plugin."""
    plain = policy_id(plugin.id)
    for each in changes:
        if each.touches is Touches.DENY:
            policy = replace(policy, deny=tuple(other for other in policy.deny if other != plain))
        elif each.touches is Touches.ALLOW:
            policy = replace(policy, allow=(*policy.allow, plain))
        elif each.touches is Touches.ENTRY:
            policy = replace(policy, entries={**policy.entries, plain: each.edit.value is True})
        elif each.edit.path[-1] == "memory":
            policy = replace(policy, memory_slot=plugin.id)
        else:
            policy = replace(policy, context_slot=plugin.id)
    return policy


def _rivals(named: Sequence[Candidate]) -> list[Problem]:
    """Return what is told of plugins of which only one can be on."""
    problems = []
    for slot, words in _SLOT_WORDS.items():
        those = [each.id for each in named if slot in _slots_of(each)]
        if len(those) > 1:
            problems += [
                Problem(plugin_id=each, says=f"only one plugin fills {words}: name one of {', '.join(those)}")
                for each in those
            ]
    return problems


def _stays_off(plugin: Candidate, why: Why) -> str:
    hint = {
        Why.ALL_OFF: "turning that on would turn on others too, so it is left to you",
        Why.CHANNEL_OFF: f"set channels.{_first(plugin.manifest.channels, plugin.id)}.enabled to true yourself",
    }.get(why)
    return f"it would stay off: {why.value}{f'; {hint}' if hint else ''}"


def _first(names: Sequence[str], otherwise: str) -> str:
    return names[0] if names else otherwise


def _switched(
    taken: Iterable[Candidate], before: PluginPolicy, after: PluginPolicy, changes: Sequence[Change], platform: str
) -> tuple[Switched, ...]:
    ids = tuple(dict.fromkeys(each.plugin_id for each in changes))
    found = []
    for each in taken:
        switched = Switched(
            plugin_id=each.id,
            before=decide(each, before, platform=platform),
            after=decide(each, after, platform=platform),
            is_named=each.id in ids,
            changes=tuple(change for change in changes if change.plugin_id == each.id),
            because=() if each.id in ids else ids,
        )
        if switched.is_named or switched.moves:
            found.append(switched)
    return tuple(found)


def _notes(
    switched: Iterable[Switched], taken: Sequence[Candidate], policy: PluginPolicy, platform: str
) -> Iterable[str]:
    gone = [each for each in switched if each.moves and not each.after.enabled]
    for each in gone:
        slot = _SLOT_REASONS.get(each.before.why)
        if slot is not None and _filled_by(policy, slot) == each.plugin_id:
            yield f"nobody fills {_SLOT_WORDS[slot]} then: plugins.slots.{slot} still means {each.plugin_id}"
        for other in taken:
            needs = policy_id(each.plugin_id) in map(policy_id, other.manifest.requires)
            if needs and decide(other, policy, platform=platform).enabled:
                yield f"{other.id}, which is on, requires {each.plugin_id}"
