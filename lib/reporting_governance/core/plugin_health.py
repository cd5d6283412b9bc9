"""What is wrong with the plugins of a host, and what to do about each of it; for `plugins doctor`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Refusal, RefusalReason, RuleVerdict
from reporting_governance.core.plugin_check import sentence
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_enablement import Enablement, PluginPolicy


class Trouble(StrEnum):
    """What kind of thing is wrong."""

    REFUSED = "refused"  #: looks like a plugin and is not taken
    DUPLICATE = "duplicate"  #: another plugin has its id and is taken
    UNFIT = "unfit"  #: on, and a rule that it writes down is not met
    NOT_THERE = "not_there"  #: the configuration names a plugin that is not there
    CONTRADICTION = "contradiction"  #: two parts of the configuration say the opposite
    CONFIGURATION = "configuration"  #: OpenClaw does not take it, or somebody else may write it
    DRIFT = "drift"  #: changed, and not through us
    NOT_SEEN = "not_seen"  #: what decides could not be looked at


@frozen(kw_only=True)
class Fault:
    """One thing that somebody has to do something about."""

    trouble: Trouble
    about: str  #: a plugin's id, or a path
    seen: str
    remedy: str


_PLAIN = "Put a copy in the place of the link."
_MANIFEST = "Mend its openclaw.plugin.json, or ask who made it; without it nothing says what it is."
_ENTRIES = "Mend `openclaw.extensions` in its package.json, or install the plugin anew."
_UPDATE = "Update OpenClaw, or install a version of the plugin that fits this one."

_REMEDIES: Mapping[RefusalReason, str] = {
    RefusalReason.NO_MANIFEST: "Give it an openclaw.plugin.json, if it is meant to be a plugin; else move it away.",
    RefusalReason.UNSAFE_MANIFEST: _PLAIN,
    RefusalReason.BROKEN_MANIFEST: _MANIFEST,
    RefusalReason.NO_ID: _MANIFEST,
    RefusalReason.RESERVED_ID: "Give it another id: OpenClaw keeps this one for itself.",
    RefusalReason.NO_CONFIG_SCHEMA: "Give its manifest an object `configSchema`; an empty one will do.",
    RefusalReason.BAD_BACKUP_RESOURCES: _MANIFEST,
    RefusalReason.BAD_CATEGORIES: _MANIFEST,
    RefusalReason.BAD_PACKAGE: "Mend its package.json.",
    RefusalReason.NO_ENTRIES: _ENTRIES,
    RefusalReason.ENTRIES_COLLIDE: _ENTRIES,
    RefusalReason.UNSAFE_ENTRY: _PLAIN,
    RefusalReason.SOURCE_ESCAPES: _PLAIN,
    RefusalReason.UNREADABLE_ENTRY: "Let the user who runs OpenClaw read it.",
    RefusalReason.ENTRY_MISSING: _ENTRIES,
    RefusalReason.NOT_BUILT: "Build the plugin, or install it as a package.",
    RefusalReason.WRITABLE_BY_ALL: "`chmod o-w` what is named, after a look at who may have written there.",
    RefusalReason.STRANGE_OWNER: "`chown` it to the user who runs OpenClaw, or to root, after a look at what it is.",
    RefusalReason.BAD_FLOOR: "Ask who made it: `install.minHostVersion` must be `>=` and a full version.",
    RefusalReason.UNKNOWN_HOST: "Say where OpenClaw's package is (--openclaw-package): nothing says its version.",
    RefusalReason.HOST_TOO_OLD: _UPDATE,
    RefusalReason.BAD_API_RANGE: "Ask who made it: `compat.pluginApi` cannot be read.",
    RefusalReason.API_NOT_IN_RANGE: _UPDATE,
    RefusalReason.IDS_COLLIDE: "Rename or remove one of them; until then neither is taken.",
    RefusalReason.OVERRIDDEN: "Remove the one that you do not want; the other one is loaded.",
    RefusalReason.ROOT_UNREADABLE: "Let the user who runs OpenClaw list the folder.",
    RefusalReason.PATH_MISSING: "Take it out of `plugins.load.paths`, or put the plugin back.",
    RefusalReason.PATH_UNREADABLE: "Let the user who runs OpenClaw read it, or take it out of `plugins.load.paths`.",
    RefusalReason.NOT_A_PLUGIN_FILE: "Take it out of `plugins.load.paths`: it is no code.",
    RefusalReason.LEGACY_DECLARATION: "Install the package that it names (`openclaw plugins install`), and remove it.",
    RefusalReason.WANTS_ANOTHER: "Install the plugin that it requires, or turn this one off.",
}


def remedy_of(reason: RefusalReason) -> str:
    """Return what to do about a refusal."""
    return _REMEDIES[reason]


def faults_of_plugins(
    taken: Iterable[tuple[str, Enablement | None, tuple[RuleVerdict, ...]]], refusals: Iterable[Refusal]
) -> Iterator[Fault]:
    """Yield what is wrong with plugins themselves: refused ones, those that give way, those that are on and unfit."""
    for each in refusals:
        trouble = Trouble.DUPLICATE if each.reason is RefusalReason.OVERRIDDEN else Trouble.REFUSED
        seen = f"{each.path}: {each.detail}" if each.detail else each.path
        yield Fault(trouble=trouble, about=each.plugin_id or each.path, seen=seen, remedy=remedy_of(each.reason))
    for plugin_id, enablement, verdicts in taken:
        failing = [sentence(each) for each in verdicts if not each.met]
        if failing and enablement is not None and enablement.enabled:
            remedy = f"`reportgov plugins disable {plugin_id}`, or: {_UPDATE[0].lower()}{_UPDATE[1:]}"
            yield Fault(
                trouble=Trouble.UNFIT, about=plugin_id, seen=f"it is on, and {'; '.join(failing)}", remedy=remedy
            )


def faults_of_policy(
    policy: PluginPolicy, there: Collection[str], told: Collection[str], *, is_whole: bool
) -> Iterator[Fault]:
    """Yield what the configuration says that cannot be meant.

    Args:
        there: ids of the plugins that are taken.
        told: ids that are told of already, since they are not taken.
        is_whole: nothing was out of sight; else a plugin that is missing may be there.
    """
    known = {policy_id(each) for each in (*there, *told)}
    if is_whole:
        yield from _not_there(policy, known)
    yield from _contradictions(policy)


def _not_there(policy: PluginPolicy, known: Collection[str]) -> Iterator[Fault]:
    for name, on in sorted(policy.entries.items()):
        if name not in known and on is not False:
            yield _absent(name, f"plugins.entries.{name}", "Install it, or remove its entry.")
    for name in sorted(set(policy.allow) - set(known)):
        yield _absent(name, "plugins.allow", "Take it out of the list; with nobody in it the list says nothing.")
    for slot, owner in (("memory", policy.memory_slot), ("contextEngine", policy.context_slot)):
        if owner is not None and policy_id(owner) not in known:
            yield _absent(owner, f"plugins.slots.{slot}", "Name a plugin that is there, or `none`.")


def _absent(name: str, where: str, remedy: str) -> Fault:
    return Fault(trouble=Trouble.NOT_THERE, about=name, seen=f"{where} names it, and no root has it", remedy=remedy)


def _contradictions(policy: PluginPolicy) -> Iterator[Fault]:
    denied, wanted = set(policy.deny), {name for name, on in policy.entries.items() if on}
    for name in sorted(denied & (wanted | set(policy.allow))):
        other = "its entry turns it on" if name in wanted else "plugins.allow names it"
        yield _opposite(name, f"plugins.deny names it, and {other}: it is off", "Take it out of one of the two.")
    if policy.allow:
        for name in sorted(wanted - set(policy.allow) - denied - {policy.memory_slot, policy.context_slot}):
            seen = "its entry turns it on, and plugins.allow, which names others only, turns it off"
            yield _opposite(
                name, seen, f"Add it to plugins.allow (`reportgov plugins enable {name}`), or remove the list."
            )
    if not policy.enabled and wanted:
        seen = f"it is false, so {', '.join(sorted(wanted))} stay off although their entries turn them on"
        yield _opposite("plugins.enabled", seen, "Remove it, or turn them off by name.")


def _opposite(about: str, seen: str, remedy: str) -> Fault:
    return Fault(trouble=Trouble.CONTRADICTION, about=about, seen=seen, remedy=remedy)


@frozen(kw_only=True)
class FileFacts:
    """What the file system says of the configuration."""

    path: str
    mode: int  #: permission bits
    uid: int
    folder_mode: int  #: of the folder that it lies in


def faults_of_file(facts: FileFacts | None, uid: int) -> Iterator[Fault]:
    """Yield who beside its owner may write the configuration.

    Args:
        facts: None: there is no file.
        uid: whose OpenClaw it is.
    """
    if facts is None:
        return
    if facts.uid not in (uid, 0):
        seen = f"it belongs to user {facts.uid}, neither to {uid}, whose OpenClaw it is, nor to root"
        yield _file(facts.path, seen, f"`chown {uid}` it, after a look at what it says.")
    if facts.mode & 0o022:
        who = "everybody" if facts.mode & 0o002 else "its group"
        yield _file(
            facts.path, f"{who} may write it (mode {facts.mode:o})", "`chmod 600` it, after a look at what it says."
        )
    folder = facts.path.rpartition("/")[0] or "/"
    if facts.folder_mode & 0o002 and not facts.folder_mode & 0o1000:
        seen = f"everybody may put another file in its place (mode {facts.folder_mode:o})"
        yield _file(folder, seen, "`chmod o-w` the folder.")


def _file(path: str, seen: str, remedy: str) -> Fault:
    return Fault(trouble=Trouble.CONFIGURATION, about=path, seen=seen, remedy=remedy)
