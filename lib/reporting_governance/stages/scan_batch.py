"""Counting and committing while a scan runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reporting_governance.adapters.interface import SourceReading
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.core.conditions import Condition, Truth, Verdict
from reporting_governance.core.episodes import Transition
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.scan_report import NotJudged, Said, ScanReport
from reporting_governance.storage.interface import Added, Group, Store

BATCH = 150  #: records a commit, at most; one task's group is far below it


@dataclass(slots=True)
class Tally:
    """Counts while a scan runs."""

    looked_at: int = 0
    dated_anew: int = 0
    refused: int = 0
    stale: int = 0
    said: list[Said] = field(default_factory=list)
    not_judged: list[NotJudged] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def report(self) -> ScanReport:
        """Return what was counted."""
        phases = [each.phase for each in self.said]
        return ScanReport(
            looked_at=self.looked_at,
            due=phases.count(Phase.DUE.value),
            fired=phases.count(Phase.FIRING.value),
            resolved=phases.count(Phase.RESOLVED.value),
            dated_anew=self.dated_anew,
            refused=self.refused,
            said=tuple(self.said),
            not_judged=tuple(self.not_judged),
            findings=tuple(self.findings),
            unreadable=tuple(self.unreadable),
            stale=self.stale,
        )


#: What a record can be that nobody foresaw: one that cannot be judged stops nobody else from being watched.
UNFORESEEN = (GovernanceError, ValueError, TypeError, LookupError, ArithmeticError)


def note_unforeseen(tally: Tally, task_id: str, source: str, fault: Exception) -> None:
    """Note a task of which nothing can be judged."""
    reason = f"what is known of it cannot be read: {str(fault) or type(fault).__name__}"
    tally.not_judged += [
        NotJudged(task_id=task_id, source=source, condition=each.value, reason=reason)
        for each in (Condition.CHECKPOINT_OVERDUE, Condition.SILENCE_TIMEOUT)
    ]


def note_unknown(tally: Tally, reading: SourceReading, task: TaskState, verdicts: Sequence[Verdict]) -> None:
    """Note what could not be judged; what a source can never see is said once, by `status`, not for each task."""
    tally.not_judged.extend(
        NotJudged(task_id=task.task_id, source=reading.source, condition=each.condition.value, reason=each.reason)
        for each in verdicts
        if each.truth is Truth.UNKNOWN and each.condition.value not in reading.cannot_see
    )


class Batch:
    """Commits groups in batches, and counts only what was added."""

    def __init__(self, store: Store, clock: Clock, tally: Tally) -> None:
        self._store = store
        self._clock = clock
        self._tally = tally
        self._groups: list[tuple[Group, tuple[Said, ...], bool]] = []
        self._size = 0

    def add(self, group: Group, said: Sequence[Said] = (), *, dated_anew: bool = False) -> None:
        """Add a group; commits when the batch is full."""
        if self._size + len(group.additions) > BATCH:
            self.flush()
        self._groups.append((group, tuple(said), dated_anew))
        self._size += len(group.additions)

    def flush(self) -> None:
        """Commit what is waiting.  A refused group is somebody else's work: the next tick looks again."""
        if not self._groups:
            return
        groups, self._groups, self._size = self._groups, [], 0
        answers = self._store.commit([group for group, _, _ in groups], now=self._clock.now())
        for (_, said, dated_anew), answer in zip(groups, answers, strict=True):
            if isinstance(answer, Added):
                self._tally.said.extend(said)
                self._tally.dated_anew += dated_anew
            else:
                self._tally.refused += 1


def say(task_id: str, source: str, transitions: Sequence[Transition]) -> tuple[Said, ...]:
    """Return what transitions say, for the report."""
    return tuple(
        Said(
            task_id=task_id,
            condition=each.condition.value,
            phase=each.phase.value,
            episode=each.episode,
            source=source,
            reason=each.reason,
        )
        for each in transitions
    )
