"""From the profile a person wrote to the one that is in force: pure, so that a run reads the result as JSON.

What a profile leaves out is what `minimal-solo-mode` says.  Expectations, fallbacks and roles are filled up name by
name; receivers, routes, sources, artifact roots and selectors stand for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from reporting_governance.contracts.deployment_profile import (
    DeploymentProfile,
    DeploymentProfileArtifact,
    ProfileSpec,
)
from reporting_governance.contracts.notification_settings import InDoubt, Notification
from reporting_governance.contracts.watch_settings import Calendar, Selector, StatusLimits, Watchdog
from reporting_governance.core.routing import matches

_DEFAULTS = ProfileSpec()


def compile_profile(document: Mapping[str, Any], *, digest: str) -> DeploymentProfileArtifact:
    """Return the profile that a document puts in force, with everything written out.

    Args:
        document: a `DeploymentProfile` as plain data; its shape has been checked by the schema.
        digest: SHA-256 of the bytes it was read from, in hexadecimal.

    Raises: ContractError naming the place; nothing is decided by a profile that raises it.
    """
    written = DeploymentProfile.parse(document, source="profile")
    notification, notes = _in_force(written.notification)
    sections = {each.name: getattr(written, each.name) for each in fields(ProfileSpec)}
    spec = ProfileSpec(
        **{
            **sections,
            "expectations": {**_DEFAULTS.expectations, **written.expectations},
            "fallbacks": {**_DEFAULTS.fallbacks, **written.fallbacks},
            "roles": {**_DEFAULTS.roles, **written.roles},
            "notification": notification,
        }
    )
    return DeploymentProfileArtifact(metadata=written.metadata, source_digest=digest, notes=notes, spec=spec)


def _in_force(written: Notification) -> tuple[Notification, tuple[str, ...]]:
    """Holding a doubtful send helps only where somebody else can be told of it."""
    if written.in_doubt is not InDoubt.HOLD or written.fallback:
        return written, ()
    note = "notification.in_doubt: hold needs a fallback receiver; without one resend_marked is in force"
    return replace(written, in_doubt=InDoubt.RESEND_MARKED), (note,)


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchSettings:
    """The thresholds that a profile gives one task.  A promise the task itself made outranks the first two."""

    every_seconds: int | None
    calendar: Calendar | None
    grace_seconds: int
    silence_seconds: int
    start_grace_seconds: int
    forward_within_seconds: int
    verify_within_seconds: int
    limits: StatusLimits
    selector: int | None  #: the place of the selector that matched, from 0; None: the profile's own settings


def watch_settings(watchdog: Watchdog, facts: Mapping[str, Any]) -> WatchSettings:
    """Return the thresholds for a task.

    Args:
        facts: of the task, as plain data: task_id, agent_id, runtime, mode, source, `labels` as an object.
    """
    place = next((number for number, each in enumerate(watchdog.selectors) if matches(facts, each.match)), None)
    return _laid_over(watchdog, None if place is None else watchdog.selectors[place], place)


def all_watch_settings(watchdog: Watchdog) -> Sequence[WatchSettings]:
    """Return every set of thresholds that a task can get: the profile's own, then each selector's."""
    own = _laid_over(watchdog, None, None)
    return (own, *(_laid_over(watchdog, each, place) for place, each in enumerate(watchdog.selectors)))


def _laid_over(watchdog: Watchdog, selector: Selector | None, place: int | None) -> WatchSettings:
    own = selector or Selector(match={})

    def either(name: str) -> Any:
        value = getattr(own, name)
        return getattr(watchdog, name) if value is None else value

    every, calendar = watchdog.every_seconds, watchdog.calendar
    if own.every_seconds is not None or own.calendar is not None:
        every, calendar = own.every_seconds or None, own.calendar
    return WatchSettings(
        every_seconds=every,
        calendar=calendar,
        grace_seconds=either("grace_seconds"),
        silence_seconds=either("silence_seconds"),
        start_grace_seconds=either("start_grace_seconds"),
        forward_within_seconds=either("forward_within_seconds"),
        verify_within_seconds=either("verify_within_seconds"),
        limits=_limits(watchdog, own),
        selector=place,
    )


def _limits(watchdog: Watchdog, selector: Selector) -> StatusLimits:
    if selector.limits is None:
        return watchdog.limits
    given = {name: getattr(selector.limits, name) for name in ("waiting_user", "paused", "blocked")}
    return replace(watchdog.limits, **{name: value for name, value in given.items() if value is not None})
