"""A log, wherever it was found, held against its signed heads, the reviewer's keys and heads held elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.heads import HeadsChecked, KeptHead, check_heads, read_heads
from reporting_governance.verifier.keys import KeyChain
from reporting_governance.verifier.note import VerifierKey
from reporting_governance.verifier.outside import AnchorsChecked, OutsideHead, check_outside, heads_in
from reporting_governance.verifier.passing import BlobUse, LogPass
from reporting_governance.verifier.stretches import SegmentTask

MOST_ANCHOR_BYTES = 1 << 30


class Given(NamedTuple):
    """What the reviewer brings: keys, and texts that hold heads."""

    keys: tuple[VerifierKey, ...] = ()
    since: tuple[tuple[str, bytes], ...] = ()  #: notes of earlier reviews: name, content
    anchors: tuple[tuple[str, bytes], ...] = ()
    workers: int = 1

    def outside(self) -> list[OutsideHead]:
        """Return all heads that they hold."""
        since = [each for name, data in self.since for each in heads_in(name, data, is_since=True)]
        return since + [each for name, data in self.anchors for each in heads_in(name, data)]


class LogSeen(NamedTuple):
    """What was found out about a log."""

    log_id: Optional[str]  # noqa: UP045
    passed: LogPass
    chain: KeyChain
    heads: HeadsChecked
    anchors: AnchorsChecked
    is_pinned: bool


def check_log(
    tasks: Callable[[list[int]], Sequence[SegmentTask]],
    notes: Mapping[str, bytes],
    given: Given,
    findings: Findings,
    *,
    said_id: Optional[str] = None,  # noqa: UP045
    sizes_too: Sequence[int] = (),
    on_line: Callable[[int, Mapping[str, Any]], None] = lambda _seq, _document: None,
    on_blob: Callable[[BlobUse], None] = lambda _use: None,
) -> LogSeen:
    """Read a log once and check all that heads and keys can tell of it.

    Args:
        tasks: returns the segments to judge, given the sizes at which the tree's root is wanted.
        notes: files that should hold signed heads, by name.
        sizes_too: sizes at which the root is wanted too.
        said_id: the log's id as somebody else says it, for a log whose first line is retired.
        on_line, on_blob: see `LogPass`.

    Raises OSError.
    """
    kept = read_heads(notes, findings)
    outside = given.outside()
    sizes = sorted({each.size for each in kept} | {each.size for each in outside} | set(sizes_too))
    passed = LogPass(findings, sizes, max((*(each.size for each in kept), *(each.size for each in outside)), default=0))
    key_lines: dict[int, Mapping[str, Any]] = {}

    def look(seq: int, document: Mapping[str, Any]) -> None:
        for named, meta in _keys_named(seq, document):
            if document["type"] == "log.key":
                key_lines[named] = meta  # the line itself says more than what another says of it
            else:
                key_lines.setdefault(named, meta)
        on_line(seq, document)

    passed.on_line, passed.on_blob = look, on_blob
    passed.run(tasks(sizes), given.workers)
    if passed.shown == 0:
        findings.say("log-empty", "there is no line at all")
    log_id = passed.log_id or said_id or (kept[-1].head.origin if kept else None)
    chain = KeyChain(log_id or "", given.keys)
    for seq in sorted(key_lines):
        chain.add(seq, key_lines[seq], findings)
    _check_pins(given.keys, log_id, findings)
    heads = _check_kept(kept, log_id, chain, passed, findings)
    sources = [name for name, _ in (*given.since, *given.anchors)]
    anchors = check_outside(outside, sources, log_id, passed.roots, passed.lines, findings)
    _say_reach(passed, heads, anchors, bool(given.keys), findings)
    return LogSeen(log_id, passed, chain, heads, anchors, bool(chain.pinned))


def _keys_named(seq: int, document: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the keys that a line brings in, or that lines brought in which it retires; each with the line's seq."""
    meta = document.get("meta")
    if not isinstance(meta, dict):
        return
    if document["type"] == "log.key":
        yield seq, meta
    elif document["type"] == "log.segment_retired" and isinstance(meta.get("keys"), list):
        for each in meta["keys"]:
            if isinstance(each, dict) and type(each.get("seq")) is int and each["seq"] <= _last_retired(meta):
                yield each["seq"], each


def _last_retired(meta: Mapping[str, Any]) -> int:
    """Return the last line that a line retires: of a later one it says nothing."""
    return meta["to"] if type(meta.get("to")) is int else 0


def _check_pins(keys: Sequence[VerifierKey], log_id: Optional[str], findings: Findings) -> None:  # noqa: UP045
    for key in keys:
        if log_id is not None and key.name != log_id:
            findings.say("key-unfit", f"the key given is of the log {key.name}, and this is {log_id}")


def _check_kept(
    kept: Sequence[KeptHead],
    log_id: Optional[str],  # noqa: UP045
    chain: KeyChain,
    passed: LogPass,
    findings: Findings,
) -> HeadsChecked:
    if not kept and not findings.has("head-unreadable"):
        findings.say("head-missing", "no signed head is there, so nothing tells where the log ends or whose it is")
    if not passed.lines or log_id is None:
        return HeadsChecked(0, None, None, 0, 0)
    damaged_at = passed.damaged_at()
    return check_heads(kept, log_id, chain, passed.roots, passed.lines, passed.missing, damaged_at, findings)


def _say_reach(
    passed: LogPass, heads: HeadsChecked, anchors: AnchorsChecked, has_key: bool, findings: Findings
) -> None:
    """Say how far heads reach, when that is not to the end."""
    lines = passed.lines
    if heads.signed_to and not has_key:
        key = heads.signer.text() if heads.signer is not None else ""
        findings.say("key-first-use", f"no key was given; the heads fit the key that the log itself names: {key}")
    if 0 < heads.signed_to < lines:
        count = lines - heads.signed_to
        message = (
            f"the newest signed head covers {heads.signed_to} of {lines} lines; the last {_many(count)} not signed yet"
        )
        findings.say("tail-unsigned", message, seq=heads.signed_to + 1)
    if not anchors.given:
        findings.say("anchor-missing", "no head held elsewhere was given: who has the key can have written all anew")
    elif 0 < anchors.anchored_to < lines:
        after = lines - anchors.anchored_to
        message = f"{after} {'line' if after == 1 else 'lines'} came after the newest head held elsewhere"
        findings.say("tail-unanchored", message, seq=anchors.anchored_to + 1)


def _many(count: int) -> str:
    return "is" if count == 1 else f"{count} are"
