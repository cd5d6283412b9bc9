"""What OpenClaw's own records say about where a finished task's result went.

Three kinds of record: an automation run says it in its detail (its row's `delivery_status` is always not_applicable);
a sub-agent says it in its run; other tasks in `delivery_status` of their row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from reporting_governance.adapters.interface import Known, Observation
from reporting_governance.adapters.tasks.openclaw.rows import Picked, Snapshot, TaskRow, line, time_of
from reporting_governance.contracts.frozen import frozen

#: The delivery of a run is prepared while the run is still open; a little for the clocks.
_SLACK: Final = timedelta(seconds=5)
_NOTHING: Final[Picked] = {}

_GIVEN_UP: Final = frozenset(("failed", "suspended", "discarded", "parent_missing"))
_THROUGH: Final = frozenset(("delivered", "settled"))
_NOT_WANTED: Final = frozenset(("not_required", "not_applicable"))
_DISMISSED: Final = "dismissed"  #: somebody decided that it need not be handed over


@frozen(kw_only=True)
class Handover:
    """What became of a result that somebody waits for."""

    wanted: bool
    done_at: datetime | None = None
    given_up: str | None = None  #: why OpenClaw no longer tries


def of_automation(row: TaskRow, snapshot: Snapshot) -> Observation | None:
    """Return whether the delivery of an automation run failed; None when none was asked for."""
    job = snapshot.jobs.get(row.source_id)
    mode = job.get("delivery_mode") if job is not None else None
    detail = row.detail
    if row.started_at is not None:
        detail = snapshot.job_logs.get((row.source_id, row.started_at), detail)
    status = (detail or _NOTHING).get("delivery_status")
    if status == "not-requested" or (mode == "none" and status != "not-delivered"):
        return None
    if detail is None or status is None:
        return Observation(known=Known.UNKNOWN, reason=_no_word(job, snapshot))
    if status == "delivered":
        return _by_queue(row, snapshot)
    if status == "not-delivered":
        return _not_delivered(row, detail)
    error = line(detail.get("delivery_error")) or row.error
    if status == "unknown" and mode not in (None, "none") and error:
        reason = f"OpenClaw cannot say whether it was delivered: {error}"
        return Observation(known=Known.TRUE, since=row.ended_at, reason=reason)
    return Observation(known=Known.UNKNOWN, reason=f"the delivery is recorded as {line(status) or 'no text'}")


def of_subagent(row: TaskRow, snapshot: Snapshot) -> Handover | None:
    """Return what became of a sub-agent's result; None when that cannot be said."""
    run = snapshot.subagents.get(row.run_id)
    if run is None:
        return of_other(row)
    status = run.get("delivery_status")
    if (
        row.delivery_status == _DISMISSED
        or status == "not_required"
        or run.get("required") is False
        or run.get("expects") is False
    ):
        return Handover(wanted=False)
    if status in _GIVEN_UP:
        causes = (run.get(name) for name in ("delivery_error", "given_up", "dropped"))
        return Handover(wanted=True, given_up=_given_up(status, *causes))
    if row.outcome == "blocked":
        return Handover(wanted=True, given_up=_given_up("blocked", row.error))
    if status in _THROUGH:
        return Handover(wanted=True, done_at=time_of(run.get("delivered_at")) or row.last_event_at or row.ended_at)
    return Handover(wanted=True)


def of_other(row: TaskRow) -> Handover | None:
    """Return what became of the result of any other task, by its own row; None when that cannot be said."""
    status = row.delivery_status
    if not status:
        return None
    if status == _DISMISSED:
        return Handover(wanted=False)
    if row.outcome == "blocked" or status in _GIVEN_UP:
        return Handover(wanted=True, given_up=_given_up(status, row.error))
    if status in _NOT_WANTED or row.notify_policy == "silent":
        return Handover(wanted=False)
    if status in _THROUGH:
        return Handover(wanted=True, done_at=row.last_event_at or row.ended_at)
    return Handover(wanted=True)


def _not_delivered(row: TaskRow, detail: Mapping[str, Any]) -> Observation:
    suppressed, run_status = line(detail.get("suppressed")), detail.get("run_status")
    if detail.get("failure_told") is True:
        return Observation(known=Known.FALSE, reason="the failure of the run was delivered")
    if suppressed and run_status == "ok":
        return Observation(known=Known.FALSE, reason=f"there was nothing to deliver ({suppressed})")
    told = line(detail.get("delivery_error")) or (f"nothing was sent ({suppressed})" if suppressed else "not delivered")
    reason = told if run_status == "ok" else f"{told}; the run ended as {line(run_status) or 'unknown'}"
    return Observation(known=Known.TRUE, since=row.ended_at, reason=reason)


def _by_queue(row: TaskRow, snapshot: Snapshot) -> Observation:
    """The run says delivered; its own entry in the delivery queue may know better."""
    begin, end = row.started_at, row.ended_at
    for entry in snapshot.queue.get(row.source_id, ()):
        if begin is None or end is None or not begin - _SLACK <= entry.prepared_at <= end + _SLACK:
            continue
        error = f": {entry.error}" if entry.error else ""
        if entry.status == "failed":
            reason = f"the run says delivered, but its message failed in the delivery queue{error}"
            return Observation(known=Known.TRUE, since=end, reason=reason)
        reason = f"the run says delivered, but its message is {entry.status} in the delivery queue{error}"
        return Observation(known=Known.UNKNOWN, reason=reason)
    return Observation(known=Known.FALSE, reason="delivered")


def _no_word(job: Picked | None, snapshot: Snapshot) -> str:
    if "task_runs.detail_json" in snapshot.missing:
        return "this version of OpenClaw does not record it"
    if job is None:
        return "the run does not say it, and its job is gone"
    return "the run does not say whether it was delivered"


def _given_up(status: object, *causes: object) -> str:
    cause = next(filter(None, map(line, causes)), "")
    return f"OpenClaw no longer tries to hand over the result ({line(status)})" + (f": {cause}" if cause else "")
