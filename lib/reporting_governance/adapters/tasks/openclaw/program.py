"""OpenClaw's own list of tasks, asked of its own program: `openclaw tasks list --json`.

Second choice: it says less than the database (no leases, no receipts, no job definitions), takes seconds, and it
*writes*: on its way it settles tasks whose process is gone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from reporting_governance.adapters.tasks.openclaw.rows import DETAIL_PATHS, Remark, Snapshot, line, parse_tasks, pick
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    import subprocess

LIMIT_SECONDS: Final = 60.0  #: it was seen to take 2
MAX_BYTES: Final = 16 * 1024 * 1024
_ERROR_BYTES: Final = 4096
_LINGER_SECONDS: Final = 5.0
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


class ProgramFailed(GovernanceError):
    """OpenClaw's program gave no list of tasks."""

    message = "{command}: {reason}"
    hint = "Run it by hand as the same user, with the same environment that cron gives."


def ask_program(command: Sequence[str], *, state_folder: str, limit_seconds: float = LIMIT_SECONDS) -> Snapshot:
    """Return all tasks that the program lists.

    Args:
        command: the program and what comes before `tasks list --json`; run without a shell.
        state_folder: given to it as OPENCLAW_STATE_DIR.

    Raises: ProgramFailed, also when it takes too long or prints too much; then its whole process group is killed.
    """
    from reporting_governance.contracts.reading import Syntax, read_documents

    shown = " ".join([*command, *_ARGUMENTS])
    output = _run([*command, *_ARGUMENTS], state_folder, limit_seconds, shown)
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


def _run(command: Sequence[str], state_folder: str, limit_seconds: float, shown: str) -> bytes:
    import subprocess

    environment = {**os.environ, "OPENCLAW_STATE_DIR": state_folder, "NO_COLOR": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as fault:
        raise ProgramFailed(command=shown, reason=fault.strerror or str(fault)) from fault
    with process:
        try:
            output, errors, problem = _collect(process, limit_seconds)
            if problem is None:
                _wait(process.pid)
        finally:
            _kill_group(process.pid)
    if problem is not None:
        raise ProgramFailed(command=shown, reason=problem)
    if process.returncode != 0:
        said = line(errors.decode("utf-8", "replace"), 200)
        raise ProgramFailed(command=shown, reason=f"it ended with {process.returncode}" + (f": {said}" if said else ""))
    return output


def _collect(process: subprocess.Popen[bytes], limit_seconds: float) -> tuple[bytes, bytes, str | None]:
    """Return standard output, the beginning of standard error, and why collecting was given up."""
    import selectors
    import time

    ends_at = time.monotonic() + limit_seconds
    parts: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream, name in ((process.stdout, "out"), (process.stderr, "err")):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            left = ends_at - time.monotonic()
            if left <= 0:
                return bytes(parts["out"]), bytes(parts["err"]), f"it took longer than {limit_seconds:g} seconds"
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.data == "out" or len(parts["err"]) < _ERROR_BYTES:
                    parts[key.data] += chunk
            if len(parts["out"]) > MAX_BYTES:
                return bytes(parts["out"]), bytes(parts["err"]), f"it printed more than {MAX_BYTES:,} bytes"
    return bytes(parts["out"]), bytes(parts["err"]), None


def _wait(pid: int) -> None:
    """Wait a little for a process that has closed its output; one that lingers is killed with its group."""
    import time

    ends_at = time.monotonic() + _LINGER_SECONDS
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < ends_at:
        time.sleep(0.02)


def _kill_group(pid: int) -> None:
    """Kill what is left of the group.  Its leader has not been waited for, so the id is still its own."""
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
