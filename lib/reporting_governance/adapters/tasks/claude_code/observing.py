"""From what transcripts and processes show to tasks as every source shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from reporting_governance.adapters.interface import EXPLAINED_BY, Known, Observation, ObservedTask
from reporting_governance.adapters.tasks.claude_code.line_parts import newest
from reporting_governance.adapters.tasks.claude_code.processes import Process
from reporting_governance.adapters.tasks.claude_code.seen import ChildSeen, Seen, Turn
from reporting_governance.adapters.tasks.openclaw.processes import Life
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import CheckpointPromise, ChildTask, TaskState, TaskStatus
from reporting_governance.core.conditions import Condition

RUNTIME: Final = "claude-code"
#: A process that is gone may have been replaced a moment ago by one that has not written yet.
SETTLING: Final = timedelta(seconds=60)
#: The host ends a call at its limit by itself, and has a minute for that.
LIMIT_GRACE_SECONDS: Final = 60

_STATUS: Final[Mapping[Turn, TaskStatus]] = {
    Turn.UNKNOWN: TaskStatus.ACTIVE,
    Turn.WORKING: TaskStatus.ACTIVE,
    Turn.ASKING: TaskStatus.WAITING_USER,
    Turn.OVER: TaskStatus.WAITING_USER,
    Turn.STOPPED: TaskStatus.WAITING_USER,
    Turn.BROKEN: TaskStatus.BLOCKED,
    Turn.LEFT: TaskStatus.COMPLETED,
}
#: Lets the profile's limits count for a session that owes something; how long it may take is theirs to say.
_OWES: Final = CheckpointPromise(every_seconds=86_400)
_NOT_SEEN: Final = "the end of its transcript does not say how its newest turn stands"


@frozen
class Child:
    """A sub-agent with a transcript of its own."""

    name: str
    seen: Seen


@frozen(kw_only=True)
class Observer:
    """Makes tasks of sessions."""

    instance: str
    now: datetime
    processes: Mapping[str, Process] | None  #: by session; None: the host writes none down
    all_waiting: bool = False  #: every session that waits for its person owes something, not only one that asked

    def observe(self, session: str, seen: Seen, children: Sequence[Child]) -> list[ObservedTask]:
        """Return a session, and those of its sub-agents that work in the background and have not come back."""
        told = {each.name: each for each in seen.children}
        waited_for = [each for each in children if _is_waited_for(each, seen, told.get(each.name))]
        others = [each for each in children if _is_away(each, told.get(each.name))]
        seen = _with_process(seen, (self.processes or {}).get(session))
        alive_at = newest(seen.activity_at, *(each.seen.activity_at for each in waited_for))
        away = [_child_task(session, each, waited_for=each in waited_for) for each in (*waited_for, *others)]
        own = self._session(session, seen, alive_at, away)
        return [own, *(self._child(session, each, own) for each in others if each.seen.turn is Turn.WORKING)]

    def not_readable(self, task_id: str, reason: str) -> ObservedTask:
        """Return a task of which nothing can be said now."""
        task = TaskState(task_id=task_id, agent_id=RUNTIME, runtime=RUNTIME, status=TaskStatus.ACTIVE)
        return ObservedTask(task=task, instance=self.instance, unknown={each.value: reason for each in _JUDGED})

    def _session(
        self,
        session: str,
        seen: Seen,
        alive_at: datetime | None,
        children: Sequence[ChildTask],
    ) -> ObservedTask:
        status = _STATUS[seen.turn]
        facts, unknown = self._owner(session, status, alive_at)
        if seen.turn is Turn.UNKNOWN:
            facts, unknown = {}, dict.fromkeys((Condition.SILENCE_TIMEOUT, Condition.OWNER_DEAD), _NOT_SEEN)
        owes = seen.turn in (Turn.ASKING, Turn.BROKEN) or (self.all_waiting and status is TaskStatus.WAITING_USER)
        task = TaskState(
            task_id=task_id_of(session),
            agent_id=RUNTIME,
            runtime=RUNTIME,
            status=status,
            title=seen.title,
            started_at=seen.started_at,
            status_changed_at=seen.turn_at,
            finished_at=seen.turn_at if seen.turn is Turn.LEFT else None,
            last_activity_at=alive_at,
            last_evidence_at=seen.evidence_at,
            checkpoint=_OWES if owes else None,
            correlation_id=session,
            children=tuple(children),
            labels=_labels(seen, (self.processes or {}).get(session)),
            expects_forwarding=any(each.finished_at is not None for each in children),
        )
        return ObservedTask(
            task=task,
            instance=self.instance,
            facts=facts,
            unknown=unknown,
            liveness_resolution_seconds=_resolution(seen),
        )

    def _child(self, session: str, child: Child, parent: ObservedTask) -> ObservedTask:
        seen = child.seen
        facts, unknown = self._owner(session, TaskStatus.ACTIVE, seen.activity_at)
        labels = _labels(seen, None)
        parents = parent.facts.get(Condition.OWNER_DEAD)
        if parents is not None and parents.known is Known.TRUE:
            labels[EXPLAINED_BY] = parent.task.task_id
        task = TaskState(
            task_id=task_id_of(session, child.name),
            agent_id=RUNTIME,
            runtime=RUNTIME,
            status=TaskStatus.ACTIVE,
            title=seen.title,
            started_at=seen.started_at,
            status_changed_at=seen.turn_at,
            last_activity_at=seen.activity_at,
            last_evidence_at=seen.evidence_at,
            parent_task_id=parent.task.task_id,
            correlation_id=session,
            labels=labels,
        )
        return ObservedTask(
            task=task,
            instance=self.instance,
            facts=facts,
            unknown=unknown,
            liveness_resolution_seconds=_resolution(seen),
        )

    def _owner(
        self, session: str, status: TaskStatus, alive_at: datetime | None
    ) -> tuple[dict[str, Observation], dict[str, str]]:
        """Return whether the process of work that goes on is dead; who waits for a person needs none."""
        if self.processes is None or status is not TaskStatus.ACTIVE:
            return {}, {}
        entry = self.processes.get(session)
        if entry is None:
            return {}, {Condition.OWNER_DEAD: "no process is written down for it"}
        if entry.life is Life.ALIVE:
            return {Condition.OWNER_DEAD: Observation(known=Known.FALSE, reason=f"process {entry.pid} runs")}, {}
        if entry.life is Life.UNKNOWN:
            return {}, {Condition.OWNER_DEAD: f"whether process {entry.pid} runs cannot be seen from here"}
        if alive_at is not None and self.now - alive_at < SETTLING:
            return {}, {Condition.OWNER_DEAD: f"process {entry.pid} is gone, and its session was written to just now"}
        others = (
            each.pid for each in self.processes.values() if each.life is Life.ALIVE and each.folder == entry.folder
        )
        if entry.folder and (other := next(others, None)) is not None:
            reason = f"process {entry.pid} is gone, and process {other} in the same folder may have gone on with it"
            return {}, {Condition.OWNER_DEAD: reason}
        dead = Observation(known=Known.TRUE, since=alive_at, reason=f"process {entry.pid}, which worked on it, is gone")
        return {Condition.OWNER_DEAD: dead}, {}


_CAME_TO_AN_END: Final = frozenset((Turn.OVER, Turn.ASKING, Turn.STOPPED, Turn.BROKEN, Turn.LEFT))
_JUDGED: Final = (
    Condition.SILENCE_TIMEOUT, Condition.CHECKPOINT_OVERDUE, Condition.OWNER_DEAD, Condition.RESULT_NOT_FORWARDED,
)  # fmt: skip


def task_id_of(session: str, child: str = "") -> str:
    """Return the id of a session, or of a sub-agent's work in it, as `gate` names them too."""
    return f"{RUNTIME}:{session}:{child}" if child else f"{RUNTIME}:{session}"


def _is_waited_for(child: Child, parent: Seen, told: ChildSeen | None) -> bool:
    """Tell whether the parent itself waits for a child: then the child's signs of life are its own."""
    if parent.spawning_since is None or told is not None:
        return False
    return child.seen.started_at is None or child.seen.started_at >= parent.spawning_since


def _is_away(child: Child, told: ChildSeen | None) -> bool:
    """Tell whether a child was sent into the background, and its parent has not heard of its end.

    Of any other child the end is that of the call by which it was started, whatever its own transcript says.
    """
    if told is None or told.launched_at is None or child.seen.activity_at is None:
        return False
    return told.returned_at is None or told.returned_at < child.seen.activity_at


def _with_process(seen: Seen, entry: Process | None) -> Seen:
    """Return what is seen, where the live process itself says that it waits: of that there is no line."""
    from dataclasses import replace

    if entry is None or entry.life is not Life.ALIVE or seen.turn is not Turn.WORKING or entry.status_at is None:
        return seen
    if seen.activity_at is not None and entry.status_at < seen.activity_at:
        return seen
    turn = {"waiting": Turn.ASKING, "idle": Turn.OVER}.get(entry.status)
    return seen if turn is None else replace(seen, turn=turn, turn_at=entry.status_at)


def _child_task(session: str, child: Child, *, waited_for: bool) -> ChildTask:
    ended = child.seen.turn in _CAME_TO_AN_END and not waited_for  # else its result is on its way
    failed = child.seen.turn is Turn.BROKEN
    return ChildTask(
        task_id=task_id_of(session, child.name),
        status=(TaskStatus.FAILED if failed else TaskStatus.COMPLETED) if ended else TaskStatus.ACTIVE,
        spawned_at=child.seen.started_at,
        finished_at=(child.seen.turn_at or child.seen.activity_at) if ended else None,
    )


def _resolution(seen: Seen) -> int:
    return seen.open_limit_seconds + LIMIT_GRACE_SECONDS if seen.open_limit_seconds else 0


def _labels(seen: Seen, entry: Process | None) -> dict[str, str]:
    named = {
        "folder": seen.folder,
        "entrypoint": seen.entrypoint,
        "turn": seen.turn.value,
        "open_call": seen.open_tool,
        "waiting_for": entry.waiting_for if entry is not None and entry.status == "waiting" else "",
    }
    return {key: value for key, value in named.items() if value}
