"""What an agent's report claims, what it says, and what stands behind it: the facts `message.* claim.* evidence.*`.

Only structured fields are read.  What a structured report leaves out is not there; what a free text says is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from reporting_governance.core.fact_catalogue import REPORT_FIELDS
from reporting_governance.core.fact_reading import (
    Document,
    as_free_text,
    as_object,
    as_text,
    as_time,
    as_whole,
    group_unknown,
)
from reporting_governance.core.policy_operators import QUALITY_RANK, Unknown

#: events in which an agent says how the task stands
REPORTS = frozenset({"task_checkpoint_sent", "task_status_changed", "task_claimed_complete", "forced_operator_update"})
_NO_MESSAGE = group_unknown("message.", "the event carries no report")
_NO_EVIDENCE = group_unknown("evidence.", "the evidence was not read")
_NOT_STRUCTURED = Unknown("the report is free text, and only structured reports are read")
_NOT_GRADED = Unknown("the evidence does not say what was checked and what was changed")


def add_message(values: dict[str, object], payload: Document) -> None:
    """Add what the report says."""
    text, report = as_free_text(payload.get("message")), payload.get("report")
    if text is None and not isinstance(report, Mapping):
        values.update(_NO_MESSAGE)
        return
    values["message.text"] = Unknown("the report holds fields and no text") if text is None else text
    if not isinstance(report, Mapping):
        values.update({path: _NOT_STRUCTURED for path in _NO_MESSAGE if path != "message.text"})
        return
    present = {name: _is_filled(report.get(name)) for name in REPORT_FIELDS}
    values.update({f"message.{name}_present": filled for name, filled in present.items()})
    values["message.has_required_checkpoint_fields"] = all(present.values())


def _is_filled(value: object) -> bool:
    return type(value) is bool or (isinstance(value, str) and bool(value.strip()))


def add_claim(values: dict[str, object], payload: Document) -> None:
    """Add what the report claims; needs the facts of event and message."""
    claim = payload.get("claim")
    stated = as_object(claim)
    kind: str | None = as_text(claim) or as_text(stated.get("kind"))
    if values["event.event_type"] == "task_claimed_complete":
        kind = "completion"
    elif values["event.event_type"] == "subagent_result_forwarded":
        kind = "forwarding"
    elif kind is None and values["event.event_type"] in REPORTS:
        done = values["message.completed_this_segment_present"]
        if isinstance(payload.get("report"), Mapping):
            kind = "progress" if done is True else "none"
        elif values["message.text"] is not _NO_MESSAGE["message.text"]:
            values.update(_all_claims_unknown(stated))
            return
    kind = kind or "none"
    values["claim.kind"] = kind
    values["claim.is_progress_bearing"] = kind == "progress"
    values["claim.completion_asserted"] = kind == "completion"
    values["claim.text_similarity_to_last"] = _similarity(stated)


def _all_claims_unknown(stated: Document) -> Mapping[str, object]:
    return {
        "claim.kind": _NOT_STRUCTURED,
        "claim.is_progress_bearing": _NOT_STRUCTURED,
        "claim.completion_asserted": _NOT_STRUCTURED,
        "claim.text_similarity_to_last": _similarity(stated),
    }


def _similarity(stated: Document) -> object:
    percent = as_whole(stated.get("text_similarity_to_last"))
    return Unknown("the report was not compared with the one before") if percent is None else percent


def add_evidence(values: dict[str, object], evidence: Sequence[Document] | None) -> None:
    """Add what stands behind the claims; needs the facts of event and task."""
    if evidence is None:
        values.update(_NO_EVIDENCE)
        return
    items = tuple(_evidence_item(each) for each in evidence)
    captured = [each for item in items if isinstance(each := item["captured_at"], datetime)]
    values["evidence.items"] = items
    values["evidence.classes"] = tuple(sorted({str(item["class"]) for item in items if item["class"]}))
    values["evidence.newest_at"] = max(captured, default=None)
    values["evidence.max_quality"] = _best_quality(items)
    values["evidence.completion_min_quality"] = _best_quality(
        item for item in items if "completion" in _claims_of(item)
    )
    values["evidence.checks_run"] = sum(1 for item in items if item["class"] == "verification_output")
    values["evidence.new_items_since_last_checkpoint"] = _new_items(values, evidence, items)
    for name in ("failing_checks", "code_changed", "check_after_last_change"):
        values[f"evidence.{name}"] = _NOT_GRADED


def _evidence_item(document: Document) -> Mapping[str, object]:
    claims = as_object(document.get("supports")).get("claims")
    return {
        "class": as_text(document.get("class")),
        "quality": as_text(document.get("quality")),
        "captured_at": as_time(document.get("captured_at")),
        "claims": tuple(str(each) for each in claims) if isinstance(claims, (list, tuple)) else (),
    }


def _claims_of(item: Mapping[str, object]) -> tuple[str, ...]:
    claims = item["claims"]
    return claims if isinstance(claims, tuple) else ()


def _best_quality(items: Iterable[Mapping[str, object]]) -> str:
    qualities = [str(item["quality"]) for item in items if item["quality"] in QUALITY_RANK]
    return max(qualities, key=QUALITY_RANK.__getitem__, default="none")


def _new_items(
    values: Mapping[str, object], evidence: Sequence[Document], items: Sequence[Mapping[str, object]]
) -> object:
    """Count what is newer than the check-in before this event; an item's own `supports.since` names it."""
    last, at = values["task.last_checkpoint_at"], values["event.timestamp"]
    earlier = isinstance(last, datetime) and isinstance(at, datetime) and last < at
    before = last if earlier else values["task.started_at"] if last is None else None
    count = 0
    for document, item in zip(evidence, items, strict=True):
        since = as_time(as_object(document.get("supports")).get("since")) or before
        if not isinstance(since, datetime) or not isinstance(item["captured_at"], datetime):
            return Unknown("which check-in the evidence is new against is not known")
        count += item["captured_at"] > since
    return count
