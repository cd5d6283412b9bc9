"""jobs status and jobs list: how jobs stand, those too that are over."""

import re
from collections.abc import Iterable, Mapping
from heapq import nlargest
from operator import attrgetter
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.job import Job, JobState
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.jobs import SETTLED
from reporting_governance.errors import UsageError
from reporting_governance.stages.job_records import PREFIX, job_in
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Store, View

_ID = re.compile(r"job_[0-9a-f]{32}")
LOOKED_AT = 1_000  #: settled jobs, the newest by their ids, among which those that changed last are found


class NoJob(UsageError):
    """No job has this id."""

    message = "{job_id}: no job that is open, or is over and still kept, has this id"
    hint = "`reportgov jobs list` shows them; what is over is kept for 30 days, and in the journal for good."


@frozen(kw_only=True)
class JobStatus:
    """A job, and how its last attempts went."""

    job: Job
    attempts: tuple[Mapping[str, Any], ...] = ()


@frozen(kw_only=True)
class JobList:
    """Some jobs, the newest change first, and how many there are."""

    jobs: tuple[Job, ...]
    open: int  #: queued or running
    settled: int  #: over, and still kept


def find_job(store: Store, job_id: str) -> JobStatus:
    """Return a job by its id, open or over.  Raises: NoJob; Busy when others kept changing it."""
    store.ready()
    if _ID.fullmatch(job_id) is None:  # it becomes part of a file's name
        raise NoJob(job_id=job_id)
    view = newest_view(store, store.listing(Folder.JOBS), job_id) or store.past(job_id)
    if view is None:
        raise NoJob(job_id=job_id)
    return JobStatus(job=job_in(view), attempts=tuple(view.body["attempts"]))


def list_jobs(store: Store, *, limit: int, state: JobState | None = None) -> JobList:
    """Return the jobs that changed last, and how many there are in all.

    Only what is shown is read, so that a hundred thousand jobs are listed as quickly as a hundred; with `state` the
    open ones are read until there are enough.  Settled jobs are looked for among the newest thousand by their ids.
    """
    store.ready()
    names = [name for key, name in store.listing(Folder.JOBS).names.items() if key.startswith(PREFIX)]
    past = store.past_names(PREFIX)
    found: list[Job] = []
    if state is None:
        found += _jobs(store.read(name) for name in nlargest(limit, names, key=attrgetter("seq")))
    elif state not in SETTLED:
        for name in sorted(names, key=attrgetter("seq"), reverse=True):
            found += [job for job in _jobs([store.read(name)]) if job.state is state]
            if len(found) >= limit:
                break
    if state is None or state in SETTLED:
        over = [view for identity in past[-LOOKED_AT:] if (view := store.past(identity)) is not None]
        wanted = [view for view in over if state is None or view.body["job"]["state"] == state.value]
        newest = nlargest(limit, wanted, key=_changed_at)
        found += _jobs(newest)
    found.sort(key=lambda job: (job.changed_at, job.job_id), reverse=True)
    return JobList(jobs=tuple(found[:limit]), open=len(names), settled=len(past))


def _changed_at(view: View) -> str:
    return str(view.body["job"]["changed_at"])


def _jobs(views: Iterable[View | None]) -> list[Job]:
    return [job_in(view) for view in views if view is not None]
