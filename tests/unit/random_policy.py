"""Random packs and events from one seed: plain documents, right and wrong, faster than a search for the smallest."""

from datetime import timedelta

from reporting_governance.contracts.decision import ActionKind, ActionTarget, DecisionKind, Severity, SuggestedStatus
from reporting_governance.contracts.times import format_time
from reporting_governance.core.fact_catalogue import CATALOGUE, CONDITIONS, DERIVED_SIGNALS, FactSpec, FactType
from reporting_governance.core.policy_examples import complete_event
from tests.unit.policy_strategies import NOW, item_specs

#: mostly those that can get in each other's way
ACTIONS = (*ActionKind, *[ActionKind.REWRITE_MESSAGE, ActionKind.RECORD_PLACEHOLDER, ActionKind.NOTIFY_OPERATOR] * 3)
TARGETS = (*ActionTarget, *[ActionTarget.OUTGOING_REPORT] * 8)
EVENT_TYPES = CATALOGUE["event.event_type"].choices
WORDS = ("", "a", "ab", "a*c", "task", "moderate", "active", "tool_output", "é", "native", "openclaw")
TEXTS = (
    "Done. All tests pass.",
    "Still waiting for the build.",
    "I think it works now.",
    "3 of 5 tables loaded.",
    "I have sent the schema to the review agent.",
    "So far I have loaded two of the three tables.",
    "",
    "\ud800",
    "Current status: running\nNext step: the third table",
)
#: often looked at, so that rules hold often
FACTS = (
    *(CATALOGUE[path] for path in sorted(CATALOGUE) if not path.startswith(("operator_context.", "gate.", "tool."))),
    FactSpec("task.labels.team", FactType.TEXT, "A label.", nullable=True),
)


def time_near(random):
    return format_time(NOW - timedelta(seconds=random.randrange(-600, 7200)))


def odd(random):
    """A value of no promised type."""
    return random.choice(
        [None, True, 7, -1, 1.5, "x", "", [], ["x"], {}, {"a": 1}, {"$blob": "0" * 64, "size": 3}, float("nan")]
    )


def maybe(random, value, chance=0.92):
    return value if random.random() < chance else odd(random)


def some(random, members):
    return {key: value for key, value in members.items() if random.random() < 0.6}


def event(random):
    report = some(
        random,
        {
            "current_status": "running",
            "completed_this_segment": "two tables",
            "next_step": random.choice(["", "more"]),
            "next_report_condition": "at ten",
            "operator_intervention_needed": random.choice([True, False, "no"]),
        },
    )
    payload = some(
        random,
        {
            "condition": maybe(random, random.choice(CONDITIONS)),
            "phase": maybe(random, random.choice(["due", "firing", "firing", "resolved"])),
            "message": maybe(random, random.choice(TEXTS)),
            "due_at": maybe(random, time_near(random)),
            "late_by_seconds": maybe(random, random.randrange(5)),
            "check_in": {"id": "a"},
            "claim": maybe(
                random,
                some(
                    random,
                    {
                        "kind": random.choice(["progress", "completion", "none", "odd"]),
                        "text_similarity_to_last": random.randrange(101),
                    },
                ),
            ),
            "segment": maybe(random, some(random, {"id": "s1", "reaches_back": random.choice([True, False])})),
            "task": maybe(random, task(random)),
        },
    )
    if random.random() < 0.3:
        payload["report"] = maybe(random, report)
    if random.random() < 0.05:
        payload["caused_by"] = "dec_1"
    return complete_event(
        {
            "event_type": random.choice(EVENT_TYPES),
            "timestamp": maybe(random, time_near(random), 0.97),
            "runtime": random.choice(["native", "openclaw"]),
            "payload": maybe(random, payload, 0.98),
            "evidence_refs": random.choice([[], [{"kind": "evidence", "ref": "e1"}], None, "x"]),
            "operator_context": random.choice([{}, {"channel": "telegram"}, None]),
        }
    )


def task(random):
    child = {"task_id": "c", "status": random.choice(["active", "completed"]), "spawned_at": time_near(random)}
    return some(
        random,
        {
            "task_id": "t",
            "agent_id": "a",
            "runtime": "native",
            "status": maybe(random, random.choice(["active", "in_progress", "completed"])),
            "title": maybe(random, "ab"),
            "mode": random.choice(["interactive", "silent"]),
            "started_at": maybe(random, time_near(random)),
            "last_checkpoint_at": maybe(random, time_near(random)),
            "checkpoint": maybe(random, {"every_seconds": random.randrange(4000)}),
            "labels": maybe(random, {"team": "ab"}),
            "children": maybe(random, [maybe(random, child)]),
            "parent_task_id": random.choice([None, "p"]),
        },
    )


def evidence(random):
    if random.random() < 0.1:
        return None
    return [
        some(
            random,
            {
                "evidence_id": random.choice(["e1", "e2", "e3"]),
                "class": maybe(random, random.choice(["tool_output", "file_change", "verification_output"])),
                "quality": maybe(random, random.choice(CATALOGUE["evidence.max_quality"].choices)),
                "captured_at": maybe(random, time_near(random)),
                "supports": maybe(
                    random,
                    some(
                        random,
                        {
                            "claims": ["completion"],
                            "exit_status": random.randrange(2),
                            "segment": "s1",
                            "change": {"paths": ["x"], "code": random.choice([True, False, None])},
                            "check": {
                                "outcome": random.choice(["passed", "failed", "unknown"]),
                                "proves_nothing": random.choice([None, "why"]),
                            },
                        },
                    ),
                ),
            },
        )
        for _ in range(random.randrange(4))
    ]


def operand(random, spec):
    """A value that the check of packs lets through for `equals`."""
    if spec.nullable and random.random() < 0.15:
        return None
    if spec.type is FactType.BOOLEAN:
        return random.choice([True, False])
    if spec.type is FactType.INTEGER:
        return random.randrange(4)
    return random.choice(spec.choices or WORDS)


def leaf(random, specs):
    spec = random.choice(specs)
    if spec.type is FactType.TIME:
        made = random.choice(
            [{"older_than": random.randrange(7200)}, {"newer_than": random.randrange(7200)}, {"exists": True}]
        )
    elif spec.type in (FactType.TEXTS, FactType.OBJECTS):
        inner = condition(random, tuple(item_specs(spec)), 1)
        made = random.choice(
            [
                {"any_of": inner},
                {"none_of": inner},
                {"every": inner},
                {"count": {"where": inner, "at_least": random.randrange(3)}},
                {"count": {"less_than": random.randrange(4)}},
                {"exists": True},
            ]
        )
    else:
        operators = ["equals", "equals", "not_equals", "in", "exists"]
        operators += (
            ["less_than", "at_most", "greater_than", "at_least"]
            if spec.type in (FactType.INTEGER, FactType.QUALITY)
            else []
        )
        operators += ["prefix", "suffix", "contains", "glob"] if spec.type in (FactType.TEXT, FactType.CHOICE) else []
        operator = random.choice(operators)
        value = operand(random, spec)
        if operator == "in":
            value = [operand(random, spec) for _ in range(random.randrange(1, 4))]
        elif operator == "exists":
            value = random.choice([True, False])
        elif operator not in ("equals", "not_equals"):
            plain = FactSpec(spec.path, spec.type, "", choices=spec.choices)
            value = operand(random, plain) or (0 if spec.type is FactType.INTEGER else "a")
        made = {operator: value}
    return {"fact": spec.path, **made}


def condition(random, specs=FACTS, depth=3):
    if depth == 1 or random.random() < 0.4:
        return leaf(random, specs)
    kind = random.choice(["all", "any", "any", "not"])
    if kind == "not":
        return {"not": condition(random, specs, depth - 1)}
    return {kind: [condition(random, specs, depth - 1) for _ in range(random.randrange(1, 4))]}


def rule(random, rule_id):
    actions = [
        {
            "action": str(random.choice(ACTIONS)),
            "target": str(random.choice(TARGETS)),
            "mandatory": random.choice([True, False]),
            **random.choice([{}, {"details": {"note": random.choice("xy")}}]),
        }
        for _ in range(random.randrange(4))
    ]
    output = {
        "decision": str(random.choice(list(DecisionKind))),
        "reason": "because of {{task_id}}",
        "severity": random.choice([None, *map(str, Severity)]),
        "required_actions": actions,
        "suggested_status": random.choice([None, *map(str, SuggestedStatus)]),
    }
    if random.random() < 0.5:
        output["operator_notice"] = {
            "required": random.choice([True, False]),
            "channel": "operator",
            "urgency": str(random.choice(list(Severity))),
        }
    triggers = {
        "event_types": random.sample(EVENT_TYPES, random.randrange(1, 12)),
        "derived_signals": random.sample(DERIVED_SIGNALS, random.randrange(5)),
        "claim_types": random.sample(("progress", "completion"), random.randrange(3)),
    }
    return {
        "id": rule_id,
        "title": f"Rule {rule_id}",
        "intent": "random",
        "triggers": triggers,
        "conditions": condition(random),
        "decision_output": output,
        "priority": random.randrange(3),
        "on_unknown": random.choice(["require_review", "escalate", "block", "skip"]),
        "on_unknown_reason": "random",
    }


def pack(random, pack_id):
    applies = {
        "runtimes": random.choice([[], [], ["native"]]),
        "task_modes": random.choice([[], [], ["silent"]]),
        "workflow_shapes": random.choice([[], [], ["single-agent"], ["parent-child"]]),
        "channels": random.choice([[], [], ["telegram"]]),
    }
    return {
        "apiVersion": "reporting-governance/v1alpha1",
        "kind": "PolicyPack",
        "metadata": {
            "id": pack_id,
            "title": "Random",
            "version": "1.0.0",
            "summary": "Random.",
            "owner": "tests",
            "severity_default": str(random.choice(list(Severity))),
            "applies_to": random.choice([None, applies]),
        },
        "spec": {
            "evaluation_mode": "any_rule_match",
            "rules": [rule(random, f"{pack_id}.rule-{number}") for number in range(random.randrange(1, 5))],
        },
    }
