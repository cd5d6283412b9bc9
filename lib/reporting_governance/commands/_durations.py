"""Durations and moments as people type them: `90`, `15m`, `1h30m`, `2d`; `+2h` or an RFC 3339 time."""

import re
from datetime import datetime, timedelta
from typing import Any

import click

from reporting_governance.contracts.times import parse_time

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"([0-9]{1,9})([smhd])")


class Duration(click.ParamType[int]):
    """Whole seconds, or numbers with the units s, m, h, d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return seconds, at least 1."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        parts = _PART.findall(text)
        if text.isascii() and text.isdigit() and len(text) < 10:
            seconds = int(text)
        elif parts and "".join(f"{count}{unit}" for count, unit in parts) == text:
            seconds = sum(int(count) * _UNITS[unit] for count, unit in parts)
        else:
            self.fail(f"{value!r} is no duration; write seconds, or 15m, 1h30m, 2d", param, ctx)
        if seconds < 1:
            self.fail("a duration is at least one second", param, ctx)
        return seconds


class Moment(click.ParamType[datetime | timedelta]):
    """An RFC 3339 time with a zone, or `+` and a duration from now."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        """Return an aware time, or how long from now."""
        if isinstance(value, (datetime, timedelta)):
            return value
        text = str(value).strip()
        if text.startswith("+"):
            return timedelta(seconds=Duration().convert(text[1:], param, ctx))
        try:
            return parse_time(text)
        except ValueError:
            self.fail(f"{value!r} is no time; write +2h, or 2026-03-01T18:00:00Z", param, ctx)


class PastMoment(click.ParamType[datetime | timedelta]):
    """An RFC 3339 time with a zone, a day (its beginning, in UTC), or a duration: so long ago."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        """Return an aware time, or how long ago."""
        if isinstance(value, (datetime, timedelta)):
            return value
        text = str(value).strip()
        try:
            return parse_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
        except ValueError:
            pass
        try:
            return timedelta(seconds=Duration().convert(text, param, ctx))
        except click.BadParameter:
            self.fail(
                f"{value!r} is no time; write 2026-03-01, 2026-03-01T18:00:00Z, or 30d for so long ago", param, ctx
            )
