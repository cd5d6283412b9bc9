"""Writes records as a gateway of OpenClaw keeps them: only the tables and columns that are read of it.

Shapes: seen in databases that OpenClaw 2026.9.6 wrote (schema version 18).  The gateway that they name is a process
that lives: that of the probe.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from typing import Any

_TABLES = """
PRAGMA user_version = 18;
CREATE TABLE agent_databases (agent_id TEXT NOT NULL, path TEXT NOT NULL, schema_version INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL, size_bytes INTEGER, PRIMARY KEY (agent_id, path)) STRICT;
CREATE TABLE cron_jobs (store_key TEXT NOT NULL, job_id TEXT NOT NULL, name TEXT NOT NULL, enabled INTEGER NOT NULL,
  payload_kind TEXT NOT NULL, job_json TEXT NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (store_key, job_id)) STRICT;
CREATE TABLE cron_run_receipts (receipt_id TEXT PRIMARY KEY, store_key TEXT NOT NULL, job_id TEXT NOT NULL,
  agent_id TEXT NOT NULL, request_run_id TEXT, status TEXT NOT NULL, owner_pid INTEGER NOT NULL,
  owner_start_time INTEGER, started_at_ms INTEGER NOT NULL, finished_at_ms INTEGER, error_text TEXT) STRICT;
CREATE TABLE delivery_queue_entries (queue_name TEXT NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,
  entry_kind TEXT, session_key TEXT, channel TEXT, target TEXT, retry_count INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER, last_error TEXT, recovery_state TEXT, platform_send_started_at INTEGER,
  entry_json TEXT NOT NULL, enqueued_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, failed_at INTEGER,
  PRIMARY KEY (queue_name, id)) STRICT;
CREATE TABLE gateway_boot_lifecycle (boot_id TEXT NOT NULL PRIMARY KEY, pid INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL, completed_at_ms INTEGER, outcome TEXT, startup_reason TEXT, reason TEXT) STRICT;
CREATE TABLE state_leases (scope TEXT NOT NULL, lease_key TEXT NOT NULL, owner TEXT NOT NULL, expires_at INTEGER,
  heartbeat_at INTEGER, payload_json TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, lease_key)) STRICT;
CREATE TABLE subagent_runs (run_id TEXT NOT NULL PRIMARY KEY, child_session_key TEXT NOT NULL,
  controller_session_key TEXT, requester_session_key TEXT NOT NULL, created_at INTEGER NOT NULL,
  payload_json TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE task_delivery_state (task_id TEXT NOT NULL PRIMARY KEY, requester_origin_json TEXT,
  last_notified_event_at INTEGER) STRICT;
CREATE TABLE task_runs (task_id TEXT NOT NULL PRIMARY KEY, runtime TEXT NOT NULL, task_kind TEXT, source_id TEXT,
  requester_session_key TEXT, owner_key TEXT NOT NULL, scope_kind TEXT NOT NULL, child_session_key TEXT,
  parent_flow_id TEXT, parent_task_id TEXT, agent_id TEXT, requester_agent_id TEXT, run_id TEXT,
  execution_owner_host TEXT, execution_owner_pid INTEGER, execution_owner_start_identity INTEGER, label TEXT,
  task TEXT NOT NULL, status TEXT NOT NULL, delivery_status TEXT NOT NULL, notify_policy TEXT NOT NULL,
  created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, last_event_at INTEGER, cleanup_after INTEGER,
  tool_use_count INTEGER, last_tool_name TEXT, error TEXT, progress_summary TEXT, terminal_summary TEXT,
  terminal_outcome TEXT, detail_json TEXT) STRICT;
"""
_TASK_ENDS = """UPDATE task_runs SET status = 'succeeded', delivery_status = 'delivered', ended_at = ?,
  last_event_at = ? WHERE task_id = ?"""
_RUN_ENDS = """UPDATE subagent_runs SET payload_json = json_set(payload_json, '$.execution.status', 'completed',
  '$.execution.endedAt', ?, '$.delivery.status', 'delivered') WHERE run_id = ?"""
SESSION = "agent:main:explicit:prober"


class Records:
    """The state folder of an OpenClaw that has sub-agents at work."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "state", "openclaw.sqlite")
        os.makedirs(os.path.dirname(self.path), mode=0o700)
        self._now = int(time.time() * 1000)
        self._change((_TABLES, None))
        self._gateway()

    def sub_agent(self, name: str, *, minutes: int, limit_seconds: int) -> None:
        """Add a sub-agent that started some minutes ago, may take so long, and has said nothing since."""
        at = self._now - minutes * 60_000
        child, run = f"agent:main:subagent:{name}", f"run-{name}"
        payload = {
            "runId": run,
            "taskRunId": run,
            "childSessionKey": child,
            "requesterSessionKey": SESSION,
            "task": name,
            "label": name,
            "runTimeoutSeconds": limit_seconds,
            "expectsCompletionMessage": True,
            "createdAt": at,
            "execution": {"status": "running", "startedAt": at},
            "completion": {"required": True},
            "delivery": {"status": "pending"},
        }
        self._insert("subagent_runs", run_id=run, child_session_key=child, controller_session_key=SESSION,
                     requester_session_key=SESSION, created_at=at, payload_json=json.dumps(payload))  # fmt: skip
        self._insert("task_runs", task_id=name, runtime="subagent", source_id=run, requester_session_key=SESSION,
                     owner_key=SESSION, scope_kind="session", child_session_key=child, agent_id="main",
                     requester_agent_id="main", run_id=run, label=name, task=name, status="running",
                     delivery_status="pending", notify_policy="done_only", created_at=at, started_at=at,
                     last_event_at=at)  # fmt: skip

    def ends(self, name: str) -> None:
        """Let a sub-agent come to its end, and its result be delivered."""
        now = int(time.time() * 1000)
        self._change(
            (_TASK_ENDS, (now, now, name)),
            (_RUN_ENDS, (now, f"run-{name}")),
        )

    def digest(self) -> str:
        """Return the digest of the database: what is read of OpenClaw is never written."""
        from hashlib import sha256

        with open(self.path, "rb") as file:
            return sha256(file.read()).hexdigest()

    def _gateway(self) -> None:
        pid, began = os.getpid(), self._now - 24 * 3_600_000
        owner = {"pid": pid, "host": socket.gethostname(), "startedAt": _start_of(pid)}
        lease = {"owner": owner, "port": 18789, "mode": "foreground", "supervisor": None}
        self._insert("gateway_boot_lifecycle", boot_id="boot", pid=pid, started_at_ms=began)
        self._insert("state_leases", scope="gateway-owner", lease_key="global", owner="prober",
                     expires_at=self._now + 300_000, heartbeat_at=self._now, payload_json=json.dumps(lease),
                     created_at=began, updated_at=self._now)  # fmt: skip

    def _insert(self, table: str, **row: object) -> None:
        marks = ", ".join("?" for _ in row)
        self._change((f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())))  # noqa: S608

    def _change(self, *statements: tuple[str, Sequence[Any] | None]) -> None:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.path)) as database, database:
            for text, values in statements:
                if values is None:
                    database.executescript(text)
                else:
                    database.execute(text, values)


def _start_of(pid: int) -> int | None:
    """Return the start of a process in ticks since the machine's own, as the gateway writes it; none where unknown."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
