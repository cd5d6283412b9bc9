"""One change of what we say about ourselves: a task `self:<thing>` and its conditions, as one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.ids import task_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporting_governance.core.episodes import Transition
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.task_version import TaskVersion
    from reporting_governance.storage.interface import Store

SELF = "self"  #: source and instance of what we watch about ourselves
US = "reporting-governance"  #: the agent and the runtime of such tasks
JOURNAL = "self:journal"


def self_key(task_id: str) -> str:
    """Return the task key of a thing that we watch about ourselves."""
    return task_key(US, SELF, task_id)


JOURNAL_KEY = self_key(JOURNAL)  #: its view stays where scan looks, and has nothing for it to look at


def say_about_us(
    store: Store,
    version: TaskVersion,
    changes: Sequence[Transition],
    *,
    task_id: str,
    title: str,
    clock: Clock,
    labels: Mapping[str, str] | None = None,
    stays: bool = False,
) -> tuple[Transition, ...]:
    """Commit what the transitions say; return those that were added, none when somebody else was first.

    Args:
        stays: the view stays where scan looks also when nothing is open: it is remembered for ever.
    """
    from reporting_governance.contracts.journal_line import Folder
    from reporting_governance.contracts.task_state import TaskState, TaskStatus
    from reporting_governance.contracts.times import FAR_FUTURE
    from reporting_governance.core.episodes import is_open
    from reporting_governance.core.event_normalizer import Watched
    from reporting_governance.stages.task_change import TaskChange
    from reporting_governance.stages.watch_change import add_transitions
    from reporting_governance.storage.interface import Added

    if not changes:
        return ()
    now = clock.now()
    task = TaskState(task_id=task_id, agent_id=US, runtime=US, status=TaskStatus.ACTIVE, title=title, labels=labels)
    watched = Watched(task_key=version.key, task=task, source=SELF, instance=SELF)
    change = TaskChange(version, about=(version.key, US))
    add_transitions(change, watched, changes, store.listing(Folder.EPISODES), now=now)
    entries: Mapping[str, Any] = (change.body or {})["conditions"]
    folder = Folder.WATCH if stays or any(map(is_open, entries.values())) else Folder.PAST
    (answer,) = store.commit([change.group(folder, FAR_FUTURE)], now=now)
    return tuple(changes) if isinstance(answer, Added) else ()
