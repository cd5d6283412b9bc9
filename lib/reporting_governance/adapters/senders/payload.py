"""A message as the JSON document that programs and services are given."""

import json
from typing import Any, Final

from reporting_governance.adapters.interface import Message

VERSION: Final = 1


def document_of(message: Message) -> dict[str, Any]:
    """Return the documented form of a message; docs/senders.md lists its keys."""
    return {
        "v": VERSION,
        "id": message.idempotency_key,
        "spool_id": message.spool_id,
        "notice_ids": list(message.notice_ids),
        "thread_keys": list(message.thread_keys),
        "phase": message.phase,
        "urgency": message.urgency,
        "subject": message.subject,
        "body": message.body,
        "html": message.html,
        "facts": message.facts,
        "possible_repeat_of": message.possible_repeat_of,
        "attempt_id": message.attempt_id,
    }


def encoded(message: Message) -> bytes:
    """Return the document as one line of ASCII JSON, without its line end."""
    return json.dumps(document_of(message), separators=(",", ":"), default=str).encode("ascii")
