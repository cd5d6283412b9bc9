"""How each host of agents asks the gate, and how an answer is read in its words.

The shapes are those that the hosts were seen to use: hook JSON and transcripts of Claude Code 2.1, the document of our
plugin in OpenClaw 2026.9.6, and our own report attempt.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

Document = Mapping[str, Any]
FOLDER = "/home/prober/shop"  #: where the agent says that it works; nobody opens it


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What an agent is about to say, and what it did before."""

    session: str
    text: str
    worked: bool = False  #: it changed a file and ran a check that passed
    again: bool = False  #: it was held back before
    child: str | None = None  #: the sub-agent that says it
    ends: bool = False  #: asked at the end of the turn, where the host has another point for messages


class Voice(Protocol):
    """One host."""

    @property
    def name(self) -> str:
        """What stands after `--host`."""
        ...

    @property
    def ends(self) -> Sequence[int]:
        """The exit codes of an answer."""
        ...

    def asks(self, scratch: str, words: Words) -> Document:
        """Return what the host asks before the words go out."""
        ...

    def task(self, session: str) -> str:
        """Return the id under which a session is a task."""
        ...

    def held(self, answer: Document) -> bool:
        """Tell whether the agent is held back."""
        ...

    def said_instead(self, answer: Document) -> str:
        """Return the text that stands in place of the agent's; empty where the host cannot replace it."""
        ...

    def reason(self, answer: Document) -> str:
        """Return what the agent is told."""
        ...


class ClaudeCode:
    """Stop and SubagentStop of Claude Code."""

    name = "claude-code"
    ends = (0,)

    def asks(self, scratch: str, words: Words) -> Document:
        """Return the hook's JSON; the transcript that it names is written."""
        path = transcript(scratch, words)
        common = {"session_id": words.session, "cwd": FOLDER, "stop_hook_active": words.again}
        if words.child is None:
            return {**common, "hook_event_name": "Stop", "transcript_path": path}
        parent = transcript(scratch, Words(session=f"{words.session}-parent", text="It is under way."))
        child = {"agent_id": words.child, "agent_transcript_path": path}
        return {**common, **child, "hook_event_name": "SubagentStop", "transcript_path": parent}

    def task(self, session: str) -> str:
        """Return it."""
        return f"claude-code:{session}"

    def held(self, answer: Document) -> bool:
        """Tell it."""
        return bool(answer.get("decision") == "block")

    def said_instead(self, answer: Document) -> str:
        """Return nothing: what was printed stands."""
        return str(answer.get("message", ""))

    def reason(self, answer: Document) -> str:
        """Return it."""
        return str(answer.get("reason", ""))


class Generic:
    """Our own JSON."""

    name = "generic"
    ends = (0, 1)

    def asks(self, scratch: str, words: Words) -> Document:
        """Return a report attempt."""
        child = {} if words.child is None else {"child_id": words.child, "hook": "child_finish"}
        worked = {"transcript": transcript(scratch, words)} if words.worked else {}
        about = {"session_id": words.session, "message": words.text, "folder": FOLDER}
        return {**about, **child, **worked, "blocked_before": words.again}

    def task(self, session: str) -> str:
        """Return it."""
        return f"generic:{session}"

    def held(self, answer: Document) -> bool:
        """Tell it."""
        return bool(answer["kind"] == "block")

    def said_instead(self, answer: Document) -> str:
        """Return it."""
        return str(answer.get("message") or "") if answer["kind"] == "rewrite" else ""

    def reason(self, answer: Document) -> str:
        """Return it."""
        return str(answer.get("reason") or "")


class OpenClaw:
    """What our plugin in a gateway hands over before a message is sent."""

    name = "openclaw"
    ends = (0,)

    def asks(self, scratch: str, words: Words) -> Document:
        """Return the plugin's document."""
        now = int(time.time() * 1000)
        key = self._key(words.session) if words.child is None else f"agent:main:subagent:{words.child}"
        deeds = _openclaw_deeds(now) if words.worked else []
        return {
            "hook": "before_agent_finalize" if words.ends or words.child is not None else "message_sending",
            "event": {"text": words.text, "cwd": FOLDER},
            "context": {"agentId": "main", "workspaceDir": FOLDER},
            "session": key,
            "request": {"id": f"run-{words.session}", "at": now - 60_000, "text": "Mend it."},
            "deeds": deeds,
            "complete": True,
        }

    def _key(self, session: str) -> str:
        return f"agent:main:explicit:{session}"

    def task(self, session: str) -> str:
        """Return it."""
        return f"openclaw:{self._key(session)}"

    def held(self, answer: Document) -> bool:
        """Tell it."""
        return bool(answer["kind"] == "block")

    def said_instead(self, answer: Document) -> str:
        """Return it."""
        return str(answer.get("text", "")) if answer["kind"] == "rewrite" else ""

    def reason(self, answer: Document) -> str:
        """Return it."""
        return str(answer.get("reason", ""))


def _openclaw_deeds(now: int) -> list[Document]:
    def call(number: int, tool: str, params: Document, details: Document, output: str = "") -> Document:
        made = {"id": f"call{number}", "at": now - 60_000 + 1000 * number, "tool": tool, "params": params}
        return {**made, "details": details, "output": output, "sha256": "a" * 64, "error": None, "ms": 5}

    ran = {"cwd": FOLDER, "status": "completed", "exitCode": 0}
    return [
        call(1, "edit", {"path": "src/cart.py"}, {"changed": True}),
        call(2, "exec", {"command": "python -m pytest -q"}, ran, "3 passed in 0.10s"),
    ]


def transcript(scratch: str, words: Words) -> str:
    """Write a transcript of Claude Code that ends with the words; its path."""
    path = os.path.join(scratch, f"{words.session}-{words.child or 'main'}.jsonl")
    began = datetime.now(UTC) - timedelta(minutes=5)
    if os.path.exists(path):
        return path  # asked again about the same words
    common = {
        "isSidechain": words.child is not None,
        "userType": "external",
        "cwd": FOLDER,
        "sessionId": words.session,
        "version": "2.1.118",
        "gitBranch": "main",
    }
    with open(path, "w", encoding="utf-8") as file:
        for number, each in enumerate(_turns(words)):
            at = (began + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            file.write(json.dumps({**common, **each, "uuid": str(uuid.uuid4()), "timestamp": at}) + "\n")
    return path


def _turns(words: Words) -> list[dict[str, Any]]:
    asked = {"type": "user", "message": {"role": "user", "content": "Mend the cart."}, "origin": {"kind": "human"}}
    turns: list[dict[str, Any]] = [asked]
    if words.worked:
        path = f"{FOLDER}/src/cart.py"
        edit = {"file_path": path, "old_string": "a", "new_string": "b", "replace_all": False}
        turns += _used("1", "Edit", edit, f"The file {path} has been updated.", {"filePath": path})
        run = {"command": "python -m pytest -q", "description": "Run the tests"}
        output = "3 passed in 0.10s"
        turns += _used("2", "Bash", run, output, {"stdout": output, "stderr": "", "interrupted": False})
    return [*turns, _assistant([{"type": "text", "text": words.text}], "end_turn")]


def _assistant(content: list[Document], stop: str) -> dict[str, Any]:
    message = {"id": f"msg_{uuid.uuid4().hex[:12]}", "type": "message", "role": "assistant", "content": content}
    return {"type": "assistant", "message": {"model": "prober", **message, "stop_reason": stop}}


def _used(number: str, tool: str, given: Document, output: str, result: Document) -> list[dict[str, Any]]:
    identity = f"toolu_{number}"
    back = {"tool_use_id": identity, "type": "tool_result", "content": output, "is_error": False}
    return [
        _assistant([{"type": "tool_use", "id": identity, "name": tool, "input": given}], "tool_use"),
        {"type": "user", "message": {"role": "user", "content": [back]}, "toolUseResult": dict(result)},
    ]
