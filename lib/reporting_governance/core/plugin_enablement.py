"""Whether a plugin is on, and the one line of the configuration, or the default, that says so."""

from collections.abc import Mapping
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Candidate, Origin
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_versions import WHITE

DEFAULT_MEMORY = "memory-core"  #: fills the memory slot when the configuration names nobody

#: Names that a plugin had, under which a configuration may still speak of it.
_OLD_IDS = {"google-gemini-cli": "google", "minimax-portal": "minimax", "minimax-portal-auth": "minimax"}

#: Names of channels beside the ones under which the configuration keeps them.
_CHANNEL_NAMES = {
    "lark": "feishu",
    "gchat": "googlechat",
    "google-chat": "googlechat",
    "imsg": "imessage",
    "internet-relay-chat": "irc",
    "teams": "msteams",
    "nc": "nextcloud-talk",
    "nc-talk": "nextcloud-talk",
    "twitch-chat": "twitch",
    "zl": "zalo",
    "zlu": "zalouser",
}
#: Channels that OpenClaw knows without a plugin that declares them.
_CHANNELS = frozenset(
    "a2a buzz clickclack discord feishu googlechat imessage irc line matrix mattermost msteams nextcloud-talk nostr "
    "raft reef signal slack sms synology-chat telegram tlon twitch whatsapp zalo zalouser".split()
)


class Why(StrEnum):
    """What decides whether a plugin is on."""

    ALL_OFF = "plugins.enabled is false"
    DENIED = "it stands in plugins.deny"
    ENTRY_OFF = "its entry says enabled: false"
    CHANNEL_OFF = "its channel is off"
    WORKSPACE = "plugins of a workspace are off unless the configuration names them"
    MEMORY_SLOT = "it fills the memory slot"
    CONTEXT_SLOT = "it fills the context engine slot"
    CHANNEL_ON = "its channel is on"
    NOT_ALLOWED = "plugins.allow names others only"
    ENTRY_ON = "its entry says enabled: true"
    ALLOWED = "it stands in plugins.allow"
    BY_DEFAULT = "plugins found in this place are on unless the configuration says otherwise"
    OWN_DEFAULT = "OpenClaw's own manifest turns it on"
    OWN_OFF = "OpenClaw's own manifest leaves it off"


@frozen(kw_only=True)
class PluginPolicy:
    """What the configuration says about plugins, ids in the form in which they are compared."""

    enabled: bool = True
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    entries: Mapping[str, bool | None]  #: id -> `enabled`, None when the entry does not say
    memory_slot: str | None = DEFAULT_MEMORY  #: None: nobody
    context_slot: str | None = None
    channels: Mapping[str, bool | None]  #: channel -> `enabled`
    load_paths: tuple[str, ...] = ()
    lets_providers_by: bool = False  #: OpenClaw's own providers pass `allow`, as they did before it was strict


@frozen(kw_only=True)
class Enablement:
    """Whether a plugin is on, and why."""

    enabled: bool
    why: Why


def config_id(written: str) -> str:
    """Return the id that a configuration means by what is written in it."""
    plain = policy_id(written)
    return _OLD_IDS.get(plain, plain)


def slot_owner(written: object, default: str | None) -> str | None:
    """Return who fills a slot: `none` means nobody, nothing or a blank means the default."""
    name = written.strip(WHITE) if isinstance(written, str) else ""
    if not name:
        return default
    return None if name.lower() == "none" else name


def decide(plugin: Candidate, policy: PluginPolicy, *, platform: str) -> Enablement:
    """Say whether a plugin is on.

    Args:
        platform: as Node.js names it: `linux`, `darwin`.
    """
    why = _why(plugin, policy, platform)
    return Enablement(enabled=why not in _OFF, why=why)


_OFF = frozenset((Why.ALL_OFF, Why.DENIED, Why.ENTRY_OFF, Why.CHANNEL_OFF, Why.WORKSPACE, Why.NOT_ALLOWED, Why.OWN_OFF))


def _why(plugin: Candidate, policy: PluginPolicy, platform: str) -> Why:
    plugin_id = policy_id(plugin.id)
    entry = policy.entries.get(plugin_id)
    channel = _channel_says(plugin, policy)
    own = plugin.origin is Origin.BUNDLED
    slot = _slot(plugin, policy)
    allowed = plugin_id in policy.allow or (own and plugin.manifest.is_provider and policy.lets_providers_by)
    if not policy.enabled:
        return Why.ALL_OFF
    if plugin_id in policy.deny:
        return Why.DENIED
    if entry is False:
        return Why.ENTRY_OFF
    if channel is False:
        return Why.CHANNEL_OFF
    if plugin.origin is Origin.WORKSPACE and not allowed and entry is not True and slot is not Why.CONTEXT_SLOT:
        return Why.WORKSPACE
    if slot is not None:
        return slot
    if own and channel is True and entry is not True:
        return Why.CHANNEL_ON
    if policy.allow and not allowed:
        return Why.NOT_ALLOWED
    if entry is True:
        return Why.ENTRY_ON
    if not own:
        return Why.ALLOWED if allowed else Why.BY_DEFAULT
    manifest = plugin.manifest
    return Why.OWN_DEFAULT if manifest.enabled_by_default or platform in manifest.enabled_by_default_on else Why.OWN_OFF


def _slot(plugin: Candidate, policy: PluginPolicy) -> Why | None:
    if policy.memory_slot == plugin.id:
        return Why.MEMORY_SLOT
    return Why.CONTEXT_SLOT if policy.context_slot == plugin.id else None


def _channel_says(plugin: Candidate, policy: PluginPolicy) -> bool | None:
    """Return what the switches of a plugin's channels say: on when one is on, off when all are off."""
    if plugin.manifest.channels:
        names = [_channel(each) for each in plugin.manifest.channels]
    else:
        names = [name for name in (_channel(plugin.id),) if name in _CHANNELS]
    says = [policy.channels.get(each) for each in names] or [None]
    if True in says:
        return True
    return False if all(each is False for each in says) else None


def _channel(written: str) -> str:
    plain = policy_id(written)
    name = _CHANNEL_NAMES.get(plain, plain)
    return name if name in _CHANNELS else written
