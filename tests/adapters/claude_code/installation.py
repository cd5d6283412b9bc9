"""A folder as Claude Code keeps it, with lines in the shapes that were recorded of versions 2.0 to 2.1."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.adapters.tasks.claude_code.source import ClaudeCodeSource

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SESSION = "5f0c1d9e-1111-4222-8333-0123456789ab"


def stamp(minutes: float) -> str:
    """Return a time so many minutes after the start, as the host writes it."""
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(kind: str, at: float | None, **more: Any) -> dict[str, Any]:
    base = {"type": kind, "sessionId": SESSION, "cwd": "/home/dev/shop", "isSidechain": False, "version": "2.1.118"}
    return base | ({} if at is None else {"timestamp": stamp(at)}) | more


def asked(at: float, text: str = "Fix the total", **more: Any) -> dict[str, Any]:
    """A person's request."""
    return line("user", at, message={"role": "user", "content": text}, **more)


def said(at: float, text: str = "It is fixed.", stop: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    """Words of the agent."""
    message = {"role": "assistant", "content": [{"type": "text", "text": text}], "stop_reason": stop}
    return line("assistant", at, message=message, **more)


def called(at: float, call: str, tool: str = "Bash", **given: Any) -> dict[str, Any]:
    """A call of a tool."""
    content = [{"type": "tool_use", "id": call, "name": tool, "input": given}]
    return line("assistant", at, message={"role": "assistant", "content": content, "stop_reason": "tool_use"})


def came_back(at: float, call: str, text: str = "ok", whole: Any = None) -> dict[str, Any]:
    """The result of a call."""
    block = {"type": "tool_result", "tool_use_id": call, "content": text}
    return line("user", at, message={"role": "user", "content": [block]}, toolUseResult=whole or {"stdout": text})


def launched(at: float, call: str, agent: str) -> list[dict[str, Any]]:
    """A sub-agent that is sent into the background."""
    told = {"status": "async_launched", "isAsync": True, "agentId": agent}
    return [called(at, call, "Agent", prompt="look"), came_back(at + 0.01, call, "launched", told)]


def notified(at: float, agent: str, status: str = "completed") -> dict[str, Any]:
    """The host's word that a sub-agent in the background has ended."""
    text = f"<task-notification>\n<task-id>{agent}</task-id>\n<status>{status}</status>\n</task-notification>"
    return line("user", at, message={"role": "user", "content": text}, origin={"kind": "task-notification"})


def turn_duration(at: float, **more: Any) -> dict[str, Any]:
    return line("system", at, subtype="turn_duration", durationMs=1, **more)


def sidechain(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    """The same lines as a sub-agent's own file has them."""
    return [each | {"isSidechain": True, "agentId": "x"} for each in lines]


class Installation:
    """One installation, and our state folder."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "claude"
        self.project = self.config / "projects" / "-home-dev-shop"
        self.project.mkdir(parents=True)
        self.state = folder / "state"
        (self.state / "journal").mkdir(parents=True)

    def write(self, *lines: Any, name: str = SESSION, at: float | None = None) -> Path:
        """Write a session; the time of its file is that of its newest line, unless told."""
        return self._write(self.project / f"{name}.jsonl", lines, at)

    def write_child(self, agent: str, *lines: Any, session: str = SESSION, run: str = "") -> Path:
        """Write the transcript of a sub-agent."""
        folder = self.project / session / "subagents" / (f"workflows/{run}" if run else "")
        folder.mkdir(parents=True, exist_ok=True)
        return self._write(folder / f"agent-{agent}.jsonl", sidechain(*lines), None)

    def process(self, number: int, /, session: str = SESSION, **more: Any) -> Path:
        """Write what the host writes of a process."""
        folder = self.config / "sessions"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number}.json"
        path.write_text(json.dumps({"pid": number, "sessionId": session, "cwd": "/home/dev/shop"} | more))
        return path

    def source(self, machine: Any = None, **parameters: Any) -> ClaudeCodeSource:
        wanted = {"config": str(self.config)} | parameters
        return ClaudeCodeSource(wanted, state_folder=str(self.state), machine=machine)

    def read(
        self, minutes: float = 60, *, known: tuple[str, ...] = (), machine: Any = None, **parameters: Any
    ) -> SourceReading:
        """Read all so many minutes after the start."""
        now = START + timedelta(minutes=minutes)
        return self.source(machine, **parameters).read(now=now, baseline_at=START, known=frozenset(known))

    def one(self, minutes: float = 60, **options: Any) -> ObservedTask:
        (task,) = self.read(minutes, **options).tasks
        return task

    def _write(self, path: Path, lines: Any, at: float | None) -> Path:
        with path.open("w", encoding="utf-8", errors="surrogatepass") as file:
            for each in lines:
                file.write(each if isinstance(each, str) else json.dumps(each, separators=(",", ":")) + "\n")
        times = [each["timestamp"] for each in lines if isinstance(each, dict) and "timestamp" in each]
        moment = datetime.fromisoformat(times[-1]) if times and at is None else START + timedelta(minutes=at or 0)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        return path
