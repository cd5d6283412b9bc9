"""When heads go to anchors: all at once, none holds a run up, one that fails is asked less and less often."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from reporting_governance.adapters.interface import Anchored
from reporting_governance.stages.anchoring import AnchorState, anchor_head
from reporting_governance.verifier.note import LogHead

BEGAN = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
HEAD = LogHead("ab" * 16, 7, b"\x07" * 32)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = BEGAN

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()


class Holder:
    """An anchor in this process: what it does with a head is the test's."""

    limit_seconds = 0.2

    def __init__(self, name: str, does: Callable[[], str]) -> None:
        self.name = name
        self._does = does
        self.handed = 0

    def anchor(self, note: bytes, head: LogHead) -> Anchored:
        self.handed += 1
        return Anchored(self._does())

    def probe(self) -> str:
        return ""


def well() -> str:
    return ""


def gone() -> str:
    return "gone"


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_one_that_hangs_and_one_that_breaks_off_take_nothing_from_the_others(released: threading.Event) -> None:
    def hangs() -> str:
        released.wait(30)
        return ""

    def breaks() -> str:
        raise RuntimeError("with a secret in it")

    anchors = [Holder("hangs", hangs), Holder("breaks", breaks), Holder("gone", gone), Holder("well", well)]
    began = time.monotonic()
    states = anchor_head(anchors, b"note", HEAD, known={}, clock=Watch())
    assert time.monotonic() - began < 10
    assert [each.name for each in states] == ["hangs", "breaks", "gone", "well"]
    assert [each.problem for each in states] == [
        "it gave no answer within its time limit",
        "it broke off: RuntimeError",
        "gone",
        "",
    ]
    assert [each.size for each in states] == [0, 0, 0, 7]


def test_what_is_held_is_not_handed_over_again_and_a_grown_log_is() -> None:
    anchor, clock = Holder("well", well), Watch()
    (held,) = anchor_head([anchor], b"note", HEAD, known={}, clock=clock)
    (again,) = anchor_head([anchor], b"note", HEAD, known={"well": held}, clock=clock)
    assert (anchor.handed, again) == (1, held)
    (grown,) = anchor_head([anchor], b"note", HEAD._replace(size=8), known={"well": held}, clock=clock)
    assert (anchor.handed, grown.size) == (2, 8)


def test_an_anchor_that_fails_is_asked_less_and_less_often_and_each_hour_at_least() -> None:
    anchor, clock = Holder("gone", gone), Watch()
    known: dict[str, AnchorState] = {}
    asked = []
    for minute in range(24 * 60):
        clock.at = BEGAN + timedelta(minutes=minute)
        (known["gone"],) = anchor_head([anchor], b"note", HEAD._replace(size=minute + 1), known=known, clock=clock)
        if anchor.handed > len(asked):
            asked.append(minute)
    assert asked[:6] == [0, 1, 2, 4, 8, 16]
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    assert known["gone"].failed_since == BEGAN

    back = Holder("gone", well)
    clock.at += timedelta(hours=1)
    (state,) = anchor_head([back], b"note", HEAD, known=known, clock=clock)
    assert (state.size, state.problem, state.failed_since) == (7, "", None)


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    state = AnchorState("x", failed_since=BEGAN, tried_at=BEGAN + timedelta(days=2), problem="gone")
    assert state.is_due(7, BEGAN + timedelta(days=1))


@pytest.mark.parametrize(
    ("size", "hours", "is_bad"), [(0, 0, True), (5, 23, False), (5, 25, True)], ids=["never", "a-while", "a-day"]
)
def test_who_never_held_a_head_or_fails_for_a_day_is_bad(size: int, hours: int, is_bad: bool) -> None:
    state = AnchorState("x", size=size, problem="gone", failed_since=BEGAN, tried_at=BEGAN)
    assert state.is_bad(BEGAN + timedelta(hours=hours)) is is_bad
    assert not AnchorState("x").is_bad(BEGAN)


def test_what_is_known_is_kept_as_plain_data() -> None:
    state = AnchorState("x", size=5, held_at=BEGAN, problem="gone", failed_since=BEGAN, tried_at=BEGAN)
    assert AnchorState.parse(state.dump()) == state
    assert AnchorState.parse(AnchorState("y").dump()) == AnchorState("y")
    for broken in ({}, {**state.dump(), "tried_at": "soon"}, {**state.dump(), "size": None}):
        with pytest.raises((LookupError, TypeError, ValueError)):
            AnchorState.parse(broken)
