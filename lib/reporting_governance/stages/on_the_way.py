"""Whether a message about a thread may still go out: as long as it may, somebody has to be there who stops it."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Outcome
from reporting_governance.core.delivery import last_word
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Listing, Store, View


class OnTheWay:
    """Threads that an unsent item, or a decision still to come, speaks of; each is looked for once, when asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads: set[str] | None = None
        self._events: Listing | None = None

    def holds(self, thread: View, rules: ThreadRules) -> bool:
        """Tell whether one of several targets may still be sent what a thread would otherwise end with.

        The first target's outcome settles the thread.  Without it the item of another target, which waits for a limit
        or for its target to come back, would tell of a trouble that is over, and nobody would tell its end.
        """
        if thread.body["episode_id"] is None:
            # Its decision is not whole yet.  Without this thread the rest of it would tell the receiver once more.
            return self._is_undecided(ids.thread_event(thread.name.id))
        if thread.body["receiver"] not in rules.several_targets:
            return False
        if self._threads is None:
            self._threads = self._read()
        return thread.name.id in self._threads

    def _is_undecided(self, event: str) -> bool:
        if self._events is None:
            self._events = self._store.listing(Folder.EVENTS)
        return event in self._events.names

    def _read(self) -> set[str]:
        listing = self._store.listing(Folder.SPOOL)
        views = (newest_view(self._store, listing, key) for key in listing.names)
        return {key for view in views if view and _may_go(view.body) for key in view.body["item"]["thread_keys"]}


def _may_go(body: Mapping[str, Any]) -> bool:
    last = last_word(body)
    return last is None or last["outcome"] == Outcome.DEFERRED
