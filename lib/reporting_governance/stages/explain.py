"""explain: the whole story of one id, from the journal, and what comes next, from the views."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.retention import Retirement
from reporting_governance.contracts.times import format_time, parse_due
from reporting_governance.core.story import Told, tell
from reporting_governance.core.story_next import Kept, Next, next_of_item, next_of_thread
from reporting_governance.core.threads import rules_of
from reporting_governance.errors import UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.escalating import Tries
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.targets import targets_of
from reporting_governance.stages.tracing import Traced, trace
from reporting_governance.stages.waiting import WaitingNotice, WaitState, waiting_notices
from reporting_governance.storage.interface import Store, View, expand


class UnknownId(UsageError):
    """The journal has no record of this id."""

    message = "{identity}: the journal has no record of this id"
    hint = "`reportgov status` lists what is open, with its ids."


class RetiredId(UnknownId):
    """No line that is kept holds this id, and older ones are retired."""

    message = "{identity}: no line that is kept holds this id; lines 1 to {to_seq} were retired on {at}: {reason}"
    hint = "An audit bundle made before that day, or a backup, still has them.  `reportgov status` lists what is open."


@frozen(kw_only=True)
class ExplainReport:
    """The steps of a story, oldest first."""

    identity: str
    steps: tuple[Told, ...]
    from_seq: int  #: no older line belongs to it
    to_seq: int
    retired: tuple[Retirement, ...] = ()  #: what may have held the story's beginning: the newest such record
    waiting: tuple[WaitingNotice, ...] = ()  #: its notices that are in the queue, and why
    next: tuple[Next, ...] = ()  #: what comes by itself, soonest first; then what has no time of its own


def run_explain(
    store: Store, identity: str, *, profile: ProfileSpec | None = None, clock: Clock | None = None
) -> ExplainReport:
    """Tell what the journal knows of an id: a task's own id or key, an event, episode, decision, notice, item ...

    Args:
        profile, clock: what is open is judged by; None: it is not said what it waits for and what comes next.

    Raises: UnknownId.
    """
    traced = trace(store, identity)
    retired = tuple(store.retirements())
    if not traced.lines:
        if retired:
            newest = retired[-1]
            raise RetiredId(identity=identity, to_seq=newest.to_seq, at=newest.at, reason=newest.reason)
        raise UnknownId(identity=identity)
    if traced.whole:
        retired = ()
    steps = tuple(tell(seq, expand(store, line)) for seq, line in traced.lines)
    if profile is None or clock is None:
        return ExplainReport(
            identity=identity, steps=steps, from_seq=traced.from_seq, to_seq=traced.to_seq, retired=retired[-1:]
        )
    now = clock.now()
    notices = {step.id for step in steps if step.kind == "notice"}
    waiting = waiting_notices(store, profile, now=now, wanted=notices)
    return ExplainReport(
        identity=identity,
        steps=steps,
        from_seq=traced.from_seq,
        to_seq=traced.to_seq,
        retired=retired[-1:],
        waiting=waiting,
        next=_next(store, traced, profile, waiting, now),
    )


def _next(
    store: Store, traced: Traced, profile: ProfileSpec, waiting: Sequence[WaitingNotice], now: datetime
) -> tuple[Next, ...]:
    """Return what comes next with the open work that the story's records made or changed."""
    touched = {view[1] for _, line in traced.lines for view in line.get("record", {}).get("views", ())}
    found: list[Next] = []
    kept = {each.notice_id: Kept(each.sentence, each.until) for each in waiting if each.state is WaitState.HELD}
    rules = rules_of(profile.notification)
    tries = Tries(store, store.listing(Folder.EPISODES), profile.notification.receivers)
    for thread in _open(store, Folder.EPISODES, touched, "thr_"):
        said = next_of_thread(
            thread.name.id, thread.body, now=now, rules=rules, kept=kept, attempted_at=tries.of(thread)
        )
        found.extend(said)
    targets = dict(targets_of(profile.notification))
    for item in _open(store, Folder.SPOOL, touched, "spl_"):
        due = parse_due(item.name.due)
        said_of_item = next_of_item(item.name.id, item.body, format_time(due) if due else None)
        target = targets.get(item.body["item"]["target"])
        if target is not None and target.hosts:
            of = f"{said_of_item.sentence}; sent by {' or '.join(target.hosts)}, which reach it"
            said_of_item = replace(said_of_item, sentence=of)
        found.append(said_of_item)
    undecided = _open(store, Folder.EVENTS, touched, "evt_")
    found.extend(Next(event.name.id, None, "the next enqueue decides about it") for event in undecided)
    return tuple(sorted(found, key=lambda each: (each.at is None, each.at or "", each.id)))


def _open(store: Store, folder: Folder, touched: set[str], prefix: str) -> Sequence[View]:
    wanted = sorted(each for each in touched if each.startswith(prefix))
    if not wanted:
        return ()
    listing = store.listing(folder)
    views = (newest_view(store, listing, each) for each in wanted)
    return [view for view in views if view is not None]
