"""Simulated days: whoever keeps a promise is never accused, and whoever breaks one is always told, at the right tick.

The seed of a day stands in its test's name.  The long days are 10,000 hours of tasks and 500 healthy tasks.
"""

from pathlib import Path
from random import Random

import pytest

from tests.simulation.day import Day
from tests.simulation.expected import Limits, expected_tellings
from tests.simulation.script import HOUR, Agent, any_agent, healthy_agent

_AT_ONCE = Limits(tick=60, grace=300, silence=7200, verify=3600, group_wait=0)
_WITH_COMPANY = Limits(tick=60, grace=300, silence=7200, verify=3600, group_wait=30)
_SHORT = [(0, 25, 6)]
_LONG = [
    pytest.param(*day, marks=pytest.mark.long) for day in ((1, 25, 6), (2, 25, 6), (1000, 500, 10), (1001, 500, 10))
]


@pytest.mark.parametrize("limits", [_AT_ONCE, _WITH_COMPANY], ids=["at_once", "with_company"])
@pytest.mark.parametrize(("seed", "tasks", "hours"), _SHORT + _LONG)
def test_what_is_told_of_a_day_is_exactly_what_must_be(
    tmp_path: Path, limits: Limits, seed: int, tasks: int, hours: int
) -> None:
    random = Random(seed)
    agents = [any_agent(task, hours, limits.grace, random) for task in range(tasks)]
    day = Day(str(tmp_path), limits)
    day.live(agents, hours * HOUR)
    told = day.tellings()
    expected = expected_tellings(agents, limits, hours * HOUR)
    assert len(told) == len(set(told)), "nothing is told twice"
    assert sorted(set(told) - expected) == [], "false accusations"
    assert sorted(expected - set(told)) == [], "misses"
    assert expected, "a day on which nothing had to be told shows nothing"


_HEALTHY_SHORT = [(3, 30, 8)]
_HEALTHY_LONG = [pytest.param(2000, 500, 24, marks=pytest.mark.long)]


@pytest.mark.parametrize(("seed", "tasks", "hours"), _HEALTHY_SHORT + _HEALTHY_LONG)
def test_nobody_hears_of_healthy_work(tmp_path: Path, seed: int, tasks: int, hours: int) -> None:
    random = Random(seed)
    agents: list[Agent] = [healthy_agent(task, hours, _AT_ONCE.grace, random) for task in range(tasks)]
    day = Day(str(tmp_path), _AT_ONCE)
    day.live(agents, hours * HOUR)
    assert day.sent == []
