"""What a profile asks for laid over what a descriptor claims: what the planner may count on.  It reads nothing else.

A leaf that a descriptor leaves out is planned as none and shown as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reporting_governance.contracts.capability import (
    API_VERSION,
    EXPECTATIONS,
    POWERS,
    Claim,
    EffectiveCapabilities,
    EffectivePower,
    Observation,
    PowerReason,
    Requirement,
    SupportLevel,
)
from reporting_governance.core.actions import FORCE_CHECKPOINT, POWER_OF, QUEUE_ITEMS

Document = Mapping[str, Any]

KIND = "EffectiveCapabilities"
#: keys of a leaf that only descriptors of ours have
_OUR_KEYS = frozenset({"limits", "probe", "since"})


def effective_capabilities(
    profile: Document | None, descriptor: Document, observations: Mapping[str, str] | None = None
) -> EffectiveCapabilities:
    """Return what the planner may count on.

    Args:
        profile: a deployment profile in which everything is written out, or its artifact; none in legacy mode, when
            everything that is claimed may be used.
        descriptor: a capability descriptor; optional leaves may be absent.
        observations: what probes found out, by power; what is not named was not probed.
    """
    settings = settings_of(profile)
    requested = _requested(settings)
    fallbacks = {action: tuple(each) for action, each in (settings.get("fallbacks") or {}).items()}
    capabilities: Document = descriptor["capabilities"]
    powers = {
        f"{group}.{leaf}": _effective_power(
            f"{group}.{leaf}",
            (capabilities.get(group) or {}).get(leaf),
            requested.get(f"{group}.{leaf}"),
            Observation((observations or {}).get(f"{group}.{leaf}", Observation.NOT_PROBED)),
            fallbacks,
        )
        for group, leaves in POWERS.items()
        for leaf in leaves
    }
    tied = _tied(descriptor, requested.get(QUEUE_ITEMS))
    truth_model: Document = (capabilities.get("notification_path") or {}).get("truth_model") or {}
    return EffectiveCapabilities(
        api_version=API_VERSION,
        kind=KIND,
        profile=None if profile is None else profile["metadata"]["id"],
        descriptor=descriptor["metadata"]["id"],
        runtime=descriptor["runtime"]["name"],
        pending_external_send_supported=truth_model.get("pending_external_send_supported") is True,
        powers=powers,
        fallbacks=fallbacks,
        tied=tied,
        notes=(*_notes(powers), *_notes_on_ties(tied)),
    )


def settings_of(profile: Document | None) -> Document:
    """Return the settings of a profile: those of a `DeploymentProfileArtifact` stand under `spec`."""
    settings: Document = profile or {}
    inside = settings.get("spec")
    return inside if isinstance(inside, Mapping) else settings


def is_upstream_shape(descriptor: Document) -> bool:
    """Whether a descriptor has nothing of ours: no leaf with limits, a probe or a date.  Ours always have some."""
    groups: Iterable[Document] = descriptor["capabilities"].values()
    return not any(_OUR_KEYS & set(leaf) for group in groups for leaf in group.values() if isinstance(leaf, Mapping))


def _tied(descriptor: Document, queue_items: Requirement | None) -> Mapping[str, str]:
    """Upstream has no power of its own for notices: it takes them for a part of forcing a checkpoint."""
    if queue_items is Requirement.OFF or not is_upstream_shape(descriptor):
        return {}
    actions = sorted(action for action, power in POWER_OF.items() if power == QUEUE_ITEMS)
    return dict.fromkeys((str(each) for each in actions), f"enforcement.{FORCE_CHECKPOINT}")


def _requested(settings: Document) -> Mapping[str, Requirement]:
    expectations: Document = settings.get("expectations") or {}
    return {EXPECTATIONS[name]: Requirement(value) for name, value in expectations.items() if name in EXPECTATIONS}


def _effective_power(
    power: str,
    leaf: Document | None,
    requested: Requirement | None,
    observed: Observation,
    fallbacks: Mapping[str, tuple[str, ...]],
) -> EffectivePower:
    claimed = _claim(leaf)
    effective = SupportLevel.NONE if claimed is Claim.UNKNOWN else SupportLevel(claimed)
    reason = {
        Claim.UNKNOWN: PowerReason.NOT_DECLARED,
        Claim.NONE: PowerReason.NOT_SUPPORTED,
        Claim.PARTIAL: PowerReason.LIMITED,
        Claim.FULL: PowerReason.SUPPORTED,
    }[claimed]
    if requested is Requirement.OFF:
        effective, reason = SupportLevel.NONE, PowerReason.NOT_REQUESTED
    elif observed is Observation.CONTRADICTED:
        effective, reason = SupportLevel.NONE, PowerReason.CONTRADICTED
    standing_in = [each for action, each in fallbacks.items() if POWER_OF.get(action) == power]
    return EffectivePower(
        requested=requested,
        claimed=claimed,
        observed=observed,
        effective=effective,
        fallback=standing_in[0] if standing_in and effective is SupportLevel.NONE else (),
        reason=reason,
        limits=tuple((leaf or {}).get("limits") or ()),
    )


def _claim(leaf: Document | None) -> Claim:
    """Read a leaf: `supported` false counts as none, whatever level stands beside it."""
    if leaf is None:
        return Claim.UNKNOWN
    return Claim(leaf["level"]) if leaf["supported"] is True else Claim.NONE


def _notes(powers: Mapping[str, EffectivePower]) -> Iterable[str]:
    for path, power in powers.items():
        if power.requested is Requirement.PREFERRED and power.effective is SupportLevel.NONE:
            instead = f"; {power.fallback[0]} comes first in its place" if power.fallback else ""
            yield f"{path} is preferred and not available ({power.reason}){instead}"


def _notes_on_ties(tied: Mapping[str, str]) -> Iterable[str]:
    if tied:
        power = next(iter(tied.values()))
        actions = " and ".join(tied)
        yield f"the descriptor is in upstream's shape: {actions} are read from {power}, as upstream ties them"
