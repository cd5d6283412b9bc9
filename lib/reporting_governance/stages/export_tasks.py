"""Which tasks a person means: lines name tasks by keys, which no person knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from json import dumps, loads
from typing import Any

from reporting_governance.errors import UsageError
from reporting_governance.stages.export_source import LogSource

_KEY = "tsk_"


def task_keys(source: LogSource, names: Sequence[str]) -> list[str]:
    """Return the keys of tasks, sorted: a name that is a key stands for itself, any other for every task of that name.

    Raises: UsageError for a name that no line speaks of; StorageError.
    """
    keys = {each for each in names if each.startswith(_KEY)}
    wanted = {each: b'"task_id":%s' % dumps(each).encode("ascii") for each in names if not each.startswith(_KEY)}
    if wanted:
        found: dict[str, set[str]] = {each: set() for each in wanted}
        for record in _records_holding(source, list(wanted.values())):
            name = _task_of(record)
            if name in found:
                found[name].update(each for each in record.get("about", ()) if each.startswith(_KEY))
        for name, theirs in found.items():
            if not theirs:
                raise UsageError(reason=f"no line of the log is about a task {name!r}")
            keys |= theirs
    return sorted(keys)


def _records_holding(source: LogSource, needles: Sequence[bytes]) -> Iterator[Mapping[str, Any]]:
    for segment in source.segments():
        for raw in source.raw_lines(segment):
            if any(each in raw for each in needles):
                try:
                    record = loads(raw).get("record")
                except (ValueError, AttributeError, RecursionError):
                    continue  # a torn line
                if isinstance(record, dict):
                    yield record


def _task_of(record: Mapping[str, Any]) -> str | None:
    body = record.get("body")
    return body.get("task_id") if isinstance(body, dict) else None
