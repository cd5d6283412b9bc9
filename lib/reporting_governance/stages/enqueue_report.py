"""What one run of enqueue did, as it counts it."""

from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class EnqueueReport:
    """What one run of enqueue did."""

    decided: int = 0  #: events that have a decision now
    notices: int = 0  #: firing notices queued
    repeats: int = 0
    fallbacks: int = 0  #: notices to somebody else, since a receiver could not be told
    escalations: int = 0  #: notices to somebody else, since nobody has acted
    acknowledged: int = 0  #: episodes that a person acknowledged where a message arrived
    resolved: int = 0  #: resolved notices queued
    closed: int = 0  #: threads with nothing more to tell
    requests: int = 0  #: check-ins asked of agents
    reviews: int = 0  #: reviews opened
    caused: int = 0  #: events that decisions made
    refused: int = 0  #: somebody else took them
    waiting: int = 0  #: events left undecided because the profile was refused
    decisions: dict[str, int] = field(default_factory=dict)  #: decisions by kind
    policy_refused: str | None = None
