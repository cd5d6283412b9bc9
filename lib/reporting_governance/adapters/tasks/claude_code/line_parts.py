"""Small parts of a transcript's lines, whatever stands in their places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.hosts.claude_code.requests import text_of
from reporting_governance.contracts.times import parse_time

_LONGEST_NAME: Final = 128


def time_of(value: object) -> datetime | None:
    """Return a time that a line names; None when it can be none."""
    try:
        return parse_time(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        return None


def newest(*times: datetime | None) -> datetime | None:
    """Return the newest of the times that are known."""
    return max((each for each in times if each is not None), default=None)


def field_text(document: Mapping[str, Any], key: str) -> str:
    """Return a field that is a text; else empty."""
    return text_of(document.get(key))


def result_text(content: object) -> str:
    """Return how the content of a tool's result begins."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return next((text_of(each.get("text")) for each in blocks if isinstance(each, Mapping)), "")


def child_name(value: object) -> str:
    """Return the id of a sub-agent; empty when it can be none."""
    text = text_of(value)
    return text if 0 < len(text) <= _LONGEST_NAME and text.isprintable() else ""


def tag(text: str, name: str) -> str:
    """Return what stands in a text between a tag and its end; empty when there is none."""
    _, found, rest = text.partition(f"<{name}>")
    return rest.partition(f"</{name}>")[0].strip() if found else ""
