"""One decision from many rules: order, merging, unknown outcomes, what is not judged, and determinism."""

import json
from itertools import pairwise, permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reporting_governance.contracts.decision import Decision, Truth
from reporting_governance.core.decision_merging import STRENGTH
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.policy_check import check_pack
from reporting_governance.core.policy_compiling import check_together, compile_pack
from reporting_governance.core.policy_evaluator import evaluate
from tests.unit.policy_documents import TASK, UNKNOWABLE, action, event, firing, notice, pack, rule
from tests.unit.policy_strategies import NOW, facts, packs, spec_of

FIRED = firing("owner_dead")


def judge(*rules, on=FIRED, task=None, evidence=()):
    return evaluate([compile_pack(pack(*rules))], build_facts(on, task, evidence, NOW))


def wanted(verdict):
    return [(each.action.value, each.target.value) for each in verdict.decision.required_actions]


def test_without_a_hit_the_event_is_allowed():
    verdict = judge(rule(conditions={"fact": "task.status", "equals": "paused"}))
    assert (verdict.decision.decision, verdict.decision.policy_id) == ("allow", "default.allow")
    assert verdict.message is None
    assert not verdict.decision.notifies()
    assert [each.truth for each in verdict.evaluations] == [Truth.FALSE]


def test_the_order_of_decisions():
    assert [kind.value for kind in STRENGTH] == [
        "block",
        "escalate",
        "force_checkpoint",
        "require_review",
        "downgrade_status",
        "rewrite",
        "annotate_placeholder",
        "allow",
    ]


@pytest.mark.parametrize(("stronger", "weaker"), list(pairwise(STRENGTH)))
def test_the_stronger_decision_wins_whatever_its_severity(stronger, weaker):
    verdict = judge(
        rule("own.a", decision=weaker.value, severity="critical", priority=9),
        rule("own.b", decision=stronger.value, severity="info"),
    )
    assert verdict.decision.policy_id == "own.b"
    assert [each.outcome for each in verdict.evaluations] == [weaker, stronger]


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ({"severity": "high"}, {"severity": "medium", "priority": 5}),
        ({"priority": 5}, {"priority": 4}),
        ({}, {"id": "own.z"}),
    ],
)
def test_then_severity_then_priority_then_id(winner, loser):
    rules = [rule("own.m", **winner), rule(loser.pop("id", "own.a"), **loser)]
    assert judge(*rules).decision.policy_id == "own.m"
    assert judge(*reversed(rules)).decision.policy_id == "own.m"


def test_a_rule_without_severity_has_that_of_its_pack():
    bare = rule()
    del bare["decision_output"]["severity"]
    verdict = evaluate([compile_pack(pack(bare, severity_default="low"))], build_facts(FIRED, None, (), NOW))
    assert verdict.decision.severity == "low"


class TestMerging:
    def test_actions_of_losers_follow_those_of_the_winner_without_repeats(self):
        verdict = judge(
            rule(
                "own.loser",
                required_actions=[
                    action("append_audit_note", "task_record", note="second"),
                    action("notify_operator", kind="other"),
                ],
            ),
            rule(
                "own.winner",
                decision="force_checkpoint",
                required_actions=[
                    action("notify_operator", mandatory=False),
                    action("append_audit_note", "task_record", note="first"),
                ],
            ),
        )
        found = [(each.action.value, each.details, each.mandatory) for each in verdict.decision.required_actions]
        assert found == [
            ("notify_operator", None, True),  # one notice only; mandatory, because somebody said so
            ("append_audit_note", {"note": "first"}, True),
            ("append_audit_note", {"note": "second"}, True),
        ]

    def test_a_loser_does_not_set_another_status_than_the_winner(self):
        verdict = judge(
            rule(
                "own.loser",
                suggested_status="completed",
                required_actions=[action("set_status", "status_transition")],
            ),
            rule("own.winner", decision="downgrade_status", suggested_status="pending_verification"),
        )
        assert verdict.decision.suggested_status == "pending_verification"
        assert wanted(verdict) == []

    def test_a_blocked_message_is_not_rewritten_as_well(self):
        verdict = judge(
            rule("own.rewrite", decision="rewrite", required_actions=[action("rewrite_message", "outgoing_report")]),
            rule("own.block", decision="block", required_actions=[action("block_transition", "dispatch_gate")]),
        )
        assert wanted(verdict) == [("block_transition", "dispatch_gate")]

    def test_a_message_is_rewritten_or_annotated_but_not_both(self):
        verdict = judge(
            rule("own.a", decision="rewrite", required_actions=[action("rewrite_message", "outgoing_report")]),
            rule(
                "own.b",
                decision="annotate_placeholder",
                required_actions=[action("record_placeholder", "outgoing_report")],
            ),
        )
        assert wanted(verdict) == [("rewrite_message", "outgoing_report")]

    def test_a_notice_is_not_lost_because_its_rule_lost(self):
        verdict = judge(
            rule(
                "own.told",
                operator_notice=notice(urgency="critical", must_reference=["watchdog_fired"]),
                operator_message_templates={"subject": "the engine is gone", "body": "since then"},
            ),
            rule("own.winner", decision="force_checkpoint"),
        )
        assert verdict.decision.policy_id == "own.winner"
        assert verdict.decision.operator_notice.urgency == "critical"
        assert (verdict.message.subject, verdict.message.body) == ("the engine is gone", "since then")

    def test_the_notice_of_the_winner_comes_first(self):
        verdict = judge(
            rule("own.told", operator_notice=notice(urgency="critical")),
            rule("own.winner", decision="force_checkpoint", operator_notice=notice(urgency="low")),
        )
        assert verdict.decision.operator_notice.urgency == "low"

    def test_a_notice_that_is_not_required_tells_nobody(self):
        verdict = judge(rule(decision="rewrite", operator_notice=notice(required=False)))
        assert not verdict.decision.notifies()
        assert verdict.decision.operator_notice.message is None


class TestUnknown:
    @pytest.mark.parametrize(
        ("on_unknown", "decision", "strongest"),
        [
            (None, "require_review", ("request_review", "task_record")),
            ("escalate", "escalate", ("raise_escalation", "operator_channel")),
            ("block", "block", ("block_transition", "status_transition")),
        ],
    )
    def test_an_unknown_rule_does_what_it_says(self, on_unknown, decision, strongest):
        verdict = judge(
            rule(
                conditions=UNKNOWABLE,
                decision="rewrite",
                rewritten_message="never used",
                **({"on_unknown": on_unknown} if on_unknown else {}),
            )
        )
        assert (verdict.decision.decision, verdict.decision.policy_id) == (decision, "own.rule")
        assert verdict.decision.notifies()
        assert verdict.decision.rewritten_message is None
        assert wanted(verdict) == [strongest, ("notify_operator", "operator_channel")]
        assert "gate.blocked_before: nobody asked" in verdict.decision.reason
        [evaluation] = verdict.evaluations
        assert evaluation.truth is Truth.UNKNOWN
        assert evaluation.outcome == decision

    def test_skip_does_nothing_and_is_recorded(self):
        verdict = judge(rule(conditions=UNKNOWABLE, on_unknown="skip", on_unknown_reason="nothing is lost"))
        assert verdict.decision.policy_id == "default.allow"
        [evaluation] = verdict.evaluations
        assert (evaluation.truth, evaluation.outcome) == (Truth.UNKNOWN, None)
        assert "nobody asked" in evaluation.reason

    def test_it_does_not_count_when_a_hit_outranks_it_by_severity(self):
        unknown = rule("own.unknown", conditions=UNKNOWABLE, severity="medium", on_unknown="block")
        assert judge(unknown, rule("own.hit", severity="high")).decision.policy_id == "own.hit"
        assert judge(unknown, rule("own.hit", severity="medium")).decision.policy_id == "own.unknown"

    def test_when_it_loses_it_has_no_further_say(self):
        unknown = rule("own.unknown", conditions=UNKNOWABLE, severity="high")
        verdict = judge(unknown, rule("own.hit", decision="force_checkpoint", severity="high"))
        assert verdict.decision.policy_id == "own.hit"
        assert wanted(verdict) == []
        assert not verdict.decision.notifies()

    def test_when_it_wins_what_the_hits_require_is_done_too(self):
        unknown = rule("own.unknown", conditions=UNKNOWABLE, severity="high", on_unknown="block")
        hit = rule("own.hit", severity="low", required_actions=[action("append_audit_note", "task_record")])
        assert wanted(judge(unknown, hit))[-1] == ("append_audit_note", "task_record")


class TestNotJudged:
    def test_a_resolved_condition(self):
        verdict = judge(rule(decision="block"), on=firing("owner_dead", phase="resolved"))
        assert verdict.decision.policy_id == "default.resolved"
        assert verdict.decision.decision == "allow"
        assert verdict.evaluations == ()

    def test_an_event_that_a_decision_caused(self):
        verdict = judge(rule(decision="block"), on=firing("owner_dead", caused_by="dec_1"))
        assert verdict.decision.policy_id == "default.caused"


class TestApplying:
    @pytest.mark.parametrize(
        ("applies_to", "applies"),
        [
            ({}, True),
            ({"runtimes": []}, True),
            ({"runtimes": ["local-host", "openclaw"]}, True),
            ({"runtimes": ["openclaw"]}, False),
            ({"task_modes": ["silent"]}, False),
            ({"task_modes": ["interactive"]}, True),
            ({"workflow_shapes": ["single-agent"]}, True),
            ({"workflow_shapes": ["parent-child"]}, False),
            ({"channels": ["telegram"]}, True),  # the event does not say its channel: that keeps no pack away
        ],
    )
    def test_a_pack_for_certain_tasks(self, applies_to, applies):
        compiled = compile_pack(pack(rule(decision="block"), applies_to=applies_to))
        verdict = evaluate([compiled], build_facts(FIRED, None, (), NOW))
        assert (verdict.decision.decision == "block") is applies

    def test_a_pack_for_tasks_applies_when_the_task_is_not_known(self):
        compiled = compile_pack(pack(rule(decision="block"), applies_to={"task_modes": ["silent"]}))
        bare = {**FIRED, "payload": {"phase": "firing"}}
        assert evaluate([compiled], build_facts(bare, None, (), NOW)).decision.decision == "block"

    @pytest.mark.parametrize(
        ("triggers", "looks"),
        [
            ({"event_types": ["watchdog_fired"]}, True),
            ({"event_types": ["silence_timeout"]}, False),
            ({"derived_signals": ["owner_dead"]}, True),
            ({"derived_signals": ["deadline_missed"]}, False),
            ({"event_types": ["silence_timeout"], "derived_signals": ["owner_dead"]}, True),
            ({"claim_types": ["completion"]}, False),
        ],
    )
    def test_any_trigger_is_enough(self, triggers, looks):
        assert bool(judge(rule(triggers=triggers)).evaluations) is looks


BLUE = {"fact": "task.labels.team", "equals": "blue"}


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "truth"), [({"team": "blue"}, "true"), ({"team": "red"}, "false"), ({}, "false")]
    )
    def test_a_label_that_a_task_lacks_is_null(self, labels, truth):
        on = firing("owner_dead", task={**TASK, "labels": labels})
        assert judge(rule(conditions=BLUE), on=on).evaluations[0].truth == truth

    def test_a_label_of_an_unknown_task_is_unknown(self):
        on = {**FIRED, "payload": {"phase": "firing"}}
        assert judge(rule(conditions=BLUE), on=on).evaluations[0].truth == "unknown"


def test_evaluations_show_the_value_behind_each_leaf():
    verdict = judge(
        rule(
            conditions={
                "any": [
                    {"fact": "task.last_checkpoint_at", "older_than": 60},
                    {"fact": "task.deadline_at", "exists": True},
                    {"fact": "message.text", "contains": "done"},
                ]
            }
        )
    )
    [evaluation] = verdict.evaluations
    assert [each.dump() for each in evaluation.leaves] == [
        {
            "fact": "task.last_checkpoint_at",
            "operator": "older_than",
            "truth": "true",
            "value": "2026-03-01T09:00:00.000Z",
            "wanted": 60,
        },
        {"fact": "task.deadline_at", "operator": "exists", "truth": "false", "value": None, "wanted": True},
        {
            "fact": "message.text",
            "operator": "contains",
            "truth": "unknown",
            "value": None,
            "wanted": "done",
            "reason": "the event carries no report",
        },
    ]


def test_long_values_are_cut_in_the_record():
    on = event("task_checkpoint_sent", message="x" * 5000, report={})
    compiled = rule(
        triggers={"event_types": ["task_checkpoint_sent"]}, conditions={"fact": "message.text", "contains": "x"}
    )
    [leaf] = judge(compiled, on=on).evaluations[0].leaves
    assert len(leaf.value) == 200
    assert leaf.value.endswith("…")


def test_two_packs_with_one_rule_id_are_a_fault():
    own, nested = compile_pack(pack(rule("a.b.c"), pack_id="a")), compile_pack(pack(rule("a.b.c"), pack_id="a.b"))
    [(index, (pointer, message, _))] = check_together([own, nested])
    assert index == 1
    assert pointer == "/spec/rules/0/id"
    assert message == "rule a.b.c of pack a.b is in pack a too"
    assert check_together([own]) == ()


def of(values):
    return Facts(values, NOW, "watchdog_fired", frozenset({"owner_dead"}), frozenset())


def as_bytes(verdict):
    return json.dumps(
        [
            verdict.decision.dump(),
            [each.dump() for each in verdict.evaluations],
            [verdict.message.subject, verdict.message.body] if verdict.message else None,
        ],
        sort_keys=True,
    )


SPECS = tuple(
    spec_of(path) for path in ("task.status", "task.title", "children.open", "evidence.items", "event.timestamp")
)


@settings(max_examples=60, deadline=None)
@given(
    documents=st.tuples(packs("one", 3, SPECS), packs("two", 3, SPECS)),
    values=facts([spec.path for spec in SPECS]),
    data=st.data(),
)
def test_order_changes_nothing_and_the_result_is_a_valid_decision(documents, values, data):
    assume(not any(check_pack(each) for each in documents))  # a random rule may contradict itself
    compiled = [compile_pack(each) for each in documents]
    verdict = evaluate(compiled, of(values))
    expected = as_bytes(verdict)
    assert Decision.parse(verdict.decision.dump()) == verdict.decision
    assert as_bytes(evaluate(compiled, of(values))) == expected
    shuffled = [
        compile_pack({**each, "spec": {**each["spec"], "rules": data.draw(st.permutations(each["spec"]["rules"]))}})
        for each in documents
    ]
    for order in permutations(shuffled):
        assert as_bytes(evaluate(order, of(values))) == expected
