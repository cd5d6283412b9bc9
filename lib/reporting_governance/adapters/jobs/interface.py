"""What runs an attempt of a job, and tells whose jobs are left behind.  Stages know this file alone."""

from typing import Protocol

from reporting_governance.contracts.job import Job, Lease
from reporting_governance.core.jobs import Ended, Place


class Guard(Protocol):
    """The sole right, on this host, to work on one job; it ends with the last process that works on it."""

    def release(self, *, is_over: bool) -> None:
        """Give it up.  `is_over`: the job is settled, so that nobody will ask for it again."""
        ...


class Attempt(Protocol):
    """One attempt under way."""

    def wait(self, seconds: float) -> Ended | None:
        """Wait for its end, for so long at most; None: it is not over yet.  Its deadline ends it."""
        ...

    def stop(self, why: str) -> Ended:
        """End it with all that it has started, and return how that came to be."""
        ...


class JobHost(Protocol):
    """What this process can see and start."""

    place: Place  #: this process

    def is_there(self, lease: Lease) -> bool | None:
        """Tell whether the process of a lease of this very host is there; None: cannot be seen."""
        ...

    def guard(self, job: Job, *, ended_attempts: int) -> Guard | None:
        """Return the right to work on a job; None while another process of this host has it.

        Args:
            ended_attempts: the attempts up to this number are over: what is left of them is ended first.
        """
        ...

    def begin(self, job: Job, guard: Guard) -> Attempt | Ended:
        """Start an attempt of a running job; its end at once where there is nothing to wait for."""
        ...
