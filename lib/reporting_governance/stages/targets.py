"""The memory of a target (`core.target_memory`), as it is read, and as records consume it and make it anew."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewKey, ViewName
from reporting_governance.contracts.notification_settings import Notification, Target
from reporting_governance.contracts.times import format_time
from reporting_governance.core.target_memory import NOTHING, Body, Limit, memory_id, slots
from reporting_governance.storage.interface import Absence, Store

LATELY = timedelta(minutes=15)  #: a host that ran within it is at work


@frozen
class Memory:
    """What is remembered of one target, and the exact version that says so."""

    key: ViewKey
    body: Body
    name: ViewName | None  #: None: nothing was ever worth remembering
    seq: int  #: the end of the log before it was looked for

    @property
    def consumes(self) -> tuple[ViewName, ...]:
        """What a record consumes that builds on it."""
        return () if self.name is None else (self.name,)

    @property
    def absences(self) -> tuple[Absence, ...]:
        """What a group expects that makes the first version."""
        return (Absence(self.key.folder, self.key.id, self.seq),) if self.name is None else ()


def read_memory(store: Store, target: str) -> Memory:
    """Return what is remembered of a target `receiver/target`."""
    seq = store.head().seq
    key = ViewKey(Folder.PAST, memory_id(target), "")
    view = store.past(key.id)
    return Memory(key, NOTHING if view is None else view.body, None if view is None else view.name, seq)


def targets_of(notification: Notification) -> Iterator[tuple[str, Target]]:
    """Yield each target of a profile with its name `receiver/target`."""
    for receiver, each in notification.receivers.items():
        for name, target in each.targets.items():
            yield f"{receiver}/{name}", target


@frozen(kw_only=True)
class TargetTrouble:
    """A target that is not sent to now, that refused what it got last, or that gave back what it had taken."""

    target: str
    trouble: str  #: down, refused, bounced, rate_limited or no_host
    since: str | None
    until: str | None  #: when it is tried again; None: not by itself
    why: str  #: what its receiver or the system said


def troubled(
    store: Store, notification: Notification, now: datetime, hosts: Mapping[str, datetime] | None = None
) -> Iterator[TargetTrouble]:
    """Yield what is wrong with the targets of a profile, as their memories have it.

    Args:
        hosts: when each host was last at work, by name; None: nobody knows.
    """
    limit = notification.rate_limit
    for target, each in targets_of(notification):
        if hosts is not None:
            yield from _without_host(target, each, hosts, now)
        body = read_memory(store, target).body
        down, refused = body["down"], body["refused"]
        if down is not None:
            words = _words(down["evidence"]) or down["reason"]
            yield TargetTrouble(target=target, trouble="down", since=down["since"], until=down["until"], why=words)
        if refused is not None and (down is None or refused.get("bounced")):
            words, kind = _words(refused["evidence"]), "bounced" if refused.get("bounced") else "refused"
            yield TargetTrouble(target=target, trouble=kind, since=refused["at"], until=None, why=words)
        if limit is None:
            continue
        left = slots(body, Limit(limit.messages, limit.per_seconds), now=now)
        if left.free == 0:
            why = f"{limit.messages} messages in {limit.per_seconds} s"
            until = format_time(left.due(0))
            yield TargetTrouble(target=target, trouble="rate_limited", since=None, until=until, why=why)


def _without_host(
    target: str, settings: Target, hosts: Mapping[str, datetime], now: datetime
) -> Iterator[TargetTrouble]:
    """Yield that none of the hosts that reach a target was at work lately."""
    seen = max((hosts[each] for each in settings.hosts if each in hosts), default=None)
    if settings.hosts and (seen is None or now - seen > LATELY):
        why = f"only {', '.join(settings.hosts)} can send to it, and none was at work in the last 15 minutes"
        yield TargetTrouble(
            target=target, trouble="no_host", since=None if seen is None else format_time(seen), until=None, why=why
        )


def _words(evidence: Body) -> str:
    return "; ".join(f"{key} {value}" for key, value in sorted(evidence.items()) if not key.endswith("sha256"))
