"""What a thread is told after its firing notice: repeats, the end of the episode, and its own end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.times import due_name, format_time, parse_time
from reporting_governance.core.policy_templates import duration_words, one_line
from reporting_governance.core.thread_targets import missed, missed_at
from reporting_governance.core.threads import ThreadRules, ThreadStep, stand_in
from reporting_governance.stages.first_notices import how_to_close
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.settled_thread import changed_key
from reporting_governance.storage.interface import Absence, Addition, Group, Listing, Store, View, expand

_NAME_LENGTH = 120  #: characters of a task's title in a subject
_CLOSED = {"approve": "approved", "reject": "rejected"}


def tell_again_group(store: Store, thread: View, step: ThreadStep, rules: ThreadRules, now: datetime) -> Group:
    """Return the notice that repeats a trouble, or tells that it is over; it consumes the thread's version."""
    body = expand(store, thread.body)
    phase = Phase.REPEAT if step is ThreadStep.REPEAT else Phase.RESOLVED
    number = body["number"] + 1 if phase is Phase.REPEAT else 1
    parent = str(body["episode_id"] or thread.name.id)
    facts: Mapping[str, Any] = body["facts"]
    notice = Notice(
        notice_id=ids.notice_id(parent, body["receiver"], phase, number),
        thread_key=thread.name.id,
        phase=phase,
        number=number,
        receiver=body["receiver"],
        urgency=Urgency(body["urgency"]) if phase is Phase.REPEAT else Urgency.LOW,
        subject=_subject(phase, number, facts),
        body=_text(phase, body, facts, now),
        facts=facts,
        must_reference=(str(body["newest"]["notice_id"]),),
        created_at=now,
        episode_id=body["episode_id"],
    )
    record = RecordLine(
        kind=Notice.schema,
        id=notice.notice_id,
        body=notice.dump(),
        parents=(parent,),
        consumes=(thread.name,),
        about=(str(body["task_key"]), str(facts.get("agent_id", "")), notice.notice_id),
    )
    record = queued(record, {thread.name.id: thread.body}, rules, now)
    return Group(additions=(Addition(record=record),))


def queued(
    record: RecordLine, threads: Mapping[str, Mapping[str, Any] | None], rules: ThreadRules, now: datetime
) -> RecordLine:
    """Return a notice's line with its views: the notice in the queue, and each thread that it changes as it is then.

    Args:
        threads: bodies before it, by id; None for a thread that it begins.
    """
    views = [ViewKey(Folder.QUEUE, record.id, due_name(now))]
    views += [changed_key(key, body, record, rules=rules, now=now)[0] for key, body in threads.items()]
    return replace(record, views=tuple(views))


def fall_back_group(store: Store, thread: View, threads: Listing, rules: ThreadRules, now: datetime) -> Group | None:
    """Return the notice to who stands in for a receiver that could not be told, or perhaps was not.

    None as long as a notice about the same trouble is on its way to the stand-in: there is one at a time.
    """
    body = expand(store, thread.body)
    failed, facts = body["newest_outcome"], body["facts"]
    receiver = str(stand_in(body, failed["outcome"], failed["reason"], rules))
    missed = str(body["newest"]["notice_id"])
    key = ids.thread_id(str(body["episode_id"]), receiver)
    theirs = newest_view(store, threads, key)
    if theirs is not None and theirs.body["newest_outcome"] is None:
        return None
    notice = Notice(
        notice_id=ids.notice_id(missed, receiver, Phase.FALLBACK, 1),
        thread_key=key,
        phase=Phase.FALLBACK,
        number=1,
        receiver=receiver,
        urgency=Urgency(body["urgency"]),
        subject=f"{body['receiver']} was not told: {about_what(facts)}",
        body=_why_you(body, failed, rules),
        facts=facts,
        must_reference=(missed,),
        created_at=now,
        episode_id=body["episode_id"],
        stands_in_for=missed,
    )
    record = RecordLine(
        kind=Notice.schema,
        id=notice.notice_id,
        body=notice.dump(),
        parents=(missed,),
        consumes=(thread.name,) if theirs is None else (thread.name, theirs.name),
        about=(str(body["task_key"]), str(facts.get("agent_id", "")), notice.notice_id),
    )
    bodies = {key: None if theirs is None else theirs.body, thread.name.id: thread.body}
    births = () if theirs else (Absence(Folder.EPISODES, key, threads.head_seq),)
    return Group(additions=(Addition(record=queued(record, bodies, rules, now)),), absences=births)


def _why_you(body: Mapping[str, Any], failed: Mapping[str, Any], rules: ThreadRules) -> str:
    if missed(failed, holds_doubt=rules.holds_doubt):
        what = f"{_what_failed(failed)} ({_when(failed)})."
    else:  # another target took it, and proves no more than that
        missing = missed_at(body, holds_doubt=rules.holds_doubt)
        parts = " ".join(f"{_what_failed(each)} at {target} ({_when(each)})." for target, each in missing)
        what = f"{parts} {body['receiver']} may know of it by another way, of which nothing is proven."
    return (
        f"You are told because you stand in for {body['receiver']}. {what}\n\n"
        f"What it was about: {about_what(body['facts'])}."
    )


def _what_failed(outcome: Mapping[str, Any]) -> str:
    doubt = outcome["outcome"] == "pending_external_send"
    return "It is not known whether the message arrived" if doubt else "The message could not be delivered"


def _when(outcome: Mapping[str, Any]) -> str:
    return f"{str(outcome['reason'] or 'no reason was given').replace('_', ' ')}, {outcome['settled_at']}"


def close_group(thread: View) -> Group:
    """Return the line after which nothing more is told in a thread."""
    newest = thread.body["newest"]
    told = thread.body["told_at"] is not None
    reason = "the end was told" if newest["phase"] == "resolved" else "it ended before anybody was told"
    if thread.body["episode_id"] is None:
        reason = "it was about one event, which was told once"
    record = RecordLine(
        kind="thread-close",
        id=ids.derive_id("cls", thread.name.id, newest["notice_id"]),
        body={"thread": thread.name.id, "reason": reason, "told": told},
        parents=(newest["notice_id"],),
        consumes=(thread.name,),
        about=(str(thread.body["task_key"]), newest["notice_id"]),
    )
    return Group(additions=(Addition(record=record),))


def _subject(phase: Phase, number: int, facts: Mapping[str, Any]) -> str:
    opening = "Over" if phase is Phase.RESOLVED else f"Still open ({number})"
    return f"{opening}: {about_what(facts)}"


def about_what(facts: Mapping[str, Any]) -> str:
    """Return what a notice is about, in a few words."""
    name = one_line(str(facts.get("title") or facts.get("task_id", "")), _NAME_LENGTH)
    what = facts.get("condition") or ("review" if facts.get("review_id") else "")
    return f"{str(what).replace('_', ' ')}: {name}"


def _text(phase: Phase, body: Mapping[str, Any], facts: Mapping[str, Any], now: datetime) -> str:
    told = f"You were last told at {body['told_at']}." if body["told_at"] else "You were not told before."
    closed = body.get("closed_by")
    if phase is Phase.RESOLVED and closed:
        said = one_line(str(closed["comment"] or ""), _NAME_LENGTH)
        return f"{closed['actor']} {_CLOSED[closed['what']]} it{f': {said}' if said else ''}. {told}"
    if phase is Phase.RESOLVED:
        return f"The condition ended; seen at {body['resolved_at']}. {told}"
    since = f" It was due at {facts['due_at']}, {late_words(facts['due_at'], now)} ago." if facts.get("due_at") else ""
    stop = f"To stop repeats: reportgov ack {body['episode_id']}"
    if facts.get("review_id") == body["episode_id"]:
        ask = how_to_close(str(body["episode_id"]))
        return f"Nobody has answered yet. {told}\n\n{ask}\n\nAs of {format_time(now)}. {stop}"
    return f"Nothing has changed.{since} {told}\n\nAs of {format_time(now)}. {stop}"


def late_words(due_at: str, now: datetime) -> str:
    """Return how long ago something was due, in words."""
    return duration_words(max(0, int((now - parse_time(due_at)).total_seconds())))
