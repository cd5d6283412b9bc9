"""One line on its own, with the proof that it is in a signed log: a `tlog-proof` file.

Source of the form: C2SP tlog-proof@v1.  Its opaque extra data is the line itself, without its newline.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence

from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.stages.export_source import LogSource
from reporting_governance.verifier.merkle import inclusion_proof, leaf_hash, root_from_inclusion
from reporting_governance.verifier.note import LogHead, parse_head, parse_note

_TOLD_EVERY = 4096  #: lines


@frozen(kw_only=True)
class LineProof:
    """A line's proof.  `name`: of its file."""

    name: str
    data: bytes
    seq: int
    head: LogHead


def prove_line(source: LogSource, seq: int, progress: Callable[[int], None]) -> LineProof:
    """Return the proof that a line stands in the log, against the newest signed head.

    Raises: UsageError for a line that no signed head covers, or that is retired; StorageError, also when the head is
        not that of the lines that are there.
    """
    size, note = _newest_head(source, seq)
    place = f"{size:012d}.note"
    try:
        head = parse_head(parse_note(note).text)
    except ValueError as fault:
        raise StorageError(path=place, reason=f"is no signed head: {fault}") from None
    found: list[bytes] = []
    leaves = _leaves(source, head.size, seq, found, progress)
    proof = inclusion_proof(seq - 1, head.size, leaves)
    for _ in leaves:
        pass  # the last line's own hash is no part of its proof, and its text is wanted all the same
    if not found:
        raise UsageError(reason=f"line {seq} is retired: its hash is kept, its text is not")
    if root_from_inclusion(leaf_hash(found[0]), seq - 1, head.size, proof) != head.root:
        raise StorageError(
            path=place, reason=f"the head over {head.size} lines is not that of the lines that are there"
        )
    return LineProof(
        name=f"{head.origin[:8]}-{seq:012d}.tlog-proof", data=_text(found[0], seq, proof, note), seq=seq, head=head
    )


def _newest_head(source: LogSource, seq: int) -> tuple[int, bytes]:
    sizes = source.log_checkpoints()
    if seq < 1 or not sizes or sizes[-1] < seq:
        covered = f"the newest covers {sizes[-1]} lines" if sizes else "there is none"
        raise UsageError(reason=f"no signed head covers line {seq}: {covered}")
    return sizes[-1], source.log_checkpoint(sizes[-1])


def _leaves(
    source: LogSource, size: int, seq: int, found: list[bytes], progress: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the leaf hashes of the log's first lines; the text of the wanted one is put into `found`."""
    segments = source.segments()
    first = segments[0].first if segments else 1
    at, leaf = first - 1, bytes(32)
    for leaf in source.retired_leaves(first):
        yield leaf
    for segment in segments:
        if at >= size:
            return
        read = 0
        for line in source.lines(segment, leaf, size):
            at, leaf = line.seq, line.leaf
            read += len(line.raw)
            if at == seq:
                if line.document is None:
                    raise UsageError(reason=f"line {seq} is void: it was torn while it was written")
                found.append(line.raw[:-1])
            if at % _TOLD_EVERY == 0:
                progress(read)
                read = 0
            if at <= size:
                yield leaf
        progress(read)


def _text(line: bytes, seq: int, proof: Sequence[bytes], note: bytes) -> bytes:
    head = b"c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n" % (b64encode(line), seq - 1)
    return head + b"".join(b64encode(each) + b"\n" for each in proof) + b"\n" + note
