"""What is not shown of the lines that are, and why; found in the lines alone, so that anybody finds the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_REFERENCE_KEYS = frozenset(("$blob", "size", "json"))
_HEX_DIGITS = frozenset("0123456789abcdef")
_INNER = (dict, list)
_RETIRED_TYPE = "log.segment_retired"
_ERASED_TYPE = "record.erased"


class BlobReference(NamedTuple):
    """What stands in a line in place of a value that lies apart."""

    digest: str  #: SHA-256 of the file, hex
    size: int  #: of the text or JSON in it, in bytes
    in_force: bool  #: it holds the settings that were in force, which nobody's words are in


def blobs_of(document: Mapping[str, Any]) -> Iterator[BlobReference]:
    """Yield every blob that a line refers to, in the order in which the line's text names them."""
    context = (document.get("meta") or {}).get("context")
    if isinstance(context, Mapping) and is_blob_reference(context.get("in_force")):
        yield _reference(context["in_force"], True)
    for name in sorted(document):
        if name != "meta":
            yield from _references_below(document[name])


def _references_below(value: Any) -> Iterator[BlobReference]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if type(each) is dict:  # what a decoder makes is never anything else, and asking more takes longer
            if "$blob" in each and is_blob_reference(each):
                yield _reference(each, False)
            else:
                waiting.extend([each[key] for key in sorted(each, reverse=True) if type(each[key]) in _INNER])
        elif type(each) is list:
            waiting.extend([inner for inner in reversed(each) if type(inner) in _INNER])


def is_blob_reference(value: Any) -> bool:
    """Tell whether a value names a blob: `{"$blob": digest, "size": bytes}`, perhaps with `json`, and nothing else."""
    if not isinstance(value, Mapping) or "$blob" not in value or not _REFERENCE_KEYS.issuperset(value):
        return False
    digest = value["$blob"]
    return type(digest) is str and len(digest) == 64 and _HEX_DIGITS.issuperset(digest)


def _reference(value: Mapping[str, Any], in_force: bool) -> BlobReference:
    size = value.get("size")
    return BlobReference(value["$blob"], size if type(size) is int else -1, in_force)


def redactions_in(seq: int, document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a selected line itself says was taken out: secrets before it was written, a blob, a segment."""
    meta = document.get("meta") or {}
    if meta.get("scrubbed"):
        yield {"kind": "scrubbed", "seq": seq, "values": meta["scrubbed"]}
    kind = document["type"]
    if kind == _ERASED_TYPE:
        yield {"kind": "erased", "seq": seq, "blob": meta.get("blob"), "reason": document.get("reason")}
    elif kind == _RETIRED_TYPE:
        yield {**meta, "kind": "retired", "seq": seq}


def withheld_blob(seq: int, blob: BlobReference) -> dict[str, Any]:
    """Return how a bundle says that a blob is there and not shown."""
    return {"kind": "withheld_blob", "seq": seq, "blob": blob.digest, "size": blob.size}
