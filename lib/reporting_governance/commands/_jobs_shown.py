"""How jobs are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.contracts.job import Job
    from reporting_governance.stages.jobs_list import JobStatus


def document_of(
    what: str,
    context: CommandContext,
    *,
    job: Mapping[str, Any] | None = None,
    is_new: bool | None = None,
    attempts: Sequence[Mapping[str, Any]] = (),
    jobs: Sequence[Mapping[str, Any]] = (),
    **counted: int,
) -> dict[str, Any]:
    """Return the reply as plain data; what is not said stays null or empty."""
    return {
        "what": what,
        "job": job,
        "is_new": is_new,
        "attempts": [dict(each) for each in attempts],
        "jobs": list(jobs),
        "open": counted.get("open"),
        "settled": counted.get("settled"),
        "logs": _logs(context),
    }


def _logs(context: CommandContext) -> str:
    from reporting_governance.adapters.jobs.logs import folder_of

    return folder_of(context.state)


def line_of(job: Job) -> str:
    """Return how a job stands on one line.  No table: making one takes a third of a cold start."""
    from reporting_governance.commands._text import one_line

    why = job.error or job.reason
    text = f"{job.job_id}: {job.kind} {job.state.value}, attempt {job.attempts} of {job.max_attempts}"
    return one_line(f"{text}: {why}" if why else text)


def table_of(jobs: Sequence[Job]) -> str:
    """Return jobs as a table."""
    from reporting_governance.commands._tables import table
    from reporting_governance.contracts.times import format_time

    headers = ("job", "kind", "state", "attempts", "changed", "key", "why")
    return table(
        headers,
        [
            (
                job.job_id,
                job.kind,
                job.state.value,
                f"{job.attempts} of {job.max_attempts}",
                format_time(job.changed_at),
                "" if job.key == job.job_id else job.key,
                job.error or job.reason,
            )
            for job in jobs
        ],
    )


def story_of(status: JobStatus, context: CommandContext) -> str:
    """Return one job with its last attempts, and where their output lies."""
    import shlex

    from reporting_governance.commands._tables import table
    from reporting_governance.commands._text import one_line

    lines = [table_of([status.job])]
    if status.job.arguments:
        lines.append(one_line(f"Arguments: {shlex.join(status.job.arguments)}"))
    if status.attempts:
        headers = ("attempt", "began", "ended", "host", "process", "why", "output")
        rows = [
            (
                each["number"],
                each["started_at"],
                each.get("ended_at"),
                each["host"],
                each["pid"],
                each.get("error") or each.get("reason"),
                each.get("result", {}).get("log"),
            )
            for each in status.attempts
        ]
        lines.append(table(headers, rows))
        if any("log" in each.get("result", {}) for each in status.attempts):
            lines.append(one_line(f"Output lies in {_logs(context)}."))
    return "\n\n".join(lines)
