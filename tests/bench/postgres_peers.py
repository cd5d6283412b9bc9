"""Run by the Python of other queues on PostgreSQL: procrastinate and pgqueuer, each as its documentation uses it.

Orders come as lines of JSON, see `postgres_crew`.  Nothing of ours is imported here.
"""

import asyncio
import json
import logging
import sys
import time
import uuid
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from procrastinate.worker import Worker

_NAME = "noop"
_PART = 1_000
_HELD = timedelta(seconds=30)


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def _wait_for_go() -> None:
    _say(ready=True)
    assert sys.stdin.readline().strip() == "go"


class Procrastinate:
    """Its own worker around tasks that do nothing; or the two statements of that worker alone."""

    def __init__(self, url: str) -> None:
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
        self.done = 0

        async def noop() -> None:
            self.done += 1

        self.task = self.app.task(name=_NAME)(noop)

    async def install(self) -> None:
        async with self.app.open_async():
            await self.app.schema_manager.apply_schema_async()

    async def fill(self, count: int) -> None:
        async with self.app.open_async():
            for first in range(0, count, _PART):
                await self.task.batch_defer_async(*({} for _ in range(min(_PART, count - first))))

    async def left(self) -> int:
        async with self.app.open_async():
            return sum(queue["todo"] + queue["doing"] for queue in await self.app.job_manager.list_queues_async())

    async def worker(self, seconds: float, at_once: int) -> tuple[int, float]:
        """Let its worker work; whatever was begun is finished when it is told to stop."""
        async with self.app.open_async():
            worker = Worker(self.app, concurrency=at_once, wait=False, install_signal_handlers=False)
            _wait_for_go()
            start = time.perf_counter()
            asyncio.get_running_loop().call_later(seconds, worker.stop)
            await worker.run()
            return self.done, time.perf_counter() - start

    async def statements(self, seconds: float, at_once: int) -> tuple[int, float]:
        """Fetch one and finish it, as the worker does, with nothing between."""
        assert at_once == 1, "a job is fetched by itself"
        async with self.app.open_async():
            manager = self.app.job_manager
            me = await manager.register_worker()
            _wait_for_go()
            start = time.perf_counter()
            while time.perf_counter() - start < seconds:
                job = await manager.fetch_job(queues=None, worker_id=me)
                if job is None:
                    break
                await manager.finish_job(job, procrastinate.jobs.Status.SUCCEEDED, delete_job=False)
                self.done += 1
            taken = time.perf_counter() - start
            await manager.unregister_worker(me)
            return self.done, taken


class PgQueuer:
    """Its two statements: take so many, log so many as successful."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def _connected(self) -> tuple[psycopg.AsyncConnection[Any], Queries]:
        connection = await psycopg.AsyncConnection.connect(self.url, autocommit=True)
        return connection, Queries.from_psycopg_connection(connection)

    async def install(self) -> None:
        connection, queries = await self._connected()
        await queries.install()
        await connection.close()

    async def fill(self, count: int) -> None:
        connection, queries = await self._connected()
        for first in range(0, count, _PART):
            many = min(_PART, count - first)
            await queries.enqueue([_NAME] * many, [b"{}"] * many, [0] * many)
        await connection.close()

    async def left(self) -> int:
        connection, queries = await self._connected()
        left = sum(each.count for each in await queries.queue_size())
        await connection.close()
        return left

    async def statements(self, seconds: float, at_once: int) -> tuple[int, float]:
        connection, queries = await self._connected()
        wanted = {_NAME: EntrypointExecutionParameter(concurrency_limit=0)}
        me, done = uuid.uuid4(), 0
        _wait_for_go()
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            jobs = await queries.dequeue(at_once, wanted, me, None, _HELD)
            if not jobs:
                break
            await queries.log_jobs([(job, "successful", None) for job in jobs])
            done += len(jobs)
        taken = time.perf_counter() - start
        await connection.close()
        return done, taken


def _peer(name: str, url: str) -> Any:
    return {"procrastinate": Procrastinate, "pgqueuer": PgQueuer}[name](url)


async def _obey(order: dict[str, Any]) -> dict[str, Any]:
    peer = _peer(order["kind"], order["url"])
    match order["do"]:
        case "install":
            await peer.install()
        case "fill":
            await peer.fill(order["count"])
        case "left":
            return {"left": await peer.left()}
        case how:
            done, seconds = await getattr(peer, how)(order["seconds"], order["at_once"])
            return {"done": done, "seconds": seconds}
    return {}


def main() -> None:
    """Obey one order after the other, until there are no more."""
    logging.disable(logging.WARNING)  # that an application stands in the main module is on purpose
    while line := sys.stdin.readline():
        _say(**asyncio.run(_obey(json.loads(line))))


if __name__ == "__main__":
    main()
