"""The metrics text: in the form that scrapers take, whatever a folder is called, and with labels of few words."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.conditions import Condition
from reporting_governance.core.metrics import NoticeState, OpenWork, RunFacts, metrics_text
from tests.oracle.exposition import parse

NOW = datetime(2026, 3, 1, 4, 5, 6, 789000, UTC)
RUN = RunFacts(
    began_at=NOW - timedelta(seconds=2),
    ended_at=NOW,
    written_at=NOW,
    succeeded_at=None,
    exit_code=3,
    seconds=2.0004,
    stage_seconds={"scan": 1.25},
    tick_seconds=60,
    unreadable_sources=1,
    profile_refused=True,
    journal_bytes=4096,
    version="1.2.3",
    state="/var/lib/reportgov",
)
WORK = OpenWork(
    native_tasks=7,
    undecided_events=0,
    episodes={"silence_timeout": 2, "of_another_version": 3},
    notices={NoticeState.QUEUED: 1, NoticeState.HELD: 4, NoticeState.BLOCKED: 5},
    oldest_at={
        NoticeState.QUEUED: NOW - timedelta(seconds=30),
        NoticeState.DISPATCHED: NOW - timedelta(seconds=90),
        NoticeState.HELD: NOW - timedelta(days=2),
    },
    in_doubt=1,
    lines=12,
)


def test_what_is_said_of_a_run_and_of_open_work() -> None:
    said = parse(metrics_text(WORK, RUN))
    assert said.of("reportgov_build_info", version="1.2.3") == 1
    assert said.of("reportgov_run_last_start_timestamp_seconds") == RUN.began_at.timestamp()
    assert said.of("reportgov_run_last_success_timestamp_seconds") == 0
    assert said.of("reportgov_run_last_exit_code") == 3
    assert said.of("reportgov_run_stage_duration_seconds", stage="scan") == 1.25
    assert said.of("reportgov_run_stage_duration_seconds", stage="bridge") == 0
    assert said.of("reportgov_profile_refused") == 1
    assert said.of("reportgov_open_episodes", condition="silence_timeout") == 2
    assert said.of("reportgov_open_episodes", condition="other") == 3
    assert said.of("reportgov_notices", state="blocked") == 5
    assert said.of("reportgov_notices", state="dispatched") == 0
    assert said.of("reportgov_in_doubt") == 1
    assert said.of("reportgov_journal_bytes") == 4096


def test_what_is_held_back_on_purpose_makes_no_alarm_old() -> None:
    said = parse(metrics_text(WORK, RUN))
    assert said.of("reportgov_oldest_pending_age_seconds") == 90
    assert said.of("reportgov_oldest_notice_age_seconds", state="held") == 2 * 86_400


def test_a_clock_that_was_set_back_makes_no_negative_age() -> None:
    later = replace(WORK, oldest_at={NoticeState.QUEUED: NOW + timedelta(hours=1)})
    assert parse(metrics_text(later, RUN)).of("reportgov_oldest_pending_age_seconds") == 0


def test_labels_are_few_words_that_we_chose() -> None:
    said = parse(metrics_text(WORK, RUN))
    assert {name for _, labels in said.samples for name, _ in labels} == {
        "state_folder",
        "version",
        "stage",
        "condition",
        "state",
    }
    assert said.label_values("condition") == {each.value for each in Condition} | {"other"}
    assert said.label_values("state") == {each.value for each in NoticeState}
    assert len(said.samples) < 80


def test_every_alert_of_the_manual_names_metrics_that_exist() -> None:
    page = Path(__file__).parents[2] / "docs/operating.md"
    named = set(re.findall(r"\breportgov_[a-z_]+", page.read_text()))
    assert named
    assert named <= set(parse(metrics_text(WORK, RUN)).helps)


def test_without_views_the_run_is_told_of() -> None:
    said = parse(metrics_text(None, RUN))
    assert said.of("reportgov_run_last_exit_code") == 3
    assert "reportgov_notices" not in said.helps


@given(st.text(st.characters(blacklist_characters="\0"), min_size=1))
def test_any_name_of_a_folder_is_escaped(state: str) -> None:
    said = parse(metrics_text(WORK, replace(RUN, state=state)))
    (label,) = said.label_values("state_folder")
    assert label == state.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize(
    "text",
    [
        "a 1",
        "# HELP a b\n# TYPE a gauge\n",
        "# HELP a b\n# TYPE a gauge\na 1\na 2\n",
        '# HELP a b\n# TYPE a gauge\na{x="\\q"} 1\n',
        '# HELP a b\n# TYPE a gauge\na{x="y"z="1"} 1\n',
        "# HELP a b\n# TYPE a gauge\nb 1\n",
        "# HELP a b\n# TYPE a gauge\na 1 2 3\n",
    ],
)
def test_the_reader_of_these_tests_takes_no_nonsense(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parse(text)
