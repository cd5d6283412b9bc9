"""Readable copies of the settings that a line says were in force, made from the blob that the line names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

BLOB_SALT = 32  #: random bytes at the beginning of a blob's file
_DIGEST_DIGITS = 12
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")


class ContextFile(NamedTuple):
    """One readable copy: its name below `data/context/`, and its bytes."""

    name: str
    data: bytes


def canonical_json(value: Any) -> bytes:
    """Return JSON as all of ours in a bundle is written: keys sorted, no blanks, ASCII, and a newline at the end."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def content_in_force(blob: bytes) -> Mapping[str, Any]:
    """Return what the file of an `in_force` blob holds.  Raises: ValueError, RecursionError."""
    content = json.loads(blob[BLOB_SALT:])
    if not isinstance(content, Mapping):
        raise ValueError("what was in force is no object")
    return content


def context_files(context: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[ContextFile]:
    """Yield a readable copy of every part of the settings, named after what it is and its digest in the line.

    Args:
        context: `meta.context` of the line: digests by name.
        content: of the blob that the line names.

    Raises: ValueError for a number that JSON has not, RecursionError.
    """
    for name, digest in sorted(context.items()):
        part = part_in_force(name, digest, content)
        if part is not None and isinstance(digest, str):
            stem = _stem_of(name)
            yield ContextFile(f"{stem}-{digest[:_DIGEST_DIGITS]}.json", canonical_json(part))


def part_in_force(name: str, digest: Any, content: Mapping[str, Any]) -> Any:
    """Return the part of the settings that a name of the context stands for; None when there is none."""
    group, _, rest = name.partition(":")
    if name == "profile":
        return content.get("artifact")
    if name == "descriptor":
        return content.get("descriptor")
    if group == "effective":
        effective = content.get("effective")
        said = effective.get(rest) if isinstance(effective, Mapping) else None
        return said.get("document") if isinstance(said, Mapping) else None
    return _pack_of(digest, content) if group == "pack" else None


def _pack_of(digest: Any, content: Mapping[str, Any]) -> Any:
    """Return the pack with a digest: the parts are the profile, its packs in order, and the descriptor."""
    parts, packs = content.get("parts"), content.get("packs")
    if not isinstance(parts, Sequence) or not isinstance(packs, Sequence):
        return None
    for part, pack in zip(parts[1:], packs):  # noqa: B905 (the descriptor comes last; Python before 3.10 reads it too)
        if isinstance(part, Mapping) and part.get("digest") == digest:
            return pack
    return None


def _stem_of(name: str) -> str:
    """Return a context's name as a file's, the same on file systems that tell letters apart and that do not."""
    name = name.lower()
    for ending in (".yaml", ".yml", ".json"):
        name = name.removesuffix(ending)
    return "".join(each if each in _NAME_LETTERS else "-" for each in name)
