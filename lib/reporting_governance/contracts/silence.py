"""A person's wish not to be told for a while.  Shapes: silence.schema.json, silence-close.schema.json."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem
from reporting_governance.contracts.record import Record, free_text
from reporting_governance.contracts.suggest import did_you_mean

#: Facts of a notice that routes, mute times and silences can match; `labels.<name>` beside them.
MATCHABLE = (
    "task_id",
    "agent_id",
    "runtime",
    "source",
    "instance",
    "title",
    "task_key",
    "condition",
    "event_type",
    "episode",
    "severity",
    "policy_id",
)
LABEL = "labels."


@frozen(kw_only=True)
class Silence(Record):
    """Holds matching notices from `starts_at` to `ends_at`; whoever was told of a beginning is told of its end."""

    schema: ClassVar[str] = "silence"
    silence_id: str
    matcher: Mapping[str, str]  #: fact -> pattern; see core/routing.py
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str = free_text(default="")

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("a silence ends after it starts")


@frozen(kw_only=True)
class SilenceClose(Record):
    """A silence is over by its own time.  One that a person ends has an act instead."""

    schema: ClassVar[str] = "silence-close"
    silence_id: str
    ended_at: datetime


def unknown_facts(names: Iterable[str]) -> Iterator[Problem]:
    """Yield the names that no notice has as a fact, with what was probably meant."""
    for name in names:
        if name in MATCHABLE or (name.startswith(LABEL) and len(name) > len(LABEL)):
            continue
        message = f"{name} is no fact of a notice; known are {', '.join(MATCHABLE)} and {LABEL}NAME"
        yield Problem(f"/{name}", message, did_you_mean(name, MATCHABLE), at_key=True)
