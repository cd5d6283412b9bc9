"""Small pieces of open work for the storage tests: items that are born, tried, and settled."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.times import FAR_FUTURE
from reporting_governance.storage.interface import Absence, Addition, Group

NOW = datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=UTC)
DUE = "20260301T040506.789Z"
SPOOL = Folder.SPOOL


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def item_id(number: int) -> str:
    return f"spl_{number:032x}"


def birth(number: int, *, absent_at: int | None = None, due: str = DUE, body: Mapping[str, Any] | None = None) -> Group:
    """Return a group that gives birth to an item."""
    identity = item_id(number)
    record = RecordLine(
        kind="spool-item",
        id=identity,
        body=body if body is not None else {"spool_id": identity, "text": "é😀"},
        views=(ViewKey(SPOOL, identity, due),),
        about=("tsk_1", "agent-7"),
    )
    absences = () if absent_at is None else (Absence(SPOOL, identity, absent_at),)
    return Group(additions=(Addition(record=record),), absences=absences)


def event_id(number: int) -> str:
    return f"evt_{number:032x}"


def observed(number: int, message: str, *, absent_at: int = 0) -> Group:
    """Return a group that gives birth to an event with somebody's own words in it."""
    record = RecordLine(
        kind="event-envelope",
        id=event_id(number),
        body={"payload": {"title": "short", "message": message}},
        views=(ViewKey(Folder.EVENTS, event_id(number), DUE),),
    )
    absences = (Absence(Folder.EVENTS, event_id(number), absent_at),)
    return Group(additions=(Addition(record=record),), absences=absences)


def attempt(name: ViewName, number: int = 1, *, due: str = FAR_FUTURE, **options: Any) -> Group:
    """Return a group that changes an item."""
    record = RecordLine(
        kind="attempt",
        id=f"att_{name.id[4:]}_{number}",
        body={"number": number},
        parents=(name.id,),
        consumes=(name,),
        views=(ViewKey(name.folder, name.id, due),),
    )
    return Group(additions=(Addition(record=record),), **options)


def settle(name: ViewName, *, into_past: bool = False, **options: Any) -> Group:
    """Return a group that closes an item, or puts it into `past/`."""
    record = RecordLine(
        kind="receipt",
        id=f"rcp_{name.id[4:]}",
        body={"outcome": "blocked" if into_past else "acked"},
        parents=(name.id,),
        consumes=(name,),
        views=(ViewKey(Folder.PAST, name.id, ""),) if into_past else (),
    )
    return Group(additions=(Addition(record=record),), **options)


def reborn(name: ViewName) -> Group:
    """Return a group that takes what is past back into work."""
    record = RecordLine(
        kind="spool-item",
        id=name.id,
        body={"spool_id": name.id, "round": 1},
        consumes=(name,),
        views=(ViewKey(SPOOL, name.id, DUE),),
    )
    return Group(additions=(Addition(record=record),))
