"""The documents of a bundle that are ours, as bytes.  Layout: docs/audit-bundle.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.verifier.context import canonical_json
from reporting_governance.verifier.tally import Tally

_DRIVES_TERMINALS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffd]")

FORMAT = "reporting-governance/audit-bundle"
VERSION = 1
WITHHOLD_BLOBS = "withhold-blobs"  #: redaction policy: every blob but the settings in force is named and not shown
NOTHING_WITHHELD = "none"


class PayloadFile(NamedTuple):
    """One file of the payload, as the bag and the manifest name it."""

    path: str  #: from the top folder of the bundle, `data/…`
    size: int  #: bytes
    sha256: str  #: hex
    lines: int | None = None  #: of a file of lines


class Survey(NamedTuple):
    """What was found when a log was read."""

    log_id: str
    size: int
    root: str  #: hex
    first_seq: int  #: the first line that the log still has
    retired: Sequence[Mapping[str, Any]]
    tally: Tally
    filter: Mapping[str, Any]
    redaction: str  #: name of the policy
    keys: Sequence[str]  #: verifier keys, in the order in which they entered


def bundle_name(survey: Survey) -> str:
    """Return the name of a bundle and of its top folder, without ending."""
    return f"{survey.log_id[:8]}-{survey.first_seq:012d}-{survey.size:012d}"


def manifest(survey: Survey, files: Iterable[PayloadFile], blobs: tuple[int, int], version: str) -> dict[str, Any]:
    """Return `manifest.json`.

    Args:
        files: of the payload, but those that are made from the manifest, and the blobs.
        blobs: number of blobs in the bundle, and their bytes.
        version: of this program.
    """
    tally = survey.tally
    return {
        "format": FORMAT,
        "v": VERSION,
        "log_id": survey.log_id,
        "size": survey.size,
        "root": survey.root,
        "from": survey.first_seq,
        "to": survey.size,
        "first_ts": tally.first_ts,
        "last_ts": tally.last_ts,
        "filter": dict(survey.filter),
        "selected": tally.selected,
        "withheld": tally.withheld_lines,
        "void": tally.void_lines,
        "retired": [dict(each) for each in survey.retired],
        "counts": tally.counts(),
        "files": {each.path: _of_file(each) for each in files},
        "blobs": {"files": blobs[0], "bytes": blobs[1]},
        "keys": list(survey.keys),
        "program": {"name": "reporting-governance", "version": version},
        "redaction": survey.redaction,
    }


def _of_file(file: PayloadFile) -> dict[str, int]:
    return {"bytes": file.size} if file.lines is None else {"bytes": file.size, "lines": file.lines}


def json_lines(items: Iterable[Mapping[str, Any]]) -> bytes:
    """Return one canonical JSON document a line."""
    return b"".join(map(canonical_json, items))


def bag_declaration() -> bytes:
    """Return `bagit.txt` (RFC 8493, section 2.1.1)."""
    return b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag_info(log_id: str, date: str, payload_bytes: int, payload_files: int, organization: str | None) -> bytes:
    """Return `bag-info.txt` (RFC 8493, section 2.2.2).

    Args:
        date: `YYYY-MM-DD`.
        organization: who exports, where they want to be named; a character that could drive a terminal or turn the
            reading direction becomes a blank, for a verifier refuses it.
    """
    source = ""
    if organization is not None:
        source = f"Source-Organization: {' '.join(_DRIVES_TERMINALS.sub(' ', organization).split())}\n"
    text = (
        f"{source}Bagging-Date: {date}\nPayload-Oxum: {payload_bytes}.{payload_files}\nExternal-Identifier: {log_id}\n"
    )
    return text.encode("utf-8")


def checksum_lines(files: Iterable[tuple[str, str]]) -> bytes:
    """Return a bag's manifest of (path, SHA-256) in the order given (RFC 8493, section 2.1.3)."""
    return b"".join(f"{digest}  {path}\n".encode("ascii") for path, digest in files)


def bundle_note_text(log_id: str, size: int, tagmanifest_sha256: str) -> str:
    """Return the text that the log's key signs: which bundle this is, and by the tag manifest every byte of it."""
    return f"reporting-governance audit bundle\n{log_id}\n{size}\n{tagmanifest_sha256}\n"
