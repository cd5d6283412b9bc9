"""jobs cancel: a job is not wanted any more."""

from typing import NamedTuple

from reporting_governance.contracts.job import Job
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.jobs import cancelled
from reporting_governance.errors import Busy
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.job_records import ended_line, open_job
from reporting_governance.stages.jobs_list import find_job
from reporting_governance.storage.interface import Added, Group, Store

_TRIES = 20


class Cancelled(NamedTuple):
    """A job as it stands; `was_open`: this call has ended it."""

    job: Job
    was_open: bool


def cancel_job(store: Store, job_id: str, *, clock: Clock) -> Cancelled:
    """Let a queued or running job be skipped; what runs of it is ended by its runner, which looks each second.

    A job that is settled stays what it is.  Raises: NoJob; Busy when others kept changing it.
    """
    for _ in range(_TRIES):
        store.ready()
        listing = store.listing(Folder.JOBS)
        name = listing.names.get(job_id)
        if name is None:
            return Cancelled(find_job(store, job_id).job, was_open=False)
        view = store.read(name)
        found = None if view is None else open_job(view, listing.names)
        if found is None:
            continue
        now = clock.now()
        job = cancelled(found.job, now)
        group = Group(additions=(ended_line(job, found.consumed(job)),))
        (answer,) = store.commit([group], now=now)
        if isinstance(answer, Added):
            return Cancelled(job, was_open=True)
    raise Busy(path=job_id, seconds=0)
