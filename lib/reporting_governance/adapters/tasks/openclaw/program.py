"""OpenClaw's own list of tasks, asked of its own program: `openclaw tasks list --json`.

Second choice: it says less than the database (no leases, no receipts, no job definitions), takes seconds, and it
*writes*: on its way it settles tasks whose process is gone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reporting_governance.adapters.tasks.openclaw.rows import DETAIL_PATHS, Remark, Snapshot, parse_tasks, pick
from reporting_governance.adapters.tasks.running import ProgramFailed, run_bounded

__all__ = ["ProgramFailed", "ask_program"]

LIMIT_SECONDS: Final = 60.0  #: it was seen to take 2
MAX_BYTES: Final = 16 * 1024 * 1024
_ARGUMENTS: Final = ("tasks", "list", "--json")

#: What only the database says.
_UNSEEN: Final = frozenset(
    (
        "state_leases",
        "gateway_boot_lifecycle",
        "cron_run_receipts",
        "subagent_runs",
        "cron_jobs",
        "delivery_queue_entries",
    )
)
#: Key of an entry to the column of `task_runs` it stands for.
_COLUMNS: Final[Mapping[str, str]] = {
    "taskId": "task_id",
    "runtime": "runtime",
    "taskKind": "task_kind",
    "sourceId": "source_id",
    "requesterSessionKey": "requester_session_key",
    "childSessionKey": "child_session_key",
    "agentId": "agent_id",
    "runId": "run_id",
    "label": "label",
    "task": "task",
    "status": "status",
    "deliveryStatus": "delivery_status",
    "notifyPolicy": "notify_policy",
    "createdAt": "created_at",
    "startedAt": "started_at",
    "endedAt": "ended_at",
    "lastEventAt": "last_event_at",
    "error": "error",
    "terminalOutcome": "terminal_outcome",
}


def ask_program(command: Sequence[str], *, state_folder: str, limit_seconds: float = LIMIT_SECONDS) -> Snapshot:
    """Return all tasks that the program lists.

    Args:
        command: the program and what comes before `tasks list --json`; run without a shell.
        state_folder: given to it as OPENCLAW_STATE_DIR.

    Raises: ProgramFailed, also when it takes too long or prints too much; then its whole process group is killed.
    """
    from reporting_governance.contracts.reading import Syntax, read_documents

    shown = " ".join([*command, *_ARGUMENTS])
    environment = {**os.environ, "OPENCLAW_STATE_DIR": state_folder, "NO_COLOR": "1"}
    output = run_bounded(
        [*command, *_ARGUMENTS], environment, limit_seconds=limit_seconds, max_bytes=MAX_BYTES, shown=shown
    )
    result = read_documents(output, name=shown, syntax=Syntax.JSON, max_bytes=MAX_BYTES)
    answer = result.documents[0].value if result.documents else None
    entries = answer.get("tasks") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        cause = result.findings[0].message if result.findings else "it has no list of tasks"
        raise ProgramFailed(command=shown, reason=f"what it printed was not understood: {cause}")
    remarks: list[Remark] = []
    tasks, whole = parse_tasks(map(_row, entries), remarks)
    return Snapshot(tasks=tasks, whole=whole, missing=_UNSEEN, remarks=remarks)


def _row(entry: object) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        return {}
    owner = entry.get("executionOwner")
    process = owner if isinstance(owner, Mapping) else {}
    return {
        **{column: entry[key] for key, column in _COLUMNS.items() if key in entry},
        "execution_owner_host": process.get("host"),
        "execution_owner_pid": process.get("pid"),
        "execution_owner_start_identity": process.get("startIdentity"),
        "detail_json": pick(entry.get("detail"), DETAIL_PATHS),
    }
