"""Watching the hosts that share a database: a clock that is off, and a target whose hosts are all silent.

Each is told once, by whichever host looks first, and told when it is over.  A clock that is off is an episode of
`self:clock/<host>`; messages that wait for hosts that are silent are one of `self:target/<receiver>/<target>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name, format_time
from reporting_governance.stages.self_change import self_key
from reporting_governance.stages.targets import LATELY, targets_of

if TYPE_CHECKING:
    from reporting_governance.contracts.notification_settings import Notification, Target
    from reporting_governance.core.conditions import Condition
    from reporting_governance.core.episodes import Transition
    from reporting_governance.stages.clock import Clock
    from reporting_governance.storage.interface import Listing, Store

CLOCK, TARGET = "self:clock", "self:target"
_GONE = timedelta(days=1)  #: of a host that has been silent for longer nobody says how its clock is
_LOOKED_AT = 1000  #: due messages that are read, to say how many wait
_LONGEST = 255  #: characters; every host writes its own name, and what no host can bear is put into no message


class HostSight(Protocol):
    """A host, as it noted itself when its `run` last began."""

    @property
    def seen_at(self) -> datetime: ...
    @property
    def skew_ms(self) -> int:
        """How far its clock was ahead of the database's; negative: behind."""
        ...


class _Matter(NamedTuple):
    """One thing that may be told."""

    task_id: str
    title: str
    condition: Condition


def watch_hosts(
    store: Store,
    hosts: Mapping[str, HostSight],
    notification: Notification,
    *,
    skew_limit_seconds: float,
    tick_seconds: float,
    clock: Clock,
) -> tuple[Transition, ...]:
    """Say which clocks are off and which targets have no host left, and which of that is over.

    Args:
        hosts: all that ever ran, by name.
        tick_seconds: how often `run` is started; a host is silent after three of these, and not before 15 minutes.

    Returns: what was said.  Safe to start twice: each thing said consumes the exact version it was seen in.
    """
    watch = store.listing(Folder.WATCH)
    now = clock.now()
    targets = list(targets_of(notification))
    named = [(host, sight) for host, sight in hosts.items() if host.isprintable() and len(host) <= _LONGEST]
    told = (*(f"{CLOCK}/{host}" for host, _ in named), *(f"{TARGET}/{name}" for name, _ in targets))
    watch.several(map(self_key, told))  # all by one question
    said: list[Transition] = []
    for host, sight in named:
        said.extend(_look_at_clock(store, watch, host, sight, skew_limit_seconds, clock))
    silent_after = max(LATELY, timedelta(seconds=3 * tick_seconds))
    for name, target in targets:
        if target.hosts or self_key(f"{TARGET}/{name}") in watch.names:
            seen = {each: hosts[each].seen_at for each in target.hosts if each in hosts}
            said.extend(_look_at_target(store, watch, name, target, seen, now - silent_after, clock))
    return tuple(said)


def _look_at_clock(
    store: Store, watch: Listing, host: str, sight: HostSight, limit: float, clock: Clock
) -> tuple[Transition, ...]:
    from reporting_governance.core.conditions import Condition

    seconds, now = sight.skew_ms / 1000, clock.now()
    matter = _Matter(f"{CLOCK}/{host}", f"the clock of {host}", Condition.CLOCK_SKEW)
    if now - sight.seen_at > _GONE:
        return _said(store, watch, matter, "that host has not run for a day", None, clock)
    if abs(seconds) > limit:
        words = f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'}"
        reason = f"the clock of {host} is {words} the database's, by which all hosts work"
        return _said(store, watch, matter, reason, now, clock)
    if abs(seconds) > limit / 2:
        return ()  # or one at the limit would be told again and again
    return _said(store, watch, matter, "its clock is right again", None, clock)


def _look_at_target(
    store: Store,
    watch: Listing,
    name: str,
    target: Target,
    seen: Mapping[str, datetime],
    not_before: datetime,
    clock: Clock,
) -> tuple[Transition, ...]:
    from reporting_governance.core.conditions import Condition

    matter = _Matter(f"{TARGET}/{name}", f"the target {name}", Condition.NO_HOST)
    last = max(seen, key=lambda each: seen[each], default=None)
    if not target.hosts or (last is not None and seen[last] >= not_before):
        reason = f"{last} is at work again" if last is not None else "any host may send to it now"
        return _said(store, watch, matter, reason, None, clock)
    if self_key(matter.task_id) in watch.names:
        return ()  # told, and not over
    waiting = list(_waiting(store, name, clock.now()))
    if not waiting:
        return ()
    many = f"{len(waiting)} messages wait" if len(waiting) > 1 else "1 message waits"
    since = "none of them ever ran" if last is None else f"{last} ran last, at {format_time(seen[last])}"
    reason = (
        f"{many} for {name.partition('/')[0]}, the oldest since {min(waiting)}; only {', '.join(target.hosts)} can "
        f"send to {name}, and none is at work: {since}"
    )
    return _said(store, watch, matter, reason, clock.now(), clock)


def _waiting(store: Store, target: str, now: datetime) -> Iterator[str]:
    """Yield when each message for a target that is due was made; of the first that are due."""
    names = store.listing(Folder.SPOOL).due(due_name(now))[:_LOOKED_AT]
    store.foresee(names)
    for name in names:
        view = store.read(name)
        if view is not None and view.body["item"]["target"] == target:
            yield view.body["item"]["dispatched_at"]


def _said(
    store: Store, watch: Listing, matter: _Matter, reason: str, since: datetime | None, clock: Clock
) -> tuple[Transition, ...]:
    """Say that a matter is there since a moment, unless it was said; None: that it is over, if it was there."""
    if (self_key(matter.task_id) in watch.names) is (since is not None):
        return ()
    from reporting_governance.core.conditions import Truth, Verdict
    from reporting_governance.core.episodes import transitions
    from reporting_governance.stages.self_change import say_about_us
    from reporting_governance.stages.task_version import load_version

    version = load_version(store, watch, self_key(matter.task_id))
    if version is None:
        return ()
    entries = {} if version.body is None else version.body["conditions"]
    truth = Truth.FALSE if since is None else Truth.TRUE
    verdict = Verdict(
        condition=matter.condition, truth=truth, reason=reason, anchor=since, due_at=since, opens_at=since
    )
    changes = transitions(version.key, entries, (verdict,), finished=False, now=clock.now())
    return say_about_us(store, version, changes, task_id=matter.task_id, title=matter.title, clock=clock)
