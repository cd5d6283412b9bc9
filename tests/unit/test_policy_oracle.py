"""Random events and packs: compiled decides as the slow reading does, never raises, twice the same, in any order.

The seed is a number, so that every run has the same events; `REPORTGOV_SEED` names another.
"""

import json
import os
from collections import Counter
from itertools import permutations
from random import Random

import pytest

from reporting_governance.contracts.decision import Decision, DecisionKind
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_check import check_pack
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.policy_evaluator import Verdict, evaluate
from tests.unit import pack_reference, random_policy
from tests.unit.policy_strategies import NOW

SEED = int(os.environ.get("REPORTGOV_SEED", "20260301"))
EVENTS_A_PACK = 5


def try_some(count: int, seed: int) -> Counter[str]:
    """Judge so many random events by random packs; return how often each kind of decision came out."""
    random = Random(seed)
    found: Counter[str] = Counter()
    tried = 0
    while tried < count:
        documents = [random_policy.pack(random, "one"), random_policy.pack(random, "two")]
        if any(check_pack(each) for each in documents):
            continue  # a random rule may contradict itself
        compiled = [compile_pack(each) for each in documents]
        shuffled = [compile_pack(with_rules_shuffled(each, random)) for each in documents]
        for _ in range(EVENTS_A_PACK):
            tried += 1
            event, task, evidence = (
                random_policy.event(random),
                random_policy.task(random),
                random_policy.evidence(random),
            )
            task = random.choice([None, task])
            where = f"seed {seed}, event {tried}"
            grace = random.choice([None, 300])
            facts = build_facts(event, task, evidence, NOW, grace_seconds=grace)
            verdict = evaluate(compiled, facts)
            decision, looked = pack_reference.decide(documents, facts)
            assert essence(verdict.decision) == decision, where
            assert {
                each.rule_id: (each.truth.value, each.outcome and each.outcome.value) for each in verdict.evaluations
            } == looked, where
            assert Decision.parse(verdict.decision.dump()) == verdict.decision, where
            expected = as_bytes(verdict)
            again = build_facts(event, task, evidence, NOW, grace_seconds=grace)
            assert as_bytes(evaluate(compiled, again)) == expected, where
            for order in permutations(shuffled):
                assert as_bytes(evaluate(order, facts)) == expected, where
            found[decision["decision"] if decision["policy_id"].partition(".")[0] != "default" else "default"] += 1
    return found


def with_rules_shuffled(document: dict[str, object], random: Random) -> dict[str, object]:
    rules = list(document["spec"]["rules"])
    random.shuffle(rules)
    return {**document, "spec": {**document["spec"], "rules": rules}}


def essence(decision: Decision) -> dict[str, object]:
    """Return a decision as the slow reading describes it."""
    notice = decision.operator_notice
    return {
        "decision": decision.decision.value,
        "policy_id": decision.policy_id,
        "severity": decision.severity.value,
        "status": decision.suggested_status and decision.suggested_status.value,
        "actions": [
            {"action": each.action.value, "target": each.target.value, "mandatory": each.mandatory,
             "details": None if each.details is None else dict(each.details)}
            for each in decision.required_actions
        ],
        "notice": notice and {
            "required": notice.required, "channel": notice.channel, "urgency": notice.urgency.value,
            "must_reference": list(notice.must_reference),
        },
    }  # fmt: skip


def as_bytes(verdict: Verdict) -> bytes:
    message = verdict.message and [verdict.message.subject, verdict.message.body]
    whole = [verdict.decision.dump(), [each.dump() for each in verdict.evaluations], message]
    return json.dumps(whole, sort_keys=True).encode()


def test_a_few_hundred_random_events_and_packs() -> None:
    found = try_some(600, SEED)
    assert set(found) == {*(each.value for each in DecisionKind), "default"}, "every decision comes out of some"


@pytest.mark.long
def test_ten_thousand_random_events_and_packs() -> None:
    found = try_some(10_000, SEED + 1)
    assert min(found.values()) >= 100, found
