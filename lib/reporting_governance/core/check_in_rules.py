"""What a check-in does to its task: which status follows, which times count, what is refused and why."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.check_in import CheckIn, Verb
from reporting_governance.contracts.evidence import Quality
from reporting_governance.contracts.ids import derive_id, task_key
from reporting_governance.contracts.task_state import FINISHED, TaskStatus
from reporting_governance.errors import GovernanceError

NATIVE = "native"  #: source and instance of the tasks that check in with us
ENOUGH = Quality.MODERATE  #: what a claim of completion needs

_BY_VERB: Mapping[Verb, TaskStatus] = {
    Verb.FAIL: TaskStatus.FAILED,
    Verb.WAIT: TaskStatus.WAITING_USER,
    Verb.BLOCK: TaskStatus.BLOCKED,
    Verb.PAUSE: TaskStatus.PAUSED,
    Verb.RESUME: TaskStatus.ACTIVE,
}
#: The status words that each verb may name.
_ALLOWED: Mapping[Verb, tuple[TaskStatus, ...]] = {
    Verb.START: (TaskStatus.ACTIVE, TaskStatus.EXPECTED),
    Verb.CHECKPOINT: (TaskStatus.ACTIVE, TaskStatus.WAITING_USER, TaskStatus.PAUSED, TaskStatus.BLOCKED),
    Verb.FAIL: (TaskStatus.FAILED, TaskStatus.CANCELLED),
}
_INSTEAD: Mapping[str, str] = {
    TaskStatus.COMPLETED.value: "use the verb complete, and say what proves it",
    TaskStatus.PENDING_VERIFICATION.value: "use the verb complete",
    TaskStatus.FAILED.value: "use the verb fail",
    TaskStatus.CANCELLED.value: "use the verb fail with status cancelled",
}
_REOPENS = (Verb.START, Verb.RESUME)


class CheckInRefused(GovernanceError):
    """A check-in that says nothing one could act on."""

    message = "{task}: {problem}"
    hint = "{advice}"


class NotTheirTask(CheckInRefused):
    """A check-in of somebody who neither started the task nor has the role to speak for others."""


def native_task_key(task_id: str) -> str:
    """Return the key of a task that checks in with us.  Its runtime is not part of it: a check-in need not name it."""
    return task_key(NATIVE, NATIVE, task_id)


def check_in_id(uid: int, call_id: str) -> str:
    """Return what a task's view remembers of a check-in, so that the same call is recorded once."""
    return derive_id("cin", str(uid), call_id)


def status_after(check_in: CheckIn, current: str | None, proof: Quality, *, held: bool = False) -> TaskStatus | None:
    """Return the status a check-in gives its task; None: it stays as it is.

    Args:
        current: the task's status, None for a task that starts with this.
        proof: the best evidence for completion, this check-in's included.
        held: a decision lets the task wait, whatever our own rule says of the proof: only a new claim, which is judged
            again, or a person ends that.

    Raises: CheckInRefused for a status word that is vague or not this verb's to say.
    """
    word = None if check_in.status is None else _read_word(check_in, check_in.status)
    if current in FINISHED and check_in.verb not in _REOPENS:
        return None
    if check_in.verb is Verb.START:
        return word or TaskStatus.ACTIVE
    if check_in.verb is Verb.COMPLETE:
        return TaskStatus.COMPLETED if proof >= ENOUGH else TaskStatus.PENDING_VERIFICATION
    if current == TaskStatus.PENDING_VERIFICATION and check_in.verb is Verb.EVIDENCE and not held:
        return TaskStatus.COMPLETED if proof >= ENOUGH else None
    if current == TaskStatus.EXPECTED and check_in.verb is Verb.CHECKPOINT:
        return word or TaskStatus.ACTIVE
    return word or _BY_VERB.get(check_in.verb)


def refuse_wrong_promise(check_in: CheckIn, now: datetime) -> None:
    """Refuse a promise by a calendar that says nothing: nobody would ever be late by it.

    Raises: CheckInRefused.
    """
    promise = check_in.checkpoint
    if promise is None or promise.schedule is None:
        return
    from reporting_governance.core.calendars import problem_with

    wrong = problem_with(promise.schedule, promise.time_zone, after=now)
    if wrong is not None:
        raise CheckInRefused(
            task=check_in.task, problem=wrong, advice="Nothing was recorded; correct it and say it again."
        )


def _read_word(check_in: CheckIn, word: str) -> TaskStatus:
    allowed = _ALLOWED[check_in.verb]
    known = "active" if word == "in_progress" else word
    for status in allowed:
        if status.value == known:
            return status
    names = ", ".join(status.value for status in allowed)
    vague = known not in set(TaskStatus)
    raise CheckInRefused(
        task=check_in.task,
        problem=f"status {word!r} {'says nothing one could watch' if vague else f'is not for {check_in.verb.value}'}",
        advice=_INSTEAD.get(known, f"Say one of: {names}."),
    )


def reopens(verb: Verb) -> bool:
    """Tell whether a check-in opens a finished task again; any other is recorded on it and opens nothing."""
    return verb in _REOPENS


def clamp(at: datetime | None, now: datetime) -> tuple[datetime, tuple[str, ...]]:
    """Return the time a check-in counts from, with flags: nothing has happened in the future."""
    if at is None:
        return now, ()
    return (now, ("future_time_clamped",)) if at > now else (at, ())


def may_check_in(uid: int, started_by: int | None, operators: Container[int]) -> bool:
    """Tell whether a user may speak for a task: who started it, or somebody with role operator."""
    return started_by is None or uid == started_by or uid in operators


def best_proof(evidence: tuple[Mapping[str, Any], ...]) -> Quality:
    """Return the best quality among compact evidence items that support completion; none without any."""
    qualities = [Quality(each["quality"]) for each in evidence if "completion" in each["supports"].get("claims", ())]
    return max(qualities, key=lambda quality: quality.rank, default=Quality.NONE)
