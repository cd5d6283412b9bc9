"""Which lines of a transcript are a person's words, and which the host wrote in a person's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: how what the host writes as a user begins
_OF_THE_HOST = (
    "<task-notification>", "<local-command-", "<bash-input>", "<bash-stdout>", "<bash-stderr>", "<system-reminder>",
    "<user-prompt-submit-hook>", "<teammate-message", "<cross-session-message", "<ide_", "<command-stdout>",
    "Caveat: The messages below", "[Request interrupted by user", "[SYSTEM NOTIFICATION",
    "This session is being continued from a previous conversation",
)  # fmt: skip
_SLASH_COMMAND = ("<command-name>", "<command-message>")
_HOOKS_WORDS = (" hook feedback:", " operation feedback:", " hook error:")
_MARK_AREA = 80  #: letters in which those words stand
INTERRUPTED = "[Request interrupted by user"


def parsed(data: bytes) -> dict[str, Any] | None:
    """Return a line as an object; None when it is none."""
    try:
        document = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def blocks_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the content of a line's message as blocks; plain text is one block of text."""
    message = document.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [each for each in content if isinstance(each, Mapping)] if isinstance(content, list) else []


def text_of(value: object) -> str:
    """Return a text that can be stored: lone halves of surrogate pairs become question marks."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


def may_be_request(data: bytes) -> bool:
    """Return whether a line must be looked at closely; the names of fields cannot stand inside a text unescaped."""
    return b'"user"' in data and b'"tool_use_id"' not in data and b'"tool_result"' not in data


def request_text(document: Mapping[str, Any], *, of_child: bool, ran_locally: bool) -> str | None:
    """Return the words of a request; None when the line is none.

    Args:
        of_child: the transcript is a sub-agent's own; what its parent asks is a request.
        ran_locally: the line behind it is the output of a command that the host itself carried out.
    """
    if document.get("type") != "user" or document.get("isCompactSummary") or document.get("isMeta"):
        return None
    if bool(document.get("isSidechain")) and not of_child:
        return None
    origin = document.get("origin")
    kind = origin.get("kind") if isinstance(origin, Mapping) else None
    blocks = blocks_of(document)
    if any(each.get("type") == "tool_result" for each in blocks):
        return None
    texts = [text_of(each.get("text")).strip() for each in blocks if each.get("type") == "text"]
    if any(each.startswith(_SLASH_COMMAND) for each in texts) and kind != "human":
        return None if ran_locally else "\n".join(texts)
    if kind is not None and kind != "human":
        return None
    if kind is None:
        texts = [each for each in texts if not _is_of_the_host(each)]
    texts = [each for each in texts if each]
    if not texts and not any(each.get("type") in ("image", "document") for each in blocks):
        return None
    return "\n".join(texts)


def _is_of_the_host(text: str) -> bool:
    return text.startswith(_OF_THE_HOST) or any(words in text[:_MARK_AREA] for words in _HOOKS_WORDS)
