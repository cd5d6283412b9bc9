"""Whether runs are what they should be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.liveness import RunsSeen, stale_runs

NOW = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


WELL = RunsSeen(began_at=ago(61), ended_at=ago(60), succeeded_at=ago(60), exit_code=0, state_since=ago(1e6))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"began_at": ago(300), "ended_at": ago(300), "succeeded_at": ago(300)}, None),
        ({"began_at": ago(301), "ended_at": ago(300)}, "expected every 60 s"),
        ({"began_at": ago(-50)}, None),
        ({"began_at": ago(10), "ended_at": ago(301)}, "none has come to its end"),
        ({"succeeded_at": ago(301), "exit_code": 3}, "no `run` has succeeded"),
        ({"succeeded_at": None, "exit_code": 3}, "no `run` has succeeded"),
        ({"succeeded_at": None, "exit_code": 3, "state_since": ago(10)}, None),
        ({"succeeded_at": ago(200), "exit_code": 3}, None),
        ({"began_at": None, "ended_at": None, "succeeded_at": None, "exit_code": None}, "never started"),
        ({"began_at": None, "ended_at": None, "state_since": ago(100)}, None),
        ({"began_at": None, "ended_at": None, "state_since": None}, None),
        ({"ended_at": None, "succeeded_at": None, "exit_code": None}, None),
        ({"ended_at": None, "succeeded_at": None, "exit_code": 137}, "yet; the last ended with 137"),
    ],
)
def test_what_is_wrong_with_runs(changes: dict[str, object], said: str | None) -> None:
    stale = stale_runs(replace(WELL, **changes), now=NOW, tick_seconds=60)  # type: ignore[arg-type]
    if said is None:
        assert stale is None
    else:
        assert stale is not None
        assert said in stale.sentence
        assert stale.advice


@given(st.integers(60, 86_400), st.integers(0, 10**6))
def test_a_run_of_late_is_never_called_old_and_an_old_one_always_is(tick: int, seconds: int) -> None:
    seen = replace(WELL, began_at=ago(seconds), ended_at=ago(seconds), succeeded_at=ago(seconds))
    assert (stale_runs(seen, now=NOW, tick_seconds=tick) is None) is (seconds <= 5 * tick)
