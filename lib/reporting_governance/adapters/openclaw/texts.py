"""JSON as JavaScript reads it, and JSON5 where that is allowed."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from reporting_governance.core.plugin_versions import WHITE

_LONGEST_WHOLE = 16  #: digits; longer numbers are inexact in JavaScript, and slow to read exactly here

_MOST_RELAXED = 512 * 1024  #: characters; the reader of JSON5 takes some 20 s for so many, and a tick is waiting


class NotReadable(ValueError):
    """The text is no JSON of the wanted kind; the message says what is wrong."""


def read_strict(data: bytes) -> Any:
    """Return what a JSON text holds; of a key that comes twice the last counts.  Raises: NotReadable."""
    try:
        return json.loads(_text(data), parse_constant=_refuse, parse_int=_number)
    except RecursionError:
        raise NotReadable("it is nested too deeply") from None
    except ValueError as fault:
        raise NotReadable(str(fault)) from fault


def read_relaxed(data: bytes) -> Any:
    """Return what a JSON or JSON5 text holds.  Raises: NotReadable."""
    try:
        return read_strict(data)
    except NotReadable:
        return _read_json5(_text(data))


def is_object(value: object) -> bool:
    """Tell whether a value is an object."""
    return isinstance(value, dict)


def trimmed(value: object) -> str | None:
    """Return a text without white space around it; None for a blank, and for what is no text."""
    return (value.strip(WHITE) or None) if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, trimmed, without blanks; none for what is no list."""
    if not isinstance(value, list):
        return ()
    return tuple(each for each in map(trimmed, value) if each is not None)


def _read_json5(text: str) -> Any:
    if len(text) > _MOST_RELAXED:
        raise NotReadable(f"it is no plain JSON, and longer than {_MOST_RELAXED} characters, as JSON5 may be here")
    import json5

    try:
        return json5.loads(text)
    except RecursionError:
        raise NotReadable("it is nested too deeply") from None
    except ValueError as fault:
        raise NotReadable(str(fault).replace("<string>:", "line ")) from fault


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _number(written: str) -> int | float:
    return int(written) if len(written) <= _LONGEST_WHOLE else float(written)
