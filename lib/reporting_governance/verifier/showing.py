"""What is said in the end: one document for programs, one page for people.  Nothing of it can drive a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.logcheck import LogSeen
from reporting_governance.verifier.verdicts import Verdict, counted, exit_code_of, result_of

SCHEMA = "verify-audit-report.v1"
_MOST_SHOWN = 20
_LONGEST_MESSAGE = 600
_WORDS = {"proven": "proven", "failed": "FAILED", "limited": "limited", "not_checked": "not checked"}


class Verification(NamedTuple):
    """One verification, finished."""

    document: dict[str, Any]  #: shape: reports/verify-audit.schema.json, without its first key
    exit_code: int

    def titled(self) -> dict[str, Any]:
        """Return the document with the name of its schema."""
        return {"schema": SCHEMA, **self.document}


def verification(
    path: str,
    kind: str,
    seen: Optional[LogSeen],  # noqa: UP045
    verdicts: Mapping[str, Verdict],
    findings: Findings,
    require: str,
    log: Optional[Mapping[str, Any]] = None,  # noqa: UP045
) -> Verification:
    """Put together what was found.

    Args:
        path: what was checked, as it was named.
        kind: `bundle`, `unpacked`, `journal`, `segments`, `proof` or `unknown`.
        seen: None when it could not be read as a log.
        log: what is known of the log all the same.
    """
    code = exit_code_of(verdicts, findings, require)
    document = {
        "path": path,
        "kind": kind,
        "result": result_of(code),
        "exit_code": code,
        "required": require,
        **_of_log(seen),
        **(log or {}),
        "verdicts": {name: {"verdict": each.verdict, "sentence": each.sentence} for name, each in verdicts.items()},
        "counts": dict(sorted(findings.counts.items())),
        "findings": [_clipped(each.document()) for each in findings.in_order()],
    }
    return Verification(_plain(document), code)


def page_of(document: Mapping[str, Any]) -> str:
    """Return what a person reads."""
    lines = [f"{document['path']}: {document['kind']}, {_reach(document)}", ""]
    wide = max(map(len, document["verdicts"]))
    for name, each in document["verdicts"].items():
        lines.append(f"{name.ljust(wide)}  {_WORDS[each['verdict']].ljust(11)}  {each['sentence']}")
    shown = _shown(document["findings"])
    if shown:
        lines.append("")
    lines += [_finding_line(each) for each in shown]
    more = sum(document["counts"].values()) - len(shown)
    if more:
        lines.append(f"and {more} more")
    said = {"proven": "All that was asked for is proven", "failed": "Not what it says it is"}
    result = said.get(document["result"], "Nothing is wrong that was found, and less is proven than was asked for")
    return "\n".join([*lines, "", f"{result} ({document['required']})."])


def plain_text(text: str) -> str:
    """Return a text with what could break a line, drive a terminal or turn the reading direction written out."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "replace").decode() for each in text)


def _of_log(seen: Optional[LogSeen]) -> dict[str, Any]:  # noqa: UP045
    if seen is None:
        return {"log_id": None, "lines": 0, "signed_to": 0, "anchored_to": 0, "key": None, "head": None}
    head = seen.heads.newest
    key = seen.heads.signer
    return {
        "log_id": seen.log_id,
        "lines": seen.passed.lines,
        "signed_to": seen.heads.signed_to,
        "anchored_to": seen.anchors.anchored_to,
        "key": None if key is None else {"vkey": key.text(), "pinned": seen.is_pinned},
        "head": None if head is None else {"size": head.size, "root": head.root.hex()},
    }


def _reach(document: Mapping[str, Any]) -> str:
    if document["log_id"] is None:
        return "no log"
    return (
        f"log {document['log_id'][:8]}, {counted(document['lines'], 'line')}, signed to {document['signed_to']:,}, "
        f"anchored to {document['anchored_to']:,}"
    )


def _shown(findings: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the first findings, and of every code the first one: fifty of one code must not hide another."""
    codes: set[str] = set()
    shown = []
    for place, each in enumerate(findings):
        if place < _MOST_SHOWN or each["code"] not in codes:
            shown.append(each)
        codes.add(each["code"])
    return shown


def _finding_line(each: Mapping[str, Any]) -> str:
    place = "" if each["file"] is None else f" {each['file']}"
    place += "" if each["line"] is None else f":{each['line']}"
    if each["line"] is None and each["message"].startswith(each["file"] or "\0"):
        place = ""  # the sentence begins with it
    return f"{each['level'].replace('_', ' ')}: {each['code']}{place}: {each['message']}"


def _clipped(finding: dict[str, Any]) -> dict[str, Any]:
    """Return a finding without the rest of a message that quotes a megabyte."""
    message = finding["message"]
    return {**finding, "message": message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}..."}


def _plain(value: Any) -> Any:
    if type(value) is str:
        return plain_text(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
