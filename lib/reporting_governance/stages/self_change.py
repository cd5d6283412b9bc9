"""One change of what we say about ourselves: a task `self:<thing>` and its conditions, as one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.ids import task_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporting_governance.core.episodes import Transition
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.task_version import TaskVersion
    from reporting_governance.storage.interface import Group, Listing, Store

SELF = "self"  #: source and instance of what we watch about ourselves
US = "reporting-governance"  #: the agent and the runtime of such tasks
JOURNAL = "self:journal"


def self_key(task_id: str) -> str:
    """Return the task key of a thing that we watch about ourselves."""
    return task_key(US, SELF, task_id)


JOURNAL_KEY = self_key(JOURNAL)  #: its view stays where scan looks, and has nothing for it to look at


def has_watched_tasks(watch: Listing) -> bool:
    """Tell whether a task is among the watched beside the journal's; a mark of a source alone needs no look."""
    return any(each.id != JOURNAL_KEY for each in watch.starting("tsk_", limit=2))


def threads_of(store: Store, body: Mapping[str, Any], condition: str) -> list[Mapping[str, Any]]:
    """Return who is told what about the newest episode of a condition, by the view of what we watch about ourselves."""
    from reporting_governance.contracts.ids import thread_prefix
    from reporting_governance.contracts.journal_line import Folder

    if condition not in body["conditions"]:
        return []
    prefix = thread_prefix(body["conditions"][condition]["episode"])
    views = (store.read(name) for name in store.listing(Folder.EPISODES).starting(prefix))
    return [view.body for view in views if view is not None]


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
    beside: Group | None = None,
) -> tuple[Transition, ...]:
    """Commit what the transitions say; return those that were added, none when somebody else was first.

    Args:
        stays: the view stays where scan looks also when nothing is open: it is remembered for ever.
        beside: what is added with it, or not at all.
    """
    from reporting_governance.contracts.journal_line import Folder
    from reporting_governance.contracts.task_state import TaskState, TaskStatus
    from reporting_governance.contracts.times import FAR_FUTURE
    from reporting_governance.core.episodes import is_open
    from reporting_governance.core.event_normalizer import Watched
    from reporting_governance.stages.task_change import TaskChange
    from reporting_governance.stages.watch_change import add_transitions
    from reporting_governance.storage.interface import Added, Group

    if not changes:
        return ()
    now = clock.now()
    task = TaskState(task_id=task_id, agent_id=US, runtime=US, status=TaskStatus.ACTIVE, title=title, labels=labels)
    watched = Watched(task_key=version.key, task=task, source=SELF, instance=SELF)
    change = TaskChange(version, about=(version.key, US))
    add_transitions(change, watched, changes, store.listing(Folder.EPISODES), now=now)
    entries: Mapping[str, Any] = (change.body or {})["conditions"]
    folder = Folder.WATCH if stays or any(map(is_open, entries.values())) else Folder.PAST
    group = change.group(folder, FAR_FUTURE)
    if beside is not None:
        group = Group((*beside.additions, *group.additions), absences=(*beside.absences, *group.absences))
    (answer,) = store.commit([group], now=now)
    return tuple(changes) if isinstance(answer, Added) else ()
