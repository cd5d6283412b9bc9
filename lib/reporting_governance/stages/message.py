"""What a sender is given of an item."""

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reporting_governance.adapters.interface import Message
from reporting_governance.contracts import ids
from reporting_governance.core.delivery import Body, StepKind
from reporting_governance.stages.journal_head import with_mark, without_marks
from reporting_governance.stages.targets_told import earlier
from reporting_governance.storage.interface import Store, expand

if TYPE_CHECKING:
    from reporting_governance.stages.sending import Work


def message_of(store: Store, work: "Work", *, number: int) -> Message:
    """Return what the sender is given.

    An item that may have arrived already is marked, and does not use the item's key again unless its sender is
    idempotent by it: a receiver that drops what it knows would drop what must arrive.
    """
    item = work.body["item"]
    rendered = item["rendered"]
    repeat = None
    key, subject, text, html = item["idempotency_key"], rendered["subject"], rendered["body"], rendered.get("html")
    idempotent = work.sender is not None and work.sender.promises.idempotent_by_key
    if work.step.kind is StepKind.SEND and work.step.attempt_id and not idempotent:
        repeat = work.step.attempt_id
        key = ids.attempt_id(item["spool_id"], number)
        subject = f"[possible repeat of {repeat}] {subject}"
        said = f"This is a possible repeat of {repeat}: whether that send arrived, nobody knows."
        text = f"{said}\n\n{text}"
        html = f"<p>{said}</p>{html}" if html else html
    text, html = with_mark(item, text, html)
    telling = item["telling"]
    return Message(
        spool_id=item["spool_id"],
        idempotency_key=key,
        subject=without_marks(subject),
        body=text,
        html=html,
        urgency=telling["urgency"],
        thread_keys=tuple(item["thread_keys"]),
        notice_ids=tuple(item["notice_ids"]),
        phase=telling["phase"],
        facts=_facts(store, telling["facts"]),
        possible_repeat_of=repeat,
        attempt_id=ids.attempt_id(item["spool_id"], number),
        not_after=item["not_after"],
        earlier=earlier(store, item) if work.sender is not None and work.sender.promises.joins_threads else {},
    )


def _facts(store: Store, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts of an item; many are stored apart as one piece, and none are left of what was erased."""
    found = expand(store, facts)
    if isinstance(found, str):
        found = json.loads(found)
    return dict(found or {})


def speaks_of(item: Body, thread: Body) -> bool:
    """Tell whether a thread's newest notice is one of the item's; an older item says nothing new to a thread."""
    newest = thread["newest"]
    return newest is not None and newest["notice_id"] in item["notice_ids"]


def digest_of(message: Message) -> str:
    """Return the SHA-256 of what a sender is given.  Addresses and secrets are no part of a message."""
    parts = {each.name: getattr(message, each.name) for each in fields(message)}
    return sha256(json.dumps(parts, sort_keys=True, default=list).encode()).hexdigest()
