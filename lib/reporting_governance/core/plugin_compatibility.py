"""Whether a plugin and a host go together, by every rule that the plugin writes down.

Two rules are OpenClaw's own, and it refuses what does not meet them: `install.minHostVersion` and `compat.pluginApi` of
package.json; plugins in its own package are not asked.  `platformContract` and `platformMinVersion` are ours: OpenClaw
looks at neither, so a plugin that fails them is listed, and `plugins check` says no.
"""

import json

from reporting_governance.contracts.plugin import (
    Origin,
    PluginManifest,
    PluginPackage,
    RefusalReason,
    Rule,
    RuleVerdict,
)
from reporting_governance.core.plugin_ranges import in_range
from reporting_governance.core.plugin_versions import (
    WHITE,
    FloorVerdict,
    compare_calendar,
    judge_floor,
    parse_host_version,
    parse_version,
)

CONTRACT = "openclaw.plugin-api"  #: the only platform contract that there is

_FLOOR_REASONS = {
    FloorVerdict.NO_FLOOR: RefusalReason.BAD_FLOOR,
    FloorVerdict.UNKNOWN_HOST: RefusalReason.UNKNOWN_HOST,
    FloorVerdict.TOO_OLD: RefusalReason.HOST_TOO_OLD,
}


def floor_refusal(package: PluginPackage, host: str, *, bare: bool = False) -> RefusalReason | None:
    """Return why the host's version refuses a plugin, None when it does not."""
    if not package.has_host_floor:
        return None
    return _FLOOR_REASONS.get(judge_floor(package.host_floor, host, bare=bare))


def api_refusal(package: PluginPackage, host: str) -> RefusalReason | None:
    """Return why the plugin API of the host refuses a plugin, None when it does not."""
    if not package.has_api_range:
        return None
    wanted = package.api_range
    if not isinstance(wanted, str) or not wanted.strip(WHITE):
        return RefusalReason.BAD_API_RANGE
    return None if in_range(host, wanted) else RefusalReason.API_NOT_IN_RANGE


def rule_verdicts(
    manifest: PluginManifest | None, package: PluginPackage, origin: Origin, host: str, *, bare: bool = False
) -> tuple[RuleVerdict, ...]:
    """Return what each rule says that a plugin writes down.

    Args:
        manifest: None when there is none that can be read.
        bare: whether the floor may be a version without `>=`, as for an install that is recorded.
    """
    verdicts = []
    if origin is not Origin.BUNDLED:
        if package.has_host_floor:
            verdicts.append(_floor_verdict(package, host, bare))
        if package.has_api_range:
            verdicts.append(_api_verdict(package, host))
    sources = [each for each in (package, manifest) if each is not None]
    for source in sources:
        if source.platform_contract is not None:
            verdicts.append(_contract_verdict(source.platform_contract))
        if source.platform_min_version is not None:
            verdicts.append(_platform_verdict(source.platform_min_version, host))
    return tuple(verdicts)


def _floor_verdict(package: PluginPackage, host: str, bare: bool) -> RuleVerdict:
    reason = floor_refusal(package, host, bare=bare)
    why = {
        None: "",
        RefusalReason.BAD_FLOOR: "it is no floor: write >= and a full version, without a space between",
        RefusalReason.UNKNOWN_HOST: f"the version of this host is not known ({host})",
        RefusalReason.HOST_TOO_OLD: f"this host is {host}",
    }[reason]
    return RuleVerdict(rule=Rule.HOST_FLOOR, met=reason is None, wanted=_written(package.host_floor), why=why)


def _api_verdict(package: PluginPackage, host: str) -> RuleVerdict:
    reason = api_refusal(package, host)
    why = {
        None: "",
        RefusalReason.BAD_API_RANGE: "it is no range of versions",
        RefusalReason.API_NOT_IN_RANGE: f"this host is {host}",
    }[reason]
    return RuleVerdict(rule=Rule.API_RANGE, met=reason is None, wanted=_written(package.api_range), why=why)


def _contract_verdict(contract: object) -> RuleVerdict:
    met = contract == CONTRACT
    why = "" if met else f"the only contract of this platform is {CONTRACT}"
    return RuleVerdict(rule=Rule.PLATFORM_CONTRACT, met=met, wanted=_written(contract), why=why)


def _platform_verdict(floor: object, host: str) -> RuleVerdict:
    least = parse_version(floor) if isinstance(floor, str) else None
    here = parse_host_version(host)
    if least is None:
        why = "it is no version"
    elif here is None:
        why = f"the version of this host is not known ({host})"
    else:
        why = "" if compare_calendar(here, least) >= 0 else f"this host is {host}"
    return RuleVerdict(rule=Rule.PLATFORM_FLOOR, met=not why, wanted=_written(floor), why=why)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
