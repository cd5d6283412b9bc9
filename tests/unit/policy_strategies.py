"""Random conditions, facts and packs.  Values are often right and often wrong for the fact they meet."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from reporting_governance.contracts.decision import ActionKind, ActionTarget, DecisionKind, Severity, SuggestedStatus
from reporting_governance.core.fact_catalogue import CATALOGUE, DERIVED_SIGNALS, FactSpec, FactType
from reporting_governance.core.policy_operators import Unknown

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORDS = st.sampled_from(
    ["", "a", "ab", "abc", "a*c", "a?c", "b[c]", "task", "moderate", "tool_output", "active", "é\n"]
)
WHOLE = st.integers(-3, 3)
TIMES = st.integers(-5000, 5000).map(lambda seconds: NOW - timedelta(seconds=seconds))
SECONDS = st.integers(0, 5000)
PATHS = sorted([*CATALOGUE, "task.labels.team"])


def odd_values():
    """Values that no schema would let through."""
    odd = st.one_of(
        st.none(), st.booleans(), WHOLE, WORDS, TIMES, st.floats(allow_nan=True), st.just(Unknown("for a reason")),
        st.just(NOW.replace(tzinfo=None)), st.just({"a": 1}), st.binary(max_size=2),
    )  # fmt: skip
    return st.one_of(odd, st.lists(odd, max_size=3), st.lists(odd, max_size=3).map(tuple))


def value_of(spec: FactSpec):
    """A value that fits a fact."""
    right = {
        FactType.BOOLEAN: st.booleans(),
        FactType.INTEGER: WHOLE,
        FactType.TEXT: WORDS,
        FactType.CHOICE: st.sampled_from(spec.choices or ("a",)),
        FactType.QUALITY: st.sampled_from(spec.choices or ("none",)),
        FactType.TIME: TIMES,
        FactType.TEXTS: st.lists(WORDS, max_size=3).map(tuple),
        FactType.OBJECTS: st.lists(
            st.fixed_dictionaries(
                {key: st.deferred(lambda item=item: value_of(item)) for key, item in spec.item.items()}
            ),
            max_size=3,
        ).map(tuple),
    }[spec.type]
    return st.one_of(right, st.none()) if spec.nullable else right


@st.composite
def facts(draw, paths=None):
    """Facts by path: some absent, some unknown, some of a wrong type."""
    chosen = draw(st.lists(st.sampled_from(paths or PATHS), unique=True, max_size=12))
    return {path: draw(st.one_of(value_of(spec_of(path)), odd_values())) for path in chosen}


def spec_of(path):
    return CATALOGUE.get(path) or FactSpec(path, FactType.TEXT, "A label.", nullable=True)


@st.composite
def leaves(draw, specs):
    """A leaf that the load-time check accepts."""
    spec = draw(st.sampled_from(specs))
    scalar = value_of(spec) if spec.type not in (FactType.TIME, FactType.TEXTS, FactType.OBJECTS) else st.nothing()
    never_null = scalar.filter(lambda value: value is not None)
    text = st.sampled_from(["a", "b", "*a", "a*", "a?", "?", "*", "b[c]", "*b*c"])
    choices = {"exists": st.booleans()}
    if spec.type in (FactType.BOOLEAN, FactType.INTEGER, FactType.TEXT, FactType.CHOICE, FactType.QUALITY):
        choices |= {"equals": scalar, "not_equals": scalar, "in": st.lists(scalar, min_size=1, max_size=3)}
    if spec.type in (FactType.INTEGER, FactType.QUALITY):
        choices |= dict.fromkeys(("less_than", "at_most", "greater_than", "at_least"), never_null)
    if spec.type in (FactType.TEXT, FactType.CHOICE):
        choices |= dict.fromkeys(("prefix", "suffix", "contains", "glob"), text)
    if spec.type is FactType.TIME:
        choices |= dict.fromkeys(("older_than", "newer_than"), SECONDS)
    if spec.type is FactType.TEXTS:
        choices["contains"] = st.sampled_from(spec.choices) if spec.choices else text
    if spec.type in (FactType.TEXTS, FactType.OBJECTS):
        inner = conditions(item_specs(spec), deep=False)
        counts = st.sampled_from(["equals", "not_equals", "less_than", "at_most", "greater_than", "at_least"])
        choices |= dict.fromkeys(("any_of", "none_of", "every"), inner)
        choices["count"] = st.builds(
            lambda where, name, bound: {**({} if where is None else {"where": where}), name: bound},
            st.one_of(st.none(), inner), counts, st.integers(0, 3),
        )  # fmt: skip
    operator = draw(st.sampled_from(sorted(choices)))
    return {"fact": spec.path, operator: draw(choices[operator])}


def item_specs(spec):
    if spec.type is FactType.OBJECTS:
        return tuple(spec.item.values())
    kind = FactType.CHOICE if spec.choices else FactType.TEXT
    return (FactSpec("item", kind, "One element.", choices=spec.choices),)


def conditions(specs=None, *, deep=True):
    """A condition that the load-time check accepts (but for contradictions)."""
    one = leaves(tuple(specs) if specs else tuple(spec_of(path) for path in PATHS))
    if not deep:
        return one
    return st.recursive(
        one,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda each: {"all": each}),
            st.lists(inner, min_size=1, max_size=3).map(lambda each: {"any": each}),
            inner.map(lambda each: {"not": each}),
        ),
        max_leaves=6,
    )


ACTIONS = st.fixed_dictionaries(
    {
        "action": st.sampled_from(list(ActionKind)).map(str),
        "target": st.sampled_from(list(ActionTarget)).map(str),
        "mandatory": st.booleans(),
    },
    optional={"details": st.fixed_dictionaries({"note": st.sampled_from(["x", "y"])})},
)
NOTICES = st.fixed_dictionaries(
    {
        "required": st.booleans(),
        "channel": st.just("operator"),
        "urgency": st.sampled_from(list(Severity)).map(str),
    }
)


@st.composite
def rules(draw, rule_id, specs=None):
    output = {
        "decision": str(draw(st.sampled_from(list(DecisionKind)))),
        "severity": str(draw(st.sampled_from(list(Severity)))),
        "reason": draw(st.sampled_from(["because", "because of {{task_id}}"])),
        "required_actions": draw(st.lists(ACTIONS, max_size=3)),
    }
    if draw(st.booleans()):
        output["operator_notice"] = draw(NOTICES)
    if draw(st.booleans()):
        output["suggested_status"] = str(draw(st.sampled_from(list(SuggestedStatus))))
    rule = {
        "id": rule_id,
        "title": f"Rule {rule_id}",
        "intent": "random",
        "triggers": {
            "event_types": draw(st.lists(st.sampled_from(["watchdog_fired", "task_checkpoint_sent"]), max_size=2)),
            "derived_signals": [draw(st.sampled_from(DERIVED_SIGNALS))],
        },
        "conditions": draw(conditions(specs)),
        "decision_output": output,
        "priority": draw(st.integers(-1, 1)),
    }
    on_unknown = draw(st.sampled_from(["require_review", "escalate", "block", "skip"]))
    return {**rule, "on_unknown": on_unknown, "on_unknown_reason": "a reason"}


@st.composite
def packs(draw, pack_id="random", max_rules=4, specs=None):
    count = draw(st.integers(1, max_rules))
    return {
        "apiVersion": "reporting-governance/v1alpha1",
        "kind": "PolicyPack",
        "metadata": {
            "id": pack_id,
            "title": "Random",
            "version": "1.0.0",
            "summary": "Random rules.",
            "owner": "tests",
            "severity_default": "medium",
        },
        "spec": {
            "evaluation_mode": "any_rule_match",
            "rules": [draw(rules(f"{pack_id}.rule-{number}", specs)) for number in range(count)],
        },
    }
