"""Many cells at once: most of a cell's time is waiting."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from tests.fault_matrix.play import Result, play
from tests.fault_matrix.running import hurried
from tests.fault_matrix.tables import CELLS

AT_ONCE = 8
#: What can be played here: an extra need not be installed.
PLAYABLE = frozenset(cell for cell in CELLS if cell[0] != "apprise" or find_spec("apprise") is not None)


def play_all(cells: Iterable[tuple[str, str, str]], folder: Path) -> list[Result]:
    """Play cells, each a (sender, fault, in_doubt), in folders of their own."""
    with hurried(), ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [
            pool.submit(play, *cell, folder / f"{number}-{cell[0]}")  # short: the name of a socket or lock may be long
            for number, cell in enumerate(cells)
        ]
        return [each.result() for each in waiting]


def told(results: Iterable[Result]) -> str:
    """Return what is wrong, a line each."""
    return "\n".join(
        f"{each.sender} × {each.fault} ({each.in_doubt}): {fault}" for each in results for fault in each.wrong
    )
