"""This host as runners of jobs see it."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reporting_governance.adapters.jobs.interface import Attempt, Guard
from reporting_governance.contracts.job import Job, Lease
from reporting_governance.core.job_kinds import COMMAND, NOOP, OWN_VERBS
from reporting_governance.core.jobs import DEFAULT_DEADLINE_SECONDS, Ended, Place

if TYPE_CHECKING:
    from reporting_governance.adapters.jobs.guards import FileGuard


class NoGuard:
    """The right to do nothing at all, which needs no lock."""

    def release(self, *, is_over: bool) -> None:
        """Let go of nothing."""


class LocalJobHost:
    """Starts attempts on this host.

    Args:
        state: the state folder; logs and locks lie in it.
        place: this process.
        program: the words that start a verb of ours.
        options: of every verb of ours: which state folder, which profile.
    """

    def __init__(self, state: str, place: Place, program: Sequence[str], options: Sequence[str]) -> None:
        self.place = place
        self._state = state
        self._program = tuple(program)
        self._options = tuple(options)

    def is_there(self, lease: Lease) -> bool | None:
        """Tell whether the process of a lease of this host is there."""
        from reporting_governance.adapters.jobs.processes import is_there

        return is_there(lease)

    def guard(self, job: Job, *, ended_attempts: int) -> Guard | None:
        """Return the lock of a job, None while somebody else works on it."""
        if job.kind == NOOP:
            return NoGuard()
        from reporting_governance.adapters.jobs.guards import take
        from reporting_governance.adapters.jobs.logs import make_room

        return take(make_room(self._state), job.job_id, ended_attempts=ended_attempts)

    def begin(self, job: Job, guard: Guard) -> Attempt | Ended:
        """Start an attempt; a folder that is gone leaves nothing to do."""
        if job.kind == NOOP:
            return Ended()
        from reporting_governance.adapters.jobs.guards import FileGuard

        assert isinstance(guard, FileGuard)
        if job.folder is not None and not os.path.isdir(job.folder):
            return Ended(skipped=f"the folder {job.folder} is gone")
        return self._started(job, guard)

    def _started(self, job: Job, guard: "FileGuard") -> Attempt | Ended:
        from reporting_governance.adapters.jobs.attempts import ProcessAttempt, not_started
        from reporting_governance.adapters.jobs.guards import MARK
        from reporting_governance.adapters.jobs.logs import Log, folder_of, name_of

        name = name_of(job.job_id, job.attempts)
        log = Log(f"{folder_of(self._state)}/{name}")
        mine = {MARK: f"{job.job_id}/{job.attempts}"}
        try:
            return ProcessAttempt(
                self._argv(job),
                {**os.environ, **mine},
                folder=job.folder,
                log=log,
                log_name=name,
                deadline_seconds=job.deadline_seconds or DEFAULT_DEADLINE_SECONDS,
                inherited=guard.descriptor,
            )
        except OSError as fault:
            return not_started(log, name, fault)

    def _argv(self, job: Job) -> tuple[str, ...]:
        if job.kind == COMMAND:
            return job.arguments
        if job.kind not in OWN_VERBS:  # recorded by a newer program
            raise OSError(0, f"{job.kind} is no kind of job here")
        return (*self._program, job.kind, *self._options, *job.arguments)
