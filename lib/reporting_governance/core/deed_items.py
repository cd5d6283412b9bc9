"""One piece of evidence for each thing that deeds come to, graded by the rules of evidence.schema.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.check_in import ClaimKind
from reporting_governance.contracts.deed import Deed
from reporting_governance.contracts.evidence import Evidence, EvidenceClass, Quality
from reporting_governance.contracts.ids import evidence_id
from reporting_governance.core.check_in_rules import clamp
from reporting_governance.core.checks import FAILED, PASSED, CheckRun
from reporting_governance.core.file_kinds import FileKind

if TYPE_CHECKING:
    # it brings what watches tasks with it, which a gate that answers in a hurry does not need
    from reporting_governance.core.evidence_builder import Origin

MOST_PATHS = 32
MOST_ACTS = 32


def change_item(
    paths: Sequence[str],
    kinds: frozenset[FileKind],
    deeds: Sequence[Deed],
    last: Deed,
    origin: Origin,
    begun_by: str,
    now: datetime,
) -> Evidence:
    """Return what shows which files were changed.

    Args:
        paths: the newest first; kinds: of all of them.
        deeds: the newest first; last: the one that counts for the time: the last that changed code.
    """
    code = FileKind.CODE in kinds
    told = f"{len(paths)} file{'s' if len(paths) != 1 else ''} changed" if paths else "files changed"
    if not code:
        only_documents = kinds <= {FileKind.DOCUMENT}
        told += ", all of them documents" if only_documents else ", none of them code"
    change: dict[str, Any] = {"paths": sorted(paths[:MOST_PATHS]), "code": code}
    if FileKind.CONFIGURATION in kinds:
        change["configuration"] = True
    calls = dict.fromkeys(each.id for each in deeds)
    return _item(
        EvidenceClass.FILE_CHANGE,
        Quality.MODERATE,
        told,
        (ClaimKind.PROGRESS,) if code else (ClaimKind.PROGRESS, ClaimKind.COMPLETION),
        refs=[{"kind": "tool_call", "ref": call} for call in list(calls)[:MOST_PATHS]],
        more={"change": change, "segment": begun_by},
        at=last.at,
        origin=origin,
        now=now,
    )


def act_item(
    acts: Sequence[tuple[str, Deed]], completes: bool, origin: Origin, begun_by: str, now: datetime
) -> Evidence:
    """Return what shows that something was done beyond files.

    Args:
        acts: their names, the oldest first.
        completes: no code was changed, or a check passed after it.
    """
    names = list(dict.fromkeys(name for name, _ in acts))[-MOST_ACTS:]
    calls = list(dict.fromkeys(deed.id for _, deed in acts))[-MOST_ACTS:]
    return _item(
        EvidenceClass.TOOL_OUTPUT,
        Quality.MODERATE,
        f"done: {', '.join(names)}",
        (ClaimKind.PROGRESS, ClaimKind.COMPLETION) if completes else (ClaimKind.PROGRESS,),
        refs=[{"kind": "tool_call", "ref": call} for call in calls],
        more={"acts": names, "segment": begun_by},
        at=acts[-1][1].at,
        origin=origin,
        now=now,
    )


def dispatch_item(deed: Deed, origin: Origin, begun_by: str, now: datetime) -> Evidence:
    """Return what shows that work was handed on; not that it was done."""
    return _item(
        EvidenceClass.RUNTIME_ARTIFACT,
        Quality.MODERATE,
        "a sub-agent was started",
        (ClaimKind.PROGRESS,),
        refs=[{"kind": "tool_call", "ref": deed.id}],
        more={"dispatch": {"kind": "child", "to": deed.child}, "segment": begun_by},
        at=deed.at,
        origin=origin,
        now=now,
    )


def check_item(run: CheckRun, deed: Deed, after: bool, origin: Origin, begun_by: str, now: datetime) -> Evidence:
    """Return what shows that a check ran, and how it ended.

    Args:
        after: it ran after the last change of code.
    """
    quality, claims = _grade(run, after, origin)
    ref = {"kind": "tool_call", "ref": deed.id, "label": run.runner}
    if deed.sha256:
        ref["sha256"] = deed.sha256
    described = {
        "runner": run.runner,
        "kind": run.kind.value,
        "exit_status": run.exit_status,
        "outcome": run.outcome,
        "proves_nothing": run.proves_nothing,
        "folder": run.folder,
        "scope": _told_scope(run.scope),
        "part": run.part,
        "after_last_change": after,
        "ran": run.ran,
    }
    more: dict[str, Any] = {"check": described, "segment": begun_by}
    if run.exit_status is not None:
        more["exit_status"] = run.exit_status
    return _item(
        EvidenceClass.VERIFICATION_OUTPUT,
        quality,
        _summary(run, after),
        claims,
        refs=[ref],
        more=more,
        at=deed.at,
        origin=origin,
        now=now,
        place=run.at_command,
    )


def _told_scope(scope: frozenset[str]) -> list[str]:
    """Return what a check was narrowed to.  Options narrow all of it, so with them it is one thing and no list."""
    told = sorted(scope)
    return [" ".join(told)] if any(each.startswith("-") for each in told) else told


def _grade(run: CheckRun, after: bool, origin: Origin) -> tuple[Quality, tuple[ClaimKind, ...]]:
    if run.proves_nothing is not None:
        return Quality.WEAK, ()
    if run.outcome not in (PASSED, FAILED):
        return Quality.WEAK, (ClaimKind.PROGRESS,)
    if run.outcome == FAILED or not after:
        return Quality.MODERATE, (ClaimKind.PROGRESS,)
    return Quality.DECISIVE if origin.from_other else Quality.STRONG, (ClaimKind.PROGRESS, ClaimKind.COMPLETION)


def _summary(run: CheckRun, after: bool) -> str:
    text = f"{run.runner}: {run.outcome if run.outcome in (PASSED, FAILED) else 'outcome unknown'}"
    if run.ran is not None:
        text += f", {run.ran} tests"
    if run.part is not None:
        text += f", {run.part}"
    if run.proves_nothing is not None:
        return f"{text}; proves nothing: {run.proves_nothing}"
    return text if after else f"{text}, before the last change"


def _item(
    evidence_class: EvidenceClass,
    quality: Quality,
    summary: str,
    claims: Sequence[ClaimKind],
    *,
    refs: Sequence[Mapping[str, str]],
    more: Mapping[str, Any],
    at: datetime | None,
    origin: Origin,
    now: datetime,
    place: int = 0,
) -> Evidence:
    captured_at, _ = clamp(at, now)
    named = json.dumps([refs, place], sort_keys=True, separators=(",", ":"))
    return Evidence(
        evidence_id=evidence_id(origin.event_id, evidence_class.value, named),
        task_id=origin.task_id,
        correlation_id=origin.correlation_id,
        agent_id=origin.agent_id,
        evidence_class=evidence_class,
        quality=quality,
        summary=summary,
        captured_at=captured_at,
        refs=tuple(refs),
        supports={"claims": [claim.value for claim in claims], **more},
        source_event_id=origin.event_id,
    )
