"""Our hooks in the text of a Claude Code settings file; what else stands there stays as its author wrote it.

Facts (code.claude.com/docs/en/hooks, recorded settings of 2.0 and 2.1): `hooks` holds, by the name of a hook, a list of
entries; an entry has an optional `matcher` and its own list `hooks` of {type, command, timeout}.  `timeout` is in
seconds.  Entries of one hook run beside each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.contracts.reading import Syntax, read_documents
from reporting_governance.contracts.reading.document import Document
from reporting_governance.errors import ExitCode, GovernanceError

EVENTS = ("Stop", "SubagentStop")
TOOL_EVENT = "PreToolUse"
_OURS = re.compile(r"(?:^|[\s/])gate --host claude-code(?=\s|$)")  #: in each command line of ours, quotes taken away
_OTHER_WORDS = frozenset("|&;<>()$`\n")  #: of a command line that does more than to start the gate
_PLAIN_INDENT = "  "
MOST_BYTES = 4 * 1024 * 1024


class SettingsRefused(GovernanceError):
    """A settings file that is not changed: what it says is not understood."""

    exit_code = ExitCode.NO
    message = "{path}: {reason}"
    hint = "Nothing was written.  Correct the file, or put in by hand what --print shows for an empty one."


def merged(data: bytes, *, path: str, command: str, timeout_seconds: int, tools: bool) -> str:
    """Return the text of the settings with our hooks in it.

    Args:
        data: the file as it is; empty for one that is not there.
        path: named in errors.
        command: the command line of the gate.
        tools: whether the use of tools is judged too.

    Raises: SettingsRefused for a text that is no JSON object, or whose hooks are not what the host understands.
    """
    entries = {event: _entry(event, command, timeout_seconds) for event in _events(tools)}
    if not data.strip():
        return json.dumps({"hooks": {event: [each] for event, each in entries.items()}}, indent=2) + "\n"
    _read(data.removeprefix(b"\xef\xbb\xbf"), path)
    text = data.decode("utf-8-sig")
    for event, entry in entries.items():
        text = _with_entry(text, event, entry, path)
    return text


def _events(tools: bool) -> tuple[str, ...]:
    return (*EVENTS, TOOL_EVENT) if tools else EVENTS


def _entry(event: str, command: str, timeout_seconds: int) -> dict[str, Any]:
    hook = {"type": "command", "command": command, "timeout": timeout_seconds}
    return {"matcher": "*", "hooks": [hook]} if event == TOOL_EVENT else {"hooks": [hook]}


def _with_entry(text: str, event: str, entry: Mapping[str, Any], path: str) -> str:
    """Return the text with one entry: put in, brought up to date, or as it was."""
    document = _read(text.encode("utf-8"), path)
    value: Any = document.value
    hooks = value.get("hooks")
    if hooks is None:
        if "hooks" in value:
            return _replaced(text, document, "/hooks", {event: [entry]})
        return _appended(text, document, "", "hooks", {event: [entry]})
    if not isinstance(hooks, dict):
        raise SettingsRefused(path=path, reason=_at(document, "/hooks", "hooks is no object"))
    listed = hooks.get(event)
    if listed is None:
        if event in hooks:
            return _replaced(text, document, f"/hooks/{event}", [entry])
        return _appended(text, document, "/hooks", event, [entry])
    if not isinstance(listed, list):
        raise SettingsRefused(path=path, reason=_at(document, f"/hooks/{event}", f"hooks.{event} is no list"))
    for place, each in enumerate(listed):
        for number, hook in enumerate(_hooks_of(each)):
            if isinstance(hook, dict) and _is_ours(hook.get("command")):
                now = {**hook, **entry["hooks"][0]}
                if hook == now or not _is_plain(hook["command"]):
                    return text
                return _replaced(text, document, f"/hooks/{event}/{place}/hooks/{number}", now)
    return _appended(text, document, f"/hooks/{event}", None, entry)


def _hooks_of(entry: object) -> Sequence[Any]:
    found = entry.get("hooks") if isinstance(entry, dict) else None
    return found if isinstance(found, list) else ()


def _is_ours(command: object) -> bool:
    return isinstance(command, str) and bool(_OURS.search(command.replace("'", "").replace('"', "")))


def _is_plain(command: str) -> bool:
    """Whether a line of ours does nothing but start the gate, so that another line may take its place."""
    first = command.split(None, 1)[0]
    return (
        "=" not in first
        and first.rpartition("/")[2].strip("'\"") in ("gate", "reportgov")
        and not (_OTHER_WORDS & set(command))
    )


def hooks_disabled(text: str) -> bool:
    """Whether the settings switch off every hook, ours too."""
    return json.loads(text).get("disableAllHooks") is True


def _read(data: bytes, path: str) -> Document:
    result = read_documents(data, name=path, syntax=Syntax.JSON, max_bytes=MOST_BYTES)
    if result.findings:
        first = result.findings[0]
        place = "" if first.line is None else f"line {first.line}, column {first.column}: "
        raise SettingsRefused(path=path, reason=f"{place}{first.message}")
    document = result.documents[0]
    if not isinstance(document.value, dict):
        raise SettingsRefused(path=path, reason="line 1, column 1: expected one JSON object")
    return document


def _at(document: Document, pointer: str, what: str) -> str:
    span = document.value_span(pointer)
    return what if span is None else f"line {span.line}, column {span.column}: {what}"


def _bounds(document: Document, pointer: str) -> tuple[int, int]:
    tape = document.places.tape
    entry = tape.find(pointer)
    if entry is None:
        raise LookupError(pointer)
    return tape.starts[entry], tape.ends[entry]


def _replaced(text: str, document: Document, pointer: str, value: object) -> str:
    start, end = _bounds(document, pointer)
    return text[:start] + _written(value, text, _indent_of_line(text, start)) + text[end:]


def _appended(text: str, document: Document, pointer: str, key: str | None, value: object) -> str:
    """Return the text with a member at the end of an object (`key`) or of a list."""
    start, end = _bounds(document, pointer)
    outer = _indent_of_line(text, end - 1)
    inner = outer + _step(text)
    member = ("" if key is None else f"{json.dumps(key)}: ") + _written(value, text, inner)
    inside = text[start + 1 : end - 1].rstrip()
    newline = "\r\n" if "\r\n" in text else "\n"
    comma = "," if inside.strip() else ""
    return f"{text[: start + 1]}{inside}{comma}{newline}{inner}{member}{newline}{outer}{text[end - 1 :]}"


def _written(value: object, text: str, indent: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    return json.dumps(value, indent=_step(text)).replace("\n", f"{newline}{indent}")


def _step(text: str) -> str:
    """Return what one level is indented by, as the first indented line has it."""
    for line in text.splitlines()[1:]:
        bare = line.lstrip(" \t")
        if bare and bare != line:
            return line[: len(line) - len(bare)]
    return _PLAIN_INDENT


def _indent_of_line(text: str, offset: int) -> str:
    line = text[text.rfind("\n", 0, offset) + 1 : offset + 1]
    return line[: len(line) - len(line.lstrip(" \t"))]
