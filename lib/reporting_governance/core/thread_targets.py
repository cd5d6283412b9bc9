"""What each target of one receiver was told of an episode, as far as receipts named their targets.

Kept in the thread's body under `targets`, by `receiver/target`: `told_by` (attempts that told it, or perhaps did; one
that bounced is taken out) · `outcome` (what is known there of the thread's newest notice, shaped as `newest_outcome`;
null while it is on its way there).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.receipt import ON_PURPOSE, Outcome, Reason

Body = Mapping[str, Any]

TOLD = frozenset({Outcome.ACKED, Outcome.PENDING_EXTERNAL_SEND})
_RANK = {Outcome.BLOCKED: 0, Outcome.PENDING_EXTERNAL_SEND: 1, Outcome.ACKED: 2}
_NEWEST = 6  #: attempts that are remembered besides the first and the newest one


def rank(outcome: Body) -> int:
    """Return how good it is: of a notice with several items the best counts."""
    return _RANK[Outcome(outcome["outcome"])]


def new_notice(body: dict[str, Any]) -> None:
    """Forget what was known of the notice before the newest; who was told stays."""
    if body.get("targets"):
        body["targets"] = {name: {**each, "outcome": None} for name, each in body["targets"].items()}


def note_told(body: dict[str, Any], receipt: Body) -> None:
    """Remember the attempt by which a target was told, or perhaps was."""
    attempt = receipt.get("attempt_id") if receipt["outcome"] in TOLD else receipt.get("may_have_arrived")
    if not attempt:
        return
    body["told_by"] = _with(body.get("told_by", ()), attempt)
    target = receipt.get("target")
    if target:
        entry = _entry(body, target)
        _put(body, target, {**entry, "told_by": _with(entry["told_by"], attempt)})


def outcome_at(body: Body, receipt: Body, before: Body | None) -> Body | None:
    """Return what was known until now of the newest notice where a receipt is from.

    Args:
        before: what was known of it at all: of a receipt without a target, that is what it is compared with.
    """
    target = receipt.get("target")
    if not target:
        return before
    mine: Body | None = _entry(body, target)["outcome"]
    if (
        mine is None
        and before is not None
        and before["attempt_id"]
        and before["attempt_id"] == receipt.get("attempt_id")
    ):
        return before  # recorded before receipts named their targets
    return mine


def best_outcome(body: dict[str, Any], receipt: Body, before: Body | None, outcome: Body) -> Body:
    """Note what a receipt says about its target, and return what is the best of all targets; of equals the newest.

    Args:
        before: what was the best; it counts on where no target is known for it.
        outcome: of the receipt's target, as it is now.
    """
    target = receipt.get("target")
    if not target:
        return outcome
    _put(body, target, {**_entry(body, target), "outcome": outcome})
    others = [each["outcome"] for name, each in body["targets"].items() if name != target and each["outcome"]]
    named = {each["attempt_id"] for each in (*others, outcome)}
    if before is not None and before["attempt_id"] and before["attempt_id"] not in named:
        others.append(before)
    best = max(others, key=rank, default=outcome)
    return best if rank(best) > rank(outcome) else outcome


def take_back(body: dict[str, Any], receipt: Body) -> None:
    """Take a message that bounced out: of it nobody learned anything."""
    attempt, target = receipt.get("attempt_id"), receipt.get("target")
    body["told_by"] = [each for each in body.get("told_by", ()) if each != attempt]
    if target:
        entry = _entry(body, target)
        _put(body, target, {**entry, "told_by": [each for each in entry["told_by"] if each != attempt]})


def told_targets(thread: Body) -> frozenset[str] | None:
    """Return the targets, as `receiver/target`, that were told of an episode, or perhaps were.

    None when that is not known of all of them: some were told before receipts named their targets.
    """
    targets: Mapping[str, Body] = thread.get("targets") or {}
    known = {attempt for each in targets.values() for attempt in each["told_by"]}
    if not known.issuperset(thread.get("told_by", ())) or (thread["told_at"] and not known):
        return None
    return frozenset(name for name, each in targets.items() if each["told_by"])


def target_of(thread: Body, attempt: str) -> str | None:
    """Return the target that an attempt told; None when its receipts did not name it."""
    targets: Mapping[str, Body] = thread.get("targets") or {}
    return next((name for name, each in targets.items() if attempt in each["told_by"]), None)


def outcomes(thread: Body) -> Iterator[tuple[str, Body]]:
    """Yield the targets of which it is known what became of the newest notice there, in the order of their names."""
    for name, each in sorted((thread.get("targets") or {}).items()):
        if each["outcome"]:
            yield name, each["outcome"]


def missed(outcome: Body, *, holds_doubt: bool) -> bool:
    """Tell whether a message did not arrive, or perhaps did not and is not sent again."""
    if outcome["outcome"] == Outcome.BLOCKED:
        return outcome["reason"] not in ON_PURPOSE
    doubted = outcome["outcome"] == Outcome.PENDING_EXTERNAL_SEND and outcome["reason"] == Reason.IN_DOUBT
    return doubted and holds_doubt


def missed_at(thread: Body, *, holds_doubt: bool) -> tuple[tuple[str, Body], ...]:
    """Return the targets that the newest notice did not reach, or perhaps did not, with what became of it there.

    One that the profile no longer names is none of them: it was taken out on purpose.
    """
    return tuple(
        (name, each)
        for name, each in outcomes(thread)
        if each["reason"] != Reason.RECEIVER_GONE and missed(each, holds_doubt=holds_doubt)
    )


def _entry(body: Body, target: str) -> Body:
    found: Body = (body.get("targets") or {}).get(target) or {"told_by": (), "outcome": None}
    return found


def _put(body: dict[str, Any], target: str, entry: Body) -> None:
    told = list(entry["told_by"])
    body["targets"] = {**(body.get("targets") or {}), target: {"told_by": told, "outcome": entry["outcome"]}}


def _with(attempts: Sequence[str], attempt: str) -> list[str]:
    known = [each for each in attempts if each != attempt]
    return [*known[:1], *known[1:][-_NEWEST:], attempt]
