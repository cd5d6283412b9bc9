"""self-watch: a test notice goes the whole way from time to time; where it does not arrive, somebody else is told.

The test notice is an episode of the task `self:canary`: fired when one is due, over when every receiver has it with
the proof that the profile asks for.  That it did not arrive in time is an episode of `self:canary/<receiver>`, over
when one arrives there again.  After a pause there is one test notice, never those that were missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.ids import thread_prefix
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import parse_time
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.self_change import say_about_us, self_key
from reporting_governance.storage.interface import Store

if TYPE_CHECKING:
    from reporting_governance.core.conditions import Condition
    from reporting_governance.core.episodes import Transition

CANARY = "self:canary"
_NOTICE = "canary_notice"
Body = Mapping[str, Any]


def is_anything_to_do(store: Store, receivers: Sequence[str], canary_seconds: int | None, now: datetime) -> bool:
    """Tell whether a test notice is due, on its way, or lost: one name and one file, and nothing is imported."""
    if store.listing(Folder.WATCH).several(_key(each) for each in (None, *receivers)):
        return True
    if canary_seconds is None:
        return False
    past = store.past(_key(None))
    return past is None or _is_due(past.body["conditions"].get(_NOTICE), canary_seconds, now)


def run_self_watch(
    store: Store,
    receivers: Sequence[str],
    *,
    canary_seconds: int | None,
    limit_seconds: int,
    was_away: bool,
    clock: Clock,
) -> "tuple[Transition, ...]":
    """Send a test notice when one is due, and judge the one that was sent last.

    Args:
        receivers: all that the profile names.
        canary_seconds: how often; None: never, and what is open ends.
        limit_seconds: within which it must have arrived.
        was_away: nothing ran for a while, so nothing could arrive: nobody is called lost by this run.

    Returns: what was said.  Safe to start twice: each thing said consumes the exact version it was seen in.
    """
    return tuple(_Watch(store, clock, receivers).look(canary_seconds, limit_seconds, was_away))


def _key(receiver: str | None) -> str:
    return self_key(CANARY if receiver is None else f"{CANARY}/{receiver}")


def _is_due(entry: Body | None, seconds: int, now: datetime) -> bool:
    return entry is None or now >= parse_time(entry["anchor"]) + timedelta(seconds=seconds)


class _Watch:
    def __init__(self, store: Store, clock: Clock, receivers: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._receivers = receivers
        self._watch = store.listing(Folder.WATCH)

    def look(self, seconds: int | None, limit: int, was_away: bool) -> "Iterator[Transition]":
        from reporting_governance.core.conditions import Condition

        if seconds is None:
            for receiver in (None, *self._receivers):
                yield from self._ended(receiver)
            return
        now = self._clock.now()
        entry = self._entry(None)
        if entry is not None and entry["phase"] == "firing":
            yield from self._judged(entry, limit, was_away, now)
        if _is_due(entry, seconds, now):
            yield from self._said(None, Condition.CANARY_NOTICE, "a test notice is due", now, now)

    def _judged(self, entry: Body, limit: int, was_away: bool, now: datetime) -> "Iterator[Transition]":
        """Say to whom the test notice came and to whom it did not; once all have it, it is over."""
        from reporting_governance.core.conditions import Condition

        sent_at = parse_time(entry["anchor"])
        late = not was_away and now >= sent_at + timedelta(seconds=limit)
        threads = list(self._threads(entry["episode"]))
        for thread in threads:
            receiver = str(thread["receiver"])
            if _has_arrived(thread):
                yield from self._said(receiver, Condition.CANARY, "a test notice has arrived", None, now)
            elif late and not self._is_held(thread):
                reason = (
                    f"a test notice to {receiver} of {entry['anchor']} did not arrive within {limit} s{_how(thread)}"
                )
                yield from self._said(receiver, Condition.CANARY, reason, sent_at, now)
        if threads and all(map(_has_arrived, threads)):
            yield from self._said(None, Condition.CANARY_NOTICE, "it has arrived", None, now)

    def _threads(self, episode: str) -> Iterator[Body]:
        for name in self._store.listing(Folder.EPISODES).starting(thread_prefix(episode)):
            view = self._store.read(name)
            if view is not None:
                yield view.body

    def _is_held(self, thread: Body) -> bool:
        """Tell whether it is kept back on purpose, so that it cannot have arrived."""
        name = self._store.listing(Folder.QUEUE).names.get(thread["newest"]["notice_id"])
        view = None if name is None else self._store.read(name)
        return view is not None and bool(view.body.get("hold"))

    def _entry(self, receiver: str | None) -> Body | None:
        from reporting_governance.stages.task_version import load_version

        version = load_version(self._store, self._watch, _key(receiver))
        if version is None or version.body is None:
            return None
        entry: Body | None = version.body["conditions"].get(_NOTICE if receiver is None else "canary")
        return entry

    def _said(
        self, receiver: str | None, condition: "Condition", reason: str, since: datetime | None, now: datetime
    ) -> "tuple[Transition, ...]":
        """Say that a condition holds since a moment; None: that it does not."""
        from reporting_governance.core.conditions import Condition, Truth, Verdict
        from reporting_governance.core.episodes import transitions
        from reporting_governance.stages.task_version import load_version

        if receiver is not None and since is None and _key(receiver) not in self._watch.names:
            return ()
        version = load_version(self._store, self._watch, _key(receiver))
        if version is None:
            return ()
        entries = {} if version.body is None else version.body["conditions"]
        truth = Truth.FALSE if since is None else Truth.TRUE
        # Lost again and again is one stretch; each test notice is one of its own.
        anchor = now if condition is Condition.CANARY_NOTICE and since is not None else None
        verdict = Verdict(condition=condition, truth=truth, reason=reason, anchor=anchor, due_at=since, opens_at=since)
        return self._committed(
            receiver, version, transitions(version.key, entries, (verdict,), finished=False, now=now)
        )

    def _ended(self, receiver: str | None) -> "tuple[Transition, ...]":
        from reporting_governance.core.episodes import ResolvedBy, resolve_all
        from reporting_governance.stages.task_version import load_version

        if _key(receiver) not in self._watch.names:
            return ()
        version = load_version(self._store, self._watch, _key(receiver))
        if version is None or version.body is None:
            return ()
        reason = "no test notices are asked for any more"
        changes = resolve_all(version.body["conditions"], ResolvedBy.UNWATCHED, reason, self._clock.now())
        return self._committed(receiver, version, changes)

    def _committed(
        self, receiver: str | None, version: Any, changes: "Sequence[Transition]"
    ) -> "tuple[Transition, ...]":
        task_id = CANARY if receiver is None else f"{CANARY}/{receiver}"
        title = "test notices" if receiver is None else f"test notices to {receiver}"
        said = say_about_us(self._store, version, changes, task_id=task_id, title=title, clock=self._clock)
        self._watch = self._store.listing(Folder.WATCH)
        return said


def _has_arrived(thread: Body) -> bool:
    outcome = thread["newest_outcome"]
    return outcome is not None and outcome["outcome"] == "acked"


def _how(thread: Body) -> str:
    outcome = thread["newest_outcome"]
    if outcome is None:
        return ": it is still on its way"
    return f": {outcome['outcome'].replace('_', ' ')}, proof {outcome['proof']}"
