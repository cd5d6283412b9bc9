"""Watching plugins over a journal: our own lines, two watchers at once, what is put back."""

from datetime import UTC, datetime, timedelta

import pytest

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.stages.plugin_watch import close_what_is_known, find_drift, watch_plugins
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.storage.memory import MemoryStore
from tests.unit.test_plugin_drift import AFTER, BEFORE, LATER, seen, sight


class Clock:
    """A clock that goes on by a minute whenever somebody looks."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    store = MemoryStore()
    watch_plugins(store, sight({"a": seen(True), "b": seen(True)}), clock=clock)
    return store


def enable(store: MemoryStore, name: str, *, on: bool, before: str, after: str) -> None:
    """Add the line that `plugins enable` and `disable` leave."""
    kind = LineType.PLUGIN_ENABLE if on else LineType.PLUGIN_DISABLE
    meta = {"before": not on, "after": on, "before_sha256": before, "after_sha256": after}
    line = Addition(type=kind, action=kind.value, plugin_id=name, reason="asked for", meta=meta)
    store.commit([Group((line,))], now=datetime(2026, 11, 22, 13, tzinfo=UTC))


def size(store: MemoryStore) -> int:
    return store.head().seq


def test_our_own_change_moves_the_base_line_by_one_line(store: MemoryStore, clock: Clock) -> None:
    enable(store, "a", on=False, before=BEFORE, after=AFTER)
    before = size(store)
    now = sight({"a": seen(False), "b": seen(True)}, sha=AFTER)
    assert watch_plugins(store, now, clock=clock).said == ()
    assert size(store) == before + 1
    assert watch_plugins(store, now, clock=clock).said == ()
    assert size(store) == before + 1
    put_on = sight({"a": seen(True), "b": seen(True)}, sha=LATER)
    (said,) = watch_plugins(store, put_on, clock=clock).said
    assert (said.condition, said.phase) == ("plugin_drift", "firing")
    assert "from off to on: a" in said.reason


def test_a_change_whose_line_was_lost_is_told(store: MemoryStore, clock: Clock) -> None:
    (said,) = watch_plugins(store, sight({"a": seen(False), "b": seen(True)}, sha=AFTER), clock=clock).said
    assert "from on to off: a" in said.reason


def test_of_two_watchers_one_tells(store: MemoryStore, clock: Clock) -> None:
    now = sight({"a": seen(False), "b": seen(True)}, sha=AFTER)

    class Late(MemoryStore):
        """The same store, in which another watcher is quicker than our commit."""

        def __init__(self) -> None:
            self.__dict__ = store.__dict__

        def commit(self, groups, *, now):  # type: ignore[no-untyped-def]
            if not told:
                told.append(watch_plugins(store, drifted, clock=clock))
            return MemoryStore.commit(store, groups, now=now)

    told: list[object] = []
    drifted = now
    late = watch_plugins(Late(), now, clock=clock)
    assert (late.said, late.is_settled) == ((), False)
    assert len(told[0].said) == 1  # type: ignore[attr-defined]
    assert watch_plugins(store, now, clock=clock) == ((), True)


def test_it_is_over_when_we_put_it_back_ourselves(store: MemoryStore, clock: Clock) -> None:
    watch_plugins(store, sight({"a": seen(False), "b": seen(True)}, sha=AFTER), clock=clock)
    enable(store, "a", on=True, before=AFTER, after=LATER)
    (said,) = watch_plugins(store, sight({"a": seen(True), "b": seen(True)}, sha=LATER), clock=clock).said
    assert (said.phase, said.reason) == ("resolved", "they are as they were before")


def test_nothing_is_said_of_what_nobody_ever_saw(clock: Clock) -> None:
    store = MemoryStore()
    assert watch_plugins(store, sight({}, problem="broken"), clock=clock).said == ()
    assert size(store) == 0
    watch_plugins(store, sight({"a": seen(True)}), clock=clock)
    (said,) = watch_plugins(store, sight({}, problem="broken"), clock=clock).said
    assert (said.condition, said.reason) == ("source_unreadable", "broken")
    assert watch_plugins(store, sight({}, problem="broken"), clock=clock).said == ()
    (over,) = watch_plugins(store, sight({"a": seen(True)}), clock=clock).said
    assert over.phase == "resolved"


def test_what_is_not_watched_any_more_ends(store: MemoryStore, clock: Clock) -> None:
    watch_plugins(store, sight({"a": seen(False), "b": seen(True)}, sha=AFTER), clock=clock)
    assert close_what_is_known(store, "self:plugins", watched=True, clock=clock) == ()
    (said,) = close_what_is_known(store, "self:plugins", watched=False, clock=clock)
    assert said.phase == "resolved"
    assert close_what_is_known(store, "self:plugins", watched=False, clock=clock) == ()


def test_more_plugins_than_a_commit_takes_are_all_recorded(clock: Clock) -> None:
    store = MemoryStore()
    many = sight({f"p{number:04}": seen(True) for number in range(1_050)})
    assert watch_plugins(store, many, clock=clock) == ((), True)
    assert size(store) == 1_051
    assert find_drift(store, many).compared.is_moved is False
