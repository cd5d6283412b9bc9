"""Deeds made of a transcript's lines, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from reporting_governance.adapters.hosts.claude_code.requests import INTERRUPTED, blocks_of, parsed, text_of
from reporting_governance.adapters.hosts.claude_code.tail import Line
from reporting_governance.contracts.deed import MOST_OUTPUT_BYTES, MOST_TEXT_BYTES, Deed, DeedKind
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.late_pattern import late

_EDITORS = {"Edit": "file_path", "Write": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
#: tools of others that write the file they name
_WRITERS = ("write_file", "edit_file", "create_file", "str_replace_editor", "apply_patch", "move_file")
_SPAWNERS = frozenset({"Task", "Agent"})
_OUTPUT_TOOLS = frozenset({"BashOutput", "TaskOutput", "AgentOutputTool"})
_RESULT_OF = late(rb'"tool_use_id":\s*"([^"\\]{1,200})"')
_EXIT_CODE = late(r"(?:Error: )?Exit code (-?\d{1,9})\b[^\n]*\n?")
_TOLD_EXIT_CODE = late(r"exit code (-?\d{1,9})\)?")
#: the host's word that the file that was written had not been there
_CREATED = late(rb'"toolUseResult":\s*\{\s*"type":\s*"create"')
_MOST_BLOCKS = 64  #: of one message
_TIMED_OUT = "Command timed out after"
#: how the host says that a call was never carried out
_NEVER_RAN = (
    "<tool_use_error>", "The user doesn't want to proceed", "User rejected", "Error: The user doesn't want",
    "Permission to use", "This command requires approval", "PreToolUse:", "Hook PreToolUse",
)  # fmt: skip


class DeedMaker:
    """Takes lines from the oldest to the newest."""

    def __init__(self, *, of_child: bool) -> None:
        self.deeds: list[Deed] = []
        self.unreadable_lines = 0
        self.session_id = self.cwd = ""
        self._of_child = of_child
        self._calls: dict[str, int] = {}  #: id of a call -> its deed
        self._open: set[str] = set()  #: calls without a result
        self._background: dict[str, int] = {}  #: id of a command in the background -> its deed
        self._last_words: list[str] = []
        self._last_message = ""

    def last_text(self) -> str:
        """Return the words of the newest message of the agent that has any."""
        return _cut("\n".join(self._last_words[-_MOST_BLOCKS:]))

    def take(self, line: Line, request: str | None) -> None:
        """Take one line; `request` holds its words when it is the newest request."""
        if request is None and self._is_settled_unread(line.data):
            return
        document = parsed(line.data)
        if document is None:
            self.unreadable_lines += 1
            return
        self.session_id = text_of(document.get("sessionId")) or self.session_id
        self.cwd = text_of(document.get("cwd")) or self.cwd
        at, own = _time(document.get("timestamp")), text_of(document.get("uuid")) or f"@{line.offset}"
        if request is not None:
            self.deeds.append(Deed(kind=DeedKind.REQUEST, at=at, id=own, text=_cut(request)))
        elif document.get("type") == "assistant":
            self._assistant(document, at, own)
        elif document.get("type") == "user":
            self._user(document, at, own)
        elif b"<task-notification>" in line.data:
            self._notified(_notification(document))

    def _is_settled_unread(self, data: bytes) -> bool:
        """Settle a result of a call whose output nobody needs, without reading the (often long) line as JSON."""
        if b'"tool_use_id"' not in data or b'"tool_use"' in data:
            return False
        calls = [each.decode("utf-8", "replace") for each in _RESULT_OF.findall(data)]
        known = [self._calls[call] for call in calls if call in self._calls]
        if len(known) != 1 or self.deeds[known[0]].kind not in (DeedKind.EDIT, DeedKind.TOOL):
            return False
        if self.deeds[known[0]].tool in _OUTPUT_TOOLS:
            return False
        failed = b'"is_error":true' in data or b'"is_error": true' in data
        self._open.difference_update(calls)
        created = self.deeds[known[0]].paths if _CREATED.search(data) and not failed else ()
        self.deeds[known[0]] = replace(self.deeds[known[0]], failed=failed, created=created)
        return True

    def _assistant(self, document: Mapping[str, Any], at: datetime | None, own: str) -> None:
        if document.get("isApiErrorMessage"):
            return
        beside = bool(document.get("isSidechain")) and not self._of_child
        message = document.get("message")
        name = text_of(message.get("id")) if isinstance(message, Mapping) else ""
        for block in blocks_of(document):
            if block.get("type") == "text" and not beside:
                self._said(text_of(block.get("text")), at, own, name or own)
            elif block.get("type") == "tool_use":
                self._called(block, document, at)

    def _said(self, words: str, at: datetime | None, own: str, message: str) -> None:
        if not words.strip():
            return
        self.deeds.append(Deed(kind=DeedKind.SAID, at=at, id=own, text=_cut(words)))
        if message != self._last_message:
            self._last_words, self._last_message = [], message
        self._last_words.append(_cut(words))

    def _called(self, block: Mapping[str, Any], document: Mapping[str, Any], at: datetime | None) -> None:
        call, tool = text_of(block.get("id")), text_of(block.get("name"))
        given = block.get("input")
        given = given if isinstance(given, Mapping) else {}
        if not call or call in self._calls:
            return
        path = text_of(given.get(_EDITORS.get(tool, "path"))) or text_of(given.get("file_path"))
        if tool == "Bash":
            deed = Deed(
                kind=DeedKind.RUN, at=at, id=call, tool=tool, command=_cut(text_of(given.get("command"))),
                folder=text_of(document.get("cwd")), interrupted=True,
            )  # fmt: skip
        elif tool in _EDITORS or (tool.endswith(_WRITERS) and path):
            paths = (path,) if path else ()
            emptied = tool == "Write" and not text_of(given.get("content")).strip()
            deed = Deed(kind=DeedKind.EDIT, at=at, id=call, tool=tool, paths=paths, removed=paths if emptied else ())
        elif tool in _SPAWNERS:
            told = text_of(given.get("description")) or text_of(given.get("prompt"))
            deed = Deed(kind=DeedKind.SPAWN, at=at, id=call, tool=tool, text=_cut(told), child=call)
        else:
            deed = Deed(kind=DeedKind.TOOL, at=at, id=call, tool=tool)
        self._calls[call] = len(self.deeds)
        self._open.add(call)
        self.deeds.append(deed)

    def _user(self, document: Mapping[str, Any], at: datetime | None, own: str) -> None:
        blocks = blocks_of(document)
        results = [each for each in blocks if each.get("type") == "tool_result"]
        whole = document.get("toolUseResult") if len(results) == 1 else None
        for block in results:
            call = text_of(block.get("tool_use_id"))
            if call in self._open:
                self._open.discard(call)
                self._came_back(self._calls[call], block, whole, at)
        if not results and blocks and text_of(blocks[0].get("text")).lstrip().startswith("<task-notification>"):
            self._notified(text_of(blocks[0].get("text")))

    def _came_back(self, index: int, block: Mapping[str, Any], whole: object, at: datetime | None) -> None:
        deed, words = self.deeds[index], _words(block.get("content"))
        failed = block.get("is_error") is True or (isinstance(whole, str) and whole.startswith("Error:"))
        if deed.kind is DeedKind.RUN:
            self.deeds[index] = _ran(deed, words, whole, failed, block.get("is_error"))
            if isinstance(whole, Mapping) and (name := text_of(whole.get("backgroundTaskId"))):
                self._background[name] = index
        elif deed.kind is DeedKind.SPAWN:
            self._child_came_back(index, words, whole, failed, at)
        else:
            created = deed.paths if isinstance(whole, Mapping) and whole.get("type") == "create" else ()
            self.deeds[index] = replace(deed, failed=failed, created=created)
            if deed.tool in _OUTPUT_TOOLS and isinstance(whole, Mapping):
                self._background_told(whole)

    def _child_came_back(self, index: int, words: str, whole: object, failed: bool, at: datetime | None) -> None:
        told = whole if isinstance(whole, Mapping) else {}
        spawned = self.deeds[index]
        child = text_of(told.get("agentId")) or spawned.child
        self.deeds[index] = replace(spawned, failed=failed, child=child)
        if told.get("status") == "async_launched" or told.get("isAsync") is True:
            return
        statistics = told.get("toolStats")
        edited = statistics.get("editFileCount") if isinstance(statistics, Mapping) else None
        if isinstance(edited, int) and edited > 0:
            self.deeds.append(Deed(kind=DeedKind.EDIT, at=at, id=spawned.id, tool=spawned.tool, child=child))
        self.deeds.append(
            Deed(
                kind=DeedKind.CHILD_RESULT, at=at, id=spawned.id, tool=spawned.tool, failed=failed, child=child,
                text=_cut(words), sha256=_digest(words),
            )
        )  # fmt: skip

    def _background_told(self, whole: Mapping[str, Any]) -> None:
        """Take what BashOutput or TaskOutput says of a command that was moved to the background."""
        task = whole.get("task")
        task = task if isinstance(task, Mapping) else whole
        index = self._background.get(text_of(task.get("task_id")) or text_of(task.get("shellId")))
        status = task.get("exitCode")
        if index is None or type(status) is not int or task.get("status") not in ("completed", "failed"):
            return
        output = text_of(task.get("output")) or _joined(task)
        self.deeds[index] = _with_output(
            replace(self.deeds[index], interrupted=False, exit_status=status, failed=status != 0), output
        )

    def _notified(self, words: str) -> None:
        """Take the host's word that a command in the background, or a sub-agent there, has ended."""
        head = words.partition("<result>")[0]
        index = self._background.get(_tag(head, "task-id"))
        found = _TOLD_EXIT_CODE.search(_tag(head, "summary"))
        if index is not None and found is not None and _tag(head, "status") in ("completed", "failed"):
            status = int(found.group(1))
            self.deeds[index] = replace(self.deeds[index], interrupted=False, exit_status=status, failed=status != 0)


def _ran(deed: Deed, words: str, whole: object, failed: bool, said: object) -> Deed:
    """Return a command with its outcome."""
    if failed:
        if words.startswith(_NEVER_RAN) or (isinstance(whole, str) and whole.startswith(_NEVER_RAN)):
            return replace(deed, kind=DeedKind.TOOL, failed=True, interrupted=False)
        found = _EXIT_CODE.match(words) or (_EXIT_CODE.match(whole) if isinstance(whole, str) else None)
        stopped = _TIMED_OUT in words[:200] or INTERRUPTED in words or "was aborted" in words[-200:]
        status = int(found.group(1)) if found is not None else None
        output = words[found.end() :] if found is not None and words.startswith(found.group(0)) else words
        return _with_output(replace(deed, exit_status=status, failed=True, interrupted=stopped), output)
    told = whole if isinstance(whole, Mapping) else {}
    if told.get("backgroundTaskId") or told.get("interrupted") is True or told.get("timedOutAfterMs"):
        return _with_output(replace(deed, interrupted=True), _joined(told) or words)
    fine = said is False or "stdout" in told
    # a status other than 0 that is no failure (grep without a match) is told in words only
    fine = fine and not told.get("returnCodeInterpretation")
    deed = replace(deed, exit_status=0 if fine else None, failed=False if fine else None, interrupted=False)
    return _with_output(deed, _joined(told) or words)


def _joined(told: Mapping[str, Any]) -> str:
    parts = [text_of(told.get("stdout")), text_of(told.get("stderr"))]
    return "\n".join(part for part in parts if part)


def _with_output(deed: Deed, output: str) -> Deed:
    data = output.encode()
    return replace(deed, output=data[-MOST_OUTPUT_BYTES:].decode("utf-8", "ignore"), sha256=_digest(output))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _words(content: object) -> str:
    if isinstance(content, list):
        texts = [text_of(each.get("text")) for each in content if isinstance(each, Mapping)]
        return "\n".join(each for each in texts if each)
    return text_of(content)


def _notification(document: Mapping[str, Any]) -> str:
    attachment = document.get("attachment")
    prompt = attachment.get("prompt") if isinstance(attachment, Mapping) else document.get("content")
    return text_of(prompt) if isinstance(prompt, str) and prompt.lstrip().startswith("<task-notification>") else ""


def _tag(text: str, name: str) -> str:
    _, found, rest = text.partition(f"<{name}>")
    return rest.partition(f"</{name}>")[0].strip() if found else ""


def _cut(text: str) -> str:
    data = text.encode()
    return text if len(data) <= MOST_TEXT_BYTES else data[:MOST_TEXT_BYTES].decode("utf-8", "ignore")


def _time(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None
