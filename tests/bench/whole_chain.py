"""10,000 overdue tasks to acked receipts, held against writing the same lines and the same view files bare."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._settings import Settings, load_settings
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.core.projection import Body, apply
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.boot import boot_id
from reporting_governance.storage.encoding import record_of
from reporting_governance.storage.files.store import FilesStore
from tests.bench.measuring import Result, at_most, peak_mebibytes, scratch, timed

TASKS = 10_000
_ROUNDS = 2


@dataclass
class Written:
    """What one chain wrote, commit by commit: the bytes of its lines, the view files it made and removed."""

    commits: list[tuple[bytes, list[tuple[str, bytes]], list[str]]] = field(default_factory=list)


def run() -> Iterator[Result]:
    """Yield the ratio of the chain to its floor, and the memory it took."""
    chains, floors = [], []
    stages: dict[str, float] = {}
    for _ in range(_ROUNDS):
        with scratch() as folder:
            world = World(folder)
            before = world.store.ready().seq
            stages = {name: timed(call) for name, call in world.stages()}
            chains.append(sum(stages.values()))
            written = written_by(world.store, before)
            floors.append(timed(lambda place=folder, what=written: write_bare(place, what)))
            shutil.rmtree(folder, ignore_errors=True)
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items())
    hint = f"{min(chains):.1f} s against {min(floors):.1f} s ({parts})"
    yield at_most(f"{TASKS:,} overdue tasks to acked, to writing the same bare", min(chains) / min(floors), 5, hint)
    peak = peak_mebibytes(_ALONE)
    yield at_most(f"peak memory of {TASKS:,} overdue tasks to acked, in MiB", peak, 200, f"{peak} MiB")


#: The chain in a process of its own, so that the floor's lines do not count.
_ALONE = """
from tests.bench.measuring import scratch
from tests.bench.whole_chain import World
with scratch() as folder:
    for _, call in World(folder).stages():
        call()
"""


class World:
    """A state folder with many tasks that are overdue, and the stages that act on it."""

    def __init__(self, folder: str, tasks: int = TASKS) -> None:
        self.root = os.path.join(folder, "state")
        self.clock = SystemClock()
        self.settings: Settings = load_settings(self.root, "minimal-solo-mode")
        self.store = FilesStore(self.root, actor="bench")
        started = (self.clock.now() - timedelta(seconds=1_500)).isoformat()
        check_ins = [_start(number, started) for number in range(tasks)]
        for first in range(0, tasks, 1_000):
            part = check_ins[first : first + 1_000]
            run_report(self.store, part, uid=os.geteuid(), profile=self.settings.profile, clock=self.clock)
        run_enqueue(self.store, self.settings.policy, self.settings.profile, clock=self.clock, limit=tasks)

    def stages(self) -> list[tuple[str, Callable[[], object]]]:
        """Return the stages in order, ready to be called."""
        store, profile, clock = self.store, self.settings.profile, self.clock
        senders = Senders(profile.notification.receivers, state_folder=self.root)
        host = Host(name="bench", boot_id=boot_id(), pid=os.getpid())
        limit = 10 * TASKS
        return [
            ("scan", lambda: run_scan(store, profile, [], clock=clock)),
            ("enqueue", lambda: run_enqueue(store, self.settings.policy, profile, clock=clock, limit=limit)),
            ("dispatch", lambda: run_dispatch(store, profile, clock=clock, limit=limit)),
            (
                "bridge",
                lambda: run_bridge(store, senders, profile, clock=clock, host=host, limit=limit, max_seconds=3600),
            ),
        ]


def _start(number: int, started: str) -> CheckIn:
    return CheckIn.parse(
        {
            "verb": "start",
            "task": f"task-{number:06d}",
            "agent": "bench",
            "id": "start",
            "at": started,
            "checkpoint": {"every_seconds": 600},
        }
    )


def written_by(store: FilesStore, after: int) -> Written:
    """Return what was written since line `after`; lines of one time and writer are one commit."""
    written = Written()
    views: dict[str, Body] = {}
    for document in (line.document for line in store.replay()):
        record = record_of(document)
        if record is None:
            continue
        changes = apply([(document["seq"], record)], lambda name: views.get(str(name), {}))
        puts = {str(put.name): put.body for put in changes.puts}
        views.update(puts)
        for name in changes.removes:
            views.pop(str(name), None)
        if document["seq"] <= after:
            continue
        line = json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        made = [(name, json.dumps({"body": body, "name": name}).encode()) for name, body in puts.items()]
        _add(written, document["ts"], line, made, [str(name) for name in changes.removes])
    return written


def _add(written: Written, ts: str, line: bytes, made: list[tuple[str, bytes]], gone: list[str]) -> None:
    if not written.commits or len(written.commits[-1][0]) > 150_000:
        written.commits.append((b"", [], []))
    data, puts, removes = written.commits[-1]
    written.commits[-1] = (data + line, puts + made, removes + gone)


def write_bare(folder: str, written: Written) -> None:
    """Write the lines with a sync for each commit; create and remove the view files."""
    place = os.path.join(folder, "bare")
    os.makedirs(place)
    log = os.open(os.path.join(place, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    there: set[str] = set()
    for data, puts, removes in written.commits:
        os.write(log, data)
        os.fdatasync(log)
        for name, body in puts:
            path = _path(place, name)
            descriptor = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(descriptor, body)
            os.close(descriptor)
            os.rename(path + ".tmp", path)
            there.add(name)
        for name in removes:
            if name in there:
                os.unlink(_path(place, name))
    os.close(log)


def _path(place: str, name: str) -> str:
    folder, _, file = name.partition("/")
    directory = os.path.join(place, folder)
    if not os.path.isdir(directory):
        os.makedirs(directory)
    return os.path.join(directory, file)
