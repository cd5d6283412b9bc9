"""Sections of a profile for those who need one of them: each is parsed when it is read, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reporting_governance.commands._settings import Settings
    from reporting_governance.contracts.gate_settings import Gate
    from reporting_governance.contracts.notification_settings import Notification
    from reporting_governance.contracts.watch_settings import Watchdog


class PlainTiming:
    """The thresholds of an artifact without parsing them: parsing costs a tick more than all else it does."""

    __slots__ = ("_section", "grace_seconds", "tick_seconds")

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._section = section
        self.tick_seconds: int = section["tick_seconds"]
        self.grace_seconds: int = section["grace_seconds"]

    def dump(self) -> dict[str, Any]:
        """Return all thresholds as `Watchdog.dump` does."""
        return dict(self._section)


class SectionsOfGate:
    """What a gate reads of a profile; agents wait while the rest is parsed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def gate(self) -> Gate:
        """How the gate answers."""
        from reporting_governance.contracts.gate_settings import Gate

        return Gate.parse(self._settings.artifact["spec"]["gate"], source=self._settings.reference)

    @property
    def watchdog(self) -> Watchdog:
        """When silence becomes news."""
        return self._settings.watchdog

    @cached_property
    def notification(self) -> Notification:
        """Whom the operator's notices reach."""
        from reporting_governance.contracts.notification_settings import Notification

        return Notification.parse(self._settings.artifact["spec"]["notification"], source=self._settings.reference)
