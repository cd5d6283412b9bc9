"""What a `log.loss` line says, in words: which acknowledged lines the journal does not hold any more."""

from collections.abc import Mapping
from typing import Any


def loss_words(meta: Mapping[str, Any], at: str) -> str:
    """Return which lines are lost, how many bytes, and when what they told of was recorded.

    Args:
        meta: of the line.  Lines of earlier versions do not say when, those of a database nothing of segments.
        at: when the loss was found.
    """
    applied, found = meta["applied_seq"], meta["found_seq"]
    if not found:
        what = f"all lines up to {applied} are"
    elif found < applied:
        what = f"lines {found + 1} to {applied} are" if found + 1 < applied else f"line {applied} is"
    else:
        what = f"line {applied} and perhaps others are not what they were: the log was replaced, and its old end is"
    return f"{what} lost{_size(meta)}{_between(meta)}; found at {at}"


def _size(meta: Mapping[str, Any]) -> str:
    if "applied_bytes" not in meta:
        return ""
    lost = meta["applied_bytes"] - meta["found_bytes"]
    is_known = meta["applied_segment"] == meta["found_segment"] and lost > 0
    return f" ({lost} bytes)" if is_known else ""


def _between(meta: Mapping[str, Any]) -> str:
    if "applied_at" not in meta:
        return ""
    since = f"after {meta['found_at']} and " if "found_at" in meta else ""
    return f", recorded {since}until {meta['applied_at']}"
