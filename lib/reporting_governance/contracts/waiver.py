"""Findings of probes that somebody answers for, until a day.  Shape: waivers.schema.json.

The file is written by people and stands in version control, so that who waived what, and why, has a history of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from reporting_governance.contracts.capability import POWERS
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.record import Record, named
from reporting_governance.contracts.resource import wrong_kind
from reporting_governance.contracts.suggest import did_you_mean

KIND = "Waivers"
#: rules about probes; nothing else can be waived, since all else can be mended in the document itself
WAIVABLE = ("GOV401", "GOV402", "GOV403", "GOV404", "GOV407")
_POWERS = tuple(f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves)


@frozen(kw_only=True)
class Waiver(Record):
    """One finding that is known and for a while accepted."""

    schema: ClassVar[str] = "waivers"
    rule: str  #: id of the rule, such as GOV401
    descriptor: str  #: metadata.id of the descriptor
    power: str  #: dotted path of the leaf
    owner: str  #: who answers for it
    reason: str
    until: str  #: the last day on which it holds, YYYY-MM-DD, UTC

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.rule not in WAIVABLE:
            message = f"{self.rule} cannot be waived; those that can are {', '.join(WAIVABLE)}"
            yield Problem("/rule", message, did_you_mean(self.rule, WAIVABLE))
        if self.power not in _POWERS:
            yield Problem("/power", f"{self.power} is no power", did_you_mean(self.power, _POWERS))
        try:
            date.fromisoformat(self.until)
        except ValueError:
            yield Problem("/until", f"{self.until} is no date; write it as in 2027-03-31")

    @property
    def last_day(self) -> date:
        """The last day on which it holds."""
        return date.fromisoformat(self.until)


@frozen(kw_only=True)
class Waivers(Record):
    """All waivers of one file."""

    schema: ClassVar[str] = "waivers"
    schema_uri: str | None = named("$schema", default=None)  #: for editors only
    api_version: str = named("apiVersion")
    kind: str
    waivers: tuple[Waiver, ...]

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from wrong_kind(self.api_version, self.kind, KIND)
        first: dict[tuple[str, str, str], int] = {}
        for place, each in enumerate(self.waivers):
            key = (each.rule, each.descriptor, each.power)
            if key in first:
                yield Problem(f"/waivers/{place}", f"it waives the same as number {first[key] + 1}")
            first.setdefault(key, place)
