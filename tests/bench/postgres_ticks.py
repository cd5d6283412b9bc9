"""What a tick with nothing due costs on a database: the same with a million settled rows; cold, little but a driver."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout

from reporting_governance.__main__ import main
from tests.bench.measuring import Result, at_most, best_of, process_spent, timed
from tests.bench.postgres_crew import Crew, crew, our_command
from tests.postgres.servers import Server

SETTLED = 1_000_000
OPEN = 1_000  #: tasks with nothing due
_WRITERS = 3  #: at once, to make the million
_ROUNDS = 15
_COLD_ROUNDS = 25
_PROFILE = "minimal-solo-mode"


def run(server: Server, folder: str) -> Iterator[Result]:
    """Yield a quiet tick with a long history to one without, and a cold one to the driver's import."""
    command, environment = our_command()
    with crew(command, **environment) as ours:
        verbs = {name: _state(ours, server, os.path.join(folder, name)) for name in ("fresh", "old")}
        _settle(ours, verbs["old"])
    yield _with_history(verbs)
    yield _cold(verbs["fresh"])


def _state(ours: Crew, server: Server, local: str) -> list[str]:
    """Make a database with open tasks; return the words of a `run` on it."""
    os.mkdir(local)
    words = ["--state", server.url(server.new_database()), "--local", local]
    ours.ask(do="install", url=words[1], local=local)
    ours.ask(do="tasks", url=words[1], local=local, count=OPEN, profile=_PROFILE)
    return ["run", *words, "--profile", _PROFILE]


def _settle(ours: Crew, words: list[str]) -> None:
    """Let it have a long history: a line each, and a row of what is settled with its body."""
    each = SETTLED // _WRITERS
    where = {"url": words[2], "local": words[4]}
    ours.all(_WRITERS, do="history", count=each, **where)
    ours.ask(do="history", count=SETTLED - each * _WRITERS, **where)


def _with_history(verbs: dict[str, list[str]]) -> Result:
    def tick(words: list[str]) -> Callable[[], float]:
        return lambda: timed(lambda: _done(words))

    for words in verbs.values():
        _done(words)
        _done(words)  # the first signs what is there
    best = best_of(_ROUNDS, {name: tick(words) for name, words in verbs.items()})
    hint = f"{best['old'] * 1e3:.1f} ms against {best['fresh'] * 1e3:.1f} ms, connecting included"
    what = f"`run` on a database with nothing due and {SETTLED:,} settled rows, to one with none"
    return at_most(what, best["old"] / best["fresh"], 1.1, hint)


def _done(words: list[str]) -> None:
    said = io.StringIO()
    with redirect_stdout(said):
        code = main(words)
    assert (code, said.getvalue()) == (0, ""), (code, said.getvalue())


def _cold(words: list[str]) -> Result:
    environment = our_command()[1]
    sides = {
        "run": [sys.executable, "-m", "reporting_governance", *words],
        "driver": [sys.executable, "-c", "import psycopg"],
    }

    def side(command: list[str]) -> Callable[[], float]:
        return lambda: process_spent(command, environment).processor

    best = best_of(_COLD_ROUNDS, {name: side(command) for name, command in sides.items()})
    hint = f"{best['run'] * 1e3:.0f} ms against {best['driver'] * 1e3:.0f} ms"
    what = "a cold `run` on a database with nothing due, to `python -c 'import psycopg'`: processor time"
    return at_most(what, best["run"] / best["driver"], 1.3, hint)
