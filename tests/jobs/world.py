"""Jobs on one store: a clock that a test moves, and a host whose attempts end as a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.contracts.job import Job, Lease
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.jobs import Ended, Place
from reporting_governance.stages.jobs_enqueue import Enqueued, JobRequest, enqueue_jobs
from reporting_governance.stages.jobs_run import JobsRun, run_jobs
from reporting_governance.storage.interface import Store
from tests.storage.building import NOW

HERE = Place(host="box", boot_id="boot", pid=100, start_ticks=7, pid_namespace=1)
OK = Ended(exit_status=0, result={"exit_status": 0})


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class FreeGuard:
    """A right that nobody else asks for."""

    released: list[bool] = field(default_factory=list)

    def release(self, *, is_over: bool) -> None:
        self.released.append(is_over)


@dataclass
class Host:
    """A host whose attempts do what a function says; `alive` are the processes that are there."""

    place: Place = HERE
    act: Callable[[Job], Any] = lambda job: OK
    alive: set[int] = field(default_factory=lambda: {HERE.pid})
    guards: list[FreeGuard] = field(default_factory=list)
    is_taken: bool = False
    ended_attempts: list[int] = field(default_factory=list)

    def is_there(self, lease: Lease) -> bool:
        return lease.pid in self.alive

    def guard(self, job: Job, *, ended_attempts: int) -> FreeGuard | None:
        if self.is_taken:
            return None
        self.ended_attempts.append(ended_attempts)
        self.guards.append(FreeGuard())
        return self.guards[-1]

    def begin(self, job: Job, guard: Any) -> Any:
        return self.act(job)

    def other(self, pid: int, **changes: Any) -> "Host":
        """Return another runner of this or of another host."""
        place = self.place._replace(pid=pid, **changes)
        return replace(self, place=place, guards=[], ended_attempts=[])


@dataclass
class Jobs:
    """Jobs on one store."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    host: Host = field(default_factory=Host)

    def ask(self, kind: str = "noop", *arguments: str, **more: Any) -> Job:
        return self.ask_all(JobRequest(kind=kind, arguments=arguments, **more))[0].job

    def ask_all(self, *requests: JobRequest) -> list[Enqueued]:
        return enqueue_jobs(self.store, requests, clock=self.clock)

    def run(self, host: Host | None = None, **more: Any) -> JobsRun:
        return run_jobs(self.store, host or self.host, clock=self.clock, **{"limit": 1000, **more})

    def lines(self) -> list[tuple[str, str, Any]]:
        """Return (type, jobId, meta) of every line that speaks of a job."""
        documents = [line.document for line in self.store.replay()]
        return [(each["type"], each["jobId"], each.get("meta")) for each in documents if "jobId" in each]

    def types(self) -> list[str]:
        return [kind.removeprefix("orchestration.") for kind, _, _ in self.lines()]

    def open_names(self) -> list[str]:
        self.store.ready()
        return sorted(self.store.listing(Folder.JOBS).names)
