"""silence: a person's wish not to be told for a while begins, is listed, and ends."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.silence import Silence, SilenceClose, unknown_facts
from reporting_governance.contracts.times import due_name
from reporting_governance.core.routing import matches
from reporting_governance.errors import UsageError
from reporting_governance.stages.acts import ActReport, random_id, with_fresh_names
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view, read_all
from reporting_governance.stages.queue import silence_of
from reporting_governance.storage.interface import Absence, Added, Addition, Group, Store, View, expand

_IDENTITY = re.compile(r"sil_[0-9a-f]{8,64}")
_BATCH = 200  #: silences closed in one commit


class BadSilence(UsageError):
    """A silence that cannot be meant."""

    message = "{problem}"
    hint = "For example: reportgov silence add task_id=nightly-* --for 2h --comment 'planned move'"


class NoSilence(UsageError):
    """No silence that is in force has this id."""

    message = "{subject}: no silence that is still in force has this id"
    hint = "`reportgov silence list` shows them."


@frozen(kw_only=True)
class SilenceReport:
    """A silence, and what it concerns now."""

    silence: Silence
    episodes: tuple[str, ...]  #: ids of open episodes that it matches
    queued: int  #: notices in the queue that it matches


def new_id() -> str:
    """Return the id of a new silence."""
    return f"sil_{secrets.token_hex(16)}"


def check_silence(silence: Silence, now: datetime) -> None:
    """Raise BadSilence for one that nobody can mean: no matcher, no such fact, over already, no comment."""
    problem = next(iter(_problems(silence, now)), None)
    if problem is not None:
        raise BadSilence(problem=problem)


def _problems(silence: Silence, now: datetime) -> Sequence[str]:
    problems = [
        f"{each.message}; {each.suggestion}" if each.suggestion else each.message
        for each in unknown_facts(silence.matcher)
    ]
    if not silence.matcher:
        problems.append("a silence names what it is about; for everything write task_id=*")
    if silence.ends_at <= now:
        problems.append("a silence ends in the future")
    if not silence.comment:
        problems.append("a silence says why: --comment TEXT")
    if _IDENTITY.fullmatch(silence.silence_id) is None:
        problems.append("the id of a silence is sil_ and 8 to 64 hexadecimal digits")
    return problems


def add_silence(store: Store, silence: Silence, *, clock: Clock) -> SilenceReport:
    """Record a silence; one of the same id that is there, or was, stays as it is.

    Raises: BadSilence.
    """
    check_silence(silence, clock.now())
    store.ready()
    listed = store.listing(Folder.SILENCES)
    if silence.silence_id not in listed.names and store.past(silence.silence_id) is None:
        record = RecordLine(
            kind=Silence.schema,
            id=silence.silence_id,
            body=silence.dump(),
            views=(ViewKey(Folder.SILENCES, silence.silence_id, due_name(silence.ends_at)),),
        )
        birth = Absence(Folder.SILENCES, silence.silence_id, listed.head_seq)
        store.commit([Group(additions=(Addition(record=record),), absences=(birth,))], now=clock.now())
    return _look(store, [silence])[0]


def list_silences(store: Store) -> tuple[SilenceReport, ...]:
    """Return the silences that are in force or will be, the one that ends first first."""
    store.ready()
    views = read_all(store, store.listing(Folder.SILENCES).names.values())
    silences = sorted((silence_of(store, view) for view in views), key=lambda each: (each.ends_at, each.silence_id))
    return _look(store, silences)


def end_silence(store: Store, subject: str, *, actor: str, comment: str, clock: Clock) -> ActReport:
    """End a silence before its time.  What it kept back goes with the next run.  Raises: NoSilence; Busy."""
    return with_fresh_names(store, lambda now: _ended(store, subject, actor, comment, now), clock, subject)


def _ended(store: Store, subject: str, actor: str, comment: str, now: datetime) -> tuple[Group, ActReport]:
    view = newest_view(store, store.listing(Folder.SILENCES), subject)
    if view is None:
        raise NoSilence(subject=subject)
    what = ActKind.SILENCE_END
    act = Act(act_id=random_id(), what=what, subject=subject, actor=actor, acted_at=now, comment=comment)
    record = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=(subject,),
        consumes=(view.name,),
        views=(ViewKey(Folder.PAST, subject, ""),),
    )
    return Group(additions=(Addition(record=record),)), ActReport(act_id=act.act_id, what=what, subjects=(subject,))


def close_ended(store: Store, *, clock: Clock) -> int:
    """Let silences whose time is over leave the work folder; return how many did."""
    now = clock.now()
    over = read_all(store, store.listing(Folder.SILENCES).due(due_name(now))[:_BATCH])
    if not over:
        return 0
    return sum(isinstance(each, Added) for each in store.commit([_close(view, now) for view in over], now=now))


def _close(view: View, now: datetime) -> Group:
    close = SilenceClose(silence_id=view.name.id, ended_at=now)
    record = RecordLine(
        kind=SilenceClose.schema,
        id=derive_id("slc", view.name.id),
        body=close.dump(),
        parents=(view.name.id,),
        consumes=(view.name,),
        views=(ViewKey(Folder.PAST, view.name.id, ""),),
    )
    return Group(additions=(Addition(record=record),))


def _look(store: Store, silences: Sequence[Silence]) -> tuple[SilenceReport, ...]:
    """Hold silences against what is open.  Only threads know the facts that were decided, such as the severity."""
    names = store.listing(Folder.EPISODES).names
    threads = read_all(store, (name for key, name in names.items() if key.startswith("thr_")))
    facts = [(view.body["episode_id"], expand(store, view.body.get("facts") or {})) for view in threads]
    queue = [_notice(store, view) for view in read_all(store, store.listing(Folder.QUEUE).names.values())]
    return tuple(
        SilenceReport(
            silence=each,
            episodes=tuple(dict.fromkeys(str(episode) for episode, known in facts if _is_about(each, episode, known))),
            queued=sum(matches(notice.facts, each.matcher) for notice in queue),
        )
        for each in silences
    )


def _is_about(silence: Silence, episode: object, facts: Mapping[str, Any]) -> bool:
    return episode is not None and matches(facts, silence.matcher)


def _notice(store: Store, view: View) -> Notice:
    return Notice.parse(expand(store, view.body["notice"]), source=str(view.name))
