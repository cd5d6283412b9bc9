"""From journal lines to views: pure, so that any back end, a rebuild and a checker make the same views.

A group of lines is applied as one step.  For each view that a record lists, the new body is
`fold(id, old body, record)`; the old body is that of the version with the same id which the group consumed
(or the one an earlier record of the group made).  What is consumed and not listed is closed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewName
from reporting_governance.core.job_fold import fold_job
from reporting_governance.core.target_memory import fold_target
from reporting_governance.core.task_fold import fold_task
from reporting_governance.core.thread_fold import fold_thread

Body = Mapping[str, Any]

_TOLD_BY = 6  #: receipts that are remembered besides the first, of what one target was told in a thread


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

    Bodies: `tasks` and `watch` as in `task_fold`; a thread as in `thread_fold`; an episode `{event, evidence}`;
    an event `{event, evidence}`; a spool item `{item, attempts, receipts}`; what a target was told in a thread
    `{receipts}`, the first and the newest ones; a job as in `job_fold`, its key `{job_id}`; a source mark, a decision's
    open effect, a notice, a review, a silence: the record itself, wrapped as `{kind of record: body}`.
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
    if prefix == "tld":
        return _fold_told(old, record)
    if prefix == "job":
        return fold_job(old, record.body)
    if prefix == "jky":
        return {"job_id": record.body["job_id"]}
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


def _fold_told(old: Body | None, record: RecordLine) -> Body:
    receipts = [*(old or {}).get("receipts", ()), record.body]
    return {"receipts": [*receipts[:1], *receipts[1:][-_TOLD_BY:]]}


def _fold_item(old: Body | None, record: RecordLine) -> Body:
    """Return a spool item with its attempts and receipts."""
    body = dict(old or {"attempts": [], "receipts": []})
    if record.kind == "spool-item":
        return {"item": record.body, "attempts": [], "receipts": []}
    if record.kind == "item-return":
        return {"item": record.body["item"], "attempts": list(record.body["attempts"]), "receipts": []}
    place = {"attempt": "attempts", "receipt": "receipts"}.get(record.kind)
    if place:
        body[place] = [*body[place], record.body]
    return body
