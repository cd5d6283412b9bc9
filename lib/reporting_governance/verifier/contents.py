"""What a bundle says about its own log, made again from the lines and compared: texts, redactions, settings, gaps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Optional

from reporting_governance.verifier.container import Container
from reporting_governance.verifier.context import canonical_json, content_in_force, context_files
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.passing import BlobUse
from reporting_governance.verifier.redaction import BlobReference, redactions_in, withheld_blob
from reporting_governance.verifier.stretches import RangeReader, read_range
from reporting_governance.verifier.tally import Tally

POLICIES = ("none", "withhold-blobs")
REDACTIONS, COVERAGE_FILE = "data/redactions.jsonl", "data/coverage.json"
_BLOBS, _CONTEXT = "data/blobs/", "data/context/"
_SALT_SIZE = 32
_MOST_SETTINGS_BYTES = 8 << 20  #: of one blob or copy; read as JSON it takes thirty times as much
_MOST_SETTINGS_MADE = 1 << 30  #: bytes of all copies: lines without end could name one blob, each under another name


class BundleContents:
    """Follows the lines of a bundle, in order."""

    def __init__(self, container: Container, policy: str, findings: Findings) -> None:
        self._container = container
        self._withholds = policy == POLICIES[1]
        self._findings = findings
        self._said = _lines_of(container, REDACTIONS)
        self._next = next(self._said, None)
        self._differs = False
        self._seen: set[bytes] = set()
        self._absent: dict[str, int] = {}
        self._withheld: set[str] = set()
        self._erased: dict[str, int] = {}
        self._in_force: list[tuple[int, Mapping[str, Any], str]] = []
        self._contexts: dict[int, Mapping[str, Any]] = {}
        self.shown = 0  #: texts that are there and named
        self.redactions: dict[str, int] = {}
        self.keys: list[str] = []
        self.retired: list[dict[str, Any]] = []

    def line(self, seq: int, document: Mapping[str, Any]) -> None:
        """Look at a line that says more than that there is one more record."""
        for item in redactions_in(seq, document):
            self._expect(item)
        meta = document.get("meta")
        if not isinstance(meta, dict):
            return
        kind = document["type"]
        if isinstance(meta.get("context"), dict):
            self._contexts[seq] = meta["context"]
        if kind == "record.erased" and type(meta.get("blob")) is str:
            self._erased[meta["blob"]] = seq
        elif kind == "log.key" and type(meta.get("vkey")) is str:
            self.keys.append(meta["vkey"])
        elif kind == "log.segment_retired":
            self.retired.append({**{name: meta.get(name) for name in ("from", "to", "root")}, "seq": seq})

    def blob(self, use: BlobUse) -> None:
        """Look at a text that a line names."""
        if use.in_force and use.seq in self._contexts:
            self._in_force.append((use.seq, self._contexts.pop(use.seq), use.digest))
        where = self._container.files.get(_BLOBS + use.digest)
        if where is not None:
            if where.length != use.size + _SALT_SIZE:
                message = (
                    f"line {use.seq} names a text of {use.size} bytes, and data/blobs/{use.digest} has another size"
                )
                self._findings.say("blob-changed", message, file=where.name, seq=use.seq)
            self._seen.add(bytes.fromhex(use.digest))
        elif use.digest in self._absent or use.digest in self._withheld:
            pass
        elif self._withholds and not (use.in_force and not self._is_next(use)):
            self._withheld.add(use.digest)
            self._expect(withheld_blob(use.seq, _reference_of(use)))
        else:
            self._absent[use.digest] = use.seq

    def settle(self, tally: Tally, signed: list[int]) -> None:
        """Compare what could only be known in the end.

        Args:
            tally: of all lines.
            signed: sizes of the heads in the bundle.
        """
        if self._next is not None or self._differs:
            message = f"{REDACTIONS} is not what the lines say was taken out"
            self._findings.say("redactions-mismatch", message, file=REDACTIONS)
        self._settle_blobs()
        self._settle_context(tally)
        for size in signed:
            tally.signed(size)
        wanted = canonical_json(tally.coverage())
        where = self._container.files.get(COVERAGE_FILE)
        if where is not None and (where.length != len(wanted) or read_range(where, len(wanted)) != wanted):
            message = f"{COVERAGE_FILE} says other than the lines: {_first_difference(where.name, wanted, self._read)}"
            self._findings.say("coverage-mismatch", message, file=COVERAGE_FILE)

    def _settle_blobs(self) -> None:
        self.shown = len(self._seen)
        for digest, seq in self._absent.items():
            by = self._erased.get(digest)
            if by is not None:
                self._findings.say("blob-erased", f"line {by} erased a text of line {seq}", seq=by)
            else:
                message = f"line {seq} names data/blobs/{digest}; it is not there, and no line says that it was erased"
                self._findings.say("blob-missing", message, file=_BLOBS + digest, seq=seq)
        if self._withheld:
            message = f"{len(self._withheld)} texts are named in {REDACTIONS} and not shown"
            self._findings.say("blob-withheld", message, file=REDACTIONS)
        for name in self._container.files:
            if name.startswith(_BLOBS):
                digest = name[len(_BLOBS) :]
                if digest in self._erased:
                    message = f"line {self._erased[digest]} says that this text is erased, and it is there"
                    self._findings.say("blob-foreign", message, file=name, seq=self._erased[digest])
                elif len(digest) != 64 or bytes.fromhex(digest) not in self._seen:
                    self._findings.say("blob-foreign", f"no line shown names {name}", file=name)

    def _settle_context(self, tally: Tally) -> None:
        """Make the readable copies again, and count what the runtimes could not do."""
        wanted: dict[str, str] = {}
        made, last, content = 0, "", None
        for seq, context, digest in self._in_force:
            if digest != last or content is None:
                last, content = digest, self._settings(seq, digest)
            if content is not None and made <= _MOST_SETTINGS_MADE:
                made += self._make_copies(seq, context, content, wanted)
            named = context.get("descriptor")
            if isinstance(named, str):
                descriptor = None if content is None else content.get("descriptor")
                tally.descriptor(seq, named, descriptor if isinstance(descriptor, Mapping) else None)
        there = {name[len(_CONTEXT) :] for name in self._container.files if name.startswith(_CONTEXT)}
        if made > _MOST_SETTINGS_MADE:
            self._findings.say("context-mismatch", "more settings are named than can be looked at", file=_CONTEXT)
        for name in sorted(there | set(wanted)):
            data = self._read(_CONTEXT + name, _MOST_SETTINGS_BYTES)
            if data is None or sha256(data).hexdigest() != wanted.get(name):
                what = "is not what was in force" if name in there else "is missing"
                self._findings.say("context-mismatch", f"{_CONTEXT}{name} {what}", file=_CONTEXT + name)

    def _make_copies(
        self, seq: int, context: Mapping[str, Any], content: Mapping[str, Any], made: dict[str, str]
    ) -> int:
        """Add the digests of the copies that a line asks for, by name; return how many bytes they have."""
        size = 0
        try:
            for each in context_files(context, content):
                made[each.name] = sha256(each.data).hexdigest()
                size += len(each.data)
        except (ValueError, RecursionError):
            message = f"what line {seq} names as in force cannot be written as settings are"
            self._findings.say("context-mismatch", message, seq=seq)
        return size

    def _settings(self, seq: int, digest: str) -> Optional[Mapping[str, Any]]:  # noqa: UP045
        data = self._read(_BLOBS + digest, _MOST_SETTINGS_BYTES)
        if data is None:
            message = f"what was in force from line {seq} on is erased or withheld"
            self._findings.say("context-absent", message, seq=seq)
            return None
        try:
            return content_in_force(data)
        except (ValueError, RecursionError):
            message = f"what line {seq} names as in force cannot be read"
            self._findings.say("context-mismatch", message, file=_BLOBS + digest, seq=seq)
            return None

    def _read(self, name: str, most: int) -> Optional[bytes]:  # noqa: UP045
        where = self._container.files.get(name)
        return None if where is None or where.length > most else read_range(where, most)

    def _is_next(self, use: BlobUse) -> bool:
        """Tell whether the list says here that settings are withheld: so it is where a log came without its texts."""
        return self._next == canonical_json(withheld_blob(use.seq, _reference_of(use)))[:-1]

    def _expect(self, item: Mapping[str, Any]) -> None:
        kind = str(item["kind"])
        self.redactions[kind] = self.redactions.get(kind, 0) + 1
        if self._differs:
            return
        if self._next == canonical_json(item)[:-1]:
            self._next = next(self._said, None)
        else:
            self._differs = True


def _reference_of(use: BlobUse) -> BlobReference:
    return BlobReference(use.digest, use.size, use.in_force)


def _lines_of(container: Container, name: str) -> Iterator[bytes]:
    where = container.files.get(name)
    if where is not None:
        reader = RangeReader(where)
        yield from reader.lines()
        if reader.unfinished:
            yield reader.unfinished


def _first_difference(name: str, wanted: bytes, read: Any) -> str:
    """Return which section of two documents differs first, for a person."""
    try:
        said, own = json.loads(read(name, 64 << 20) or b""), json.loads(wanted)
        return next((str(key) for key in sorted({*said, *own}) if said.get(key) != own.get(key)), "its form")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "it cannot be read"
