"""What is read from OpenClaw's state database, query by query.

Every query is bounded and uses an index of OpenClaw's own, or reads a table that OpenClaw keeps small (its jobs, its
boots, its delivery queue of at most a day).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.tasks.openclaw.database import Reader, picked, plain, text, unpicked
from reporting_governance.adapters.tasks.openclaw.ledger import MOST_UNFINISHED, UnknownLayout, read_tasks
from reporting_governance.adapters.tasks.openclaw.rows import (
    JOB_PATHS,
    LEASE_PATHS,
    LONGEST_ID,
    LONGEST_TEXT,
    ORIGIN_PATHS,
    SUBAGENT_PATHS,
    Boot,
    Identity,
    Lease,
    Picked,
    QueueEntry,
    Remark,
    Snapshot,
    TaskRow,
    identity,
    line,
    time_of,
)

MOST_BOOTS: Final = 50
MOST_QUEUED: Final = 5_000

_ID: Final = LONGEST_ID + 1  #: one more, so that an id that is too long is seen to be
_DELIVERY_ID: Final = re.compile(r"cron-direct-delivery:[^:]*:cron:(?P<job>[^:]+):(?P<at>\d{10,16}):")


def read_snapshot(reader: Reader, *, ended_after: datetime, known: frozenset[str]) -> Snapshot:
    """Return what is unfinished, what ended after a moment and what is `known`.

    Raises: UnknownLayout when the table of tasks is not there or not usable.
    """
    remarks: list[Remark] = []
    queue = _queue(reader)
    tasks, whole = read_tasks(reader, ended_after, known, troubled=frozenset(queue), remarks=remarks)
    jobs = {each.source_id for each in tasks if each.runtime == "cron" and each.source_id}
    unfinished = [each for each in tasks if not each.has_ended]
    snapshot = Snapshot(
        tasks=tasks,
        whole=whole,
        lease=_lease(reader),
        boots=_boots(reader),
        receipts=_receipts(reader),
        subagents=_subagents(reader, tasks),
        jobs=_jobs(reader, jobs),
        job_logs=_job_logs(reader, tasks),
        origins=_origins(reader, tasks),
        queue=queue,
        activity=_activity(reader, {each.session for each in unfinished if each.session}),
        remarks=remarks,
    )
    return replace(snapshot, missing=frozenset(reader.missing))


def install_id(reader: Reader) -> str | None:
    """Return the id that OpenClaw gave this installation; None before its first gateway has run."""
    rest = "WHERE identity_key = 'primary'"
    for row in reader.select("device_identities", text(_ID, "device_id"), rest, needs=("identity_key",)):
        return line(row.get("device_id")) or None
    return None


def agent_databases(reader: Reader) -> dict[str, str]:
    """Return where each agent's own database is, relative to the state folder."""
    wanted = text(LONGEST_TEXT, "agent_id", "path")
    rows = reader.select("agent_databases", wanted, "ORDER BY last_seen_at LIMIT 1000", needs=("last_seen_at",))
    return {str(row["agent_id"]): str(row["path"]) for row in rows if "path" in row and "agent_id" in row}


def session_activity(reader: Reader, sessions: set[str]) -> dict[str, datetime]:
    """Return when something was last written to each session's transcript, from an agent's own database.

    Raises: UnknownLayout when that database does not say it.
    """
    wanted = ("session_key", "transcript_updated_at")
    if not reader.columns("session_windows") >= set(wanted):
        raise UnknownLayout(path=reader.path, missing="session_windows")
    found: dict[str, datetime] = {}
    for row in reader.select_in("session_windows", plain(*wanted), "session_key", sessions):
        _note(found, row["session_key"], row["transcript_updated_at"])
    return found


def _lease(reader: Reader) -> Lease | None:
    wanted = {**picked("payload_json", LEASE_PATHS), **plain("heartbeat_at", "created_at")}
    rest = "WHERE scope = 'gateway-owner' AND lease_key = 'global'"
    for row in _select_if(reader, "state_leases", wanted, rest, needs=("scope", "lease_key")):
        found = unpicked(row.get("payload_json"), LEASE_PATHS) or {}
        return Lease(
            owner=identity(found.get("pid"), found.get("start"), found.get("host")),
            renewed_at=time_of(row.get("heartbeat_at")),
            taken_at=time_of(row.get("created_at")),
        )
    return None


def _boots(reader: Reader) -> tuple[Boot, ...]:
    wanted = {**plain("pid", "started_at_ms"), **text(LONGEST_TEXT, "outcome")}
    boots = []
    rest = "ORDER BY started_at_ms DESC LIMIT ?"
    rows = _select_if(reader, "gateway_boot_lifecycle", wanted, rest, (MOST_BOOTS,), needs=("started_at_ms",))
    for row in rows:
        started = time_of(row.get("started_at_ms"))
        if started is not None and type(row.get("pid")) is int:
            boots.append(Boot(pid=row["pid"], started_at=started, outcome=line(row.get("outcome")) or None))
    return tuple(boots)


def _receipts(reader: Reader) -> dict[tuple[str, datetime], Identity]:
    wanted = {**text(LONGEST_TEXT, "job_id"), **plain("owner_pid", "owner_start_time", "started_at_ms")}
    found = {}
    rest = "WHERE status = 'running' LIMIT ?"
    for row in _select_if(reader, "cron_run_receipts", wanted, rest, (MOST_UNFINISHED,), needs=("status",)):
        owner = identity(row.get("owner_pid"), row.get("owner_start_time"), None)
        started = time_of(row.get("started_at_ms"))
        if owner is not None and started is not None and isinstance(row.get("job_id"), str):
            found[row["job_id"], started] = owner
    return found


def _subagents(reader: Reader, tasks: list[TaskRow]) -> dict[str, Picked]:
    runs = {each.run_id for each in tasks if each.runtime == "subagent" and each.run_id}
    if not reader.has("subagent_runs"):
        return {}
    wanted = {**text(LONGEST_TEXT, "run_id"), **picked("payload_json", SUBAGENT_PATHS)}
    found: dict[str, Picked] = {}
    for row in reader.select_in("subagent_runs", wanted, "run_id", runs):
        run = unpicked(row.get("payload_json"), SUBAGENT_PATHS)
        if run is not None and isinstance(row.get("run_id"), str):
            found[row["run_id"]] = run
    return found


def _jobs(reader: Reader, jobs: set[str]) -> dict[str, Picked]:
    if not reader.has("cron_jobs"):
        return {}
    wanted = {**text(LONGEST_TEXT, "job_id"), **picked("job_json", JOB_PATHS)}
    found: dict[str, Picked] = {}
    for row in reader.select_in("cron_jobs", wanted, "job_id", jobs):
        job = unpicked(row.get("job_json"), JOB_PATHS)
        if job is not None and isinstance(row.get("job_id"), str):
            found[row["job_id"]] = job
    return found


def _job_logs(reader: Reader, tasks: list[TaskRow]) -> dict[tuple[str, datetime], Picked]:
    """Return how automation runs ended of which older versions say nothing in `detail_json`, or have no such column."""
    names = ("status", "delivery_status", "delivery_error", "error")
    wanted = {**text(LONGEST_TEXT, "job_id", *names), **plain("run_at_ms")}
    wanted_times = {(each.source_id, each.started_at) for each in tasks if _says_no_delivery(each)}
    found: dict[tuple[str, datetime], Picked] = {}
    if not wanted_times or not reader.columns("cron_run_logs"):
        return {}
    for row in reader.select_in("cron_run_logs", wanted, "job_id", {job for job, _ in wanted_times}):
        key = (str(row.get("job_id")), time_of(row.get("run_at_ms")))
        if key in wanted_times and key[1] is not None:
            found[key[0], key[1]] = {
                "run_status": row.get("status"),
                "delivery_status": row.get("delivery_status"),
                "delivery_error": row.get("delivery_error") or row.get("error"),
            }
    return found


def _says_no_delivery(row: TaskRow) -> bool:
    return row.runtime == "cron" and row.has_ended and (row.detail or {}).get("delivery_status") is None


def _origins(reader: Reader, tasks: list[TaskRow]) -> dict[str, Picked]:
    if not reader.columns("task_delivery_state"):
        return {}
    wanted = {**text(_ID, "task_id"), **picked("requester_origin_json", ORIGIN_PATHS)}
    found: dict[str, Picked] = {}
    for row in reader.select_in("task_delivery_state", wanted, "task_id", {each.task_id for each in tasks}):
        origin = unpicked(row.get("requester_origin_json"), ORIGIN_PATHS)
        if origin is not None and isinstance(row.get("task_id"), str):
            found[row["task_id"]] = origin
    return found


def _queue(reader: Reader) -> dict[str, tuple[QueueEntry, ...]]:
    wanted = {**text(LONGEST_TEXT, "id", "status", "last_error")}
    rest = "WHERE id >= 'cron-direct-delivery:' AND id < 'cron-direct-delivery;' AND status <> 'completed' LIMIT ?"
    found: dict[str, tuple[QueueEntry, ...]] = {}
    for row in _select_if(reader, "delivery_queue_entries", wanted, rest, (MOST_QUEUED,), needs=("id", "status")):
        place = _DELIVERY_ID.match(str(row.get("id")))
        at = time_of(int(place["at"])) if place else None
        if place is None or at is None:
            continue
        entry = QueueEntry(status=line(row.get("status")), prepared_at=at, error=line(row.get("last_error")))
        found[place["job"]] = (*found.get(place["job"], ()), entry)
    return found


def _activity(reader: Reader, sessions: set[str]) -> dict[str, datetime]:
    """Return when the tasks that a session started last did something: who waits for a child is not silent."""
    names = ("requester_session_key", "last_event_at", "started_at", "ended_at")
    if not reader.columns("task_runs") >= set(names):
        return {}
    found: dict[str, datetime] = {}
    wanted = {"requester_session_key": "requester_session_key", **{each: f"max({each})" for each in names[1:]}}
    for row in reader.select_in(
        "task_runs", wanted, "requester_session_key", sessions, "GROUP BY requester_session_key"
    ):
        for name in names[1:]:
            _note(found, row["requester_session_key"], row[name])
    return found


def _note(found: dict[str, datetime], key: object, value: object) -> None:
    moment = time_of(value)
    if moment is not None and isinstance(key, str) and (key not in found or found[key] < moment):
        found[key] = moment


def _select_if(
    reader: Reader,
    table: str,
    wanted: dict[str, str],
    rest: str,
    values: tuple[object, ...] = (),
    *,
    needs: tuple[str, ...],
) -> Iterator[dict[str, Any]]:
    if reader.has(table):
        yield from reader.select(table, wanted, rest, values, needs=needs)
