"""From journal lines to views: pure, so that any back end, a rebuild and a checker make the same views.

A group of lines is applied as one step.  For each view that a record lists, the new body is
`fold(id, old body, record)`; the old body is that of the version with the same id which the group consumed
(or the one an earlier record of the group made).  What is consumed and not listed is closed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewName
from reporting_governance.core.target_memory import fold_target
from reporting_governance.core.task_fold import fold_task

Body = Mapping[str, Any]


class Put(NamedTuple):
    """A view that shall exist, with this body."""

    name: ViewName
    body: Body


class Changes(NamedTuple):
    """What a group does to the views: first all `puts`, then all `removes`.

    The order makes it repeatable: as long as a put is missing, nothing has been removed.
    """

    puts: tuple[Put, ...]
    removes: tuple[ViewName, ...]


class ConsumedViewGone(LookupError):
    """A consumed version cannot be read: the group has been applied before."""


def apply(
    records: Sequence[tuple[int, RecordLine]],
    read: Callable[[ViewName], Body | None],
    exists: Callable[[ViewName], bool] | None = None,
) -> Changes:
    """Return what one group of lines does to the views.

    Args:
        records: the group's records with the seq of their lines.
        read: the body of an exact version, None when it is gone.
        exists: tells the same of a version whose body nobody needs, where that is cheaper than reading it.

    Raises: ConsumedViewGone.
    """
    consumed: dict[str, ViewName] = {}
    for _, record in records:
        for name in record.consumes:
            consumed[name.id] = name
    old: dict[str, Body] = {}
    remade = {key.id for _, record in records for key in record.views}
    for identity, name in consumed.items():
        if identity not in remade:
            gone = read(name) is None if exists is None else not exists(name)
        else:
            body = read(name)
            gone = body is None
            old[identity] = body or {}
        if gone:
            raise ConsumedViewGone(str(name))
    puts: dict[tuple[Folder, str], Put] = {}
    for seq, record in records:
        for key in record.views:
            place = (key.folder, key.id)
            before = puts[place].body if place in puts else old.get(key.id)
            body = fold(key.id, before, record)
            puts[place] = Put(
                ViewName(
                    key.folder,
                    key.id,
                    "" if key.folder is Folder.PAST else key.due,
                    seq,
                ),
                body,
            )
    return Changes(
        tuple(puts.values()),
        tuple(name for name in consumed.values() if _closes(name, puts)),
    )


def _closes(name: ViewName, puts: Mapping[tuple[Folder, str], Put]) -> bool:
    """Tell whether an old version's file goes; in `past/`, whose names are fixed, the new version replaces it."""
    return not (name.folder is Folder.PAST and (Folder.PAST, name.id) in puts)


def fold(identity: str, old: Body | None, record: RecordLine) -> Body:
    """Return the body of a view after one record.

    Bodies: `tasks` and `watch` as in `task_fold`; a thread as in `fold_thread`; an episode `{event, evidence}`;
    an event `{event, evidence}`; a spool item `{item, attempts, receipts}`; a source mark, a decision's open effect,
    a notice, a review, a silence, a job: the record itself, wrapped as `{kind of record: body}`.
    """
    prefix = identity.partition("_")[0]
    if prefix == "tsk":
        return fold_task(old, record)
    if prefix == "thr":
        return fold_thread(old, record, identity)
    if prefix in ("epi", "evt"):
        return _fold_observation(old, record)
    if prefix == "spl":
        return _fold_item(old, record)
    if prefix == "tgt":
        return fold_target(old, record.kind, record.body)
    before = dict(old or {})
    if record.kind in ("act", "receipt"):
        before[f"{record.kind}s"] = [*before.get(f"{record.kind}s", ()), record.body]
    else:
        before[record.kind] = record.body
    return before


def _fold_observation(old: Body | None, record: RecordLine) -> Body:
    """Return an event (or the episode it opened) with the evidence that came with it."""
    body = dict(old or {"evidence": []})
    if record.kind == "evidence":
        body["evidence"] = [*body["evidence"], record.body]
    elif record.kind == "event-envelope":
        body["event"] = record.body
    return body


def _fold_item(old: Body | None, record: RecordLine) -> Body:
    """Return a spool item with its attempts and receipts."""
    body = dict(old or {"attempts": [], "receipts": []})
    if record.kind == "spool-item":
        return {"item": record.body, "attempts": [], "receipts": []}
    place = {"attempt": "attempts", "receipt": "receipts"}.get(record.kind)
    if place:
        body[place] = [*body[place], record.body]
    return body


def fold_thread(old: Body | None, record: RecordLine, identity: str) -> Body:
    """Return what one receiver has been told about one episode.

    Body: `episode_id receiver task_key condition facts urgency` · `number` (of the newest firing or repeat) ·
    `newest {notice_id phase number}` ·
    `newest_outcome` (null while the newest notice is on its way; else `{outcome proof reason settled_at attempt_id}`) ·
    `told_at` (newest receipt that says acked or pending_external_send; null when never) ·
    `told_phase` ·
    `fell_back_for` (the notice in whose place somebody else was told) ·
    `acked` (a person's act, or null) · `resolved_at` (null while the episode is open).
    """
    body = dict(old or _NEW_THREAD)
    if record.kind == "notice" and record.body["thread_key"] != identity:
        body["fell_back_for"] = record.body["stands_in_for"]
    elif record.kind == "notice":
        _fold_thread_notice(body, record.body)
    elif record.kind == "receipt":
        _fold_thread_receipt(body, record.body)
    elif record.kind == "act":
        body["acked"] = record.body if record.body["what"] == "ack" else None
    elif record.kind == "spool-item":  # a person's retry: it is on its way again
        body["newest_outcome"] = None
    elif record.kind == "decision-record-artifact":
        body["resolved_at"] = record.body["metadata"]["recorded_at"]
    return body


_OUTCOME_RANK = {"blocked": 0, "pending_external_send": 1, "acked": 2}
_NEW_THREAD: Body = {
    "episode_id": None,
    "receiver": "",
    "task_key": "",
    "number": 0,
    "newest": None,
    "newest_outcome": None,
    "told_at": None,
    "told_phase": None,
    "fell_back_for": None,
    "acked": None,
    "resolved_at": None,
    "condition": None,
}


def _fold_thread_notice(body: dict[str, Any], notice: Body) -> None:
    body["episode_id"] = notice.get("episode_id")
    body["receiver"] = notice["receiver"]
    body["task_key"] = notice["facts"].get("task_key", "")
    body["condition"] = notice["facts"].get("condition")
    body["facts"] = notice["facts"]
    body["urgency"] = notice["urgency"]
    body["newest"] = {
        "notice_id": notice["notice_id"],
        "phase": notice["phase"],
        "number": notice["number"],
    }
    body["newest_outcome"] = None
    if notice["phase"] != "resolved":
        body["number"] = max(body["number"], notice["number"])


def _fold_thread_receipt(body: dict[str, Any], receipt: Body) -> None:
    """Fold a settling receipt in.  Of a notice with several items the best counts: acked, pending, blocked.

    Blocked moves the time of the newest outcome, but nobody was told by it.
    """
    earlier = body["newest_outcome"]
    if earlier and _OUTCOME_RANK[earlier["outcome"]] > _OUTCOME_RANK[receipt["outcome"]]:
        return
    body["newest_outcome"] = {
        "outcome": receipt["outcome"],
        "proof": receipt["proof"],
        "reason": receipt.get("reason"),
        "settled_at": receipt["settled_at"],
        "attempt_id": receipt.get("attempt_id"),
    }
    if receipt["outcome"] in ("acked", "pending_external_send"):
        body["told_at"] = receipt["settled_at"]
        body["told_phase"] = body["newest"]["phase"] if body["newest"] else None
