"""The rows of OpenClaw that are read, as types.  What cannot be understood in a row is a remark, not an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from reporting_governance.adapters.tasks.rules import BAD_ENTRY, ODD_VALUE
from reporting_governance.contracts.finding import FindingRule
from reporting_governance.contracts.frozen import frozen

LONGEST_ID: Final = 200
LONGEST_TEXT: Final = 500
_EARLIEST: Final = 946_684_800_000  #: 2000-01-01 in milliseconds: anything older is no time of a task
_LATEST: Final = 7_258_118_400_000  #: 2200-01-01

#: Statuses of `task_runs` that end a task; every other one is taken for an unfinished task.
ENDED: Final = frozenset(("succeeded", "failed", "timed_out", "cancelled", "lost"))
RUNNING: Final = "running"
QUEUED: Final = "queued"

#: What is taken out of `task_runs.detail_json` of a finished automation run, by the path inside it.
DETAIL_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "run_status": ("status",),
    "delivery_status": ("deliveryStatus",),
    "delivery_error": ("deliveryError",),
    "suppressed": ("deliverySuppressionReason",),
    "failure_told": ("failureNotificationDelivery", "delivered"),
}
#: What is taken out of `subagent_runs.payload_json`.
SUBAGENT_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "timeout_seconds": ("runTimeoutSeconds",),
    "started_at": ("execution", "startedAt"),
    "ended_at": ("execution", "endedAt"),
    "expects": ("expectsCompletionMessage",),
    "required": ("completion", "required"),
    "delivery_status": ("delivery", "status"),
    "delivered_at": ("delivery", "deliveredAt"),
    "delivery_error": ("delivery", "lastError"),
    "given_up": ("delivery", "suspendedReason"),
    "dropped": ("delivery", "lastDropReason"),
}
#: What is taken out of `cron_jobs.job_json`.
JOB_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("payload", "kind"),
    "timeout_seconds": ("payload", "timeoutSeconds"),
    "delivery_mode": ("delivery", "mode"),
    "channel": ("delivery", "channel"),
    "target": ("delivery", "to"),
}
#: What is taken out of `state_leases.payload_json` of the gateway.
LEASE_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "pid": ("owner", "pid"),
    "start": ("owner", "startedAt"),
    "host": ("owner", "host"),
}
#: What is taken out of `task_delivery_state.requester_origin_json`.
ORIGIN_PATHS: Final[Mapping[str, tuple[str, ...]]] = {"channel": ("channel",), "target": ("to",)}

Picked = Mapping[str, Any]  #: values by the names of a table of paths


class Remark(NamedTuple):
    """Something about what was read that is worth a finding."""

    rule: FindingRule
    message: str


@frozen(kw_only=True)
class Identity:
    """A process, as OpenClaw names it: the start is field 22 of /proc/PID/stat."""

    pid: int
    start: int | None = None
    host: str | None = None


@frozen(kw_only=True)
class TaskRow:
    """One row of `task_runs`, or one entry of `openclaw tasks list --json`."""

    task_id: str
    runtime: str  #: subagent, acp, cron, cli
    status: str
    kind: str = ""  #: automation_run, exec ...
    source_id: str = ""  #: the job's id, for cron
    requester_session: str = ""
    session: str = ""
    agent_id: str = ""
    run_id: str = ""
    owner: Identity | None = None
    title: str = ""
    delivery_status: str = ""
    notify_policy: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_event_at: datetime | None = None
    error: str = ""
    outcome: str = ""  #: `blocked`: finished, and the result could not be handed back
    detail: Picked | None = None  #: None: there is none, or it cannot be read

    @property
    def has_ended(self) -> bool:
        """Tell whether OpenClaw counts the task as over."""
        return self.status in ENDED


@frozen(kw_only=True)
class Lease:
    """Who owns the state: the one gateway, which renews this every 30 seconds."""

    owner: Identity | None
    renewed_at: datetime | None
    taken_at: datetime | None


@frozen(kw_only=True)
class Boot:
    """One start of the gateway.  Without an outcome it is running, or ended without being able to say so."""

    pid: int
    started_at: datetime
    outcome: str | None = None


@frozen(kw_only=True)
class QueueEntry:
    """A message in the delivery queue that is not through."""

    status: str
    prepared_at: datetime
    error: str = ""


@frozen(kw_only=True)
class Snapshot:
    """What one reading of one database, or one answer of the program, holds."""

    tasks: Sequence[TaskRow]
    whole: bool = True  #: every unfinished task is among `tasks`
    lease: Lease | None = None
    boots: Sequence[Boot] = ()  #: newest first
    receipts: Mapping[tuple[str, datetime], Identity] = field(default_factory=dict)  #: running ones, by job and start
    subagents: Mapping[str, Picked] = field(default_factory=dict)  #: by run id
    jobs: Mapping[str, Picked] = field(default_factory=dict)  #: by job id
    job_logs: Mapping[tuple[str, datetime], Picked] = field(default_factory=dict)  #: of versions before `detail_json`
    origins: Mapping[str, Picked] = field(default_factory=dict)  #: by task id
    queue: Mapping[str, Sequence[QueueEntry]] = field(default_factory=dict)  #: by job id
    activity: Mapping[str, datetime] = field(default_factory=dict)  #: newest sign of life, by session key
    quiet_agents: Mapping[str, str] = field(default_factory=dict)  #: agents whose sessions cannot be read, and why
    missing: frozenset[str] = frozenset()  #: tables and `table.column`s that are not there
    remarks: Sequence[Remark] = ()  #: what was wrong with single rows


def parse_tasks(rows: Iterable[Mapping[str, Any]], remarks: list[Remark]) -> tuple[list[TaskRow], bool]:
    """Return the tasks of rows with the column names of `task_runs`, and whether every row was one."""
    tasks = [_parse_task(row, remarks) for row in rows]
    return [each for each in tasks if each is not None], None not in tasks


def _parse_task(row: Mapping[str, Any], remarks: list[Remark]) -> TaskRow | None:
    task_id, status, runtime = row.get("task_id"), row.get("status"), row.get("runtime")
    if not is_id(task_id):
        remarks.append(Remark(BAD_ENTRY, "a task has no usable id"))
        return None
    if not isinstance(status, str) or not isinstance(runtime, str):
        remarks.append(Remark(BAD_ENTRY, f"task {task_id}: its status or its runtime is no text"))
        return None
    times = {name: _time(row, name, remarks) for name in ("created_at", "started_at", "ended_at", "last_event_at")}
    return TaskRow(
        task_id=str(task_id),
        runtime=line(runtime),
        status=line(status),
        kind=line(row.get("task_kind")),
        source_id=line(row.get("source_id")),
        requester_session=line(row.get("requester_session_key")),
        session=line(row.get("child_session_key")),
        agent_id=line(row.get("agent_id")),
        run_id=line(row.get("run_id")),
        owner=identity(
            row.get("execution_owner_pid"), row.get("execution_owner_start_identity"), row.get("execution_owner_host")
        ),
        title=line(row.get("label")) or line(row.get("task"), 120),
        delivery_status=line(row.get("delivery_status")),
        notify_policy=line(row.get("notify_policy")),
        error=line(row.get("error")),
        outcome=line(row.get("terminal_outcome")),
        detail=row.get("detail_json"),
        **times,
    )


def is_id(value: object) -> bool:
    """Tell whether a value can be the id of a task: a short text without control characters."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def identity(pid: object, start: object, host: object) -> Identity | None:
    """Return the process that a row names, None when it names none."""
    if type(pid) is not int or pid <= 0:
        return None
    return Identity(pid=pid, start=start if type(start) is int else None, host=host if isinstance(host, str) else None)


def time_of(value: object) -> datetime | None:
    """Return the time that a number of milliseconds names, None when it can be none."""
    if type(value) is not int or not _EARLIEST <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)


def milliseconds(moment: datetime) -> int:
    """Return a time as OpenClaw writes it."""
    return int(moment.timestamp() * 1000)


def line(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text as one printable line that is not too long; empty when the value is no text."""
    if not isinstance(value, str):
        return ""
    text = " ".join(value[: longest * 2].split())
    clean = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def pick(document: object, paths: Mapping[str, tuple[str, ...]]) -> Picked | None:
    """Return what stands in a document at each of the paths; None when it is no object."""
    if not isinstance(document, Mapping):
        return None
    return {name: _at(document, path) for name, path in paths.items()}


def _at(document: object, path: Sequence[str]) -> object:
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def _time(row: Mapping[str, Any], name: str, remarks: list[Remark]) -> datetime | None:
    value = row.get(name)
    moment = time_of(value)
    if moment is None and value is not None:
        message = f"task {row['task_id']}: {name} is {line(str(value), 40)}, which is no time in milliseconds"
        remarks.append(Remark(ODD_VALUE, message))
    return moment
