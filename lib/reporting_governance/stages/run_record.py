"""How a `run` that is not a job stands in the journal: only where its records do not speak for it.

What a run that succeeds adds are lines that name their writer and their time, so a line about the run would say
nothing new.  One that fails may leave nothing at all: it is a line `orchestration.job_failed`, once for as long as
runs fail alike, and the first run after it that adds something is one `orchestration.job_completed`.  Neither makes
work for the next tick.
"""

from __future__ import annotations

from datetime import datetime

from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.times import format_time
from reporting_governance.storage.interface import Addition, Group, Store


def is_news(code: int, recorded: int, *, has_added: bool) -> bool:
    """Tell whether how a run ended is worth a line.

    Args:
        code: the exit code that it ends with.
        recorded: that of the last line about a run, 0 when there is none.
        has_added: whether it added a record.
    """
    return code != recorded and (code != 0 or has_added)


def record_run(store: Store, code: int, reason: str, *, host: str, pid: int, began_at: datetime, now: datetime) -> None:
    """Add the line about a run.

    Args:
        reason: of a failure, for a person.

    Raises: Busy, StorageError, NotOurState.
    """
    job_id = derive_id("run", host, str(pid), format_time(began_at))
    meta = {"kind": "run", "host": host, "pid": pid, "began_at": format_time(began_at), "exit_status": code}
    if code:
        line = Addition(
            type=LineType.JOB_FAILED, job_id=job_id, reason=reason, meta={**meta, "state": "failed", "will_retry": True}
        )
    else:
        line = Addition(
            type=LineType.JOB_COMPLETED, job_id=job_id, reason="runs succeed again", meta={**meta, "state": "succeeded"}
        )
    store.commit([Group((line,))], now=now)
