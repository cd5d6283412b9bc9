"""routes test: where a notice would go, now or at another time, and why, without telling anybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.dispatching import group_key
from reporting_governance.core.holding import Held, why_held
from reporting_governance.core.receivers import receivers_of
from reporting_governance.core.routing import fact_of
from reporting_governance.stages.causes import Causes
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.queue import judged_queue, quiet_now
from reporting_governance.stages.route_subject import NothingToRoute, said_about
from reporting_governance.storage.interface import Store

Document = Mapping[str, Any]


@frozen(kw_only=True)
class WouldTell:
    """What one receiver would get."""

    receiver: str
    route: int  #: place of the route in the profile, from 0
    targets: Mapping[str, str]  #: target -> sender
    held: Held | None  #: what would keep it back at that time
    group: Mapping[str, Any]  #: the facts it would be grouped by
    company: int  #: notices that wait in that group already
    goes_at: datetime  #: when the group would go, if nothing keeps it back
    fallback: tuple[str, ...]  #: who would be told instead, in order


@frozen(kw_only=True)
class RouteTest:
    """One notice that would be, and whom it would reach."""

    subject: str | None  #: the event or notice the facts are from; None: they were typed
    facts: Document
    decision: str | None  #: what is decided about the event; None: the facts are no event's
    tells: bool  #: whether that decision tells anybody at all
    receivers: tuple[WouldTell, ...]


def run_route_test(
    store: Store,
    policy: Policy,
    profile: ProfileSpec,
    subject: str | None,
    typed: Document,
    *,
    clock: Clock,
    at: datetime | None = None,
) -> tuple[RouteTest, ...]:
    """Return where notices would go: one for each open episode of a task, else one.

    Args:
        subject: id of a task, event, episode or notice; its facts are taken from the records.
        typed: facts that stand instead of those, or, without a subject, for themselves.
        at: when calendars and silences are judged; None: now.  All else is as it is now: the queue, and what is open.

    Raises: NothingToRoute.
    """
    store.ready()
    now = clock.now()
    if subject is None:
        return (_test(store, profile, None, typed, None, True, Phase.FIRING, now, at or now),)
    found = said_about(store, subject, policy, profile, now=now)
    if not found:
        raise NothingToRoute(subject=subject)
    return tuple(
        _test(
            store,
            profile,
            each.identity,
            _laid_over(each.facts, typed),
            each.decision,
            each.tells,
            each.phase,
            now,
            at or now,
        )
        for each in found
    )


def _laid_over(facts: Document, typed: Document) -> Document:
    labels = {**(facts.get("labels") or {}), **(typed.get("labels") or {})}
    return {**facts, **typed, **({"labels": labels} if labels else {})}


def _test(
    store: Store,
    profile: ProfileSpec,
    identity: str | None,
    facts: Document,
    decision: str | None,
    tells: bool,
    phase: Phase,
    now: datetime,
    at: datetime,
) -> RouteTest:
    notification = profile.notification
    queue = store.listing(Folder.QUEUE)
    judged = judged_queue(store, profile, queue, list(queue.names.values()), now=now)
    causes = Causes(store, profile, queue=queue, threads=judged.threads)
    quiet = quiet_now(store, profile, at)
    waiting = {
        group_key(each.notices[0], notification.group_by): (each, until) for each, until in judged.judgement.waiting
    }
    receivers = []
    for match in receivers_of(facts, notification):
        key = (match.receiver, phase.value, *(str(fact_of(facts, name)) for name in notification.group_by))
        group, until = waiting.get(key, (None, at + timedelta(seconds=notification.group_wait_seconds)))
        receivers.append(
            WouldTell(
                receiver=match.receiver,
                route=match.route,
                targets={
                    name: target.sender for name, target in notification.receivers[match.receiver].targets.items()
                },
                held=why_held(phase, facts, causes.of(match.receiver, facts), quiet, at),
                group={name: fact_of(facts, name) for name in notification.group_by},
                company=len(group.notices) if group else 0,
                goes_at=until,
                fallback=_stand_ins(notification.fallback, match.receiver),
            )
        )
    return RouteTest(subject=identity, facts=facts, decision=decision, tells=tells, receivers=tuple(receivers))


def _stand_ins(fallback: Sequence[str], receiver: str) -> tuple[str, ...]:
    """Return who is told when a receiver cannot be, in order: the ones after it in the profile's list."""
    after = fallback.index(receiver) + 1 if receiver in fallback else 0
    return tuple(fallback[after:])
