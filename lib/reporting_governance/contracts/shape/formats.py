"""The string formats a schema may ask for, each with its own check that both engines are given.

The engines' own checkers disagree (leap seconds, the year 0, a line break at the end), and the fallback's are silently
absent when their packages are.  Here a format that is asserted has a check, or the schema is refused before anything
is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from reporting_governance.contracts.frozen import frozen

_DATE_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-5][0-9])"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_ESCAPED = r"%[0-9A-Fa-f]{2}"
_NAME = rf"(?:[A-Za-z0-9._~!$&'()*+,;=-]|{_ESCAPED})*"
_USER = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_ESCAPED})*"
_PATH = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|{_ESCAPED})*"
_QUERY = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESCAPED})*"
_AUTHORITY = rf"//(?:{_USER}@)?(?:\[[0-9A-Fa-f:.]+\]|{_NAME})(?::[0-9]*)?(?:/{_PATH})?"
_URI = rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{_AUTHORITY}|(?!//){_PATH})(?:\?{_QUERY})?(?:#{_QUERY})?"


@frozen
class Format:
    """A format: how to check a string, and an example for the person whose string fails."""

    holds: Callable[[str], bool]
    example: str


def is_date_time(text: str) -> bool:
    """Tell whether a string is an RFC 3339 date-time that names a moment Python can hold: no leap second, no year 0."""
    if re.fullmatch(_DATE_TIME, text) is None:
        return False
    try:
        datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def is_date(text: str) -> bool:
    """Tell whether a string is a full-date of RFC 3339."""
    if re.fullmatch(_DATE, text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_uri(text: str) -> bool:
    """Tell whether a string is a URI of RFC 3986: absolute, with a scheme."""
    return re.fullmatch(_URI, text) is not None


def is_uuid(text: str) -> bool:
    """Tell whether a string is a UUID as RFC 9562 writes it."""
    return re.fullmatch(_UUID, text) is not None


FORMATS: dict[str, Format] = {
    "date": Format(is_date, "2026-03-01"),
    "date-time": Format(is_date_time, "2026-03-01T04:05:06.789Z"),
    "uri": Format(is_uri, "https://example.org/path"),
    "uuid": Format(is_uuid, "123e4567-e89b-42d3-a456-426614174000"),
}


def checker_of(name: str) -> Callable[[object], bool]:
    """Return the check an engine calls: whatever is no string passes, since its type is another keyword's matter."""
    holds = FORMATS[name].holds

    def check(value: object) -> bool:
        return holds(value) if isinstance(value, str) else True

    return check
