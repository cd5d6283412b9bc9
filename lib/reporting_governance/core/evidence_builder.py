"""How much a piece of evidence proves: the written rules of evidence.schema.json, and nothing else.

Files are opened by whoever calls; here stands only what follows from what was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.blob_reference import without_references
from reporting_governance.contracts.check_in import ClaimKind, OfferedEvidence
from reporting_governance.contracts.evidence import Evidence, EvidenceClass, Quality
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import evidence_id
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.check_in_rules import clamp
from reporting_governance.core.offered_checks import PASSED, change_of, check_of, command_reference

if TYPE_CHECKING:
    from reporting_governance.contracts.task_state import TaskState
    from reporting_governance.core.episodes import Transition

_ANOTHER_FILE = "it is another file than its sha256 says"
_NAME_SOMETHING = "name its file, or its command and exit status"
_BRING_INSIDE = "offer a file that lies inside them"
_AS_IT_IS = "give the sha256 of the file as it is, or none"
_OFFER_AGAIN = "offer it again once it is there; name the file itself: no folder, and no link on the way"


@frozen
class Opened:
    """What opening one `file` reference found: the file's digest, or why it could not be opened."""

    sha256: str | None
    problem: str = ""
    outside: bool = False  #: it was not looked for: evidence may not lie there
    written_at: datetime | None = None  #: when it was last written, as its folder says


@frozen
class CountsForNothing:
    """Why an item that was offered is of quality none, and what to do about it."""

    evidence: int  #: its place among those that were offered, from 1
    why: str
    advice: str
    outside: bool = False  #: a file of it lies where evidence may not lie


@frozen(kw_only=True)
class Origin:
    """Whose evidence it is, and what is known of the task's changes."""

    event_id: str
    task_id: str
    agent_id: str
    correlation_id: str
    from_other: bool  #: sent by another user than the one who runs the task
    last_change_at: datetime | None  #: the newest change that the task has reported, with this check-in too
    last_write_at: datetime | None = None  #: when the newest file of those changes was last written


def build_evidence(
    offered: OfferedEvidence, opened: Mapping[str, Opened], origin: Origin, *, now: datetime
) -> Evidence:
    """Return a graded item.

    Args:
        opened: by the `ref` of each file reference; a file reference that is not in it was not opened.
    """
    captured_at, _ = clamp(offered.captured_at, now)
    refs = [without_references(_complete(ref, opened)) for ref in offered.refs]
    if offered.command:
        refs.append(command_reference(offered.command))
    written_at = _written(opened)
    check = check_of(offered, captured_at, origin.last_change_at)
    if check is not None and check.get("after_last_change") and written_at and origin.last_write_at:
        check["after_last_change"] = written_at >= origin.last_write_at
    quality = _grade(refs, opened, origin, check)
    supports: dict[str, Any] = {"claims": [claim.value for claim in _supported(offered, check)]}
    if offered.exit_status is not None:
        supports["exit_status"] = offered.exit_status
    if check is not None:
        supports["check"] = check
    if offered.evidence_class is EvidenceClass.FILE_CHANGE and (change := change_of(offered)):
        supports["change"] = change
    if written_at is not None:
        supports["written_at"] = format_time(written_at)
    problems = [found.problem for found in opened.values() if found.problem]
    problems += [f"{ref['ref']}: {_ANOTHER_FILE}" for ref in offered.refs if _is_another(ref, opened)]
    if problems:
        supports["problems"] = sorted(problems)
    refs = refs or [{"kind": "check_in", "ref": origin.event_id}]
    return Evidence(
        evidence_id=evidence_id(origin.event_id, offered.evidence_class.value, _canonical([refs, offered.summary])),
        task_id=origin.task_id,
        correlation_id=origin.correlation_id,
        agent_id=origin.agent_id,
        evidence_class=offered.evidence_class,
        quality=quality,
        summary=offered.summary,
        captured_at=captured_at,
        refs=tuple(refs),
        supports=supports,
        source_event_id=origin.event_id,
    )


def _grade(
    refs: Sequence[Mapping[str, Any]],
    opened: Mapping[str, Opened],
    origin: Origin,
    check: Mapping[str, Any] | None,
) -> Quality:
    if not refs:
        return Quality.NONE
    files = [ref for ref in refs if ref["kind"] == "file"]
    if any(not _matches(ref, opened) for ref in files):
        return Quality.NONE
    if not files or (check is not None and check["proves_nothing"] is not None):
        return Quality.WEAK
    if check is None or check["outcome"] != PASSED or not check.get("after_last_change"):
        return Quality.MODERATE
    return Quality.DECISIVE if origin.from_other else Quality.STRONG


def counts_for_nothing(number: int, item: Evidence, opened: Mapping[str, Opened]) -> CountsForNothing | None:
    """Return why an item is of quality none; None when it is not.

    Args:
        number: its place among those that were offered, from 1.
        opened: as `build_evidence` had it.
    """
    if item.quality is not Quality.NONE:
        return None
    problems: Sequence[str] = item.supports.get("problems", ())
    outside = any(found.outside for found in opened.values())
    if not problems:
        return CountsForNothing(number, "it names nothing that could be looked at", _NAME_SOMETHING)
    advice = _OFFER_AGAIN
    if outside:
        advice = _BRING_INSIDE
    elif all(problem.endswith(_ANOTHER_FILE) for problem in problems):
        advice = _AS_IT_IS
    return CountsForNothing(number, "; ".join(problems), advice, outside)


def _is_another(ref: Mapping[str, Any], opened: Mapping[str, Opened]) -> bool:
    """Tell whether a file is there, and not the one that was meant."""
    found = opened.get(str(ref["ref"]))
    return (
        ref["kind"] == "file"
        and found is not None
        and found.sha256 is not None
        and not _matches(_complete(ref, opened), opened)
    )


def _matches(ref: Mapping[str, Any], opened: Mapping[str, Opened]) -> bool:
    found = opened.get(str(ref["ref"]))
    return found is not None and found.sha256 is not None and ref.get("sha256") == found.sha256


def _complete(ref: Mapping[str, Any], opened: Mapping[str, Opened]) -> dict[str, Any]:
    """Return a reference with the digest of what it names, where the sender left it out."""
    complete = dict(ref)
    found = opened.get(str(ref["ref"]))
    if ref["kind"] == "file" and "sha256" not in ref and found is not None and found.sha256 is not None:
        complete["sha256"] = found.sha256
    return complete


def _supported(offered: OfferedEvidence, check: Mapping[str, Any] | None) -> tuple[ClaimKind, ...]:
    """A check that failed proves that it ran, and no completion; one that proves nothing, not even that."""
    if offered.exit_status or (check is not None and check["proves_nothing"] is not None):
        return tuple(claim for claim in offered.claims if claim is not ClaimKind.COMPLETION)
    return offered.claims


def snapshot_evidence(
    task: TaskState,
    change: Transition,
    event_id: str,
    *,
    source: str,
    instance: str,
    correlation_id: str,
    now: datetime,
) -> Evidence:
    """Return what proves that a condition holds: the task's state as its source showed it."""
    digest = sha256(_canonical(task.dump()).encode()).hexdigest()
    ref = {"kind": "task_state", "ref": f"{source}:{instance}/{task.task_id}", "sha256": digest}
    return Evidence(
        evidence_id=evidence_id(event_id, EvidenceClass.RUNTIME_ARTIFACT.value, _canonical([ref])),
        task_id=task.task_id,
        correlation_id=correlation_id,
        agent_id=task.agent_id,
        evidence_class=EvidenceClass.RUNTIME_ARTIFACT,
        quality=Quality.MODERATE,
        summary=f"{change.condition.value}: {change.reason}",
        captured_at=now,
        refs=(ref,),
        supports={"claims": [], "task_status": task.status.value, "since": change.anchor},
        source_event_id=event_id,
    )


def newest_change_at(
    evidence: Sequence[Mapping[str, Any]], offered: Sequence[OfferedEvidence], now: datetime
) -> datetime | None:
    """Return when the task last reported a change of code, or of documents where nothing else was changed.

    Args:
        evidence: the compact items of its view.
        offered: what this check-in brings; a check is dated against the changes that are reported with it, too.
    """
    known = [
        (_is_code(each["supports"].get("change")), parse_time(each["captured_at"]))
        for each in evidence
        if each["class"] == EvidenceClass.FILE_CHANGE or "change" in each["supports"]
    ]
    brought = [
        (_is_code(change_of(each)), clamp(each.captured_at, now)[0])
        for each in offered
        if each.evidence_class is EvidenceClass.FILE_CHANGE
    ]
    return max([*known, *brought], default=(False, None))[1]


def opened_files(offered: OfferedEvidence, open_file: Callable[[str], Opened]) -> dict[str, Opened]:
    """Return what opening the files of an item found, by their `ref`."""
    return {name: open_file(name) for name in (str(ref["ref"]) for ref in offered.refs if ref["kind"] == "file")}


def newest_write_at(
    evidence: Sequence[Mapping[str, Any]], offered: Sequence[tuple[OfferedEvidence, Mapping[str, Opened]]]
) -> datetime | None:
    """Return when the newest of the changed files was last written; None where nobody knows.

    A change is often told after its check ran, so that the times of the files say which of the two came first.  Of
    code only, or of documents where nothing else was changed, as in `newest_change_at`.
    """
    known = [
        (_is_code(each["supports"].get("change")), parse_time(each["supports"]["written_at"]))
        for each in evidence
        if each["class"] == EvidenceClass.FILE_CHANGE and "written_at" in each["supports"]
    ]
    brought = [
        (_is_code(change_of(each)), written)
        for each, opened in offered
        if each.evidence_class is EvidenceClass.FILE_CHANGE and (written := _written(opened)) is not None
    ]
    return max([*known, *brought], default=(False, None))[1]


def _written(opened: Mapping[str, Opened]) -> datetime | None:
    return max((each.written_at for each in opened.values() if each.written_at is not None), default=None)


def _is_code(change: Mapping[str, Any] | None) -> bool:
    """A change that nobody describes may be one of code."""
    return change is None or change.get("code") is not False


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
