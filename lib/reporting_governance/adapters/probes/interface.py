"""What a probe promises.  Stages know this file and no implementation.

A *story* starts real programs once and looks at several powers; what it saw of one power is a *sight*.  A story knows
nothing of what is claimed, so that the same story confirms an honest descriptor and contradicts one that lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reporting_governance.contracts.capability import SupportLevel
from reporting_governance.errors import GovernanceError


class ProbeStopped(GovernanceError):
    """A probe could not be carried out to its end: a program crashed, hung, or answered in words we do not know."""

    message = "{reason}"
    hint = "The power is taken for inconclusive.  Try the program by hand."


class NotHere(GovernanceError):
    """What a probe needs is not on this machine."""

    message = "{reason}"
    hint = "The power is taken for not probed."


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in a file that explains what was seen."""

    file: str
    pointer: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What was seen of one power."""

    power: str
    found: SupportLevel | None  #: how far it works; none: that could not be told
    sentence: str
    honest: bool = True  #: what was not done was said to be not done
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """All sights of one story."""

    sights: Sequence[Sight]
    evidence_sha256: str  #: of everything that was sent and seen
    runtime_version: str | None = None  #: of the host's own program, where one took part


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where and with what a story is played."""

    scratch: str  #: a folder of this story alone, mode 0700; whoever made it removes it
    program: Sequence[str]  #: the words that start our own program
    profile: str  #: the deployment profile that is in force
    deadline: float  #: on `time.monotonic`; nothing that a story starts outlives it
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: by runtime, what starts the host's own program


class Story(Protocol):
    """One run of real programs."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    @property
    def powers(self) -> Sequence[str]:
        """The powers it looks at; it has a sight of each, or raises."""
        ...

    @property
    def limit_seconds(self) -> int:
        """How long it may take; more than ten times what it needs on a quiet machine."""
        ...

    def play(self, setting: Setting) -> Seen:
        """Play it to its end.  Raises: ProbeStopped, NotHere; whatever else it raises is a fault of the probe."""
        ...


Reply = Any  #: what a verb answered, as plain data
