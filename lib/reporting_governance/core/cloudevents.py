"""A line of the journal as a CloudEvent, for buses and collectors that take those.

It is a copy to read and route by, not the proof: whoever gets events can neither see that one is missing nor that one
was changed.  A bundle can show both.

Source: CloudEvents 1.0.2, sections 3.1 (attributes) and 4 (names: lower-case letters and digits, at most 20), and its
extension `sequence`, whose values sort as texts.
"""

from collections.abc import Mapping
from typing import Any

TYPE_PREFIX = "org.cowbay.reporting-governance."
SCHEMA = "https://cowbay.org/schemas/reporting-governance/journal-line.schema.json"
_DIGITS = 12  #: of a line's number: as many as name a segment


def cloud_event(log_id: str, line: Mapping[str, Any], leaf: str) -> dict[str, Any]:
    """Return a line as a CloudEvent in the JSON format.

    `source` and `id` together name the line for ever: a receiver that gets it twice knows it.  The time is the line's
    own, an RFC 3339 text with `Z`.  Extension attributes: `sequence` (the line's number, so that order can be restored
    and gaps be seen), `leafhash` (what proofs speak of), `actor`, and of a record `recordkind`.

    Args:
        log_id: 32 hexadecimal digits.
        line: the whole document of a valid line.
        leaf: its leaf hash, hexadecimal.
    """
    record = line.get("record")
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{log_id}/{line['seq']}",
        "source": _source(log_id),
        "type": TYPE_PREFIX + _type(line, record),
        "time": line["ts"],
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
        "sequence": f"{line['seq']:0{_DIGITS}d}",
        "leafhash": leaf,
        "actor": line["actor"],
        "data": line,
    }
    if record is not None:
        event["subject"] = record["id"]
        event["recordkind"] = record["kind"]
    return event


def _source(log_id: str) -> str:
    """Return the log as an absolute URI (RFC 9562: its 128 bits are written as any UUID's are)."""
    parts = (log_id[:8], log_id[8:12], log_id[12:16], log_id[16:20], log_id[20:])
    return f"urn:uuid:{'-'.join(parts)}"


def _type(line: Mapping[str, Any], record: Mapping[str, Any] | None) -> str:
    kind: str = line["type"]
    return kind if record is None else f"{kind}.{record['kind']}"
