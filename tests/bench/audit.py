"""A journal of a million records: export it, verify the bundle; beside hashing alone and another toolkit's file sink.

The floor reads the same segments and hashes every line into the tree: what no verifier can do without.  The other
toolkit is agent-governance-toolkit with its file sink, which signs each record with a shared key.  Its Python is named
by REPORTGOV_BENCH_AGT, else it stands where `nox -s bench_peers` installs it; without it our own figures are taken
alone.  REPORTGOV_BENCH_RECORDS gives another number of records, for a quick look.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from reporting_governance.contracts.journal_line import RecordLine
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from tests.bench.measuring import Result, at_most, only_told, scratch, timed

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_RECORDS = int(os.environ.get("REPORTGOV_BENCH_RECORDS", "1000000"))
_SINK_RECORDS = max(1_000, _RECORDS // 10)
_BATCH = 200
_EXPORT_SECONDS, _VERIFY_SECONDS, _MOST_MEBIBYTES = 30, 15, 150
_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_FLOOR = (
    "import glob, sys\n"
    "from reporting_governance.verifier.merkle import extend, leaf_hash, root\n"
    "def leaves():\n"
    "    for path in sorted(glob.glob(sys.argv[1] + '/journal/log/*.jsonl')):\n"
    "        with open(path, 'rb') as file:\n"
    "            for line in file:\n"
    "                yield leaf_hash(line[:-1])\n"
    "print(root(extend(0, (), leaves())[1]).hex())\n"
)


class _Run(NamedTuple):
    """What one program took, with all the processes that it started."""

    seconds: float
    mebibytes: float  #: the most that its processes held together, what they share counted once
    output: bytes


def run() -> Iterator[Result]:
    """Yield seconds, memory, and how many times the floor each took."""
    with scratch() as folder:
        state = os.path.join(folder, "state")
        written = timed(lambda: _write(state))
        floor = _program([sys.executable, "-c", _FLOOR, state])
        exported = _program(_ours("export-audit", "--state", state, "--output", folder))
        bundle = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".zip"))
        verified = _program(_ours("verify-audit", bundle, "--require", "integrity"))
        what = f"{_RECORDS:,} records, {os.stat(bundle).st_size / 2**20:,.0f} MiB"
        yield from _told(f"export-audit, {_RECORDS:,} records", exported, floor, _EXPORT_SECONDS, what)
        yield from _told(f"verify-audit, {_RECORDS:,} records", verified, floor, _VERIFY_SECONDS, what)
        yield from _beside_the_sink(folder, written / _RECORDS, verified.seconds / _RECORDS)


def _told(name: str, took: _Run, floor: _Run, seconds: int, what: str) -> Iterator[Result]:
    hint = f"{took.seconds:.1f} s against {floor.seconds:.1f} s; {what}"
    yield at_most(f"{name}: seconds", took.seconds, seconds, what)
    yield only_told(f"{name}: to hashing the lines alone", took.seconds / floor.seconds, hint)
    yield at_most(f"{name}: peak memory in MiB", took.mebibytes, _MOST_MEBIBYTES, "of all its processes together")


def _beside_the_sink(folder: str, write: float, verify: float) -> Iterator[Result]:
    python = os.environ.get("REPORTGOV_BENCH_AGT") or os.path.join(_ROOT, ".nox", "bench_peers", "bin", "python")
    if not os.path.exists(python):
        return
    peer = os.path.join(_ROOT, "tests", "bench", "audit_peer.py")
    done = _program([python, "-W", "ignore", peer, os.path.join(folder, "sink.jsonl"), str(_SINK_RECORDS)])
    theirs = json.loads(done.output)
    hint = f"{_SINK_RECORDS:,} of theirs, never synced; ours are synced at every 200 lines"
    name = "agent-governance-toolkit's file sink"
    yield only_told(f"{name}: writing a record, to ours", theirs["write"] / write, hint)
    seen = "it sees no cut tail and no rewrite with its key"
    yield only_told(f"{name}: verifying a record, to ours", theirs["verify"] / verify, seen)


def _write(state: str) -> None:
    store = FilesStore(state, actor="bench")
    store.initialise(_NOW)
    for first in range(0, _RECORDS, _BATCH):
        store.commit([_group(number) for number in range(first, min(first + _BATCH, _RECORDS))], now=_NOW)
    store.maintain(_NOW)


def _group(number: int) -> Group:
    """Return a check-in or a piece of evidence, in turn, as agents leave them; open work is no part of a bundle."""
    task, at = number // 1000, "2026-03-01T12:00:00.000Z"
    key = f"tsk_{task:032x}"
    shared = {"task_id": f"import-{task}", "agent_id": "importer", "correlation_id": f"import-{task}"}
    if number % 2:
        kind, identity = "evidence", f"evi_{number:032x}"
        body = {
            "evidence_id": identity,
            "class": "tool_output",
            "quality": "moderate",
            "summary": f"Step {number} of the import ended with exit code 0.",
            "captured_at": at,
            "supports": {"claims": ["progress"], "task_id": shared["task_id"]},
            **shared,
        }
    else:
        kind, identity = "event-envelope", f"evt_{number:032x}"
        body = {
            "event_id": identity,
            "event_type": "task_checkpoint_sent",
            "timestamp": at,
            "adapter_version": "native/1",
            "runtime": "local-host",
            "evidence_refs": [],
            "operator_context": {},
            "payload": {
                "check_in": {"flagged": [], "id": f"cin_{number:032x}", "implicit": False, "received_at": at, "uid": 0},
                "message": f"{number} tables are loaded.",
                "task": {**shared, "runtime": "local-host", "status": "active", "started_at": at},
                "task_key": key,
            },
            **shared,
        }
    record = RecordLine(kind=kind, id=identity, body=body, about=(key, "importer"))
    return Group(additions=(Addition(record=record),))


def _ours(*arguments: str) -> list[str]:
    return [sys.executable, "-P", os.path.join(_ROOT, "lib", "reporting_governance", "__main__.py"), *arguments]


def _program(command: Sequence[str]) -> _Run:
    """Run a program to its end; what it and its children hold is looked at twenty times a second."""
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": os.path.join(_ROOT, "lib")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        peak, over = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, over))
        watcher.start()
        output, errors = process.communicate()
        seconds = time.perf_counter() - start
        over.set()
        watcher.join()
    assert process.returncode in (0, 3), errors.decode()
    return _Run(seconds, peak[0], output)


def _watch(session: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(0.05):
        peak[0] = max(peak[0], sum(_held(pid) for pid in _of_session(session)))


def _of_session(session: int) -> Iterator[str]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[3]) == session:
                    yield pid
        except (OSError, IndexError):
            continue  # it has ended


def _held(pid: str) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return 0.0
