"""What one run of enqueue looks up for its decisions, each thing once as long as that does not mislead."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts import ids
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Listing, Store, View, expand

_LOOKS = 3  #: how often a task's view is looked for while others keep changing it


class Task(NamedTuple):
    """What the events of one task are judged by, as it is before a commit."""

    view: View | None  #: None: a foreign task, and one that is over: nothing is asked of those
    state: Mapping[str, Any] | None  #: also of a task of ours that is over
    evidence: Sequence[Mapping[str, Any]]
    over: View | None = None  #: of a task of ours that is over


class Listings:
    """Names as one look saw them: a folder is listed again only where an older look would mislead."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[Folder, Listing] = {}
        self._has_new_threads = False
        self._looked_again = False

    def of(self, folder: Folder) -> Listing:
        """Return the names in a folder."""
        if folder not in self._seen:
            self._seen[folder] = self._store.listing(folder)
        return self._seen[folder]

    def threads_changed(self) -> None:
        """Note that there are other threads than were listed."""
        self._has_new_threads = True

    def tasks_changed(self) -> None:
        """Note that tasks have other versions than were listed."""
        self._seen.pop(Folder.TASKS, None)
        self._looked_again = False

    def see_new_threads(self) -> None:
        """List the threads again if they have changed: the end of an episode consumes all that tell of it."""
        if self._has_new_threads:
            self._seen.pop(Folder.EPISODES, None)
            self._has_new_threads = False

    def threads_about(self, episode: str) -> Sequence[ViewName]:
        """Return all threads of an episode."""
        return self.of(Folder.EPISODES).starting(ids.thread_prefix(episode))

    def task(self, key: str, *, of_ours: bool) -> Task:
        """Return the newest version of a task's view, and of it what is judged by.

        The claim that ends a task is judged when the task is over: what stood behind it still counts.
        """
        for _ in range(_LOOKS):
            name = self.of(Folder.TASKS).names.get(key)
            if name is None:
                over = self._store.past(key) if of_ours else None
                if over is not None:
                    return self._task(over)._replace(view=None, over=over)
                if not of_ours or self._looked_again:
                    break
                self._looked_again = True  # it may have been opened again since its folder was listed
                self._seen.pop(Folder.TASKS)
                continue
            view = self._store.read(name)
            if view is not None:
                return self._task(view)
            self._seen.pop(Folder.TASKS)
        return Task(None, None, ())

    def _task(self, view: View) -> Task:
        body = view.body
        return Task(view, expand(self._store, body.get("task")), expand(self._store, body.get("evidence", ())))
