"""What a worker process of ours does on a database; orders come as lines of JSON, see `postgres_crew`."""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from reporting_governance.adapters.jobs.host import LocalJobHost
from reporting_governance.adapters.jobs.processes import this_place
from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._settings import load_settings
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.job import JobState
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.stages.jobs_enqueue import JobRequest, enqueue_jobs
from reporting_governance.stages.jobs_run import run_jobs
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.stages.shares import portions
from reporting_governance.storage.boot import boot_id
from reporting_governance.storage.interface import Added, Addition, Group, View
from reporting_governance.storage.postgres.connection import Session
from reporting_governance.storage.postgres.migrating import migrate
from reporting_governance.storage.postgres.store import PostgresStore
from tests.storage.building import attempt, settle

_CLOCK = SystemClock()
_PART = 200
_ONE_BY_ONE = 16  #: of which work is taken in portions when each item is settled by itself, as `jobs run` does
_HELD_SECONDS = 10
_TEXT = "x" * 200


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def _wait_for_go() -> None:
    _say(ready=True)
    assert sys.stdin.readline().strip() == "go"


class Ours:
    """One process's store on one database, and what may be asked of it."""

    def __init__(self, url: str, local: str) -> None:
        self._url = url
        self._local = local
        self._host = f"host-{os.getpid()}"
        self.store = PostgresStore(url, local=local, actor="bench", host=self._host)

    def install(self) -> None:
        session = Session(self._url, application="bench")
        migrate(session)
        session.close()
        self.store.initialise(_CLOCK.now())
        with self.store.session.plain() as connection:
            connection.execute("CREATE TABLE bare (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line bytea)")

    def fill(self, kind: str, count: int) -> None:
        """Add what is open: jobs that do nothing, or items of the spool."""
        if kind == "jobs":
            enqueue_jobs(self.store, [JobRequest(kind="noop")] * count, clock=_CLOCK)
            return
        for first in range(0, count, _PART):
            self.store.commit([_born() for _ in range(min(_PART, count - first))], now=_CLOCK.now())

    def left(self, kind: str) -> int:
        self.store.ready()
        return len(self.store.listing(_FOLDERS[kind]).names)

    def tasks(self, count: int, profile: str) -> None:
        """Let tasks run that promise a check-in in a day."""
        in_force = load_settings(self._local, profile).profile
        promise = {"every_seconds": 86_000}
        for first in range(0, count, _PART):
            part = [_start(number, promise) for number in range(first, min(first + _PART, count))]
            run_report(self.store, part, uid=os.geteuid(), profile=in_force, clock=_CLOCK)
        run_scan(self.store, in_force, [], clock=_CLOCK)

    def history(self, count: int) -> None:
        """Add what is settled: each a line, and kept with its body among what is past."""
        for first in range(0, count, _PART):
            self.store.commit([_over() for _ in range(min(_PART, count - first))], now=_CLOCK.now())

    # -- what is timed

    def jobs(self, seconds: float, at_once: int) -> tuple[int, float]:
        """What `jobs run` does, until the time is over: its own loop, the runner included."""
        assert at_once == 1, "a job ends by itself"
        host = LocalJobHost(self._local, this_place("bench", boot_id()), program=(), options=())
        self.store.ready()
        _wait_for_go()
        start = time.perf_counter()
        ran = run_jobs(
            self.store, host, clock=_CLOCK, limit=10**9, stop=lambda: time.perf_counter() - start >= seconds
        ).ran
        return sum(job.state is JobState.SUCCEEDED for job in ran), time.perf_counter() - start

    def engine(self, seconds: float, at_once: int) -> tuple[int, float]:
        """Take so many, add the beginning of each in one commit, then the end of each in another."""
        self.store.ready()
        _wait_for_go()
        start, done = time.perf_counter(), 0
        for views in self._taken(at_once):
            if time.perf_counter() - start >= seconds:
                break
            begun = self.store.commit([attempt(view.name) for view in views], now=_CLOCK.now())
            pairs = [(view.name, each) for view, each in zip(views, begun, strict=True) if isinstance(each, Added)]
            moved = [ViewName(name.folder, name.id, FAR_FUTURE, answer.seqs[-1]) for name, answer in pairs]
            ended = self.store.commit([settle(name) for name in moved], now=_CLOCK.now())
            done += sum(isinstance(each, Added) for each in ended)
        return done, time.perf_counter() - start

    def _taken(self, at_once: int) -> Iterator[list[View]]:
        """Yield what is due and ours, read, so many at a time."""
        size = max(at_once, _ONE_BY_ONE)
        while due := self.store.listing(Folder.SPOOL).due(due_name(_CLOCK.now())):
            for mine in portions(self.store, due, clock=_CLOCK, first=size, most=size, seconds=_HELD_SECONDS):
                views = [view for view in map(self.store.read, mine) if view is not None]
                yield from (views[at : at + at_once] for at in range(0, len(views), at_once))

    def log(self, seconds: float, at_once: int) -> tuple[int, float]:
        """Commit groups of one line with a view; count the commits."""
        self.store.ready()
        _wait_for_go()
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            self.store.commit([_born() for _ in range(at_once)], now=_CLOCK.now())
            done += 1
        return done, time.perf_counter() - start

    def insert(self, seconds: float, at_once: int) -> tuple[int, float]:
        """Insert so many rows of a line's size in a transaction of their own; count these."""
        lines = [os.urandom(700) for _ in range(at_once)]
        with self.store.session.plain() as connection:
            _wait_for_go()
            start, done = time.perf_counter(), 0
            while time.perf_counter() - start < seconds:
                connection.execute("INSERT INTO bare (line) SELECT unnest(%b::bytea[])", (lines,))
                done += 1
            return done, time.perf_counter() - start


_FOLDERS = {"jobs": Folder.JOBS, "spool": Folder.SPOOL}


def _born() -> Group:
    identity = f"spl_{os.urandom(16).hex()}"
    views = (ViewKey(Folder.SPOOL, identity, due_name(_CLOCK.now())),)
    body = {"spool_id": identity, "text": _TEXT}
    return Group(additions=(Addition(record=RecordLine(kind="spool-item", id=identity, body=body, views=views)),))


def _start(number: int, promise: dict[str, int]) -> CheckIn:
    given = {"verb": "start", "task": f"task-{number:06d}", "agent": "bench", "id": "start", "checkpoint": promise}
    return CheckIn.parse(given)


def _over() -> Group:
    identity = f"ntc_{os.urandom(16).hex()}"
    body = {"subject": "over", "body": "x" * 100}
    record = RecordLine(kind="notice", id=identity, body=body, views=(ViewKey(Folder.PAST, identity, ""),))
    return Group(additions=(Addition(record=record),))


def _obey(order: dict[str, Any]) -> dict[str, Any]:
    ours = Ours(order["url"], order["local"])
    try:
        match order["do"]:
            case "install":
                ours.install()
            case "fill":
                ours.fill(order["kind"], order["count"])
            case "tasks":
                ours.tasks(order["count"], order["profile"])
            case "history":
                ours.history(order["count"])
            case "left":
                return {"left": ours.left(order["kind"])}
            case how:
                done, seconds = getattr(ours, how)(order["seconds"], order["at_once"])
                return {"done": done, "seconds": seconds}
        return {}
    finally:
        ours.store.close()


def main() -> None:
    """Obey one order after the other, until there are no more."""
    while line := sys.stdin.readline():
        _say(**_obey(json.loads(line)))


if __name__ == "__main__":
    main()
