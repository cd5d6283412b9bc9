"""A bundle verified: its container, its lists, its log, and everything that it says about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from reporting_governance.verifier.bag import (
    BUNDLE_NOTE,
    PERSON_SIGNATURE,
    BagSeen,
    FileSum,
    check_bag,
    check_files,
    small_file,
)
from reporting_governance.verifier.codes import CONTEXT, COVERAGE, REDACTION
from reporting_governance.verifier.container import Container, ContainerRefused
from reporting_governance.verifier.contents import POLICIES, BundleContents
from reporting_governance.verifier.context import canonical_json
from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.folder import MOST_NOTE_BYTES
from reporting_governance.verifier.logcheck import Given, LogSeen, check_log
from reporting_governance.verifier.note import parse_note
from reporting_governance.verifier.passing import is_log_id
from reporting_governance.verifier.selection import Selection
from reporting_governance.verifier.stretches import FileRange, Leaves, SegmentTask, split_leaves
from reporting_governance.verifier.verdicts import NOT_CHECKED, PROVEN, Verdict, counted

_FORMAT, _VERSION = "reporting-governance/audit-bundle", 1
_MANIFEST, _LEAVES = "data/manifest.json", "data/withheld.leaves"
_LOG_FILE = re.compile(r"data/log/([0-9]{12})\.jsonl")
_HEAD_FILE = re.compile(r"data/checkpoints/([0-9]{12})\.note")
#: files that are made after the manifest, or count by themselves
_NOT_IN_MANIFEST = ("data/manifest.json", "data/README.txt", "data/report.html", "data/verify.py", "data/custody.jsonl")
NOTE_TEXT = "reporting-governance audit bundle"


def verify_bundle(container: Container, given: Given, findings: Findings) -> tuple[LogSeen, dict[str, Verdict]]:
    """Verify a bundle.  Raises: ContainerRefused when it cannot be understood; OSError."""
    bag = check_bag(container, findings)
    manifest = _manifest_of(container, findings)
    contents = BundleContents(container, manifest["redaction"], findings)
    size = manifest["size"]
    named = [name for name in container.files if _HEAD_FILE.fullmatch(name)]
    notes = {name: small_file(container, name, findings, most=MOST_NOTE_BYTES) for name in named}
    seen = check_log(
        lambda sizes: _tasks(container, manifest["filter"], sizes),
        notes,
        given,
        findings,
        said_id=manifest["log_id"],
        sizes_too=(size,),
        on_line=contents.line,
        on_blob=contents.blob,
    )
    read = {each.name: FileSum(each.size, each.sha256, each.crc) for each in seen.passed.files}
    check_files(container, bag, read, given.workers, findings)
    damaged_at = seen.passed.damaged_at()
    comparable = damaged_at is None or damaged_at > seen.passed.lines  # an end that was cut off damages no line
    if comparable:
        heads = [int(found[1]) for found in map(_HEAD_FILE.fullmatch, container.files) if found]
        contents.settle(seen.passed.tally, heads)
        _check_manifest(container, bag, manifest, seen, contents, findings)
    _check_note(container, bag, size, seen, findings)
    _say_what_rests_on_words(container, manifest, seen, findings)
    return seen, _good(seen, contents) if comparable else _uncompared(damaged_at)


def _manifest_of(container: Container, findings: Findings) -> dict[str, Any]:
    """Return the manifest, of whose values those that others rely on have their types.  Raises: ContainerRefused."""
    data = small_file(container, _MANIFEST, findings, most=(4 << 20) + 300 * len(container.files))
    try:
        manifest = json.loads(data)
        if not isinstance(manifest, dict) or canonical_json(manifest) != data:
            raise ValueError("it is not written as ours are")
        if manifest.get("format") != _FORMAT or not _is_same(manifest.get("v"), _VERSION):
            findings.say("format-unknown", f"{_MANIFEST} is of version {manifest.get('v')!r}", file=_MANIFEST)
            raise ContainerRefused("format-unknown")
        Selection.of(manifest["filter"])
        whole = type(manifest["size"]) is int and 0 <= manifest["size"] < 1 << 63 and is_log_id(manifest["log_id"])
        if not whole or manifest["redaction"] not in POLICIES:
            raise ValueError("size, log_id or redaction is not of its kind")
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        findings.say("manifest-mismatch", f"{_MANIFEST} cannot be read: {fault}", file=_MANIFEST)
        raise ContainerRefused("manifest-mismatch") from None
    return manifest


def _tasks(container: Container, wanted: Mapping[str, Any], sizes: Sequence[int]) -> list[SegmentTask]:
    """Return the log's parts: each file with the withheld lines up to the next, and those before the first."""
    files = {int(found[1]): name for name in container.files for found in [_LOG_FILE.fullmatch(name)] if found}
    firsts = sorted({1, *files})
    leaves = container.files.get(_LEAVES)
    parts: list[FileRange] = [] if leaves is None else split_leaves(leaves, firsts)
    tasks = []
    for place, first in enumerate(firsts):
        until = firsts[place + 1] if place + 1 < len(firsts) else None
        part = parts[place] if parts else None
        cuts = tuple(size for size in sizes if size >= first and (until is None or size < until))
        withheld = Leaves(part, first, True) if part is not None and part.length else None
        file = container.files[files[first]] if first in files else None
        tasks.append(SegmentTask(first, until, file, withheld, cuts, dict(wanted)))
    return tasks


def _check_manifest(
    container: Container,
    bag: BagSeen,
    manifest: Mapping[str, Any],
    seen: LogSeen,
    contents: BundleContents,
    findings: Findings,
) -> None:
    """Hold the manifest against what was counted."""
    tally, size = seen.passed.tally, seen.passed.lines
    root = seen.passed.roots.get(size)
    blobs = [where.length for name, where in container.files.items() if name.startswith("data/blobs/")]
    first = _first_line(container)
    wanted = {
        "format": _FORMAT,
        "v": _VERSION,
        "log_id": seen.passed.log_id or bag.log_id,
        "size": size,
        "root": None if root is None else root.hex(),
        "from": first,
        "to": size,
        "first_ts": tally.first_ts,
        "last_ts": tally.last_ts,
        "filter": Selection.of(manifest["filter"]).document(),
        "selected": tally.selected,
        "withheld": tally.withheld_lines,
        "void": tally.void_lines,
        "retired": contents.retired,
        "counts": tally.counts(),
        "files": _files_of(container, seen),
        "blobs": {"files": len(blobs), "bytes": sum(blobs)},
        "keys": contents.keys,
        "program": _program_in(manifest),
        "redaction": manifest["redaction"],
    }
    for name in sorted({*wanted, *manifest}):
        if name not in manifest or name not in wanted or not _is_same(manifest[name], wanted[name]):
            message = f"{name} is {_short(manifest.get(name))}, and the bundle shows {_short(wanted.get(name))}"
            findings.say("manifest-mismatch", message, file=_MANIFEST)
    if bag.log_id != manifest["log_id"]:
        findings.say("manifest-mismatch", f"bag-info.txt is of the log {bag.log_id}", file="bag-info.txt")
    top = f"{manifest['log_id'][:8]}-{first:012d}-{size:012d}"
    if container.kind == "bundle" and container.top != top:
        findings.say("manifest-mismatch", f"the top folder is {container.top}, and holds {top}")


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are written alike: to Python `true`, 1 and 1.0 are equal."""
    return canonical_json(one) == canonical_json(other)


def _say_what_rests_on_words(
    container: Container, manifest: Mapping[str, Any], seen: LogSeen, findings: Findings
) -> None:
    """Say what nobody can check by the lines: the words of the report, and what a filter left out."""
    words = "report.html, README.txt, verify.py and custody.jsonl are their maker's words, not compared with the lines"
    if BUNDLE_NOTE not in container.files:
        words += "; nobody signed them, so whoever had this file in hand can have written them"
    findings.say("report-not-compared", words, file="data/report.html")
    withheld = seen.passed.tally.withheld_lines
    if withheld and not Selection.of(manifest["filter"]).selects_all:
        message = (
            f"{withheld} lines are withheld; that the filter selects none of them, and that none tells of a gap, "
            "is what the bundle's maker says"
        )
        findings.say("withheld-on-trust", message, file=_LEAVES)


def _program_in(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return who says that he made the bundle: a name and a version, and nothing beside them."""
    said = manifest.get("program")
    said = said if isinstance(said, dict) else {}
    return {name: str(said.get(name))[:100] for name in ("name", "version")}


def _files_of(container: Container, seen: LogSeen) -> dict[str, dict[str, int]]:
    lines = {each.name: each.lines for each in seen.passed.files}
    found = {}
    for name, where in container.files.items():
        if name.startswith("data/") and not name.startswith("data/blobs/") and name not in _NOT_IN_MANIFEST:
            said = {"bytes": where.length}
            if name in lines:
                said["lines"] = lines[name]
            elif name == _LEAVES:
                said["lines"] = seen.passed.tally.withheld_lines
            elif name.endswith(".jsonl"):
                said["lines"] = _newlines(where)
            found[name] = said
    return found


def _check_note(container: Container, bag: BagSeen, size: int, seen: LogSeen, findings: Findings) -> None:
    """Check the signature over the bundle as a whole."""
    if PERSON_SIGNATURE in container.files:
        message = f"{PERSON_SIGNATURE} is a person's own signature; check it with ssh-keygen -Y verify"
        findings.say("person-not-checked", message, file=PERSON_SIGNATURE)
    if BUNDLE_NOTE not in container.files:
        findings.say("bundle-unsigned", "no signature over the bundle as a whole; its heads are looked at on their own")
        return
    wanted = f"{NOTE_TEXT}\n{seen.log_id}\n{size}\n{bag.tags_sha256}\n"
    try:
        note = parse_note(small_file(container, BUNDLE_NOTE, findings))
        key, _ = seen.chain.signer_of(note)
        if note.text != wanted:
            raise ValueError("it is over another bundle, or this one was changed")
        if key is None or key not in seen.chain.trusted():
            raise ValueError("no key that can be trusted signed it")
        replaced = seen.chain.replaced_at(key)
        if replaced is not None and size >= replaced:
            raise ValueError(f"it is signed by a key that line {replaced} had replaced")
    except ValueError as fault:
        findings.say("bundle-note-false", f"{BUNDLE_NOTE}: {fault}", file=BUNDLE_NOTE)


def _good(seen: LogSeen, contents: BundleContents) -> dict[str, Verdict]:
    taken = ", ".join(f"{count:,} {kind}" for kind, count in sorted(contents.redactions.items())) or "nothing"
    gaps = sum(each["count"] for each in seen.passed.tally.coverage().values())
    return {
        REDACTION: Verdict(
            PROVEN,
            f"each text, {contents.shown:,} in all, is the one that its line names; said to be taken out: {taken}",
        ),
        COVERAGE: Verdict(PROVEN, f"the statement of gaps is what the lines say: {counted(gaps, 'entry', 'entries')}"),
        CONTEXT: Verdict(PROVEN, "settings are shown as they were in force"),
    }


def _uncompared(damaged_at: Optional[int]) -> dict[str, Verdict]:  # noqa: UP045
    sentence = f"line {damaged_at} is damaged, so there is nothing to hold it against"
    return {name: Verdict(NOT_CHECKED, sentence) for name in (REDACTION, COVERAGE, CONTEXT)}


def _first_line(container: Container) -> int:
    files = [found for found in map(_LOG_FILE.fullmatch, container.files) if found]
    return min((int(found[1]) for found in files), default=1)


def _newlines(where: FileRange) -> int:
    with open(where.path, "rb") as file:
        file.seek(where.offset)
        left, count = where.length, 0
        while left > 0:
            data = file.read(min(left, 1 << 20))
            if not data:
                break
            left -= len(data)
            count += data.count(b"\n")
    return count


def _short(value: Optional[Any]) -> str:  # noqa: UP045
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 80 else f"{text[:77]}..."
