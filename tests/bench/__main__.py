"""Run the benchmarks and write docs/benchmarks.md.  `python -m tests.bench [SUITE ...]`."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator

from tabulate import tabulate

from tests.bench import append, audit, gate, grouping, jobs, postgres, rules, ticks, verify, whole_chain
from tests.bench.measuring import Result

SUITES: dict[str, Callable[[], Iterator[Result]]] = {
    "append": append.run,
    "audit": audit.run,
    "chain": whole_chain.run,
    "gate": gate.run,
    "grouping": grouping.run,
    "jobs": jobs.run,
    "postgres": postgres.run,
    "rules": rules.run,
    "ticks": ticks.run,
    "verify": verify.run,
}
_PAGE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "benchmarks.md"
)


def main(names: list[str]) -> int:
    """Run the suites, put their rows into the page and return 0; a claim that does not hold is told, not failed."""
    rows = {} if not names else _rows_of_page()
    for name in names or list(SUITES):
        for result in SUITES[name]():
            print(_line(result), flush=True)
            rows[result.name] = _row(result)
    with open(_PAGE, "w", encoding="utf-8") as file:
        file.write(_page(rows.values()))
    print(f"\nwritten: {_PAGE}")
    return 0


_ON_A_DATABASE = """\
Rows about items taken and settled, commits, and a tick on a database are of suite `postgres` (`nox -s bench_queues`
installs the others first). Everybody works on a database of its own on one server with `fsync=on`, for a second at a
time, in turn; the rates are medians of three rounds, and the hint shows the lowest and the highest of each. *A sync
free*: the server's syncs return at once; *of 1 ms*: each takes a millisecond, on any disk. Workers are processes on the
server's machine.

- An item settled by us leaves two lines in the one hash-chained log (begun, ended) with the view they change, each
  durable before the next step. By the others it leaves its last state and a row for each step; no order is kept between
  items, and nothing shows that none was changed. That is the price of the log, and it is in the ratio.
- `jobs run` is the whole verb but for its start: listing, shares, the runner, the end of one job and the beginning of
  the next in one commit. Procrastinate's worker is as it is started by default, with one task at once or twenty; it
  takes no batches. *The engine* and the *two statements* are what both do at least for an item: take it, and settle it.
  Pgqueuer takes and logs twenty by one statement each; its own worker is not measured.
- Bare INSERTs are rows of 700 random bytes in a table with a primary key and nothing else: what the server and the
  driver can do at most.
"""
Row = tuple[str, ...]


def _rows_of_page() -> dict[str, Row]:
    """Return what the page says already, so that one suite can be taken again."""
    with open(_PAGE, encoding="utf-8") as file:
        cells = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in file if line.startswith("| ")]
    return {row[0]: row for row in cells if row[0] != "what"}


def _line(result: Result) -> str:
    verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[result.holds]
    return f"{result.name}: {result.ratio:.2f} ({result.target}) {verdict}  [{result.hint}]"


def _row(result: Result) -> Row:
    holds = {True: "yes", False: "**no**", None: ""}[result.holds]
    return (result.name, f"{result.ratio:.2f}", result.target, holds, result.hint)


def _page(rows: Iterable[Row]) -> str:
    table = tabulate(
        rows, headers=("what", "ratio", "claim", "holds", "hint"), tablefmt="github", disable_numparse=True
    )
    return (
        "# Benchmarks\n\nWritten by `nox -s bench`, or suite by suite by `python -m tests.bench SUITE`. Only the\n"
        "ratios are claims: both sides ran in the same run on the same machine. The hints are that machine's figures\n"
        "and will differ on yours.\n\n" + _ON_A_DATABASE + "\n" + table + "\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
