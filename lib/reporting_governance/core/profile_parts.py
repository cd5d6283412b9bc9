"""A profile without the parts that have faults, so that the faults of the others are found in the same run.

A part is a section's key, such as `/notification/retry`.  What is left out has its default in force, of which nothing
may be said: nobody wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from reporting_governance.contracts.reading.tape import split_pointer

Document: TypeAlias = Mapping[str, Any]
#: without these nothing is judged
_WHAT_IT_IS = frozenset({"apiVersion", "kind"})
#: what other keys of its section name: without it they would seem to name nothing
_NAMED_BY_OTHERS = frozenset({("notification", "receivers")})
#: of a profile that does not say, or says wrongly, what it is
_WITHOUT_METADATA = {"id": "profile", "title": "Profile", "version": "0"}


class ProfileParts:
    """The parts of one profile that are still judged.

    Args:
        written: the profile as plain data; it is an object.
    """

    def __init__(self, written: Document) -> None:
        self._written = written
        self._left_out: set[tuple[str, ...]] = set()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self._left_out

    @property
    def document(self) -> Document:
        """The profile without what is left out."""
        kept: dict[str, Any] = {}
        for section, value in self._written.items():
            if (section,) in self._left_out:
                continue
            if isinstance(value, Mapping) and any(each[0] == section for each in self._left_out):
                value = {key: each for key, each in value.items() if (section, key) not in self._left_out}
            kept[section] = value
        return kept if "metadata" in kept else {**kept, "metadata": _WITHOUT_METADATA}

    def leave_out(self, pointers: Iterable[str]) -> bool:
        """Leave out the parts that these pointers lead to; tell whether that left out anything more.

        A fault at a part that is out already, or of the whole profile, is none that leaving out could end.
        """
        parts = {self._part(each) for each in pointers} - {(), *self._left_out}
        self._left_out |= parts
        return bool(parts)

    def is_judged(self, pointer: str) -> bool:
        """Tell whether what is said about this place is about something that was written and is not left out."""
        tokens = tuple(split_pointer(pointer))
        return not any(tokens[: len(each)] == each for each in self._left_out)

    def _part(self, pointer: str) -> tuple[str, ...]:
        tokens = tuple(split_pointer(pointer))
        if not tokens or tokens[0] not in self._written or tokens[0] in _WHAT_IT_IS:
            return ()
        is_whole = (
            len(tokens) == 1
            or tokens[0] == "metadata"
            or tokens[:2] in _NAMED_BY_OTHERS
            or tokens[:2] in self._left_out
            or not isinstance(self._written[tokens[0]], Mapping)
        )
        return tokens[:1] if is_whole else tokens[:2]
