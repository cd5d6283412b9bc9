"""GitLab's Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import json
from hashlib import sha256

from reporting_governance.commands._formats.places import told
from reporting_governance.commands._verify import Unread, Verified
from reporting_governance.contracts.finding import Finding, Severity

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def write(done: Verified) -> str:
    """Return a JSON list; GitLab compares it with that of the target branch by fingerprint."""
    issues = [*map(_issue, done.findings), *map(_unread, done.unread)]
    return json.dumps(_told_apart(issues), indent=2, ensure_ascii=False)


def _issue(finding: Finding) -> dict[str, object]:
    return {
        "description": "; ".join(told(finding, finding.related).split("\n")),
        "check_name": finding.rule,
        "fingerprint": fingerprint(finding),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.file, "lines": {"begin": finding.line or 1}},
    }


def _unread(unread: Unread) -> dict[str, object]:
    return {
        "description": f"could not be checked: {unread.reason}",
        "check_name": "not-read",
        "fingerprint": _digest("not-read", unread.file),
        "severity": "blocker",
        "location": {"path": unread.file, "lines": {"begin": 1}},
    }


def fingerprint(finding: Finding) -> str:
    """Return what stays the same when lines are added above a finding."""
    return _digest(finding.rule, finding.file, str(finding.document), finding.pointer, finding.message)


def _told_apart(issues: list[dict[str, object]]) -> list[dict[str, object]]:
    """Number equal fingerprints: of two alike, GitLab would show one."""
    seen: dict[object, int] = {}
    for each in issues:
        number = seen[each["fingerprint"]] = seen.get(each["fingerprint"], -1) + 1
        if number:
            each["fingerprint"] = _digest(str(each["fingerprint"]), str(number))
    return issues


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
