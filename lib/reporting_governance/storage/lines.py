"""A line's text: what reading needs of the format; `encoding` has what writing needs."""

import json
from collections.abc import Callable
from typing import Any

ZERO_LEAF = bytes(32)  #: what the first line names as its previous one
IN_FORCE = "in_force"  #: in a context: the reference of a blob with the content that the digests stand for

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False)
encode: Callable[[Any], str] = _encoder.encode
_decode = json.JSONDecoder().decode


def decode_line(line: bytes) -> dict[str, Any] | None:
    """Return the document a line holds, None when it holds none."""
    try:
        document = _decode(line.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
