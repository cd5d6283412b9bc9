"""The shipped packs: examples hold and try every leaf, first rules are the specification's, healthy work is quiet."""

import json
from dataclasses import replace
from typing import Any

import pytest

from reporting_governance.core.capability_profile_compatibility import preflight
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_compiling import compile_known_pack, compile_pack
from reporting_governance.core.policy_coverage import coverage_of, percent
from reporting_governance.core.policy_evaluator import evaluate
from reporting_governance.core.policy_examples import run_examples
from reporting_governance.core.policy_pack import OnUnknown
from reporting_governance.core.policy_reach import check_meaning
from tests.unit.policy_documents import ROOT, TASK, event, pack, rule, shipped
from tests.unit.policy_strategies import NOW

NAMES = ("mandatory-checkpoint-structure", "no-fake-progress", "no-silence", "verified-completion-only")
DOCUMENTS = {name: shipped(f"profiles/policy-packs/{name}.yaml") for name in NAMES}
PACKS = {name: compile_pack(document) for name, document in DOCUMENTS.items()}
IN_FORCE = {
    "minimal-solo-mode": ("no-silence", "verified-completion-only"),
    "standard-team-mode": ("no-silence", "no-fake-progress", "verified-completion-only"),
    "strict-manager-mode": ("no-silence", "no-fake-progress", "verified-completion-only", NAMES[0]),
}
DESCRIPTORS = ("local-host", "openclaw-watchdog-reference")  #: of runtimes; hosts are held against single decisions


def test_these_are_all() -> None:
    assert tuple(sorted(path.stem for path in (ROOT / "profiles/policy-packs").iterdir())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_that_is_known_to_be_right_lacks_its_examples_only(name: str) -> None:
    whole, known = PACKS[name], compile_known_pack(DOCUMENTS[name])
    assert (known.digest, known.labels) == (whole.digest, whole.labels)
    assert [each.rule for each in known.rules] == [replace(each.rule, examples=()) for each in whole.rules]
    assert any(each.rule.examples for each in whole.rules)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_holds(name: str) -> None:
    assert [(each.rule_id, each.title, each.found) for each in run_examples(PACKS[name]) if not each.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_show_every_leaf_true_false_and_unknown(name: str) -> None:
    coverage = coverage_of(PACKS[name])
    assert [(each.rule_id, each.leaf, each.missing) for each in coverage if each.missing] == []
    assert percent(coverage) == 100


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_hit_and_a_miss_and_says_what_it_does_when_unknown(name: str) -> None:
    for each in PACKS[name].rules:
        decided = {example.expect.policy_id == each.rule.id for example in each.rule.examples}
        assert decided >= {True} if len(each.rule.examples) == 1 else decided == {True, False}, each.rule.id
        assert each.rule.on_unknown in OnUnknown
        assert each.rule.on_unknown_reason
        assert each.rule.intent.endswith(".")
        assert each.rule.decision_output.reason


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_it_cannot_be_meant(name: str) -> None:
    assert check_meaning(DOCUMENTS[name]) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_first_rule_is_the_specifications(name: str) -> None:
    path = ROOT / f"tests/cases/contracts/policy-pack/valid/upstream-{name}.json"
    theirs = json.loads(path.read_text())["spec"]["rules"][0]
    ours = DOCUMENTS[name]["spec"]["rules"][0]
    assert ours["id"] == theirs["id"]
    assert ours["triggers"] == theirs["triggers"]
    if name == NAMES[0]:  # what is missing is the specification's; ours is which reports owe it
        assert list(ours["conditions"]) == ["all"]
        assert ours["conditions"]["all"][0] == theirs["conditions"]
    elif name == NAMES[3]:  # ours is what is not held though it is so
        assert ours["conditions"]["all"][:-1] == theirs["conditions"]["all"]
    else:
        assert ours["conditions"] == theirs["conditions"]
    if name != "no-silence":
        assert ours.get("evidence_requirements") == theirs.get("evidence_requirements")
    mine, output = ours["decision_output"], theirs["decision_output"]
    for key in ("decision", "severity", "suggested_status"):
        assert mine[key] == output[key]
    assert [_essence(each) for each in mine["required_actions"]] == [
        _essence(each) for each in output["required_actions"]
    ]
    for key in ("required", "urgency", "must_reference", "deadline"):
        assert mine["operator_notice"][key] == output["operator_notice"][key]


def _essence(action: dict[str, Any]) -> tuple[object, ...]:
    mode = (action.get("details") or {}).get("mode")
    return action["action"], action["target"], action["mandatory"], mode


@pytest.mark.parametrize("profile", IN_FORCE)
def test_each_profile_names_its_packs_and_its_runtimes_can_carry_them(profile: str) -> None:
    document = shipped(f"profiles/{profile}.yaml")
    assert tuple(document["policy_packs"]) == IN_FORCE[profile]
    wanted = {action for name in IN_FORCE[profile] for action in PACKS[name].pack.required_actions()}
    for descriptor in DESCRIPTORS:
        assert preflight(document, shipped(f"capabilities/{descriptor}.json"), wanted).refusals == (), descriptor


HEALTHY = {
    "a start": ("task_started", {}, ()),
    "a bare check-in": ("task_checkpoint_sent", {"check_in": {"id": "a"}}, ()),
    "a text that claims nothing": ("task_checkpoint_sent", {"message": "Still waiting for the build."}, ()),
    "a text that is not sure": ("task_checkpoint_sent", {"message": "Looks nearly finished, I think."}, ()),
    "a question": ("task_checkpoint_sent", {"message": "Shall I delete the old table?"}, ()),
    "progress with evidence": (
        "task_checkpoint_sent",
        {"report": {"current_status": "loading", "completed_this_segment": "two tables"}},
        ({"evidence_id": "e", "class": "tool_output", "quality": "weak", "captured_at": "2026-03-01T09:50:00.000Z",
          "supports": {"claims": ["progress"]}},),
    ),
    "a proven completion": (
        "task_claimed_complete",
        {"message": "Done. The report is in reports/march.md."},
        ({"evidence_id": "e", "class": "file_change", "quality": "moderate", "captured_at": "2026-03-01T09:50:00.000Z",
          "supports": {"claims": ["completion"], "change": {"paths": ["reports/march.md"], "code": False}}},),
    ),
    "evidence alone": (
        "task_evidence_attached",
        {},
        ({"evidence_id": "e", "class": "verification_output", "quality": "weak",
          "captured_at": "2026-03-01T09:50:00.000Z", "supports": {"claims": [], "exit_status": 1}},),
    ),
    "a pause": ("task_status_changed", {"status": "paused"}, ()),
    "a forwarded result": ("subagent_result_forwarded", {}, ()),
}  # fmt: skip


@pytest.mark.parametrize("said", HEALTHY)
@pytest.mark.parametrize("profile", ["minimal-solo-mode", "standard-team-mode"])
def test_healthy_work_is_left_alone(profile: str, said: str) -> None:
    kind, payload, evidence = HEALTHY[said]
    packs = [PACKS[name] for name in IN_FORCE[profile]]
    verdict = evaluate(packs, build_facts(event(kind, **payload), {**TASK, "checkpoint": None}, evidence, NOW))
    assert (verdict.decision.decision, verdict.decision.policy_id) == ("allow", "default.allow")
    assert not verdict.decision.notifies()


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_rule_shows_a_slot_or_a_fact_that_is_none(name: str) -> None:
    for result in run_examples(PACKS[name]):
        message = result.verdict.message
        if message is not None:
            whole = f"{message.subject}\n{message.body}\n{result.verdict.decision.reason}"
            assert "{{" not in whole
            assert "[no such fact" not in whole
            assert "\n\n\n" not in whole
            assert len(message.subject) <= 200


def test_a_pack_without_examples_has_seen_nothing() -> None:
    own = pack(rule(conditions={"fact": "evidence.items", "any_of": {"fact": "item.quality", "at_least": "strong"}}))
    found = coverage_of(compile_pack(own))
    assert [(each.pointer, each.missing) for each in found] == [
        ("/spec/rules/0/conditions", (True, False, None)),
        ("/spec/rules/0/conditions/any_of", (True, False)),
    ]
    assert percent(found) == 0


def test_leaves_inside_a_list_are_seen_one_by_one() -> None:
    item = {"evidence_id": "e", "class": "tool_output", "quality": "strong", "captured_at": "2026-03-01T09:50:00.000Z"}
    example = {"title": "one", "event": {"event_type": "watchdog_fired"}, "evidence": [item],
        "expect": {"decision": "allow", "policy_id": "own.rule"}}  # fmt: skip
    condition = {"fact": "evidence.items", "any_of": {"fact": "item.quality", "at_least": "strong"}}
    found = coverage_of(compile_pack(pack(rule(conditions=condition, examples=[example]))))
    assert [each.seen for each in found] == [frozenset({True}), frozenset({True})]
    assert percent(found) == 40
