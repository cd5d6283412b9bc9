"""Who is told, where, how often, and what counts as told.  Shape: `notification` in deployment-profile.schema.json.

Addresses never stand here: `${env:NAME}` or `${file:path}` names where they stand, and is resolved at the send.
All durations are whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, ClassVar

from reporting_governance.contracts.addresses import parameter_problems, secret_problem
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record, named, when_given
from reporting_governance.contracts.suggest import did_you_mean

_USUAL_FIRST_SECONDS = 30
_LONGEST_STRETCH_SECONDS = 30 * 86_400
MOST_AT_ONCE = 150  #: receivers of a route or step, targets of a receiver: what is told is recorded whole or not at all
TASK_OPERATOR = "task-operator"  #: a receiver that comes from the task itself; no profile may define it


class InDoubt(StrEnum):
    """What is done with a send whose outcome is unknown."""

    HOLD = "hold"  #: kept as it is, and the fallback receiver is told
    RESEND_MARKED = "resend_marked"  #: sent again, marked as a possible repeat


class Until(StrEnum):
    """What ends a step of an escalation."""

    PERSON = "person"
    RESOLVED = "resolved"


@frozen(kw_only=True)
class Target(Record):
    """One address of a receiver: a sender and what it needs to know."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    sender: str  #: a name in the registry of senders
    parameters: Mapping[str, Any] = field(default_factory=dict)  #: checked by the sender's own schema
    hosts: tuple[str, ...] = when_given(default=())  #: names of those that reach it; empty: every host does

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from (secret_problem(f"/parameters{place}", each) for place, each in parameter_problems(self.parameters))
        for place, name in enumerate(self.hosts):
            if name in self.hosts[:place]:
                yield Problem(f"/hosts/{place}", f"{name} is named twice")

    def is_sent_from(self, host: str) -> bool:
        """Tell whether a host may send to it."""
        return not self.hosts or host in self.hosts


@frozen(kw_only=True)
class Receiver(Record):
    """Somebody who is told, at one or more targets."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    targets: Mapping[str, Target]

    def __post_init__(self) -> None:
        if not self.targets:
            refuse([Problem("/targets", "a receiver needs at least one target")])
        if len(self.targets) > MOST_AT_ONCE:
            refuse([Problem("/targets", f"a receiver has at most {MOST_AT_ONCE} targets")])


@frozen(kw_only=True)
class Route(Record):
    """Who is told about what.  The first route that matches ends the search unless it says `continue`."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    match: Mapping[str, Any] = field(
        default_factory=dict
    )  #: fact -> pattern, or a list of patterns; see core/routing.py
    receivers: tuple[str, ...]
    goes_on: bool = named("continue", default=False)

    def __post_init__(self) -> None:
        if not self.receivers:
            refuse([Problem("/receivers", "a route needs at least one receiver")])


@frozen(kw_only=True)
class Retry(Record):
    """How long a send is tried again: the wait is the age of the item, held between `first` and `ceiling`."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    first_seconds: int = _USUAL_FIRST_SECONDS
    ceiling_seconds: int = 4000
    lifetime_seconds: int = 432_000  #: then the item is blocked

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if not 0 < self.first_seconds <= self.ceiling_seconds:
            # One of the two was written: a first wait that is the usual one most probably was not.
            usual = self.first_seconds == _USUAL_FIRST_SECONDS
            place = "/ceiling_seconds" if usual else "/first_seconds"
            numbers = f"{self.first_seconds} and {self.ceiling_seconds}"
            yield Problem(place, f"first_seconds is above 0 and not above ceiling_seconds; here they are {numbers}")
        if self.lifetime_seconds <= 0:
            yield Problem("/lifetime_seconds", "lifetime_seconds must be positive")


@frozen(kw_only=True)
class RateLimit(Record):
    """How many messages one target gets in a stretch of time."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    messages: int
    per_seconds: int  #: what was sent is remembered for 30 days, so no stretch is longer

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.messages < 1:
            yield Problem("/messages", "messages must be at least 1")
        if not 1 <= self.per_seconds <= _LONGEST_STRETCH_SECONDS:
            yield Problem("/per_seconds", f"per_seconds is between 1 and {_LONGEST_STRETCH_SECONDS}")


@frozen(kw_only=True)
class EscalationStep(Record):
    """Who is told when nobody has acted for so long."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    after_seconds: int
    receivers: tuple[str, ...]
    until: Until = Until.PERSON


@frozen(kw_only=True)
class MuteTime(Record):
    """A stretch of time that begins at a calendar's times, and in which matching notices wait."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    name: str  #: no two of a profile have the same
    schedule: str  #: a cron expression or OnCalendar text; see core/calendars.py
    time_zone: str
    duration_seconds: int
    match: Mapping[str, Any] = field(default_factory=dict)  #: fact -> pattern, or a list; empty: every notice

    def __post_init__(self) -> None:
        if self.duration_seconds <= 0:
            refuse([Problem("/duration_seconds", "a mute time lasts at least a second")])


def _operator() -> Mapping[str, Receiver]:
    outbox = Target(sender="file", parameters={"path": "outbox/notices.jsonl"})
    return {"operator": Receiver(targets={"outbox": outbox})}


@frozen(kw_only=True)
class Notification(Record):
    """Who is told, how often, and what counts as told."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    receivers: Mapping[str, Receiver] = field(default_factory=_operator)
    routes: tuple[Route, ...] = (Route(receivers=("operator",)),)
    group_by: tuple[str, ...] = ("task_id",)
    group_wait_seconds: int = 0
    repeat_seconds: int = 14_400
    ack_requires: Proof = Proof.STORED
    in_doubt: InDoubt = InDoubt.HOLD  #: without a fallback receiver `resend_marked` is in force
    retry: Retry = Retry()
    fallback: tuple[str, ...] = ()
    rate_limit: RateLimit | None = None  #: for each target
    escalation: tuple[EscalationStep, ...] = ()
    mute_times: tuple[MuteTime, ...] = ()

    def __post_init__(self) -> None:
        refuse(self.problems())

    def problems(self) -> Iterator[Problem]:
        """Yield every name that is used and not defined, and what would leave a notice without a receiver."""
        if self.ack_requires < Proof.STORED:
            yield Problem("/ack_requires", "ack_requires is stored, delivered or person")
        if self.group_wait_seconds < 0:
            yield Problem("/group_wait_seconds", "group_wait_seconds must not be negative")
        if self.repeat_seconds <= 0:
            yield Problem("/repeat_seconds", "repeat_seconds must be positive")
        if TASK_OPERATOR in self.receivers:
            message = f"{TASK_OPERATOR} is the task's own operator and cannot be defined here"
            yield Problem(f"/receivers/{TASK_OPERATOR}", message, at_key=True)
        used = [(f"/routes/{place}/receivers", each.receivers) for place, each in enumerate(self.routes)]
        used += [(f"/escalation/{place}/receivers", each.receivers) for place, each in enumerate(self.escalation)]
        used.append(("/fallback", self.fallback))
        for pointer, names in used:
            if len(names) > MOST_AT_ONCE:
                yield Problem(pointer, f"at most {MOST_AT_ONCE} receivers are told at once")
            for place, name in enumerate(names):
                if name not in self.receivers:
                    message = f"no receiver is named {name}"
                    yield Problem(f"{pointer}/{place}", message, did_you_mean(name, self.receivers))
        for place in range(1, len(self.escalation)):
            step, before = self.escalation[place].after_seconds, self.escalation[place - 1].after_seconds
            if step <= before:
                message = f"each step comes later than the one before it, which is after {before} seconds"
                yield Problem(f"/escalation/{place}/after_seconds", message)
        mutes = [each.name for each in self.mute_times]
        for place, name in enumerate(mutes):
            if name in mutes[:place]:
                yield Problem(f"/mute_times/{place}/name", f"{name} is the name of another mute time too")
        if not self.routes:
            yield Problem("/routes", "without a route no notice has a receiver")
        elif self.routes[-1].match:
            message = "the last route needs an empty match, so that no notice is without a receiver"
            yield Problem(f"/routes/{len(self.routes) - 1}/match", message)
