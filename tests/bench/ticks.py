"""What a tick costs when nothing is due: it must not grow with the tasks' history, and little with their number."""

import os
import shutil
import sys
from collections.abc import Iterator

from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._settings import load_settings
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder, RecordLine
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from tests.bench.measuring import Result, at_most, best_of, only_told, process_seconds, scratch, timed

MANY = 100_000
SETTLED = 1_000_000
_ROUNDS = 7


def run() -> Iterator[Result]:
    """Yield the cost of quiet ticks and of a cold process."""
    with scratch() as folder:
        store = _with_tasks(os.path.join(folder, "state"), MANY)
        yield from _quiet(store, os.path.join(folder, "state", Folder.TASKS.value))
        what, ratio, hint = _rebuilt(store, "each with its first event waiting")
        yield only_told(what, ratio, hint)
        settings = load_settings(os.path.join(folder, "state"), "minimal-solo-mode")
        run_enqueue(store, settings.policy, settings.profile, clock=SystemClock(), limit=2 * MANY)
        what, ratio, hint = _rebuilt(store, "as a run leaves them")
        yield at_most(what, ratio, 3, hint)
    with scratch() as folder:
        yield from _with_history(folder)
    with scratch() as folder:
        yield from _cold(folder)


def _with_tasks(root: str, count: int) -> FilesStore:
    clock = SystemClock()
    profile = load_settings(root, "minimal-solo-mode").profile
    store = FilesStore(root, actor="bench")
    for first in range(0, count, 2_000):
        part = [_start(number) for number in range(first, min(first + 2_000, count))]
        run_report(store, part, uid=os.geteuid(), profile=profile, clock=clock)
    run_scan(store, profile, [], clock=clock)
    return store


def _start(number: int) -> CheckIn:
    promise = {"every_seconds": 86_000}
    given = {"verb": "start", "task": f"task-{number:06d}", "agent": "bench", "id": "start", "checkpoint": promise}
    return CheckIn.parse(given)


def _quiet(store: FilesStore, folder: str) -> Iterator[Result]:
    """A scan with nothing due, against listing the folder of tasks."""
    clock = SystemClock()
    profile = load_settings(os.path.dirname(folder), "minimal-solo-mode").profile
    best = best_of(
        _ROUNDS,
        {
            "scan": lambda: timed(lambda: run_scan(store, profile, [], clock=clock)),
            "list": lambda: timed(lambda: os.listdir(folder)),
        },
    )
    hint = f"{best['scan'] * 1e3:.0f} ms against {best['list'] * 1e3:.0f} ms"
    yield at_most(
        f"a scan with nothing due over {MANY:,} tasks, to listing them", best["scan"] / best["list"], 1.5, hint
    )


def _rebuilt(store: FilesStore, how: str) -> tuple[str, float, str]:
    """Return the name, the ratio and the hint of making all views anew, against reading every line."""
    os.sync()  # what the tasks' making has left to be written is nobody's here
    best = best_of(
        3,
        {
            "replay": lambda: timed(lambda: sum(1 for _ in store.replay())),
            "rebuild": lambda: timed(store.rebuild),
        },
    )
    hint = f"{best['rebuild']:.1f} s against {best['replay']:.1f} s"
    return f"rebuild of {MANY:,} open tasks, {how}, to replaying the log", best["rebuild"] / best["replay"], hint


def _with_history(folder: str) -> Iterator[Result]:
    """The same tick on a fresh log, and on one with a million settled records."""
    fresh, old = (_with_tasks(os.path.join(folder, name), 1_000) for name in ("fresh", "old"))
    clock = SystemClock()
    profile = load_settings(os.path.join(folder, "fresh"), "minimal-solo-mode").profile
    for first in range(0, SETTLED, 200):
        records = [RecordLine(kind="notice", id=f"ntc_{first + each:032x}", body=_SETTLED) for each in range(200)]
        old.commit([Group(additions=(Addition(record=record),)) for record in records], now=clock.now())
    best = best_of(
        _ROUNDS,
        {
            "fresh": lambda: timed(lambda: _tick(fresh, profile, clock)),
            "old": lambda: timed(lambda: _tick(old, profile, clock)),
        },
    )
    hint = f"{best['old'] * 1e3:.2f} ms against {best['fresh'] * 1e3:.2f} ms"
    yield at_most(f"a tick with {SETTLED:,} settled records, to one with none", best["old"] / best["fresh"], 1.3, hint)


_SETTLED = {"subject": "over", "body": "x" * 100}


def _tick(store: FilesStore, profile: object, clock: SystemClock) -> None:
    run_scan(store, profile, [], clock=clock)  # type: ignore[arg-type]
    for folder in (Folder.EVENTS, Folder.EPISODES, Folder.QUEUE, Folder.SPOOL):
        store.listing(folder).due(due_name(clock.now()))


def _cold(folder: str) -> Iterator[Result]:
    """A whole process of `scan` with nothing due, against Python doing nothing."""
    root = os.path.join(folder, "state")
    _with_tasks(root, 1_000)
    environment = {"REPORTGOV_STATE": root}
    scan = [sys.executable, "-m", "reporting_governance", "scan"]
    process_seconds(scan, environment)
    best = best_of(
        30,
        {
            "scan": lambda: process_seconds(scan, environment),
            "pass": lambda: process_seconds([sys.executable, "-c", "pass"]),
        },
    )
    hint = f"{best['scan'] * 1e3:.0f} ms against {best['pass'] * 1e3:.0f} ms"
    yield at_most("a cold scan with nothing due, to `python -c pass`", best["scan"] / best["pass"], 6, hint)
    script = os.path.join(os.getcwd(), "bin", "scan")
    if shutil.which(script) and os.path.isdir(os.path.join(os.getcwd(), ".venv")):
        through = min(process_seconds([script], environment) for _ in range(20))
        yield only_told(
            "the same through bin/scan, to `python -c pass`", through / best["pass"], f"{through * 1e3:.0f} ms"
        )
