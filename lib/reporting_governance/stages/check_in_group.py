"""From the check-ins of one task to one group of records."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from reporting_governance.contracts.check_in import CheckIn, Verb
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Event
from reporting_governance.contracts.evidence import Evidence
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.core.check_in_rules import (
    NotTheirTask,
    best_proof,
    check_in_id,
    clamp,
    may_check_in,
    native_task_key,
    refuse_wrong_promise,
    reopens,
    status_after,
)
from reporting_governance.core.event_normalizer import Call, check_in_event, evidence_reference, implicit_start
from reporting_governance.core.evidence_builder import (
    CountsForNothing,
    Opened,
    Origin,
    build_evidence,
    counts_for_nothing,
    newest_change_at,
    newest_write_at,
    opened_files,
)
from reporting_governance.core.repeating import similarity_to_last
from reporting_governance.core.task_fold import ANSWERS
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.check_in_answer import what_is_owed
from reporting_governance.stages.report_result import CheckInResult
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.stages.task_version import TaskVersion, load_version
from reporting_governance.storage.interface import Group, Listing, Store

MOST_IN_GROUP = 40  #: records of one task in one group, reached by at most one check-in


class ArtifactReader(Protocol):
    """Opens files that are named as evidence, inside the allowed roots only."""

    def open_file(self, reference: str) -> Opened:
        """Return the digest of a file, or why it could not be opened."""
        ...


class NoArtifacts:
    """Opens nothing: for callers without allowed roots."""

    def open_file(self, reference: str) -> Opened:
        """Say that no file may be opened."""
        return Opened(None, f"{reference}: no folder is allowed for evidence")


@dataclass(slots=True)
class Pending:
    place: int
    check_in: CheckIn
    call_id: str
    retry_safe: bool
    tries: int = 0


@frozen
class Built:
    change: TaskChange
    group: Group | None  #: None: nothing to add
    results: Mapping[int, CheckInResult] = field(default_factory=dict)  #: by place


class CheckInBuilder:
    """Builds groups of check-ins: everything that does not change from one round to the next."""

    def __init__(
        self, store: Store, uid: int, profile: ProfileSpec, artifacts: ArtifactReader, operators: Container[int]
    ) -> None:
        self._store = store
        self._uid = uid
        self._profile = profile
        self._artifacts = artifacts
        self._operators = operators

    def build(self, tasks: Listing, pending: Sequence[Pending], now: datetime) -> Built | None:
        """Return the group of one task's check-ins; None when the task changed while we looked."""
        version = load_version(self._store, tasks, native_task_key(pending[0].check_in.task))
        if version is None:
            return None
        agent = _agent(version, pending[0].check_in, self._uid)
        change = TaskChange(version, about=(version.key, agent))
        results: dict[int, CheckInResult] = {}
        for each in pending:
            if len(change) and len(change) + len(each.check_in.evidence) + 2 > MOST_IN_GROUP:
                break
            try:
                results[each.place] = self._add(change, tasks, each, agent, now)
            except GovernanceError as error:
                results[each.place] = _refusal(each, error)
        group = change.native_group(self._profile.watchdog, now) if len(change) else None
        owed = what_is_owed(change.body, self._profile.watchdog, now) if change.body else None
        return Built(change, group, {place: replace(each, owed=owed) for place, each in results.items()})

    def heartbeat(self, tasks: Listing, check_in: CheckIn, now: datetime) -> CheckInResult:
        """Return whether a heartbeat is this user's to send, and what its task owes: it answers nothing by itself."""
        result = CheckInResult(task=check_in.task, verb=check_in.verb.value, recorded=True)
        version = load_version(self._store, tasks, native_task_key(check_in.task))
        body = version.body if version is not None else None
        if body is None:
            return replace(result, recorded=False, refused=True, reason="no such task; start it first")
        if not may_check_in(self._uid, body["uid"], self._operators):
            reason = f"the task was started by uid {body['uid']}"
            return replace(result, recorded=False, refused=True, of_another=True, reason=reason)
        return replace(result, owed=what_is_owed(body, self._profile.watchdog, now))

    def _add(self, change: TaskChange, tasks: Listing, pending: Pending, agent: str, now: datetime) -> CheckInResult:
        check_in, body = pending.check_in, change.body
        started_by = None if body is None else body["uid"]
        if not may_check_in(self._uid, started_by, self._operators):
            raise NotTheirTask(
                task=check_in.task,
                problem=f"was started by uid {started_by}, and this check-in is of uid {self._uid}",
                advice="Only that user, or one with role operator, may check in for it.",
            )
        identity = check_in_id(self._uid, pending.call_id)
        if body is not None and identity in body["check_ins"]:
            return CheckInResult(
                task=check_in.task, verb=check_in.verb.value, recorded=False, reason="already recorded"
            )
        refuse_wrong_promise(check_in, now)
        at, flagged = clamp(check_in.at, now)
        call = Call(
            task_key=change.version.key,
            agent_id=agent,
            correlation_id=self._correlation(tasks, check_in, body),
            id=identity,
            call_id=pending.call_id,
            uid=self._uid,
            at=at,
            received_at=now,
            flagged=flagged,
            implicit=body is None and check_in.verb is not Verb.START,
        )
        return self._add_records(change, pending, call, now)

    def _add_records(self, change: TaskChange, pending: Pending, call: Call, now: datetime) -> CheckInResult:
        check_in, before = pending.check_in, change.body
        event = check_in_event(check_in, call, status=None, known=before["task"] if before else None)
        items, vain = self._evidence(check_in, event, call, before, now)
        known = None if before is None else before["task"]
        current = known["status"] if known else None
        proof = best_proof((*(before["evidence"] if before else ()), *(item.dump() for item in items)))
        held = before is not None and "held" in before
        status = status_after(check_in, "active" if call.implicit else current, proof, held=held)
        if call.implicit:
            change.event(implicit_start(check_in, call))
        known = None if change.body is None else change.body["task"]
        similarity = similarity_to_last(check_in, before)
        event = replace(
            check_in_event(check_in, call, status=status, known=known, similarity=similarity),
            evidence_refs=tuple(evidence_reference(item) for item in items),
        )
        for item in items:
            change.evidence(item, event)
        change.event(event, consumes=self._request(before, event))
        return CheckInResult(
            task=check_in.task,
            verb=check_in.verb.value,
            recorded=True,
            event_id=event.event_id,
            flagged=(*call.flagged, *(("implicit",) if call.implicit else ())),
            qualities=tuple(item.quality.value for item in items),
            counts_for_nothing=vain,
            status=None if change.body is None else change.body["task"]["status"],
            retry_safe=pending.retry_safe,
            reason=_remark(change.version, check_in),
        )

    def _evidence(
        self, check_in: CheckIn, event: Event, call: Call, body: Mapping[str, Any] | None, now: datetime
    ) -> tuple[list[Evidence], tuple[CountsForNothing, ...]]:
        """Return the graded items, and why some of them are worth nothing."""
        known = body["evidence"] if body else ()
        found = [(each, opened_files(each, self._artifacts.open_file)) for each in check_in.evidence]
        origin = Origin(
            event_id=event.event_id,
            task_id=check_in.task,
            agent_id=call.agent_id,
            correlation_id=call.correlation_id,
            from_other=body is not None and body["uid"] is not None and body["uid"] != call.uid,
            last_change_at=newest_change_at(known, check_in.evidence, now),
            last_write_at=newest_write_at(known, found),
        )
        items, vain = [], []
        for number, (offered, opened) in enumerate(found, start=1):
            items.append(build_evidence(offered, opened, origin, now=now))
            vain.append(counts_for_nothing(number, items[-1], opened))
        return items, tuple(each for each in vain if each is not None)

    def _request(self, body: Mapping[str, Any] | None, event: Event) -> tuple[ViewName, ...]:
        """Return the open checkpoint request that this check-in answers."""
        request = body["request"] if body else None
        if request is None or event.event_type not in ANSWERS:
            return ()
        name = self._store.listing(Folder.DECISIONS).names.get(request["request_id"])
        return () if name is None else (name,)

    def _correlation(self, tasks: Listing, check_in: CheckIn, body: Mapping[str, Any] | None) -> str:
        """Return the host's run id, else that of the parent, else the parent's or the task's own id."""
        if check_in.correlation_id:
            return check_in.correlation_id
        if body is not None and "correlation_id" in body["task"]:
            return str(body["task"]["correlation_id"])
        if check_in.parent_task_id is None:
            return check_in.task
        parent = load_version(self._store, tasks, native_task_key(check_in.parent_task_id))
        known = parent.body["task"] if parent and parent.body else {}
        return str(known.get("correlation_id", check_in.parent_task_id))


def _agent(version: TaskVersion, check_in: CheckIn, uid: int) -> str:
    if version.body is not None and check_in.verb is not Verb.START:
        return str(version.body["task"]["agent_id"])
    return check_in.agent or (str(version.body["task"]["agent_id"]) if version.body else f"uid:{uid}")


def _remark(version: TaskVersion, check_in: CheckIn) -> str:
    if version.name is not None and version.name.folder is Folder.PAST and not reopens(check_in.verb):
        return "the task had ended: this is recorded on it and opens nothing"
    return ""


def _refusal(pending: Pending, error: GovernanceError) -> CheckInResult:
    return CheckInResult(
        task=pending.check_in.task,
        verb=pending.check_in.verb.value,
        recorded=False,
        reason=f"{error}  {error.advice()}".strip(),
        refused=True,
        of_another=isinstance(error, NotTheirTask),
    )
