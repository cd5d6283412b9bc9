"""From a row of OpenClaw to a task as every source shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from reporting_governance.adapters.interface import EXPLAINED_BY, Known, Observation, ObservedTask
from reporting_governance.adapters.tasks.openclaw.deliveries import Handover, of_automation, of_other, of_subagent
from reporting_governance.adapters.tasks.openclaw.owners import Owners
from reporting_governance.adapters.tasks.openclaw.rows import ENDED, QUEUED, RUNNING, Snapshot, TaskRow, line, time_of
from reporting_governance.contracts.event_envelope import OperatorContext
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import ChildTask, TaskState, TaskStatus
from reporting_governance.core.conditions import Condition

RUNTIME: Final = "openclaw"

#: OpenClaw writes plain activity down at most once a minute; twice that is the least that silence can prove.
LIVENESS_RESOLUTION_SECONDS: Final = 120
#: OpenClaw ends a run at its limit by itself; what still runs a minute later has outlived it.
SETTLING: Final = timedelta(seconds=60)
#: The limits of jobs that set none.  Source: docs/automation/cron-jobs/how-it-works.md of OpenClaw 2026.9.6.
DEFAULT_LIMIT_SECONDS: Final[Mapping[str, int]] = {"agentTurn": 3600, "command": 600, "script": 300}
_LONGEST_LIMIT: Final = 10 * 365 * 86_400

_STATUS: Final[Mapping[str, TaskStatus]] = {
    QUEUED: TaskStatus.EXPECTED,
    RUNNING: TaskStatus.ACTIVE,
    "succeeded": TaskStatus.COMPLETED,
    "failed": TaskStatus.FAILED,
    "timed_out": TaskStatus.FAILED,
    "cancelled": TaskStatus.CANCELLED,
    "lost": TaskStatus.FAILED,
}
_NO_TRACE: Final = "OpenClaw writes nothing down about {what} between its start and its end"


@frozen(kw_only=True)
class Observer:
    """Makes observed tasks of the rows of one snapshot."""

    snapshot: Snapshot
    owners: Owners
    instance: str
    explained: Mapping[str, str] = field(default_factory=dict)  #: task id -> who tells the same; see `Owners.explained`

    def observe(self, row: TaskRow) -> ObservedTask:
        """Return a task, what OpenClaw's records say about it, and what cannot be judged."""
        status = _STATUS.get(row.status)
        if status is None:
            return self._not_understood(row)
        facts: dict[str, Observation] = {}
        unknown: dict[str, str] = {}
        handover: Handover | None = None
        if row.has_ended:
            handover = self._judge_ended(row, facts, unknown)
        else:
            self._judge_unfinished(row, facts, unknown)
        return ObservedTask(
            task=self._task(row, self._true_status(row, status), handover),
            instance=self.instance,
            facts=facts,
            unknown=unknown,
            liveness_resolution_seconds=LIVENESS_RESOLUTION_SECONDS,
        )

    def _judge_ended(self, row: TaskRow, facts: dict[str, Observation], unknown: dict[str, str]) -> Handover | None:
        if row.runtime == "cron":
            delivery = of_automation(row, self.snapshot)
            if delivery is not None:
                facts[Condition.DELIVERY_FAILED] = delivery
            return None
        if row.status == "cancelled":
            return Handover(wanted=False)  # somebody ended it, and does not wait for its result
        handover = of_subagent(row, self.snapshot) if row.runtime == "subagent" else of_other(row)
        if handover is None:
            unknown[Condition.RESULT_NOT_FORWARDED] = "OpenClaw's records do not say what became of the result"
        elif handover.given_up is not None:
            facts[Condition.RESULT_NOT_FORWARDED] = Observation(
                known=Known.TRUE, since=row.ended_at, reason=handover.given_up
            )
        return handover

    def _judge_unfinished(self, row: TaskRow, facts: dict[str, Observation], unknown: dict[str, str]) -> None:
        owner = self.owners.of(row)
        facts[Condition.OWNER_DEAD] = owner
        if owner.known is not Known.FALSE:
            unknown[Condition.SILENCE_TIMEOUT] = f"nobody is known to write its activity down: {owner.reason}"
        elif (why := self._why_no_trace(row)) is not None:
            unknown[Condition.SILENCE_TIMEOUT] = why
        deadline = self._deadline(row)
        if deadline is not None and deadline <= self.owners.now < deadline + SETTLING:
            unknown[Condition.DEADLINE_MISSED] = "OpenClaw ends a run at its limit by itself, and has a minute for that"
        if row.runtime == "subagent" and row.run_id not in self.snapshot.subagents:
            unknown[Condition.DEADLINE_MISSED] = "its run, which holds its time limit, cannot be read"

    def _why_no_trace(self, row: TaskRow) -> str | None:
        """Return why silence proves nothing for a task whose owner lives; None when it does."""
        if row.kind == "exec":
            return _NO_TRACE.format(what="a background command")
        if row.runtime != "cron":
            return None if row.last_event_at is not None else "OpenClaw does not say when it was last active"
        kind = self._job(row).get("kind")
        if kind not in (None, "agentTurn"):
            return _NO_TRACE.format(what=f"a job of kind {line(kind)}")
        if row.session not in self.snapshot.activity:
            return self.snapshot.quiet_agents.get(row.agent_id, _NO_TRACE.format(what="this automation run"))
        return None

    def _task(self, row: TaskRow, status: TaskStatus, handover: Handover | None) -> TaskState:
        ended = row.ended_at or (row.last_event_at if row.has_ended else None)
        return TaskState(
            task_id=row.task_id,
            agent_id=row.agent_id or "unknown",
            runtime=RUNTIME,
            status=status,
            title=row.title,
            started_at=None if status is TaskStatus.EXPECTED else row.started_at or row.created_at,
            status_changed_at=ended or row.started_at or row.created_at,
            finished_at=ended if row.has_ended else None,
            last_activity_at=_newest(row.last_event_at, self.snapshot.activity.get(row.session)),
            deadline_at=self._deadline(row),
            correlation_id=row.run_id or None,
            children=(_own_result(row, status, handover, ended),) if handover is not None and handover.wanted else (),
            labels=_labels(row, self.explained.get(row.task_id)),
            expects_forwarding=handover is not None and handover.wanted,
            operator_context=self._operator(row),
        )

    def _true_status(self, row: TaskRow, status: TaskStatus) -> TaskStatus:
        """An automation whose delivery failed is written down as failed, though its run was well."""
        if row.runtime == "cron" and row.status == "failed" and (row.detail or {}).get("run_status") == "ok":
            return TaskStatus.COMPLETED
        return status

    def _deadline(self, row: TaskRow) -> datetime | None:
        if row.runtime == "subagent":
            run = self.snapshot.subagents.get(row.run_id, {})
            return _after(time_of(run.get("started_at")) or row.started_at, run.get("timeout_seconds"))
        if row.runtime == "cron" and row.source_id in self.snapshot.jobs:
            job = self._job(row)
            limit = job.get("timeout_seconds")
            return _after(row.started_at, DEFAULT_LIMIT_SECONDS.get(str(job.get("kind"))) if limit is None else limit)
        return None

    def _job(self, row: TaskRow) -> Mapping[str, Any]:
        return self.snapshot.jobs.get(row.source_id, {})

    def _operator(self, row: TaskRow) -> OperatorContext | None:
        """Return where OpenClaw itself would tell somebody of this task."""
        place = self._job(row) if row.runtime == "cron" else self.snapshot.origins.get(row.task_id, {})
        channel, target = line(place.get("channel"), 100), line(place.get("target"), 200)
        if not channel or not target or place.get("delivery_mode") == "none":
            return None
        return OperatorContext(channel=channel, target=target)

    def _not_understood(self, row: TaskRow) -> ObservedTask:
        """A status that is not known says nothing, in either direction."""
        task = self._task(row, TaskStatus.ACTIVE, None)
        reason = f"its status is {row.status or 'empty'}, which this reader does not know"
        return ObservedTask(task=task, instance=self.instance, unknown={each.value: reason for each in Condition})


def is_settled(observed: ObservedTask, row: TaskRow) -> bool:
    """Tell whether a task is over and nothing about it can be wrong any more."""
    if not row.has_ended or row.status not in ENDED or observed.unknown:
        return False
    if any(fact.known is not Known.FALSE for fact in observed.facts.values()):
        return False
    return all(child.forwarded_at is not None for child in observed.task.children)


def _own_result(row: TaskRow, status: TaskStatus, handover: Handover, ended: datetime | None) -> ChildTask:
    """The requester is a session, for which OpenClaw has no row: its child's own row stands for both."""
    return ChildTask(
        task_id=row.task_id,
        status=status,
        spawned_at=row.created_at,
        finished_at=ended,
        forwarded_at=handover.done_at,
    )


def _labels(row: TaskRow, explained_by: str | None) -> dict[str, str]:
    labels = {"kind": row.runtime}
    if explained_by is not None:
        labels[EXPLAINED_BY] = explained_by
    if row.kind:
        labels["task_kind"] = row.kind
    if row.status not in (RUNNING, QUEUED):
        labels["openclaw_status"] = row.status
    if row.runtime == "cron" and row.source_id:
        labels["job"] = row.source_id
    if row.error:
        labels["error"] = line(row.error, 200)
    return labels


def _after(start: datetime | None, seconds: object) -> datetime | None:
    if start is None or isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    if not 0 < seconds <= _LONGEST_LIMIT:
        return None
    return start + timedelta(seconds=int(seconds))


def _newest(*times: datetime | None) -> datetime | None:
    known = [each for each in times if each is not None]
    return max(known, default=None)
