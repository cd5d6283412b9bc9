"""The fault matrix: every sender meets every fault, and each time its records say the one thing that is true.

The tables say what must be; a few cells of every kind are played in every run of the tests, all of them by
`nox -s faults`, and docs/fault-matrix.md shows what the tables say.
"""

from pathlib import Path

import pytest

from tests.fault_matrix.matrix import PLAYABLE, play_all, told
from tests.fault_matrix.page import MODES, page
from tests.fault_matrix.tables import CANNOT, CELLS, FAULTS, SENDERS, TABLE, TRACES
from tests.fault_matrix.words import HOLD, RESEND, story

PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"

#: One of each kind of story, of each sender, and of each way in which a process can die.
FEW = (
    ("webhook", "no fault", HOLD),
    ("webhook", "DNS", HOLD),
    ("webhook", "drop", HOLD),
    ("webhook", "drop", RESEND),
    ("webhook", "reset", RESEND),
    ("webhook", "late answer", RESEND),
    ("webhook", "kill -9 before", RESEND),
    ("webhook", "kill -9 after", HOLD),
    ("webhook", "second bridge, slept", RESEND),
    ("webhook", "two bridges at once", HOLD),
    ("slack", "one of two", HOLD),
    ("slack", "200 ok:false", HOLD),
    ("telegram", "429", HOLD),
    ("ntfy", "TLS", HOLD),
    ("pushover", "HTML page", HOLD),
    ("pagerduty", "hang", HOLD),
    ("matrix", "drop", RESEND),
    ("matrix", "kill -9 during", HOLD),
    ("smtp", "drop", HOLD),
    ("smtp", "kill -9 during", RESEND),
    ("smtp", "late answer", HOLD),
    ("file", "kill -9 during", HOLD),
    ("file", "one of two", HOLD),
    ("file", "truncated", HOLD),
    ("external", "no fault", HOLD),
    ("external", "4xx", HOLD),
    ("external", "kill -9 before", RESEND),
    ("openclaw", "4xx", HOLD),
    ("openclaw", "truncated", HOLD),
    ("command", "drip", RESEND),
    ("command", "second bridge, first", HOLD),
    ("command", "second bridge, later", HOLD),
)


def test_a_few_cells(tmp_path: Path) -> None:
    assert told(play_all(FEW, tmp_path)) == ""


@pytest.mark.long
@pytest.mark.parametrize("sender", SENDERS)
def test_every_cell(sender: str, tmp_path: Path) -> None:
    cells = [(*cell, mode) for cell in CELLS if cell[0] == sender for mode in MODES]
    if not PLAYABLE.issuperset(each[:2] for each in cells):
        pytest.skip("the extra is not installed: pip install 'reporting-governance[apprise]' to try this sender")
    results = play_all(cells, tmp_path)
    assert told(results) == ""
    assert sum(each.unmarked_doubles for each in results) == 0
    assert sum(each.sends for each in results) > len(FAULTS)  # something was truly sent


def test_the_page_says_what_the_tables_say() -> None:
    assert PAGE.read_text() == page(0, 0), "run: python -m tests.fault_matrix"


def test_the_tables_leave_nothing_out() -> None:
    assert set(TABLE) == {(sender, fault) for sender in SENDERS for fault in FAULTS}
    assert set(TRACES) <= set(FAULTS)
    assert {word for word in TABLE.values() if word in CANNOT} == set(CANNOT)


def test_the_tables_contradict_no_promise() -> None:
    """What docs/delivery-guarantee.md promises holds for every cell as it is written down."""
    for sender, fault in CELLS:
        for mode in MODES:
            found = story(sender, fault, mode)
            for standing in (found.after, found.end):
                case = f"{sender} × {fault} ({mode})"
                assert (standing.state == "acked") <= (standing.proof in ("stored", "delivered")), case
                assert (standing.state == "acked") <= (standing.got > 0), case
                assert standing.got <= 1 + standing.marked, case
                assert (standing.state == "blocked") <= bool(standing.reason), case
            assert found.end.got >= found.after.got, case
            if mode == HOLD:
                assert found.end.got <= 1, case
