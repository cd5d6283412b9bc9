"""How facts are read from plain documents: a value of another type than promised is null or unknown, never an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.policy_operators import Unknown

Document = Mapping[str, Any]


class Given(NamedTuple):
    """What facts were computed from."""

    event: Document
    task: Document | None  #: the state that was used
    evidence: Sequence[Document] | None
    is_snapshot: bool  #: the task is that of the event's own payload


_TEXT_APART = Unknown("the text is stored apart and was erased or not read")


def group_unknown(group: str, reason: str) -> Mapping[str, Unknown]:
    """Return every fact of a group as unknown for one reason."""
    unknown = Unknown(reason)
    return {path: unknown for path in CATALOGUE if path.startswith(group)}


def as_object(value: object) -> Document:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_text(value: object) -> str | None:
    """Return a text that is not empty, null for anything else."""
    return value if type(value) is str and value else None


def as_free_text(value: object) -> str | Unknown | None:
    """Return a text that may be stored apart from its record: unknown when only its digest is here."""
    if is_reference(value):
        return _TEXT_APART
    return as_text(value)


def as_whole(value: object) -> int | None:
    """Return an integer, null for anything else."""
    return value if type(value) is int else None


def as_time(value: object) -> datetime | Unknown | None:
    """Return the time a text names: null without a text, unknown when it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return Unknown("the document holds a time that cannot be read")


def fact_as_json(value: object) -> Any:
    """Return a fact's value as JSON data; unknown is null."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, datetime):
        return value.isoformat() if value.utcoffset() is None else format_time(value)
    if isinstance(value, (list, tuple)):
        return [fact_as_json(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): fact_as_json(each) for key, each in value.items()}
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
