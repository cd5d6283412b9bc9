"""The `claude-code` host: what its hooks hand over, and what they understand.

Facts, from the host's documentation of hooks (code.claude.com/docs/en/hooks) and from recorded calls of 2.0 and 2.1:

- input, one JSON object on standard input: `session_id`, `transcript_path`, `cwd`, `hook_event_name`; Stop and
  SubagentStop: `stop_hook_active` (it stops again, since a hook has kept it from stopping), newer versions also
  `last_assistant_message`; SubagentStop: `agent_id`, `agent_transcript_path`; PreToolUse: `tool_name`, `tool_input`.
  More keys come with every release and are passed over.
- output: a JSON object on standard output counts with exit status 0 only.  `decision: block` with a `reason` keeps the
  agent at work and gives it the reason; PreToolUse has `hookSpecificOutput.permissionDecision` instead.
  `systemMessage` is shown to the person.  Another exit status than 0 and 2 is an error that stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from reporting_governance.adapters.hosts.claude_code.answer import spoken
from reporting_governance.adapters.hosts.interface import HookRefused, Reading, Seen, Spoken, hook_point, unlike
from reporting_governance.contracts.deed import DeedKind
from reporting_governance.contracts.gate_answer import GateAnswer
from reporting_governance.contracts.report_attempt import LONGEST_ID, HookPoint, ReportAttempt, ToolUse

HOOKS: Mapping[str, HookPoint] = {
    "Stop": HookPoint.FINISH,
    "SubagentStop": HookPoint.CHILD_FINISH,
    "PreToolUse": HookPoint.TOOL,
}
NAME = "claude-code"
STRANGE = "no line of it says what a person or an agent of Claude Code said or did"
_FROM = "this is no hook JSON of Claude Code; is --host right?"


class ClaudeCodeHost:
    """Reads hook JSON and answers it."""

    name = NAME
    runtime = NAME
    descriptor = "claude-code-hooks"
    tells_by_code = False

    def read(self, document: Mapping[str, Any]) -> Reading:
        """Return what a hook asks.  Its transcript is read when `look` is called."""
        hook = hook_point(
            HOOKS,
            _text(document, "hook_event_name"),
            pointer="/hook_event_name",
            suggestion="take `gate` out of the other hooks; `reportgov gate install` puts it where it belongs",
        )
        child = hook is HookPoint.CHILD_FINISH
        transcript = _optional(document, "agent_transcript_path") if child else None
        attempt = ReportAttempt(
            host=NAME,
            hook=hook,
            session_id=_identity(document, "session_id"),
            child_id=_identity(document, "agent_id") if child and document.get("agent_id") else None,
            message=_optional(document, "last_assistant_message") or "",
            tool=_tool(document) if hook is HookPoint.TOOL else None,
            transcript=transcript or _text(document, "transcript_path"),
            folder=_optional(document, "cwd"),
            blocked_before=_flag(document, "stop_hook_active"),
        )
        return Reading(attempt)

    def look(self, attempt: ReportAttempt) -> Seen | None:
        """Return what the transcript shows; of a sub-agent what its own one does."""
        child = attempt.hook is HookPoint.CHILD_FINISH
        pointer = "/agent_transcript_path" if child else "/transcript_path"
        return read_transcript(attempt, of_child=child, pointer=pointer)

    def answer(self, answer: GateAnswer, hook: HookPoint | None) -> Spoken:
        """Return the answer; the status is always 0, since with any other one the host reads no answer."""
        return spoken(answer, hook)


def read_transcript(attempt: ReportAttempt, *, of_child: bool, pointer: str) -> Seen | None:
    """Return what a transcript of this host shows; `pointer` is where its path stands in what was handed over.

    Raises: HookRefused where it cannot be read.
    """
    if attempt.transcript is None:
        return None
    from reporting_governance.adapters.hosts.claude_code.transcript import read_deeds

    path = os.path.expanduser(attempt.transcript)
    read = read_deeds(path, of_child=of_child)
    if (read.missing or read.strange) and attempt.hook is HookPoint.TOOL:
        return None  # the host writes it when the first turn of a session is over; what came before is not known
    if read.unreadable is not None:
        raise HookRefused(
            problem=f"the transcript cannot be read: {read.unreadable}",
            pointer=pointer,
            suggestion="the hook must run as the user who runs the agent, on the machine on which it runs",
        )
    if read.strange:
        raise HookRefused(
            problem=f"the transcript cannot be read: {path}: {STRANGE}",
            pointer=pointer,
            suggestion="name a transcript of Claude Code; where this is one, its shape is newer than this gate",
        )
    first = read.deeds[0] if read.deeds and read.deeds[0].kind is DeedKind.REQUEST else None
    return Seen(
        deeds=read.deeds,
        complete=read.complete,
        request_id="" if first is None else first.id,
        began_at=None if first is None else first.at,
        last_text=read.last_text,
    )


def _tool(document: Mapping[str, Any]) -> ToolUse:
    given = document.get("tool_input")
    if given is not None and not isinstance(given, Mapping):
        raise _wrong("tool_input", "an object", given)
    return ToolUse(name=_text(document, "tool_name"), input=given)


def _text(document: Mapping[str, Any], key: str) -> str:
    found = _optional(document, key)
    if found is None:
        raise HookRefused(
            problem=f"{key} is missing",
            suggestion=_FROM,
        )
    return found


def _optional(document: Mapping[str, Any], key: str) -> str | None:
    found = document.get(key)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise _wrong(key, "a text", found)
    return found


def _identity(document: Mapping[str, Any], key: str) -> str:
    found = _text(document, key)
    if len(found) > LONGEST_ID:
        raise HookRefused(problem=f"{key} has more than {LONGEST_ID} characters", pointer=f"/{key}")
    return found


def _flag(document: Mapping[str, Any], key: str) -> bool:
    found = document.get(key, False)
    if not isinstance(found, bool):
        raise _wrong(key, "true or false", found)
    return found


def _wrong(key: str, wanted: str, found: object) -> HookRefused:
    return unlike(key, wanted, found, pointer=f"/{key}", suggestion=_FROM)
