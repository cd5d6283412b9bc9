"""Worker processes that obey lines of JSON, and the servers that they work on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.postgres.binaries import chosen
from tests.postgres.servers import Server, new_server, slow_fsync

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: As a server has it that others rely on; what a sync of the disk costs is decided by `SYNCS`.
_SETTINGS = {"fsync": "on", "shared_buffers": "256MB", "max_connections": "100", "wal_level": "replica"}
SYNCS = {"free": 0, "1 ms": 1000}  #: what a sync is called, and how many microseconds it takes


class Worker:
    """One process."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, env={**os.environ, **environment}, text=True, **pipes)

    def told(self, order: Mapping[str, Any] | None) -> None:
        """Send an order; None: those who are ready may go."""
        assert self._process.stdin is not None
        self._process.stdin.write(("go" if order is None else json.dumps(order)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Return what it says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "a worker has ended"
        return json.loads(line)

    def end(self) -> None:
        self._process.communicate()


class Crew:
    """Workers of one kind; they are started when they are needed."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._workers: list[Worker] = []

    def ask(self, **order: Any) -> Any:
        """Let one worker obey an order; return its answer."""
        [worker] = self._some(1)
        worker.told(order)
        return worker.answer()

    def all(self, workers: int, **order: Any) -> None:
        """Let so many obey one order at once."""
        some = self._some(workers)
        for worker in some:
            worker.told(order)
        for worker in some:
            worker.answer()

    def rate(self, workers: int, **order: Any) -> tuple[float, int]:
        """Let so many obey one order from the same moment on; return what they did a second, and in all."""
        some = self._some(workers)
        for worker in some:
            worker.told(order)
        for worker in some:
            assert worker.answer() == {"ready": True}
        for worker in some:
            worker.told(None)
        said = [worker.answer() for worker in some]
        done: int = sum(each["done"] for each in said)
        return done / max(each["seconds"] for each in said), done

    def end(self) -> None:
        for worker in self._workers:
            worker.end()

    def _some(self, count: int) -> list[Worker]:
        while len(self._workers) < count:
            self._workers.append(Worker(self._command, self._environment))
        return self._workers[:count]


@contextmanager
def crew(command: Sequence[str], **environment: str) -> Iterator[Crew]:
    """Yield a crew; its processes end with it."""
    ours = Crew(command, environment)
    try:
        yield ours
    finally:
        ours.end()


def our_command() -> tuple[list[str], dict[str, str]]:
    """Return what starts a worker of ours, and its environment."""
    paths = os.pathsep.join([os.path.join(_ROOT, "lib"), _ROOT])
    return [sys.executable, "-m", "tests.bench.postgres_ours"], {"PYTHONPATH": paths}


def peers_command() -> list[str] | None:
    """Return what starts a worker of the other queues, None where they are not installed."""
    place = os.environ.get("REPORTGOV_BENCH_QUEUES") or os.path.join(_ROOT, ".nox", "bench_queues")
    python = os.path.join(place, "bin", "python")
    return [python, os.path.join(_ROOT, "tests", "bench", "postgres_peers.py")] if os.path.exists(python) else None


@contextmanager
def servers() -> Iterator[dict[str, Server]]:
    """Yield a running server for each cost of a sync; fewer, or none, where they cannot be had."""
    binaries = chosen()
    made: dict[str, Server] = {}
    try:
        for name, microseconds in SYNCS.items() if binaries is not None else ():
            assert binaries is not None
            server = new_server(binaries, settings=_SETTINGS)
            made[name] = server
            environment = slow_fsync(server.folder, microseconds=microseconds)
            if environment is None:
                made.pop(name).remove()
                continue
            server.environment |= environment
            server.start()
        yield made
    finally:
        for server in made.values():
            server.remove()
