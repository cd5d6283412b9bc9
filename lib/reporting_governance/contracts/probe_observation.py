"""What probes saw of a runtime, kept so that a later check may count on it.  Shape: probe-observations.schema.json.

A claim and its observation are two documents: who claims does not observe.  An observation counts only for the very
descriptor, program and runtime that were probed, and not for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.capability import POWERS, Observation, SupportLevel
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.record import Record, named
from reporting_governance.contracts.resource import wrong_kind

KIND = "ProbeObservations"
_CONCLUSIVE = (Observation.CONFIRMED, Observation.CONTRADICTED)


@frozen(kw_only=True)
class ProbePlace(Record):
    """A place outside the descriptor that explains what was seen, such as the sender behind a claim."""

    schema: ClassVar[str] = "probe-observations"
    file: str  #: below the package root where it lies there
    pointer: str  #: JSON Pointer (RFC 6901)
    message: str


@frozen(kw_only=True)
class ProbeObservation(Record):
    """What one probe saw of one power."""

    schema: ClassVar[str] = "probe-observations"
    power: str  #: dotted path, which is the probe's id as well
    claimed: SupportLevel
    outcome: Observation
    found: SupportLevel | None = None  #: how far it was seen to work; none where that cannot be told
    sentence: str  #: what was seen, or why nothing was
    evidence_sha256: str | None = None  #: of everything the probe sent and saw
    started_at: datetime | None = None
    ended_at: datetime | None = None
    related: tuple[ProbePlace, ...] = ()

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        group, _, leaf = self.power.partition(".")
        if leaf not in POWERS.get(group, ()):
            yield Problem("/power", f"{self.power} is no power")
        conclusive = self.outcome in _CONCLUSIVE
        if conclusive != (self.found is not None):
            yield Problem("/found", f"what is {self.outcome} says {'how far it works' if conclusive else 'nothing'}")
        if conclusive and (self.evidence_sha256 is None or self.started_at is None or self.ended_at is None):
            yield Problem("/evidence_sha256", f"what is {self.outcome} has evidence, and a time at which it was seen")
        if self.started_at is not None and self.ended_at is not None and self.ended_at < self.started_at:
            yield Problem("/ended_at", "a probe ends after it starts")


@frozen(kw_only=True)
class ProbedDescriptor(Record):
    """The observations of one descriptor."""

    schema: ClassVar[str] = "probe-observations"
    descriptor: str  #: metadata.id
    descriptor_sha256: str  #: of the descriptor as canonical JSON
    package_version: str  #: of this package, whose programs were run
    runtime: str
    runtime_version: str | None = None  #: of the host's own program; none where it is not part of the probe
    probed_at: datetime
    expires_at: datetime
    observations: tuple[ProbeObservation, ...]

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.expires_at <= self.probed_at:
            yield Problem("/expires_at", "observations expire after they were made")
        seen: set[str] = set()
        for place, each in enumerate(self.observations):
            if each.power in seen:
                yield Problem(f"/observations/{place}/power", f"{each.power} was observed twice")
            seen.add(each.power)


@frozen(kw_only=True)
class ProbeObservations(Record):
    """A file of observations."""

    schema: ClassVar[str] = "probe-observations"
    schema_uri: str | None = named("$schema", default=None)  #: for editors only
    api_version: str = named("apiVersion")
    kind: str
    descriptors: tuple[ProbedDescriptor, ...]

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from wrong_kind(self.api_version, self.kind, KIND)
        seen: set[str] = set()
        for place, each in enumerate(self.descriptors):
            if each.descriptor in seen:
                yield Problem(f"/descriptors/{place}/descriptor", f"{each.descriptor} stands here twice")
            seen.add(each.descriptor)

    def of(self, descriptor: str) -> ProbedDescriptor | None:
        """Return what is known of a descriptor by its id; None when it was never probed."""
        return next((each for each in self.descriptors if each.descriptor == descriptor), None)
