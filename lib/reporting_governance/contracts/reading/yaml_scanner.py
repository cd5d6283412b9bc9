"""Builds plain JSON data and its places from YAML events, and finds everything that is wrong on the way.

Events of the C parser and not its node tree: composing a tree recurses, and a text nested some thousand levels deep
would end the process before its depth could be refused.  No Python object is ever constructed from a tag.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from reporting_governance.contracts.finding import FindingRule, shown
from reporting_governance.contracts.finding_rules import (
    ALIAS,
    DUPLICATE_KEY,
    KEY_NOT_STRING,
    MERGE_KEY,
    NUMBER_RANGE,
    TAG,
    TOO_DEEP,
)
from reporting_governance.contracts.reading.core_schema import (
    LIST_TAGS,
    OBJECT_TAGS,
    Scalar,
    plain_value,
    short_tag,
    tagged_value,
)
from reporting_governance.contracts.reading.document import Document, JsonValue, Places
from reporting_governance.contracts.reading.reporter import Reporter, Unreadable
from reporting_governance.contracts.reading.tape import NO_KEY, Tape
from reporting_governance.contracts.reading.yaml_anchors import Anchor, Anchors
from reporting_governance.contracts.reading.yaml_halves import Halves

_NOT_NUMBERS = {".nan": "NaN", ".inf": "Infinity", "+.inf": "Infinity", "-.inf": "-Infinity"}  #: as JSON calls them


@dataclass(slots=True)
class _Open:
    """An object or a list whose end has not been seen."""

    entry: int
    value: list[JsonValue] | dict[str, JsonValue]
    anchor: str | None
    in_brackets: bool
    is_key: bool  #: it stands where only a string may stand
    end: int  #: where its last member ends
    levels: int = 1
    index: int = -1
    key: str | None = None
    key_start: int = NO_KEY
    key_end: int = NO_KEY
    wants_key: bool = True
    seen: dict[str, tuple[int, int]] | None = None  #: keys and where they stood first; None for a list


class YamlScanner:
    """Takes the events of one text one by one; `documents` holds what was complete.

    `halves` are the surrogate escapes by their offset.
    """

    def __init__(self, reporter: Reporter, *, halves: Mapping[int, str], max_depth: int, max_alias_nodes: int) -> None:
        self.documents: list[Document] = []
        self.halves = Halves(reporter, halves)
        self._reporter = reporter
        self._max_depth = max_depth
        self._max_alias_nodes = max_alias_nodes
        self.begin_document()

    def begin_document(self) -> None:
        """Start the next document."""
        self._tape = Tape()
        self._stack: list[_Open] = []
        self._anchors = Anchors(max_nodes=self._max_alias_nodes)
        self._root: JsonValue = None
        self._reporter.spoiled = set()

    def end_document(self) -> None:
        """Keep the document that is complete now."""
        tape = self._tape
        document = Document(
            value=self._root,
            index=self._reporter.document,
            places=Places(self._reporter.text, lambda: tape),
            spoiled=frozenset(self._reporter.spoiled),
        )
        self.documents.append(document)
        self._reporter.document += 1

    def scalar(self, event: Any) -> None:
        """Take a scalar: a key, or a value."""
        start, end = self._scalar_place(event)
        parent = self._parent_wanting_key()
        if parent is None:
            self._next_index()
            value = self._scalar_value(event, start, end)
            self.halves.report(start, end, path=self.path(), spoils=True)
            entry = self._add(start, end)
            self._anchors.remember(event.anchor, Anchor(value, entry, 0))
            self._finish(value, end, levels=0)
            return
        if event.value == "<<" and event.implicit[0]:
            message = 'the key "<<" does not merge anything in YAML 1.2'
            self._report(MERGE_KEY, start, end, message, more=("<<",), spoils=True)
        value = self._scalar_value(event, start, end)
        self._anchors.remember(event.anchor, Anchor(value, None, 0))
        broken = self.halves.report(start, end, path=self.path(), spoils=False)
        self._take_key(parent, value, start, end)
        if broken:
            self._reporter.spoil(self.path())

    def alias(self, event: Any) -> None:
        """Take an alias: what its anchor names stands here once more."""
        start, end = event.start_mark.index, event.end_mark.index
        parent = self._parent_wanting_key()
        if parent is None:
            self._next_index()
        anchor = self._follow(event.anchor, start, end)
        if parent is not None:
            self._take_key(parent, anchor.value, start, end)
            return
        entry = self._add(start, end)
        if anchor.entry is not None:
            self._tape.repeat_members(anchor.entry)
        self._tape.close(entry, end)
        self._finish(anchor.copy(), end, levels=anchor.levels)

    def begin_collection(self, event: Any, *, is_list: bool) -> None:
        """Take the start of an object or a list."""
        start, end = event.start_mark.index, event.end_mark.index
        parent = self._parent_wanting_key()
        if parent is None:
            self._next_index()
        else:
            self._report(KEY_NOT_STRING, start, max(end, start + 1), "a key must be a string, not a list or an object")
            parent.key, parent.key_start, parent.key_end = None, NO_KEY, NO_KEY
        if len(self._stack) >= self._max_depth:
            message = f"values are nested deeper than {self._max_depth} levels"
            self._stop(TOO_DEEP, start, max(end, start + 1), message)
        if event.tag is not None and event.tag not in (LIST_TAGS if is_list else OBJECT_TAGS):
            self._bad_tag(event, start, end)
        self._anchors.begin(event.anchor)
        opened = _Open(
            entry=self._add(start, start),
            value=[] if is_list else {},
            anchor=event.anchor,
            in_brackets=bool(event.flow_style),
            is_key=parent is not None,
            end=end,
            wants_key=not is_list,
            seen=None if is_list else {},
        )
        self._tape.lists[opened.entry] = is_list
        self._stack.append(opened)

    def end_collection(self, event: Any) -> None:
        """Take the end of the innermost object or list."""
        done = self._stack.pop()
        end = event.end_mark.index if done.in_brackets else done.end
        self._tape.close(done.entry, end)
        self._anchors.remember(done.anchor, Anchor(done.value, done.entry, done.levels))
        if done.is_key:
            self._stack[-1].wants_key = False
            self._stack[-1].levels = max(self._stack[-1].levels, done.levels + 1)
        else:
            self._finish(done.value, end, levels=done.levels)

    def _parent_wanting_key(self) -> _Open | None:
        return self._stack[-1] if self._stack and self._stack[-1].wants_key else None

    def _next_index(self) -> None:
        if self._stack and self._stack[-1].seen is None:
            self._stack[-1].index += 1

    def _add(self, start: int, end: int) -> int:
        parent = self._stack[-1] if self._stack else None
        if parent is None or parent.seen is None or parent.wants_key:
            entry = self._tape.open(start, key=None, key_start=NO_KEY, key_end=NO_KEY)
        else:
            entry = self._tape.open(start, key=parent.key, key_start=parent.key_start, key_end=parent.key_end)
        self._tape.ends[entry] = end
        return entry

    def _finish(self, value: JsonValue, end: int, *, levels: int) -> None:
        """Put a complete value where it belongs."""
        if not self._stack:
            self._root = value
            return
        parent = self._stack[-1]
        parent.end = end
        parent.levels = max(parent.levels, levels + 1)
        if isinstance(parent.value, list):
            parent.value.append(value)
            return
        if parent.key is not None:
            parent.value[parent.key] = value
        parent.wants_key = True

    def _take_key(self, parent: _Open, key: JsonValue, start: int, end: int) -> None:
        parent.wants_key = False
        parent.end = end
        if not isinstance(key, str):
            parent.key, parent.key_start, parent.key_end = None, NO_KEY, NO_KEY
            written = self.halves.text[start:end]
            suggestion = f"quote it: {shown(written)}" if not isinstance(key, (list, dict)) else None
            self._report(KEY_NOT_STRING, start, end, "a key must be a string", suggestion=suggestion)
            return
        parent.key, parent.key_start, parent.key_end = key, start, end
        assert parent.seen is not None  # only an object wants keys
        first = parent.seen.setdefault(key, (start, end))
        if first != (start, end):
            message = f"the key {shown(key)} stands twice in this object"
            self._report(DUPLICATE_KEY, start, end, message, first=first)

    def _scalar_place(self, event: Any) -> tuple[int, int]:
        """Return where the scalar itself stands, without its anchor and tag, and without the line breaks after it."""
        start, end, text = event.start_mark.index, event.end_mark.index, self.halves.text
        if event.style in ("|", ">"):
            end = start + len(text[start:end].rstrip())
        elif (event.anchor or event.tag) and not event.style and text[end - len(event.value) : end] == event.value:
            start = end - len(event.value)
        return start, end

    def _scalar_value(self, event: Any, start: int, end: int) -> Scalar:
        if event.tag is None:
            value: Scalar = plain_value(event.value) if event.implicit[0] else event.value
        else:
            try:
                value = tagged_value(event.value, event.tag)
            except ValueError as fault:
                self._bad_tag(event, start, end, str(fault))
                return None
        if isinstance(value, float) and not math.isfinite(value):
            named = _NOT_NUMBERS.get(event.value.lower())
            message = f"{named} is not a JSON number" if named else "the number is too large to hold"
            self._report(NUMBER_RANGE, start, end, message, spoils=True)
            return None
        return value

    def _bad_tag(self, event: Any, start: int, end: int, message: str = "") -> None:
        tag = short_tag(event.tag)
        message = message or f"the tag {tag} is not known"
        begin = event.start_mark.index
        self._report(TAG, begin, max(end, start), message, suggestion="remove the tag", spoils=True)

    def _follow(self, name: str, start: int, end: int) -> Anchor:
        """Return what an alias names; null, with a finding, when that cannot be."""
        anchor, complaint = self._anchors.follow(name, self._tape)
        if complaint:
            self._report(ALIAS, start, end, complaint, spoils=True)
        if len(self._stack) + anchor.levels > self._max_depth:
            message = f"through this alias values are nested deeper than {self._max_depth} levels"
            self._stop(TOO_DEEP, start, end, message)
        return anchor

    def path(self) -> list[str | int]:
        """Return the keys and indexes that lead to the value being read."""
        tokens: list[str | int | None] = [each.index if each.seen is None else each.key for each in self._stack]
        if self._stack and self._stack[-1].wants_key:
            tokens.pop()
        return [token for token in tokens if token is not None and token != -1]

    def _report(
        self,
        rule: FindingRule,
        start: int,
        end: int,
        message: str,
        *,
        more: Iterable[str] = (),
        suggestion: str | None = None,
        first: tuple[int, int] | None = None,
        spoils: bool = False,
    ) -> None:
        path = [*self.path(), *more]
        self._reporter.add(rule, start, end, message, path=path, suggestion=suggestion, first=first, spoils=spoils)

    def _stop(self, rule: FindingRule, start: int, end: int, message: str) -> NoReturn:
        self._report(rule, start, end, message)
        raise Unreadable
