"""Where a fact came from, in plain words: for people who write policies and want to see what rules see.

Nothing here decides anything, and no decision waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reporting_governance.core.evidence_facts import items_of
from reporting_governance.core.evidence_items import Item
from reporting_governance.core.fact_catalogue import LABEL_PREFIX
from reporting_governance.core.fact_reading import Given, as_object, as_text
from reporting_governance.core.facts import ANSWERS
from reporting_governance.core.policy_operators import Unknown
from reporting_governance.core.report_facts import DONE_FIELDS, HANDED_ON_FIELDS, REPORTS, read_text, stated_kind

if TYPE_CHECKING:
    from reporting_governance.core.claim_reading import Read
    from reporting_governance.core.facts import Facts

_MOST_NAMED = 8  #: items of evidence
#: facts of the event that stand in its payload, under which key
_IN_PAYLOAD: Mapping[str, str] = {
    **{name: name for name in ("condition", "phase", "episode", "source", "caused_by", "reason", "due_at")},
    "anchor_at": "anchor",
    "late_by_seconds": "late_by_seconds",
}
_OF_THE_TASK: Mapping[str, str] = {
    "name": "title",
    "owes_checkpoints": "checkpoint",
    "checkpoint_every_seconds": "checkpoint/every_seconds",
    "label_names": "labels",
}
_SIGNS = "started_at, last_checkpoint_at, last_activity_at, last_evidence_at"
_CHECKS = (
    "checks_run",
    "failing_checks",
    "checks_proving_nothing",
    "check_after_last_change",
    "best_check_after_last_change",
    "checks_passed",
)
_CHANGES = ("code_changed", "documents_only")


def fact_origins(facts: Facts) -> Mapping[str, str]:
    """Return where every fact came from, by path."""
    return {path: origin_of(path, facts) for path in facts.values}


def origin_of(path: str, facts: Facts) -> str:
    """Return where one fact came from, or why it is not known."""
    value = facts.values.get(path, Unknown("there is no such fact"))
    if isinstance(value, Unknown):
        return f"not known: {value.reason}"
    if facts.given is None:
        return "not said by who made these facts"
    group, _, name = path.partition(".")
    found: str = getattr(_Origins(facts, facts.given), group)(name)
    return found


class _Origins:
    """Where the facts of one event came from; a method for each group of them, by the group's name."""

    def __init__(self, facts: Facts, given: Given) -> None:
        self._facts, self._given = facts, given
        self._payload = as_object(given.event.get("payload"))
        self._text = as_text(self._payload.get("message")) or ""
        self._task = "task state as it is now"
        if given.is_snapshot:
            self._task = "task state before the check-in" if "check_in" in self._payload else "task state in the event"

    def event(self, name: str) -> str:
        if name in _IN_PAYLOAD:
            key = _IN_PAYLOAD[name]
            if name == "anchor_at" and "anchor_at" in self._payload:
                key = name
            return f"event payload /{key}"
        return f"event /{'evidence_refs' if name == 'evidence_ref_count' else name}"

    def task(self, name: str) -> str:
        if self._given.task is None:
            return "event /task_id"
        where = self._task
        if f"task.{name}".startswith(LABEL_PREFIX):
            return f"{where} /labels/{name.removeprefix('labels.')}"
        if name == "last_sign_of_life_at":
            return f"{where}, the newest of {_SIGNS}"
        if name == "name" and as_text(self._given.task.get("title")) is None:
            return f"{where} /task_id"
        return f"{where} /{_OF_THE_TASK.get(name, name)}"

    def children(self, name: str) -> str:
        return f"{self._task} /children"

    def checkpoint(self, name: str) -> str:
        if name == "operator_visible_update_sent" and self._facts.event_type in ANSWERS:
            return "event /event_type"
        if self._facts.values["event.condition"] == "checkpoint_overdue":
            key = {"due_at": "due_at", "late_by_seconds": "late_by_seconds"}.get(name, "phase")
            return f"event payload /{key}"
        return f"{self._task} /checkpoint, last_checkpoint_at, started_at"

    def message(self, name: str) -> str:
        if name == "text":
            return "event payload /message"
        if isinstance(self._payload.get("report"), Mapping):
            return "event payload /report" + ("" if name.startswith("has_") else f"/{name.removesuffix('_present')}")
        fields = read_text(self._text).fields
        if name.startswith("has_"):
            return "text, all five fields"
        return _place(fields[name.removesuffix("_present")])

    def claim(self, name: str) -> str:
        if name == "text_similarity_to_last":
            return "event payload /claim/text_similarity_to_last"
        if name == "dispatch_receipt_present":
            return self._dispatch()
        if name == "checks_asserted":
            return self._assertion("checks_passed")
        if name in ("checks_passed_asserted", "next_step_dispatched_asserted"):
            return self._assertion(name.removesuffix("_asserted"))
        if name in ("failure_disclosed", "asks_back"):
            return self._read(name)
        event_type = self._facts.event_type
        if stated_kind(event_type, None) is not None:
            return "event /event_type"
        if stated_kind(event_type, self._payload.get("claim")) is not None:
            return "event payload /claim"
        if event_type not in REPORTS:
            return "event /event_type"
        if isinstance(self._payload.get("report"), Mapping):
            return "event payload /report/completed_this_segment"
        if not self._text:
            return "the event carries no report"
        reading = read_text(self._text)
        of_progress = name == "is_progress_bearing" or self._facts.values[f"claim.{name}"] == "progress"
        return _place(reading.progress if of_progress else reading.completion)

    def _read(self, key: str) -> str:
        if self._text:
            return _place(getattr(read_text(self._text), key))
        if not isinstance(self._payload.get("report"), Mapping):
            return "the event carries no report"
        return f"event payload /report, the words of {', '.join(DONE_FIELDS)}" if key != "asks_back" else "no text"

    def _assertion(self, key: str) -> str:
        if isinstance(as_object(self._payload.get("claim")).get(key), bool):
            return f"event payload /claim/{key}"
        text = self._text
        if text:
            reading = read_text(text)
            return _place(reading.checks_passed if key == "checks_passed" else reading.dispatched)
        if not isinstance(self._payload.get("report"), Mapping):
            return "the event carries no report"
        names = DONE_FIELDS if key == "checks_passed" else HANDED_ON_FIELDS
        return f"event payload /report, the words of {', '.join(names)}"

    def _dispatch(self) -> str:
        items = [item for item in self._items() if item.is_dispatch]
        if items or self._facts.values["claim.dispatch_receipt_present"] is False:
            return _named(items, self._items())
        return f"{self._task} /children"

    def evidence(self, name: str) -> str:
        if name == "reaches_back":
            return "event payload /segment/reaches_back"
        items = self._items()
        if name in _CHECKS:
            return _named([item for item in items if item.check is not None or item.is_change], items)
        if name in _CHANGES:
            return _named([item for item in items if item.is_change], items)
        if name == "newest_at":
            return _named([item for item in items if item.time == self._facts.values["evidence.newest_at"]], items)
        if name in ("max_quality", "completion_min_quality"):
            able = [item for item in items if name == "max_quality" or item.proves_completion]
            return _named([item for item in able if item.quality == self._facts.values[f"evidence.{name}"]], items)
        return _named(items, items)

    def _items(self) -> Sequence[Item]:
        return items_of(self._given.event, self._given.evidence or ())

    def operator_context(self, name: str) -> str:
        return f"event /operator_context/{name}"

    def tool(self, name: str) -> str:
        return f"event payload /tool/{name}"

    def gate(self, name: str) -> str:
        return f"event payload /gate/{name}"


def _place(read: Read) -> str:
    where = "text" if read.span is None else f"text, characters {read.span[0]}-{read.span[1]}"
    return f"{where}: {read.reason}" if read.reason else where


def _named(items: Iterable[Item], among: Sequence[Item]) -> str:
    """Return items by their ids."""
    names = [item.identity or "without an id" for item in items]
    if not names:
        return f"none among {len(among)} items of evidence"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"evidence {', '.join(names[:_MOST_NAMED])}{more}"
