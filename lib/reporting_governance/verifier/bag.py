"""The outer lists of a bundle (BagIt, RFC 8493): every file named once, with its SHA-256, and nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reporting_governance.verifier.container import Container
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.stretches import FileRange, LineTooLong, RangeReader, read_range
from reporting_governance.verifier.working import worked_off

BUNDLE_NOTE, PERSON_SIGNATURE = "bundle.note", "bundle.sshsig"
MOST_LISTED_BYTES = 64 << 20  #: of a document that is read as a whole
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_INFO, _DECLARED, _LISTED, _TAGS = "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
_ROOT_FILES = frozenset((_INFO, _DECLARED, _LISTED, _TAGS, BUNDLE_NOTE, PERSON_SIGNATURE))
_PAYLOAD = re.compile(
    r"data/(README\.txt|report\.html|verify\.py|(manifest|coverage)\.json|(custody|redactions)\.jsonl|withheld\.leaves"
    r"|log/[0-9]{12}\.jsonl|checkpoints/[0-9]{12}\.note|anchors/anchors\.json|context/[a-z0-9._-]+\.json"
    r"|blobs/[0-9a-f]{64})"
)
#: what a bundle is never without: what is left out of all lists cannot be missed in them
_ALWAYS_THERE = tuple(
    f"data/{name}"
    for name in ("README.txt", "coverage.json", "manifest.json", "redactions.jsonl", "report.html", "verify.py")
)
_INFO_LINES = re.compile(
    r"(Source-Organization: [^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffd]+\n)?"  # nothing drives a terminal
    r"Bagging-Date: [0-9]{4}-[0-9]{2}-[0-9]{2}\n"
    r"Payload-Oxum: (?P<bytes>[0-9]{1,19})\.(?P<files>[0-9]{1,19})\nExternal-Identifier: (?P<id>[0-9a-f]{32})\n"
)
_BATCH_BYTES = 32 << 20


class BagSeen(NamedTuple):
    """What the lists of a bundle say."""

    log_id: str | None
    listed: dict[str, str]  #: digests by path
    tags_sha256: str  #: of the tag manifest, which covers all else


class FileSum(NamedTuple):
    """What was read of one file."""

    size: int
    sha256: str
    crc: int


def check_bag(container: Container, findings: Findings) -> BagSeen:
    """Hold the lists against each other and the names that are there; files are hashed later.  Raises OSError."""
    for name in sorted(set(container.files) - _ROOT_FILES):
        if not _PAYLOAD.fullmatch(name):
            findings.say("file-foreign", f"{name} is no file of a bundle", file=name)
    tags = {name: _sum_of(container, name, findings) for name in (_INFO, _DECLARED, _LISTED)}
    wanted = "".join(f"{each}  {name}\n" for name, each in tags.items())
    _, own = _bag_text(container, _TAGS, findings)
    if own != wanted.encode():
        lines = [line.partition("  ") for line in own.decode("ascii", "replace").splitlines()]
        said = {name: digest for digest, _, name in lines}
        changed = [name for name, each in tags.items() if said.get(name) != each] or [_TAGS]
        for name in changed:
            findings.say("file-changed", f"{name} is not what {_TAGS} says", file=name)
    _, declaration = _bag_text(container, _DECLARED, findings)
    if declaration != _DECLARATION:
        findings.say("bag-malformed", f"{_DECLARED} is not that of a bag of ours", file=_DECLARED)
    listed = dict(_listed(container, findings))
    log_id = _check_info(container, listed, findings)
    for name in sorted({*listed, *_ALWAYS_THERE} - set(container.files)):
        what = "listed" if name in listed else "part of every bundle"
        findings.say("file-missing", f"{name} is {what} and not there", file=name)
    for name in sorted(set(container.files) - set(listed) - _ROOT_FILES):
        findings.say("file-foreign", f"{name} is there and not listed", file=name)
    tags_sha256, _ = _bag_text(container, _TAGS, findings)
    return BagSeen(log_id, listed, tags_sha256)


def check_files(
    container: Container, bag: BagSeen, read: Mapping[str, FileSum], workers: int, findings: Findings
) -> None:
    """Hold every file against the list, and in an archive against its checksum there.

    Args:
        read: files that were read already.

    Raises OSError.
    """
    names = [name for name in container.files if name not in read]
    batches = list(_batches(container, names))

    def work(place: int) -> list[tuple[int, str, int]]:
        sums = [file_sum(container.files[name]) for name in batches[place]]
        return [(each.size, each.sha256, each.crc) for each in sums]

    found = dict(read)
    for batch, sums in zip(batches, worked_off(len(batches), work, workers)):  # noqa: B905
        found.update((name, FileSum(*each)) for name, each in zip(batch, sums))  # noqa: B905
    for name in sorted(found):
        _check_file(container, bag, name, found[name], findings)


def file_sum(where: FileRange) -> FileSum:
    """Return what reading a file finds.  Raises OSError."""
    reader = RangeReader(where)
    for _ in reader.chunks():
        pass
    return FileSum(reader.read, reader.sha256(), reader.crc)


def small_file(container: Container, name: str, findings: Findings, most: int = MOST_LISTED_BYTES) -> bytes:
    """Return a document's bytes, empty and a finding when it is missing or too large.  Raises OSError."""
    where = container.files.get(name)
    if where is None:
        findings.say("file-missing", f"{name} is not there", file=name)
        return b""
    try:
        return read_range(where, most)
    except ValueError as fault:
        findings.say("archive-size", str(fault), file=name)
        return b""


def _check_file(container: Container, bag: BagSeen, name: str, found: FileSum, findings: Findings) -> None:
    said = container.checksums.get(name)
    if found.size != container.files[name].length:
        findings.say("archive-damaged", f"{name} is cut", file=name)
    elif said is not None and said != found.crc:
        findings.say("file-changed", f"{name} is not what the archive's checksum says", file=name)
    elif name in bag.listed and bag.listed[name] != found.sha256:
        code = "blob-changed" if name.startswith("data/blobs/") else "file-changed"
        findings.say(code, f"{name} is not what {_LISTED} says", file=name)
    elif name.startswith("data/blobs/") and name != f"data/blobs/{found.sha256}":
        findings.say("blob-changed", f"{name} is not the text that it is named after", file=name)


def _batches(container: Container, names: list[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in names:
        batch.append(name)
        size += container.files[name].length + 4096
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _listed(container: Container, findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield the files that the list names, which are in order, each once."""
    where = container.files.get(_LISTED)
    if where is None:
        return
    reader = RangeReader(where)
    before = ""
    try:
        for line in reader.lines():
            digest, _, name = line.decode("ascii").partition("  ")
            if len(digest) != 64 or bytes.fromhex(digest).hex() != digest or name <= before:
                raise ValueError(line[:100])
            before = name
            yield name, digest
        if reader.unfinished:
            raise ValueError("the last line has no newline")
    except (ValueError, LineTooLong) as fault:
        findings.say("bag-malformed", f"{_LISTED}: not a line of it, or not in its place: {fault}", file=_LISTED)


def _check_info(container: Container, listed: Mapping[str, str], findings: Findings) -> str | None:
    _, data = _bag_text(container, _INFO, findings)
    found = _INFO_LINES.fullmatch(data.decode("utf-8", "replace"))
    if found is None:
        findings.say("bag-malformed", f"{_INFO} is not that of a bundle of ours", file=_INFO)
        return None
    sizes = [container.files[name].length for name in listed if name in container.files]
    if (int(found["bytes"]), int(found["files"])) != (sum(sizes), len(listed)):
        message = f"{_INFO} counts other bytes or files than there are"
        findings.say("bag-malformed", message, file=_INFO)
    return str(found["id"])


def _sum_of(container: Container, name: str, findings: Findings) -> str:
    where = container.files.get(name)
    if where is None:
        findings.say("file-missing", f"{name} is not there", file=name)
        return ""
    return file_sum(where).sha256


def _bag_text(container: Container, name: str, findings: Findings) -> tuple[str, bytes]:
    """Return a small file's digest and bytes; both empty when it is missing, which is told once elsewhere."""
    if name not in container.files:
        if name == _TAGS and not findings.has("file-missing"):
            findings.say("file-missing", f"{name} is not there", file=name)
        return "", b""
    data = small_file(container, name, findings)
    return file_sum(container.files[name]).sha256, data
