"""Signed heads go to whoever else holds them.  An anchor that fails holds nobody up, and is tried again later."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.adapters.interface import Anchored
from reporting_governance.contracts.times import format_time, parse_time

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Anchor
    from reporting_governance.stages.clock import Clock
    from reporting_governance.verifier.note import LogHead

FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_SECONDS = 3600
GRACE_SECONDS = 86_400  #: so long an anchor may fail before that is bad
_SPARE_SECONDS = 1.0  #: for an anchor to say itself that its time was over


class AnchorState(NamedTuple):
    """What is known of one anchor.  Its kept form is a cache: without it the newest head is handed over once more."""

    name: str
    size: int = 0  #: of the newest head that it holds; 0: it never held one
    held_at: datetime | None = None  #: since when it holds that
    problem: str = ""  #: why it does not hold the newest one that it was handed
    failed_since: datetime | None = None
    tried_at: datetime | None = None

    def is_due(self, size: int, now: datetime) -> bool:
        """Tell whether a head is to be handed to it: another one than it holds, and not right after it failed.

        The pause grows with the time that it has failed for: nobody waits each minute for a host that is gone.
        """
        if self.size == size and not self.problem:
            return False
        if self.failed_since is None or self.tried_at is None:
            return True
        failing = (self.tried_at - self.failed_since).total_seconds()
        pause = min(LONGEST_WAIT_SECONDS, max(FIRST_WAIT_SECONDS, failing))
        return not 0 <= (now - self.tried_at).total_seconds() < pause

    def is_bad(self, now: datetime) -> bool:
        """Tell whether somebody should look: it never held a head, or has failed for longer than a day."""
        if self.failed_since is None:
            return False
        return self.size == 0 or (now - self.failed_since).total_seconds() > GRACE_SECONDS

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        times = {key: value and format_time(value) for key, value in self._asdict().items() if key in _TIMES}
        return {**self._asdict(), **times}

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> AnchorState:
        """Return what was kept.  Raises: LookupError, TypeError, ValueError for what nobody kept so."""
        times = {key: None if document[key] is None else parse_time(document[key]) for key in _TIMES}
        name, size, problem = str(document["name"]), int(document["size"]), str(document["problem"])
        return cls(name=name, size=size, problem=problem, **times)


_TIMES = ("held_at", "failed_since", "tried_at")


def anchor_head(
    anchors: Sequence[Anchor], note: bytes, head: LogHead, *, known: Mapping[str, AnchorState], clock: Clock
) -> tuple[AnchorState, ...]:
    """Hand a signed head to every anchor that is due; return what is known of each then, in the order of `anchors`.

    All are asked at once.  Each has its own limit; one that hangs beyond it is left behind, and ends with this process.

    Args:
        known: what was known before, by the anchors' names.
    """
    now = clock.now()
    before = {each.name: known.get(each.name, AnchorState(each.name)) for each in anchors}
    due = [each for each in anchors if before[each.name].is_due(head.size, now)]
    answers = dict(zip((each.name for each in due), _asked(due, note, head, clock), strict=True))
    return tuple(_after(before[each.name], answers.get(each.name), head.size, clock.now()) for each in anchors)


def _after(before: AnchorState, answer: Anchored | None, size: int, now: datetime) -> AnchorState:
    if answer is None:
        return before
    if answer.is_held:
        return AnchorState(before.name, size=size, held_at=now, tried_at=now)
    return before._replace(problem=answer.problem, failed_since=before.failed_since or now, tried_at=now)


def _asked(anchors: Sequence[Anchor], note: bytes, head: LogHead, clock: Clock) -> list[Anchored]:
    answers: list[Anchored | None] = [None] * len(anchors)

    def ask(place: int, anchor: Anchor) -> None:
        try:
            answers[place] = anchor.anchor(note, head)
        except Exception as fault:  # an anchor fails no run
            answers[place] = Anchored(f"it broke off: {type(fault).__name__}")

    began = clock.monotonic()
    threads = [threading.Thread(target=ask, args=pair, daemon=True) for pair in enumerate(anchors)]
    for thread in threads:
        thread.start()
    for thread, anchor in zip(threads, anchors, strict=True):
        thread.join(max(0.0, began + anchor.limit_seconds + _SPARE_SECONDS - clock.monotonic()))
    return [answer or Anchored("it gave no answer within its time limit") for answer in answers]
