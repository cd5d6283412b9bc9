"""Play the whole matrix and write its page.  Arguments: senders or faults to play only those, and write nothing."""

import sys
import tempfile
from pathlib import Path

from tests.fault_matrix.matrix import PLAYABLE, play_all, told
from tests.fault_matrix.page import MODES, page
from tests.fault_matrix.tables import CELLS

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"


def main(only: list[str]) -> int:
    cells = [each for each in CELLS if each in PLAYABLE and (not only or set(each) & set(only))]
    with tempfile.TemporaryDirectory() as folder:
        results = play_all([(*cell, mode) for cell in cells for mode in MODES], Path(folder))
    wrong = sum(bool(each.wrong) for each in results)
    doubles = sum(each.unmarked_doubles for each in results)
    print(told(results))
    sends = sum(each.sends for each in results)
    print(f"{len(results)} plays, {wrong} wrong, {doubles} unmarked doubles, {sends} sends")
    if not only and not PLAYABLE.issuperset(CELLS):
        print("the page is not written: the extra apprise is not installed")
    elif not only:
        PAGE.write_text(page(wrong, doubles))
    return 1 if wrong or doubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
