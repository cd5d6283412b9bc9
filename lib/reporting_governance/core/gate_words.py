"""What an agent is told that was held back: why, what is missing, and how it can go on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.core.fact_catalogue import REPORT_FIELDS
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_evaluator import Verdict

_MOST_BYTES = 4000
_MOST_CHECKS = 5


def reason_for_agent(
    verdict: Verdict, facts: Facts, evidence: Sequence[Mapping[str, Any]], *, of_tool: bool = False
) -> str:
    """Return the reason of a block, in plain words; nothing in it is a promise that the next attempt will pass."""
    decision = verdict.decision
    lines = [f"{decision.reason} ({decision.policy_id})"]
    asked = {leaf.fact for trace in verdict.traces if trace.truth for leaf in trace.rule.condition.leaves}
    missing = list(_missing(facts, evidence, asked))
    if missing:
        lines += ["What is missing:", *(f"- {each}" for each in missing)]
    if not of_tool:
        lines.append("Do what is missing, or say plainly what is not done and not checked; then report again.")
    return "\n".join(lines).encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")


def _missing(facts: Facts, evidence: Sequence[Mapping[str, Any]], asked: Collection[str]) -> Iterator[str]:
    """Yield what is missing; of the report's fields only where a rule that was hit looks at them."""
    known = facts.known
    if known("claim.completion_asserted") or known("claim.checks_passed_asserted"):
        yield from _checks(facts, evidence)
    if known("claim.is_progress_bearing") and known("evidence.new_items_since_last_checkpoint") == 0:
        yield "evidence that anything was done since the last report"
    if known("children.open"):
        yield f"the results of {known('children.open')} sub-agents that have not finished"
    if any(each.startswith("message.") for each in asked):
        fields = [name.replace("_", " ") for name in REPORT_FIELDS if known(f"message.{name}_present") is False]
        if fields:
            yield f"in the report: {', '.join(fields)}"


def _checks(facts: Facts, evidence: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    known = facts.known
    if known("evidence.failing_checks"):
        failed = [each for each in evidence if _check(each).get("outcome") == "failed"]
        for each in failed[-_MOST_CHECKS:]:
            yield f"a pass of a check that failed: {each['summary']}"
    idle = [each for each in evidence if _check(each).get("proves_nothing")]
    for each in idle[-_MOST_CHECKS:]:
        yield f"a check that proves something, unlike {each['summary']}"
    yield from _named_checks(facts, evidence)
    if known("evidence.completion_min_quality") in ("none", "weak") and not known("evidence.code_changed"):
        yield "something that shows the result: a changed file, or the output of a check"
        return
    best = known("evidence.best_check_after_last_change")
    if known("evidence.code_changed") is not False and best not in ("strong", "decisive"):
        ran = known("evidence.checks_run")
        yield "a check that passed after the last change of code" if ran else "a check of what was changed: none ran"


#: what shows each of the checks that a report can name
_SHOWN_BY = {
    "tests": "a run of the project's tests that passed after the last change",
    "static": "a linter or a type checker that passed after the last change",
    "build": "a build that passed after the last change",
}


def _named_checks(facts: Facts, evidence: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is said by name to pass and was not seen to; of all tests, what ran instead."""
    asserted, passed = facts.known("claim.checks_asserted") or (), facts.known("evidence.checks_passed")
    if not isinstance(passed, (list, tuple)) or not isinstance(asserted, (list, tuple)):
        return
    yield from (shown for name, shown in _SHOWN_BY.items() if name in asserted and name not in passed)
    if "all_tests" in asserted and "tests" in passed and "all_tests" not in passed:
        parts = [
            f"{_check(each)['runner']} ran {_check(each)['part']}" for each in evidence if _check(each).get("part")
        ]
        yield "a run of all tests that passed after the last change" + (f": {'; '.join(parts[-2:])}" if parts else "")


def _check(item: Mapping[str, Any]) -> Mapping[str, Any]:
    found = item.get("supports", {}).get("check")
    return found if isinstance(found, Mapping) else {}
