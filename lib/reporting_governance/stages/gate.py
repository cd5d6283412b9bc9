"""gate: one attempt to report is judged, answered, and recorded together with its decision.

Everything is judged in memory first.  Then event, evidence, decision and notices are one group: all of it is in the
journal or nothing is.  An attempt that claims nothing and that nobody has anything against leaves no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.report_attempt import HookPoint, ReportAttempt
from reporting_governance.core.check_in_rules import may_check_in, native_task_key
from reporting_governance.core.gating import Memory, is_rewritten, is_same, remembered
from reporting_governance.stages.gate_attempt import Asked, Subject, digest_of, draft, session_task_id
from reporting_governance.stages.gate_judging import judge
from reporting_governance.stages.task_version import TaskVersion, load_version
from reporting_governance.storage.interface import Listing, Store

if TYPE_CHECKING:
    from reporting_governance.adapters.hosts.interface import Host, Seen
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.stages.check_in_group import ArtifactReader
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.policy import Policy

_TRIES = 4  #: how often an attempt is judged anew because its task changed meanwhile


class NotRecorded(Exception):
    """It was judged, and the journal was changed by others each time; a value for the caller."""


class Gate(NamedTuple):
    """Everything about a gate that does not change from one attempt to the next."""

    store: Store
    host: Host
    policy: Policy  #: with the powers of the host
    profile: ProfileSpec
    uid: int
    operators: frozenset[int]
    artifacts: ArtifactReader
    clock: Clock


def run_gate(gate: Gate, attempt: ReportAttempt, seen: Seen | None) -> GateAnswer:
    """Judge one attempt, record it, and return the answer.

    Safe to start twice: the same attempt of a session is judged and recorded once.
    Raises: Busy, StorageError, NotOurState, NotRecorded; then nothing was recorded.
    """
    if attempt.hook is HookPoint.TOOL and not looks_at_tools(gate.policy):
        return GateAnswer(kind=AnswerKind.PASS)
    gate.store.ready()
    for _ in range(_TRIES):
        listing = gate.store.listing(Folder.TASKS)
        asked, version = _asked(gate, listing, attempt, seen)
        if asked is None or version is None:
            continue
        if is_same(asked.memory, asked.digest, attempt.hook.value, blocked_before=attempt.blocked_before):
            return _from_memory(asked.memory)
        if is_rewritten(asked.memory, asked.message):
            return _from_memory(asked.memory._replace(answer=AnswerKind.PASS, message=None))
        judgement = judge(asked, draft(asked), gate.policy, gate.profile)
        if not judgement.leaves_a_trace:
            return judgement.answer
        from reporting_governance.stages.gate_recording import record

        answer = record(gate.store, judgement, version, gate.policy, gate.profile)
        if answer is not None:
            return answer
    raise NotRecorded


def looks_at_tools(policy: Policy) -> bool:
    """Tell whether a rule looks at the use of tools; else none is judged."""
    return any(
        leaf.fact.startswith("tool.") for pack in policy.packs for rule in pack.rules for leaf in rule.condition.leaves
    )


def _asked(
    gate: Gate, listing: Listing, attempt: ReportAttempt, seen: Seen | None
) -> tuple[Asked | None, TaskVersion | None]:
    """Return the attempt with its task; none when the task was changed while we looked."""
    version, is_session = None, True
    task_id = attempt.task_id
    if task_id is not None:
        version = load_version(gate.store, listing, native_task_key(task_id))
        known = version is not None and version.body is not None and version.body["task"] is not None
        is_session = not (known and version is not None and _is_theirs(gate, version))
    if task_id is None or is_session:
        task_id = session_task_id(gate.host, attempt)
        version = load_version(gate.store, listing, native_task_key(task_id))
    if version is None:
        return None, None
    message = attempt.message or (seen.last_text if seen else "")
    segment = seen.request_id if seen else ""
    asked = Asked(
        host=gate.host,
        attempt=attempt,
        message=message if attempt.hook is not HookPoint.TOOL else "",
        seen=seen,
        subject=Subject(task_id=task_id, body=version.body, is_session=is_session),
        memory=remembered(version.body, attempt.session_id, segment),
        digest=digest_of(attempt, message, seen),
        uid=gate.uid,
        artifacts=gate.artifacts,
        now=gate.clock.now(),
    )
    return asked, version


def _is_theirs(gate: Gate, version: TaskVersion) -> bool:
    body = version.body or {}
    return may_check_in(gate.uid, body.get("uid"), gate.operators)


def _from_memory(memory: Memory) -> GateAnswer:
    return GateAnswer(
        kind=memory.answer or AnswerKind.PASS,
        reason=memory.reason,
        message=memory.message,
        decision=memory.decision,
        policy_id=memory.policy_id or None,
        decision_id=memory.decision_id or None,
    )
