"""What will happen next with open work, and when, unless somebody does something."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time
from reporting_governance.core.delivery import is_put_down, last_word, open_attempt
from reporting_governance.core.policy_templates import duration_words
from reporting_governance.core.story import who_acted
from reporting_governance.core.threads import (
    ONE_SHOT,
    WITHOUT_AN_END,
    ThreadRules,
    is_quiet,
    is_taken_over,
    next_rung,
    repeat_at,
    rung_due,
    stand_in,
)

Body = Mapping[str, Any]


@frozen
class Next:
    """One thing that will happen.  `at` None: at no time of its own."""

    id: str  #: the thread, item or event it happens with
    at: str | None
    sentence: str


class Kept(NamedTuple):
    """Why a queued notice is kept back.  `until` None: until its cause is over."""

    sentence: str
    until: str | None


def next_of_thread(
    identity: str,
    thread: Body,
    *,
    now: datetime,
    rules: ThreadRules,
    kept: Mapping[str, Kept] = MappingProxyType({}),
    attempted_at: datetime | None = None,
) -> tuple[Next, ...]:
    """Return what a thread waits for; a time that has passed is the next run's.

    Args:
        kept: why queued notices are kept back, by id.
        attempted_at: what the thread's ladder counts from as long as no receipt settled its own notice.
    """
    if is_taken_over(thread) and thread["resolved_at"] is None:
        who = who_acted(thread["acked"])
        return (Next(identity, _at(now), f"the word of {who} ends repeats and escalation for everybody"),)
    found = [_told(identity, thread, now, rules, kept)]
    if thread["resolved_at"] is None:
        found.append(_escalation(identity, thread, attempted_at))
    return tuple(each for each in found if each is not None)


def _told(identity: str, thread: Body, now: datetime, rules: ThreadRules, kept: Mapping[str, Kept]) -> Next | None:
    receiver, outcome, newest = thread["receiver"], thread["newest_outcome"], thread["newest"]
    if outcome is None and newest["notice_id"] in kept:
        why = kept[newest["notice_id"]]
        said = f"the {newest['phase']} notice to {receiver} goes out as soon as nothing keeps it back; {why.sentence}"
        return Next(identity, why.until, said)
    if outcome is None:
        return Next(identity, None, f"the {newest['phase']} notice to {receiver} is on its way")
    if thread["episode_id"] is None:
        return None if next_rung(thread) is not None else Next(identity, _at(now), "nothing more to tell; it is closed")
    if thread["resolved_at"]:
        if thread["told_at"] is None or newest["phase"] == "resolved" or thread["condition"] in WITHOUT_AN_END:
            return Next(identity, _at(now), f"nothing more to tell to {receiver}; it is closed")
        return Next(identity, _at(now), f"{receiver} is told that it is over")
    if is_quiet(thread):
        by = thread["acked"]
        said = f"nothing to {receiver} until it is over, since {who_acted(by)} acknowledged it at {by['acted_at']}"
        return Next(identity, None, said)
    deputy = stand_in(thread, outcome["outcome"], outcome["reason"], rules)
    if deputy is not None:
        return Next(identity, _at(now), f"{deputy} is told, who stands in for {receiver}")
    if thread["condition"] in ONE_SHOT:
        return Next(identity, None, f"nothing to {receiver}: it is told once, and not repeated")
    at = repeat_at(thread, rules.repeat_seconds)
    unless = "" if thread.get("despite_ack") else " or acknowledged"
    return Next(identity, format_time(at), f"repeat {thread['number'] + 1} to {receiver}, unless it is over{unless}")


def _escalation(identity: str, thread: Body, attempted_at: datetime | None) -> Next | None:
    place = next_rung(thread)
    if place is None:
        return None
    ladder = thread["ladder"]
    step, total = ladder["steps"][place], len(ladder["steps"])
    unless = "over" if step.get("until") == "resolved" else "over or acknowledged"
    what = f"step {place + 1} of {total} of the escalation: {' and '.join(step['receivers'])}, unless it is {unless}"
    due = rung_due(thread, attempted_at)
    if due is None:
        after = duration_words(step["after_seconds"])
        return Next(identity, None, f"{after} after the first telling, or the first try: {what}")
    return Next(identity, format_time(due), what)


#: What is added of a try that was put off before anything was sent.
_NOT_TRIED = {
    "rate_limited": ", which has had as many as it may for now",
    "target_down": ", which could not be reached a short while ago and is tried with one message at a time",
}


def next_of_item(identity: str, body: Body, due_at: str | None = None) -> Next:
    """Return what an open spool item waits for.

    Args:
        due_at: when the bridge takes it up again; None: not known.
    """
    item, running, last = body["item"], open_attempt(body), last_word(body)
    target = item["target"]
    if running is not None:
        return Next(
            identity, running["deadline_at"], f"a send to {target} is under way; it is in doubt after that time"
        )
    if last is None:
        return Next(identity, item["due_at"], f"the first try to send to {target}")
    if last["outcome"] == "deferred":
        why = _NOT_TRIED.get(last.get("reason") or "", "").format(target=target)
        said = f"the next try to send to {target}{why}; given up at {item['not_after']}"
        return Next(identity, last["retry_at"], said)
    if is_put_down(last):
        said = f"it lies ready for who sends to {target}; taken back then if nobody has sent it"
        return Next(identity, item["not_after"], said)
    if last.get("reason") == "in_doubt" and due_at is not None and due_at < item["not_after"]:
        said = (
            f"it is not known whether {target} got it; it goes again then, by the same key or marked as a possible "
            f"repeat; given up at {item['not_after']}"
        )
        return Next(identity, due_at, said)
    kind = "in doubt" if last.get("reason") == "in_doubt" else "without proof that it arrived"
    return Next(identity, item["not_after"], f"what was sent to {target} is {kind}; given up then if nobody knows more")


def _at(now: datetime) -> str:
    return format_time(now)
