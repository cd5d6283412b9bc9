"""50 rules on one event: rule evaluations a second, beside Google's CEL with the same conditions in the same run.

CEL comes from ci/requirements-bench.txt, which nothing else needs; without it our own figures are taken alone.  It is
given what is best for it: conditions compiled once, and one activation that all rules of an event share.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.policy_compiling import CompiledPack, compile_pack
from reporting_governance.core.policy_evaluator import evaluate
from reporting_governance.core.policy_examples import complete_event
from tests.bench.measuring import Result, at_least, best_of, only_told, timed

RULES = 50
PER_SECOND = 200_000
_EVENTS = 200
_ROUNDS = 7
_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_TASK = {
    "task_id": "fix",
    "agent_id": "coder",
    "runtime": "native",
    "status": "active",
    "started_at": "2026-03-01T08:00:00.000Z",
}
_EVIDENCE = [
    {
        "evidence_id": "evi_1",
        "class": "tool_output",
        "quality": "weak",
        "captured_at": "2026-03-01T11:00:00.000Z",
        "supports": {"claims": ["completion"]},
    }
]
#: fact, our operator and operand, and the same for CEL; the last one decides whether the rule holds
_LEAVES = (
    ("claim.completion_asserted", "equals", True, "claim_completion_asserted"),
    ("event.event_type", "in", ["task_claimed_complete", "task_checkpoint_sent"],
     'event_event_type in ["task_claimed_complete", "task_checkpoint_sent"]'),
    ("task.status", "not_equals", "completed", 'task_status != "completed"'),
    ("children.open", "at_most", 3, "children_open <= {}"),
)  # fmt: skip
_OWN = 3  #: which of them has another bound in every rule
_HOLDS = ("evidence.max_quality", "less_than", "moderate", "evidence_max_rank < 2")
_DOES_NOT = ("evidence.max_quality", "at_least", "strong", "evidence_max_rank >= 3")
_TYPES = {
    "claim_completion_asserted": "BOOL",
    "event_event_type": "STRING",
    "task_status": "STRING",
    "children_open": "INT",
    "evidence_max_rank": "INT",
}


def run() -> Iterator[Result]:
    """Yield rule evaluations a second, in thousands: where no rule holds, and where all do."""
    facts = _facts()
    for name, last in (("none holds", _DOES_NOT), ("all hold", _HOLDS)):
        pack = _pack(last)
        sides: dict[str, Callable[[], float]] = {
            "decision": lambda pack=pack: timed(lambda: _decide(pack, facts)),  # type: ignore[misc]
            "record": lambda pack=pack: timed(lambda: _record(pack, facts)),  # type: ignore[misc]
            "conditions": lambda pack=pack: timed(lambda: _conditions(pack, facts)),  # type: ignore[misc]
        }
        cel = _cel(last, facts)
        if cel is not None:
            sides["cel"] = lambda cel=cel: timed(cel)  # type: ignore[misc]
        best = best_of(_ROUNDS, sides)
        rate = {side: RULES * _EVENTS / seconds for side, seconds in best.items()}
        yield at_least(
            f"{RULES} rules on one event, {name}: thousands of rule evaluations a second, with the decision",
            rate["decision"] / 1000,
            PER_SECOND / 1000,
            f"{rate['decision']:,.0f} a second; {rate['record']:,.0f} with all that a record shows",
        )
        if cel is None:
            continue
        for side, what in (("conditions", "conditions alone"), ("decision", "with our decision and its reasons")):
            yield only_told(
                f"the same, {name}, to Google's CEL, {what}",
                rate[side] / rate["cel"],
                f"{rate[side]:,.0f} a second against {rate['cel']:,.0f}",
            )


def _facts() -> Facts:
    event = complete_event({"event_type": "task_claimed_complete", "timestamp": "2026-03-01T12:00:00.000Z"}, _TASK)
    return build_facts(event, _TASK, _EVIDENCE, _NOW)


def _pack(last: tuple[Any, ...]) -> CompiledPack:
    return compile_pack(
        {
            "apiVersion": "reporting-governance/v1alpha1",
            "kind": "PolicyPack",
            "metadata": {
                "id": "bench",
                "title": "Bench",
                "version": "1.0.0",
                "summary": "Equal rules.",
                "owner": "bench",
                "severity_default": "medium",
            },
            "spec": {
                "evaluation_mode": "any_rule_match",
                "rules": [_rule(number, last) for number in range(RULES)],
            },
        }
    )


def _rule(number: int, last: tuple[Any, ...]) -> Mapping[str, Any]:
    """Return a rule of five leaves, of which it shares four with the others, as rules of one pack do."""
    rule_id = f"bench.rule-{number:02}"
    conditions = [{"fact": fact, operator: operand} for fact, operator, operand, _ in (*_LEAVES, last)]
    conditions[_OWN]["at_most"] = number
    return {
        "id": rule_id,
        "title": rule_id,
        "intent": "To be timed.",
        "triggers": {"event_types": ["task_claimed_complete"]},
        "conditions": {"all": conditions},
        "decision_output": {
            "decision": "downgrade_status",
            "severity": "high",
            "reason": "not proven",
            "required_actions": [{"action": "set_status", "target": "status_transition", "mandatory": True}],
        },
    }


def _decide(pack: CompiledPack, facts: Facts) -> None:
    for _ in range(_EVENTS):
        evaluate((pack,), facts)


def _record(pack: CompiledPack, facts: Facts) -> None:
    for _ in range(_EVENTS):
        assert len(evaluate((pack,), facts).evaluations) == RULES


def _conditions(pack: CompiledPack, facts: Facts) -> None:
    for _ in range(_EVENTS):
        for rule in pack.rules:
            rule.condition.test(facts.values, facts.now)


def _cel(last: tuple[Any, ...], facts: Facts) -> Callable[[], None] | None:
    """Return the same conditions in CEL, ready to be run; none where it is not installed."""
    try:
        from cel_expr_python import cel  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    environment = cel.NewEnv(variables={name: getattr(cel.Type, kind) for name, kind in _TYPES.items()})
    source = " && ".join(text for *_, text in (*_LEAVES, last))
    expressions = [environment.compile(source.format(number)) for number in range(RULES)]
    data = {
        "claim_completion_asserted": facts.known("claim.completion_asserted"),
        "event_event_type": facts.known("event.event_type"),
        "task_status": facts.known("task.status"),
        "children_open": facts.known("children.open"),
        "evidence_max_rank": 1,
    }
    wanted = last is _HOLDS

    def call() -> None:
        for _ in range(_EVENTS):
            activation = environment.Activation(data)
            for expression in expressions:
                assert expression.eval(activation).value() is wanted

    return call
