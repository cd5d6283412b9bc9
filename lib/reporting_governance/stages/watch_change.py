"""What scan says about one task, as records of one group."""

from collections.abc import Sequence
from datetime import datetime

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.core.episodes import Transition
from reporting_governance.core.event_normalizer import Watched, correlation_of, watch_event, watch_event_id_of
from reporting_governance.core.evidence_builder import snapshot_evidence
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.storage.interface import Listing


def add_transitions(
    change: TaskChange, watched: Watched, transitions: Sequence[Transition], episodes: Listing | None, *, now: datetime
) -> None:
    """Add what the transitions say, in their order.

    Args:
        episodes: the open episodes; needed as soon as one is resolved.
    """
    for each in transitions:
        if each.phase is Phase.RESOLVED:
            _add_resolution(change, watched, each, episodes, now)
        elif each.phase is Phase.DUE:
            change.event(watch_event(watched, each, None, now=now))
        else:
            _add_firing(change, watched, each, now)


def needs_episodes(transitions: Sequence[Transition]) -> bool:
    """Tell whether the listing of open episodes is needed."""
    return any(each.phase is Phase.RESOLVED for each in transitions)


def _add_firing(change: TaskChange, watched: Watched, each: Transition, now: datetime) -> None:
    snapshot = snapshot_evidence(
        watched.task,
        each,
        watch_event_id_of(each),
        source=watched.source,
        instance=watched.instance,
        correlation_id=correlation_of(watched.task),
        now=now,
    )
    event = watch_event(watched, each, snapshot, now=now)
    change.evidence(snapshot, event, episode=each.episode, own=False)
    change.event(event, episode=each.episode)


def _add_resolution(
    change: TaskChange, watched: Watched, each: Transition, episodes: Listing | None, now: datetime
) -> None:
    entry = (change.body or {"conditions": {}})["conditions"].get(each.condition.value, {})
    name = None if episodes is None else episodes.names.get(each.episode)
    consumes: tuple[ViewName, ...] = () if name is None else (name,)
    parents = (entry["event_id"],) if "event_id" in entry else ()
    change.event(watch_event(watched, each, None, now=now), parents=parents, consumes=consumes)
