"""Annotations of GitHub Actions: one workflow command a finding.

Escapes: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.  Few annotations of a kind
are shown for a step, so errors come first.
"""

from __future__ import annotations

from dataclasses import replace

from reporting_governance.commands._formats.places import answered_for, in_words, is_inside, told
from reporting_governance.commands._formats.text import summary
from reporting_governance.commands._verify import Unread, Verified
from reporting_governance.contracts.finding import Finding, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def write(done: Verified) -> str:
    """Return the workflow commands, and the summary as a plain line."""
    ordered = sorted(done.findings, key=lambda each: each.severity, reverse=True)
    lines = [_unread(each) for each in done.unread]
    lines += [_annotation(each, told(each, each.related)) for each in ordered]
    lines += [
        _annotation(replace(each, severity=Severity.NOTE), f"{answered_for(waiver)}\n{told(each, each.related)}")
        for each, waiver in done.waived
    ]
    return "\n".join([*lines, summary(done)])


def _unread(unread: Unread) -> str:
    reason = f"could not be checked: {unread.reason}"
    if is_inside(unread.file):
        return f"::error file={_value(unread.file)}::{_text(reason)}"
    return f"::error::{_text(f'{unread.file}: {reason}')}"


def _annotation(finding: Finding, message: str) -> str:
    properties = {"file": finding.file}
    if not is_inside(finding.file):
        # No line of the repository is meant, and an annotation at another would mislead.
        properties, message = {}, f"{in_words(finding)}: {message}"
    elif finding.line is not None:
        properties |= {"line": str(finding.line), "col": str(finding.column)}
        if finding.end_line == finding.line and finding.end_column is not None:
            properties |= {"endLine": str(finding.line), "endColumn": str(finding.end_column)}
    properties["title"] = finding.rule
    given = ",".join(f"{name}={_value(each)}" for name, each in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{_text(message)}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
