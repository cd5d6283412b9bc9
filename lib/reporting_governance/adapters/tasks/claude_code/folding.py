"""How a session stands, from its lines in the order in which they were written.

The format is Claude Code's own and may change with any release; what is not known is passed over.  Beside the facts in
`adapters/hosts/claude_code/transcript.py`, of recorded lines of 2.0 to 2.1:

- a turn is over after an assistant line with text, without a call, whose `stop_reason` is not `tool_use` (versions that
  wrote null left it open), and surely after a system line `turn_duration`.  Lines of book-keeping follow it
  (`last-prompt`, `file-history-snapshot`, titles): the last line of a file says nothing.
- AskUserQuestion and ExitPlanMode are calls whose result is a person's answer.  A permission that is asked for leaves
  no line at all; only the process's own entry says so.
- a hook that keeps the agent from stopping leaves an `isMeta` line with its feedback, in newer versions an attachment
  `hook_blocking_error` with `hookEvent`.
- a result whose text begins with how the host says that a person said no or stopped it ends the turn, too.
- `isApiErrorMessage`: the service failed and the host gave up; system `api_error`: it tries again.
- a sub-agent in the background returns at once with `status: async_launched`; its end is told by a
  `<task-notification>`, as a user line, an attachment or a queue entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.hosts.claude_code.requests import INTERRUPTED, blocks_of, request_text, text_of
from reporting_governance.adapters.tasks.claude_code.line_parts import (
    child_name,
    field_text,
    newest,
    result_text,
    tag,
    time_of,
)
from reporting_governance.adapters.tasks.claude_code.seen import ChildSeen, Turn

MOST_CHILDREN: Final = 200  #: of which one transcript is asked
LONGEST_LIMIT_SECONDS: Final = 7_200  #: no agent may ask to be left alone for longer
#: tools whose `timeout`, in milliseconds, is when the host itself ends the call
_LIMITED: Final = frozenset({"Bash", "PowerShell", "TaskOutput"})
_KNOWN: Final = frozenset(
    (
        "assistant",
        "user",
        "system",
        "progress",
        "attachment",
        "summary",
        "queue-operation",
        "file-history-snapshot",
        "last-prompt",
        "ai-title",
        "custom-title",
        "permission-mode",
        "mode",
        "agent-name",
        "pr-link",
    )
)
_SPAWNERS: Final = frozenset({"Task", "Agent"})
_QUESTIONS: Final = frozenset({"AskUserQuestion", "ExitPlanMode"})
_LAST_WORDS: Final = frozenset({"end_turn", "stop_sequence", "max_tokens", "refusal"})
_STOPPED_BY_PERSON: Final = ("The user doesn't want to", "User rejected", "Error: The user doesn't want")
_INSTEAD: Final = "the user said:"  #: in a refusal: the agent is to go on in another way
_REFUSAL_AREA: Final = 600
_LEAVING: Final = ("<command-name>/exit<", "<command-name>/quit<", "<command-name>exit<", "<command-name>quit<")
_LOCAL_OUTPUT: Final = "<local-command-std"
_NOTIFICATION: Final = "<task-notification>"
_OTHERS_WORDS: Final = ("<teammate-message", "<cross-session-message")
_STOP_HOOKS: Final = ("Stop", "SubagentStop")
_MARK_AREA: Final = 80


@dataclass(slots=True)
class _Call:
    tool: str
    at: datetime | None
    limit_seconds: int


@dataclass(slots=True)
class Fold:
    """Takes the lines of one transcript, the oldest first."""

    of_child: bool = False
    turn: Turn = Turn.UNKNOWN
    turn_at: datetime | None = None
    activity_at: datetime | None = None
    evidence_at: datetime | None = None
    folder: str = ""
    entrypoint: str = ""
    session: str = ""
    lines: int = 0
    known_lines: int = 0
    calls: dict[str, _Call] = field(default_factory=dict)
    launched: dict[str, datetime | None] = field(default_factory=dict)
    returned: dict[str, datetime | None] = field(default_factory=dict)
    _before_command: tuple[Turn, datetime | None] | None = None  #: how it stood before a command of the host's own
    _leaving: bool = False

    def take(self, document: Mapping[str, Any]) -> None:
        """Take one line."""
        kind, at = document.get("type"), time_of(document.get("timestamp"))
        self.session = text_of(document.get("sessionId")) or self.session
        self.folder = text_of(document.get("cwd")) or self.folder
        self.entrypoint = text_of(document.get("entrypoint")) or self.entrypoint
        self.lines += 1
        self.known_lines += kind in _KNOWN
        if kind == "queue-operation":
            self._notified(document.get("content"), at)
        elif bool(document.get("isSidechain")) and not self.of_child:
            self._live(at)
        elif kind == "assistant":
            self._assistant(document, at)
        elif kind == "user":
            self._user(document, at)
        elif kind == "system":
            self._system(document, at)
        elif kind == "progress":
            self._live(at)
        elif kind == "attachment":
            attachment = document.get("attachment")
            self._attached(attachment if isinstance(attachment, Mapping) else {}, at)

    def children(self) -> tuple[ChildSeen, ...]:
        """Return what the lines say of sub-agents, the newest last."""
        names = list(dict.fromkeys((*self.launched, *self.returned)))[-MOST_CHILDREN:]
        return tuple(
            ChildSeen(name=each, launched_at=self.launched.get(each), returned_at=self.returned.get(each))
            for each in names
        )

    def spawning_since(self) -> datetime | None:
        """Return since when the agent waits for a sub-agent; None when it waits for none."""
        times = [each.at for each in self.calls.values() if each.tool in _SPAWNERS and each.at is not None]
        return min(times, default=None)

    def newest_call(self) -> tuple[str, int]:
        """Return the newest call without a result, and after how many seconds the host ends it; empty, 0: none."""
        if not self.calls:
            return "", 0
        limit = max(each.limit_seconds for each in self.calls.values())
        return next(reversed(self.calls.values())).tool, limit

    def _assistant(self, document: Mapping[str, Any], at: datetime | None) -> None:
        message = document.get("message")
        message = message if isinstance(message, Mapping) else {}
        if document.get("isApiErrorMessage"):
            self._end(Turn.BROKEN, at)
            return
        if message.get("model") == "<synthetic>":
            return  # what the host puts in where the agent said nothing
        self._live(at)
        words, blocks = "", blocks_of(document)
        if field_text(message, "stop_reason") in _LAST_WORDS and not any(
            each.get("type") == "tool_use" for each in blocks
        ):
            self.calls.clear()  # it waits for none of them any more
        for block in blocks:
            if block.get("type") == "tool_use":
                self._called(block, at)
            elif block.get("type") == "text":
                words = text_of(block.get("text")).strip() or words
        if any(each.tool in _QUESTIONS for each in self.calls.values()):
            self._set(Turn.ASKING, at)
        elif self.calls or not words or field_text(message, "stop_reason") in ("tool_use", "pause_turn"):
            self._work(at)
        else:
            self._set(Turn.ASKING if words.endswith(("?", "\N{FULLWIDTH QUESTION MARK}")) else Turn.OVER, at)

    def _called(self, block: Mapping[str, Any], at: datetime | None) -> None:
        call, tool, given = text_of(block.get("id")), text_of(block.get("name")), block.get("input")
        if not call:
            return
        limit = given.get("timeout") if isinstance(given, Mapping) and tool in _LIMITED else None
        seconds = limit // 1000 if type(limit) is int and limit > 0 else 0
        self.calls[call] = _Call(tool, at, min(seconds, LONGEST_LIMIT_SECONDS))

    def _user(self, document: Mapping[str, Any], at: datetime | None) -> None:
        blocks = blocks_of(document)
        results = [each for each in blocks if each.get("type") == "tool_result"]
        first = next((text_of(each.get("text")).lstrip() for each in blocks if each.get("type") == "text"), "")
        if results:
            self._results(results, document, at)
        elif first.startswith(INTERRUPTED):
            self._end(Turn.STOPPED, at)
        elif first.startswith(_NOTIFICATION):
            self._notified(first, at)
            self._began(at)
        elif first.startswith(_LOCAL_OUTPUT):
            self._ran_locally(at)
        elif document.get("isMeta"):
            if " hook feedback:" in first[:_MARK_AREA]:
                self._began(at)
        elif first.startswith(_OTHERS_WORDS):
            self._began(at)
        elif request_text(document, of_child=self.of_child, ran_locally=False) is not None:
            self._before_command = (self.turn, self.turn_at) if "<command-" in first[:_MARK_AREA] else None
            self._leaving = any(each in first for each in _LEAVING)
            self._began(at)

    def _results(self, results: list[Mapping[str, Any]], document: Mapping[str, Any], at: datetime | None) -> None:
        self._live(at)
        self.evidence_at = newest(self.evidence_at, at)
        whole = document.get("toolUseResult")
        stopped = False
        for block in results:
            self.calls.pop(text_of(block.get("tool_use_id")), None)
            words = result_text(block.get("content"))
            refused = words.startswith((INTERRUPTED, *_STOPPED_BY_PERSON))
            stopped = stopped or (refused and _INSTEAD not in words[:_REFUSAL_AREA].lower())
        if isinstance(whole, Mapping) and len(results) == 1:
            self._child_told(whole, at)
        if stopped:
            self._end(Turn.STOPPED, at)
        elif not any(each.tool in _QUESTIONS for each in self.calls.values()):
            self._work(at)

    def _child_told(self, whole: Mapping[str, Any], at: datetime | None) -> None:
        child = child_name(whole.get("agentId"))
        if child and (whole.get("status") == "async_launched" or whole.get("isAsync") is True):
            self.launched[child] = at
        elif child:
            self.returned[child] = at
        task = whole.get("task")  # what TaskOutput says of one in the background
        if isinstance(task, Mapping) and task.get("status") in ("completed", "failed", "killed", "stopped"):
            self.returned[child_name(task.get("task_id"))] = at

    def _attached(self, attachment: Mapping[str, Any], at: datetime | None) -> None:
        self._live(at)
        self._notified(attachment.get("prompt"), at)
        if attachment.get("type") == "hook_blocking_error" and attachment.get("hookEvent") in _STOP_HOOKS:
            self._began(at)

    def _notified(self, content: object, at: datetime | None) -> None:
        """Take the host's word that what went on in the background has ended; a queued one will be handed over."""
        words = text_of(content)
        if words.lstrip().startswith(_NOTIFICATION):
            head = words.partition("<result>")[0]
            child, status = child_name(tag(head, "task-id")), tag(head, "status")
            if child and status:
                self.returned[child] = at

    def _system(self, document: Mapping[str, Any], at: datetime | None) -> None:
        kind, content = document.get("subtype"), text_of(document.get("content"))
        if kind == "turn_duration":
            self.calls.clear()
            if self.turn in (Turn.WORKING, Turn.UNKNOWN):
                self._set(Turn.OVER, at)
        elif kind == "local_command":
            self._leaving = self._leaving or any(each in content for each in _LEAVING)
            if content.lstrip().startswith(_LOCAL_OUTPUT):
                self._ran_locally(at)
        elif kind in ("api_error", "compact_boundary"):
            self._live(at)

    def _ran_locally(self, at: datetime | None) -> None:
        """The newest request was a command that the host itself carried out: the agent never saw it."""
        if self._before_command is not None:
            self.turn, self.turn_at = self._before_command
        if self._leaving:
            self._end(Turn.LEFT, at)
        self._before_command, self._leaving = None, False

    def _began(self, at: datetime | None) -> None:
        self._live(at)
        self.calls.clear()
        self.turn, self.turn_at = Turn.WORKING, at

    def _work(self, at: datetime | None) -> None:
        if self.turn in (Turn.ASKING, Turn.OVER):
            self.turn_at = at
        self.turn = Turn.WORKING

    def _end(self, turn: Turn, at: datetime | None) -> None:
        self._live(at)
        self.calls.clear()
        self._set(turn, at)

    def _set(self, turn: Turn, at: datetime | None) -> None:
        self.turn, self.turn_at = turn, at
        self._before_command = None

    def _live(self, at: datetime | None) -> None:
        self.activity_at = newest(self.activity_at, at)
