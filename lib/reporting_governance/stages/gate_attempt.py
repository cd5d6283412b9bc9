"""From an attempt to the event and the evidence that it is judged by.  Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.contracts.check_in import CheckIn, ReportClaim, Verb
from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.event_envelope import Event, EventType
from reporting_governance.contracts.ids import check_in_event_id
from reporting_governance.contracts.report_attempt import HookPoint, ReportAttempt
from reporting_governance.contracts.times import format_time
from reporting_governance.core.check_in_rules import check_in_id, native_task_key
from reporting_governance.core.deeds import evidence_of, segment_of
from reporting_governance.core.event_normalizer import Call, check_in_event, evidence_reference, implicit_start
from reporting_governance.core.evidence_builder import (
    Origin,
    build_evidence,
    newest_change_at,
    newest_write_at,
    opened_files,
)
from reporting_governance.core.gating import Memory, attempt_digest
from reporting_governance.core.repeating import similarity_to_last
from reporting_governance.core.report_facts import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting_governance.adapters.hosts.interface import Host, Seen
    from reporting_governance.contracts.evidence import Evidence
    from reporting_governance.stages.check_in_group import ArtifactReader

Body = Mapping[str, Any]

_COMMAND_KEYS = ("command", "cmd", "script")
_PATH_KEYS = ("file_path", "notebook_path", "path")
_LONGEST_TASK_ID = 512


def session_task_id(host: Host, attempt: ReportAttempt) -> str:
    """Return the id of a session as a task; a sub-agent's work is a task of its own."""
    child = f":{attempt.child_id}" if attempt.child_id else ""
    return f"{host.name}:{attempt.session_id}{child}"[:_LONGEST_TASK_ID]


def digest_of(attempt: ReportAttempt, message: str, seen: Seen | None) -> str:
    """Return the digest of what an attempt is judged by.  What the agent says is no deed: asking twice adds to it."""
    from json import dumps

    said = (DeedKind.SAID, DeedKind.REQUEST)
    deeds = [each for each in segment_of(seen.deeds) if each.kind not in said] if seen else []
    document = attempt.dump()
    plain = {key: document[key] for key in ("claim", "report", "tool", "evidence", "task_id") if key in document}
    return attempt_digest(
        message,
        dumps(plain, sort_keys=True),
        attempt.child_id or "",
        "" if seen is None else seen.request_id,
        str(len(deeds)),
        *(f"{each.id}:{each.exit_status}:{each.failed}:{each.sha256}" for each in deeds[-1:]),
    )


class Subject(NamedTuple):
    """Whose attempt it is: the task, as it is known before it."""

    task_id: str
    body: Body | None  #: of the task's view, long texts in place; None: the task is new to us
    is_session: bool  #: it is a session, which nobody else checks in for

    @property
    def key(self) -> str:
        """The key of the task."""
        return native_task_key(self.task_id)


class Asked(NamedTuple):
    """An attempt with everything that was found for it."""

    host: Host
    attempt: ReportAttempt
    message: str
    seen: Seen | None
    subject: Subject
    memory: Memory
    digest: str
    uid: int
    artifacts: ArtifactReader
    now: datetime
    at: datetime | None = None  #: when it was asked; None: now


class Drafted(NamedTuple):
    """The event of an attempt, and what comes with it."""

    start: Event | None  #: of a session that is new to us
    event: Event
    evidence: Sequence[Evidence]
    snapshot: Mapping[str, Any]  #: the task's state before it


def draft(asked: Asked) -> Drafted:
    """Return the event that an attempt becomes, without what is decided about it."""
    attempt, subject = asked.attempt, asked.subject
    check_in, call = _check_in(asked), _call(asked)
    snapshot = _snapshot(asked)
    event = check_in_event(
        check_in, call, status=None, known=snapshot, similarity=similarity_to_last(check_in, subject.body)
    )
    payload = {**event.payload, "gate": _gate(asked)}
    if not subject.is_session:
        del payload["check_in"]  # the agent reports this task itself; a stop is no check-in
    if asked.seen is not None:
        payload["segment"] = _segment(asked.seen)
    if attempt.tool is not None:
        payload["tool"] = _tool(attempt.tool.name, attempt.tool.input or {})
    if _claims_nothing(asked):
        kind = EventType.TASK_EVIDENCE_ATTACHED  # what is seen of its work: an answer to a question is no report
        identity = check_in_event_id(call.task_key, call.uid, call.call_id, kind.value)
        event = replace(event, event_type=kind, event_id=identity)
    evidence = _evidence(asked, event, call)
    event = replace(event, payload=payload, evidence_refs=tuple(evidence_reference(each) for each in evidence))
    start = None
    if subject.is_session and subject.body is None:
        start = implicit_start(check_in, replace(call, implicit=True))
    return Drafted(start=start, event=event, evidence=evidence, snapshot=snapshot)


def _check_in(asked: Asked) -> CheckIn:
    attempt = asked.attempt
    claim = None if attempt.claim is None else attempt.claim.kind
    return CheckIn(
        verb=Verb.COMPLETE if _claims_completion(asked, claim) else Verb.CHECKPOINT,
        task=asked.subject.task_id,
        runtime=asked.host.runtime if asked.subject.is_session else None,
        message=asked.message,
        report=attempt.report,
        claim=claim,
    )


def _claims_completion(asked: Asked, claim: ReportClaim | None) -> bool:
    if claim is not None:
        return claim is ReportClaim.COMPLETION
    if asked.attempt.report is not None or asked.attempt.hook is HookPoint.TOOL or not asked.message:
        return False
    return read_text(asked.message).completion.value is True


def _claims_nothing(asked: Asked) -> bool:
    attempt = asked.attempt
    if attempt.hook is HookPoint.TOOL:
        return True
    if attempt.claim is not None:
        return attempt.claim.kind is ReportClaim.NONE
    return attempt.report is None and (not asked.message or read_text(asked.message).kind == "none")


def _call(asked: Asked) -> Call:
    attempt, subject = asked.attempt, asked.subject
    known = subject.body["task"] if subject.body else {}
    call_id = f"{attempt.session_id}:{attempt.hook.value}:{asked.digest}:{asked.memory.judged}"
    return Call(
        task_key=subject.key,
        agent_id=str(known.get("agent_id") or attempt.agent_id or asked.host.name),
        correlation_id=str(known.get("correlation_id") or attempt.session_id),
        id=check_in_id(asked.uid, call_id),
        call_id=call_id,
        uid=asked.uid,
        at=asked.at or asked.now,
        received_at=asked.now,
    )


def _snapshot(asked: Asked) -> dict[str, Any]:
    """Return the task as it was before; of a session with the sub-agents that its host shows."""
    subject, call = asked.subject, _call(asked)
    seen = asked.seen
    if subject.body is not None and subject.body["task"] is not None:
        task = dict(subject.body["task"])
    else:
        began_at = (seen.began_at if seen else None) or asked.now
        task = {
            "task_id": subject.task_id,
            "agent_id": call.agent_id,
            "runtime": asked.host.runtime,
            "status": "active",
            "mode": "interactive",
            "started_at": format_time(min(began_at, asked.now)),
            "correlation_id": call.correlation_id,
        }
    if subject.is_session and seen is not None and (children := _children(seen.deeds, asked.now)):
        task["children"] = children
    return task


def _children(deeds: Sequence[Deed], now: datetime) -> list[dict[str, Any]]:
    children: dict[str, dict[str, Any]] = {}
    for deed in segment_of(deeds):
        at = format_time(min(deed.at, now)) if deed.at else format_time(now)
        identity = deed.child or deed.id
        if deed.kind is DeedKind.SPAWN and deed.failed is not True:
            children[identity] = {"task_id": identity, "status": "active", "spawned_at": at}
        elif deed.kind is DeedKind.CHILD_RESULT and identity in children:
            # the agent has it before it: in a session its report is how it is forwarded
            children[identity] |= {"status": "completed", "finished_at": at, "forwarded_at": at}
    return list(children.values())


def _gate(asked: Asked) -> dict[str, Any]:
    session = {"session": True} if asked.subject.is_session else {}
    return {
        **session,
        "host": asked.host.name,
        "hook": asked.attempt.hook.value,
        "blocked_before": asked.memory.most(of_tools=asked.attempt.hook is HookPoint.TOOL),
    }


def _segment(seen: Seen) -> dict[str, Any]:
    segment: dict[str, Any] = {"id": seen.request_id, "reaches_back": seen.complete}
    if seen.began_at is not None:
        segment["began_at"] = format_time(seen.began_at)
    return segment


def _tool(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": name}
    for key, names in (("command", _COMMAND_KEYS), ("path", _PATH_KEYS)):
        found = next((given[each] for each in names if isinstance(given.get(each), str)), None)
        if found is not None:
            tool[key] = found
    return tool


def _evidence(asked: Asked, event: Event, call: Call) -> list[Evidence]:
    reported = asked.subject.body["evidence"] if asked.subject.body and not asked.subject.is_session else ()
    found = [(each, opened_files(each, asked.artifacts.open_file)) for each in asked.attempt.evidence]
    origin = Origin(
        event_id=event.event_id,
        task_id=event.task_id,
        agent_id=call.agent_id,
        correlation_id=call.correlation_id,
        from_other=False,
        last_change_at=newest_change_at(reported, asked.attempt.evidence, asked.now),
        last_write_at=newest_write_at(reported, found),
    )
    items = list(evidence_of(asked.seen.deeds, origin, asked.now)) if asked.seen else []
    items += [build_evidence(offered, opened, origin, now=asked.now) for offered, opened in found]
    return items
