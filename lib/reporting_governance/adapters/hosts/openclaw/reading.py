"""Values of the plugin's document, each of the kind it has to be; anything else is a refusal with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Never

from reporting_governance.adapters.hosts.interface import HookRefused, unlike

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253402300799999  #: the end of the year 9999
_LONE = re.compile("[\ud800-\udfff]")  #: half of a character, which JavaScript can hold and UTF-8 cannot
_FROM = "is the plugin of the same version as this program?"


def text_at(document: Mapping[str, Any], key: str, place: str = "", *, needed: bool = True) -> str:
    """Return a text; empty when it is missing and not needed."""
    found = document.get(key)
    if found is None and not needed:
        return ""
    if not isinstance(found, str):
        wrong(key, "a text", document, place)
    return _LONE.sub("\ufffd", found)


def object_at(document: Mapping[str, Any], key: str, place: str = "") -> Mapping[str, Any]:
    """Return an object; an empty one when it is missing."""
    found = document.get(key, {})
    if not isinstance(found, Mapping):
        wrong(key, "an object", document, place)
    return found


def flag_at(document: Mapping[str, Any], key: str) -> bool:
    """Return true or false."""
    found = document.get(key)
    if not isinstance(found, bool):
        wrong(key, "true or false", document, "")
    return found


def time_at(document: Mapping[str, Any], key: str, place: str) -> datetime:
    """Return a time that is given in milliseconds since 1970."""
    found = document.get(key)
    if type(found) is not int or not 0 <= found <= _LAST_MS:
        wrong(key, "milliseconds since 1970", document, place)
    return _EPOCH + timedelta(milliseconds=found)


def whole_or_none(value: object) -> int | None:
    """Return an exit status, or None for what is none."""
    return value if type(value) is int and abs(value) < 2**31 else None


def plain(value: object) -> str:
    """Return a text of the host's details, empty for anything else."""
    return _LONE.sub("\ufffd", value) if isinstance(value, str) else ""


def wrong(key: str, wanted: str, document: Mapping[str, Any], place: str) -> Never:
    """Refuse a value."""
    if key not in document:
        raise HookRefused(problem=f"{key} is missing", pointer=place, suggestion=_FROM)
    raise unlike(key, wanted, document[key], pointer=f"{place}/{key}", suggestion=_FROM)
