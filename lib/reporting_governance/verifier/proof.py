"""A single line proven to stand in a log: a file that needs neither the log nor a bundle (C2SP tlog-proof)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.codes import ANCHORED, AUTHENTICITY, COMPLETENESS, INTEGRITY, ORDER, VERDICTS
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.gathering import document_in
from reporting_governance.verifier.logcheck import Given
from reporting_governance.verifier.merkle import leaf_hash, root_from_inclusion
from reporting_governance.verifier.note import LogHead, Note, VerifierKey, is_signed_by, parse_head, parse_note
from reporting_governance.verifier.outside import check_outside
from reporting_governance.verifier.showing import Verification, verification
from reporting_governance.verifier.verdicts import NOT_CHECKED, PROVEN, Verdict, all_unchecked, spoiled_verdict

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_MOST_HASHES = 64


class InclusionProof(NamedTuple):
    """A proof, read and not checked."""

    raw: bytes  #: the line without its newline
    place: int  #: of the line among the leaves, from 0
    hashes: list[bytes]
    note: Note
    head: LogHead


def parse_proof(data: bytes) -> InclusionProof:
    """Return what a proof file says.  Raises: ValueError when it is none in its one form."""
    text = data.decode("utf-8")
    opening, blank, rest = text.partition("\n\n")
    lines = opening.split("\n")
    if not blank or lines[0] != _FIRST_LINE or len(lines) < 3:
        raise ValueError("not a proof of C2SP tlog-proof")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise ValueError("a proof of ours holds the line as extra data, then its index")
    raw = _bytes_of(lines[1][6:])
    index = lines[2][6:]
    if not (index.isascii() and index.isdigit()) or str(int(index)) != index:
        raise ValueError("the index is no number")
    if len(lines) > 3 + _MOST_HASHES:
        raise ValueError("more hashes than any proof has")
    note = parse_note(rest.encode())
    return InclusionProof(raw.rstrip(b"\n"), int(index), list(map(_bytes_of, lines[3:])), note, parse_head(note.text))


def verify_proof(path: str, data: bytes, given: Given, findings: Findings, require: str) -> Verification:
    """Verify one proof against the reviewer's keys and heads."""
    try:
        proof = parse_proof(data)
        root = root_from_inclusion(leaf_hash(proof.raw), proof.place, proof.head.size, proof.hashes)
    except ValueError as fault:
        findings.say("proof-malformed", str(fault), file=path)
        return verification(path, "proof", None, all_unchecked(findings), findings, require)
    seq = proof.place + 1
    if root != proof.head.root:
        findings.say("proof-mismatch", f"line {seq} does not lead to the root that was signed", file=path, seq=seq)
    document = document_in(proof.raw)
    if document is None or document.get("seq") != seq:
        findings.say("proof-mismatch", f"the line does not say that it is line {seq}", file=path, seq=seq)
    signer = _signed_by(proof, given, findings, path)
    roots = {proof.head.size: proof.head.root}
    outside = [each for each in given.outside() if each.size == proof.head.size]
    sources = sorted({each.source for each in outside})
    anchors = check_outside(outside, sources, proof.head.origin, roots, proof.head.size, findings)
    if not anchors.given:
        findings.say("anchor-missing", f"no head of {proof.head.size} lines that is held elsewhere was given")
    here = f"line {seq} of the log {proof.head.origin[:8]} is in the tree over {proof.head.size:,} lines"
    of_log = Verdict(NOT_CHECKED, "a proof speaks of one line")
    good = dict.fromkeys(VERDICTS, of_log)
    good[INTEGRITY] = good[ORDER] = good[COMPLETENESS] = Verdict(PROVEN, here)
    good[AUTHENTICITY] = _when(signer is not None, "the head is signed by the key given", "no key was given")
    good[ANCHORED] = _when(
        anchors.anchored_to > 0, "the head agrees with one held elsewhere", "no head held elsewhere was given that fits"
    )
    verdicts = {name: spoiled_verdict(name, good[name], findings) for name in VERDICTS}
    log: dict[str, Any] = {"log_id": proof.head.origin, "lines": proof.head.size, "anchored_to": anchors.anchored_to}
    if signer is not None:
        log |= {"signed_to": proof.head.size, "key": {"vkey": signer.text(), "pinned": True}}
        log["head"] = {"size": proof.head.size, "root": proof.head.root.hex()}
    return verification(path, "proof", None, verdicts, findings, require, log)


def _when(proven: bool, sentence: str, otherwise: str) -> Verdict:
    return Verdict(PROVEN, sentence) if proven else Verdict("limited", otherwise)


def _signed_by(proof: InclusionProof, given: Given, findings: Findings, path: str) -> Optional[VerifierKey]:  # noqa: UP045
    fitting = [key for key in given.keys if key.name == proof.head.origin]
    for key in fitting:
        if is_signed_by(proof.note, key):
            return key
    if fitting:
        named = {(each.name, each.key_id) for each in proof.note.signatures}
        is_false = any((key.name, key.key_id) in named for key in fitting)
        code = "head-forged" if is_false else "head-of-other-key"
        findings.say(code, "the head in the proof is not signed by the key given", file=path)
    elif given.keys:
        findings.say("key-unfit", f"the proof is of the log {proof.head.origin}", file=path)
    else:
        findings.say("key-first-use", "no key was given, and a proof names none that could be trusted")
    return None


def _bytes_of(text: str) -> bytes:
    data = b64decode(text.encode("ascii", "replace"), validate=True)
    if b64encode(data).decode("ascii") != text:
        raise ValueError(f"not base64 in its one form: {text[:40]!r}")
    return data
