"""A person acted where a message arrived: the whole episode is acknowledged, for every receiver of it."""

from collections.abc import Sequence
from datetime import datetime

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.acknowledging import withdrawn
from reporting_governance.stages.acts import acknowledged, random_id
from reporting_governance.stages.newest import read_all
from reporting_governance.stages.on_hand import OnHand
from reporting_governance.storage.interface import Group, Listing, Store, View


class TakingOver:
    """The acts of one run.  One message may carry a thousand episodes: what they share is looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._on_hand = OnHand(store)
        self._threads: Listing | None = None
        self._seen_at = -1  #: the head at which threads were listed
        self._taken: set[str] = set()

    def group(self, thread: View, rules: ThreadRules, now: datetime) -> Group | None:
        """Return the act of who acknowledged a message where it arrived: it counts for the episode, as `ack` does.

        It proves nothing about what others were sent: those may not have been looked at by anybody.  None when a
        thread of the episode has changed since it was read, or the run has taken it over already.
        """
        family = ids.thread_family(thread.name.id)
        if family in self._taken:
            return None
        threads = self._threads_of(family)
        if all(each.name != thread.name for each in threads):
            return None
        self._taken.add(family)
        acked = thread.body["acked"]
        act = Act(
            act_id=random_id(),
            what=ActKind.ACK,
            subject=thread.name.id,
            actor=acked["actor"],
            acted_at=now,
            comment=f"acknowledged where the message arrived: receipt {acked['receipt_id']}",
        )
        group, _ = acknowledged(threads, act, withdrawn(self._on_hand, threads, act), rules)
        return group

    def _threads_of(self, family: str) -> Sequence[View]:
        """Return all threads of an episode; none when somebody else is changing them."""
        names = self._threads.starting(family) if self._threads is not None else []
        views = read_all(self._store, names)
        if len(views) == len(names) > 0:
            return views
        if self._store.head().seq == self._seen_at:
            return ()
        # The threads are listed at first, and again only once this run has changed some.
        self._seen_at = self._store.head().seq
        self._threads = self._store.listing(Folder.EPISODES)
        names = self._threads.starting(family)
        views = read_all(self._store, names)
        return views if len(views) == len(names) else ()
