"""SARIF 2.1.0, as code scanning takes it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

GitHub takes 25,000 results in a run and shows 5,000; the most severe come first, and what is left out is said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reporting_governance import __version__
from reporting_governance.commands._formats.gitlab import fingerprint
from reporting_governance.commands._formats.places import in_words, is_inside, told
from reporting_governance.commands._verify import Unread, Verified
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
    # Code scanning refuses a log with a result that has no place in the repository.
    placed = [each for each in ordered if is_inside(each.file)]
    results = [_result(each, rules) for each in placed[:_MOST]]
    answered = [(each, waiver) for each, waiver in done.waived if is_inside(each.file)]
    for finding, waiver in answered[: _MOST - len(results)]:
        suppression = {"kind": "external", "justification": f"{waiver.owner}, until {waiver.until}: {waiver.reason}"}
        results.append({**_result(finding, rules), "suppressions": [suppression]})
    notifications = [_unread(each) for each in done.unread]
    notifications += [_elsewhere(each, rules) for each in ordered if not is_inside(each.file)]
    left_out = len(placed) + len(answered) - len(results)
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
    inside = [each for each in finding.related if is_inside(each.file)]
    outside = tuple(each for each in finding.related if not is_inside(each.file))
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": told(finding, outside)},
        "locations": [_place(finding.file, finding)],
        "partialFingerprints": {"reportingGovernance/v1": fingerprint(finding)},
    }
    if inside:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": each.message}, **_place(each.file, each)}
            for number, each in enumerate(inside)
        ]
    return result


def _unread(unread: Unread) -> dict[str, Any]:
    reason = f"could not be checked: {unread.reason}"
    if not is_inside(unread.file):
        return {"level": "error", "message": {"text": f"{unread.file}: {reason}"}}
    return {"level": "error", "message": {"text": reason}, "locations": [_place(unread.file)]}


def _elsewhere(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    """Return what was found in a file that is not in the repository, for which there is no result."""
    return {
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{in_words(finding)}: {told(finding, finding.related)}"},
        "associatedRule": {"id": finding.rule, "index": rules[finding.rule]},
    }


def _place(file: str, place: Finding | Related | None = None) -> dict[str, Any]:
    uri = quote(file, errors="surrogateescape")  # the bytes of a name that is no UTF-8
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
