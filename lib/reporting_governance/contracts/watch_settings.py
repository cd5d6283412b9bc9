"""When a watched task is late: the thresholds of a profile.  Shape: `watchdog` in deployment-profile.schema.json.

All durations are whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.record import Record

_WITHIN = ("forward_within_seconds", "verify_within_seconds")
_TWO_PROMISES = Problem("/calendar", "a promise is every_seconds or calendar, not both")


@frozen(kw_only=True)
class Calendar(Record):
    """Due times by calendar: a cron expression or systemd OnCalendar text, in an IANA zone."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    schedule: str
    time_zone: str


@frozen(kw_only=True)
class StatusLimits(Record):
    """How long a task may stay in a status that owes no check-in, before it owes one."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    waiting_user: int = 86_400
    paused: int = 86_400
    blocked: int = 14_400

    def __post_init__(self) -> None:
        limits = {"waiting_user": self.waiting_user, "paused": self.paused, "blocked": self.blocked}
        refuse(Problem(f"/{name}", "a limit must be positive") for name, limit in limits.items() if limit <= 0)


@frozen(kw_only=True)
class PartialLimits(Record):
    """Limits of a selector; what it leaves out is the profile's."""

    schema: ClassVar[str] = "deployment-profile"
    waiting_user: int | None = None
    paused: int | None = None
    blocked: int | None = None


@frozen(kw_only=True)
class Selector(Record):
    """Other thresholds for some tasks; what it leaves out is the profile's.

    `every_seconds: 0` says that these tasks promise no check-ins.
    """

    schema: ClassVar[str] = "deployment-profile"
    match: Mapping[str, Any]  #: fact of the task -> pattern, or a list of patterns; see core/routing.py
    every_seconds: int | None = None
    calendar: Calendar | None = None
    grace_seconds: int | None = None
    silence_seconds: int | None = None
    start_grace_seconds: int | None = None
    forward_within_seconds: int | None = None
    verify_within_seconds: int | None = None
    limits: PartialLimits | None = None

    def __post_init__(self) -> None:
        if self.every_seconds and self.calendar:
            refuse([_TWO_PROMISES])


@frozen(kw_only=True)
class Watchdog(Record):
    """The thresholds that hold where neither the task nor a selector says otherwise."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    tick_seconds: int = 60  #: how often `run` is started
    every_seconds: int | None = None  #: None: tasks promise no check-ins unless something says so
    grace_seconds: int = 300  #: how late a check-in may be
    silence_seconds: int = 1800  #: how long a task may show no life at all
    start_grace_seconds: int = 900  #: how late an expected task may start
    forward_within_seconds: int = 600  #: after a child finished
    verify_within_seconds: int = 3600  #: after a task was claimed complete
    limits: StatusLimits = field(default_factory=StatusLimits)
    calendar: Calendar | None = None  #: instead of every_seconds
    selectors: tuple[Selector, ...] = ()  #: the first that matches a task holds

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.every_seconds is not None and self.calendar is not None:
            yield _TWO_PROMISES
        for name in ("tick_seconds", "every_seconds", "silence_seconds", *_WITHIN):
            value = getattr(self, name)
            if value is not None and value <= 0:
                yield Problem(f"/{name}", f"{name} must be positive")
        for name in ("grace_seconds", "start_grace_seconds"):
            if getattr(self, name) < 0:
                yield Problem(f"/{name}", f"{name} must not be negative")
