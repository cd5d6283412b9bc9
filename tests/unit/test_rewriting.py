"""What takes the place of an agent's message: the original whole, or a placeholder; nothing that nobody said."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.decision import Decision
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.rewriting import PLACEHOLDER, rewrite
from tests.unit.policy_documents import TASK, event

NOW = parse_time("2026-03-01T10:00:00.000Z")
FIELDS = (
    "current_status",
    "completed_this_segment",
    "next_step",
    "next_report_condition",
    "operator_intervention_needed",
)
LONGEST_BLOCK = 400  #: characters that naming all five fields may add


def decision(mode: str, reason: str = "five things are asked for") -> Decision:
    return Decision.parse(
        {
            "decision": "rewrite",
            "policy_id": "own.rule",
            "severity": "medium",
            "reason": reason,
            "rewritten_message": None,
            "suggested_status": None,
            "required_actions": [
                {
                    "action": "rewrite_message",
                    "target": "outgoing_report",
                    "mandatory": True,
                    "details": {"mode": mode},
                }
            ],
            "operator_notice": None,
        }
    )


def facts_of(said: frozenset[str]) -> Facts:
    """Return the facts of a report that says these of the five things."""
    report: dict[str, Any] = dict.fromkeys(said, "x")
    return build_facts(event("task_checkpoint_sent", report=report), TASK, (), NOW)


texts = st.text(max_size=2000)
subsets = st.frozensets(st.sampled_from(FIELDS))
locales = st.sampled_from([None, "en", "zh-CN", "de"])


@given(original=texts, said=subsets, locale=locales)
def test_what_is_missing_is_added_and_nothing_of_the_original_is_lost(
    original: str, said: frozenset[str], locale: str | None
) -> None:
    found = rewrite(
        original, decision("inject_missing_checkpoint_fields"), facts_of(said), record_id="dec_1", locale=locale
    )
    assert found.startswith(original.rstrip())
    added = found[len(original.rstrip()) :]
    missing = len(FIELDS) - len(said)
    if not missing:
        assert found == original
        return
    absent = "未说明" if (locale or "").startswith("zh") else "not stated"
    lines = [line for line in added.splitlines() if line.startswith("- ")]
    assert len(lines) == missing
    assert all(line.endswith(absent) for line in lines), "a field that nobody filled says so and nothing else"
    assert len(added) <= LONGEST_BLOCK


@given(original=texts, said=subsets, locale=locales, reason=st.text(min_size=1, max_size=500))
def test_a_placeholder_says_why_and_where_the_original_is_and_nothing_of_it(
    original: str, said: frozenset[str], locale: str | None, reason: str
) -> None:
    wanted = decision(PLACEHOLDER, reason)
    found = rewrite(original, wanted, facts_of(said), record_id="dec_1", locale=locale)
    assert reason in found
    assert "dec_1" in found
    assert len(found) <= len(reason) + LONGEST_BLOCK
    assert found == rewrite("", wanted, facts_of(frozenset()), record_id="dec_1", locale=locale)


@given(original=texts, said=subsets, mode=st.sampled_from([PLACEHOLDER, "inject_missing_checkpoint_fields"]))
def test_the_same_comes_out_each_time(original: str, said: frozenset[str], mode: str) -> None:
    first, second = (rewrite(original, decision(mode), facts_of(said), record_id="dec_1") for _ in range(2))
    assert first == second
