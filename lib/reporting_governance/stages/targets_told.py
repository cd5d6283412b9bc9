"""Which targets were told of an episode and what they answered, and what becomes at each of them once it is over.

Of a receiver with one target the thread says what it was told.  With several the thread says only that one of them
was; each that was, or perhaps was, leaves a mark in `past/`, which one look by id answers.  So does a target whose
sender joins later messages to the earlier ones.  A mark holds the receipts, and goes with the end of the episode.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Reason, Receipt
from reporting_governance.core.delivery import (
    Body,
    Step,
    StepKind,
    doubtful_attempt,
    is_put_down,
    last_word,
    open_attempt,
)
from reporting_governance.core.settling import settle_unsent
from reporting_governance.core.thread_targets import told_targets
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.storage.interface import Addition, Listing, Store, View

_TOLD = frozenset({Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND})


class Marks(NamedTuple):
    """What a receipt makes of marks, and the versions that it builds on or ends."""

    views: tuple[ViewKey, ...] = ()
    consumes: tuple[ViewName, ...] = ()


def told_marks(store: Store, item: Body, receipt: Receipt, rules: ThreadRules, *, joins: bool = False) -> Marks:
    """Return the marks that a receipt leaves: this target was told, or perhaps was, in each of the item's threads.

    Args:
        joins: its sender joins what it is told later to this.
    """
    target = str(item["target"])
    if receipt.outcome not in _TOLD or is_put_down(receipt.dump()):
        return Marks()
    if not joins and target.partition("/")[0] not in rules.several_targets:
        return Marks()
    known = {mark: store.past(mark) for mark in _marks(item)}
    wanted = [mark for mark, view in known.items() if view is None or joins]
    return Marks(
        tuple(ViewKey(Folder.PAST, mark, "") for mark in wanted),
        tuple(view.name for mark in wanted if (view := known[mark]) is not None),
    )


def ended_marks(store: Store, item: Body) -> Marks:
    """Return that the marks of an item's threads go: its target was told the end, and hears no more of them."""
    views = (store.past(mark) for mark in _marks(item)) if item["telling"]["phase"] == Phase.RESOLVED else ()
    return Marks((), tuple(view.name for view in views if view is not None))


def marks_of(store: Store, item: Body, attempt_id: str) -> tuple[ViewName, ...]:
    """Return the marks that only an attempt left; one that bounced takes them with it."""
    views = (store.past(mark) for mark in _marks(item))
    return tuple(
        view.name
        for view in views
        if view and all(each.get("attempt_id") == attempt_id for each in view.body["receipts"])
    )


def earlier(store: Store, item: Body) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Return what an item's target answered before in each of its threads, oldest first; see `Message.earlier`."""
    target = str(item["target"])
    found = {str(thread): store.past(_mark(str(thread), target)) for thread in item["thread_keys"]}
    return {
        thread: tuple(each["evidence"] for each in view.body["receipts"])
        for thread, view in found.items()
        if view is not None
    }


def _marks(item: Body) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_mark(str(thread), str(item["target"])) for thread in item["thread_keys"]))


def _mark(thread: str, target: str) -> str:
    return derive_id("tld", thread, target)


@frozen
class Ending:
    """The end of episodes at one receiver: which targets learn of it, and what is not sent any more."""

    targets: frozenset[str]  #: names; empty: nothing is known, as of a receiver that had one target until now
    closing: tuple[Addition, ...]


def _may_be_taken(body: Body) -> bool:
    """Tell whether an item lies ready for somebody else: the bridge takes it back, or finds it taken."""
    last = last_word(body)
    return last is not None and is_put_down(last)


class Endings:
    """Looks at what is still on its way to the targets of a receiver; the spool is read once, when somebody asks."""

    def __init__(self, store: Store, threads: Listing, clock: Clock) -> None:
        self._store = store
        self._threads = threads
        self._clock = clock
        self._items: Mapping[str, list[View]] | None = None

    def of(self, threads: Sequence[str], receiver: str, targets: Sequence[str]) -> Ending | None:
        """Return how the end of threads is told; None while a message about them is in flight: nobody knows yet."""
        items = {view.name.id: view for thread in threads for view in self._about(thread)}
        mine = [view for view in items.values() if view.body["item"]["target"].partition("/")[0] == receiver]
        if any(open_attempt(view.body) is not None or _may_be_taken(view.body) for view in mine):
            return None
        over = [view for view in mine if self._is_over(view)]
        # Of a group that is still to be sent each member will be told, and so is told its end.
        perhaps = (view for view in mine if view not in over or doubtful_attempt(view.body) is not None)
        told = {view.body["item"]["target"].partition("/")[2] for view in perhaps}
        told |= {name for thread in threads for name in self._told(thread, receiver, targets)}
        closing = (self._closing(view) for view in over)
        return Ending(frozenset(told).intersection(targets), tuple(each for each in closing if each is not None))

    def _told(self, key: str, receiver: str, targets: Sequence[str]) -> Iterable[str]:
        """Return the targets that were told in a thread; all of them, when its receipts did not name theirs."""
        thread = newest_view(self._store, self._threads, key)
        told = None if thread is None else told_targets(thread.body)
        return targets if told is None else (name for name in targets if f"{receiver}/{name}" in told)

    def _about(self, thread: str) -> Sequence[View]:
        if self._items is None:
            self._items = {}
            for view in read_all(self._store, self._store.listing(Folder.SPOOL).names.values()):
                for key in view.body["item"]["thread_keys"]:
                    self._items.setdefault(key, []).append(view)
        return self._items.get(thread, ())

    def _is_over(self, view: View) -> bool:
        """Tell whether every episode that an item speaks of is over; one that is open keeps a grouped item."""
        threads = [newest_view(self._store, self._threads, key) for key in view.body["item"]["thread_keys"]]
        return all(thread is not None and thread.body["resolved_at"] for thread in threads)

    def _closing(self, view: View) -> Addition | None:
        """Return the receipt after which an item is not sent any more; None when it would not be anyway."""
        last, doubtful = last_word(view.body), doubtful_attempt(view.body)
        if last is not None and last["outcome"] != Outcome.DEFERRED and last.get("reason") != Reason.IN_DOUBT:
            return None
        step = Step(kind=StepKind.WITHDRAW, reason=Reason.RESOLVED_BEFORE_TOLD)
        if doubtful is not None:
            step = Step(kind=StepKind.BLOCK, reason=Reason.NEVER_CONFIRMED, attempt_id=doubtful)
        receipt = settle_unsent(view.body, step, now=self._clock.now(), settled_by="dispatch").receipt
        record = RecordLine(
            kind=Receipt.schema,
            id=receipt.receipt_id,
            body=receipt.dump(),
            parents=(receipt.attempt_id or view.name.id,),
            consumes=(view.name,),
            views=(ViewKey(Folder.PAST, view.name.id, ""),),
            about=tuple(view.body["item"]["notice_ids"]),
        )
        return Addition(record=record)
