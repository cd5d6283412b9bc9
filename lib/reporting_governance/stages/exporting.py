"""Making one bundle: sign the head, read, write, name it, record that.

The order matters: the head is signed before the log is read, so that the bundle ends with a signed head; the bundle has
its name before the log says that it was made, and loses it again when the log cannot say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.core.audit_bundle.documents import bundle_name, bundle_note_text
from reporting_governance.errors import GovernanceError, StorageError
from reporting_governance.stages.checkpointing import LogKey, signature_of
from reporting_governance.stages.export_files import Payload, bag_entries
from reporting_governance.stages.export_proof import LineProof, prove_line
from reporting_governance.stages.export_source import BundleTarget, Entry, LogSource, WrittenFile
from reporting_governance.stages.export_sums import entry_of
from reporting_governance.stages.export_survey import Surveyed, Wanted
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.verifier.note import LogHead, format_note, head_text, parse_head, parse_note

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Signer
    from reporting_governance.stages.clock import Clock
    from reporting_governance.storage.interface import Store

_NO_DATE = "1980-01-01"


class NotSigned(CannotSign):
    """Whoever signs did not, so nothing was exported."""

    hint = "Nothing was exported.  With --reproducible nothing is newly signed."


@frozen(kw_only=True)
class Signing:
    """Who signs what is exported.  `sign_head` signs the head of the log as it is now, and returns the key."""

    store: Store
    signer: Signer
    sign_head: Callable[[], LogKey]


@frozen(kw_only=True)
class Export:
    """One export as it was asked for."""

    wanted: Wanted
    version: str  #: of this program
    verifier: str  #: text of verify.py
    reproducible: bool = False
    custody: Mapping[str, Any] | None = None  #: who, when and where
    date: str = _NO_DATE  #: `YYYY-MM-DD`
    organization: str | None = None
    person: Callable[[bytes], bytes] | None = None  #: a person's own signature over the tag manifest


@frozen(kw_only=True)
class ExportReport:
    """What was exported."""

    file: WrittenFile
    name: str
    log_id: str
    size: int
    root: str
    first_seq: int
    selected: int
    withheld: int
    void: int
    filter: Mapping[str, Any]
    signed_to: int  #: the newest signed head in the bundle covers so many lines; 0: none does
    redactions: Mapping[str, int]
    gaps: Mapping[str, int]  #: by section of the coverage
    left_out: int  #: torn lines at the end that were never acknowledged
    recorded: bool


def export_bundle(
    source: LogSource,
    target: BundleTarget,
    export: Export,
    *,
    signing: Signing | None,
    store: Store | None,
    clock: Clock,
    progress: Callable[[int], None],
) -> ExportReport:
    """Make a bundle.

    Args:
        signing: signs the head and the bundle; None: nothing is newly signed.
        store: the log that the export is recorded in, the one that is exported; None: another host's.
        progress: is told how many bytes of the log were read since it was last told; each is read twice.

    Raises: StorageError, with the place, when anything cannot be read or written: then there is no bundle; UsageError
        when the target is taken or the log cannot end where it is asked to; CannotSign.
    """
    with _nothing_unsigned():
        key = None if signing is None else signing.sign_head()
        if store is not None and export.wanted.last is None:
            export = _ending_with(export, store.ready().seq)
        with target.spool() as redactions:
            found = Surveyed(source, export.wanted, redactions)
            found.read(progress)
            log_id = _log_id(found, source)
            heads = _heads(source, found, log_id, signing, key)
            payload = Payload(
                source,
                found,
                export.wanted,
                redactions,
                log_id=log_id,
                heads=heads,
                custody=None if export.reproducible else export.custody,
                version=export.version,
                verifier=export.verifier,
            )
            name = bundle_name(payload.survey)
            _write(
                target, name, payload, export, lambda tags: _signatures(tags, payload, export, signing, key), progress
            )
        written = target.written(f"{name}.zip")
        recorded = store is not None
        if store is not None:
            _record(store, payload, target, written, clock)
    return _report(written, name, payload, found, heads, recorded, source.left_out)


@contextmanager
def _nothing_unsigned() -> Iterator[None]:
    try:
        yield
    except CannotSign as fault:
        raise NotSigned(**fault.details) from fault


def _ending_with(export: Export, last: int) -> Export:
    from dataclasses import replace

    return replace(export, wanted=replace(export.wanted, last=last))


def _log_id(found: Surveyed, source: LogSource) -> str:
    """Return whose log it is: its first line says so, or what is kept beside it where that line is retired."""
    known = found.log_id or source.log_id()
    if known is None:
        for size in source.log_checkpoints():
            try:
                return parse_head(parse_note(source.log_checkpoint(size)).text).origin
            except ValueError:
                continue
    if known is None:
        segments = source.segments()
        reason = "the line that names the log is not there, and no signed head of it is kept"
        raise StorageError(path=segments[0].path, reason=reason)
    return known


def _heads(
    source: LogSource, found: Surveyed, log_id: str, signing: Signing | None, key: LogKey | None
) -> dict[int, bytes]:
    """Return the signed heads up to the end, the one of the end itself newly signed where it is missing.

    Raises: StorageError when a kept head is none of the log that was read.
    """
    heads: dict[int, bytes] = {}
    for size in source.log_checkpoints():
        if size <= found.size:
            heads[size] = source.log_checkpoint(size)
            _check_head(heads[size], size, log_id, found)
    if found.size not in heads and signing is not None and key is not None:
        text = head_text(LogHead(log_id, found.size, found.root))
        heads[found.size] = format_note(text, [signature_of(signing.signer, key.key, text)])
        signing.store.keep_log_checkpoint(found.size, heads[found.size])
    return heads


def _check_head(note: bytes, size: int, log_id: str, found: Surveyed) -> None:
    """Make sure that a kept head is one of this log and size, and the newest one that of the lines that were read."""
    place = f"journal/checkpoints/{size:012d}.note"
    try:
        head = parse_head(parse_note(note).text)
    except ValueError as fault:
        raise StorageError(path=place, reason=f"is no signed head: {fault}") from None
    if (head.origin, head.size) != (log_id, size) or (size == found.size and head.root != found.root):
        reason = f"is a head of {head.origin[:8]} over {head.size} lines, and not that of the lines that are there"
        raise StorageError(path=place, reason=reason)


def _signatures(
    tags: bytes, payload: Payload, export: Export, signing: Signing | None, key: LogKey | None
) -> Iterator[Entry]:
    if signing is not None and key is not None:
        from hashlib import sha256

        text = bundle_note_text(payload.survey.log_id, payload.survey.size, sha256(tags).hexdigest())
        yield entry_of("bundle.note", format_note(text, [signature_of(signing.signer, key.key, text)]))
    if export.person is not None:
        yield entry_of("bundle.sshsig", export.person(tags))


def _write(
    target: BundleTarget,
    name: str,
    payload: Payload,
    export: Export,
    sign: Callable[[bytes], Iterator[Entry]],
    progress: Callable[[int], None],
) -> None:
    date = _NO_DATE if export.reproducible else export.date
    with target.container(f"{name}.zip") as container:
        for entry in bag_entries(payload, date, export.organization, lambda tags: list(sign(tags))):
            container.add(f"{name}/{entry.path}", entry.size, entry.checksum, entry.chunks())
            if entry.path.startswith("data/log/"):
                progress(entry.size)


def _record(store: Store, payload: Payload, target: BundleTarget, written: WrittenFile, clock: Clock) -> None:
    survey = payload.survey
    meta = {
        "bundle": f"{bundle_name(survey)}.zip",
        "sha256": written.sha256,
        "size": survey.size,
        "root": survey.root,
        "filter": dict(survey.filter),
    }
    _add(store, meta, target, written, clock)


def _add(store: Store, meta: Mapping[str, Any], target: BundleTarget, written: WrittenFile, clock: Clock) -> None:
    """Record an export; one that cannot be recorded is taken back."""
    try:
        store.commit([Group(additions=(Addition(type=LineType.AUDIT_EXPORTED, meta=meta),))], now=clock.now())
    except GovernanceError:
        target.take_back(written)
        raise


def export_proof(
    source: LogSource,
    target: BundleTarget,
    seq: int,
    *,
    signing: Signing | None,
    store: Store | None,
    clock: Clock,
    progress: Callable[[int], None],
) -> tuple[LineProof, WrittenFile]:
    """Write the proof of one line and record that.  Arguments and errors as `export_bundle`."""
    if signing is not None:
        with _nothing_unsigned():
            signing.sign_head()
    proof = prove_line(source, seq, progress)
    written = target.put(proof.name, proof.data)
    if store is not None:
        size, root = proof.head.size, proof.head.root.hex()
        meta = {"bundle": proof.name, "sha256": written.sha256, "size": size, "root": root, "proof": seq}
        _add(store, meta, target, written, clock)
    return proof, written


def _report(
    written: WrittenFile,
    name: str,
    payload: Payload,
    found: Surveyed,
    heads: Mapping[int, bytes],
    recorded: bool,
    left_out: int,
) -> ExportReport:
    survey = payload.survey
    return ExportReport(
        file=written,
        name=name,
        log_id=survey.log_id,
        size=survey.size,
        root=survey.root,
        first_seq=survey.first_seq,
        selected=found.tally.selected,
        withheld=found.tally.withheld_lines,
        void=found.tally.void_lines,
        filter=survey.filter,
        signed_to=max(heads, default=0),
        redactions=found.redaction_counts,
        gaps={section: each["count"] for section, each in found.tally.coverage().items()},
        left_out=left_out,
        recorded=recorded,
    )
