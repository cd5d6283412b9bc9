"""Times in documents and in file names.

Documents: RFC 3339, UTC, milliseconds, `Z` (`2026-03-01T04:05:06.789Z`).  Types: aware `datetime` in UTC.
File names: `20260301T040506.789Z`, which sorts as time does and holds no colon.
"""

from datetime import UTC, datetime

FAR_FUTURE = "99991231T235959.999Z"  #: the due part of a view's name when no time will make it due
FIRST = "00000000T000000.000Z"  #: the due part of what comes before all that has a time
_SHORTEST = len("2026-03-01T04:05:06Z")


def format_time(moment: datetime) -> str:
    """Return `moment` as documents write it.

    Raises: ValueError for a time without a zone.
    """
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError(f"a time needs a zone: {moment.isoformat()}")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def parse_time(text: str) -> datetime:
    """Return the aware UTC time that an RFC 3339 text names, cut to milliseconds.

    Raises: ValueError when the text is no RFC 3339 date-time or has no zone.
    """
    if len(text) < _SHORTEST or text[10] not in "Tt" or text[4] != "-" or text[13] != ":":
        raise ValueError(f"not an RFC 3339 date-time: {text!r}")
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(f"a date-time needs a zone: {text!r}")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"a date-time outside the years 1 to 9999: {text!r}") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def due_name(moment: datetime | None) -> str:
    """Return the due part of a view's name; `None` is the far future."""
    if moment is None:
        return FAR_FUTURE
    text = format_time(moment)
    return f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:]}"


def parse_due(name: str) -> datetime | None:
    """Return the time a due part names, `None` for the far future.  The reverse of `due_name`."""
    if name == FAR_FUTURE:
        return None
    return parse_time(f"{name[:4]}-{name[4:6]}-{name[6:11]}:{name[11:13]}:{name[13:]}")
