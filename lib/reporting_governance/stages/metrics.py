"""metrics: what is open, counted from names, and from the few bodies that no earlier run has read.

A name says nothing of a condition or of a delivery state, but one name is one exact version, so what its body said is
remembered under it for as long as it is listed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.contracts.capability_descriptor import DeliveryState
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import ON_PURPOSE, Reason
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.delivery_state import ItemHistory, item_state
from reporting_governance.core.metrics import NoticeState, OpenWork
from reporting_governance.core.threads import ONLY_A_TEST
from reporting_governance.storage.interface import Store, View

Body = Mapping[str, Any]
Remembered = dict[str, list[str]]  #: version name -> what its body said

UNSEEN = ""  #: of what is not counted
_STATES = {
    DeliveryState.PENDING_EXTERNAL_SEND: NoticeState.PENDING_EXTERNAL_SEND,
    DeliveryState.ACKED: NoticeState.PENDING_EXTERNAL_SEND,
}


class Counted(NamedTuple):
    """What is open, and what the next run need not read again."""

    work: OpenWork
    remembered: Remembered


def count_open_work(store: Store, remembered: Mapping[str, list[str]]) -> Counted:
    """Count what is open.  It reads only; another run that works at the same time makes it inexact, not wrong.

    Args:
        remembered: what the last count said of versions; anything that is no part of it is read.
    """
    head = store.ready()
    look = _Look(store, remembered)
    episodes = [name for key, name in store.listing(Folder.EPISODES).names.items() if key.startswith("epi_")]
    conditions = [said[0] for said in look.at(episodes, _condition)]
    queued = look.at(store.listing(Folder.QUEUE).names.values(), _notice)
    items = look.at(store.listing(Folder.SPOOL).names.values(), _item)
    blocked = [said for prefix in ("spl_", "ntc_") for said in look.at_past(store.past_names(prefix))]
    waiting = [*queued, *items]
    states = [NoticeState(said[0]) for said in waiting]
    oldest: dict[NoticeState, datetime] = {}
    for state, said in zip(states, waiting, strict=True):
        since = parse_time(said[1])
        oldest[state] = min(since, oldest.get(state, since))
    work = OpenWork(
        native_tasks=len(store.listing(Folder.TASKS).names),
        undecided_events=len(store.listing(Folder.EVENTS).names),
        episodes=_tally(each for each in conditions if each not in ONLY_A_TEST),
        notices={**_tally(states), NoticeState.BLOCKED: sum(said[0] != UNSEEN for said in blocked)},
        oldest_at=oldest,
        in_doubt=sum(said[2] == Reason.IN_DOUBT for said in items),
        lines=head.seq,
    )
    return Counted(work, look.seen)


class _Look:
    """Reads what is not remembered."""

    def __init__(self, store: Store, remembered: Mapping[str, list[str]]) -> None:
        self._store = store
        self._remembered = remembered
        self.seen: Remembered = {}

    def at(self, names: Iterable[Any], read: Callable[[Body], list[str]]) -> list[list[str]]:
        found = []
        for name in names:
            said = self._said(str(name), lambda name=name: self._store.read(name), read)  # type: ignore[misc]
            if said is not None:
                found.append(said)
        return found

    def at_past(self, keys: Iterable[str]) -> list[list[str]]:
        found = []
        for key in keys:
            said = self._said(f"past/{key}", lambda key=key: self._store.past(key), _blocked)  # type: ignore[misc]
            if said is not None:
                found.append(said)
        return found

    def _said(self, key: str, load: Callable[[], View | None], read: Callable[[Body], list[str]]) -> list[str] | None:
        said = self._remembered.get(key)
        if said is None:
            view = load()
            if view is None:
                return None
            said = read(view.body)
        self.seen[key] = said
        return said


def _condition(body: Body) -> list[str]:
    return [str(body["event"]["payload"]["condition"])]


def _notice(body: Body) -> list[str]:
    state = NoticeState.HELD if body.get("hold") else NoticeState.QUEUED
    return [state.value, str(body["notice"]["created_at"])]


def _item(body: Body) -> list[str]:
    history = ItemHistory(body["item"], list(body["attempts"]), list(body["receipts"]))
    state = _STATES.get(item_state(history), NoticeState.DISPATCHED)
    newest = body["receipts"][-1].get("reason") if body["receipts"] else None
    doubt = newest if state is NoticeState.PENDING_EXTERNAL_SEND else None
    return [state.value, str(body["item"]["dispatched_at"]), str(doubt or "")]


def _blocked(body: Body) -> list[str]:
    """What was withdrawn because nobody needed it any more needs no person."""
    receipts = body.get("receipts") or [{}]
    return [UNSEEN if receipts[-1].get("reason") in ON_PURPOSE else NoticeState.BLOCKED.value]


def _tally(words: Iterable[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found
