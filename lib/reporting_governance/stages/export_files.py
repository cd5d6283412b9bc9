"""The second reading: the files of a bundle, in the order of their names, each made when it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reporting_governance.core.audit_bundle.documents import (
    NOTHING_WITHHELD,
    WITHHOLD_BLOBS,
    PayloadFile,
    Survey,
    bag_declaration,
    bag_info,
    checksum_lines,
    manifest,
)
from reporting_governance.core.audit_bundle.readme import readme
from reporting_governance.core.audit_report.page import render_report
from reporting_governance.stages.export_source import Entry, Gathered, LogSource
from reporting_governance.stages.export_sums import entry_of
from reporting_governance.stages.export_survey import LogFile, Surveyed, Wanted
from reporting_governance.verifier.context import canonical_json
from reporting_governance.verifier.merkle import leaf_hash

_PIECE = 1 << 18  #: bytes that are handed on at once


class Payload:
    """The files below `data/`.

    Args:
        heads: signed heads to ship, by size.
        custody: who exports, when and where; None: nothing of it is shown.
        version: of this program.
        verifier: the text of `verify.py`.
    """

    def __init__(
        self,
        source: LogSource,
        found: Surveyed,
        wanted: Wanted,
        redactions: Gathered,
        *,
        log_id: str,
        heads: Mapping[int, bytes],
        custody: Mapping[str, Any] | None,
        version: str,
        verifier: str,
    ) -> None:
        self._source = source
        self._found = found
        self._redactions = redactions
        self.survey = Survey(
            log_id=log_id,
            size=found.size,
            root=found.root.hex(),
            first_seq=found.first_seq,
            retired=found.retired,
            tally=found.tally,
            filter=wanted.selection.document(),
            redaction=WITHHOLD_BLOBS if wanted.withhold_blobs else NOTHING_WITHHELD,
            keys=found.keys,
        )
        for size in heads:
            found.tally.signed(size)
        self._plain = list(self._made(heads, custody, verifier, version))
        self._blobs = sorted(found.blobs)

    def entries(self) -> Iterator[Entry]:
        """Yield every file in the order of names."""
        before = [each for each in self._plain if each.path < "data/blobs/"]
        yield from before
        for digest in self._blobs:
            size, checksum = self._found.blobs[digest]
            name = digest.hex()
            yield Entry(f"data/blobs/{name}", size, name, checksum, partial(self._blob, name))
        yield from self._plain[len(before) :]

    def oxum(self) -> tuple[int, int]:
        """Return how many bytes and files the payload has."""
        blobs = sum(size for size, _ in self._found.blobs.values())
        return sum(each.size for each in self._plain) + blobs, len(self._plain) + len(self._blobs)

    def _made(
        self, heads: Mapping[int, bytes], custody: Mapping[str, Any] | None, verifier: str, version: str
    ) -> Iterator[Entry]:
        """Yield the files but the blobs, in the order of names."""
        found = self._found
        files = list(self._lines_and_copies(heads))
        coverage = found.tally.coverage()
        files.append(entry_of("data/coverage.json", canonical_json(coverage)))
        named = (PayloadFile(each.path, each.size, each.sha256, each.lines) for each in sorted(files, key=_path))
        blobs = len(found.blobs), sum(size for size, _ in found.blobs.values())
        said = manifest(self.survey, named, blobs, version)
        files.append(entry_of("data/manifest.json", canonical_json(said)))
        files.append(entry_of("data/README.txt", readme(self.survey)))
        page = render_report(found.report, said, coverage, redactions=found.redaction_counts)
        files.append(entry_of("data/report.html", page.encode("utf-8")))
        files.append(entry_of("data/verify.py", verifier.encode("utf-8")))
        if custody is not None:
            files.append(entry_of("data/custody.jsonl", canonical_json(custody), 1))
        yield from sorted(files, key=_path)

    def _lines_and_copies(self, heads: Mapping[int, bytes]) -> Iterator[Entry]:
        found = self._found
        for file in found.files:
            if file.sum.lines:
                path = f"data/log/{file.segment.first:012d}.jsonl"
                yield file.sum.entry(path, partial(self._shown, file))
        yield found.leaves.entry("data/withheld.leaves", self._leaves)
        yield found.redacted.entry("data/redactions.jsonl", self._spooled)
        for size, note in heads.items():
            yield entry_of(f"data/checkpoints/{size:012d}.note", note)
        for name, data in found.context.items():
            yield entry_of(f"data/context/{name}", data)
        anchors = self._source.anchors()
        if anchors is not None:
            yield entry_of("data/anchors/anchors.json", anchors)

    def _shown(self, file: LogFile) -> Iterator[bytes]:
        return _gathered(raw for seq, raw in self._numbered(file) if not file.is_withheld(seq))

    def _leaves(self) -> Iterator[bytes]:
        return _gathered(b"%d %s\n" % (seq, leaf.hex().encode()) for seq, leaf in self._withheld())

    def _withheld(self) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self._source.retired_leaves(self._found.first_seq), start=1)
        for file in self._found.files:
            if file.withheld:
                numbered = self._numbered(file)
                yield from ((seq, leaf_hash(raw[:-1])) for seq, raw in numbered if file.is_withheld(seq))

    def _numbered(self, file: LogFile) -> Iterator[tuple[int, bytes]]:
        """Yield the lines of a segment as far as they were surveyed."""
        for seq, raw in enumerate(self._source.raw_lines(file.segment), start=file.segment.first):
            if seq > self._found.size:
                return
            yield seq, raw

    def _spooled(self) -> Iterator[bytes]:
        return self._redactions.pieces(_PIECE)

    def _blob(self, name: str) -> Iterable[bytes]:
        return (self._source.blob(name) or b"",)


def bag_entries(
    payload: Payload, date: str, organization: str | None, sign: Callable[[bytes], Sequence[Entry]]
) -> Iterator[Entry]:
    """Yield every file of the bundle in the order of names.

    Args:
        date: `YYYY-MM-DD`.
        sign: returns the files that are signatures over the tag manifest.
    """
    survey = payload.survey
    listed = checksum_lines((each.path, each.sha256) for each in payload.entries())
    info = entry_of("bag-info.txt", bag_info(survey.log_id, date, *payload.oxum(), organization))
    declared = entry_of("bagit.txt", bag_declaration())
    sums = entry_of("manifest-sha256.txt", listed)
    tags = entry_of(
        "tagmanifest-sha256.txt", checksum_lines((each.path, each.sha256) for each in (info, declared, sums))
    )
    yield info
    yield declared
    yield from sign(next(iter(tags.chunks())))
    yield from payload.entries()
    yield sums
    yield tags


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in larger pieces."""
    waiting: list[bytes] = []
    size = 0
    for each in pieces:
        waiting.append(each)
        size += len(each)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)


def _path(entry: Entry) -> str:
    return entry.path
