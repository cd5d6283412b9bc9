"""What the aliases of one YAML document stand for, and how much they may add."""

from __future__ import annotations

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.reading.document import JsonValue
from reporting_governance.contracts.reading.tape import Tape


@frozen
class Anchor:
    """A value with a name.  `entry` is None for a key, which has no place of its own on the tape."""

    value: JsonValue
    entry: int | None
    levels: int  #: how deep objects and lists nest in it, from 0 for a scalar

    def copy(self) -> JsonValue:
        """Return the value once more, sharing nothing with the first."""
        return _copy(self.value)


_NOTHING = Anchor(None, None, 0)


class Anchors:
    """The anchors seen so far.

    A name may be given again, and then stands for the later value.  `max_nodes` bounds what all aliases add together:
    a few lines of aliases to aliases can stand for more values than fit into memory.
    """

    def __init__(self, *, max_nodes: int) -> None:
        self._max_nodes = max_nodes
        self._added = 0
        self._known: dict[str, Anchor | None] = {}  # None: its end has not been seen

    def begin(self, name: str | None) -> None:
        """Note that a value with this name starts; an alias inside it would never end."""
        if name is not None:
            self._known[name] = None

    def remember(self, name: str | None, anchor: Anchor) -> None:
        """Note what a name stands for."""
        if name is not None:
            self._known[name] = anchor

    def follow(self, name: str, tape: Tape) -> tuple[Anchor, str]:
        """Return what an alias stands for; null and a complaint when there is no such value.

        When the bound is passed only the first alias beyond it is complained about.
        """
        anchor = self._known.get(name)
        if anchor is None:
            inside = name in self._known
            return (
                _NOTHING,
                f"*{name} stands inside the value it names" if inside else f"nothing before is named &{name}",
            )
        before = self._added
        self._added += 1 if anchor.entry is None else tape.nexts[anchor.entry] - anchor.entry
        if self._added <= self._max_nodes:
            return anchor, ""
        if before > self._max_nodes:
            return _NOTHING, ""
        return _NOTHING, f"the aliases of this document add more than {self._max_nodes:,} values"


def _copy(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_copy(each) for each in value]
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return value
