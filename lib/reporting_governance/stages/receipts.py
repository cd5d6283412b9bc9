"""One item's way back: what was learned is recorded, whoever else has changed what in the meantime."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.receipt import Outcome, Receipt
from reporting_governance.contracts.times import due_name
from reporting_governance.core.delivery import Body
from reporting_governance.core.settling import Place, Settlement
from reporting_governance.core.target_memory import is_news
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import Busy
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.message import speaks_of
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.sending import Copies, Work, about, read_threads
from reporting_governance.stages.settled_thread import settled_key
from reporting_governance.stages.targets import Memory, read_memory
from reporting_governance.stages.targets_told import Marks, ended_marks, told_marks
from reporting_governance.storage.interface import Added, Addition, Answer, Group, Listing, Store, View

TRIES = 100  #: how often a receipt is built anew because somebody changed a thread
MOST_BUSY = 5  #: how often the journal's lock is waited for, each time as long as the store waits


@frozen(kw_only=True)
class Result:
    """What is to be recorded about an item.  `own`: learned from a send of ours, so that it must not be lost."""

    work: Work
    name: ViewName
    settlement: Settlement
    own: bool


def record(
    store: Store,
    results: Sequence[Result],
    rules: ThreadRules,
    *,
    clock: Clock,
    copies: Copies | None,
    made: dict[str, ViewName],
) -> set[str]:
    """Record results, each in a group of its own; return the ids of the items for which that was refused.

    A receipt refused because a thread changed is built anew with fresh names.  What a send of ours proved is recorded
    even when its item is no longer ours: then it consumes nothing and only strengthens its own attempt.

    Args:
        made: names of threads that receipts of this run have made, by id; added to.  A receiver's second target finds
            its thread by them, without a listing of all threads for each receiver.
    """
    waiting = [_moved_on(store, each, made) for each in results]
    refused: set[str] = set()
    stale, busy, fruitless = False, 0, 0
    while fruitless < TRIES:
        try:
            if stale:
                fresh = _fresh(store, waiting)
                refused |= {each.work.name.id for each in waiting} - {each.work.name.id for each in fresh}
                waiting, stale = fresh, False
            if not waiting:
                break
            before = len(waiting)
            waiting = _committed(store, waiting, rules, clock=clock, copies=copies, made=made)
            stale = True
            fruitless += len(waiting) == before
        except Busy:
            # What a send proved exists nowhere else: a lock that is held for long is waited for again.
            busy += 1
            if busy == MOST_BUSY:
                raise
    return refused | {each.work.name.id for each in waiting}


def _committed(
    store: Store,
    results: Sequence[Result],
    rules: ThreadRules,
    *,
    clock: Clock,
    copies: Copies | None,
    made: dict[str, ViewName],
) -> list[Result]:
    """Commit what can go together; return what was refused, and what has to wait for the others."""
    now = clock.now()
    news = _news(store, results)
    batch, later = _apart(results, news)
    groups = [_receipt_group(store, each, rules, news.get(each.work.target)) for each in batch]
    answers = store.commit(groups, now=now)
    for group, answer in zip(groups, answers, strict=True):
        made |= _threads_made(group, answer)
    answered = list(zip(batch, answers, strict=True))
    added = [each.settlement.receipt.dump() for each, answer in answered if isinstance(answer, Added)]
    if copies is not None and added:
        copies.write(Receipt.schema, added, now=now)
    return [*(each for each, answer in answered if not isinstance(answer, Added)), *later]


def _threads_made(group: Group, answer: Answer) -> dict[str, ViewName]:
    if not isinstance(answer, Added):
        return {}
    return {
        key.id: ViewName(key.folder, key.id, key.due, seq)
        for each, seq in zip(group.additions, answer.seqs, strict=True)
        for key in (each.record.views if each.record is not None else ())
        if key.folder is Folder.EPISODES
    }


def _moved_on(store: Store, result: Result, made: Mapping[str, ViewName]) -> Result:
    """Return a result on the threads as receipts of this run left them; a refusal tells who else changed them."""
    names = [made.get(each.name.id, each.name) for each in result.work.threads]
    if all(name.seq <= each.name.seq for name, each in zip(names, result.work.threads, strict=True)):
        return result
    views = [(store.read(name) or each) for name, each in zip(names, result.work.threads, strict=True)]
    return replace(result, work=replace(result.work, threads=tuple(views)))


def _news(store: Store, results: Sequence[Result]) -> dict[str, Memory]:
    """Return the memories of the targets of which one of these results says something new."""
    memories: dict[str, Memory] = {}
    for each in results:
        if each.settlement.receipt.attempt_id is not None and each.work.target not in memories:
            memories[each.work.target] = read_memory(store, each.work.target)
    targets = {each.work.target for each in results if _is_news(each, memories.get(each.work.target))}
    return {target: memories[target] for target in targets}


def _is_news(result: Result, memory: Memory | None) -> bool:
    return memory is not None and is_news(memory.body, result.settlement.receipt.dump())


def _apart(results: Sequence[Result], news: Mapping[str, Memory]) -> tuple[list[Result], list[Result]]:
    """Return results of which no two change the same thread or target, as many as a commit takes, and the others."""
    batch: list[Result] = []
    later: list[Result] = []
    taken: set[str] = set()
    for each in results:
        threads = {thread.name.id for thread in _told(each)}
        if _is_news(each, news.get(each.work.target)):
            threads.add(each.work.target)
        if len(batch) == COMMIT or threads & taken:
            later.append(each)
        else:
            taken |= threads
            batch.append(each)
    return batch, later


def _told(result: Result) -> list[View]:
    """Return the threads that learn of a result: also of an older notice they learn that it arrived after all."""
    settlement, item = result.settlement, result.work.body["item"]
    if not settlement.tells_threads:
        return []
    arrived = settlement.receipt.outcome in (Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND)
    return [thread for thread in result.work.threads if arrived or speaks_of(item, thread.body)]


def _fresh(store: Store, results: Sequence[Result]) -> list[Result]:
    """Return what is still to be recorded, on the versions that are there now."""
    if not results:
        return []
    store.ready()
    spool, threads = store.listing(Folder.SPOOL), store.listing(Folder.EPISODES)
    again = (_anew(store, result, spool) for result in results)
    return [_with_fresh_threads(store, each, threads) for each in again if each is not None]


def _anew(store: Store, result: Result, spool: Listing) -> Result | None:
    """Return a refused result on its item's version of now; None when somebody else did the same work."""
    view = newest_view(store, spool, result.work.name.id)
    if result.name is _NOTHING or (view is not None and view.name == result.name):
        return result
    if not result.own:
        return None
    attempts = view.body["attempts"] if view else []
    ours = bool(attempts) and attempts[-1]["attempt_id"] == result.settlement.receipt.attempt_id
    settlement = result.settlement
    if view is None or not ours or _says_no_more(view.body, settlement.receipt):
        told = settlement.receipt.outcome in (Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND)
        settlement = replace(settlement, place=Place.CLOSED, tells_threads=told and settlement.tells_threads)
        return replace(result, name=_NOTHING, settlement=settlement)
    return replace(result, name=view.name)


_NOTHING = ViewName(Folder.SPOOL, "", "", 0)


def _says_no_more(body: Body, receipt: Receipt) -> bool:
    """Tell whether the item's view already knows at least as much about the attempt."""
    return receipt.outcome is Outcome.PENDING_EXTERNAL_SEND and any(
        each.get("attempt_id") == receipt.attempt_id and each["proof"] == receipt.proof for each in body["receipts"]
    )


def _with_fresh_threads(store: Store, result: Result, threads: Listing) -> Result:
    work = replace(result.work, threads=read_threads(store, result.work.body["item"], threads))
    return replace(result, work=work)


def _receipt_group(store: Store, result: Result, rules: ThreadRules, memory: Memory | None) -> Group:
    receipt, work = result.settlement.receipt, result.work
    told = _told(result)
    mine = () if result.name is _NOTHING else (result.name,)
    remembered = memory if _is_news(result, memory) else None
    marks = _marks(store, result, rules)
    line = RecordLine(
        kind=Receipt.schema,
        id=receipt.receipt_id,
        body=receipt.dump(),
        parents=(receipt.attempt_id or receipt.spool_id or "",),
        consumes=(
            *mine,
            *(thread.name for thread in told),
            *marks.consumes,
            *(remembered.consumes if remembered else ()),
        ),
        views=(
            *(_item_view(result) if mine else ()),
            *(settled_key(thread, receipt, rules, speaks=speaks_of(work.body["item"], thread.body)) for thread in told),
            *marks.views,
            *((remembered.key,) if remembered else ()),
        ),
        about=about(work),
    )
    return Group(additions=(Addition(record=line),), absences=remembered.absences if remembered else ())


def _marks(store: Store, result: Result, rules: ThreadRules) -> Marks:
    item, sender = result.work.body["item"], result.work.sender
    if item["telling"]["phase"] == Phase.RESOLVED:  # kept while it may go again
        return Marks() if result.settlement.place is Place.OPEN else ended_marks(store, item)
    joins = sender is not None and sender.promises.joins_threads
    return told_marks(store, item, result.settlement.receipt, rules, joins=joins)


def _item_view(result: Result) -> tuple[ViewKey, ...]:
    settlement = result.settlement
    if settlement.place is Place.OPEN:
        return (ViewKey(Folder.SPOOL, result.work.name.id, due_name(settlement.due)),)
    if settlement.place is Place.PAST:
        return (ViewKey(Folder.PAST, result.work.name.id, ""),)
    return ()
