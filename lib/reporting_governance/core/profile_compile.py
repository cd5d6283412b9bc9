"""From the profile a person wrote to the one that is in force: pure, so that a run reads the result as JSON.

What a profile leaves out is what `minimal-solo-mode` says.  Expectations, fallbacks and roles are filled up name by
name; receivers, routes, sources, artifact roots and selectors stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.deployment_profile import (
    ARTIFACT_KIND,
    KIND,
    DeploymentProfile,
    DeploymentProfileArtifact,
    ProfileSpec,
)
from reporting_governance.contracts.notification_settings import InDoubt, Notification
from reporting_governance.contracts.problem import Problem, contract_error

if TYPE_CHECKING:
    from datetime import datetime

_DEFAULTS = ProfileSpec()


def compile_profile(
    document: Mapping[str, Any], *, digest: str, now: datetime | None = None
) -> DeploymentProfileArtifact:
    """Return the profile that a document puts in force, with everything written out.

    Args:
        document: a `DeploymentProfile` as plain data; its shape has been checked by the schema.
        digest: SHA-256 of the bytes it was read from, in hexadecimal.
        now: when given, a promise by a calendar that never comes again is wrong.

    Raises: ContractError whose problems name their places; nothing is decided by a profile that raises it.
    """
    if document.get("kind") == ARTIFACT_KIND:
        problem = Problem("/kind", f"an artifact is made from a profile and is none itself; a profile is a {KIND}")
        raise contract_error((problem,), kind=DeploymentProfile.schema, source="profile")
    written = DeploymentProfile.parse(document, source="profile")
    problems = tuple(_calendar_problems(written, now))
    if problems:
        raise contract_error(problems, kind=DeploymentProfile.schema, source="profile")
    is_asked_for = "in_doubt" in (document.get("notification") or {})
    notification, notes = _in_force(written.notification, is_asked_for=is_asked_for)
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


def _calendar_problems(written: DeploymentProfile, now: datetime | None) -> Iterator[Problem]:
    """Yield what is wrong with calendars.

    A mute time that is over harms nobody; a promise that is over would watch nobody, and nobody would know.
    """
    promises = [("/watchdog", written.watchdog.calendar)]
    promises += [
        (f"/watchdog/selectors/{place}", each.calendar) for place, each in enumerate(written.watchdog.selectors)
    ]
    mutes = written.notification.mute_times
    if not mutes and not any(calendar for _, calendar in promises):
        return
    from reporting_governance.core.calendars import calendar_problems

    for pointer, calendar in promises:
        if calendar is not None:
            yield from calendar_problems(f"{pointer}/calendar", calendar.schedule, calendar.time_zone, after=now)
    for place, mute in enumerate(mutes):
        yield from calendar_problems(f"/notification/mute_times/{place}", mute.schedule, mute.time_zone)


def _in_force(written: Notification, *, is_asked_for: bool) -> tuple[Notification, tuple[str, ...]]:
    """Holding a doubtful send helps only where somebody else can be told of it.

    Args:
        is_asked_for: whether the profile says what is done with one; what nobody wrote is no contradiction.
    """
    if written.in_doubt is not InDoubt.HOLD or written.fallback:
        return written, ()
    note = "notification.in_doubt: hold needs a fallback receiver; without one resend_marked is in force"
    return replace(written, in_doubt=InDoubt.RESEND_MARKED), (note,) if is_asked_for else ()
