"""Escalation: nobody has acted for so long, so the receivers of the ladder's next step are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewName
from reporting_governance.contracts.notice import Notice, Rung, Urgency
from reporting_governance.contracts.notification_settings import Until
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.story import who_acted
from reporting_governance.core.threads import ThreadRules, ladder_began, next_rung
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.stages.telling import about_what, late_words, queued
from reporting_governance.storage.interface import Absence, Addition, Group, Listing, Store, View, expand


class Tries:
    """When somebody was first told of an episode, or a send to somebody was first tried.

    The spool is read once, when somebody asks.
    """

    def __init__(self, store: Store, threads: Listing, receivers: Iterable[str]) -> None:
        self._store = store
        self._threads = threads
        self._receivers = tuple(receivers)
        self._first: dict[str, datetime] | None = None

    def of(self, thread: View) -> datetime | None:
        """Return from when a ladder counts whose own notice is not settled; asked only where a ladder waits for it.

        What keeps the notice back that carries the ladder may keep back nobody else's: a cause that only its receiver
        knows.  Then the ladder counts from what the others were told.
        """
        body = thread.body
        if body["newest_outcome"] is not None or next_rung(body) is None or body["ladder"]["began_at"]:
            return None
        found = [self._tried(body)]
        siblings = [ids.sibling_thread(thread.name.id, receiver) for receiver in self._receivers]
        self._threads.several(siblings)  # all by one question
        for key in siblings:
            other = None if key == thread.name.id else newest_view(self._store, self._threads, key)
            if other is not None:
                found.append(_first_settled(other.body) or self._tried(other.body))
        return min((each for each in found if each is not None), default=None)

    def _tried(self, body: Mapping[str, Any]) -> datetime | None:
        if self._first is None:
            self._first = self._read()
        return self._first.get(body["newest"]["notice_id"])

    def _read(self) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for view in read_all(self._store, self._store.listing(Folder.SPOOL).names.values()):
            if not view.body["attempts"]:
                continue
            started = parse_time(view.body["attempts"][0]["started_at"])
            for notice in view.body["item"]["notice_ids"]:
                found[notice] = min(started, found.get(notice, started))
        return found


def _first_settled(body: Mapping[str, Any]) -> datetime | None:
    """Return when the first notice of a thread was told, or failed; of a thread without that, its newest telling."""
    at = body.get("first_at") or body["told_at"]
    return None if at is None else parse_time(at)


def escalate_group(
    store: Store, thread: View, threads: Listing, rules: ThreadRules, now: datetime, attempted_at: datetime | None
) -> Group | None:
    """Return the notices of a ladder's next step, one for each of its receivers, to be committed whole.

    A receiver to whom a notice about the same is on its way is left out: that one tells it.  None when that is so for
    all of them: then the step waits.

    Args:
        thread: the one that carries the ladder; a step changes it, so that it is taken once.
    """
    place, began = next_rung(thread.body), ladder_began(thread.body, attempted_at)
    if place is None or began is None:
        return None
    ladder = thread.body["ladder"]
    step, total = ladder["steps"][place], len(ladder["steps"])
    rung = Rung(step=place + 1, of=total, began_at=began, until=Until(step.get("until", Until.PERSON)))
    theirs = _free(store, thread, threads, step["receivers"])
    others = () if thread.body["told_at"] else _told_others(store, thread, threads)
    lines: list[RecordLine] = []
    absences: list[Absence] = []
    for receiver, (key, view) in theirs.items():
        line = _line(store, thread, receiver, key, rung, ladder["number"] + 1, others, now)
        consumes: list[ViewName] = [view.name] if view is not None else []
        bodies: dict[str, Mapping[str, Any] | None] = {key: None if view is None else view.body}
        if view is None:
            absences.append(Absence(Folder.EPISODES, key, threads.head_seq))
        if not lines and thread.name.id not in {each for each, _ in theirs.values()}:
            consumes.append(thread.name)
            bodies[thread.name.id] = thread.body
        lines.append(queued(replace(line, consumes=tuple(consumes)), bodies, rules, now))
    if not lines:
        return None
    return Group(additions=tuple(Addition(record=line) for line in lines), absences=tuple(absences))


def _free(store: Store, thread: View, threads: Listing, receivers: Sequence[str]) -> dict[str, tuple[str, View | None]]:
    """Return the receivers to whom nothing about this is on its way, each with its thread as it is now."""
    found: dict[str, tuple[str, View | None]] = {}
    for receiver in receivers:
        key = ids.sibling_thread(thread.name.id, receiver)
        view = thread if key == thread.name.id else newest_view(store, threads, key)
        if view is None or view.body["newest_outcome"] is not None:
            found[receiver] = (key, view)
    return found


def _told_others(store: Store, thread: View, threads: Listing) -> tuple[str, ...]:
    """Return the other receivers that were told of the same episode."""
    family = ids.thread_family(thread.name.id)
    views = (newest_view(store, threads, name.id) for name in threads.starting(family))
    return tuple(sorted(str(each.body["receiver"]) for each in views if each is not None and each.body["told_at"]))


def _line(
    store: Store,
    thread: View,
    receiver: str,
    key: str,
    rung: Rung,
    number: int,
    others: Sequence[str],
    now: datetime,
) -> RecordLine:
    body = expand(store, thread.body)
    facts: Mapping[str, Any] = body["facts"]
    root = str(body["episode_id"] or thread.name.id)
    notice = Notice(
        notice_id=ids.notice_id(root, receiver, Phase.ESCALATION, number),
        thread_key=key,
        phase=Phase.ESCALATION,
        number=number,
        receiver=receiver,
        urgency=Urgency(body["urgency"]),
        subject=f"Nobody has acted ({rung.step} of {rung.of}): {about_what(facts)}",
        body=_text(body, rung, others, now),
        facts=facts,
        must_reference=(str(body["newest"]["notice_id"]),),
        created_at=now,
        episode_id=body["episode_id"],
        rung=rung,
    )
    return RecordLine(
        kind=Notice.schema,
        id=notice.notice_id,
        body=notice.dump(),
        parents=(root,),
        about=(str(body["task_key"]), str(facts.get("agent_id", "")), notice.notice_id),
    )


def _text(body: Mapping[str, Any], rung: Rung, others: Sequence[str], now: datetime) -> str:
    facts = body["facts"]
    since = f" It was due at {facts['due_at']}, {late_words(facts['due_at'], now)} ago." if facts.get("due_at") else ""
    if body["told_at"]:
        first = f"{body['receiver']} was told at {body['told_at']}"
    elif others:
        were = "were" if len(others) > 1 else "was"
        first = f"{' and '.join(others)} {were} told, at {format_time(rung.began_at)} first; {body['receiver']} not yet"
    else:
        tried = format_time(rung.began_at)
        first = f"{body['receiver']} was to be told since {tried}, and nothing is known to have arrived"
    who = f"; acknowledged by {who_acted(body['acked'])} at {body['acked']['acted_at']}" if body["acked"] else ""
    nobody = "" if body["acked"] else ", and nobody has acknowledged it"
    ends = (
        "This goes on until it is over."
        if rung.until is Until.RESOLVED
        else f"To stop this and what follows: reportgov ack {body['episode_id'] or body['newest']['notice_id']}"
    )
    return (
        f"You are told by step {rung.step} of {rung.of} of the escalation.{since} {first}{who}{nobody}.\n\n"
        f"What it is about: {about_what(facts)}.\n\nAs of {format_time(now)}. {ends}"
    )
