"""What a bundle counts and what it says about its gaps, computed from the lines it holds, and from nothing else.

Whoever makes a bundle and whoever checks one feed the same lines in the same order and must get the same bytes.  So
only what the bundle shows may come in: a withheld line counts as withheld, whatever stood in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

MOST_LISTED = 1000  #: of one section of the coverage; all are counted
LONGEST_PAUSE_SECONDS = 2 * 3600  #: a log that is written says something at least every hour
_PAUSE_CHECK = 13  #: characters of a time up to the hour: lines of one hour need no arithmetic
_IN_DOUBT = frozenset(("in_doubt", "never_confirmed"))


class Section:
    """One kind of gap: everything of it is counted, the first ones are listed."""

    __slots__ = ("count", "found")

    def __init__(self) -> None:
        self.count = 0
        self.found: list[dict[str, Any]] = []

    def add(self, item: dict[str, Any]) -> None:
        """Count an item, and list it while there is room."""
        self.count += 1
        if len(self.found) < MOST_LISTED:
            self.found.append(item)

    def document(self, looked_at: str) -> dict[str, Any]:
        """Return the section with a sentence that says what was looked at."""
        return {"looked_at": looked_at, "count": self.count, "found": self.found}


class Tally:
    """One pass over a log, line by line from its first; every physical line is told once, in order.

    `line`: a selected line that is whole, with the fields that docs/journal.md says a line has.  `void`: a line that
    counts for nothing and is shown.  `withheld`: a leaf alone is shown.  Beside the lines, in any order among them:
    `signed` for every signed head, `descriptor` for what a runtime can do.
    """

    def __init__(self) -> None:
        self.selected = 0
        self.withheld_lines = 0
        self.void_lines = 0
        self.first_ts: str | None = None
        self.last_ts: str | None = None
        self._last_seq = 0
        self._seen_seq = 0  #: the newest line of any sort
        self._pairs = 0
        self._signed = 0
        self._types: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._silences = Section()
        self._unclean = Section()
        self._torn = Section()
        self._loss = Section()
        self._retired = Section()
        self._steps = Section()
        self._limits = Section()
        self._descriptors: set[str] = set()
        self._descriptor_count = 0
        self._void_from = 0
        self._attempts: dict[str, _OpenAttempt] = {}
        self._of_item: dict[str, list[str]] = {}

    def line(self, seq: int, document: Mapping[str, Any], raw: bytes) -> None:
        """Count a selected line."""
        self.selected += 1
        time = document["ts"]
        before = self.last_ts
        if before is None:
            self.first_ts = time
        elif self._seen_seq == self._last_seq == seq - 1:
            self._pairs += 1
            if time[:_PAUSE_CHECK] != before[:_PAUSE_CHECK]:
                self._pause(seq, before, time)
        self.last_ts = time
        self._last_seq = self._seen_seq = seq
        kind = document["type"]
        self._types[kind] = self._types.get(kind, 0) + 1
        record = document.get("record")
        if record is not None:
            name = record["kind"]
            self._kinds[name] = self._kinds.get(name, 0) + 1
            if name == "attempt" or name == "receipt":
                self._delivery(seq, record)
        if kind != "record.added":
            self._note(seq, kind, document)

    def run(self, seq: int, count: int, kinds: Mapping[str, int], first_ts: str, last_ts: str) -> None:
        """Count selected lines of records that follow each other, within one hour, none of them about a delivery.

        The same as `line` for each of them: so whoever has read them elsewhere need not hand them on one by one.

        Args:
            seq: of the first of them.
            kinds: how many records of each kind.
        """
        before = self.last_ts
        if before is None:
            self.first_ts = first_ts
        elif self._seen_seq == self._last_seq == seq - 1:
            self._pairs += 1
            if first_ts[:_PAUSE_CHECK] != before[:_PAUSE_CHECK]:
                self._pause(seq, before, first_ts)
        self.selected += count
        self._pairs += count - 1
        self.last_ts = last_ts
        self._last_seq = self._seen_seq = seq + count - 1
        self._types["record.added"] = self._types.get("record.added", 0) + count
        for kind, number in kinds.items():
            self._kinds[kind] = self._kinds.get(kind, 0) + number

    def void(self, seq: int, raw: bytes) -> None:
        """Count a line that belongs to a void stretch."""
        self.void_lines += 1
        self._void_from = self._void_from or seq
        self._seen_seq = seq

    def withheld(self, seq: int, leaf: bytes) -> None:
        """Count a line of which the leaf hash alone is there."""
        self.withheld_lines += 1
        self._seen_seq = seq

    def withheld_run(self, seq: int, count: int) -> None:
        """Count so many withheld lines, the first of them `seq`."""
        self.withheld_lines += count
        self._seen_seq = seq + count - 1

    def signed(self, size: int) -> None:
        """Note that a signed head covers the first `size` lines."""
        self._signed = max(self._signed, size)

    def descriptor(self, seq: int, digest: str, descriptor: Mapping[str, Any] | None) -> None:
        """Note what a runtime says it can do, in force from line `seq` on; None: its text is not shown.

        Args:
            digest: of the descriptor, as the line names it; one that was seen says nothing new.
        """
        if digest in self._descriptors:
            return
        self._descriptors.add(digest)
        self._descriptor_count += 1
        if descriptor is None:
            self._limits.add({"seq": seq, "descriptor": digest, "level": "unknown", "reason": "not_shown"})
            return
        for power, leaf in leaves_of_descriptor(descriptor):
            level = leaf.get("level")
            if level in ("none", "partial"):
                item = {"seq": seq, "descriptor": digest, "power": power, "level": level}
                limits = leaf.get("limits") or leaf.get("notes")
                told = limits if isinstance(limits, list) else [limits]
                self._limits.add({**item, "limits": [each for each in told if isinstance(each, str)]})

    def counts(self) -> dict[str, Any]:
        """Return how many selected lines there are of each type, and of each kind of record."""
        return {"kinds": dict(sorted(self._kinds.items())), "types": dict(sorted(self._types.items()))}

    def coverage(self) -> dict[str, Any]:
        """Return what the bundle does not cover, by section; an empty one says what was looked at."""
        shown = f"{self.selected} selected lines"
        unsigned = Section()
        if self._seen_seq > self._signed:
            unsigned.add({"from": self._signed + 1, "to": self._seen_seq})
        doubts = Section()
        for identity, attempt in self._attempts.items():
            doubts.add({"seq": attempt.seq, "attempt": identity, "notices": attempt.notices, "reason": attempt.reason})
        return {
            "cannot_record": self._limits.document(
                f"the descriptors in force that log.open and config.changed name ({self._descriptor_count}): what they "
                "claim not at all or in part; a power that a descriptor does not name is unknown"
            ),
            "clock_steps": self._steps.document(f"lines log.clock_step among {shown}"),
            "loss": self._loss.document(f"lines log.loss among {shown}"),
            "notices_in_doubt": doubts.document(
                f"attempts among {shown} of which no receipt among them says how they ended"
            ),
            "retired_segments": self._retired.document(f"lines log.segment_retired among {shown}"),
            "silences": self._silences.document(
                f"pauses of more than {LONGEST_PAUSE_SECONDS // 3600} hours in {self._pairs} pairs of selected lines "
                f"that follow each other; {self.withheld_lines} withheld lines have no time here"
            ),
            "torn": self._torn_section().document(
                f"void stretches that lines log.torn among {shown} declare, and {self.void_lines} void lines"
            ),
            "unclean_stops": self._unclean.document(
                f"lines log.torn among {shown}: a writer stopped in the middle of its lines, and what it had written "
                "of them was declared void"
            ),
            "unsigned_tail": unsigned.document(
                f"signed heads of this bundle, the newest over {self._signed} of {self._seen_seq} lines"
            ),
        }

    def _torn_section(self) -> Section:
        """Return the void stretches; one at the end of the log has no line that declares it yet."""
        section = Section()
        section.count, section.found = self._torn.count, list(self._torn.found)
        if self._void_from:
            section.add({"from": self._void_from, "to": self._seen_seq, "bytes": None, "declared_by": None})
        return section

    def _pause(self, seq: int, before: str, time: str) -> None:
        seconds = seconds_between(before, time)
        if seconds > LONGEST_PAUSE_SECONDS:
            self._silences.add({"from": seq - 1, "to": seq, "since": before, "until": time, "seconds": seconds})

    def _note(self, seq: int, kind: str, document: Mapping[str, Any]) -> None:
        meta = document.get("meta") or {}
        time = document["ts"]
        if kind == "log.torn":
            begin, lines = meta.get("from_seq"), meta.get("lines")
            end = begin + lines - 1 if type(begin) is int and type(lines) is int else None
            self._void_from = 0
            self._torn.add({"from": begin, "to": end, "bytes": meta.get("bytes"), "declared_by": seq})
            self._unclean.add({"seq": seq, "at": time, "void_lines": lines})
        elif kind == "log.loss":
            self._loss.add({**meta, "seq": seq, "at": time})
        elif kind == "log.segment_retired":
            self._retired.add({**meta, "seq": seq, "at": time})
        elif kind == "log.clock_step":
            self._steps.add({"seq": seq, "at": time, "by_ms": meta.get("by_ms")})

    def _delivery(self, seq: int, record: Mapping[str, Any]) -> None:
        body = record["body"]
        if record["kind"] == "attempt":
            notices = [each for each in record.get("about", ()) if each.startswith("ntc_")]
            identity, item = record["id"], str(body.get("spool_id"))
            self._attempts[identity] = _OpenAttempt(seq, item, notices)
            self._of_item.setdefault(item, []).append(identity)
            return
        attempt = self._attempts.get(str(body.get("attempt_id")))
        if attempt is None:
            return
        if body.get("outcome") == "acked":  # the item has arrived, whatever became of its other attempts
            for identity in self._of_item.pop(attempt.item, ()):
                self._attempts.pop(identity, None)
        elif body.get("reason") in _IN_DOUBT:
            attempt.reason = body["reason"]
        else:
            del self._attempts[body["attempt_id"]]
            self._of_item[attempt.item].remove(body["attempt_id"])
            if not self._of_item[attempt.item]:
                del self._of_item[attempt.item]


class _OpenAttempt:
    """An attempt to send of which it is not known yet how it ended."""

    __slots__ = ("item", "notices", "reason", "seq")

    def __init__(self, seq: int, item: str, notices: Sequence[str]) -> None:
        self.seq = seq
        self.item = item
        self.notices = list(notices)
        self.reason = "no_receipt"


def seconds_between(before: str, after: str) -> int:
    """Return the whole seconds between two times as lines write them; negative when the clock went back.

    Raises: ValueError for a text that is no such time.
    """
    first, last = (datetime.fromisoformat(each[:-1]) for each in (before, after))
    return (last - first) // timedelta(seconds=1)


def leaves_of_descriptor(descriptor: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the dotted name of every power that a capability descriptor speaks of, and what it says, sorted by name."""
    groups = descriptor.get("capabilities")
    if not isinstance(groups, Mapping):
        return
    for group, leaves in sorted(groups.items()):
        if isinstance(leaves, Mapping):
            for name, leaf in sorted(leaves.items()):
                if isinstance(leaf, Mapping) and "level" in leaf:
                    yield f"{group}.{name}", leaf
