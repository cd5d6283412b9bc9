"""jobs enqueue: asks for jobs, durably; one with a key that is queued or running already is not made twice."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.job import LONGEST_DEADLINE_SECONDS, MOST_ATTEMPTS, Job, JobState
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.job_kinds import problem_with
from reporting_governance.core.job_secrets import gives_a_secret_away
from reporting_governance.core.jobs import DEFAULT_ATTEMPTS, key_view
from reporting_governance.core.scrub import scrub
from reporting_governance.errors import Busy, UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.job_records import enqueued_line, idempotent_line, job_in
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Absence, Added, Group, Listing, Store

LONGEST_ARGUMENTS = 16 * 1024  #: bytes of all arguments together; more belongs into a file
LONGEST_KEY = 256
_TRIES = 20


class BadJob(UsageError):
    """A job that cannot be meant."""

    message = "{problem}"
    hint = "For example: reportgov jobs enqueue command --key nightly -- /usr/local/bin/nightly --all"


@frozen(kw_only=True)
class JobRequest:
    """What somebody asks for."""

    kind: str
    arguments: tuple[str, ...] = ()
    key: str | None = None
    max_attempts: int = DEFAULT_ATTEMPTS
    deadline_seconds: int | None = None
    folder: str | None = None


class Enqueued(NamedTuple):
    """The job that a request led to; `is_new`: it was made for it."""

    job: Job
    is_new: bool


def enqueue_jobs(store: Store, requests: Sequence[JobRequest], *, clock: Clock) -> list[Enqueued]:
    """Make a job of each request, in as few commits as may be; answers in the order of the requests.

    What it returns is on the disk.  A job with a key that is queued or running already is returned instead, and that is
    recorded; of two requests with one key the second gets the job of the first.

    Raises: BadJob for any of them, before anything is recorded; Busy when others kept using the same keys;
        StorageError.
    """
    for request in requests:
        problem = next(_problems(request), None)
        if problem is not None:
            raise BadJob(problem=problem)
    store.ready()
    found: dict[int, Enqueued] = {}
    for part in _parts(requests):
        left = list(part)
        for _ in range(_TRIES):
            left = _try(store, left, found, clock.now())
            if not left:
                break
        else:
            raise Busy(path=left[0][1].key or "jobs", seconds=0)
    return [found[place] for place in range(len(requests))]


_Numbered = tuple[int, JobRequest]


def _parts(requests: Sequence[JobRequest]) -> Iterator[list[_Numbered]]:
    numbered = list(enumerate(requests))
    return (numbered[first : first + COMMIT] for first in range(0, len(numbered), COMMIT))


def _try(store: Store, wanted: list[_Numbered], found: dict[int, Enqueued], now: datetime) -> list[_Numbered]:
    """Commit what is wanted, and return what was refused because others were quicker."""
    keyed = any(request.key is not None for _, request in wanted)
    listing = store.listing(Folder.JOBS) if keyed else None
    groups: list[Group] = []
    asked: list[tuple[_Numbered, Enqueued]] = []
    again: list[_Numbered] = []
    for each in wanted:
        made = _group(store, each[1], listing, now)
        if made is None:
            again.append(each)
            continue
        groups.append(made[0])
        asked.append((each, made[1]))
    for answer, (each, enqueued) in zip(store.commit(groups, now=now), asked, strict=True):
        if isinstance(answer, Added):
            found[each[0]] = enqueued
        else:
            again.append(each)
    return again


def _group(store: Store, request: JobRequest, listing: Listing | None, now: datetime) -> tuple[Group, Enqueued] | None:
    """Return the group that makes a job, or says that it is there; None where its key is let go just now."""
    if listing is None or request.key is None:
        job = _new(request, now)
        return Group(additions=(enqueued_line(job),)), Enqueued(job, True)
    identity = key_view(request.key)
    name = listing.names.get(identity)
    if name is None:
        job = _new(request, now)
        birth = Absence(Folder.JOBS, identity, listing.head_seq)
        return Group(additions=(enqueued_line(job),), absences=(birth,)), Enqueued(job, True)
    key = store.read(name)
    view = None if key is None else newest_view(store, listing, key.body["job_id"])
    if view is None:
        return None
    job = job_in(view)
    return Group(additions=(idempotent_line(job),), expects=(name, view.name)), Enqueued(job, False)


def _new(request: JobRequest, now: datetime) -> Job:
    identity = new_id(now)
    return Job(
        job_id=identity,
        key=request.key or identity,
        kind=request.kind,
        arguments=request.arguments,
        state=JobState.QUEUED,
        attempts=0,
        max_attempts=request.max_attempts,
        enqueued_at=now,
        changed_at=now,
        deadline_seconds=request.deadline_seconds,
        folder=request.folder,
    )


def new_id(now: datetime) -> str:
    """Return the id of a new job: its time first, so that ids sort as jobs were asked for, and random digits.

    Source: RFC 9562, the layout of UUID version 7.
    """
    return f"job_{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def _problems(request: JobRequest) -> Iterator[str]:
    problem = problem_with(request.kind, request.arguments)
    if problem is not None:
        yield problem
    if not 1 <= request.max_attempts <= MOST_ATTEMPTS:
        yield f"a job is tried between 1 and {MOST_ATTEMPTS} times"
    if request.deadline_seconds is not None and not 1 <= request.deadline_seconds <= LONGEST_DEADLINE_SECONDS:
        yield f"an attempt may take between 1 and {LONGEST_DEADLINE_SECONDS} seconds"
    if request.key is not None and not (0 < len(request.key) <= LONGEST_KEY and request.key.isprintable()):
        yield f"a key has 1 to {LONGEST_KEY} printable characters"
    words = (*request.arguments, request.key or "", request.folder or "")
    try:
        size = sum(len(word.encode()) for word in words)
    except UnicodeEncodeError:
        yield "an argument, the key or the folder is no UTF-8, and the journal could not give it back as it is"
        return
    if size > LONGEST_ARGUMENTS:
        yield f"arguments of more than {LONGEST_ARGUMENTS} bytes; put them into a file and name that"
    if any("\0" in word for word in words):
        yield "an argument holds a zero byte"
    if scrub([*words, " ".join(request.arguments)])[1] or gives_a_secret_away(request.arguments):
        yield (
            "an argument holds a secret, which the journal does not keep, and every user of the machine could see; "
            "let the program read it from a file or from its environment"
        )
