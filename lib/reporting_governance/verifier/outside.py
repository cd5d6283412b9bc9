"""Heads that somebody else kept: the note of the last review, a mail, a chat export, another machine's log.

What the reviewer holds needs no signature to count against the log: if it names another tree, the lines were
rewritten since, whoever signed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.note import HeadMark, marks_with_lines, parse_head, parse_heads

SMALLEST_PROOF_HEX = 20  #: of a root: 80 bits


class OutsideHead(NamedTuple):
    """A head held elsewhere; `log` and `root` may be shortened, as in a message."""

    source: str
    log: str
    size: int
    root: str  #: hex
    is_since: bool = False  #: of the last review
    line: int = 0  #: of a mark, where it begins in its file; 0: a whole note


class AnchorsChecked(NamedTuple):
    """How far heads held elsewhere reach."""

    anchored_to: int
    given: int  #: files
    agreeing: int  #: heads
    failed: bool


def heads_in(source: str, data: bytes, *, is_since: bool = False) -> list[OutsideHead]:
    """Return every note and every head mark that a text holds."""
    found = []
    for note in parse_heads(data):
        head = parse_head(note.text)
        found.append(OutsideHead(source, head.origin, head.size, head.root.hex(), is_since))
    marks: dict[HeadMark, int] = {}
    for line, mark in marks_with_lines(data.decode("utf-8", "replace")):
        marks.setdefault(mark, line)
    found += [OutsideHead(source, *mark, is_since, line) for mark, line in marks.items()]
    return list(dict.fromkeys(found))


def check_outside(
    heads: Sequence[OutsideHead],
    sources: Sequence[str],
    log_id: Optional[str],  # noqa: UP045
    roots: Mapping[int, bytes],
    lines: int,
    findings: Findings,
) -> AnchorsChecked:
    """Hold heads from elsewhere against the tree over the lines.

    Args:
        sources: the files that were given; one without a head of this log is told.
        log_id: None when the log does not say it, because it is empty.
    """
    reach, agreeing, failed, rewritten = 0, 0, False, False
    beyond: dict[str, list[OutsideHead]] = {}
    of_this_log: set[str] = set()
    for each in heads:
        if log_id is not None and not _is_of(each, log_id):
            if each.is_since:
                failed = True
                message = f"{each.source} is of the log {each.log}"
                findings.say("head-of-other-log", message, file=each.source)
            else:
                findings.say("anchor-other-log", f"{each.source}: a head of the log {each.log}", file=each.source)
            continue
        of_this_log.add(each.source)
        root = roots.get(each.size)
        if each.size > lines:
            failed = True
            beyond.setdefault(each.source, []).append(each)
        elif root is not None and root.hex().startswith(each.root) and len(each.root) >= SMALLEST_PROOF_HEX:
            agreeing += 1
            reach = max(reach, each.size)
        elif root is not None:
            failed = rewritten = True
            message = f"the first {each.size} lines were others when this head was made"
            _say_of_head("log-rewritten", each, message, findings)
    for those in beyond.values():
        newest = max(those, key=lambda each: each.size)
        made = "its head" if len(those) == 1 else f"the newest of {len(those)} heads"
        message = f"there were {newest.size} lines when {made} was made, and here are {lines}: "
        message += "the end was cut off, or this was made before that head"
        _say_of_head("tail-cut", newest, message, findings, seq=lines + 1)
    for source in sources:
        if source not in of_this_log and not failed:
            findings.say("anchor-unusable", f"{source} holds no head of this log", file=source)
    return AnchorsChecked(0 if rewritten else reach, len(sources), agreeing, failed)


def _say_of_head(code: str, each: OutsideHead, message: str, findings: Findings, **where: int) -> None:
    """Say what speaks against the lines, where it stands, and what it is worth: a mark can be written by anybody."""
    if each.line:
        hint = (
            "a mark is not signed: if these are words quoted in a notice, and not its own last line, they prove nothing"
        )
        findings.say(code, f"{message} ({hint})", file=each.source, line=each.line, **where)
    else:
        findings.say(code, f"{each.source}: {message}", file=each.source, **where)


def _is_of(each: OutsideHead, log_id: str) -> bool:
    return log_id[:8] == each.log if each.line else log_id == each.log
