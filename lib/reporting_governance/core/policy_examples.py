"""Run the examples that stand beside a rule: an event, and the decision it must lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reporting_governance.contracts.decision import DecisionKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.policy_compiling import CompiledPack
from reporting_governance.core.policy_evaluator import Verdict, evaluate
from reporting_governance.core.policy_pack import RuleExample

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@frozen
class ExampleResult:
    """What an example came to."""

    rule_id: str
    title: str
    expected: tuple[DecisionKind, str]
    found: tuple[DecisionKind, str]
    passed: bool
    verdict: Verdict


def complete_event(event: Mapping[str, Any], task: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a whole event envelope: what an example leaves out is taken from its task or is a fixed value."""
    about = task or {}
    return {
        "event_id": "evt_example",
        "event_type": "task_checkpoint_sent",
        "runtime": about.get("runtime", "native"),
        "adapter_version": "0.0.0",
        "agent_id": about.get("agent_id", "example-agent"),
        "task_id": about.get("task_id", "example-task"),
        "correlation_id": about.get("task_id", "example-task"),
        "timestamp": format_time(_MOMENT),
        "payload": {},
        "evidence_refs": [],
        "operator_context": {},
        **event,
    }


def run_examples(pack: CompiledPack, together_with: Sequence[CompiledPack] = ()) -> tuple[ExampleResult, ...]:
    """Run every example of a pack.

    Args:
        pack: the pack whose examples are run.
        together_with: other packs in force; the examples then speak of all of them together.
    """
    packs = (pack, *together_with)
    return tuple(_run(rule.rule.id, example, packs) for rule in pack.rules for example in rule.rule.examples)


def facts_of(example: RuleExample) -> Facts:
    """Return what the rules see of an example."""
    event = complete_event(example.event, example.task)
    now = example.now or parse_time(event["timestamp"])
    return build_facts(event, example.task, example.evidence, now)


def _run(rule_id: str, example: RuleExample, packs: Sequence[CompiledPack]) -> ExampleResult:
    verdict = evaluate(packs, facts_of(example))
    expected, decision = example.expect, verdict.decision
    passed = (decision.decision, decision.policy_id) == (expected.decision, expected.policy_id) and (
        expected.notice is None or expected.notice is decision.notifies()
    )
    return ExampleResult(
        rule_id,
        example.title,
        (expected.decision, expected.policy_id),
        (decision.decision, decision.policy_id),
        passed,
        verdict,
    )
