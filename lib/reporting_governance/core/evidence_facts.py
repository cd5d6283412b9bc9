"""What stands behind a report: the facts `evidence.*`, and whether what it hands on was handed on.

Everything is computed from the evidence alone, so that what a host's transcript shows and what an agent offers with
`report` are judged alike.  What nobody said is unknown: that no change was reported does not mean that none was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

from reporting_governance.core.evidence_items import Check, Item, of_segment, read_items
from reporting_governance.core.fact_catalogue import CHECKS_ASSERTED
from reporting_governance.core.fact_reading import Document, as_object, as_text, as_time, group_unknown
from reporting_governance.core.policy_operators import QUALITY_RANK, Unknown

_NO_EVIDENCE = group_unknown("evidence.", "the evidence was not read")
_NO_TRANSCRIPT = Unknown("no transcript was read")
_NO_CHANGE = Unknown("nobody said what was changed")
_NOT_WHAT = Unknown("the evidence does not say what was changed")
_NOT_ALL = Unknown("what was done was not read from its beginning")
_NO_RECEIPT = Unknown("there is no evidence that could show it")


def add_evidence(
    values: dict[str, object],
    event: Document,
    task: Document | None,
    evidence: Sequence[Document] | None,
    *,
    is_before: bool,
) -> None:
    """Add what stands behind the claims; needs the facts of event and task.

    Args:
        evidence: items about the task, those of the event first; None: they were not read.
        is_before: the task is known as it was before this event.
    """
    payload = as_object(event.get("payload"))
    reaches_back = _reach(event)
    if evidence is None:
        values.update(_NO_EVIDENCE)
        values["claim.dispatch_receipt_present"] = _NO_EVIDENCE["evidence.items"]
    else:
        items = items_of(event, evidence)
        _add_items(values, items)
        values["evidence.new_items_since_last_checkpoint"] = _new_items(
            values, items, is_before=is_before, is_check_in="check_in" in payload
        )
        _add_changes(values, items, reaches_back)
        _add_checks(values, items, reaches_back)
        values["claim.dispatch_receipt_present"] = _dispatched(values, items, task, reaches_back)
    values["evidence.reaches_back"] = _NO_TRANSCRIPT if reaches_back is None else reaches_back


def items_of(event: Document, evidence: Sequence[Document]) -> list[Item]:
    """Return the items that an event is judged by, each once; what came with it stands first."""
    segment = as_object(as_object(event.get("payload")).get("segment"))
    began_at = as_time(segment.get("began_at"))
    return of_segment(
        read_items(evidence, _own(event)),
        as_text(segment.get("id")),
        began_at=began_at if isinstance(began_at, datetime) else None,
        is_whole=_reach(event) is True,
    )


def _reach(event: Document) -> bool | None:
    reach = as_object(as_object(event.get("payload")).get("segment")).get("reaches_back")
    return reach if isinstance(reach, bool) else None


def _own(event: Document) -> frozenset[str]:
    references = event.get("evidence_refs")
    listed = references if isinstance(references, (list, tuple)) else ()
    return frozenset(str(each["ref"]) for each in listed if as_object(each).get("kind") == "evidence" and "ref" in each)


def _add_items(values: dict[str, object], items: Sequence[Item]) -> None:
    values["evidence.items"] = tuple(item.as_fact() for item in items)
    values["evidence.classes"] = tuple(sorted({item.evidence_class for item in items if item.evidence_class}))
    values["evidence.newest_at"] = max((item.time for item in items if item.time is not None), default=None)
    values["evidence.max_quality"] = _best(items)
    values["evidence.completion_min_quality"] = _best(item for item in items if item.proves_completion)


def _best(items: Iterable[Item]) -> str:
    qualities = [item.quality for item in items if item.quality in QUALITY_RANK]
    return max((each for each in qualities if each), key=QUALITY_RANK.__getitem__, default="none")


def _new_items(values: dict[str, object], items: Sequence[Item], *, is_before: bool, is_check_in: bool) -> object:
    """Count what is newer than the check-in before this event; an item's own `supports.since` names it.

    What came with the event itself counts from that very moment: several check-ins of one call have one time.  What
    came after a check-in is new for the next one.
    """
    if values["event.event_type"] == "task_started" and not is_before:
        return sum(item.is_own for item in items)  # there was nothing before it
    last, at = values["task.last_checkpoint_at"], values["event.timestamp"]
    before: object = None
    if last is None:
        before = values["task.started_at"]
    elif isinstance(last, datetime) and isinstance(at, datetime) and (last < at or (is_before and last == at)):
        before = last
    count = 0
    for item in items:
        since = item.since or before
        if not isinstance(since, datetime) or item.time is None:
            return Unknown("which check-in the evidence is new against is not known")
        if is_check_in and not item.is_own and isinstance(at, datetime) and item.time > at:
            continue
        count += item.time >= since if item.is_own or last is None else item.time > since
    return count


def _add_changes(values: dict[str, object], items: Sequence[Item], reaches_back: bool | None) -> None:
    changes = [item for item in items if item.is_change]
    code: object
    if any(item.changes_code is True for item in changes):
        code = True
    elif any(item.changes_code is None for item in changes):
        code = _NOT_WHAT
    elif reaches_back is False:
        code = _NOT_ALL
    elif changes or reaches_back:
        code = False
    else:
        code = _NO_CHANGE
    values["evidence.code_changed"] = code
    values["evidence.documents_only"] = (
        code
        if isinstance(code, Unknown)
        else bool(changes) and code is False and not any(item.changes_settings for item in changes)
    )


def _add_checks(values: dict[str, object], items: Sequence[Item], reaches_back: bool | None) -> None:
    checks = [(item, item.check) for item in _in_order(items) if item.check is not None]
    values["evidence.checks_run"] = len(checks)
    values["evidence.checks_proving_nothing"] = sum(check.proves_nothing is not None for _, check in checks)
    values["evidence.failing_checks"] = sum(
        check.passed is False and not any(later.makes_up_for(check) for _, later in checks[place + 1 :])
        for place, (_, check) in enumerate(checks)
    )
    code = any(item.is_change and item.changes_code is not False for item in items)
    changes = [
        item
        for item in items
        if item.is_change and (item.changes_code is not False or (code and item.changes_settings))
    ]
    no_code = not changes and (reaches_back is True or any(item.is_change for item in items))
    telling = [
        (item, check, _is_after(item, check, changes, no_code=no_code))
        for item, check in checks
        if check.proves_nothing is None
    ]
    values["evidence.check_after_last_change"] = _any(after for _, _, after in telling)
    passed = [(item, after) for item, check, after in telling if check.passed is True]
    some = _any(after for _, after in passed)
    values["evidence.best_check_after_last_change"] = (
        some if isinstance(some, Unknown) else _best(item for item, after in passed if after is True)
    )
    values["evidence.checks_passed"] = _shown([(check, after) for _, check, after in telling if check.passed is True])


def _shown(passed: Sequence[tuple[Check, bool | None]]) -> object:
    """Return what the checks that passed after the last change show; unknown where one more may show more."""
    shown = {each for check, after in passed if after is True for each in check.shows}
    if any(after is None and not check.shows <= shown for check, after in passed):
        return _NO_CHANGE
    return tuple(each for each in CHECKS_ASSERTED if each in shown)


def _in_order(items: Sequence[Item]) -> list[Item]:
    """Return the items in the order in which they were captured; of one time in the order in which they came.

    What came with the event stands first in a list and came last.
    """
    listed = [*(item for item in items if not item.is_own), *(item for item in items if item.is_own)]
    timed = [(item.time, item) for item in listed if item.time is not None]
    return [item for _, item in sorted(timed, key=itemgetter(0))] if len(timed) == len(listed) else listed


def _is_after(item: Item, check: Check, changes: Sequence[Item], *, no_code: bool) -> bool | None:
    """Tell whether a check ran after the last change; None: there is nothing to date it against.

    A document that is changed after a check takes nothing from it.  What was said of a check when it was graded holds
    for the changes that were known then, which are those that came with it; it may be overtaken by later ones.

    Args:
        changes: of code, or of what nobody says.
        no_code: it is known that no code was changed.
    """
    said = check.is_after_change
    later = [
        change
        for change in changes
        if change.time is not None and item.time is not None and change.time > item.time
        if said is None or change.event is None or change.event != item.event
    ]
    if said is False or later:
        return False
    if said is True or no_code:
        return True
    return None if not changes or item.time is None else True


def _any(truths: Iterable[bool | None]) -> bool | Unknown:
    found = set(truths)
    if True in found:
        return True
    return _NO_CHANGE if None in found else False


def _dispatched(
    values: dict[str, object], items: Sequence[Item], task: Document | None, reaches_back: bool | None
) -> object:
    """Tell whether something shows that work was handed on since the check-in before."""
    if any(item.is_dispatch for item in items) or _has_new_child(values, task):
        return True
    return False if items or reaches_back else _NO_RECEIPT


def _has_new_child(values: dict[str, object], task: Document | None) -> bool:
    listed = as_object(task).get("children")
    children = [as_object(each) for each in listed] if isinstance(listed, (list, tuple)) else []
    since = values["task.last_checkpoint_at"]
    return any(
        isinstance(at := as_time(each.get("spawned_at")), datetime)
        and not (isinstance(since, datetime) and at <= since)
        for each in children
        if not each.get("spawn_failed_at")
    )
