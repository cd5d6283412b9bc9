"""review: a person answers what a decision asked.  The answer is an act, and what follows from it stands beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.act import Act, ActKind
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.review import Review
from reporting_governance.contracts.task_state import FINISHED, TaskStatus
from reporting_governance.contracts.watch_settings import Watchdog
from reporting_governance.core.reviewing import has_moved_on, status_after_review
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import UsageError
from reporting_governance.stages.acts import ActReport, random_id, with_fresh_names
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.enforcing import caused_event
from reporting_governance.stages.newest import read_all
from reporting_governance.stages.settled_thread import changed_key
from reporting_governance.stages.subjects import all_threads
from reporting_governance.stages.task_change import TaskChange
from reporting_governance.stages.task_version import TaskVersion, load_version
from reporting_governance.stages.tellings import Telling, telling_of
from reporting_governance.storage.interface import Absence, Addition, Group, Store, View, expand

_ANSWERS = (ActKind.APPROVE, ActKind.REJECT)
_REVIEW = "rvw_"  #: how ids of reviews begin
_LOOKS = 3  #: how often a task's view is looked for while others keep changing it


class NoOpenReview(UsageError):
    """Nobody is asked about this."""

    message = "{subject}: no open review has this id, or is about what has it"
    hint = "`reportgov review list` shows what is open; `reportgov explain ID` who closed one."


class AlreadyAnswered(UsageError):
    """Somebody was quicker, or it is the second time."""

    message = "{subject}: {actor} closed this review at {at}: {what}"
    hint = "An answer stands.  What the task says of itself since is judged anew."


class SeveralReviews(UsageError):
    """It is not clear which review is meant."""

    message = "{subject}: several open reviews are about it: {reviews}"
    hint = "Name one of them."


@frozen(kw_only=True)
class OpenReview:
    """A question to a person, and who was told of it."""

    review: Review
    tellings: tuple[Telling, ...]

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data, what is not known as null."""
        known = self.review.dump()
        return {
            **{each.name: known.get(each.name) for each in fields(Review)},
            "is_ours": self.review.is_ours,
            "tellings": [asdict(each) for each in self.tellings],
        }


@frozen(kw_only=True)
class ReviewReport:
    """What closing a review changed."""

    act_id: str
    what: ActKind
    review: Review
    status: str | None  #: what the task is from now on; None: it stays as it is
    status_reason: str  #: why it stays; empty when it does not
    request_id: str | None  #: the check-in that the agent is asked for, with the reason


def list_reviews(store: Store) -> tuple[OpenReview, ...]:
    """Return what people are asked and nobody has answered, the oldest first."""
    store.ready()
    return open_reviews(store, all_threads(store))


def open_reviews(store: Store, threads: Sequence[View]) -> tuple[OpenReview, ...]:
    """Return the open reviews, with the threads that tell of each."""
    by_family: dict[str, list[View]] = {}
    for thread in threads:
        by_family.setdefault(ids.thread_family(thread.name.id), []).append(thread)
    found = [
        OpenReview(
            review=_review(store, view),
            tellings=tuple(telling_of(each) for each in by_family.get(ids.thread_prefix(view.name.id), ())),
        )
        for view in read_all(store, store.listing(Folder.REVIEWS).names.values())
    ]
    return tuple(sorted(found, key=lambda each: (each.review.requested_at, each.review.review_id)))


def run_review(
    store: Store,
    subject: str,
    what: ActKind,
    *,
    actor: str,
    comment: str,
    watchdog: Watchdog,
    rules: ThreadRules,
    clock: Clock,
) -> ReviewReport:
    """Close a review.

    Approved, what was claimed passes: a task of ours gets the status that it claimed.  Rejected, the task is active
    again, and its agent is asked for a check-in and told why.  A task that has gone on since stays as it is.

    Args:
        subject: id of the review, or of its decision, event or task where only one review is open about that.
        what: approve or reject.

    Raises: NoOpenReview; AlreadyAnswered; SeveralReviews; Busy when others kept changing the same task.
    """
    found: list[ReviewReport] = []

    def build(now: datetime) -> tuple[Group, ActReport]:
        group, report = _close(store, subject, what, actor, comment, watchdog, rules, now)
        found.append(report)
        return group, ActReport(act_id=report.act_id, what=what.value, subjects=(report.review.review_id,))

    with_fresh_names(store, build, clock, subject)
    return found[-1]


def _close(
    store: Store,
    subject: str,
    what: ActKind,
    actor: str,
    comment: str,
    watchdog: Watchdog,
    rules: ThreadRules,
    now: datetime,
) -> tuple[Group, ReviewReport]:
    view = _named(store, subject)
    review = _review(store, view)
    act = Act(act_id=random_id(), what=what, subject=view.name.id, actor=actor, acted_at=now, comment=comment)
    family = ids.thread_prefix(view.name.id)
    threads = [each for each in all_threads(store) if ids.thread_family(each.name.id) == family]
    about = tuple(each for each in (review.task_key, review.agent_id) if each)
    line = RecordLine(
        kind=Act.schema,
        id=act.act_id,
        body=act.dump(),
        parents=(view.name.id,),
        consumes=(view.name, *(each.name for each in threads)),
        about=about,
    )
    views: list[ViewKey] = [changed_key(each.name.id, each.body, line, rules=rules, now=now)[0] for each in threads]
    report = ReviewReport(
        act_id=act.act_id,
        what=what,
        review=review,
        status=None,
        status_reason="the task is kept by another program",
        request_id=None,
    )
    additions = [Addition(record=replace(line, views=tuple(views)))]
    absences: tuple[Absence, ...] = ()
    version = _version(store, review)
    if version is not None and version.body is not None:
        change = TaskChange(version, about=about)
        report, absences = _answer(store, change, review, act, report, now)
        if len(change):
            group = change.native_group(watchdog, now)
            additions += group.additions
            absences = (*absences, *group.absences)
    return Group(additions=tuple(additions), absences=absences), report


def _answer(
    store: Store, change: TaskChange, review: Review, act: Act, report: ReviewReport, now: datetime
) -> tuple[ReviewReport, tuple[Absence, ...]]:
    """Give the task its status, and ask its agent, as the answer has it."""
    task: Mapping[str, Any] = (change.body or {})["task"]
    status = status_after_review(review.dump(), act.what, task)
    if status is not None:
        payload = {"status": status.value, "previous_status": task["status"], "task_key": change.version.key}
        event = caused_event(task, EventType.TASK_STATUS_CHANGED, payload, caused_by=act.act_id, now=now)
        change.event(event, parents=(act.act_id,))
        report = replace(report, status=status.value, status_reason="")
    else:
        report = replace(report, status_reason=_why_it_stays(review, task))
    if act.what is not ActKind.REJECT or (change.body or {})["task"]["status"] in FINISHED:
        return report, ()
    requests = store.listing(Folder.DECISIONS)
    request = CheckpointRequest(
        request_id=ids.derive_id("cpr", change.version.key),
        decision_id=review.decision_id,
        task_key=change.version.key,
        asked_at=now,
        reason=act.comment or f"a person rejected: {review.question}",
    )
    before = requests.names.get(request.request_id)
    change.request(request, parents=(act.act_id,), consumes=() if before is None else (before,))
    birth = () if before else (Absence(requests.folder, request.request_id, requests.head_seq),)
    return replace(report, request_id=request.request_id), birth


def _why_it_stays(review: Review, task: Mapping[str, Any]) -> str:
    if has_moved_on(task, review.requested_at):
        return f"the task has gone on since and is {TaskStatus(task['status']).value}"
    return f"the task is {task['status']} already" if review.claimed_status else "nothing was claimed about its status"


def _named(store: Store, subject: str) -> View:
    """Return the one open review that is meant."""
    listing = store.listing(Folder.REVIEWS)
    name = listing.names.get(subject)
    view = None if name is None else store.read(name)
    if view is not None:
        return view
    views = read_all(store, listing.names.values())
    keys = ("review_id", "decision_id", "event_id", "task_key", "task_id")
    meant = [each for each in views if subject in [each.body[Review.schema].get(key) for key in keys]]
    if not meant:
        _refuse_answered(store, subject)
        raise NoOpenReview(subject=subject)
    if len(meant) > 1:
        raise SeveralReviews(subject=subject, reviews=", ".join(sorted(each.name.id for each in meant)))
    return meant[0]


def _refuse_answered(store: Store, subject: str) -> None:
    """Say who closed a review.  Raises: AlreadyAnswered."""
    if not subject.startswith(_REVIEW):
        return
    for seq in reversed(store.holding([subject])):
        record = next(store.replay(seq)).document.get("record", {})
        act = record.get("body", {})
        if record.get("kind") == Act.schema and act["subject"] == subject and act["what"] in _ANSWERS:
            raise AlreadyAnswered(subject=subject, actor=act["actor"], at=act["acted_at"], what=act["what"])


def _review(store: Store, view: View) -> Review:
    """Return a review; texts of it that were erased are empty."""
    document = dict(expand(store, view.body[Review.schema]))
    for key in ("subject", "question"):
        document[key] = document[key] or ""
    return Review.parse(document, source=str(view.name))


def _version(store: Store, review: Review) -> TaskVersion | None:
    """Return the newest version of the task that a review is about; None: it is not ours, or nothing of it is kept."""
    if not review.is_ours or review.task_key is None:
        return None
    for _ in range(_LOOKS):
        version = load_version(store, store.listing(Folder.TASKS), review.task_key)
        if version is not None:
            return version if version.name is not None else None
    return None
