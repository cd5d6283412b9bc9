"""What stands in a line in place of a value that is stored apart: `{"$blob": digest, "size": bytes}`.

`"json": true` is added where the value is no text but a list or an object.  Whatever only looks like a reference, such
as a key `$blob` in what an agent reports, is data like any other.
"""

from collections.abc import Mapping
from typing import Any

_KEYS = frozenset(("$blob", "size", "json"))
_DIGITS = frozenset("0123456789abcdef")
_LENGTH = 64


def is_reference(value: Any) -> bool:
    """Tell whether a value names a blob."""
    if not isinstance(value, Mapping) or "$blob" not in value or not _KEYS.issuperset(value):
        return False
    digest = value["$blob"]
    return type(digest) is str and len(digest) == _LENGTH and _DIGITS.issuperset(digest)
