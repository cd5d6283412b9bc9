"""Whether the profile in force has gates hold anything back, in words for who puts one in or looks after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.contracts.capability import SupportLevel

if TYPE_CHECKING:
    from reporting_governance.commands._settings import Settings

SETTING = "expectations.inline_dispatch_blocking"
_BLOCK = "enforcement.block_transition"


def holds_back(settings: Settings, descriptor: str) -> bool:
    """Tell whether a host's gate holds anything back, by the id of the host's descriptor.

    Raises: LookupError for settings of an older version, which do not know the host.
    """
    return settings.powers_of(descriptor).support(_BLOCK) is not SupportLevel.NONE


def note_on(settings: Settings, descriptor: str) -> str:
    """Return the line for who puts a gate in; empty where it holds back what is not shown."""
    if holds_back(settings, descriptor):
        return ""
    name = settings.artifact["metadata"]["id"]
    return (
        f"The profile {name} holds nothing back: the gate only records and tells.  "
        f"To hold back set {SETTING} to `preferred`, or take standard-team-mode or strict-manager-mode."
    )


def seen_of(settings: Settings) -> str:
    """Return what doctor sees."""
    if settings.artifact["spec"]["expectations"].get("inline_dispatch_blocking") == "off":
        return f"gates hold nothing back, they only record and tell: {SETTING} is off"
    return f"gates hold back what is not shown, where their host can: {SETTING} is on"
