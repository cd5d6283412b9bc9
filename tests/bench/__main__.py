"""Run the benchmarks and write docs/benchmarks.md.  `python -m tests.bench [append|chain|grouping|ticks ...]`."""

import os
import sys
from collections.abc import Callable, Iterator

from tabulate import tabulate

from tests.bench import append, grouping, ticks, whole_chain
from tests.bench.measuring import Result

SUITES: dict[str, Callable[[], Iterator[Result]]] = {
    "append": append.run,
    "chain": whole_chain.run,
    "grouping": grouping.run,
    "ticks": ticks.run,
}
_PAGE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "benchmarks.md"
)


def main(names: list[str]) -> int:
    """Run the suites and return 0; a claim that does not hold on this machine is told, not failed."""
    results: list[Result] = []
    for name in names or list(SUITES):
        for result in SUITES[name]():
            print(_line(result), flush=True)
            results.append(result)
    if not names:
        with open(_PAGE, "w", encoding="utf-8") as file:
            file.write(_page(results))
        print(f"\nwritten: {_PAGE}")
    return 0


def _line(result: Result) -> str:
    verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[result.holds]
    return f"{result.name}: {result.ratio:.2f} ({result.target}) {verdict}  [{result.hint}]"


def _page(results: list[Result]) -> str:
    rows = [
        (each.name, f"{each.ratio:.2f}", each.target, {True: "yes", False: "**no**", None: ""}[each.holds], each.hint)
        for each in results
    ]
    table = tabulate(
        rows, headers=("what", "ratio", "claim", "holds", "hint"), tablefmt="github", disable_numparse=True
    )
    return (
        "# Benchmarks\n\nWritten by `nox -s bench`. Only the ratios are claims: both sides ran in the same run "
        "on the same machine.\nThe hints are that machine's figures and will differ on yours.\n\n" + table + "\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
