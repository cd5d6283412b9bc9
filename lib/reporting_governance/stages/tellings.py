"""What each receiver knows about an episode, and what became of the newest notice at each of its targets."""

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import parse_due
from reporting_governance.core.story import who_acted
from reporting_governance.core.thread_targets import outcomes
from reporting_governance.storage.interface import View


@frozen(kw_only=True)
class AtTarget:
    """What became of the newest notice at one target."""

    target: str  #: `receiver/target`
    state: str  #: what its newest receipt says
    proof: str
    reason: str | None


@frozen(kw_only=True)
class Telling:
    """What one receiver knows about an episode."""

    receiver: str
    state: str  #: delivery state of the newest notice
    proof: str
    phase: str
    told_at: str | None
    acked_by: str | None  #: and who vouches for that, where it was not the operating system
    next_at: str | None  #: the next repeat
    notice_id: str
    targets: tuple[AtTarget, ...]  #: those that have answered


def telling_of(thread: View) -> Telling:
    """Return what a thread says that its receiver knows."""
    body, outcome = thread.body, thread.body["newest_outcome"]
    next_at = parse_due(thread.name.due)
    return Telling(
        receiver=body["receiver"],
        state=outcome["outcome"] if outcome else "on its way",
        proof=outcome["proof"] if outcome else "none",
        phase=f"{body['newest']['phase']} {body['newest']['number']}",
        told_at=body["told_at"],
        acked_by=who_acted(body["acked"]) if body["acked"] else None,
        next_at=None if next_at is None else next_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        notice_id=body["newest"]["notice_id"],
        targets=tuple(
            AtTarget(target=name, state=each["outcome"], proof=each["proof"], reason=each["reason"])
            for name, each in outcomes(body)
        ),
    )
