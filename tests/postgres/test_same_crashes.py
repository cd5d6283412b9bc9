"""The crash, overlap and stall tests of a folder of files, as they are, each state in a database of its own.

Where a process is killed at each step, a message to the server is a step, and so is an answer that is whole.
"""

import pytest

from tests.crash.chain.test_in_doubt import (
    test_an_outbox_is_looked_at_instead,
    test_held_until_a_person_says_so,
    test_sent_again_with_a_mark,
)
from tests.crash.chain.test_killed import test_killed_at_every_step, test_killed_now_and_then
from tests.crash.chain.test_killed_held import test_killed_and_run_again_nothing_is_lost_or_doubled
from tests.crash.chain.test_killed_reviews import test_killed_and_done_again_it_is_done_once
from tests.crash.chain.test_overlap import test_many_rounds, test_one_round
from tests.crash.chain.test_stalled import (
    test_a_receipt_whose_threads_just_changed_is_made_again,
    test_a_stalled_bridge_does_not_begin_too_late,
    test_a_stalled_bridge_sends_nothing_that_another_took_over,
)
from tests.storage.test_writers import test_four_writers

__all__ = (
    "test_a_receipt_whose_threads_just_changed_is_made_again",
    "test_a_stalled_bridge_does_not_begin_too_late",
    "test_a_stalled_bridge_sends_nothing_that_another_took_over",
    "test_an_outbox_is_looked_at_instead",
    "test_four_writers",
    "test_held_until_a_person_says_so",
    "test_killed_and_done_again_it_is_done_once",
    "test_killed_and_run_again_nothing_is_lost_or_doubled",
    "test_killed_at_every_step",
    "test_killed_now_and_then",
    "test_many_rounds",
    "test_one_round",
    "test_sent_again_with_a_mark",
)

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("databases")]
