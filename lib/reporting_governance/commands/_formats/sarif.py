"""SARIF 2.1.0, as code scanning takes it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

GitHub takes 25,000 results in a run and shows 5,000; the most severe come first, and what is left out is said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reporting_governance import __version__
from reporting_governance.commands._formats.gitlab import fingerprint
from reporting_governance.commands._verify import Verified
from reporting_governance.contracts.finding import Finding, FindingRule, Related, Severity

if TYPE_CHECKING:
    from reporting_governance.commands._rule_texts.example import RuleText

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST = 25_000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def write(done: Verified) -> str:
    """Return the log."""
    ordered = sorted(done.findings, key=lambda each: each.severity, reverse=True)
    waived = [finding for finding, _ in done.waived]
    rules = {each: place for place, each in enumerate(dict.fromkeys(each.rule for each in [*ordered, *waived]))}
    results = [_result(each, rules) for each in ordered[:_MOST]]
    for finding, waiver in done.waived[: _MOST - len(results)]:
        suppression = {"kind": "external", "justification": f"{waiver.owner}, until {waiver.until}: {waiver.reason}"}
        results.append({**_result(finding, rules), "suppressions": [suppression]})
    notifications = [
        {
            "level": "error",
            "message": {"text": f"could not be checked: {each.reason}"},
            "locations": [_place(each.file)],
        }
        for each in done.unread
    ]
    left_out = len(ordered) + len(waived) - len(results)
    if left_out:
        text = f"{left_out} more results are not listed"
        notifications.append({"level": "warning", "message": {"text": text}})
    invocation: dict[str, Any] = {"executionSuccessful": not done.unread}
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver([*ordered, *waived], rules)},
                "automationDetails": {"id": f"reporting-governance/{done.kind}/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [invocation],
                "results": results,
            }
        ],
    }
    # Not indented: of 25,000 results that would be half the size, and most of the time.
    return json.dumps(log, ensure_ascii=False)


def _driver(findings: list[Finding], rules: dict[str, int]) -> dict[str, Any]:
    from reporting_governance.commands._rule_texts import rule_texts
    from reporting_governance.commands._rules import every_rule

    known, texts = every_rule(), rule_texts()
    described = []
    for name in rules:
        rule = known.get(name)
        sentence = rule.sentence if rule else name
        advice = rule.help if rule else next(each.help for each in findings if each.rule == name)
        described.append(
            {
                "id": name,
                "shortDescription": {"text": sentence},
                "fullDescription": {"text": f"{sentence}  {advice}".strip()},
                "help": _help(rule, texts[name]) if rule else {"text": advice or sentence},
                "defaultConfiguration": {"level": _LEVELS[rule.severity] if rule else "error"},
            }
        )
    return {"name": "reporting-governance", "semanticVersion": __version__, "version": __version__, "rules": described}


def _help(rule: FindingRule, text: RuleText) -> dict[str, str]:
    from reporting_governance.commands._rule_account import fix_of, markdown

    headline = f"**{rule.id}** {rule.sentence}"
    return {"text": f"{text.why}\n{fix_of(rule, text)}", "markdown": f"{headline}\n\n{markdown(rule, text)}"}


def _result(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    message = finding.message if finding.suggestion is None else f"{finding.message}\n{finding.suggestion}"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [_place(finding.file, finding)],
        "partialFingerprints": {"reportingGovernance/v1": fingerprint(finding)},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": each.message}, **_place(each.file, each)}
            for number, each in enumerate(finding.related)
        ]
    return result


def _place(file: str, place: Finding | Related | None = None) -> dict[str, Any]:
    # Absolute paths are no URIs below the repository; code scanning drops them, and says so.
    path = quote(file, errors="surrogateescape")  # the bytes of a name that is no UTF-8
    uri = f"file://{path}" if file.startswith("/") else path
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place is not None and place.line is not None:
        region = {"startLine": place.line, "startColumn": place.column}
        if place.end_line is not None and place.end_column is not None:
            region |= {"endLine": place.end_line, "endColumn": place.end_column}
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if place is not None and place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": place.pointer, "kind": "member"}]
    return location
