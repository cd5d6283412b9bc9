"""What stands in a line in place of a value that is stored apart: `{"$blob": digest, "size": bytes}`.

`"json": true` is added where the value is no text but a list or an object.  What an agent hands in may look the same;
`without_references` makes plain text of it before it is recorded, or a text that was never there would be looked for.
"""

import json
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


def without_references(value: Any) -> Any:
    """Return somebody else's data in which nothing is taken for a reference: what looks like one is JSON text then."""
    if is_reference(value):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, Mapping):
        return {key: without_references(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_references(each) for each in value]
    return value
