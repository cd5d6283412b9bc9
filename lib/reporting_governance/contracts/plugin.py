"""The nouns of OpenClaw's plugins: where one comes from, what it declares, and why one is not taken."""

from __future__ import annotations

from enum import StrEnum

from reporting_governance.contracts.frozen import frozen


class Origin(StrEnum):
    """Which of OpenClaw's roots a plugin was found in."""

    CONFIG = "config"  #: a path that `plugins.load.paths` names
    WORKSPACE = "workspace"  #: `.openclaw/extensions` of the agent's workspace
    BUNDLED = "bundled"  #: inside OpenClaw's own package
    GLOBAL = "global"  #: the extensions folder of the state folder, or where an install was recorded


class Form(StrEnum):
    """What a plugin was made for."""

    OPENCLAW = "openclaw"
    AGENT = "agent"
    CLAUDE = "claude"
    CODEX = "codex"
    CURSOR = "cursor"


class Level(StrEnum):
    """How OpenClaw tells of it."""

    ERROR = "error"
    WARN = "warn"


class RefusalReason(StrEnum):
    """Why something that looks like a plugin is not taken as one, or only told of."""

    NO_MANIFEST = "no_manifest"
    UNSAFE_MANIFEST = "unsafe_manifest"
    BROKEN_MANIFEST = "broken_manifest"
    NO_ID = "no_id"
    RESERVED_ID = "reserved_id"
    NO_CONFIG_SCHEMA = "no_config_schema"
    BAD_BACKUP_RESOURCES = "bad_backup_resources"
    BAD_CATEGORIES = "bad_categories"
    BAD_PACKAGE = "bad_package"
    NO_ENTRIES = "no_entries"
    ENTRIES_COLLIDE = "entries_collide"
    UNSAFE_ENTRY = "unsafe_entry"
    SOURCE_ESCAPES = "source_escapes"  #: a link leads from what would be loaded out of the plugin's folder
    UNREADABLE_ENTRY = "unreadable_entry"
    ENTRY_MISSING = "entry_missing"
    NOT_BUILT = "not_built"
    WRITABLE_BY_ALL = "writable_by_all"
    STRANGE_OWNER = "strange_owner"
    BAD_FLOOR = "bad_floor"
    UNKNOWN_HOST = "unknown_host"
    HOST_TOO_OLD = "host_too_old"
    BAD_API_RANGE = "bad_api_range"
    API_NOT_IN_RANGE = "api_not_in_range"
    IDS_COLLIDE = "ids_collide"
    OVERRIDDEN = "overridden"  #: another plugin has its id and goes before it
    ROOT_UNREADABLE = "root_unreadable"  #: a whole folder of plugins
    PATH_MISSING = "path_missing"
    PATH_UNREADABLE = "path_unreadable"
    NOT_A_PLUGIN_FILE = "not_a_plugin_file"
    LEGACY_DECLARATION = "legacy_declaration"
    WANTS_ANOTHER = "wants_another"  #: told of only: it is taken although a plugin that it requires is not there


_WARNED = frozenset(
    (
        RefusalReason.SOURCE_ESCAPES,
        RefusalReason.NOT_BUILT,
        RefusalReason.WRITABLE_BY_ALL,
        RefusalReason.STRANGE_OWNER,
        RefusalReason.UNREADABLE_ENTRY,
        RefusalReason.UNKNOWN_HOST,
        RefusalReason.HOST_TOO_OLD,
        RefusalReason.BAD_API_RANGE,
        RefusalReason.API_NOT_IN_RANGE,
        RefusalReason.OVERRIDDEN,
        RefusalReason.ROOT_UNREADABLE,
        RefusalReason.PATH_MISSING,
        RefusalReason.PATH_UNREADABLE,
        RefusalReason.LEGACY_DECLARATION,
        RefusalReason.WANTS_ANOTHER,
    )
)


class Rule(StrEnum):
    """What can make a plugin and a host incompatible."""

    HOST_FLOOR = "install.minHostVersion"
    API_RANGE = "compat.pluginApi"
    PLATFORM_CONTRACT = "platformContract"
    PLATFORM_FLOOR = "platformMinVersion"


@frozen(kw_only=True)
class RuleVerdict:
    """What one rule says about one plugin on one host."""

    rule: Rule
    met: bool
    wanted: str  #: as the plugin writes it
    why: str = ""  #: for a person; empty when it is met


@frozen(kw_only=True)
class Refusal:
    """One thing that is told beside the list of plugins."""

    reason: RefusalReason
    path: str  #: what it is about
    plugin_id: str = ""  #: the id, or the name it would have had; empty when nothing says one
    detail: str = ""  #: for a person
    origin: Origin | None = None  #: None for what is no plugin, as a folder that cannot be read
    verdicts: tuple[RuleVerdict, ...] = ()  #: every rule that was asked, when one of them is the reason

    @property
    def level(self) -> Level:
        """How OpenClaw tells of it: a warning or an error."""
        return Level.WARN if self.reason in _WARNED else Level.ERROR


@frozen(kw_only=True)
class PluginManifest:
    """What of a plugin's manifest decides about it; the manifest says a hundred things more."""

    id: str
    name: str | None = None
    version: str | None = None
    kinds: tuple[str, ...] = ()  #: `memory`, `context-engine`
    channels: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  #: ids of plugins it wants beside it
    is_provider: bool = False  #: offers models, voices and the like
    enabled_by_default: bool = False
    enabled_by_default_on: tuple[str, ...] = ()  #: platforms, as Node.js names them
    platform_contract: object = None  #: ours, as written; the host itself looks at neither key
    platform_min_version: object = None


@frozen(kw_only=True)
class PluginPackage:
    """What of a plugin's package.json decides about it."""

    name: str | None = None
    version: str | None = None
    host_floor: object = None  #: `openclaw.install.minHostVersion`, of whatever type
    has_host_floor: bool = False  #: it is there, if only as null
    api_range: object = (
        None  #: `openclaw.compat.pluginApi`, of whatever type; the whole `compat` when that is no object
    )
    has_api_range: bool = False
    platform_contract: object = None
    platform_min_version: object = None


@frozen(kw_only=True)
class Candidate:
    """A plugin as it was found, before it is known whether the host takes it."""

    id: str
    manifest: PluginManifest
    package: PluginPackage
    origin: Origin
    form: Form
    source: str  #: the file that is loaded; of a bundle its folder
    root: str  #: real path of its folder
    manifest_path: str
    package_path: str  #: where its package.json is or would be
    named: bool = False  #: `plugins.load.paths` leads to it
    tracked: bool = False  #: an install of it is recorded

    @property
    def name(self) -> str:
        """What it is called."""
        return self.manifest.name or self.package.name or self.id

    @property
    def version(self) -> str | None:
        """Its version: the package's goes before the manifest's."""
        return self.package.version or self.manifest.version
