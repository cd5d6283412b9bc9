"""What reading gives: documents, where their parts stand, and what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from reporting_governance.contracts.finding import Finding, Span
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.reading.tape import NO_KEY, Tape, span_of

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


class Syntax(StrEnum):
    """The two ways a document is written."""

    JSON = "json"
    YAML = "yaml"


class Places:
    """The text of a document and, from the first question on, where its parts stand."""

    __slots__ = ("_measure", "_tape", "text")

    def __init__(self, text: str, measure: Callable[[], Tape]) -> None:
        self.text = text
        self._measure = measure
        self._tape: Tape | None = None

    @property
    def tape(self) -> Tape:
        """The positions; measured once, and only for a document that somebody has a question about."""
        if self._tape is None:
            self._tape = self._measure()
        return self._tape


@frozen(kw_only=True)
class Document:
    """One document: its value as plain JSON data, and the place of every part of it by JSON Pointer."""

    value: JsonValue
    index: int  #: which document of the file, from 1
    places: Places
    spoiled: frozenset[str] = frozenset()  #: pointers whose value could not be read; null stands in for it

    def value_span(self, pointer: str) -> Span | None:
        """Return where a value stands; None when the document has no such value."""
        tape = self.places.tape
        entry = tape.find(pointer)
        return None if entry is None else span_of(self.places.text, tape.starts[entry], tape.ends[entry])

    def key_span(self, pointer: str) -> Span | None:
        """Return where the key of a value stands; None for the root, for items of a list, and for no such value."""
        tape = self.places.tape
        entry = tape.find(pointer)
        if entry is None or tape.key_starts[entry] == NO_KEY:
            return None
        return span_of(self.places.text, tape.key_starts[entry], tape.key_ends[entry])

    def owner_span(self, pointer: str) -> Span | None:
        """Return the place that stands for a whole object, where a key it lacks is reported.

        That is the object's own key; its first character when it is an item of a list; line 1, column 1 when it is
        the root (of a second YAML document: its first character, since line 1 belongs to another document).
        """
        if not pointer and self.index == 1:
            return Span(line=1, column=1, end_line=1, end_column=1)
        key = self.key_span(pointer)
        if key is not None:
            return key
        tape = self.places.tape
        entry = tape.find(pointer)
        if entry is None:
            return None
        start = tape.starts[entry]
        return span_of(self.places.text, start, min(start + 1, tape.ends[entry]))

    def nearest(self, pointer: str, *, at_key: bool = False) -> tuple[str, Span | None]:
        """Return the pointer and the place at which a fault of meaning is reported.

        That is the value (`at_key`: its key); where there is no such value, the nearest object or list around it that
        there is, as `owner_span` has it.
        """
        span = (self.key_span(pointer) if at_key else None) or self.value_span(pointer)
        while span is None and pointer:
            pointer = pointer.rpartition("/")[0]
            span = self.owner_span(pointer)
        return pointer, span

    def written(self, pointer: str) -> str | None:
        """Return a value as its author wrote it, such as `1.10` where the value is 1.1."""
        tape = self.places.tape
        entry = tape.find(pointer)
        return None if entry is None else self.places.text[tape.starts[entry] : tape.ends[entry]]


@frozen(kw_only=True)
class ReadResult:
    """What one file holds.

    `documents` is empty as soon as one finding is an error: nothing that was read only in part is acted upon.
    `checkable` also holds the documents that have faults, so that one run can report the faults of their shape too.
    """

    documents: Sequence[Document]
    checkable: Sequence[Document]
    findings: Sequence[Finding]


JsonObject: TypeAlias = Mapping[str, JsonValue]
