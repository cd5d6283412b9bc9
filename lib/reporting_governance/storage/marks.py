"""What lines about the log itself leave behind: its id, when the segment was opened, when the clock last stepped,
and which line last told of a loss.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.times import parse_time
from reporting_governance.storage.lines import IN_FORCE, encode

_ADDED = LineType.RECORD_ADDED.value
_OPEN = LineType.LOG_OPEN.value
_SEGMENT_OPEN = LineType.LOG_SEGMENT_OPEN.value
_CONFIG_CHANGED = LineType.CONFIG_CHANGED.value
_CLOCK_STEP = LineType.LOG_CLOCK_STEP.value
_LOSS = LineType.LOG_LOSS.value


@frozen(kw_only=True)
class Marks:
    """Read from the lines alone, so that a rebuild finds what a commit wrote into `applied`."""

    log_id: bytes = bytes(16)
    opened_ms: int = 0
    stepped_ms: int = 0
    context: bytes = bytes(16)
    lost_seq: int = 0

    def after(self, document: Mapping[str, Any]) -> "Marks":
        """Return the marks after one more line."""
        kind = document["type"]
        if kind == _ADDED:
            return self
        meta = document.get("meta") or {}
        if kind == _OPEN:
            return replace(
                self,
                log_id=bytes.fromhex(meta["log_id"]),
                opened_ms=milliseconds(document["ts"]),
                context=context_digest(meta.get("context", {})),
            )
        if kind == _SEGMENT_OPEN:
            return replace(self, opened_ms=milliseconds(document["ts"]))
        if kind == _CONFIG_CHANGED and "context" in meta:
            return replace(self, context=context_digest(meta["context"]))
        if kind == _CLOCK_STEP:
            return replace(self, stepped_ms=milliseconds(document["ts"]))
        if kind == _LOSS:
            return replace(self, lost_seq=document["seq"])
        return self


def context_digest(context: Mapping[str, Any]) -> bytes:
    """Return 16 bytes that stand for what is in force; zeros when nothing is said about it.

    Digests alone count: the same content has another reference each time it is stored.
    """
    digests = {name: context[name] for name in context if name != IN_FORCE}
    return sha256(encode(digests).encode("ascii")).digest()[:16] if digests else bytes(16)


def milliseconds(time: str) -> int:
    """Return a document's time as milliseconds since 1970."""
    return round(parse_time(time).timestamp() * 1000)
