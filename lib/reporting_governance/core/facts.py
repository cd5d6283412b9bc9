"""What the rules see: facts computed from one event, its task and its evidence.  The promises: `fact_catalogue.py`.

Input are plain documents, as they were parsed from JSON.  A key that a known task leaves out is known to be null;
a fact about something that is not known at all is `Unknown`, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import FINISHED, TaskMode
from reporting_governance.core.evidence_facts import add_evidence
from reporting_governance.core.fact_catalogue import CLAIM_TYPES, LABEL_PREFIX
from reporting_governance.core.fact_reading import (
    Document,
    Given,
    as_free_text,
    as_object,
    as_text,
    as_time,
    as_whole,
    fact_as_json,
    group_unknown,
)
from reporting_governance.core.policy_operators import Unknown
from reporting_governance.core.report_facts import REPORTS, add_claim, add_message

_TASK_TIMES = (
    "started_at",
    "status_changed_at",
    "finished_at",
    "last_checkpoint_at",
    "last_activity_at",
    "last_evidence_at",
    "deadline_at",
)
#: events that answer a promised check-in, as the fold of a task counts them
ANSWERS = REPORTS | {"task_started"}
_SIGNS_OF_LIFE = ("started_at", "last_checkpoint_at", "last_activity_at", "last_evidence_at")
_TASK_UNKNOWN = "the task is not known"
_NO_TOOL = group_unknown("tool.", "the event is no use of a tool")
_NO_GATE = group_unknown("gate.", "nobody asked whether the report may pass")
_NO_TASK = {**group_unknown("task.", _TASK_UNKNOWN), **group_unknown("children.", _TASK_UNKNOWN)}


@frozen
class Facts:
    """Everything the rules may look at, and what makes them look."""

    values: Mapping[str, object]  #: by path; a value is text, integer, boolean, time, null, a list, or `Unknown`
    now: datetime
    event_type: str
    signals: frozenset[str]  #: derived signals that are on
    claim_types: frozenset[str]  #: claims that the event makes or may make
    given: Given | None = field(default=None, repr=False, compare=False)  #: what they were computed from

    def known(self, path: str) -> Any:
        """Return the value of a fact, null also when it is unknown."""
        value = self.values.get(path)
        return None if isinstance(value, Unknown) else value

    def origin(self, path: str) -> str:
        """Return where a fact's value came from, in plain words, or why it is not known.

        Worked out when it is asked for: no decision needs it.
        """
        from reporting_governance.core.fact_origins import origin_of

        return origin_of(path, self)

    def with_labels(self, paths: Iterable[str]) -> Mapping[str, object]:
        """Return the values with each of these label facts in it: a label that a known task lacks is null."""
        unset = None if self.known("task.task_id") is not None else Unknown(_TASK_UNKNOWN)
        missing = {path: unset for path in paths if path not in self.values}
        return {**self.values, **missing} if missing else self.values


def build_facts(
    event: Document,
    task: Document | None,
    evidence: Sequence[Document] | None,
    now: datetime,
    *,
    grace_seconds: int | None = None,
) -> Facts:
    """Compute the facts of one event.

    Args:
        event: an event envelope.
        task: the task state; a snapshot in the event's own payload is preferred, since it is what the event rests on:
            what the watch saw, or for a check-in the task as it was before it.
        evidence: items about the task, each id once or twice, the event's own first; none when they were not read.
        now: when the event is judged, aware.
        grace_seconds: the grace of the profile, for tasks that name none of their own.

    Returns: facts whose every path stands in the catalogue (or is a label).
    Raises: ValueError for a `now` without a zone.
    """
    if now.utcoffset() is None:
        raise ValueError(f"now needs a zone: {now.isoformat()}")
    payload = as_object(event.get("payload"))
    snapshot = payload.get("task")
    is_snapshot = isinstance(snapshot, Mapping) and "task_id" in snapshot
    state: Document | None = snapshot if is_snapshot else task
    values: dict[str, object] = {}
    _add_event(values, event, payload)
    _add_task(values, state)
    _add_children(values, state)
    moment = _moment(values, now) if is_snapshot and "check_in" in payload else now
    _add_checkpoint(values, state, moment, grace_seconds)
    add_message(values, payload)
    add_claim(values, payload)
    add_evidence(values, event, state, evidence, is_before=is_snapshot)
    _add_operator(values, as_object(event.get("operator_context")))
    _add_tool(values, payload)
    _add_gate(values, payload)
    given = Given(event, state, evidence, is_snapshot)
    return Facts(values, now, str(event.get("event_type")), _signals(values), _claim_types(values), given)


def _moment(values: Mapping[str, object], now: datetime) -> datetime:
    """Return when a check-in came: whether it was in time does not depend on when it is judged."""
    at = values["event.timestamp"]
    return min(at, now) if isinstance(at, datetime) and at.utcoffset() is not None else now


def _add_event(values: dict[str, object], event: Document, payload: Document) -> None:
    for key in ("event_id", "event_type", "runtime", "agent_id", "task_id", "correlation_id"):
        values[f"event.{key}"] = as_text(event.get(key))
    values["event.timestamp"] = as_time(event.get("timestamp"))
    for key in ("condition", "phase", "episode", "source", "caused_by"):
        values[f"event.{key}"] = as_text(payload.get(key))
    values["event.reason"] = as_free_text(payload.get("reason"))
    values["event.due_at"] = as_time(payload.get("due_at"))
    values["event.anchor_at"] = as_time(payload.get("anchor_at", payload.get("anchor")))
    values["event.late_by_seconds"] = as_whole(payload.get("late_by_seconds"))
    references = event.get("evidence_refs")
    values["event.evidence_ref_count"] = len(references) if isinstance(references, (list, tuple)) else 0


def _add_task(values: dict[str, object], task: Document | None) -> None:
    if task is None:
        values.update(_NO_TASK)
        values["task.name"] = values["event.task_id"]
        return
    for key in ("task_id", "agent_id", "runtime", "report_anchor", "parent_task_id"):
        values[f"task.{key}"] = as_text(task.get(key))
    values["task.title"] = as_free_text(task.get("title"))
    values["task.name"] = as_text(task.get("title")) or as_text(task.get("task_id"))
    status = as_text(task.get("status"))
    values["task.status"] = "active" if status == "in_progress" else status
    values["task.mode"] = as_text(task.get("mode")) or TaskMode.INTERACTIVE.value
    for key in _TASK_TIMES:
        values[f"task.{key}"] = as_time(task.get(key))
    seen = [each for key in _SIGNS_OF_LIFE if isinstance(each := values[f"task.{key}"], datetime)]
    values["task.last_sign_of_life_at"] = max(seen, default=None)
    values["task.expects_forwarding"] = task.get("expects_forwarding") is True
    promise = as_object(task.get("checkpoint"))
    values["task.owes_checkpoints"] = bool(promise)
    values["task.checkpoint_every_seconds"] = as_whole(promise.get("every_seconds"))
    labels = {name: text for name, text in as_object(task.get("labels")).items() if isinstance(text, str)}
    values["task.label_names"] = tuple(sorted(labels))
    values.update({f"{LABEL_PREFIX}{name}": text for name, text in labels.items()})


def _add_children(values: dict[str, object], task: Document | None) -> None:
    if task is None:
        return
    listed = task.get("children")
    children = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, (list, tuple)) else []
    failed = [each for each in children if each.get("spawn_failed_at")]
    finished = [each for each in children if each.get("finished_at") or each.get("status") in FINISHED]
    values["children.open"] = sum(1 for each in children if each not in failed and each not in finished)
    values["children.finished_unforwarded"] = sum(
        1 for each in finished if each not in failed and not each.get("forwarded_at")
    )
    values["children.failed_untold"] = sum(1 for each in failed if not each.get("told_at"))


def _add_checkpoint(values: dict[str, object], task: Document | None, now: datetime, grace: int | None) -> None:
    due: object
    late: object
    overdue: object
    if values["event.condition"] == "checkpoint_overdue":
        # The event itself is the proof; while its phase is `due` the grace still runs.
        overdue = values["event.phase"] == "firing"
        due, late = values["event.due_at"], (values["event.late_by_seconds"] if overdue else 0)
    else:
        due, late, overdue = _own_checkpoint(values, task, now, grace)
    values["checkpoint.due_at"] = due
    values["checkpoint.late_by_seconds"] = late
    values["checkpoint.is_overdue"] = overdue
    if values["event.event_type"] in ANSWERS:
        values["checkpoint.operator_visible_update_sent"] = True
    elif values["event.condition"] == "checkpoint_overdue":
        values["checkpoint.operator_visible_update_sent"] = values["event.phase"] == "resolved"
    else:
        values["checkpoint.operator_visible_update_sent"] = overdue if isinstance(overdue, Unknown) else not overdue


def _own_checkpoint(
    values: Mapping[str, object], task: Document | None, now: datetime, grace: int | None
) -> tuple[object, object, object]:
    """Return due time, lateness in seconds and whether it is overdue, from the task alone."""
    if task is None:
        return (Unknown(_TASK_UNKNOWN),) * 3
    if values["task.owes_checkpoints"] is False or values["task.status"] != "active":
        return None, 0, False
    every = values["task.checkpoint_every_seconds"]
    since = values["task.last_checkpoint_at"] or values["task.started_at"]
    if not isinstance(every, int) or not isinstance(since, datetime):
        return (Unknown("when the check-in is due cannot be told from the task alone"),) * 3
    own_grace = as_whole(as_object(task.get("checkpoint")).get("grace_seconds"))
    due = since + timedelta(seconds=every)
    late = max(0, int((now - due).total_seconds()))
    allowed = own_grace if own_grace is not None else grace
    if allowed is None and late:
        return due, late, Unknown("how much grace the task has is not known")
    return due, late, late > (allowed or 0)


def _add_operator(values: dict[str, object], context: Document) -> None:
    for key in ("channel", "target", "report_anchor", "locale", "time_zone"):
        values[f"operator_context.{key}"] = as_text(context.get(key))


def _add_tool(values: dict[str, object], payload: Document) -> None:
    tool = payload.get("tool")
    name = as_text(as_object(tool).get("name"))
    if name is None:
        values.update(_NO_TOOL)
        return
    values["tool.name"] = name
    for key in ("command", "path"):
        values[f"tool.{key}"] = as_free_text(as_object(tool).get(key))


def _add_gate(values: dict[str, object], payload: Document) -> None:
    gate = as_object(payload.get("gate"))
    found = {key: as_text(gate.get(key)) for key in ("host", "hook")}
    for key, text in found.items():
        values[f"gate.{key}"] = _NO_GATE[f"gate.{key}"] if text is None else text
    blocked = as_whole(gate.get("blocked_before"))
    values["gate.blocked_before"] = _NO_GATE["gate.blocked_before"] if blocked is None else blocked


def _signals(values: Mapping[str, object]) -> frozenset[str]:
    """Return the signals that are on.

    `checkpoint_overdue` comes from its own event only: were it on whenever the task is overdue, every other event of
    that task would tell of it once more.
    """
    signals = set()
    condition = values["event.condition"]
    if isinstance(condition, str) and values["event.phase"] == "firing":
        signals.add(condition)
    if values["event.event_type"] == "task_checkpoint_sent" and values["claim.is_progress_bearing"] is True:
        signals.add("checkpoint_progress_claim")
    return frozenset(signals)


def _claim_types(values: Mapping[str, object]) -> frozenset[str]:
    """Return the claims the event makes; one whose kind is unknown may be any of them."""
    kind = values["claim.kind"]
    return frozenset(CLAIM_TYPES) if isinstance(kind, Unknown) else frozenset({str(kind)} & set(CLAIM_TYPES))


def notice_facts(facts: Facts) -> dict[str, Any]:
    """Return what a notice carries about its event: for routes, grouping and the lines under the text."""
    chosen = {
        "task_id": "event.task_id",
        "title": "task.title",
        "agent_id": "event.agent_id",
        "runtime": "event.runtime",
        "event_type": "event.event_type",
        "condition": "event.condition",
        "episode": "event.episode",
        "due_at": "event.due_at",
        "late_by_seconds": "event.late_by_seconds",
        "last_sign_of_life_at": "task.last_sign_of_life_at",
        "source": "event.source",
    }
    carried = {key: fact_as_json(facts.known(path)) for key, path in chosen.items()}
    labels = {
        path.removeprefix(LABEL_PREFIX): value for path, value in facts.values.items() if path.startswith(LABEL_PREFIX)
    }
    return {key: value for key, value in carried.items() if value is not None} | ({"labels": labels} if labels else {})


def installation(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the fact that says which installation of its source an event is from."""
    instance = event["payload"].get("instance")
    return {"instance": str(instance)} if instance else {}
