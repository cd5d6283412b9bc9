"""The view of a watched task: the fold of its events.

Body: `task` (a task-state document; null before the first event) · `source` · `instance` · `uid` of who started it
(null for foreign tasks) · `conditions` {name: {anchor, reopened, phase, episode, event_id, due_at}} · `check_ins`
(ids of the last 64) · `evidence` (compact items of this run of the task, 64 at most: checks, changes and what supports
completion stay longest) · `last_report` (the texts of the last report, as they stand in its event) · `request` (an open
checkpoint request, or null) · `gate` (only of a task that a gate has judged: what it answered last, `core.gating`) ·
`held` (only of a task that waits because a decision says so: which one; evidence alone does not complete it).

What an event does to the task stands in the event itself (`payload.status`, `payload.child_task_id` ...): whoever
made it has decided, the fold only writes down.  So a replay needs no settings and no files.
Event types and statuses are written as the documents hold them: every command folds, and few need the types.
"""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.journal_line import RecordLine

Body = Mapping[str, Any]

REMEMBERED = 64  #: check-in ids, and evidence items, that a view keeps
_FINISHED = frozenset(("completed", "failed", "cancelled"))
_WAITING = frozenset(("pending_verification", "awaiting_review"))
_EMPTY: Body = {
    "task": None,
    "source": "native",
    "instance": "native",
    "uid": None,
    "conditions": {},
    "check_ins": [],
    "evidence": [],
    "last_report": [],
    "request": None,
}

#: Check-ins that say how the task stands: they answer a promise and an open checkpoint request.
ANSWERS = frozenset(
    (
        "task_started",
        "task_checkpoint_sent",
        "task_status_changed",
        "task_claimed_complete",
    )
)
#: Check-ins whose words are compared with those of the next one.
REPORTS = frozenset(("task_checkpoint_sent", "task_status_changed", "task_claimed_complete"))
#: Times at which something was seen of the task.
_OBSERVED = (
    "started_at",
    "status_changed_at",
    "finished_at",
    "last_checkpoint_at",
    "last_activity_at",
    "last_evidence_at",
)
#: Keys that a start's payload and the task-state document share.
STARTING = (
    "title",
    "mode",
    "checkpoint",
    "deadline_at",
    "report_anchor",
    "parent_task_id",
    "labels",
    "expects_forwarding",
)


def fold_task(old: Body | None, record: RecordLine) -> Body:
    """Return the view of a task after one record of it.

    Kinds: `event-envelope` (check-ins, and what scan found), `evidence`, `checkpoint-request`; any other kind (such as
    `task-due`, which only gives the view another name) leaves the body as it is.
    """
    body = dict(old or _EMPTY)
    if record.kind == "evidence":
        body["evidence"] = _remember_evidence(body["evidence"], _compact(record.body))
    elif record.kind == "checkpoint-request":
        body["request"] = record.body
    elif record.kind == "event-envelope":
        event = record.body
        if "condition" in event["payload"] and "phase" in event["payload"]:
            _fold_finding(body, event)
        else:
            _fold_check_in(body, event)
    return body


def _remember(items: list[Any], item: Any) -> list[Any]:
    return [*items, item][-REMEMBERED:]


def _remember_evidence(items: list[Any], item: Any) -> list[Any]:
    """Return the items with one more.  What a claim is judged by goes last, and the newest change never does."""
    kept = [*items, item]
    if len(kept) <= REMEMBERED:
        return kept
    changes = [place for place, each in enumerate(kept) if _is_change(each)]
    plain = (place for place, each in enumerate(kept) if not _is_judged(each))
    newest = changes[-1] if changes else -1
    del kept[next(plain, 1 if newest == 0 else 0)]
    return kept


def _is_change(item: Body) -> bool:
    return item["class"] == "file_change" or "change" in item["supports"]


def _is_judged(item: Body) -> bool:
    supports = item["supports"]
    return (
        _is_change(item)
        or item["class"] == "verification_output"
        or "check" in supports
        or "completion" in supports.get("claims", ())
    )


def _compact(evidence: Body) -> Body:
    return {
        "evidence_id": evidence["evidence_id"],
        "class": evidence["class"],
        "quality": evidence["quality"],
        "captured_at": evidence["captured_at"],
        "supports": evidence["supports"],
        "source_event_id": evidence.get("source_event_id"),
    }


def _fold_finding(body: dict[str, Any], event: Body) -> None:
    """Write down where a condition's episode stands.  A foreign task's state is the snapshot that proves it."""
    payload = event["payload"]
    body["conditions"] = {
        **body["conditions"],
        payload["condition"]: {
            "anchor": payload["anchor"],
            "reopened": payload["reopened"],
            "phase": payload["phase"],
            "episode": payload["episode"],
            "event_id": event["event_id"],
            "due_at": payload["due_at"],
        },
    }
    if body["uid"] is None:
        body["task"] = payload["task"]
        body["source"] = payload["source"]
        body["instance"] = payload["instance"]


def _fold_check_in(body: dict[str, Any], event: Body) -> None:
    payload, kind, at = event["payload"], event["event_type"], event["timestamp"]
    check_in = payload.get("check_in")
    if check_in is not None:
        if check_in["id"] not in body["check_ins"]:
            body["check_ins"] = _remember(body["check_ins"], check_in["id"])
        if body["uid"] is None:
            body["uid"] = check_in["uid"]
    if kind == "task_started" and body["task"] is not None and body["task"]["status"] in _FINISHED:
        # Another run of the task: what was proven for the last one proves nothing for this one.
        own = {ref.get("ref") for ref in event["evidence_refs"]}
        body["evidence"] = [each for each in body["evidence"] if each["evidence_id"] in own]
        body["last_report"] = []
    if kind in REPORTS and (said := _texts(payload)):
        body["last_report"] = said
    gate = payload.get("gate")
    if gate is not None:  # what was recorded late says nothing of what was answered since
        late = {key: gate[key] for key in ("late", "session") if key in gate}
        body["gate"] = {**(body.get("gate") or {}), **late} if "late" in gate else gate
    task = _begin(body["task"], event) if kind == "task_started" else dict(body["task"] or _identity(event))
    if "status" in payload and "child_task_id" not in payload:
        _set_status(task, payload["status"], at)
        if payload["status"] in _WAITING and "caused_by" in payload:
            body["held"] = payload["caused_by"]
        else:
            body.pop("held", None)
    if "child_task_id" in payload:
        task["children"] = _fold_child(task.get("children", []), event)
        if payload.get("expects_forwarding"):
            task["expects_forwarding"] = True
    if check_in is not None:
        _note_contact(task, event, check_in["received_at"])
        if kind in ANSWERS:
            body["request"] = None
    body["task"] = task


def _texts(payload: Body) -> list[Any]:
    """Return what a report says in words; a long text is a reference to where it is kept."""
    report = payload.get("report") or {}
    said = [payload.get("message"), *(report.get(name) for name in sorted(report))]
    return [each for each in said if each and isinstance(each, (str, Mapping))]


def _identity(event: Body) -> dict[str, Any]:
    task = {
        "task_id": event["task_id"],
        "agent_id": event["agent_id"],
        "runtime": event["runtime"],
        "status": "active",
        "correlation_id": event["correlation_id"],
    }
    if event["operator_context"]:
        task["operator_context"] = event["operator_context"]
    return task


def _begin(old: Body | None, event: Body) -> dict[str, Any]:
    """Return the task as a start describes it: a first, a new run of a finished task, or more said of a running one."""
    payload = event["payload"]
    fresh = old is None or old["status"] in _FINISHED
    task = _identity(event) if fresh or old is None else {**old, **_identity(event), "status": old["status"]}
    for key in STARTING:
        if key in payload:
            task[key] = payload[key]
    expected = payload.get("status") == "expected"
    if fresh or (old is not None and "started_at" not in old):
        task.pop("status_changed_at", None)
        if not expected:
            task["started_at"] = event["timestamp"]
        task["status_changed_at"] = event["timestamp"]
    return task


def _set_status(task: dict[str, Any], status: str, at: str) -> None:
    if task["status"] == status and "status_changed_at" in task:
        return
    task["status"] = status
    task["status_changed_at"] = at
    if status == "active":
        task.setdefault("started_at", at)
    if status in _FINISHED:
        task["finished_at"] = at
    else:
        task.pop("finished_at", None)


def _fold_child(children: list[Any], event: Body) -> list[Any]:
    """Return the children after one `subagent_*` check-in; a child that was never announced is added."""
    payload, kind, at = event["payload"], event["event_type"], event["timestamp"]
    identity = payload["child_task_id"]
    known = {each["task_id"]: each for each in children}
    child = dict(known.get(identity, {"task_id": identity, "status": "active"}))
    if kind == "subagent_spawned":
        child = {"task_id": identity, "status": "active", "spawned_at": at}
    elif kind == "subagent_spawn_failed":
        child.update(status="failed", spawn_failed_at=at)
    elif kind == "subagent_completed":
        child.update(status=payload.get("status", "completed"), finished_at=at)
    elif kind == "subagent_result_forwarded":
        child["told_at" if "spawn_failed_at" in child else "forwarded_at"] = at
    return list({**known, identity: child}.values())


def _note_contact(task: dict[str, Any], event: Body, received_at: str) -> None:
    """Note when the task was last in contact.

    An older check-in that arrives late proves nothing newer.  But nothing can have been seen after `received_at`:
    a later time is from before the clock was set back, and would silence the watch until the clock is there again.
    """
    kind, at = event["event_type"], event["timestamp"]
    for key in _OBSERVED:
        if key in task:
            task[key] = min(task[key], received_at)
    task["last_activity_at"] = max(at, task.get("last_activity_at", at))
    if kind in ANSWERS and kind != "task_started":
        task["last_checkpoint_at"] = max(at, task.get("last_checkpoint_at", at))
    if kind == "task_evidence_attached" or event["evidence_refs"]:
        task["last_evidence_at"] = max(at, task.get("last_evidence_at", at))
