"""A judged attempt as one group: the event, its evidence, the decision and the notices, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reporting_governance.contracts.gate_answer import GateAnswer
from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.times import due_name
from reporting_governance.core.task_fold import ANSWERS
from reporting_governance.stages.committing import commit_in_turn
from reporting_governance.stages.deciding import decide
from reporting_governance.stages.first_notices import Judged
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.storage.interface import Added, Addition, Group, Listing, Store, View

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.stages.gate_judging import Judgement
    from reporting_governance.stages.policy import Policy
    from reporting_governance.stages.task_version import TaskVersion

_UNWRITTEN = 0  #: seq of a version that the same group makes; no line has it


def record(
    store: Store, judgement: Judgement, version: TaskVersion, policy: Policy, profile: ProfileSpec
) -> GateAnswer | None:
    """Record a judged attempt; None when its task, or what the operator was told, has changed meanwhile.

    Raises: Busy, StorageError, NotOurState; then nothing was recorded.
    """
    now = judgement.asked.now
    requests = store.listing(Folder.DECISIONS)
    change, event_id = _change(judgement, version, requests)
    born = change.native_group(profile.watchdog, now)
    decided = decide(
        _judged(judgement, change, born, event_id),
        replace(policy, powers=judgement.powers),
        profile,
        store.listing(Folder.EPISODES),
        requests,
        set(),
        now,
    )
    groups = _joined(born, decided.groups, event_id)
    answers = commit_in_turn(store, groups, now=now)
    if not (len(answers) == len(groups) and isinstance(answers[-1], Added)):
        return None
    notices = sum(1 for each in _records(groups) if each.kind == Notice.schema)
    return judgement.answer._replace(notices=notices)


def _change(judgement: Judgement, version: TaskVersion, requests: Listing) -> tuple[TaskChange, str]:
    drafted = judgement.drafted
    gate = drafted.event.payload["gate"]
    if judgement.memory is not None:
        gate = {**gate, **judgement.memory.dump()}
    payload = {**drafted.event.payload, "gate": gate}
    if judgement.status is not None:
        payload["status"] = judgement.status
        if drafted.snapshot["status"] != judgement.status:
            payload["previous_status"] = drafted.snapshot["status"]
    event = replace(drafted.event, payload=payload)
    change = TaskChange(version, about=(version.key, event.agent_id))
    if drafted.start is not None:
        change.event(drafted.start)
    for item in drafted.evidence:
        change.evidence(item, event)
    # a session's report answers what was asked of it; a task of ours is reported by its agent
    name = requests.names.get(derive_id("cpr", version.key))
    answers = name is not None and "check_in" in payload and event.event_type.value in ANSWERS
    change.event(event, consumes=(name,) if answers and name is not None else ())
    return change, event.event_id


def _judged(judgement: Judgement, change: TaskChange, born: Group, event_id: str) -> Judged:
    """Return the attempt as `enqueue` would see it, with names of versions that this very group makes."""
    event = next(each.body for each in _records([born]) if each.id == event_id)
    now: datetime = judgement.asked.now
    place = next(key for each in _records([born]) for key in each.views if key.id == change.version.key)
    task = None
    if place.folder is Folder.TASKS:
        task = View(ViewName(place.folder, place.id, place.due, _UNWRITTEN), change.body or {})
    return Judged(
        view=View(ViewName(Folder.EVENTS, event_id, due_name(now), _UNWRITTEN), {}),
        event=event,
        evidence=[each.dump() for each in judgement.drafted.evidence],
        task=task,
        threads=(),
        facts=judgement.facts,
        verdict=judgement.verdict,
    )


def _joined(born: Group, decided: Iterable[Group], event_id: str) -> list[Group]:
    """Return the groups with the event in the last one, which holds the decision; the event never waits for one."""
    *earlier, last = decided
    additions = [_without_wait(each, event_id) for each in born.additions]
    additions += [_on_unwritten(each) for each in last.additions]
    whole = Group(
        additions=tuple(additions),
        expects=tuple(each for each in last.expects if each.seq != _UNWRITTEN),
        absences=(*born.absences, *last.absences),
    )
    parts = [each._replace(expects=tuple(name for name in each.expects if name.seq != _UNWRITTEN)) for each in earlier]
    return [*parts, whole]


def _without_wait(addition: Addition, event_id: str) -> Addition:
    record = addition.record
    if record is None:
        return addition
    views: tuple[ViewKey, ...] = tuple(each for each in record.views if each.id != event_id)
    return addition._replace(record=replace(record, views=views))


def _on_unwritten(addition: Addition) -> Addition:
    record = addition.record
    if record is None:
        return addition
    consumes = tuple(each for each in record.consumes if each.seq != _UNWRITTEN)
    return addition._replace(record=replace(record, consumes=consumes))


def _records(groups: Iterable[Group]) -> list[RecordLine]:
    return [each.record for group in groups for each in group.additions if each.record is not None]
