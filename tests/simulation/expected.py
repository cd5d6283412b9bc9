"""What the operator must be told of a day, worked out minute by minute from the script alone.

At each tick every condition of every task is judged by its definition in plain arithmetic; nothing of the product is
used.  An episode is told when its condition held at a tick and still holds when its notice has waited for company;
its end waits for company too.  A reminder that still waits when the end comes is withdrawn first, which takes one tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.script import Agent, Kind


@dataclass(frozen=True, order=True, slots=True)
class Telling:
    """One message that is due: `at` is the tick at which it must go out."""

    at: int
    task: int
    condition: str
    phase: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds in force, in seconds."""

    tick: int
    grace: int
    silence: int
    verify: int
    group_wait: int
    repeat: int = 4 * 3600


def expected_tellings(agents: Sequence[Agent], limits: Limits, ends_at: int) -> set[Telling]:
    """Return every first telling and every end that must be told by `ends_at`."""
    told: set[Telling] = set()
    for agent in agents:
        for condition in ("checkpoint_overdue", "silence_timeout", "claim_unverified"):
            told |= _of_condition(agent, condition, limits, ends_at)
    return told


def _of_condition(agent: Agent, condition: str, limits: Limits, ends_at: int) -> set[Telling]:
    told: set[Telling] = set()
    waiting = -(-limits.group_wait // limits.tick) * limits.tick  # until the next tick that is late enough
    anchor: int | None = None  # of the episode that is open
    opened = 0
    reminded = -ends_at  # when a reminder is made, or was last
    known = _Known()
    for tick in range(limits.tick, ends_at + 1, limits.tick):
        known.take_in(agent, tick)
        now = known.anchor_if_true(agent, condition, limits, tick)
        if now != anchor:
            if anchor is not None and opened + waiting < tick:
                behind = limits.tick if 0 < tick - reminded <= waiting else 0
                if tick + behind + waiting <= ends_at:
                    told.add(Telling(tick + behind + waiting, agent.task, condition, "resolved"))
            if now is not None:
                opened = tick
            anchor = now
        if anchor is not None and tick == opened + waiting:
            told.add(Telling(tick, agent.task, condition, "firing"))
            reminded = tick + limits.repeat
        elif anchor is not None and tick == reminded + waiting:
            reminded = tick + limits.repeat
    return told


_NEVER = -1


@dataclass(slots=True)
class _Known:
    """What has arrived of one agent: the newest moment at which something happened, by what it was."""

    arrived: int = 0
    any: int = _NEVER
    answered: int = _NEVER
    completed: int = _NEVER

    def take_in(self, agent: Agent, now: int) -> None:
        while self.arrived < len(agent.arrivals) and agent.arrivals[self.arrived].arrives_at <= now:
            each = agent.arrivals[self.arrived]
            self.arrived += 1
            self.any = max(self.any, each.happened_at)
            if each.kind is not Kind.HEARTBEAT:
                self.answered = max(self.answered, each.happened_at)
            if each.kind is Kind.COMPLETE:
                self.completed = max(self.completed, each.happened_at)

    def anchor_if_true(self, agent: Agent, condition: str, limits: Limits, now: int) -> int | None:
        """Return the moment since which a condition's clock runs when it is true now, else None."""
        if self.any == _NEVER or (self.completed == _NEVER) == (condition == "claim_unverified"):
            return None
        anchor, wait = {
            "checkpoint_overdue": (self.answered, agent.every_seconds + limits.grace),
            "silence_timeout": (self.any, limits.silence),
            "claim_unverified": (self.completed, limits.verify),
        }[condition]
        return anchor if now >= anchor + wait else None
