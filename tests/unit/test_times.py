"""Times as documents and file names write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.times import FAR_FUTURE, due_name, format_time, parse_due, parse_time

MOMENTS = st.datetimes(  # its bounds have no zone
    min_value=datetime(1, 1, 3),  # noqa: DTZ001
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@given(MOMENTS)
def test_a_time_survives_its_text_and_its_name(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment
    assert parse_due(due_name(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_names_sort_as_times_do(one: datetime, other: datetime) -> None:
    assert (due_name(one) < due_name(other)) is (one < other)


def test_other_zones_are_written_in_utc() -> None:
    moment = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2026-02-28T23:30:00.000Z"
    assert parse_time("2026-03-01T01:30:00+02:00") == moment


def test_the_far_future_is_no_time() -> None:
    assert due_name(None) == FAR_FUTURE
    assert parse_due(FAR_FUTURE) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "20260301T120000Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_a_time_without_a_zone_is_never_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 3, 1))  # noqa: DTZ001 - the fault that is tried
