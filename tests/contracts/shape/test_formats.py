"""Formats: truly checked, by the same check in both engines, and close to what jsonschema-rs checks by itself."""

from datetime import UTC, datetime, timedelta, timezone

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.shape import Engine, SchemaSet
from reporting_governance.contracts.shape.formats import FORMATS
from reporting_governance.contracts.times import format_time, parse_time

GOOD = {
    "date-time": """
        2026-02-28T10:00:00Z 2026-02-28T10:00:00.123456789Z 2026-02-28t10:00:00z 2026-02-28T10:00:00+23:59
        2026-02-28T10:00:00-00:00 2024-02-29T23:59:59.9-08:00""",
    "date": "2026-02-28 2024-02-29 9999-12-31 0001-01-01",
    "uri": """
        https://a/b http:// urn:x:y mailto:x@y http://[::1]/ http://[::1]:80 file:///x HTTP://A https://u:p@h:1/p?q=%20#f
        a: a:/ tel:+1-816 ldap://[2001:db8::7]/c=GB?objectClass?one""",
    "uuid": "123e4567-e89b-12d3-a456-426614174000 123E4567-E89B-12D3-A456-426614174000",
}
BAD = {
    "date-time": """
        2026-02-30T10:00:00Z 2026-02-28T10:00:00 2026-02-28T24:00:00Z 2026-02-28T10:60:00Z 2026-02-28T10:00:60Z
        2026-02-28T10:00:00+24:00 2026-02-28T10:00:00+0100 2026-1-1T00:00:00Z 2026-02-28T10:00:00.Z 2026-02-28
        2026-02-28T10:00:00,1Z २026-02-28T10:00:00Z yesterday 2026-02-28T1:00:00Z
        20260228T100000Z 2026-W01-1T00:00:00Z 2026-02-28T10:00:00+01:60""",
    "date": "2026-02-29 20260228 2026-W01-1 2026-2-1 २026-02-28 2026-02-28T00:00:00Z",
    "uri": "a/b //a http://é/ https://a/%zz 1a:b :a http://[::1 http://a:b#c#d a:[b] a:b|c",
    "uuid": """123e4567e89b12d3a456426614174000 {123e4567-e89b-12d3-a456-426614174000}
        123e4567-e89b-12d3-a456-42661417400g""",
}
# where the engines' own checks accept what no clock and no calendar of ours can hold
STRICTER = {"2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"}


@pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_truly_checked(name: str, engine: Engine) -> None:
    shape = SchemaSet({"a": {"format": name}}, engine=engine).shape("a")
    for text in (*GOOD[name].split(), FORMATS[name].example):
        assert shape.is_valid(text), text
    bad = (*BAD[name].split(), "", " ", *(f"{text}\n" for text in GOOD[name].split()))
    for text in bad:
        assert not shape.is_valid(text), text
    for text in STRICTER if name == "date-time" else ():
        assert not shape.is_valid(text), text
    assert shape.is_valid(1)
    assert shape.is_valid(None)


@pytest.mark.parametrize("name", FORMATS)
def test_our_checks_agree_with_those_of_jsonschema_rs(name: str) -> None:
    theirs = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    for text in (*GOOD[name].split(), *BAD[name].split()):
        if not text.startswith("2026-02-28T10:00:60"):
            assert FORMATS[name].holds(text) is theirs.is_valid(text), text
    for text in STRICTER if name == "date-time" else ():
        assert theirs.is_valid(text), text


@given(
    st.datetimes().filter(lambda moment: 1 < moment.year < 9999),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.integers(0, 9),
)
def test_what_is_a_date_time_can_be_parsed(moment: datetime, offset: int, digits: int) -> None:
    written = moment.replace(tzinfo=timezone(timedelta(minutes=offset)), microsecond=0).isoformat()
    fraction = f".{'7' * digits}" if digits else ""
    text = written[:19] + fraction + written[19:]
    assert FORMATS["date-time"].holds(text)
    assert parse_time(text).tzinfo is UTC
    assert FORMATS["date-time"].holds(format_time(parse_time(text)))
