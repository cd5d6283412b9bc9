"""Which targets of one receiver were told of an episode, and what becomes at each of them once it is over.

A receiver with one target needs none of this: its thread says what it was told.  With several the thread says only
that one of them was; each that was, or perhaps was, leaves a mark in `past/`, which one look by id answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.storage.interface import Addition, Listing, Store, View

_TOLD = frozenset({Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND})


def told_marks(store: Store, item: Body, receipt: Receipt, rules: ThreadRules) -> tuple[ViewKey, ...]:
    """Return the marks that a receipt leaves: this target was told, or perhaps was, in each of the item's threads."""
    target = str(item["target"])
    if receipt.outcome not in _TOLD or target.partition("/")[0] not in rules.several_targets:
        return ()
    if is_put_down(receipt.dump()):
        return ()
    marks = (_mark(str(thread), target) for thread in item["thread_keys"])
    return tuple(ViewKey(Folder.PAST, mark, "") for mark in marks if store.past(mark) is None)


def marks_of(store: Store, item: Body, attempt_id: str) -> tuple[ViewName, ...]:
    """Return the marks that an attempt left; one that bounced takes them with it."""
    views = (store.past(_mark(str(thread), str(item["target"]))) for thread in item["thread_keys"])
    return tuple(view.name for view in views if view and view.body["receipts"][0].get("attempt_id") == attempt_id)


def _mark(thread: str, target: str) -> str:
    return derive_id("tld", thread, target)


@dataclass(frozen=True, slots=True)
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
        told = {view.body["item"]["target"].partition("/")[2] for view in mine if view not in over}
        told |= {name for name in targets if any(self._was_told(thread, f"{receiver}/{name}") for thread in threads)}
        closing = (self._closing(view) for view in over)
        return Ending(frozenset(told).intersection(targets), tuple(each for each in closing if each is not None))

    def _about(self, thread: str) -> Sequence[View]:
        if self._items is None:
            self._items = {}
            for view in read_all(self._store, self._store.listing(Folder.SPOOL).names.values()):
                for key in view.body["item"]["thread_keys"]:
                    self._items.setdefault(key, []).append(view)
        return self._items.get(thread, ())

    def _was_told(self, thread: str, target: str) -> bool:
        return self._store.past(_mark(thread, target)) is not None

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
