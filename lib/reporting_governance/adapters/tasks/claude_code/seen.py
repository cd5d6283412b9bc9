"""What one transcript shows of its session, or of a sub-agent: small enough to be kept from one reading to the next."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


class Turn(StrEnum):
    """How the newest turn stands."""

    UNKNOWN = "unknown"  #: nothing that was read says so
    WORKING = "working"  #: a request is being worked on
    ASKING = "asking"  #: a person is asked, and has not answered
    OVER = "over"  #: the agent has said its last word
    STOPPED = "stopped"  #: a person stopped it
    BROKEN = "broken"  #: the service failed, and the host gave up
    LEFT = "left"  #: a person left the session


@frozen(kw_only=True)
class ChildSeen(Record):
    """What a parent's transcript says of one sub-agent."""

    schema: ClassVar[str] = "child in source claude-code"
    name: str
    launched_at: datetime | None = None  #: into the background
    returned_at: datetime | None = None  #: its result came back, or word that there will be none


@frozen(kw_only=True)
class Seen(Record):
    """What one transcript shows.  Times are those the host wrote into its lines, never those of the file."""

    schema: ClassVar[str] = "transcript in source claude-code"
    turn: Turn = Turn.UNKNOWN
    turn_at: datetime | None = None  #: when it came to stand so; of a working turn when it was begun
    started_at: datetime | None = None
    activity_at: datetime | None = None  #: the newest line that the agent, a tool or its host brought about
    evidence_at: datetime | None = None  #: the newest result of a tool
    read_from: int = 0  #: what stands before this byte was not read, but for the beginning
    title: str = ""
    folder: str = ""  #: where it works
    entrypoint: str = ""  #: how it was started
    parent: str = ""  #: of a sub-agent: the session that its lines name
    open_tool: str = ""  #: the newest call without a result
    open_limit_seconds: int = 0  #: after which the host itself ends that call; 0: not said
    spawning_since: datetime | None = None  #: the oldest call of a sub-agent that the agent still waits for
    children: tuple[ChildSeen, ...] = ()
    understood: bool = True  #: some line is of a kind that this reader knows
