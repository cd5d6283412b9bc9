"""A plugin's manifest and package.json, and what of them decides about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from reporting_governance.adapters.openclaw.files import Unread, read_inside
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed, read_strict, texts, trimmed
from reporting_governance.contracts.plugin import PluginManifest, PluginPackage, RefusalReason
from reporting_governance.core.plugin_choice import policy_id

MANIFEST: Final = "openclaw.plugin.json"
PACKAGE: Final = "package.json"
MANIFEST_BYTES: Final = 262_144
PACKAGE_BYTES: Final = 16_777_216
_RESERVED: Final = frozenset(("node-mcp",))  #: ids that OpenClaw keeps for itself
_KINDS: Final = ("memory", "context-engine")
_CATEGORIES: Final = frozenset(
    (
        "agent-orchestration",
        "agent-runtimes",
        "channels",
        "context",
        "data-analytics",
        "developer-tools",
        "documents-files",
        "finance-payments",
        "gateway",
        "inbox-collaboration",
        "infrastructure",
        "integrations",
        "media",
        "memory",
        "models",
        "other",
        "productivity",
        "research",
        "runtime",
        "sales-marketing",
        "scheduling",
        "security",
        "tools",
        "voice",
        "web",
    )
)
_MOST_CATEGORIES: Final = 3
#: contracts that make a plugin a provider of models, voices and the like
_PROVIDING: Final = (
    "speechProviders",
    "externalAuthProviders",
    "embeddingProviders",
    "mediaUnderstandingProviders",
    "transcriptSourceProviders",
    "realtimeVoiceProviders",
    "realtimeTranscriptionProviders",
    "imageGenerationProviders",
    "videoGenerationProviders",
    "musicGenerationProviders",
    "webFetchProviders",
    "webSearchProviders",
    "workerProviders",
    "usageProviders",
    "migrationProviders",
)


class Fault(NamedTuple):
    """Why there is no manifest."""

    reason: RefusalReason
    path: str
    detail: str = ""


class Package(NamedTuple):
    """A package.json: what decides, and the rest of it as it is written."""

    facts: PluginPackage
    document: Mapping[str, Any] | None  #: None when it is absent, or no plain file, or no JSON object: all the same

    @property
    def openclaw(self) -> object:
        """The value of the key `openclaw`."""
        return None if self.document is None else self.document.get("openclaw")


def read_manifest(root: str, *, single_name: bool) -> PluginManifest | Fault:
    """Return a plugin's manifest.

    Args:
        root: real path of the plugin's folder.
        single_name: whether a manifest with a second (hard) name is refused.
    """
    path = os.path.join(root, MANIFEST)
    data = read_inside(root, MANIFEST, max_bytes=MANIFEST_BYTES, single_name=single_name)
    if data is Unread.MISSING:
        return Fault(RefusalReason.NO_MANIFEST, path, f"it has no {MANIFEST}")
    if isinstance(data, Unread):
        return Fault(
            RefusalReason.UNSAFE_MANIFEST, path, f"{MANIFEST} is no plain file, has a second name, or is too large"
        )
    try:
        document = read_relaxed(data)
    except NotReadable as fault:
        return Fault(RefusalReason.BROKEN_MANIFEST, path, f"{MANIFEST}: {fault}")
    if not isinstance(document, dict):
        return Fault(RefusalReason.BROKEN_MANIFEST, path, f"{MANIFEST} holds no object")
    return _judged(document, path)


def read_package(root: str, *, single_name: bool) -> Package:
    """Return a plugin's package.json; one that cannot be read counts as absent, and so do its rules."""
    data = read_inside(root, PACKAGE, max_bytes=PACKAGE_BYTES, single_name=single_name)
    document: object = None
    if isinstance(data, bytes):
        try:
            document = read_strict(data)
        except NotReadable:
            document = None
    if not isinstance(document, dict):
        return Package(PluginPackage(), None)
    return Package(_package_facts(document), document)


def is_reserved(plugin_id: str) -> bool:
    """Tell whether OpenClaw keeps an id for itself."""
    return policy_id(plugin_id) in _RESERVED


def _judged(document: dict[str, Any], path: str) -> PluginManifest | Fault:
    plugin_id = trimmed(document.get("id"))
    if plugin_id is None:
        return Fault(RefusalReason.NO_ID, path, "its manifest has no id")
    if is_reserved(plugin_id):
        return Fault(RefusalReason.RESERVED_ID, path, f"OpenClaw keeps the id {plugin_id} for itself")
    if not isinstance(document.get("configSchema"), dict):
        return Fault(RefusalReason.NO_CONFIG_SCHEMA, path, "its manifest has no object configSchema")
    problem = _backup_problem(document)
    if problem:
        return Fault(RefusalReason.BAD_BACKUP_RESOURCES, path, problem)
    problem = _category_problem(document)
    if problem:
        return Fault(RefusalReason.BAD_CATEGORIES, path, problem)
    return PluginManifest(
        id=plugin_id,
        name=trimmed(document.get("name")),
        version=trimmed(document.get("version")),
        kinds=_kinds(document.get("kind")),
        channels=texts(document.get("channels")),
        requires=texts(document.get("requiresPlugins")),
        is_provider=_is_provider(document),
        enabled_by_default=document.get("enabledByDefault") is True,
        enabled_by_default_on=texts(document.get("enabledByDefaultOnPlatforms")),
        platform_contract=document.get("platformContract"),
        platform_min_version=document.get("platformMinVersion"),
    )


def _is_provider(document: dict[str, Any]) -> bool:
    contracts = document.get("contracts")
    offered = contracts if isinstance(contracts, dict) else {}
    return bool(texts(document.get("providers"))) or any(texts(offered.get(each)) for each in _PROVIDING)


def _package_facts(document: dict[str, Any]) -> PluginPackage:
    openclaw = document.get("openclaw")
    keys = openclaw if isinstance(openclaw, dict) else {}
    install, compat = keys.get("install"), keys.get("compat")
    floor = install if isinstance(install, dict) else {}
    ranges: dict[str, Any] = compat if isinstance(compat, dict) else {} if compat is None else {"pluginApi": None}
    return PluginPackage(
        name=trimmed(document.get("name")),
        version=trimmed(document.get("version")),
        host_floor=floor.get("minHostVersion"),
        has_host_floor="minHostVersion" in floor,
        api_range=ranges.get("pluginApi"),
        has_api_range="pluginApi" in ranges,
        platform_contract=keys.get("platformContract"),
        platform_min_version=keys.get("platformMinVersion"),
    )


def _kinds(value: object) -> tuple[str, ...]:
    written = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(each for each in written if isinstance(each, str) and each in _KINDS))


def _category_problem(document: dict[str, Any]) -> str:
    if "categories" not in document:
        return ""
    value = document["categories"]
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_CATEGORIES:
        return f"categories is no list of one to {_MOST_CATEGORIES}"
    known = [each for each in value if isinstance(each, str) and each in _CATEGORIES]
    if len(known) < len(value):
        return "categories holds one that OpenClaw does not know"
    return "" if len(set(known)) == len(known) else "categories names one twice"


def _backup_problem(document: dict[str, Any]) -> str:
    if "backupResources" not in document:
        return ""
    value = document["backupResources"]
    if not isinstance(value, list):
        return "backupResources is no list"
    for position, each in enumerate(value):
        if not isinstance(each, dict) or set(each) != {"disposition", "scope", "relativePath"}:
            return f"backupResources[{position}] must have disposition, scope and relativePath, and nothing else"
        if each["disposition"] not in ("include", "regenerable") or each["scope"] not in ("state", "agent"):
            return f"backupResources[{position}] has a disposition or scope that OpenClaw does not know"
        if not _is_strict_path(each["relativePath"]):
            return f"backupResources[{position}].relativePath must stay below its folder"
    return ""


def _is_strict_path(value: object) -> bool:
    if not isinstance(value, str) or "\\" in value or "\0" in value:
        return False
    scheme, colon, _ = value.partition(":")
    if colon and scheme[:1].isascii() and scheme[:1].isalpha() and all(_in_scheme(each) for each in scheme):
        return False
    return all(part not in ("", ".", "..") for part in value.split("/"))


def _in_scheme(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in "+.-")
