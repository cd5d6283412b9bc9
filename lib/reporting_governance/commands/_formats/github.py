"""Annotations of GitHub Actions: one workflow command a finding.

Escapes: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.  Few annotations of a kind
are shown for a step, so errors come first.
"""

from __future__ import annotations

from reporting_governance.commands._formats.text import summary
from reporting_governance.commands._verify import Verified
from reporting_governance.contracts.finding import Finding, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def write(done: Verified) -> str:
    """Return the workflow commands, and the summary as a plain line."""
    ordered = sorted(done.findings, key=lambda each: each.severity, reverse=True)
    lines = [
        f"::error file={_value(each.file)}::{_text(f'could not be checked: {each.reason}')}" for each in done.unread
    ]
    lines += [_annotation(each) for each in ordered]
    return "\n".join([*lines, summary(done)])


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.file}
    if finding.line is not None:
        properties |= {"line": str(finding.line), "col": str(finding.column)}
        if finding.end_line == finding.line and finding.end_column is not None:
            properties |= {"endLine": str(finding.line), "endColumn": str(finding.end_column)}
    properties["title"] = finding.rule
    given = ",".join(f"{name}={_value(each)}" for name, each in properties.items())
    message = finding.message if finding.suggestion is None else f"{finding.message}\n{finding.suggestion}"
    return f"::{_COMMANDS[finding.severity]} {given}::{_text(message)}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
