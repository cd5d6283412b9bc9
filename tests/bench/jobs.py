"""Jobs: asked for durably, listed among very many, and cold."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from reporting_governance.adapters.jobs.host import LocalJobHost
from reporting_governance.adapters.jobs.processes import this_place
from reporting_governance.commands._clock import SystemClock
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.jobs_enqueue import JobRequest, enqueue_jobs
from reporting_governance.stages.jobs_run import run_jobs
from reporting_governance.storage.boot import boot_id
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from tests.bench.measuring import Result, at_least, at_most, best_of, only_told, process_seconds, scratch, timed

MANY = 100_000
_PART = 2_000
_COMMIT = 200
_ROUNDS = 5
_CLOCK = SystemClock()


def run() -> Iterator[Result]:
    """Yield what asking for jobs costs, running them, listing them, and a cold start."""
    with scratch() as folder:
        yield from _asked(folder)
    with scratch() as folder:
        yield from _run(folder)
    with scratch() as folder:
        yield from _listed(folder)
    with scratch() as folder:
        yield from _cold(folder)


def _asked(folder: str) -> Iterator[Result]:
    """Asking for jobs against committing lines of that size, each with a view, in the same commits."""
    store = FilesStore(os.path.join(folder, "state"), actor="bench")
    keys = iter(range(10**9))
    best = best_of(
        _ROUNDS,
        {
            "plain": lambda: timed(lambda: _ask(store, [JobRequest(kind="noop")] * _PART)),
            "keyed": lambda: _keyed(os.path.join(folder, f"keyed-{next(keys)}")),
            "single": lambda: timed(lambda: [_ask(store, [JobRequest(kind="noop")]) for _ in range(_PART // 10)]),
            "bare": lambda: _bare(store, keys),
        },
    )
    per_second = {name: _PART / seconds for name, seconds in best.items()}
    hint = f"{per_second['plain']:,.0f} jobs/s against {per_second['bare']:,.0f} lines/s"
    yield at_least("jobs enqueued in one process, a second", per_second["plain"], 1_000, hint)
    yield at_most("jobs enqueued, to lines with a view committed bare", best["plain"] / best["bare"], 2, hint)
    keyed = f"{per_second['keyed']:,.0f} jobs/s"
    yield only_told("jobs enqueued with a key each, to lines committed bare", best["keyed"] / best["bare"], keyed)
    single = f"{_PART / 10 / best['single']:,.0f} jobs/s"
    yield only_told("jobs enqueued one a commit, to lines committed bare", 10 * best["single"] / best["bare"], single)


def _ask(store: FilesStore, requests: list[JobRequest]) -> None:
    enqueue_jobs(store, requests, clock=_CLOCK)


def _keyed(root: str) -> float:
    store = FilesStore(root, actor="bench")
    requests = [JobRequest(kind="noop", key=f"key {number}") for number in range(_PART)]
    return timed(lambda: _ask(store, requests))


def _bare(store: FilesStore, numbers: Iterator[int]) -> float:
    """Return how long it takes to commit lines that are as long as those of jobs."""
    groups = [_line(next(numbers)) for _ in range(_PART)]
    now = datetime.now(UTC)
    return timed(
        lambda: [store.commit(groups[at : at + _COMMIT], now=now) for at in range(0, _PART, _COMMIT)],
    )


def _line(number: int) -> Group:
    identity = f"ntc_{number:032x}"
    body = {"notice_id": identity, "body": "x" * 200}
    views = (ViewKey(Folder.QUEUE, identity, due_name(_CLOCK.now())),)
    return Group(additions=(Addition(record=RecordLine(kind="notice", id=identity, body=body, views=views)),))


def _run(folder: str) -> Iterator[Result]:
    """Running jobs that do nothing against committing one line each, which every job's end costs at least."""
    root = os.path.join(folder, "state")
    store = FilesStore(root, actor="bench")
    host = LocalJobHost(root, this_place("bench", boot_id()), program=(), options=())
    count, numbers = 300, iter(range(10**9))

    def ran() -> float:
        _ask(store, [JobRequest(kind="noop")] * count)
        return timed(lambda: run_jobs(store, host, clock=_CLOCK, limit=count))

    def bare() -> float:
        groups = [_line(next(numbers)) for _ in range(count)]
        return timed(lambda: [store.commit([group], now=_CLOCK.now()) for group in groups])

    best = best_of(_ROUNDS, {"ran": ran, "bare": bare})
    hint = f"{count / best['ran']:,.0f} jobs/s against {count / best['bare']:,.0f} commits/s"
    yield only_told("jobs that do nothing run, to one commit each", best["ran"] / best["bare"], hint)


def _listed(folder: str) -> Iterator[Result]:
    """`jobs list` as a process, with half of the jobs open and half of them over."""
    root = os.path.join(folder, "state")
    store = FilesStore(root, actor="bench")
    for _ in range(0, MANY, _PART):
        _ask(store, [JobRequest(kind="noop")] * _PART)
    _settle(store, MANY // 2)
    words = [sys.executable, "-P", "-m", "reporting_governance", "jobs", "list", "--state", root]
    environment = {"PYTHONPATH": os.path.join(os.getcwd(), "lib")}
    best = best_of(
        _ROUNDS,
        {
            "list": lambda: process_seconds(words, environment),
            "names": lambda: timed(lambda: [os.listdir(os.path.join(root, each)) for each in ("jobs", "past")]),
        },
    )
    hint = f"{best['list'] * 1e3:.0f} ms against {best['names'] * 1e3:.0f} ms"
    yield only_told(f"jobs list over {MANY:,} jobs, to listing their folders", best["list"] / best["names"], hint)
    yield at_most(f"jobs list over {MANY:,} jobs, in seconds", best["list"], 1, hint)


def _settle(store: FilesStore, count: int) -> None:
    """Let many jobs end, in large commits: one by one would take an hour of syncs."""
    from reporting_governance.core.jobs import Ended, settled, started
    from reporting_governance.stages.job_records import ended_line, open_job, started_line

    store.ready()
    listing = store.listing(Folder.JOBS)
    place = this_place("bench", boot_id())
    names = sorted(listing.names.values(), key=lambda name: name.seq)[:count]
    for first in range(0, count, _COMMIT // 2):
        groups, now = [], _CLOCK.now()
        for name in names[first : first + _COMMIT // 2]:
            view = store.read(name)
            found = None if view is None else open_job(view, listing.names)
            assert found is not None
            begun = started(found.job, place, now)
            done = settled(begun, Ended(), now)
            groups.append(Group(additions=(started_line(begun, (name,)), ended_line(done, ()))))
        store.commit(groups, now=now)


def _cold(folder: str) -> Iterator[Result]:
    """A whole process that asks for a job that does nothing, and one that runs it, against one that does nothing."""
    root = os.path.join(folder, "state")
    words = [sys.executable, "-P", "-m", "reporting_governance", "jobs"]
    environment = {"PYTHONPATH": os.path.join(os.getcwd(), "lib")}
    _ask(FilesStore(root, actor="bench"), [JobRequest(kind="noop")])
    process_seconds([*words, "run", "--state", root], environment)
    best = best_of(
        25,
        {
            "python": lambda: process_seconds([sys.executable, "-c", "pass"]),
            "enqueue": lambda: process_seconds([*words, "enqueue", "noop", "--state", root], environment),
            "run": lambda: process_seconds([*words, "run", "--state", root], environment),
        },
    )
    for name in ("enqueue", "run"):
        hint = f"{best[name] * 1e3:.0f} ms against {best['python'] * 1e3:.0f} ms"
        yield at_most(f"jobs {name} of a noop, cold, to `python -c pass`", best[name] / best["python"], 10, hint)
