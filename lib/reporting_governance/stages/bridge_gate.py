"""Who may be sent to now: a target's limit is kept, and one that is down is tried by one send at a time.

What a target did is remembered in its memory; a run reads it when it is first asked, and again after each of its own
records about the target.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Reason
from reporting_governance.core.delivery import DeliveryRules, delay_seconds
from reporting_governance.core.target_memory import Limit, Slots, slots, stable_jitter, waits_until
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.sending import Work
from reporting_governance.stages.targets import Memory, read_memory
from reporting_governance.storage.interface import Store

_SPREAD = 10  #: those who wait for a target come back over a tenth of their wait


class Turn(StrEnum):
    """What becomes of an item that would be sent now."""

    GO = "go"
    STAY = "stay"  #: a try of ours is under way; its answer decides
    LATER = "later"  #: not now, for a reason that is told


@frozen
class Verdict:
    """A turn; of one that is not now, why, and when to look again."""

    turn: Turn
    reason: Reason | None = None
    until: datetime | None = None


_GO = Verdict(Turn.GO)
_STAY = Verdict(Turn.STAY)


class Gate:
    """The targets of one run."""

    def __init__(self, store: Store, limit: Limit | None, rules: DeliveryRules, clock: Clock) -> None:
        self.limit = limit
        self._store = store
        self._rules = rules
        self._clock = clock
        self._memories: dict[str, Memory] = {}
        self._slots: dict[str, Slots] = {}
        self._taken: dict[str, int] = {}  #: places given away since the memory was read
        self._waiting: dict[str, int] = {}  #: items put off by this run because of the limit

    def forget(self, target: str) -> None:
        """Read a target's memory anew when it is next asked for."""
        for each in (self._memories, self._slots, self._taken):
            each.pop(target, None)

    def reserved(self, target: str) -> Memory | None:
        """Return the memory that an attempt must build on; None when nobody counts or waits."""
        memory = self._memory(target)
        return memory if self.limit is not None or memory.body["down"] is not None else None

    def ask(self, work: Work, in_flight: Collection[str]) -> Verdict:
        """Return whether an item goes now; one that does is counted.

        Args:
            in_flight: ids of the attempts of this run that have no answer yet.
        """
        now = self._clock.now()
        body = self._memory(work.target).body
        if body["down"] is not None:
            if self._taken.get(work.target) or (body["probe"] and body["probe"]["attempt_id"] in in_flight):
                return _STAY
            until = waits_until(
                body, now=now, own_wait_seconds=delay_seconds(work.body["item"], now, self._rules, None)
            )
            if until is not None:
                spread = int((until - now).total_seconds()) // _SPREAD + self._rules.first_seconds // 4
                jitter = timedelta(seconds=stable_jitter(work.name.id, spread))
                return Verdict(Turn.LATER, Reason.TARGET_DOWN, until + jitter)
        taken = self._taken.get(work.target, 0)
        if self.limit is not None and taken >= (left := self._left(work.target, self.limit, now)).free:
            place = self._waiting.get(work.target, 0)
            self._waiting[work.target] = place + 1
            return Verdict(Turn.LATER, Reason.RATE_LIMITED, left.due(place))
        self._taken[work.target] = taken + 1
        return _GO

    def _memory(self, target: str) -> Memory:
        if target not in self._memories:
            self._memories[target] = read_memory(self._store, target)
        return self._memories[target]

    def _left(self, target: str, limit: Limit, now: datetime) -> Slots:
        if target not in self._slots:
            self._slots[target] = slots(self._memory(target).body, limit, now=now)
        return self._slots[target]
