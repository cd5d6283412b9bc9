"""What is remembered of a target: how much it was given lately, and that it could not be reached.

Kept as the body of one small view for each target, folded from attempts and receipts, so that it survives every process
and lies about nothing: an attempt that counts against a limit, or that tries a target which was down, consumes the
exact version of the memory it was decided on.  Of two bridges that decided on the same version one is refused.

The invariant of a limit of M messages in P seconds: an attempt is recorded only while fewer than M recorded ones can
still have sent within the last P seconds.  An attempt can have sent until its receipt was settled, and without one
until its `start_by`; it counts from that moment on for P seconds, whatever became of it.  So what a target got in any
stretch is at most what was counted.

Body: `sends` [[attempt id, latest moment at which it can have sent]] · `stretch_seconds` of the newest limit ·
`down` {since failed_at until not_before reason evidence} or null · `probe` {attempt_id until} or null: who tries a
target that is down · `refused` {at evidence bounced} or null: its last answer was a no for good; `bounced`: it took the
message first, and gave it back later.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.receipt import Outcome, Proof, Reason
from reporting_governance.contracts.times import format_time, parse_time

Body = Mapping[str, Any]

_BRIDGE = "bridge"
_UNREACHED = frozenset({Reason.NOT_SENT, Reason.TRY_LATER})
_BOUNCES_FOR = timedelta(days=5)  #: as long a mail server tries at least before it gives up (RFC 5321, 4.5.4.1)
_PRECISE = 10  #: what a settled send gives back of a stretch is written down when it is more than a tenth of it
NOTHING: Final[Body] = {"sends": [], "stretch_seconds": 0, "down": None, "probe": None, "refused": None}


def memory_id(target: str) -> str:
    """Return the id of a target's memory, of its name `receiver/target`."""
    return derive_id("tgt", target)


@frozen
class Limit:
    """At most `messages` in any `per_seconds`."""

    messages: int
    per_seconds: int


def fold_target(old: Body | None, kind: str, record: Body) -> Body:
    """Return a target's memory after an attempt or a receipt."""
    body = dict(old or NOTHING)
    if kind == "attempt":
        _fold_attempt(body, record)
    elif kind == "receipt" and record.get("attempt_id"):
        _fold_receipt(body, record)
    return body


def _fold_attempt(body: dict[str, Any], attempt: Body) -> None:
    limit = attempt.get("rate_limit")
    if limit is not None:
        gone = parse_time(attempt["started_at"]) - timedelta(seconds=limit["per_seconds"])
        kept = [each for each in body["sends"] if parse_time(each[1]) > gone]
        body["sends"] = [*kept, [attempt["attempt_id"], attempt["start_by"]]]
        body["stretch_seconds"] = limit["per_seconds"]
    if body["down"] is not None:
        body["probe"] = {"attempt_id": attempt["attempt_id"], "until": attempt["deadline_at"]}


def _fold_receipt(body: dict[str, Any], receipt: Body) -> None:
    mine, at = receipt["attempt_id"], receipt["settled_at"]
    if is_bounce(receipt):  # of long ago perhaps: it does not say whether its target can be reached now
        body["refused"] = {"at": at, "evidence": receipt["evidence"], "bounced": True}
        return
    body["sends"] = [[who, min(latest, at) if who == mine else latest] for who, latest in body["sends"]]
    probed = body["probe"] is not None and body["probe"]["attempt_id"] == mine
    if probed:
        body["probe"] = None
    reason = receipt.get("reason")
    if reason in _UNREACHED and receipt["settled_by"] != _BRIDGE:
        body["down"] = _down(body["down"], receipt)
    elif reason == Reason.REFUSED:
        body["down"] = None
        body["refused"] = {"at": at, "evidence": receipt["evidence"]}
    elif reason is None and receipt["outcome"] in (Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND):
        body["down"] = None
        if not _still_bounces(body["refused"], receipt):
            body["refused"] = None
    elif probed and reason == Reason.IN_DOUBT:
        body["down"] = _as_long_again(body["down"], at)


def is_bounce(receipt: Body) -> bool:
    """Tell whether a receipt says that a target gave back what it had taken; who hands it in says why."""
    return receipt.get("reason") == Reason.REFUSED and "refused" in receipt["evidence"]


def _still_bounces(refused: Body | None, receipt: Body) -> bool:
    """Tell whether a target that took a message may give it back as it did before.

    A proof that it went further than ever before it was given back says no, and so does a time without a bounce.
    """
    if refused is None or not refused.get("bounced") or Proof(receipt["proof"]) >= Proof.DELIVERED:
        return False
    return parse_time(receipt["settled_at"]) - parse_time(refused["at"]) < _BOUNCES_FOR


def _down(old: Body | None, receipt: Body) -> Body:
    failed = parse_time(receipt["settled_at"])
    asked = receipt.get("retry_after_seconds")
    return {
        "since": old["since"] if old else receipt["settled_at"],
        "failed_at": receipt["settled_at"],
        "until": receipt["retry_at"],
        # What the receiver asked for may lie behind the item's end, at which `retry_at` is cut.
        "not_before": None if asked is None else format_time(failed + timedelta(seconds=min(asked, _LONGEST_WAIT))),
        "reason": receipt["reason"],
        "evidence": receipt["evidence"],
    }


_LONGEST_WAIT = 366 * 86_400


def _as_long_again(down: Body | None, at: str) -> Body | None:
    """Return a target that is still down after a try of which nobody knows how it ended."""
    if down is None:
        return None
    wait = parse_time(down["until"]) - parse_time(down["failed_at"])
    return {**down, "failed_at": at, "until": format_time(parse_time(at) + max(wait, timedelta(0)))}


def is_news(body: Body, receipt: Body) -> bool:
    """Tell whether a receipt changes a target's memory enough to be written into it.

    A success at a target that is not down and has no limit costs nothing; of eight sends that fail together the first
    is enough.
    """
    mine = receipt.get("attempt_id")
    if mine is None:
        return False
    at = parse_time(receipt["settled_at"])
    gained = [parse_time(latest) - at for who, latest in body["sends"] if who == mine]
    if any(each > timedelta(0) and each * _PRECISE > timedelta(seconds=body["stretch_seconds"]) for each in gained):
        return True
    if body["probe"] is not None and body["probe"]["attempt_id"] == mine:
        return True
    after = fold_target(body, "receipt", receipt)
    if after["down"] is not None and body["down"] is not None:
        return _later(after["down"], body["down"], "until") or _later(after["down"], body["down"], "not_before")
    return (after["down"] is None) != (body["down"] is None) or (after["refused"] is None) != (body["refused"] is None)


def _later(after: Body, before: Body, key: str) -> bool:
    new, old = after[key], before[key]
    return new is not None and (old is None or parse_time(new) > parse_time(old))


@frozen
class Slots:
    """When a limited target may be sent to: at once so often, and then at these times, again and again."""

    free: int
    later: tuple[datetime, ...]  #: as many as the limit has messages, in order
    per_seconds: int

    def due(self, place: int) -> datetime:
        """Return when the `place`-th message (from 0) that finds no free place has one."""
        rounds, which = divmod(place, len(self.later))
        return self.later[which] + timedelta(seconds=rounds * self.per_seconds)


def slots(body: Body, limit: Limit, *, now: datetime) -> Slots:
    """Return what a limit leaves, when all that is free now is taken now."""
    stretch = timedelta(seconds=limit.per_seconds)
    sent = sorted(latest for _, text in body["sends"] if (latest := parse_time(text)) + stretch > now)
    free = max(0, limit.messages - len(sent))
    # What is in flight most probably sends now; whoever looks again too soon simply waits on.
    later = (*(min(each, now) + stretch for each in sent), *[now + stretch] * free)
    return Slots(free, later[-limit.messages :], limit.per_seconds)


def waits_until(body: Body, *, now: datetime, own_wait_seconds: float) -> datetime | None:
    """Return until when a target that is down is left alone by an item; None: it may be tried now.

    Args:
        own_wait_seconds: how long the item itself would wait after a failure.  A young item waits for no longer than
            that, counted from the newest failure: a target that was down for a day is tried soon for what is new.
    """
    down, probe = body["down"], body["probe"]
    if down is None:
        return None
    if probe is not None and now < (ends := parse_time(probe["until"])):
        return ends
    until = min(parse_time(down["until"]), parse_time(down["failed_at"]) + timedelta(seconds=own_wait_seconds))
    if down["not_before"] is not None:
        until = max(until, parse_time(down["not_before"]))
    return until if now < until else None


def stable_jitter(identity: str, most_seconds: int) -> int:
    """Return 0 to `most_seconds`, the same for one id in every run: a crowd that waits does not come back at once."""
    return int(identity[-6:], 16) % (most_seconds + 1)
