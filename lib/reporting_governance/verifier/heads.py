"""Signed heads that the host kept, held against the lines and the keys that the reviewer has reason to trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.keys import KeyChain
from reporting_governance.verifier.note import LogHead, Note, VerifierKey, parse_head, parse_note

MOST_SIGNATURES_CHECKED = 256  #: of the newest heads; a newer one covers all that an older one does


class KeptHead(NamedTuple):
    """A head's file: its name says its size."""

    file: str
    size: int
    note: Note
    head: LogHead


class HeadsChecked(NamedTuple):
    """What the heads of the host prove."""

    signed_to: int  #: lines that a head covers which is signed by a trusted key and fits
    signer: Optional[VerifierKey]  # noqa: UP045 - of that head
    newest: Optional[LogHead]  # noqa: UP045
    fitting: int  #: heads that are good
    by_root_only: int  #: older heads of which the root alone was checked


def read_heads(files: Mapping[str, bytes], findings: Findings) -> list[KeptHead]:
    """Return the heads in files, ascending by size; what is none is a finding."""
    heads = []
    for name, data in files.items():
        try:
            note = parse_note(data)
            head = parse_head(note.text)
            stem = name.rpartition("/")[2]
            if stem != f"{head.size:012d}.note":
                raise ValueError(f"the file's name and its size, {head.size}, do not agree")
        except ValueError as fault:
            findings.say("head-unreadable", str(fault), file=name)
        else:
            heads.append(KeptHead(name, head.size, note, head))
    return sorted(heads, key=lambda each: each.size)


def check_heads(
    heads: Sequence[KeptHead],
    log_id: str,
    chain: KeyChain,
    roots: Mapping[int, bytes],
    lines: int,
    missing: int,
    damaged_at: Optional[int],  # noqa: UP045
    findings: Findings,
) -> HeadsChecked:
    """Check every head.

    Args:
        roots: of the tree over the lines, at every size that can be known.
        lines, missing: physical lines there are, and how many were taken out before the end.
        damaged_at: the first line that is wrong by itself: that a head beyond it does not fit needs no saying.
    """
    newest: Optional[KeptHead] = None  # noqa: UP045
    signer = None
    fitting, unchecked = 0, 0
    for place, each in enumerate(reversed(heads)):
        if each.head.origin != log_id:
            message = f"{each.file} is of the log {each.head.origin}"
            findings.say("head-of-other-log", message, file=each.file)
            continue
        key = None
        if place < MOST_SIGNATURES_CHECKED:
            key = _signer(each, chain, findings)
            if key is None:
                continue
        else:
            unchecked += 1
        if _fits(each, roots, lines, missing, damaged_at, findings):
            fitting += 1
            if key is not None and newest is None:
                newest, signer = each, key
    size = newest.size if newest is not None else 0
    return HeadsChecked(size, signer, newest.head if newest is not None else None, fitting, unchecked)


def _signer(each: KeptHead, chain: KeyChain, findings: Findings) -> Optional[VerifierKey]:  # noqa: UP045
    """Return the trusted key that signed a head, None when there is none; why is a finding."""
    key, false = chain.signer_of(each.note)
    if false or key is None:
        if false:
            findings.say("head-forged", f"{each.file}: the signature is not over this head", file=each.file)
        else:
            names = ", ".join(f"{one.name[:8]}+{one.key_id.hex()}" for one in each.note.signatures)
            message = f"{each.file} is signed by {names}, which nothing here vouches for"
            findings.say("head-of-other-key", message, file=each.file)
        return None
    if key not in chain.trusted():
        seq = chain.not_handed_over(key)
        if seq is not None:
            message = f"line {seq} brought in {key.text()} without the signature of the key before it"
            findings.say("key-not-handed-over", message, file=each.file, seq=seq)
        elif chain.is_before_trusted(key):
            findings.say("key-earlier", f"{each.file} is signed by a key before the one given", file=each.file)
        else:
            message = f"{each.file} is signed by {key.text()}, which the log names and the key given does not vouch for"
            findings.say("head-of-other-key", message, file=each.file)
        return None
    replaced = chain.replaced_at(key)
    if replaced is not None and each.size >= replaced:
        message = f"{each.file} is signed by {key.text()}, which line {replaced} had replaced"
        findings.say("key-replaced", message, file=each.file)
        return None
    return key


def _fits(
    each: KeptHead,
    roots: Mapping[int, bytes],
    lines: int,
    missing: int,
    damaged_at: Optional[int],  # noqa: UP045
    findings: Findings,
) -> bool:
    if roots.get(each.size) == each.head.root:
        return True
    if each.size > lines + missing:
        message = f"{each.file} was signed over {each.size} lines, and there are {lines}"
        findings.say("tail-cut", message, file=each.file, seq=lines + missing + 1)
    elif (damaged_at is None or damaged_at > each.size) and each.size in roots:
        message = f"{each.file}: the first {each.size} lines are not those that were signed"
        findings.say("head-mismatch", message, file=each.file)
    return False
