"""The view of a thread: what one receiver has been told about one episode, and the ladder that one of them carries."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.journal_line import RecordLine
from reporting_governance.contracts.receipt import ON_PURPOSE, Proof, Reason
from reporting_governance.core.thread_targets import (
    TOLD,
    best_outcome,
    new_notice,
    note_told,
    outcome_at,
    rank,
    take_back,
)

Body = Mapping[str, Any]

_NEW_THREAD: Body = {
    "episode_id": None,
    "receiver": "",
    "task_key": "",
    "number": 0,
    "newest": None,
    "newest_outcome": None,
    "told_at": None,
    "told_phase": None,
    "fell_back_for": None,
    "acked": None,
    "resolved_at": None,
    "condition": None,
}


def fold_thread(old: Body | None, record: RecordLine, identity: str) -> Body:
    """Return what one receiver has been told about one episode.

    Body: `episode_id receiver task_key condition facts urgency` · `number` (of the newest firing or repeat) ·
    `newest {notice_id phase number}` ·
    `newest_outcome` (null while the newest notice is on its way; else `{outcome proof reason settled_at attempt_id}`) ·
    `told_at` (when a receipt first said of the newest telling that it arrived, or perhaps did; null when never) ·
    `told_phase` ·
    `told_by` (attempts that told, or perhaps did: the first and the newest ones; a bounced one is taken out) ·
    `targets` (the same for each target, and what became of the newest notice there: `thread_targets`) ·
    `first_at` (when its first notice was settled, by a telling or a failure) ·
    `before_retry` (what was known of the newest notice before a person sent it again; until that is settled) ·
    `fell_back_for` (the notice in whose place somebody else was told) ·
    `acked` (a person's act, or null; with `receipt_id` when the receiver's own service said so) ·
    `resolved_at` (null while the episode is open) ·
    `despite_ack` (only when true: a step that nothing but the end of the episode ends) ·
    `ladder` (of one thread of an episode at most: `{steps began_at taken number}`; `began_at` null before the first
    telling, `taken` how many steps of this run are behind, `number` of the newest escalation notice ever).
    """
    body = dict(old or _NEW_THREAD)
    if record.kind == "notice":
        if record.body["thread_key"] == identity:
            _fold_notice(body, record.body)
        elif record.body.get("stands_in_for"):
            body["fell_back_for"] = record.body["stands_in_for"]
        _fold_rung(body, record.body)
    elif record.kind == "receipt":
        fold_receipt(body, record.body, speaks=_speaks(body, record))
    elif record.kind == "act":
        _fold_act(body, record.body)
    elif record.kind == "spool-item":  # a person's retry: it is on its way again
        body["before_retry"], body["newest_outcome"] = body["newest_outcome"], None
    elif record.kind == "decision-record-artifact":
        body["resolved_at"] = record.body["metadata"]["recorded_at"]
    return body


def _fold_notice(body: dict[str, Any], notice: Body) -> None:
    body["episode_id"] = notice.get("episode_id")
    body["receiver"] = notice["receiver"]
    body["task_key"] = notice["facts"].get("task_key", "")
    body["condition"] = notice["facts"].get("condition")
    body["facts"] = notice["facts"]
    body["urgency"] = notice["urgency"]
    body["newest"] = {
        "notice_id": notice["notice_id"],
        "phase": notice["phase"],
        "number": notice["number"],
    }
    body["newest_outcome"] = None
    body.pop("before_retry", None)
    new_notice(body)
    if notice["phase"] != "resolved":  # steps are counted by the ladder; to their receiver they are the first telling
        body["number"] = max(body["number"], 1 if notice["phase"] == "escalation" else notice["number"])
    if notice.get("ladder"):
        body["ladder"] = {"steps": notice["ladder"], "began_at": None, "taken": 0, "number": 0}
    if (notice.get("rung") or {}).get("until") == "resolved":
        body["despite_ack"] = True


def _fold_rung(body: dict[str, Any], notice: Body) -> None:
    """Note in the thread that carries the ladder that a step was taken."""
    rung, ladder = notice.get("rung"), body.get("ladder")
    if rung and ladder:
        began = ladder["began_at"] or rung["began_at"]
        body["ladder"] = {**ladder, "began_at": began, "taken": rung["step"], "number": notice["number"]}


def _fold_act(body: dict[str, Any], act: Body) -> None:
    if act["what"] in ("approve", "reject"):  # what it asked a person is answered
        body["resolved_at"] = act["acted_at"]
        body["closed_by"] = {key: act.get(key) for key in ("what", "actor", "comment")}
        return
    if act["what"] == "ack":
        body["acked"] = act
        return
    body["acked"] = None
    body.pop("despite_ack", None)
    if body.get("ladder"):  # it begins anew; numbers of notices go on, so that none is made twice
        body["ladder"] = {**body["ladder"], "began_at": act["acted_at"], "taken": 0}


def _speaks(body: Body, record: RecordLine) -> bool:
    """Tell whether a receipt is about a thread's newest notice, and not about one that was told before it."""
    return body["newest"] is not None and body["newest"]["notice_id"] in record.about


def fold_receipt(body: dict[str, Any], receipt: Body, *, speaks: bool = True) -> None:
    """Fold a receipt into a thread's body.  Of a notice with several items the best counts: acked, pending, blocked.

    Blocked moves the time of the newest outcome, but nobody was told by it.  A later proof of the same attempt makes
    it surer that somebody was told, and not later.  One about an earlier notice settles nothing of the newest.
    What was handed over and then came back (a bounce, an order that ran out) was not told after all.  What came back
    from one target says nothing about what another one got.
    """
    told = receipt["outcome"] in TOLD
    note_told(body, receipt)
    if body["acked"] is None and is_word_of_a_person(receipt):
        body["acked"] = {
            "what": "ack",
            "actor": receipt["settled_by"],
            "acted_at": receipt["settled_at"],
            "receipt_id": receipt["receipt_id"],
        }
    if not speaks:
        if told and body["told_at"] is None:
            body["told_at"] = receipt["settled_at"]
        _take_back(body, receipt)
        return
    before = body["newest_outcome"] = body.pop("before_retry", None) or body["newest_outcome"]
    outcome = _outcome(outcome_at(body, receipt, before), receipt)
    if outcome is None:
        return
    best = body["newest_outcome"] = best_outcome(body, receipt, before, outcome)
    _take_back(body, receipt)
    if best is not outcome:  # another target knows better
        if body["told_at"] and before != best and best["outcome"] in TOLD:
            body["told_at"] = best["settled_at"]
        return
    settled_at = outcome["settled_at"]
    # Nobody knows whether what was never confirmed arrived: whoever may have been told of the trouble is told its end.
    doubtful = receipt.get("reason") == Reason.NEVER_CONFIRMED or receipt.get("may_have_arrived")
    if told or (body["told_at"] is None and doubtful):
        body["told_at"] = settled_at
        body["told_phase"] = body["newest"]["phase"] if body["newest"] else None
    if receipt.get("reason") in ON_PURPOSE:
        return
    body.setdefault("first_at", settled_at)
    ladder = body.get("ladder")
    if ladder and ladder["began_at"] is None:
        body["ladder"] = {**ladder, "began_at": settled_at}


def _outcome(earlier: Body | None, receipt: Body) -> Body | None:
    """Return what is known of a notice at one place after a receipt; None when the receipt says less than is known."""
    attempt = receipt.get("attempt_id")
    same = earlier is not None and attempt is not None and earlier["attempt_id"] == attempt
    settled_at = receipt["settled_at"]
    if earlier is not None:
        came_back = same and earlier["outcome"] == "pending_external_send" and receipt["outcome"] == "blocked"
        if not came_back and rank(earlier) > rank(receipt):
            return None
        if same and receipt["outcome"] in TOLD and earlier["outcome"] in TOLD:
            settled_at = earlier["settled_at"]
    return {
        "outcome": receipt["outcome"],
        "proof": receipt["proof"],
        "reason": receipt.get("reason"),
        "settled_at": settled_at,
        "attempt_id": attempt,
    }


def _take_back(body: dict[str, Any], receipt: Body) -> None:
    """Of a message that bounced nobody learned anything; when no other told it either, nobody was told."""
    if receipt.get("reason") != Reason.REFUSED or receipt.get("attempt_id") not in body.get("told_by", ()):
        return
    take_back(body, receipt)
    if not body["told_by"]:
        body["told_at"] = body["told_phase"] = None


def is_word_of_a_person(receipt: Body) -> bool:
    """Tell whether a receipt says by itself that somebody acted where the message arrived.

    One that our own `ack` wrote follows from an act, which stands beside it and says what was acknowledged.
    """
    return receipt["proof"] == Proof.PERSON and receipt.get("reason") != Reason.ACKNOWLEDGED
