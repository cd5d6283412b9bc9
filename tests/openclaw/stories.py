"""What is done with the real program, and how its databases become small files that can be read in a diff."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from .island import Island

#: The tables that the source reads.
TABLES = (
    "agent_databases",
    "cron_jobs",
    "cron_run_receipts",
    "delivery_queue_entries",
    "device_identities",
    "gateway_boot_lifecycle",
    "state_leases",
    "subagent_runs",
    "task_delivery_state",
    "task_runs",
)
AGENT_TABLES = ("session_windows",)
HOME = "/home/user"
HOST = "workstation"


def job(island: Island, name: str, *arguments: str) -> str:
    """Add a job that never comes due by itself, and return its id."""
    return str(island.json("cron", "add", "--name", name, "--every", "24h", *arguments)["id"])


def run_job(island: Island, name: str, *arguments: str) -> None:
    """Add a job and start it; it goes on by itself."""
    island.run("cron", "run", job(island, name, *arguments), "--json")


def announced(prompt: str) -> tuple[str, ...]:
    """Return the arguments of a job that asks the model and sends the answer to Telegram."""
    return ("--message", prompt, "--announce", "--channel", "telegram", "--to", "4242")


def turn(island: Island, session: str, prompt: str) -> None:
    """Let the agent answer one prompt, to the end."""
    island.run("agent", "--agent", "main", "--session-id", session, "--message", prompt, "--json", seconds=180)


def spawn(island: Island, session: str, **arguments: Any) -> None:
    """Let the agent start one sub-agent."""
    turn(island, session, f"SPAWN {json.dumps(arguments)}")


def many_ends(island: Island) -> None:
    """Run automations that end in every way that a delivery can."""
    run_job(island, "delivered", *announced("count widgets"))
    run_job(island, "silent", *announced("SILENT count"))
    run_job(island, "wants-none", "--message", "count quietly", "--no-deliver")
    wait_until(island, lambda rows: sum(row["status"] == "succeeded" for row in rows) >= 3, "three automations")
    island.telegram_fails(403)
    run_job(island, "refused", *announced("count widgets"))
    run_job(island, "refused-best-effort", *announced("count widgets"), "--best-effort-deliver")
    run_job(island, "command-fails", "--command", "exit 3", "--announce", "--channel", "telegram", "--to", "4242")
    wait_until(island, lambda rows: not any(row["status"] == "running" for row in rows), "all automations")
    island.telegram_fails(None)


def many_runs(island: Island) -> subprocess.Popen[bytes]:
    """Start tasks that hang, one that works for long, and sub-agents; return the client of a hanging turn."""
    run_job(island, "hangs", *announced("HANG while counting"))
    run_job(island, "command-hangs", "--command", "sleep 3000", "--no-deliver", "--timeout-seconds", "2400")
    run_job(island, "works-long", *announced("WORK 8 then report"))
    spawn(island, "told", task="count the widgets", label="announced", runTimeoutSeconds=600)
    spawn(island, "untold", task="count the widgets", label="HANG-announce")
    spawn(island, "waiting", task="HANG widgets", label="stuck", runTimeoutSeconds=900)
    spawn(island, "quiet", task="count the widgets", label="not-awaited", expectsCompletionMessage=False)
    arguments = ("--agent", "main", "--session-id", "alone", "--message", "HANG forever", "--json")
    return island.start("agent", *arguments, output="hanging-turn.log")


def rows_of(database: Path, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table of a database that may be in use."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


def wait_until(island: Island, question: Any, what: str, seconds: float = 120) -> None:
    """Wait until OpenClaw's table of tasks answers a question with yes."""
    island.wait_for(lambda: question(rows_of(island.database, "task_runs")), seconds, what)


def agent_database(island: Island) -> Path:
    """Return the path of the main agent's own database."""
    return island.state / "agents" / "main" / "agent" / "openclaw-agent.sqlite"


def dump(database: Path, tables: tuple[str, ...], island: Island) -> str:
    """Return the tables of a database as SQL text: with their real definitions, without this machine in them.

    Jobs that OpenClaw keeps for itself and the private key are left out.
    """
    lines = []
    address = f"file:{database}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=10)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        (version,) = copy.execute("PRAGMA user_version").fetchone()
        lines.append(f"PRAGMA user_version = {version};")
        for table in tables:
            found = copy.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL AND type <> 'trigger' "
                "ORDER BY type DESC, name",
                (table,),
            )
            lines += [f"{definition};" for (definition,) in found]
            columns = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
            _leave_out(copy, table, columns)
            values = " || ', ' || ".join(f"quote({column})" for column in columns)
            order = ", ".join(str(place + 1) for place in range(len(columns)))
            inserts = copy.execute(f"SELECT {values} FROM (SELECT * FROM {table} ORDER BY {order})")
            lines += [f"INSERT INTO {table} VALUES ({row});" for (row,) in inserts]
    return clean("\n".join(lines) + "\n", island)


def _leave_out(copy: sqlite3.Connection, table: str, columns: list[str]) -> None:
    if table == "device_identities":
        copy.execute("UPDATE device_identities SET public_key_pem = 'left out', private_key_pem = 'left out'")
    if table == "cron_jobs" and "declaration_key" in columns:
        copy.execute("DELETE FROM cron_jobs WHERE declaration_key IS NOT NULL")
    if table == "state_leases":
        copy.execute("DELETE FROM state_leases WHERE scope <> 'gateway-owner'")


def clean(text: str, island: Island) -> str:
    """Return a text without the names of this machine."""
    text = text.replace(str(island.home), HOME)
    text = re.sub(rf'("host"\s*:\s*)"{re.escape(os.uname().nodename)}"', rf'\1"{HOST}"', text)
    return text.replace(f"'{os.uname().nodename}'", f"'{HOST}'")


def save(island: Island, folder: Path, name: str) -> None:
    """Write the state database as it is now, as SQL text."""
    (folder / f"{name}.sql").write_text(dump(island.database, TABLES, island))


def save_agent(island: Island, folder: Path, name: str) -> None:
    """Write the main agent's database as it is now, as SQL text."""
    (folder / f"{name}.agent.sql").write_text(dump(agent_database(island), AGENT_TABLES, island))


def let_time_pass(seconds: float) -> None:
    """Wait for something that leaves no trace to wait for."""
    time.sleep(seconds)
