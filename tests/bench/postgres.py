"""Many hosts on one database: work settled beside procrastinate and pgqueuer, commits, quiet ticks, a cold start.

Each side has a database of its own on the same server and works for the same time, in turn, several rounds; rates are
medians.  Once a sync of the server's disk returns at once, once it takes a millisecond: what a disk really takes
differs by the hour.  The others are looked for in REPORTGOV_BENCH_QUEUES, else where `nox -s bench_queues` installs
them.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from tests.bench import postgres_ticks
from tests.bench.measuring import Result, at_least, only_told, scratch
from tests.bench.postgres_crew import Crew, crew, our_command, peers_command, servers
from tests.postgres.servers import Server

_WORKERS = (1, 4, 8)
_ROUNDS = 3
_SECONDS = 1.0
_TIMES = 3  #: how much faster than procrastinate ours is to settle one by one


class _Side(NamedTuple):
    """Who works, and how: what a crew is ordered to do."""

    name: str
    do: str
    kind: str  #: what the database is filled with
    at_once: int
    open: int  #: so many are open before each round; enough for the fastest


_JOBS = _Side("`jobs run`", "jobs", "jobs", 1, 2_500)
_ENGINE = _Side("the engine, a commit for each beginning and each end", "engine", "spool", 1, 2_500)
_ENGINE_TWENTY = _Side("the engine, in twenties", "engine", "spool", 20, 8_000)
_WORKER = _Side("procrastinate's worker", "worker", "procrastinate", 1, 2_500)
_STATEMENTS = _Side("procrastinate's two statements", "statements", "procrastinate", 1, 2_500)
_WORKER_TWENTY = _Side("procrastinate's worker, 20 at once", "worker", "procrastinate", 20, 2_500)
_PGQUEUER = _Side("pgqueuer's two statements", "statements", "pgqueuer", 1, 4_000)
_PGQUEUER_TWENTY = _Side("pgqueuer's two statements, in twenties", "statements", "pgqueuer", 20, 20_000)
_OURS = (_JOBS, _ENGINE, _ENGINE_TWENTY)
_OTHERS = (_WORKER, _STATEMENTS, _WORKER_TWENTY, _PGQUEUER, _PGQUEUER_TWENTY)
#: ours, what it stands beside, and whether a ratio is claimed
_PAIRS = (
    (_JOBS, _WORKER, True),
    (_ENGINE, _STATEMENTS, True),
    (_ENGINE, _PGQUEUER, False),
    (_ENGINE_TWENTY, _WORKER_TWENTY, False),
    (_ENGINE_TWENTY, _PGQUEUER_TWENTY, False),
)
_COMMITTED = (1, 200)  #: groups in a commit


def run() -> Iterator[Result]:
    """Yield the rows; where no server can be started there are none."""
    with servers() as there, scratch() as folder:
        if not there:
            print("no PostgreSQL server, or no C compiler that makes its syncs take their time: suite postgres is left")
            return
        for sync, server in there.items():
            yield from _Bench(sync, server, folder).results()
        yield from postgres_ticks.run(there["free"], folder)


class _Bench:
    """What is measured on one server."""

    def __init__(self, sync: str, server: Server, folder: str) -> None:
        self._sync = sync
        self._server = server
        self._folder = folder
        self._databases: dict[str, str] = {}

    def results(self) -> Iterator[Result]:
        with ExitStack() as stack:
            command, environment = our_command()
            ours = stack.enter_context(crew(command, **environment))
            peers_words = peers_command()
            peers = None if peers_words is None else stack.enter_context(crew(peers_words))
            for kind in ("jobs", "spool", "log"):
                self._databases[kind] = self._server.url(self._server.new_database())
                ours.ask(do="install", **self._where(_JOBS._replace(kind=kind)))
            if peers is None:
                print("nobody to stand beside: `nox -s bench_queues` installs procrastinate and pgqueuer")
            else:
                for kind in ("procrastinate", "pgqueuer"):
                    self._databases[kind] = self._server.url(self._server.new_database())
                    peers.ask(do="install", **self._where(_WORKER._replace(kind=kind)))
            for workers in _WORKERS:
                yield from self._settled(ours, peers, workers)
            for workers in _WORKERS:
                yield from self._committed(ours, workers)

    def _where(self, side: _Side) -> dict[str, str]:
        return {"url": self._databases[side.kind], "local": self._folder, "kind": side.kind}

    def _with(self, workers: int) -> str:
        return f"{workers} {'worker' if workers == 1 else 'workers'}, a sync {_SYNC_WORDS[self._sync]}"

    def _settled(self, ours: Crew, peers: Crew | None, workers: int) -> Iterator[Result]:
        """Items taken and settled."""
        sides: dict[_Side, Crew] = dict.fromkeys(_OURS, ours)
        if peers is not None:
            sides |= dict.fromkeys(_OTHERS, peers)
        found: dict[_Side, list[float]] = {side: [] for side in sides}
        for _ in range(_ROUNDS):
            for side, its_crew in sides.items():
                found[side].append(self._rate(its_crew, side, workers))
        rates = {side: median(each) for side, each in found.items()}
        if peers is None:
            for side in _OURS:
                yield only_told(
                    f"{side.name}, {self._with(workers)}: items a second", rates[side], _spread(found[side])
                )
        for mine, other, is_claimed in _PAIRS if peers is not None else ():
            what = f"items taken and settled a second by {mine.name}, to {other.name}; {self._with(workers)}"
            hint = f"{rates[mine]:,.0f} against {rates[other]:,.0f}; {_spread(found[mine])} and {_spread(found[other])}"
            ratio = rates[mine] / rates[other]
            yield at_least(what, ratio, _TIMES, hint) if is_claimed else only_told(what, ratio, hint)

    def _rate(self, its_crew: Crew, side: _Side, workers: int) -> float:
        where = self._where(side)
        before = its_crew.ask(do="left", **where)["left"]
        its_crew.ask(do="fill", count=max(0, side.open - before), **where)
        before = max(before, side.open)
        rate, done = its_crew.rate(workers, do=side.do, at_once=side.at_once, seconds=_SECONDS, **where)
        left = its_crew.ask(do="left", **where)["left"]
        assert done == before - left, f"{side.name} settled {done}, and {before - left} of {before} are gone"
        return rate

    def _committed(self, ours: Crew, workers: int) -> Iterator[Result]:
        """Commits of the one log, to transactions of bare rows of that size."""
        where = self._where(_JOBS._replace(kind="log"))
        found: dict[tuple[str, int], list[float]] = {(do, n): [] for n in _COMMITTED for do in ("log", "insert")}
        for _ in range(_ROUNDS):
            for (do, groups), rates in found.items():
                rates.append(ours.rate(workers, do=do, at_once=groups, seconds=_SECONDS, **where)[0])
        for groups in _COMMITTED:
            log, bare = found["log", groups], found["insert", groups]
            of = "one line" if groups == 1 else f"{groups} lines"
            what = f"commits of {of} with a view each a second, to bare INSERTs of as many rows; {self._with(workers)}"
            hint = f"{median(log):,.0f} against {median(bare):,.0f}; {_spread(log)} and {_spread(bare)}"
            yield only_told(what, median(log) / median(bare), hint)


_SYNC_WORDS: Mapping[str, str] = {"free": "free", "1 ms": "of 1 ms"}


def _spread(rates: list[float]) -> str:
    """Return the lowest and the highest, so that a reader sees how steady a figure is."""
    return f"{min(rates):,.0f} to {max(rates):,.0f}"
