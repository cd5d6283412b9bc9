"""Evidence made of what an agent did since the newest request: changed files and checks that ran.

Graded by the rules of evidence.schema.json.  A changed file shows that something was done, never that it works.
A check shows that it works only when it passed and ran after the last change of code; its own exit status says whether
it passed, or, where the host gives none, its summary line.  Order is the order of the deeds, not their times: hosts'
times are coarse, and several calls of one message bear the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.check_in import ClaimKind
from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.evidence import Evidence, EvidenceClass, Quality
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import evidence_id
from reporting_governance.core.check_in_rules import clamp
from reporting_governance.core.checks import FAILED, PASSED, CheckRun, checks_in, folders_of, joined
from reporting_governance.core.code_changes import changed_paths, is_code
from reporting_governance.core.command_words import base_name, commands_of

if TYPE_CHECKING:
    # it brings what watches tasks with it, which a gate that answers in a hurry does not need
    from reporting_governance.core.evidence_builder import Origin

MOST_ITEMS = 32
MOST_PATHS = 32
#: folders of a project in which its checks are started, though what changes lies beside them
_CHECK_FOLDERS = frozenset("test tests spec specs __tests__ e2e build out bin ci scripts".split())

Order = tuple[int, int]  #: place of the deed, place in its command line


def segment_of(deeds: Sequence[Deed]) -> Sequence[Deed]:
    """Return the deeds from the newest request on; all of them when there is no request among them."""
    for index in range(len(deeds) - 1, -1, -1):
        if deeds[index].kind is DeedKind.REQUEST:
            return deeds[index:]
    return deeds


@frozen
class _Change:
    order: Order
    deed: Deed
    paths: tuple[str, ...]  #: empty: it changed files that it does not name

    @property
    def code(self) -> bool:
        return not self.paths or any(is_code(path) for path in self.paths)


@frozen
class _Check:
    order: Order
    deed: Deed
    run: CheckRun


def evidence_of(deeds: Sequence[Deed], origin: Origin, now: datetime) -> tuple[Evidence, ...]:
    """Return what the newest segment proves, in the order in which it happened; at most `MOST_ITEMS` items.

    All changes are one item, and so are all sub-agents that were started.  A check that was repeated, as widely or
    wider, counts by its last outcome alone: a test that failed, was mended and passed is no failing check.  Of too many
    checks the failing ones are kept first, then the last that passed.
    """
    segment = segment_of(deeds)
    begun_by = segment[0].id if segment and segment[0].kind is DeedKind.REQUEST else ""
    changes, checks = _found(segment)
    last_code = max((each.order for each in changes if each.code), default=(-1, -1))
    checks = [_in_its_folder(each, changes) for each in _newest(checks)]
    items: list[tuple[Order, Evidence]] = []
    if changes:
        items.append((changes[-1].order, _change_item(changes, origin, begun_by, now)))
    spawned = [
        (place, each) for place, each in enumerate(segment) if each.kind is DeedKind.SPAWN and each.failed is False
    ]
    if spawned:
        items.append(((spawned[-1][0], 0), _dispatch_item(spawned[-1][1], origin, begun_by, now)))
    for each in _most_telling(checks, MOST_ITEMS - len(items)):
        after = each.order > last_code and not _older(each.deed, origin)
        items.append((each.order, _check_item(each, after, origin, begun_by, now)))
    return tuple(item for _, item in sorted(items, key=lambda pair: pair[0]))


def _found(segment: Sequence[Deed]) -> tuple[list[_Change], list[_Check]]:
    changes: list[_Change] = []
    checks: list[_Check] = []
    for place, deed in enumerate(segment):
        if deed.kind is DeedKind.EDIT and deed.failed is not True:
            changes.append(_Change((place, 0), deed, deed.paths))
        elif deed.kind is DeedKind.RUN:
            commands = commands_of(deed.command)
            changes.extend(_changes_by(deed, place, commands))
            checks.extend(_Check((place, run.at_command), deed, run) for run in checks_in(deed, commands))
    return changes, checks


def _changes_by(deed: Deed, place: int, commands: Sequence[Any]) -> Iterator[_Change]:
    folders = folders_of(deed, commands)
    for index, command in enumerate(commands):
        paths = changed_paths(command, folders[index], deed.command)
        if paths is not None:
            # before the check of the same place: `ruff --fix` changes first and says then what is left
            yield _Change((place, index - 1), deed, tuple(joined(folders[index], each) or each for each in paths))


def _older(deed: Deed, origin: Origin) -> bool:
    """Return whether the task has reported a change that is newer than a check."""
    return origin.last_change_at is not None and deed.at is not None and deed.at < origin.last_change_at


def _newest(checks: Sequence[_Check]) -> list[_Check]:
    """Leave out checks that were repeated later with an outcome."""
    kept: list[_Check] = []
    for each in reversed(checks):
        if not any(_repeats(later.run, each.run) for later in kept):
            kept.append(each)
    kept.reverse()
    return kept


def _repeats(later: CheckRun, earlier: CheckRun) -> bool:
    """Return whether a later check has an outcome and covers all that an earlier one covered."""
    if later.runner != earlier.runner or later.proves_nothing or later.outcome not in (PASSED, FAILED):
        return False
    if later.folder and earlier.folder and later.folder != earlier.folder:
        return False
    if not {each for each in later.scope if each.startswith("-")} <= earlier.scope:
        return False
    wide = [each for each in later.scope if not each.startswith("-")]
    narrow = [each for each in earlier.scope if not each.startswith("-")]
    return not wide or (bool(narrow) and all(any(_covers(one, each) for one in wide) for each in narrow))


def _covers(wide: str, narrow: str) -> bool:
    return narrow == wide or narrow.startswith((f"{wide}/", f"{wide}::"))


def _in_its_folder(check: _Check, changes: Sequence[_Change]) -> _Check:
    """Say of a check that ran beside all that was changed that it proves nothing."""
    folder = check.run.folder
    if not folder or check.run.proves_nothing or check.run.outcome != PASSED:
        return check
    if base_name(folder) in _CHECK_FOLDERS:
        folder = folder.rpartition("/")[0]
    paths = [path for each in changes if each.code for path in each.paths or ("",)]
    outside = all(path.startswith("/") and not _covers(folder or "/", path) for path in paths)
    if not paths or not outside or any(each.startswith(("/", "..")) for each in check.run.scope):
        return check
    return replace(
        check, run=replace(check.run, proves_nothing=f"it ran in {folder}, and what was changed is elsewhere")
    )


def _most_telling(checks: Sequence[_Check], most: int) -> list[_Check]:
    def rank(each: _Check) -> int:
        if each.run.proves_nothing is not None:
            return 2
        return {FAILED: 0, PASSED: 1}.get(each.run.outcome, 2)

    newest_first = sorted(checks, key=lambda each: (rank(each), -each.order[0], -each.order[1]))
    return newest_first[:most]


def _change_item(changes: Sequence[_Change], origin: Origin, begun_by: str, now: datetime) -> Evidence:
    code = any(each.code for each in changes)
    paths = list(dict.fromkeys(path for each in reversed(changes) for path in each.paths if path))
    told = f"{len(paths)} file{'s' if len(paths) != 1 else ''} changed" if paths else "files changed"
    # documents that were changed later make no check older
    last = next((each for each in reversed(changes) if each.code), changes[-1]).deed
    calls = dict.fromkeys(each.deed.id for each in reversed(changes))
    return _item(
        EvidenceClass.FILE_CHANGE,
        Quality.MODERATE,
        told + ("" if code else ", all of them documents"),
        (ClaimKind.PROGRESS,) if code else (ClaimKind.PROGRESS, ClaimKind.COMPLETION),
        refs=[{"kind": "tool_call", "ref": call} for call in list(calls)[:MOST_PATHS]],
        more={"change": {"paths": sorted(paths[:MOST_PATHS]), "code": code}, "segment": begun_by},
        at=last.at,
        origin=origin,
        now=now,
    )


def _dispatch_item(deed: Deed, origin: Origin, begun_by: str, now: datetime) -> Evidence:
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


def _check_item(check: _Check, after: bool, origin: Origin, begun_by: str, now: datetime) -> Evidence:
    run = check.run
    quality, claims = _grade(run, after, origin)
    ref = {"kind": "tool_call", "ref": check.deed.id, "label": run.runner}
    if check.deed.sha256:
        ref["sha256"] = check.deed.sha256
    described = {
        "runner": run.runner,
        "exit_status": run.exit_status,
        "outcome": run.outcome,
        "proves_nothing": run.proves_nothing,
        "folder": run.folder,
        "scope": _told_scope(run.scope),
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
        at=check.deed.at,
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
