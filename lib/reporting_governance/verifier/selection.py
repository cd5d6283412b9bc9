"""Which lines of a log a filter selects: the same rule for whoever makes a bundle and whoever checks one.

What is not selected is withheld, never dropped: its leaf hash stands in the bundle, so order, number and root can still
be computed.  Lines that say something about the log itself are always selected, or a filter could hide a loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FILTER_LISTS = ("agents", "notices", "tasks", "types")
FILTER_TIMES = ("since", "until")
_ABOUT_THE_LOG = ("log.", "audit.")
_ABOUT_THE_RECORDING = frozenset(("config.changed", "record.erased", "role.denied"))
_TIME_SHAPE = "dddd-dd-ddTdd:dd:dd.dddZ"


class Selection:
    """A filter, checked.  Several values of one key: any of them; several keys: all of them.

    `tasks` (keys of tasks), `agents` and `notices` are looked for in what a line's record is about; `types` are types
    of lines or kinds of records; `since` is the first moment and `until` the first moment after the period.
    """

    __slots__ = ("_about", "_since", "_texts", "_types", "_until", "selects_all")

    def __init__(self, lists: Mapping[str, Sequence[str]], since: str | None, until: str | None) -> None:
        self._texts = {name: sorted(set(lists.get(name, ()))) for name in FILTER_LISTS}
        self._about = [frozenset(self._texts[name]) for name in ("tasks", "agents", "notices") if self._texts[name]]
        self._types = frozenset(self._texts["types"])
        self._since = since
        self._until = until
        self.selects_all = not (self._about or self._types or since or until)  #: no line is withheld

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> Selection:
        """Return the selection that a manifest's `filter` describes; a key that is absent filters nothing.

        Raises: ValueError for what is no filter, unknown keys included: what is not understood must not be skipped.
        """
        if not isinstance(wanted, Mapping):
            raise ValueError("a filter is an object")
        unknown = sorted(set(wanted) - {*FILTER_LISTS, *FILTER_TIMES})
        if unknown:
            raise ValueError(f"not a key of a filter: {unknown[0]!r}")
        lists = {name: _texts_of(name, wanted.get(name)) for name in FILTER_LISTS}
        since, until = (_time_of_filter(name, wanted.get(name)) for name in FILTER_TIMES)
        return cls(lists, since, until)

    def document(self) -> dict[str, Any]:
        """Return the filter as a manifest holds it: all keys, lists sorted and without repetition."""
        return {**self._texts, "since": self._since, "until": self._until}

    def selects(self, document: Mapping[str, Any]) -> bool:
        """Tell whether the line with this document is selected."""
        if self.selects_all:
            return True
        kind = document["type"]
        if kind in _ABOUT_THE_RECORDING or kind.startswith(_ABOUT_THE_LOG):
            return True
        time = document["ts"]
        if (self._since is not None and time < self._since) or (self._until is not None and time >= self._until):
            return False
        record = document.get("record") or {}
        if self._types and kind not in self._types and record.get("kind") not in self._types:
            return False
        about = record.get("about", ())
        return not any(wanted.isdisjoint(about) for wanted in self._about)


def _texts_of(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"{name} of a filter is a list of texts that are not empty")
    return list(value)


def _time_of_filter(name: str, value: Any) -> str | None:
    """Return a time written as the lines write theirs, so that comparing texts compares times."""
    if value is None:
        return None
    if not isinstance(value, str) or _shape_of(value) != _TIME_SHAPE:
        raise ValueError(f"{name} of a filter is a time such as 2026-03-01T18:00:00.000Z")
    return value


def _shape_of(text: str) -> str:
    return "".join("d" if "0" <= each <= "9" else each for each in text)
