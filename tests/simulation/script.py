"""What many agents do in a day, drawn from a seed: who starts when, and which check-in arrives when, or never.

Each agent keeps a promise to check in.  Some days go well; on others a check-in comes early, late, twice or not at all,
an agent hangs while its heart beats on, or dies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

HOUR = 3600


class Kind(StrEnum):
    """What arrives."""

    START = "start"
    CHECKPOINT = "checkpoint"
    HEARTBEAT = "heartbeat"
    COMPLETE = "complete"


@dataclass(frozen=True, order=True, slots=True)
class Arrival:
    """One check-in.  Times are whole seconds since the day began."""

    arrives_at: int
    task: int
    kind: Kind
    happened_at: int
    call: str  #: the caller's own id of it: the same for a check-in that is sent twice


@dataclass(frozen=True, slots=True)
class Agent:
    """One task of one agent."""

    task: int
    every_seconds: int
    arrivals: tuple[Arrival, ...]


def healthy_agent(task: int, hours: int, grace: int, random: Random) -> Agent:
    """An agent that always keeps its promise: early, on time, within the grace, now and then twice."""
    return _agent(task, hours, random, lambda every: _kept(every, grace, random))


def any_agent(task: int, hours: int, grace: int, random: Random) -> Agent:
    """An agent to which everything happens that happens to agents."""
    return _agent(task, hours, random, lambda every: _troubled(every, grace, random))


@dataclass(frozen=True, slots=True)
class _Step:
    """One check-in and what becomes of it."""

    wait: int  #: since the one before
    delay: int = 0  #: on its way
    copies: int = 1  #: 0: lost
    beats: bool = False  #: while it waited, its heart was heard
    last: bool = False


def _kept(every: int, grace: int, random: Random) -> Iterator[_Step]:
    while True:
        wait = random.choice((random.randint(5, every), every, random.randint(every, every + grace)))
        yield _Step(wait, copies=random.choice((1, 1, 1, 2)))


def _troubled(every: int, grace: int, random: Random) -> Iterator[_Step]:
    kept = _kept(every, grace, random)
    while True:
        what = random.random()
        if what < 0.80:
            yield next(kept)
        elif what < 0.86:
            yield _Step(every + grace + random.randint(1, 3 * every))  # late
        elif what < 0.90:
            yield _Step(random.randint(5, every), copies=0)  # lost
        elif what < 0.94:
            yield _Step(every, delay=random.randint(1, 2 * every))  # kept, and long on its way
        elif what < 0.98:
            yield _Step(random.randint(2 * every, 6 * every), beats=True)  # it hangs, and its heart beats on
        else:
            yield _Step(every, last=True, copies=random.choice((0, 1)))  # it dies, or says that it is done


def _agent(task: int, hours: int, random: Random, steps: object) -> Agent:
    every = random.choice((600, 900, 1200, 1800, 3600))
    time = random.randint(0, HOUR)
    arrivals = [Arrival(time, task, Kind.START, time, "start")]
    for number, step in enumerate(steps(every)):  # type: ignore[operator]
        if step.beats:
            beats = range(time + 240, time + step.wait, 240)
            arrivals += [Arrival(at, task, Kind.HEARTBEAT, at, f"beat-{number}-{at}") for at in beats]
        time += step.wait
        if time >= hours * HOUR:
            break
        kind = Kind.COMPLETE if step.last else Kind.CHECKPOINT
        for copy in range(step.copies):
            arrives = time + step.delay + copy * random.choice((0, 1, 45, 700))
            arrivals.append(Arrival(arrives, task, kind, time, f"call-{number}"))
        if step.last:
            break
    within = sorted(each for each in arrivals if each.arrives_at < hours * HOUR)
    return Agent(task, every, tuple(within))
